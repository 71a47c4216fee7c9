// The overlay: what operators changed while the server runs, as immutable data beside the Snapshot. A Snapshot and an
// overlay together give the configurations in force; neither is ever altered. Plain data: it may be posted to a thread.

import {
  type BalancerConfig,
  defaultStickiness,
  type HealthCheckConfig,
  type MemberConfig,
  type MemberFlags,
  type MethodName,
  type StickinessConfig,
} from '../../balancer/config.ts';
import type { BalancerKey } from '../model.ts';

/** Changes by balancer; the key names the host too. */
export type Overlay = ReadonlyMap<BalancerKey, BalancerChanges>;

export const NO_OVERLAY: Overlay = new Map();

/** Changed parameters of a balancer. Undefined: as the file says. */
export interface BalancerParameters {
  readonly method?: MethodName | undefined;
  readonly timeoutMs?: number | undefined;
  readonly maxAttempts?: number | undefined;
  /** nofailover. */
  readonly force?: boolean | undefined;
  /** stickysession, as it is written in a file: `NAME` or `COOKIE|path`; '' for none. */
  readonly stickySession?: string | undefined;
}

/** Everything that operators changed about one balancer. */
export interface BalancerChanges extends BalancerParameters {
  /** By URL; of members of the file and of added ones. */
  readonly members: ReadonlyMap<string, MemberChanges>;
  /** Members that are not in the file, in the order in which they came. */
  readonly added: readonly MemberConfig[];
  /** URLs of members of the file that were taken out. */
  readonly removed: ReadonlySet<string>;
}

/** Changed parameters of a member. Undefined: as the file says. */
export interface MemberChanges {
  readonly loadFactor?: number | undefined;
  readonly set?: number | undefined;
  readonly route?: string | undefined;
  readonly redirect?: string | undefined;
  /** Wishes only: what is observed about a member is no change to its configuration. */
  readonly flags?: Partial<MemberFlags> | undefined;
  readonly healthCheck?: Partial<HealthCheckConfig> | undefined;
}

export const NO_CHANGES: BalancerChanges = Object.freeze({ members: new Map(), added: [], removed: new Set<string>() });

/** The overlay with other changes for one balancer. */
export function withChanges(overlay: Overlay, key: BalancerKey, changes: BalancerChanges): Overlay {
  const next = new Map(overlay);
  if (isEmpty(changes)) next.delete(key);
  else next.set(key, changes);
  return next;
}

/** The changes with further ones for one member. */
export function withMember(changes: BalancerChanges, url: string, further: MemberChanges): BalancerChanges {
  const before = changes.members.get(url);
  const flags = further.flags === undefined ? before?.flags : { ...before?.flags, ...further.flags };
  const healthCheck =
    further.healthCheck === undefined ? before?.healthCheck : { ...before?.healthCheck, ...further.healthCheck };
  const merged = { ...before, ...further, ...(flags && { flags }), ...(healthCheck && { healthCheck }) };
  return { ...changes, members: new Map(changes.members).set(url, merged) };
}

/** The changes with one member more: one that was taken out comes back, with the file's parameters and `disabled` of `member`. */
export function withAdded(changes: BalancerChanges, member: MemberConfig): BalancerChanges {
  if (changes.removed.has(member.url)) {
    const removed = new Set(changes.removed);
    removed.delete(member.url);
    return withMember({ ...changes, removed }, member.url, { flags: { disabled: member.flags.disabled } });
  }
  return { ...changes, added: [...changes.added, member] };
}

/** The changes without a member. */
export function withoutMember(changes: BalancerChanges, url: string): BalancerChanges {
  const members = new Map(changes.members);
  members.delete(url);
  const added = changes.added.filter((member) => member.url !== url);
  const removed = added.length < changes.added.length ? changes.removed : new Set([...changes.removed, url]);
  return { ...changes, members, added, removed };
}

/** The configuration in force of each balancer: the file's own object where nothing was changed. */
export function applyOverlay(
  balancers: ReadonlyMap<BalancerKey, BalancerConfig>,
  overlay: Overlay,
): ReadonlyMap<BalancerKey, BalancerConfig> {
  if (overlay.size === 0) return balancers;
  return new Map([...balancers].map(([key, config]) => [key, applyChanges(config, overlay.get(key))]));
}

/** One balancer's configuration in force. Its `growth` is what room is left for members. */
export function applyChanges(config: BalancerConfig, changes: BalancerChanges | undefined): BalancerConfig {
  if (changes === undefined) return config;
  const members = [...config.members.filter((member) => !changes.removed.has(member.url)), ...changes.added].map(
    (member) => changedMember(member, changes.members.get(member.url)),
  );
  const stickiness = stickinessOf(config, changes);
  const isNamed = stickiness.cookieName !== '' || stickiness.pathName !== '';
  return Object.freeze({
    ...config,
    method: changes.method ?? config.method,
    timeoutMs: changes.timeoutMs ?? config.timeoutMs,
    // As in httpd the default counts the members of the file.
    maxAttempts: changes.maxAttempts ?? config.maxAttempts ?? Math.max(0, config.members.length - 1),
    stickiness: isNamed ? stickiness : undefined,
    dormantStickiness: isNamed ? undefined : stickiness,
    growth: roomOf(config) - members.length,
    members: Object.freeze(members),
  });
}

/** Members a balancer has room for, those of the file and `growth` together: MaxMembers of the pages. */
export function roomOf(config: BalancerConfig): number {
  return config.members.length + config.growth;
}

function changedMember(member: MemberConfig, changes: MemberChanges | undefined): MemberConfig {
  if (changes === undefined) return member;
  const { flags, healthCheck, loadFactor, set, route, redirect } = changes;
  return Object.freeze({
    ...member,
    loadFactor: loadFactor ?? member.loadFactor,
    set: set ?? member.set,
    route: route ?? member.route,
    redirect: redirect ?? member.redirect,
    flags: Object.freeze({ ...member.flags, ...flags }),
    healthCheck: Object.freeze({ ...member.healthCheck, ...healthCheck }),
  });
}

/** All about stickiness, named or not. */
export function stickinessIn(config: BalancerConfig): StickinessConfig {
  return config.stickiness ?? config.dormantStickiness ?? defaultStickiness('');
}

function stickinessOf(config: BalancerConfig, changes: BalancerChanges): StickinessConfig {
  const own = stickinessIn(config);
  const text = changes.stickySession;
  const bar = text?.indexOf('|') ?? -1;
  return Object.freeze({
    ...own,
    force: changes.force ?? own.force,
    ...(text !== undefined && {
      cookieName: bar < 0 ? text : text.slice(0, bar),
      pathName: bar < 0 ? text : text.slice(bar + 1),
    }),
  });
}

/** The changes without those that say what the file says. */
export function pruneChanges(config: BalancerConfig, changes: BalancerChanges): BalancerChanges {
  const { members, added, removed, ...parameters } = changes;
  const own = new Map([...config.members, ...added].map((member) => [member.url, member]));
  const { cookieName, pathName, force } = stickinessIn(config);
  const stickySession = cookieName === pathName ? cookieName : `${cookieName}|${pathName}`;
  const kept = new Map<string, MemberChanges>();
  for (const [url, change] of members) {
    const member = own.get(url);
    if (member === undefined) continue;
    const rest = {
      ...differing(change, member),
      ...group('flags', differing(change.flags ?? {}, member.flags)),
      ...group('healthCheck', differing(change.healthCheck ?? {}, member.healthCheck)),
    };
    if (Object.keys(rest).length > 0) kept.set(url, rest);
  }
  return { ...differing(parameters, { ...config, force, stickySession }), members: kept, added, removed };
}

/** The simple values that are not those of `file`. */
function differing<T extends object>(values: T, file: object): Partial<T> {
  const entries = Object.entries(values).filter(
    ([key, value]) =>
      value !== undefined && typeof value !== 'object' && value !== (file as Record<string, unknown>)[key],
  );
  return Object.fromEntries(entries) as Partial<T>;
}

function group(name: string, values: object): object {
  return Object.keys(values).length === 0 ? {} : { [name]: values };
}

function isEmpty({ members, added, removed, ...parameters }: BalancerChanges): boolean {
  const isUnset = (value: unknown) => value === undefined;
  return members.size === 0 && added.length === 0 && removed.size === 0 && Object.values(parameters).every(isUnset);
}

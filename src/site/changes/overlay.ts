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
import type { LbConfig, LbMemberConfig, TryConfig } from '../../balancer/lb-config.ts';
import { memberName } from '../../balancer/member.ts';
import type { BalancerKey } from '../model.ts';
import { changedMember, MEMBER_GROUPS, memberGroup } from './member-groups.ts';

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
  /** sticky_session of an lb worker: whether sessions are looked for, under whatever name. */
  readonly isSticky?: boolean | undefined;
  /** Of an lb worker alone. */
  readonly lb?: Partial<LbConfig> | undefined;
}

/** Everything that operators changed about one balancer. */
export interface BalancerChanges extends BalancerParameters {
  /** By name (`memberName`), which is the URL but for members of an lb worker; of the file's members and of added ones. */
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
  /** Of members of workers of mod_jk: `lb` without its tries, the tries, idle connections, and where it is dialled. */
  readonly lb?: Partial<Omit<LbMemberConfig, 'tries'>> | undefined;
  readonly tries?: Partial<TryConfig> | undefined;
  readonly pool?: { readonly ttlMs?: number } | undefined;
  readonly address?: { readonly host?: string; readonly port?: number } | undefined;
  /** Size of AJP packets. */
  readonly ioBufferSize?: number | undefined;
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
export function withMember(changes: BalancerChanges, name: string, further: MemberChanges): BalancerChanges {
  const before = changes.members.get(name);
  const groups = MEMBER_GROUPS.map((each) => group(each, { ...before?.[each], ...further[each] }));
  const all: MemberChanges = Object.assign({}, before, further, ...groups);
  return { ...changes, members: new Map(changes.members).set(name, all) };
}

/** The changes with further ones for what an lb worker alone has. */
export function withLb(changes: BalancerChanges, further: Partial<LbConfig>): BalancerChanges {
  return { ...changes, lb: { ...changes.lb, ...further } };
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
    (member) => changedMember(member, changes.members.get(memberName(member))),
  );
  const stickiness = stickinessOf(config, changes);
  const isNamed = stickiness.cookieName !== '' || stickiness.pathName !== '';
  const wasSticky = changes.stickySession === undefined ? config.stickiness !== undefined : isNamed;
  const isSticky = changes.isSticky ?? wasSticky;
  return Object.freeze({
    ...config,
    method: changes.method ?? config.method,
    timeoutMs: changes.timeoutMs ?? config.timeoutMs,
    // As in httpd the default counts the members of the file.
    maxAttempts: changes.maxAttempts ?? config.maxAttempts ?? Math.max(0, config.members.length - 1),
    stickiness: isSticky ? stickiness : undefined,
    dormantStickiness: isSticky ? undefined : stickiness,
    ...(config.lb !== undefined && { lb: Object.freeze({ ...config.lb, ...changes.lb }) }),
    growth: roomOf(config) - members.length,
    members: Object.freeze(members),
  });
}

/** Members a balancer has room for, those of the file and `growth` together: MaxMembers of the pages. */
export function roomOf(config: BalancerConfig): number {
  return config.members.length + config.growth;
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
  const own = new Map([...config.members, ...added].map((member) => [memberName(member), member]));
  const { cookieName, pathName, force } = stickinessIn(config);
  const stickySession = cookieName === pathName ? cookieName : `${cookieName}|${pathName}`;
  const kept = new Map<string, MemberChanges>();
  for (const [name, change] of members) {
    const member = own.get(name);
    if (member === undefined) continue;
    const groups = MEMBER_GROUPS.map((each) => group(each, differing(change[each] ?? {}, memberGroup(member, each))));
    const rest: MemberChanges = Object.assign({}, differing(change, member), ...groups);
    if (Object.keys(rest).length > 0) kept.set(name, rest);
  }
  const isSticky = config.stickiness !== undefined;
  return {
    ...differing(parameters, { ...config, force, stickySession, isSticky }),
    ...group('lb', differing(changes.lb ?? {}, config.lb ?? {})),
    members: kept,
    added,
    removed,
  };
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

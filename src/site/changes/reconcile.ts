// What becomes of the overlay when the file is read again: a change made at run time is kept, unless the file itself now
// says something else about the same value; then the file wins, and a note tells all three.

import type { BalancerConfig, MemberConfig } from '../../balancer/config.ts';
import { memberName } from '../../balancer/member.ts';
import type { BalancerKey } from '../model.ts';
import { MEMBER_GROUPS, type MemberGroup, memberGroup } from './member-groups.ts';
import {
  type BalancerChanges,
  type MemberChanges,
  NO_OVERLAY,
  type Overlay,
  roomOf,
  stickinessIn,
  withChanges,
} from './overlay.ts';

/** A change made at run time that a reload has ended. */
export interface OverlayNote {
  readonly balancer: BalancerKey;
  /** URL, when the change was to a member. */
  readonly member?: string | undefined;
  /** Name of the parameter as in the file, or `member` for the member as a whole. */
  readonly parameter: string;
  /** What the file said before, and what it says now; undefined: nothing. */
  readonly before: string | undefined;
  readonly now: string | undefined;
  /** What was in force. */
  readonly changed: string;
}

export interface Reconciled {
  readonly overlay: Overlay;
  readonly notes: readonly OverlayNote[];
}

type Balancers = ReadonlyMap<BalancerKey, BalancerConfig>;

/** Carries an overlay from one reading of the file to the next. The arguments are what the file says, without overlay. */
export function reconcile(before: Balancers, now: Balancers, overlay: Overlay): Reconciled {
  const notes: OverlayNote[] = [];
  let kept = NO_OVERLAY;
  for (const [key, changes] of overlay) {
    const [old, config] = [before.get(key), now.get(key)];
    if (config === undefined || old === undefined)
      notes.push({ balancer: key, parameter: 'balancer', before: key, now: undefined, changed: 'changed at run time' });
    else kept = withChanges(kept, key, new Reconciliation(key, old, config, changes, notes).kept());
  }
  return { overlay: kept, notes };
}

/** Each changed value of an overlay beside what the file says; members added and taken out too. */
export function tellChanges(configured: Balancers, overlay: Overlay): OverlayNote[] {
  const notes: OverlayNote[] = [];
  for (const [balancer, { members, added, removed, lb, ...parameters }] of overlay) {
    const config = configured.get(balancer);
    if (config === undefined) continue;
    const tell = (member: string | undefined, parameter: string, now: string | undefined, changed: string) =>
      notes.push({ balancer, member, parameter, before: now, now, changed });
    for (const { url } of added) tell(url, 'member', undefined, 'added at run time');
    for (const url of removed) tell(url, 'member', url, 'taken out at run time');
    for (const [key, value] of Object.entries(parameters))
      if (value !== undefined)
        tell(undefined, BALANCER_READINGS[key].name, BALANCER_READINGS[key].of(config), shown(key, value));
    for (const [key, value] of Object.entries(lb ?? {}))
      tell(undefined, lbReading(key).name, lbReading(key).of(config), shown(key, value));
    for (const [name, change] of members) {
      const member = config.members.find((each) => memberName(each) === name);
      if (member === undefined) continue;
      for (const [group, values, known] of readingsOf(change))
        for (const [key, value] of Object.entries(values))
          if (value !== undefined) tell(name, known[key].name, known[key].of(member), shownIn(group, key, value));
    }
  }
  return notes;
}

/** A parameter by its name in the file, and how to read it. */
interface Reading<T> {
  readonly name: string;
  of(config: T): string;
}

const BALANCER_READINGS: Readonly<Record<string, Reading<BalancerConfig>>> = {
  method: { name: 'lbmethod', of: (config) => config.method },
  timeoutMs: { name: 'timeout', of: (config) => String(config.timeoutMs / 1000) },
  maxAttempts: { name: 'maxattempts', of: (config) => String(config.maxAttempts ?? 'default') },
  force: { name: 'nofailover', of: (config) => (stickinessIn(config).force ? 'On' : 'Off') },
  stickySession: { name: 'stickysession', of: (config) => stickySessionText(config) },
  isSticky: { name: 'sticky_session', of: (config) => String(config.stickiness !== undefined) },
};

function lbReading(key: string): Reading<BalancerConfig> {
  return { name: `lb ${key}`, of: ({ lb }) => String((lb as unknown as Record<string, unknown> | undefined)?.[key]) };
}

const MEMBER_READINGS: Readonly<Record<string, Reading<MemberConfig>>> = {
  loadFactor: { name: 'loadfactor', of: (member) => String(member.loadFactor / 100) },
  set: { name: 'lbset', of: (member) => String(member.set) },
  route: { name: 'route', of: (member) => member.route },
  redirect: { name: 'redirect', of: (member) => member.redirect },
  ioBufferSize: { name: 'max_packet_size', of: (member) => String(member.ioBufferSize) },
};

/** Words before the names of the values of a group, in messages. */
const GROUP_WORDS: Readonly<Record<MemberGroup, string>> = {
  flags: 'status',
  healthCheck: 'hc',
  lb: 'lb',
  tries: 'tries',
  pool: 'pool',
  address: 'address',
};

/** The values of a member's changes, group by group, and how to read them; undefined: those in no group. */
function* readingsOf(
  changes: MemberChanges,
): Iterable<readonly [MemberGroup | undefined, object, Readonly<Record<string, Reading<MemberConfig>>>]> {
  const simple = Object.entries(changes).filter(([key]) => !(MEMBER_GROUPS as readonly string[]).includes(key));
  yield [undefined, Object.fromEntries(simple), MEMBER_READINGS];
  for (const group of MEMBER_GROUPS)
    yield [
      group,
      changes[group] ?? {},
      readings(GROUP_WORDS[group], (member) => memberGroup(member, group), changes[group]),
    ];
}

/** stickysession as it is written in a file; '' for none. */
export function stickySessionText(config: BalancerConfig): string {
  const { cookieName, pathName } = stickinessIn(config);
  return cookieName === pathName ? cookieName : `${cookieName}|${pathName}`;
}

/** One balancer's changes between two readings of the file. */
class Reconciliation {
  readonly #key: BalancerKey;
  readonly #old: BalancerConfig;
  readonly #now: BalancerConfig;
  readonly #changes: BalancerChanges;
  readonly #notes: OverlayNote[];

  constructor(
    key: BalancerKey,
    old: BalancerConfig,
    now: BalancerConfig,
    changes: BalancerChanges,
    notes: OverlayNote[],
  ) {
    this.#key = key;
    this.#old = old;
    this.#now = now;
    this.#changes = changes;
    this.#notes = notes;
  }

  kept(): BalancerChanges {
    const { members, added, removed, lb, ...parameters } = this.#changes;
    const old = new Map(this.#old.members.map((member) => [memberName(member), member]));
    const now = new Map(this.#now.members.map((member) => [memberName(member), member]));
    const lbReadings = Object.fromEntries(Object.keys(lb ?? {}).map((key) => [key, lbReading(key)]));
    const stillLb = this.#keep(undefined, lb ?? {}, lbReadings, this.#old, this.#now);
    const stillRemoved = new Set([...removed].filter((url) => now.has(url)));
    const stillAdded = this.#fit(
      added.filter((member) => this.#isStillNeeded(member, now)),
      now.size - stillRemoved.size,
    );
    const addedUrls = new Set(stillAdded.map((member) => member.url));
    const stillChanged = new Map<string, MemberChanges>();
    for (const [url, change] of members) {
      const [before, after] = [old.get(url), now.get(url)];
      if (addedUrls.has(url)) stillChanged.set(url, change);
      else if (before !== undefined && after !== undefined)
        stillChanged.set(url, this.#keptOfMember(url, before, after, change));
      else if (before !== undefined) this.#note(url, 'member', url, undefined, 'changed at run time');
    }
    for (const [url, change] of stillChanged) if (Object.keys(change).length === 0) stillChanged.delete(url);
    return {
      ...this.#keep(undefined, parameters, BALANCER_READINGS, this.#old, this.#now),
      ...(Object.keys(stillLb).length > 0 && { lb: stillLb }),
      members: stillChanged,
      added: stillAdded,
      removed: stillRemoved,
    };
  }

  /** A member that the file has by now is the file's. */
  #isStillNeeded({ url }: MemberConfig, now: ReadonlyMap<string, MemberConfig>): boolean {
    if (now.has(url)) this.#note(url, 'member', undefined, url, 'added at run time');
    return !now.has(url);
  }

  /** As many added members as there is room for. */
  #fit(added: readonly MemberConfig[], others: number): readonly MemberConfig[] {
    const room = Math.max(0, roomOf(this.#now) - others);
    for (const { url } of added.slice(room))
      this.#note(url, 'growth', String(this.#old.growth), String(this.#now.growth), 'added at run time');
    return added.slice(0, room);
  }

  #keptOfMember(name: string, old: MemberConfig, now: MemberConfig, changes: MemberChanges): MemberChanges {
    let kept: MemberChanges = {};
    for (const [group, values, known] of readingsOf(changes)) {
      const still = this.#keep(name, values, known, old, now, group);
      if (Object.keys(still).length > 0) kept = { ...kept, ...(group === undefined ? still : { [group]: still }) };
    }
    return kept;
  }

  /** Those of the values about which the file says what it said before. */
  #keep<C, P extends object>(
    member: string | undefined,
    values: P,
    known: Readonly<Record<string, Reading<C>>>,
    old: C,
    now: C,
    group?: MemberGroup,
  ): P {
    const kept: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const { name, of } = known[key];
      if (of(old) === of(now)) kept[key] = value;
      else this.#note(member, name, of(old), of(now), shownIn(group, key, value));
    }
    return kept as P;
  }

  #note(
    member: string | undefined,
    parameter: string,
    before: string | undefined,
    now: string | undefined,
    changed: string,
  ): void {
    this.#notes.push({ balancer: this.#key, member, parameter, before, now, changed });
  }
}

/** Readings for the values of a group. */
function readings(
  prefix: string,
  group: (member: MemberConfig) => object,
  values: object | undefined,
): Record<string, Reading<MemberConfig>> {
  return Object.fromEntries(
    Object.keys(values ?? {}).map((key) => [
      key,
      { name: `${prefix} ${key}`, of: (member) => String((group(member) as Record<string, unknown>)[key]) },
    ]),
  );
}

/** A value within a group says what it is; others are shown as in the file. */
function shownIn(group: MemberGroup | undefined, key: string, value: unknown): string {
  return group === undefined ? shown(key, value) : String(value);
}

/** A value of the overlay as it would be written in the file. */
function shown(key: string, value: unknown): string {
  if (key === 'loadFactor') return String((value as number) / 100);
  if (key === 'timeoutMs') return String((value as number) / 1000);
  if (key === 'force') return value === true ? 'On' : 'Off';
  return String(value);
}

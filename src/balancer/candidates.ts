// Who may take a request now: by its session's route, or offered to the choice method. Takes members back from error when
// their time has come, lazily, as part of looking (modproxy.md §5–§7).

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { BalancerConfig } from './config.ts';
import { BIT, type Member } from './member.ts';
import type { Policy } from './policy.ts';
import type { Scoreboard } from './scoreboard.ts';
import type { ElectionTrace } from './trace.ts';

/** The members of one balancer as one thread looks at them; all lists are scratch, nothing is allocated. */
export class Candidates {
  /** Rows of the last `listUsable` or `listOffered`, in the order of the configuration. */
  readonly listed: Int32Array;
  /** Rows of all members. */
  readonly rows: Int32Array;
  /** Hears what is decided; undefined when nobody asks. */
  trace: ElectionTrace | undefined = undefined;

  readonly #config: BalancerConfig;
  readonly #members: readonly Member[];
  readonly #board: Scoreboard;
  readonly #policy: Policy;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #closed: number;
  readonly #strangers: number;
  /** By member: the operator's bits. */
  readonly #wishes: Int32Array;
  /** Members sorted by set, and where each set ends in `#order`. */
  readonly #order: Int32Array;
  readonly #setEnds: Int32Array;
  /** Members of each route, standbys last. */
  readonly #routes: ReadonlyMap<string, readonly Member[]>;
  readonly #spares: Int32Array;
  readonly #standbys: Int32Array;
  #hopsLeft = 0;

  constructor(
    config: BalancerConfig,
    members: readonly Member[],
    board: Scoreboard,
    policy: Policy,
    clock: Clock,
    log: Log,
  ) {
    this.#config = config;
    this.#members = members;
    this.#board = board;
    this.#policy = policy;
    this.#clock = clock;
    this.#log = log;
    this.#closed = policy.closedBits;
    this.#strangers = policy.closedToStrangersBits;
    this.rows = Int32Array.from(members, (member) => member.state.row);
    this.#wishes = Int32Array.from(members, (member) => member.state.wish);
    const sorted = [...members].sort((a, b) => a.config.set - b.config.set || a.index - b.index);
    this.#order = Int32Array.from(sorted, (member) => member.index);
    this.#setEnds = Int32Array.from(endsOfSets(sorted));
    this.#routes = membersByRoute(members);
    this.listed = new Int32Array(members.length);
    this.#spares = new Int32Array(members.length);
    this.#standbys = new Int32Array(members.length);
  }

  /** Whether any member, usable or not, has this route. */
  hasRoute(route: string): boolean {
    return this.#routes.has(route);
  }

  /** Before every election: when every member is in error and none may return yet, forgets all errors. */
  recover(): void {
    const states = this.#board.states;
    const count = this.rows.length;
    for (let i = 0; i < count; i++) {
      const bits = this.#wishes[i] | states[this.rows[i]];
      if ((bits & BIT.error) === 0 || (this.#retry(i, bits) & BIT.error) === 0) return;
    }
    if (count === 0 || !this.#config.forceRecovery) return;
    for (let i = 0; i < count; i++) this.#takeBack(this.rows[i]);
    this.trace?.errorsForgotten();
    this.#log.warn('errors-forgotten', { balancer: this.#config.name });
  }

  /** The usable member of a route, or of the routes its redirects lead to; at most as many hops as there are members. */
  ofRoute(route: string): Member | undefined {
    this.#hopsLeft = this.#members.length;
    return this.#follow(route);
  }

  /** Lists every member that could take a request that names its route; tells how many. */
  listUsable(): number {
    const states = this.#board.states;
    let count = 0;
    for (let i = 0; i < this.rows.length; i++) {
      const row = this.rows[i];
      if (((this.#wishes[i] | states[row]) & this.#closed) === 0) this.listed[count++] = row;
    }
    return count;
  }

  /** Lists every usable member, whatever its set and role, after taking back those whose time has come. */
  listEveryone(): number {
    const states = this.#board.states;
    let count = 0;
    for (let i = 0; i < this.rows.length; i++) {
      const row = this.rows[i];
      if ((this.#retry(i, this.#wishes[i] | states[row]) & this.#closed) === 0) this.listed[count++] = row;
    }
    return count;
  }

  /** Lists whom the method may choose from: those of the first set that has anyone to offer; tells how many. */
  listOffered(): number {
    let from = 0;
    for (let set = 0; set < this.#setEnds.length; set++) {
      const count = this.#listSet(from, this.#setEnds[set]);
      if (count > 0) return count;
      from = this.#setEnds[set];
    }
    return 0;
  }

  /** Plain members; then as many spares as members are missing; standbys only if that leaves nobody. */
  #listSet(from: number, end: number): number {
    const states = this.#board.states;
    const listed = this.listed;
    let count = 0;
    let missing = 0;
    let spares = 0;
    let standbys = 0;
    for (let at = from; at < end; at++) {
      const index = this.#order[at];
      const row = this.rows[index];
      let bits = this.#wishes[index] | states[row];
      if ((bits & this.#strangers) !== 0) {
        if ((bits & (BIT.spare | BIT.standby)) === 0) missing++;
        this.trace?.considered(this.#members[index], (bits & this.#closed) === 0 ? 'drained' : 'unusable');
        continue;
      }
      if ((bits & this.#closed) !== 0) bits = this.#retry(index, bits);
      const isUsable = (bits & this.#closed) === 0;
      if ((bits & BIT.spare) !== 0) {
        if (isUsable) this.#spares[spares++] = row;
      } else if ((bits & BIT.standby) !== 0) {
        if (isUsable) this.#standbys[standbys++] = row;
      } else if (isUsable) listed[count++] = row;
      else missing++;
    }
    for (let i = 0; i < spares && i < missing; i++) listed[count++] = this.#spares[i];
    if (count === 0) for (let i = 0; i < standbys; i++) listed[count++] = this.#standbys[i];
    if (this.trace !== undefined) this.#tellSet(from, end, count, this.trace);
    return count;
  }

  /** Tells what became of those of a set that were not turned away at once. */
  #tellSet(from: number, end: number, count: number, trace: ElectionTrace): void {
    for (let at = from; at < end; at++) {
      const member = this.#members[this.#order[at]];
      const { bits, row } = member.state;
      if ((bits & this.#strangers) !== 0) continue;
      if (this.listed.subarray(0, count).includes(row)) trace.considered(member, 'offered');
      else if ((bits & this.#closed) !== 0) trace.considered(member, 'unusable');
      else trace.considered(member, (bits & BIT.spare) !== 0 ? 'spare-not-needed' : 'standby-not-needed');
    }
  }

  #follow(route: string): Member | undefined {
    const candidates = this.#routes.get(route);
    if (candidates === undefined) return undefined;
    for (let i = 0; i < candidates.length; i++) {
      const member = candidates[i];
      const isUsable = (this.#retry(member.index, member.state.bits) & this.#closed) === 0;
      this.trace?.routed(member, route, isUsable);
      if (isUsable) return member;
      const redirect = member.config.redirect;
      if (redirect === '' || this.#hopsLeft-- <= 0) continue;
      const other = this.#follow(redirect);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  /** Takes a member back from error if the policy allows it by now; tells its bits afterwards. */
  #retry(index: number, bits: number): number {
    if ((bits & BIT.error) === 0) return bits;
    const row = this.rows[index];
    const { url, retryMs } = this.#members[index].config;
    if (!this.#policy.mayReturn(bits, this.#board.errorAt[row], retryMs, this.#clock.now())) return bits;
    this.#takeBack(row);
    this.#log.info('member-returned', { balancer: this.#config.name, member: url });
    this.trace?.returned(this.#members[index]);
    return bits & ~BIT.error;
  }

  #takeBack(row: number): void {
    Atomics.add(this.#board.retries, row, 1);
    Atomics.and(this.#board.states, row, ~BIT.error);
  }
}

function endsOfSets(sorted: readonly Member[]): number[] {
  const ends: number[] = [];
  for (let i = 1; i <= sorted.length; i++)
    if (i === sorted.length || sorted[i].config.set !== sorted[i - 1].config.set) ends.push(i);
  return ends;
}

function membersByRoute(members: readonly Member[]): Map<string, Member[]> {
  const routes = new Map<string, Member[]>();
  for (const isStandby of [false, true]) {
    for (const member of members) {
      const route = member.config.route;
      if (route === '' || member.config.flags.standby !== isStandby) continue;
      const list = routes.get(route);
      if (list === undefined) routes.set(route, [member]);
      else list.push(member);
    }
  }
  return routes;
}

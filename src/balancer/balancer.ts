// One balancer at work: keeps the accounts of its members, and asks its elector for a member and for what a failure means.
// Timers and sockets belong to the caller; whatever differs between dialects is the elector's.

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { type Log, silentLog } from '../base/log.ts';
import { Chronicle } from './chronicle.ts';
import type { BalancerConfig } from './config.ts';
import type { Election, Step } from './election.ts';
import type { Elector, FailureKind, Leaving, Maintenance } from './elector.ts';
import type { HeartbeatServices } from './loads.ts';
import { BIT, Member, memberName } from './member.ts';
import { WAIT_STEPS } from './mod-proxy-elector.ts';
import { type Placed, place } from './placement.ts';
import { POLICIES, type Policy } from './policy.ts';
import type { Outcome } from './replay.ts';
import { Scoreboard } from './scoreboard.ts';
import type { Session, SessionSearch } from './stickiness.ts';
import type { ElectionTrace } from './trace.ts';
import type { CausePhase } from './troubles.ts';

export interface BalancerOptions {
  /** Its `now()` must agree between threads that share a board. */
  readonly clock: Clock;
  /** Events: member-failed, member-trouble, member-returned, member-recovered, errors-forgotten, member-unhealthy, member-healthy. Default: silent. */
  readonly log?: Log;
  /** For the method `heartbeat`. Default: nothing is heard, so it chooses nobody. */
  readonly heartbeats?: HeartbeatServices | undefined;
  /** For workers of mod_jk. Default: each looks after its own members. */
  readonly maintenance?: Maintenance | undefined;
  /** Threads that will share the board. Default 1. */
  readonly threads?: number;
}

/** What another thread needs, beside the configuration, to join: may be posted. */
export interface Placement {
  readonly buffer: SharedArrayBuffer;
  /** Row of each member, in the order of the configuration. */
  readonly rows: readonly number[];
}

/** A balancer as one thread sees it. Immutable but for the scoreboard: a reload makes a new one from it. */
export class Balancer {
  readonly config: BalancerConfig;
  /** In the order of the configuration. */
  readonly members: readonly Member[];
  readonly policy: Policy;
  /** Finds the session of a request; undefined when the balancer does not look for sessions. */
  readonly sessions: SessionSearch | undefined;
  /** Period of asking again while waiting for a usable member, in ms; 0 when there is no waiting. */
  readonly pollMs: number;

  readonly #board: Scoreboard;
  readonly #rows: readonly number[];
  readonly #clock: Clock;
  readonly #heartbeats: HeartbeatServices | undefined;
  readonly #log: Log;
  readonly #chronicle: Chronicle;
  readonly #elector: Elector;

  /**
   * A balancer for a configuration. With `previous`, the balancer in force under the same name, members of the same URL
   * keep their counters and state. Call it only when the whole configuration is known to be good: it takes idle rows of
   * the shared board. Every thread must have swapped before the next reload begins.
   * @throws Failure `balancer-bad-members` when a URL stands twice or there are too many members
   */
  static from(config: BalancerConfig, options: BalancerOptions, previous?: Balancer): Balancer {
    const old = previous && { config: previous.config, board: previous.#board, rows: previous.#rows };
    return new Balancer(place(config, options.threads ?? 1, old), options, previous);
  }

  /** The same balancer in another thread: `placement` comes from the thread that called `from`. */
  static join(config: BalancerConfig, placement: Placement, thread: number, options: BalancerOptions): Balancer {
    return new Balancer({ config, board: new Scoreboard(placement.buffer, thread), rows: placement.rows }, options);
  }

  private constructor({ config, board, rows }: Placed, options: BalancerOptions, previous?: Balancer) {
    this.config = config;
    this.policy = POLICIES[config.policy];
    const before = previous?.config.name === config.name ? previous.members : [];
    const troubles = new Map(before.map((member) => [member.name, member.state.troubles]));
    this.members = config.members.map(
      (member, index) => new Member(member, index, board, rows[index], troubles.get(memberName(member))),
    );
    this.sessions = config.stickiness && this.policy.finder(config.stickiness);
    this.pollMs = config.timeoutMs / WAIT_STEPS;
    this.#board = board;
    this.#rows = rows;
    this.#clock = options.clock;
    this.#heartbeats = options.heartbeats;
    this.#log = options.log ?? silentLog;
    this.#chronicle = new Chronicle(config.name, this.#clock, this.#log);
    const { policy, members } = this;
    const { clock, heartbeats, maintenance } = options;
    const chronicle = this.#chronicle;
    this.#elector = policy.elector({ config, policy, members, board, clock, chronicle, heartbeats, maintenance });
  }

  /** Attempts after the first. */
  get maxAttempts(): number {
    return this.#elector.maxAttempts;
  }

  /**
   * This balancer as it stands now, on a board of its own and without a log: what it elects changes nothing here.
   * @param trace hears how it elects
   */
  rehearse(trace?: ElectionTrace): Balancer {
    const board = new Scoreboard({ rows: this.#board.rows, threads: 1 });
    board.copyBalancer(this.#board);
    for (const row of this.#rows) board.copyRow(row, this.#board, row);
    for (const row of this.#rows) board.busy[row] = this.#board.busyOf(row);
    const maintenance = { requestComes: () => {} };
    const options = { clock: this.#clock, heartbeats: this.#heartbeats, maintenance };
    const copy = new Balancer({ config: this.config, board, rows: this.#rows }, options, this);
    copy.#elector.trace = trace;
    return copy;
  }

  /** For `join` in other threads. */
  get placement(): Placement {
    return { buffer: this.#board.buffer, rows: this.#rows };
  }

  /**
   * Elects a member and counts it as elected. Nothing is awaited, nothing allocated.
   * @param session what the request says about its session; undefined when it was not looked for
   * @param election filled with how it went
   * @returns undefined when nobody may take the request: answer 503, or wait if `election.mayWait`
   */
  elect(session: Session | undefined, election: Election): Member | undefined {
    const member = this.#elector.elect(session, election);
    if (member !== undefined) this.#board.elected[this.#board.column + member.state.row]++;
    return member;
  }

  /** A request is given to the member: call it right after `elect`, and `finished` once for each call. */
  began({ state }: Member): void {
    state.board.busy[state.board.column + state.row]++;
  }

  /**
   * A place among the member's connections is there: call it once for each `began`, before the first attempt.
   * @returns undefined to go on, or what to do instead
   */
  entered(member: Member, election: Election): Step | undefined {
    return this.#elector.entered(member, election);
  }

  /** The request leaves the member, well or badly; octets as its protocol counts them (modproxy.md §7). */
  finished(member: Member, election: Election, leaving: Leaving, bytesSent: number, bytesReceived: number): void {
    const { state } = member;
    // The member's own board: a change at run time may have given the balancer a larger one meanwhile.
    const { board } = state;
    const cell = board.column + state.row;
    board.busy[cell]--;
    board.sent[cell] += bytesSent;
    board.received[cell] += bytesReceived;
    this.#elector.left(member, election, leaving, bytesSent, bytesReceived);
  }

  /** The member could be connected to. */
  succeeded(member: Member): void {
    this.#elector.succeeded(member);
  }

  /** The head of an answer has come. @returns undefined to pass it on, or what to do instead */
  answered(member: Member, election: Election, status: number): Step | undefined {
    return this.#elector.answered(member, election, status);
  }

  /** Puts the member in error from now on. @returns whether that was news, and was told with the last cause */
  failed(member: Member, kind: FailureKind): boolean {
    return this.#elector.failed(member, kind);
  }

  /** Judges a failed attempt, marks the member accordingly, and keeps the cause. */
  judge(member: Member, election: Election, outcome: Outcome, failure?: Failure): Step {
    return this.#elector.judge(member, election, outcome, failure);
  }

  /** After a step to `answer`: the exchange is over. */
  settled(member: Member, { status, isTimeout }: Step): void {
    this.#elector.settled(member, status, isTimeout);
  }

  /** Something that an operator should know went wrong with a member, though it need not be put in error for it. */
  blame(member: Member, phase: CausePhase, failure: Failure): void {
    this.#chronicle.keep(member, phase, failure);
    this.#chronicle.tell(member, false);
  }

  /**
   * Counts a health check, by httpd's rule (measured): while the member is in service only failures count, while it is
   * out only passes; what comes between interrupts neither count, and a count begins anew when it has had its effect.
   * For one thread only, the one that checks.
   * @param cause what was found, for people
   */
  checked(member: Member, hasPassed: boolean, cause = ''): void {
    if (!hasPassed)
      this.#chronicle.keep(
        member,
        'check',
        new Failure('check-failed', 'upstream', `${member.config.url}: health check: ${cause}`),
      );
    const { board, row, bits } = member.state;
    const { passes, fails } = member.config.healthCheck;
    if ((bits & (BIT.healthFailed | BIT.error)) !== 0) {
      if (!hasPassed || ++board.checksPassed[row] < passes) return;
      board.checksPassed[row] = 0;
      this.checkPassed(member);
    } else if (!hasPassed) {
      board.errorAt[row] = this.#clock.now();
      if (++board.checksFailed[row] < fails) return;
      board.checksFailed[row] = 0;
      this.checkFailed(member);
    }
  }

  /** A member in error answered a question that nobody's request depended on: it is taken back before `retry` is over. */
  probed(member: Member): void {
    if (this.#elector.probed(member)) this.#log.info('member-recovered', this.#chronicle.facts(member));
  }

  /** Health checks failed often enough: the member is unusable until they pass. */
  checkFailed(member: Member): void {
    const before = Atomics.or(this.#board.states, member.state.row, BIT.healthFailed);
    if ((before & BIT.healthFailed) === 0) this.#log.warn('member-unhealthy', this.#chronicle.facts(member));
  }

  /** Health checks passed often enough: ends what failed checks did, and any error too (modproxy.md §11). */
  checkPassed(member: Member): void {
    const before = Atomics.and(this.#board.states, member.state.row, ~(BIT.healthFailed | BIT.error));
    if ((before & (BIT.healthFailed | BIT.error)) !== 0)
      this.#log.info('member-healthy', this.#chronicle.facts(member));
  }

  /** An operator takes the health mark away; unlike a passed check, that ends no error. */
  forgetCheck(member: Member): void {
    Atomics.and(this.#board.states, member.state.row, ~BIT.healthFailed);
  }

  /** After an operator chose another method. */
  methodChanged(): void {
    this.#elector.methodChanged();
  }

  /** After an operator chose another load factor. */
  factorChanged(): void {
    this.#elector.factorChanged();
  }

  /** worker.maintain: does what is due. */
  maintain(): void {
    this.#elector.maintain?.();
  }

  /** An operator lets a member in error be tried again (mod_jk). @returns false when it is not in error */
  letTry(member: Member): boolean {
    return this.#elector.letTry?.(member) === true;
  }

  /** By member: what one request adds to its load (mod_jk's lb_mult). */
  get multipliers(): readonly number[] {
    return this.#elector.multipliers ?? [];
  }

  get board(): Scoreboard {
    return this.#board;
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** For the main thread, after another thread has ended: frees its lock, forgets its requests in progress. */
  forgetThread(thread: number): void {
    this.#board.forgetThread(thread);
  }
}

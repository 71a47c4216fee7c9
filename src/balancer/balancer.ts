// One balancer at work: elects a member for a request, keeps the accounts, and decides what a failure means. Timers and
// sockets belong to the caller; whatever differs between dialects is asked of the policy, how to choose of the method.

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { type Log, silentLog } from '../base/log.ts';
import { Candidates } from './candidates.ts';
import type { BalancerConfig } from './config.ts';
import type { HeartbeatServices } from './loads.ts';
import { BIT, Member } from './member.ts';
import { methodOf } from './methods/index.ts';
import { type Method, NOBODY } from './methods/method.ts';
import { type Placed, place } from './placement.ts';
import { POLICIES, type Policy } from './policy.ts';
import type { Decision, Outcome } from './replay.ts';
import { NEVER, Scoreboard } from './scoreboard.ts';
import { SessionFinder } from './stickiness.ts';
import type { ElectionTrace } from './trace.ts';
import type { CausePhase } from './troubles.ts';

/** `timeout=` is waited for in so many steps (modproxy.md §3.2). */
const WAIT_STEPS = 100;

/** How an election went. */
export type Reason =
  /** The member of the session's route. */
  | 'route'
  /** A member that a `redirect` led to. */
  | 'redirect'
  /** Chosen by the method. */
  | 'choice'
  /** Nobody: the session's member is unusable and stickiness is forced. */
  | 'forced'
  /** Nobody is usable. */
  | 'none';

/** Facts of one election. One object serves many requests. */
export class Election {
  reason: Reason = 'none';
  /** Sessions are looked for, and this request did not go where its session points (BALANCER_ROUTE_CHANGED). */
  routeChanged = false;
  /** Nobody is usable now, but `timeout=` allows to ask again: every `pollMs`, until `config.timeoutMs` have passed. */
  mayWait = false;
}

/** Why a member is put in error; for the log. */
export type FailureKind = 'unavailable' | 'broken' | 'status' | 'timeout' | 'unresolved';

export interface BalancerOptions {
  /** Its `now()` must agree between threads that share a board. */
  readonly clock: Clock;
  /** Events: member-failed, member-trouble, member-returned, member-recovered, errors-forgotten, member-unhealthy, member-healthy. Default: silent. */
  readonly log?: Log;
  /** For the method `heartbeat`. Default: nothing is heard, so it chooses nobody. */
  readonly heartbeats?: HeartbeatServices | undefined;
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
  readonly sessions: SessionFinder | undefined;
  /** Attempts after the first. */
  readonly maxAttempts: number;
  /** Period of asking again while waiting for a usable member, in ms; 0 when there is no waiting. */
  readonly pollMs: number;

  readonly #board: Scoreboard;
  readonly #rows: readonly number[];
  readonly #clock: Clock;
  readonly #heartbeats: HeartbeatServices | undefined;
  readonly #log: Log;
  readonly #method: Method;
  readonly #candidates: Candidates;
  /** By row: load factor; member. */
  readonly #factors: Int32Array;
  readonly #byRow: (Member | undefined)[];
  readonly #failOnStatus: ReadonlySet<number>;

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
    const troubles = new Map(before.map((member) => [member.config.url, member.state.troubles]));
    this.members = config.members.map(
      (member, index) => new Member(member, index, board, rows[index], troubles.get(member.url)),
    );
    this.sessions = config.stickiness && new SessionFinder(config.stickiness);
    this.maxAttempts = config.maxAttempts ?? this.policy.furtherAttempts(this.members.length);
    this.pollMs = config.timeoutMs / WAIT_STEPS;
    this.#board = board;
    this.#rows = rows;
    this.#clock = options.clock;
    this.#heartbeats = options.heartbeats;
    this.#log = options.log ?? silentLog;
    this.#candidates = new Candidates(config, this.members, board, this.policy, this.#clock, this.#log);
    this.#factors = new Int32Array(board.rows);
    this.#byRow = new Array<Member | undefined>(board.rows).fill(undefined);
    for (const member of this.members) {
      this.#factors[member.state.row] = member.config.loadFactor;
      this.#byRow[member.state.row] = member;
    }
    this.#method = methodOf(
      config.method,
      this.#byRow.map((member) => member?.config.host),
      options.heartbeats,
    );
    this.#failOnStatus = new Set(config.failOnStatus);
  }

  /**
   * This balancer as it stands now, on a board of its own and without a log: what it elects changes nothing here.
   * @param trace hears how it elects
   */
  rehearse(trace?: ElectionTrace): Balancer {
    const board = new Scoreboard({ rows: this.#board.rows, threads: 1 });
    for (const row of this.#rows) board.copyRow(row, this.#board, row);
    for (const row of this.#rows) board.busy[row] = this.#board.busyOf(row);
    const options = { clock: this.#clock, heartbeats: this.#heartbeats };
    const copy = new Balancer({ config: this.config, board, rows: this.#rows }, options, this);
    copy.#candidates.trace = trace;
    return copy;
  }

  /** For `join` in other threads. */
  get placement(): Placement {
    return { buffer: this.#board.buffer, rows: this.#rows };
  }

  /**
   * Elects a member and counts it as elected. Nothing is awaited, nothing allocated.
   * @param route route of the request's session; undefined or '' when it has none
   * @param election filled with how it went
   * @returns undefined when nobody may take the request: answer 503, or wait if `election.mayWait`
   */
  elect(route: string | undefined, election: Election): Member | undefined {
    election.mayWait = false;
    election.routeChanged = false;
    this.#candidates.recover();
    const stickiness = this.config.stickiness;
    let member: Member | undefined;
    if (stickiness !== undefined && route !== undefined && route !== '') {
      member = this.#candidates.ofRoute(route);
      if (member !== undefined) {
        const count = this.#candidates.listUsable();
        this.#method.follow(this.#board, this.#factors, this.#candidates.listed, count, member.state.row);
        election.routeChanged = member.config.route !== route;
        election.reason = election.routeChanged ? 'redirect' : 'route';
      } else if (stickiness.force && (this.policy.forceRefusesUnknownRoutes || this.#candidates.hasRoute(route))) {
        election.reason = 'forced';
        return undefined;
      }
    }
    if (member === undefined) {
      const candidates = this.#candidates;
      const count = this.#method.offersEveryone === true ? candidates.listEveryone() : candidates.listOffered();
      const row = count === 0 ? NOBODY : this.#method.choose(this.#board, this.#factors, candidates.listed, count);
      if (row === NOBODY) {
        election.reason = 'none';
        election.mayWait = this.config.timeoutMs > 0;
        return undefined;
      }
      member = this.#byRow[row] as Member;
      election.reason = 'choice';
      election.routeChanged = stickiness !== undefined;
    }
    this.#board.elected[this.#board.column + member.state.row]++;
    return member;
  }

  /** A request is given to the member: call it right after `elect`, and `finished` once for each call. */
  began({ state }: Member): void {
    state.board.busy[state.board.column + state.row]++;
  }

  /** An attempt at the member is over, well or badly; octets as its protocol counts them (modproxy.md §7). */
  finished({ state }: Member, bytesSent: number, bytesReceived: number): void {
    // The member's own board: a change at run time may have given the balancer a larger one meanwhile.
    const { board } = state;
    const cell = board.column + state.row;
    board.busy[cell]--;
    board.sent[cell] += bytesSent;
    board.received[cell] += bytesReceived;
  }

  /** The member could be connected to: it is off probation. An error that came meanwhile stays. */
  succeeded(member: Member): void {
    const board = this.#board;
    const row = member.state.row;
    if (board.retries[row] === 0 && board.errorAt[row] === NEVER) return;
    if ((board.states[row] & BIT.error) !== 0) return;
    Atomics.store(board.retries, row, 0);
    board.errorAt[row] = NEVER;
  }

  /**
   * Puts the member in error from now on, unless it ignores errors or the policy marks none.
   * @returns whether that was news, and was told with the last cause
   */
  failed(member: Member, kind: FailureKind): boolean {
    const { wish, row, lastError } = member.state;
    if (!this.policy.marksErrors || (wish & BIT.ignoreErrors) !== 0) return false;
    this.#board.errorAt[row] = this.#clock.now();
    const before = Atomics.or(this.#board.states, row, BIT.error);
    if ((before & BIT.error) !== 0) return false;
    this.#log.warn('member-failed', { ...this.#facts(member), kind, code: lastError?.code, why: lastError?.text });
    return true;
  }

  /** Judges a failed attempt, marks the member accordingly, and keeps the cause. */
  judge(member: Member, outcome: Outcome, failure?: Failure): Decision {
    const decision = this.policy.judge(outcome);
    // A kept connection that was closed for idleness: a fresh one will tell whether anything is wrong.
    if (decision.trySameFirst) return decision;
    this.#keep(member, outcome.phase, failure);
    const isTold = decision.memberError && this.failed(member, kindOf(outcome, decision));
    if (failure !== undefined) this.#tell(member, isTold);
    return decision;
  }

  /** Something that an operator should know went wrong with a member, though it need not be put in error for it. */
  blame(member: Member, phase: CausePhase, failure: Failure): void {
    this.#keep(member, phase, failure);
    this.#tell(member, false);
  }

  #keep({ state }: Member, phase: CausePhase, failure: Failure | undefined): void {
    if (failure !== undefined) state.troubles.add(failure.code, phase, failure.message, this.#clock.wall());
  }

  /** Tells the last cause, unless it has been told lately: what goes on is counted. */
  #tell(member: Member, isTold: boolean): void {
    const { lastError, troubles } = member.state;
    const times = troubles.takeUntold(this.#clock.wall(), isTold);
    if (isTold || times === 0 || lastError === undefined) return;
    const { code, phase, text } = lastError;
    this.#log.warn('member-trouble', { ...this.#facts(member), code, phase, why: text, times });
  }

  /**
   * Whether to elect again after a failed attempt: only after a 503 whose member is unusable now (modproxy.md §8).
   * @param attempts further attempts made so far, 0 after the first
   */
  mayTryAnother(member: Member, attempts: number, decision: Decision): boolean {
    if (!decision.mayTryAnother || decision.status !== 503 || attempts >= this.maxAttempts) return false;
    return (member.state.bits & this.policy.closedBits) !== 0;
  }

  /**
   * The exchange is over: failonstatus and failontimeout look at what the client got.
   * @param status of the answer, the backend's or ours
   * @param isTimeout `isTimeout` of the decision behind our answer; false for the backend's
   */
  settled(member: Member, status: number, isTimeout: boolean): void {
    if (this.#failOnStatus.has(status)) {
      const why = `${member.config.url} answered ${status}, which failonstatus= names`;
      this.#keep(member, 'answer', new Failure('fail-on-status', 'upstream', why));
      this.#tell(member, this.failed(member, 'status'));
    } else if (isTimeout && this.config.failOnTimeout) this.failed(member, 'timeout');
  }

  /**
   * Counts a health check, by httpd's rule (measured): while the member is in service only failures count, while it is
   * out only passes; what comes between interrupts neither count, and a count begins anew when it has had its effect.
   * For one thread only, the one that checks.
   * @param cause what was found, for people
   */
  checked(member: Member, hasPassed: boolean, cause = ''): void {
    if (!hasPassed)
      this.#keep(
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
    const before = Atomics.and(this.#board.states, member.state.row, ~BIT.error);
    if ((before & BIT.error) !== 0) this.#log.info('member-recovered', this.#facts(member));
  }

  /** Health checks failed often enough: the member is unusable until they pass. */
  checkFailed(member: Member): void {
    const before = Atomics.or(this.#board.states, member.state.row, BIT.healthFailed);
    if ((before & BIT.healthFailed) === 0) this.#log.warn('member-unhealthy', this.#facts(member));
  }

  /** Health checks passed often enough: ends what failed checks did, and any error too (modproxy.md §11). */
  checkPassed(member: Member): void {
    const before = Atomics.and(this.#board.states, member.state.row, ~(BIT.healthFailed | BIT.error));
    if ((before & (BIT.healthFailed | BIT.error)) !== 0) this.#log.info('member-healthy', this.#facts(member));
  }

  /** An operator takes the health mark away; unlike a passed check, that ends no error. */
  forgetCheck(member: Member): void {
    Atomics.and(this.#board.states, member.state.row, ~BIT.healthFailed);
  }

  /** Lets the method begin anew: after an operator chose another method. */
  resetMethod(): void {
    this.#method.reset(this.#board, this.#candidates.rows);
  }

  /** Sets every standing to its load factor: what httpd does when an operator changes a load factor. */
  resetStandings(): void {
    const { standing } = this.#board;
    const rows = this.#rows;
    const factors = this.#factors;
    this.#board.lock();
    for (let i = 0; i < rows.length; i++) standing[rows[i]] = factors[rows[i]];
    this.#board.unlock();
  }

  /** For the main thread, after another thread has ended: frees its lock, forgets its requests in progress. */
  forgetThread(thread: number): void {
    this.#board.forgetThread(thread);
  }

  #facts(member: Member): { balancer: string; member: string } {
    return { balancer: this.config.name, member: member.config.url };
  }
}

function kindOf(outcome: Outcome, decision: Decision): FailureKind {
  if (outcome.phase === 'resolve') return 'unresolved';
  return decision.status === 503 ? 'unavailable' : 'broken';
}

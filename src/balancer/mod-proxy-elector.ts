// How mod_proxy elects and fails over: candidates by set and role, a choice method, errors by the replay table
// (modproxy.md §5–§8). Also for direct targets, whose policy marks no errors.

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { Candidates } from './candidates.ts';
import type { Chronicle } from './chronicle.ts';
import type { BalancerConfig } from './config.ts';
import { ANSWER, CUT, type Election, type Step } from './election.ts';
import type { Elector, ElectorGround, FailureKind } from './elector.ts';
import { BIT, type Member } from './member.ts';
import { methodOf } from './methods/index.ts';
import { type Method, NOBODY } from './methods/method.ts';
import type { Policy } from './policy.ts';
import type { Decision, Outcome } from './replay.ts';
import { NEVER, type Scoreboard } from './scoreboard.ts';
import type { Session } from './stickiness.ts';
import type { ElectionTrace } from './trace.ts';

/** `timeout=` is waited for in so many steps (modproxy.md §3.2). */
export const WAIT_STEPS = 100;

const FRESH_FIRST: Step = Object.freeze({ ...ANSWER, kind: 'same', isFresh: true });
const ANOTHER: Step = Object.freeze({ ...ANSWER, kind: 'other', staysBusy: true });

export class ModProxyElector implements Elector {
  readonly maxAttempts: number;
  readonly #config: BalancerConfig;
  readonly #policy: Policy;
  readonly #board: Scoreboard;
  readonly #clock: Clock;
  readonly #chronicle: Chronicle;
  readonly #candidates: Candidates;
  readonly #method: Method;
  /** By row: load factor; member. */
  readonly #factors: Int32Array;
  readonly #byRow: (Member | undefined)[];
  readonly #failOnStatus: ReadonlySet<number>;

  constructor({ config, policy, members, board, clock, chronicle, heartbeats }: ElectorGround) {
    this.#config = config;
    this.#policy = policy;
    this.#board = board;
    this.#clock = clock;
    this.#chronicle = chronicle;
    this.maxAttempts = config.maxAttempts ?? policy.furtherAttempts(members.length);
    this.#candidates = new Candidates(config, members, board, policy, clock, chronicle.log);
    this.#factors = new Int32Array(board.rows);
    this.#byRow = new Array<Member | undefined>(board.rows).fill(undefined);
    for (const member of members) {
      this.#factors[member.state.row] = member.config.loadFactor;
      this.#byRow[member.state.row] = member;
    }
    this.#method = methodOf(
      config.method,
      this.#byRow.map((member) => member?.config.host),
      heartbeats,
    );
    this.#failOnStatus = new Set(config.failOnStatus);
  }

  get trace(): ElectionTrace | undefined {
    return this.#candidates.trace;
  }

  set trace(trace: ElectionTrace | undefined) {
    this.#candidates.trace = trace;
  }

  elect(session: Session | undefined, election: Election): Member | undefined {
    election.mayWait = false;
    election.routeChanged = false;
    this.#candidates.recover();
    const route = session?.route;
    const stickiness = this.#config.stickiness;
    if (stickiness !== undefined && route !== undefined && route !== '') {
      const member = this.#candidates.ofRoute(route);
      if (member !== undefined) {
        const count = this.#candidates.listUsable();
        this.#method.follow(this.#board, this.#factors, this.#candidates.listed, count, member.state.row);
        election.routeChanged = member.config.route !== route;
        election.reason = election.routeChanged ? 'redirect' : 'route';
        return member;
      }
      if (stickiness.force && (this.#policy.forceRefusesUnknownRoutes || this.#candidates.hasRoute(route))) {
        election.reason = 'forced';
        return undefined;
      }
    }
    const candidates = this.#candidates;
    const count = this.#method.offersEveryone === true ? candidates.listEveryone() : candidates.listOffered();
    const row = count === 0 ? NOBODY : this.#method.choose(this.#board, this.#factors, candidates.listed, count);
    if (row === NOBODY) {
      election.reason = 'none';
      this.#letWait(election);
      return undefined;
    }
    election.reason = 'choice';
    election.routeChanged = stickiness !== undefined;
    return this.#byRow[row] as Member;
  }

  #letWait(election: Election): void {
    const { timeoutMs } = this.#config;
    election.mayWait = election.waitedMs < timeoutMs;
    election.waitMs = timeoutMs / WAIT_STEPS;
  }

  entered(): undefined {
    return undefined;
  }

  /** It is off probation. An error that came meanwhile stays. */
  succeeded(member: Member): void {
    const board = this.#board;
    const row = member.state.row;
    if (board.retries[row] === 0 && board.errorAt[row] === NEVER) return;
    if ((board.states[row] & BIT.error) !== 0) return;
    Atomics.store(board.retries, row, 0);
    board.errorAt[row] = NEVER;
  }

  answered(member: Member, _: Election, status: number): undefined {
    this.succeeded(member);
    this.settled(member, status, false);
  }

  judge(member: Member, election: Election, outcome: Outcome, failure: Failure | undefined): Step {
    const decision = this.#policy.judge(outcome);
    // A kept connection that was closed for idleness: a fresh one will tell whether anything is wrong.
    if (decision.trySameFirst) return FRESH_FIRST;
    this.#chronicle.keep(member, outcome.phase, failure);
    const isTold = decision.memberError && this.failed(member, kindOf(outcome, decision));
    if (failure !== undefined) this.#chronicle.tell(member, isTold);
    if (decision.mustCut) return CUT;
    if (this.#mayTryAnother(member, election, decision)) {
      election.furtherAttempts++;
      return ANOTHER;
    }
    return { ...ANSWER, status: decision.status, isTimeout: decision.isTimeout };
  }

  /** Only after a 503 whose member is unusable now (modproxy.md §8). */
  #mayTryAnother(member: Member, election: Election, decision: Decision): boolean {
    if (!decision.mayTryAnother || decision.status !== 503) return false;
    if (election.furtherAttempts >= this.maxAttempts) return false;
    return (member.state.bits & this.#policy.closedBits) !== 0;
  }

  /** The exchange is over: failonstatus and failontimeout look at what the client got, the backend's answer or ours. */
  settled(member: Member, status: number, isTimeout: boolean): void {
    if (this.#failOnStatus.has(status)) {
      const why = `${member.config.url} answered ${status}, which failonstatus= names`;
      this.#chronicle.keep(member, 'answer', new Failure('fail-on-status', 'upstream', why));
      this.#chronicle.tell(member, this.failed(member, 'status'));
    } else if (isTimeout && this.#config.failOnTimeout) this.failed(member, 'timeout');
  }

  left(): void {}

  /** Unless the member ignores errors or the policy marks none. */
  failed(member: Member, kind: FailureKind): boolean {
    const { wish, row } = member.state;
    if (!this.#policy.marksErrors || (wish & BIT.ignoreErrors) !== 0) return false;
    this.#board.errorAt[row] = this.#clock.now();
    const before = Atomics.or(this.#board.states, row, BIT.error);
    if ((before & BIT.error) !== 0) return false;
    this.#chronicle.tellFailed(member, kind);
    return true;
  }

  probed(member: Member): boolean {
    return (Atomics.and(this.#board.states, member.state.row, ~BIT.error) & BIT.error) !== 0;
  }

  methodChanged(): void {
    this.#method.reset(this.#board, this.#candidates.rows);
  }

  /** Sets every standing to its load factor, as httpd does. */
  factorChanged(): void {
    const { standing } = this.#board;
    const { rows } = this.#candidates;
    const factors = this.#factors;
    this.#board.lock();
    for (let i = 0; i < rows.length; i++) standing[rows[i]] = factors[rows[i]];
    this.#board.unlock();
  }
}

function kindOf(outcome: Outcome, decision: Decision): FailureKind {
  if (outcome.phase === 'resolve') return 'unresolved';
  return decision.status === 503 ? 'unavailable' : 'broken';
}

// An lb worker of mod_jk at work (modjk.md §4–§5.2): rounds over the members, states that requests and maintenance move
// the members through, and what each kind of failure does to them.

import type { Failure } from '../../base/failure.ts';
import type { BalancerConfig } from '../config.ts';
import { CUT, type Election, type Step } from '../election.ts';
import type { Elector, ElectorGround, FailureKind, Leaving } from '../elector.ts';
import type { LbConfig } from '../lb-config.ts';
import type { Member } from '../member.ts';
import type { Outcome } from '../replay.ts';
import { NEVER } from '../scoreboard.ts';
import type { Session } from '../stickiness.ts';
import type { ElectionTrace } from '../trace.ts';
import { triesOf } from './defaults.ts';
import type { FailureClass, Judgement } from './judging.ts';
import { LbLoads } from './loads.ts';
import { LbLookup } from './lookup.ts';
import { LbMaintenance, secondsBetween } from './maintenance.ts';
import type { LbProgress } from './progress.ts';
import { changeState, STATE, setState, stateOf } from './states.ts';
import { AT_ONCE, answerWith, isStale, judged, judgedStatus, nextTry, otherAfter, statusFailure } from './tries.ts';

export class LbElector implements Elector {
  readonly #ground: ElectorGround;
  readonly #config: BalancerConfig;
  readonly #lb: LbConfig;
  readonly #lookup: LbLookup;
  readonly #loads: LbLoads;
  readonly #maintenance: LbMaintenance;
  /** Members tried in one round. */
  readonly #perRound: number;

  constructor(ground: ElectorGround, lb: LbConfig) {
    const { config, members, board, clock } = ground;
    this.#ground = ground;
    this.#config = config;
    this.#lb = lb;
    this.#lookup = new LbLookup(config, members, board);
    this.#loads = new LbLoads(lb, members, board, clock);
    this.#maintenance = new LbMaintenance(ground, lb, this.#loads);
    this.#perRound = Math.min(members.length, lb.lbRetries);
  }

  get trace(): ElectionTrace | undefined {
    return this.#lookup.trace;
  }

  set trace(trace: ElectionTrace | undefined) {
    this.#lookup.trace = trace;
  }

  get maxAttempts(): number {
    return this.#perRound * this.#lb.retries - 1;
  }

  get multipliers(): readonly number[] {
    return this.#loads.multipliers;
  }

  // --- choosing -----------------------------------------------------------------------------------------------------

  elect(session: Session | undefined, election: Election): Member | undefined {
    const progress = election.lb;
    election.mayWait = false;
    if (!progress.hasBegun) this.#begin(progress, session);
    for (;;) {
      const member = this.#lookup.suitable(session, election);
      if (member !== undefined) {
        progress.tries = 0;
        progress.hasEntered = false;
        this.#probe(member, progress);
        return member;
      }
      if (!progress.wasForced) {
        progress.wasForced = true;
        if (this.#maintenance.force(progress.states) > 0) {
          this.trace?.errorsForgotten();
          this.#ground.chronicle.log.warn('errors-forgotten', { balancer: this.#config.name });
          continue;
        }
      }
      if (!this.#nextRound(progress)) return undefined;
      if (this.#lb.retryIntervalMs > 0) {
        election.mayWait = true;
        election.waitMs = this.#lb.retryIntervalMs;
        return undefined;
      }
      this.#see(progress);
    }
  }

  /** First of all: what is due, and whoever was too busy may not be so any more. */
  #begin(progress: LbProgress, session: Session | undefined): void {
    const { members, board, maintenance } = this.#ground;
    if (maintenance === undefined) this.#maintenance.run();
    else maintenance.requestComes();
    for (const { state, config } of members) {
      if (stateOf(board, state.row) !== STATE.busy) continue;
      const limit = Math.min(
        triesOf(config).busyLimit || Number.POSITIVE_INFINITY,
        config.pool.max ?? Number.POSITIVE_INFINITY,
      );
      if (board.busyOf(state.row) < limit) changeState(board, state.row, STATE.busy, STATE.ok);
    }
    progress.hasSession = this.#lookup.hasSession(session);
    this.#see(progress);
  }

  /** Takes the states as they are now: who failed this request before may be asked again. */
  #see(progress: LbProgress): void {
    const { members, board } = this.#ground;
    progress.hasBegun = true;
    if (progress.states.length < members.length) progress.states = new Int8Array(members.length);
    for (const { state, index } of members) progress.states[index] = stateOf(board, state.row);
  }

  /** A member that may be tried again is tried by one request alone. */
  #probe({ state, index }: Member, progress: LbProgress): void {
    if (changeState(this.#ground.board, state.row, STATE.recovering, STATE.probing))
      progress.states[index] = STATE.probing;
  }

  /** @returns false when there is none */
  #nextRound(progress: LbProgress): boolean {
    progress.attempts = 0;
    progress.hasBegun = false;
    progress.round++;
    return progress.round < this.#lb.retries;
  }

  // --- at a member --------------------------------------------------------------------------------------------------

  entered(member: Member, election: Election): Step | undefined {
    const { board } = this.#ground;
    const { row } = member.state;
    const progress = election.lb;
    const isNew = !progress.hasSession && election.rules?.isStateless !== true;
    progress.hasEntered = true;
    this.#loads.entered(member, progress, isNew);
    if (isNew) Atomics.add(board.sessions, row, 1);
    let all = 0;
    for (const { state } of this.#ground.members) all += board.busyOf(state.row);
    if (all > board.balancerMaxBusy) board.balancerMaxBusy = all;
    const busy = board.busyOf(row);
    const { busyLimit } = triesOf(member.config);
    if (busyLimit > 0 && busy > busyLimit) {
      this.#setBoth(member, progress, STATE.busy);
      return this.#next(progress, 503);
    }
    if (busy > board.maxBusy[row]) board.maxBusy[row] = busy;
    return undefined;
  }

  succeeded(): void {}

  answered(member: Member, election: Election, status: number): Step | undefined {
    const judgement = judgedStatus(status, triesOf(member.config), election);
    if (judgement === undefined) return undefined;
    this.#ground.chronicle.keep(member, 'answer', statusFailure(member, status));
    return this.#failedTry(member, election, judgement);
  }

  judge(member: Member, election: Election, outcome: Outcome, failure: Failure | undefined): Step {
    if (isStale(outcome)) return AT_ONCE;
    this.#ground.chronicle.keep(member, outcome.phase, failure);
    const step = this.#failedTry(member, election, judged(outcome, failure, triesOf(member.config)));
    return outcome.answered ? CUT : step;
  }

  #failedTry(member: Member, election: Election, judgement: Judgement): Step {
    const progress = election.lb;
    if (judgement.class === 'reply-timeout') Atomics.add(this.#ground.board.replyTimeouts, member.state.row, 1);
    const again = nextTry(judgement, progress, triesOf(member.config));
    if (again !== undefined) return again;
    this.#mark(member, progress, judgement.class);
    if (!judgement.isRecoverable) return answerWith(judgement.status, judgement.class === 'reply-timeout');
    return this.#next(progress, judgement.status);
  }

  #next(progress: LbProgress, status: number): Step {
    if (++progress.attempts < this.#perRound) return otherAfter(0);
    return this.#nextRound(progress) ? otherAfter(this.#lb.retryIntervalMs) : answerWith(status, status === 504);
  }

  settled(): void {}

  left(member: Member, { lb: progress }: Election, leaving: Leaving, bytesSent: number, bytesReceived: number): void {
    // The member's own board: a change at run time may have given the balancer a larger one meanwhile.
    const { board, row } = member.state;
    if (progress.hasEntered) this.#loads.left(member, progress, bytesSent + bytesReceived);
    else board.elected[board.column + row]--;
    if (leaving === 'outside') changeState(board, row, STATE.probing, STATE.recovering);
    if (leaving === 'outside' || leaving === 'failed') return;
    if (leaving === 'client') Atomics.add(board.clientErrors, row, 1);
    this.#isWell(member);
  }

  #isWell(member: Member): void {
    const { board, row } = member.state;
    const before = stateOf(board, row);
    board.firstErrorAt[row] = NEVER;
    board.errorAt[row] = NEVER;
    if (before === STATE.ok) return;
    setState(board, row, STATE.ok);
    if (before === STATE.idle || before === STATE.busy) return;
    board.returnedAt[row] = this.#ground.clock.now();
    this.#ground.chronicle.log.info('member-recovered', this.#ground.chronicle.facts(member));
  }

  // --- what failures do to members ----------------------------------------------------------------------------------

  #mark(member: Member, progress: LbProgress, what: FailureClass): void {
    const { board } = this.#ground;
    const { row, lastError } = member.state;
    const before = stateOf(board, row);
    if (what === 'busy') {
      if (before !== STATE.error) this.#setBoth(member, progress, STATE.busy);
      return;
    }
    const isInError = this.#isGlobal(member, what) || before === STATE.error;
    progress.states[member.index] = STATE.error;
    if (!isInError) setState(board, row, STATE.ok);
    if (what === 'soft-status') {
      board.firstErrorAt[row] = NEVER;
      board.errorAt[row] = NEVER;
    }
    const isNews = isInError && this.#setError(member);
    if (isNews) this.#ground.chronicle.tellFailed(member, KINDS[what]);
    if (lastError !== undefined) this.#ground.chronicle.tell(member, isNews);
  }

  /** Whether the failure puts the member in error for everybody; counts it. */
  #isGlobal(member: Member, what: FailureClass): boolean {
    const { board, clock } = this.#ground;
    const { row } = member.state;
    const now = clock.now();
    switch (what) {
      case 'soft-status':
      case 'protocol':
      case 'busy':
        return false;
      case 'reply-timeout':
        if (board.replyTimeouts[row] <= this.#lb.maxReplyTimeouts) return false;
        break;
      case 'status':
        break;
      case 'broken':
      case 'unreachable': {
        const first = board.firstErrorAt[row];
        Atomics.add(board.errors, row, 1);
        board.errorAt[row] = now;
        if (first === NEVER) board.firstErrorAt[row] = now;
        // This request is still counted with the member.
        if (board.busyOf(row) <= 1 || this.#lb.errorEscalationMs < 1000) return true;
        return first !== NEVER && secondsBetween(first, now) >= Math.floor(this.#lb.errorEscalationMs / 1000);
      }
    }
    Atomics.add(board.errors, row, 1);
    board.firstErrorAt[row] = now;
    board.errorAt[row] = now;
    return true;
  }

  /** @returns whether that was news */
  #setError({ state }: Member): boolean {
    const { board } = this.#ground;
    if (stateOf(board, state.row) === STATE.error) return false;
    setState(board, state.row, STATE.error);
    return true;
  }

  #setBoth({ state, index }: Member, progress: LbProgress, value: number): void {
    setState(this.#ground.board, state.row, value);
    progress.states[index] = value;
  }

  // --- from outside -------------------------------------------------------------------------------------------------

  failed(member: Member, kind: FailureKind): boolean {
    const { board, clock, chronicle } = this.#ground;
    const { row } = member.state;
    board.errorAt[row] = clock.now();
    if (board.firstErrorAt[row] === NEVER) board.firstErrorAt[row] = clock.now();
    if (!this.#setError(member)) return false;
    chronicle.tellFailed(member, kind);
    return true;
  }

  probed(member: Member): boolean {
    const { board } = this.#ground;
    const { row } = member.state;
    if (!changeState(board, row, STATE.error, STATE.ok)) return false;
    board.firstErrorAt[row] = NEVER;
    board.errorAt[row] = NEVER;
    board.replyTimeouts[row] = 0;
    this.#loads.level(member);
    return true;
  }

  /** As mod_jk: load values stay. */
  methodChanged(): void {}

  /** The multipliers are made anew with the elector. */
  factorChanged(): void {}

  maintain(): void {
    this.#maintenance.run();
  }

  /** An operator lets a member be tried again. @returns false when it is not in error */
  letTry(member: Member): boolean {
    return this.#maintenance.letTry(member);
  }
}

const KINDS: Readonly<Record<FailureClass, FailureKind>> = {
  unreachable: 'unavailable',
  busy: 'unavailable',
  broken: 'broken',
  protocol: 'broken',
  'reply-timeout': 'timeout',
  status: 'status',
  'soft-status': 'status',
};

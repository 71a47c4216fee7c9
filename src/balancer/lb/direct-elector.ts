// A worker of type ajp13 without a balancer (modjk.md §5): one Tomcat that is asked by every request, tried as often as it
// says, and never in error. What went wrong is counted for the status worker.

import type { Failure } from '../../base/failure.ts';
import { CUT, type Election, type Step } from '../election.ts';
import type { Elector, ElectorGround, Leaving } from '../elector.ts';
import type { Member } from '../member.ts';
import type { Outcome } from '../replay.ts';
import type { Session } from '../stickiness.ts';
import type { ElectionTrace } from '../trace.ts';
import { triesOf } from './defaults.ts';
import type { Judgement } from './judging.ts';
import { STATE, setState, stateOf } from './states.ts';
import { AT_ONCE, answerWith, isStale, judged, judgedStatus, nextTry, statusFailure } from './tries.ts';

export class DirectElector implements Elector {
  trace: ElectionTrace | undefined = undefined;
  readonly maxAttempts = 0;
  readonly #ground: ElectorGround;

  constructor(ground: ElectorGround) {
    this.#ground = ground;
  }

  elect(_: Session | undefined, election: Election): Member | undefined {
    const member = this.#ground.members.at(0);
    const progress = election.lb;
    this.#ground.maintenance?.requestComes();
    election.mayWait = false;
    election.routeChanged = false;
    election.reason = member === undefined ? 'none' : 'choice';
    if (member === undefined) return undefined;
    progress.hasEntered = false;
    progress.activation = 'active';
    // Without a balancer a Tomcat is told no route of its own.
    progress.jvmRoute = election.forcedRoute;
    return member;
  }

  entered(member: Member, election: Election): Step | undefined {
    const { board } = this.#ground;
    const { row } = member.state;
    election.lb.hasEntered = true;
    const busy = board.busyOf(row);
    const { busyLimit } = triesOf(member.config);
    if (busyLimit > 0 && busy > busyLimit) {
      this.#isWrong(member);
      return answerWith(503, false);
    }
    if (stateOf(board, row) === STATE.error) setState(board, row, STATE.probing);
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
    const { board, chronicle } = this.#ground;
    if (judgement.class === 'reply-timeout') Atomics.add(board.replyTimeouts, member.state.row, 1);
    const again = nextTry(judgement, election.lb, triesOf(member.config));
    if (again !== undefined) return again;
    if (judgement.class !== 'busy') this.#isWrong(member);
    if (member.state.lastError !== undefined) chronicle.tell(member, false);
    return answerWith(judgement.status, judgement.class === 'reply-timeout');
  }

  /** The word `ERR` is for the status worker alone: nobody is kept away by it. */
  #isWrong({ state }: Member): void {
    const { board, clock } = this.#ground;
    Atomics.add(board.errors, state.row, 1);
    board.firstErrorAt[state.row] = clock.now();
    setState(board, state.row, STATE.error);
  }

  settled(): void {}

  left(member: Member, { lb: progress }: Election, leaving: Leaving): void {
    const { board, row } = member.state;
    if (!progress.hasEntered) board.elected[board.column + row]--;
    if (leaving === 'client') Atomics.add(board.clientErrors, row, 1);
    if (leaving === 'client' || leaving === 'served') setState(board, row, STATE.ok);
  }

  failed(): boolean {
    return false;
  }

  probed(): boolean {
    return false;
  }

  methodChanged(): void {}
  factorChanged(): void {}

  /** No requests since the last look: idle. */
  maintain(): void {
    const { board, members } = this.#ground;
    for (const { state } of members) {
      const elected = board.electedOf(state.row);
      if (stateOf(board, state.row) === STATE.ok && elected === board.electedSeen[state.row])
        setState(board, state.row, STATE.idle);
      board.electedSeen[state.row] = elected;
    }
  }
}

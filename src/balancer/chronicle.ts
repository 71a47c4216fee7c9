// What goes wrong with the members of one balancer: kept with the member, told in the log once in a while. The balancer
// and its elector write it.

import type { Clock } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Member } from './member.ts';
import type { CausePhase } from './troubles.ts';

export class Chronicle {
  readonly log: Log;
  readonly #balancer: string;
  readonly #clock: Clock;

  /** @param balancer its name, for the log */
  constructor(balancer: string, clock: Clock, log: Log) {
    this.#balancer = balancer;
    this.#clock = clock;
    this.log = log;
  }

  keep({ state }: Member, phase: CausePhase, failure: Failure | undefined): void {
    if (failure !== undefined) state.troubles.add(failure.code, phase, failure.message, this.#clock.wall());
  }

  /** Tells the last cause, unless it has been told lately: what goes on is counted. @param isTold it was told just now */
  tell(member: Member, isTold: boolean): void {
    const { lastError, troubles } = member.state;
    const times = troubles.takeUntold(this.#clock.wall(), isTold);
    if (isTold || times === 0 || lastError === undefined) return;
    const { code, phase, text } = lastError;
    this.log.warn('member-trouble', { ...this.facts(member), code, phase, why: text, times });
  }

  /** A member is put in error: tells its last cause. */
  tellFailed(member: Member, kind: string): void {
    const { lastError } = member.state;
    this.log.warn('member-failed', { ...this.facts(member), kind, code: lastError?.code, why: lastError?.text });
  }

  facts(member: Member): { balancer: string; member: string } {
    return { balancer: this.#balancer, member: member.name };
  }
}

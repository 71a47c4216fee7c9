// The tries at one Tomcat (modjk.md §5.1): how often the same member is asked, and when another connection is worth a try
// that does not count. Shared by lb workers and workers of type ajp13.

import { Failure } from '../../base/failure.ts';
import { ANSWER, type Election, type Step } from '../election.ts';
import type { FailStatus, RequestRules, TryConfig } from '../lb-config.ts';
import type { Member } from '../member.ts';
import type { Outcome } from '../replay.ts';
import { type Judgement, judgeLikeModJk } from './judging.ts';
import type { LbProgress } from './progress.ts';

/** Another idle connection, or a new one. */
export const AT_ONCE: Step = Object.freeze({ ...ANSWER, kind: 'same' });

export function answerWith(status: number, isTimeout: boolean): Step {
  return { ...ANSWER, status, isTimeout };
}

function sameAfter(afterMs: number): Step {
  return { ...AT_ONCE, afterMs };
}

export function otherAfter(afterMs: number): Step {
  return { ...ANSWER, kind: 'other', afterMs };
}

/** A kept connection did not answer the question before the request: the next one may, and a new one in the end. */
export function isStale({ phase, reusedConnection }: Outcome): boolean {
  return phase === 'ping' && reusedConnection;
}

export function judged(outcome: Outcome, failure: Failure | undefined, { recoveryOptions }: TryConfig): Judgement {
  return judgeLikeModJk(outcome, failure?.code ?? '', recoveryOptions);
}

/** The entry of fail_on_status, of the rule or else of the worker, that names a status. */
export function failStatusOf(
  status: number,
  tries: TryConfig,
  rules: RequestRules | undefined,
): FailStatus | undefined {
  const list = rules?.failOnStatus ?? tries.failOnStatus;
  return list.length === 0 ? undefined : list.find((each) => each.status === status);
}

/** What an answer means whose status takes the request away from the member: undefined where none does (fail_on_status). */
export function judgedStatus(
  status: number,
  tries: TryConfig,
  { rules, isBodyAsked }: Election,
): Judgement | undefined {
  const found = failStatusOf(status, tries, rules);
  return found && { class: found.isSoft ? 'soft-status' : 'status', status: 503, isRecoverable: !isBodyAsked };
}

/** The cause that is kept of it. */
export function statusFailure({ config }: Member, status: number): Failure {
  return new Failure('fail-on-status', 'upstream', `${config.url} answered ${status}, which fail_on_status names`);
}

/** Counts a failed try. @returns the next one at the same member; undefined when it has had its tries */
export function nextTry(judgement: Judgement, progress: LbProgress, tries: TryConfig): Step | undefined {
  if (judgement.class === 'busy' || !judgement.isRecoverable || ++progress.tries >= tries.retries) return undefined;
  return sameAfter(tries.retryIntervalMs);
}

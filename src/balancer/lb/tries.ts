// The tries at one Tomcat (modjk.md §5.1): how often the same member is asked, and when another connection is worth a try
// that does not count. Shared by lb workers and workers of type ajp13.

import type { Failure } from '../../base/failure.ts';
import type { Step } from '../election.ts';
import type { TryConfig } from '../lb-config.ts';
import type { Outcome } from '../replay.ts';
import { type Judgement, judgeLikeModJk } from './judging.ts';
import type { LbProgress } from './progress.ts';

const PLAIN: Step = { kind: 'answer', afterMs: 0, isFresh: false, staysBusy: false, status: 503, isTimeout: false };
/** Another idle connection, or a new one. */
export const AT_ONCE: Step = Object.freeze({ ...PLAIN, kind: 'same' });
export const CUT: Step = Object.freeze({ ...PLAIN, kind: 'cut' });

export function answerWith(status: number, isTimeout: boolean): Step {
  return { ...PLAIN, status, isTimeout };
}

export function sameAfter(afterMs: number): Step {
  return { ...AT_ONCE, afterMs };
}

export function otherAfter(afterMs: number): Step {
  return { ...PLAIN, kind: 'other', afterMs };
}

/** A kept connection did not answer the question before the request: the next one may, and a new one in the end. */
export function isStale({ phase, reusedConnection }: Outcome): boolean {
  return phase === 'ping' && reusedConnection;
}

export function judged(outcome: Outcome, failure: Failure | undefined, { recoveryOptions }: TryConfig): Judgement {
  return judgeLikeModJk(outcome, failure?.code ?? '', recoveryOptions);
}

/** Counts a failed try. @returns the next one at the same member; undefined when it has had its tries */
export function nextTry(judgement: Judgement, progress: LbProgress, tries: TryConfig): Step | undefined {
  progress.status = judgement.status;
  if (judgement.class === 'busy' || !judgement.isRecoverable || ++progress.tries >= tries.retries) return undefined;
  return sameAfter(tries.retryIntervalMs);
}

// What a failed attempt at a Tomcat means to mod_jk (modjk.md §5.2, §5.3): facts in, class, status and whether the request
// may be sent again. Pure. One thing is not as there: what has begun to reach the client is never sent again.

import type { Outcome } from '../replay.ts';

/** Kinds of failure, as far as they mean different things to the member. */
export type FailureClass =
  /** No connection, or no answer to the question before the request. */
  | 'unreachable'
  /** No place among its connections in time, or more requests at once than it may have. */
  | 'busy'
  /** The connection broke off, or what came cannot be understood. */
  | 'broken'
  /** What came is no AJP packet. */
  | 'protocol'
  /** Silence for longer than reply_timeout. */
  | 'reply-timeout'
  /** fail_on_status. */
  | 'status'
  | 'soft-status';

export interface Judgement {
  readonly class: FailureClass;
  /** Of our answer, if nobody else is asked. */
  readonly status: number;
  readonly isRecoverable: boolean;
}

/** recovery_options (modjk.md §5.3). */
const NOT_ONCE_SENT = 1;
const NOT_AFTER_HEAD = 2;
const ALWAYS_HEAD = 8;
const ALWAYS_GET = 16;

/** Failures of a place in the pool. */
const BUSY_CODES: ReadonlySet<string> = new Set(['pool-exhausted', 'pool-queue-full', 'member-busy']);
/** The packet as such is wrong; anything else that a decoder refuses is a mistake in its content. */
const FRAMING_CODES: ReadonlySet<string> = new Set(['ajp-bad-magic', 'ajp-packet-too-large', 'ajp-empty-packet']);
const CLOSED = /^(?:ajp-closed-|(?:head|body|request|ping)-(?:closed|reset)$)/;

export function judgeLikeModJk(outcome: Outcome, code: string, recoveryOptions: number): Judgement {
  if (BUSY_CODES.has(code)) return { class: 'busy', status: 503, isRecoverable: true };
  switch (outcome.phase) {
    case 'resolve':
    case 'connect':
    case 'handshake':
    case 'ping':
      return { class: 'unreachable', status: 503, isRecoverable: outcome.bodyKept };
    case 'request':
    case 'response-head':
    case 'response-body':
      return judgeSent(outcome, code, recoveryOptions);
  }
}

function judgeSent(outcome: Outcome, code: string, options: number): Judgement {
  const isKept = outcome.bodyKept && outcome.bodyAsked !== true && !outcome.answered;
  const isRecoverable = isKept && mayRecover(outcome, options);
  if (outcome.timedOut) return { class: 'reply-timeout', status: 504, isRecoverable };
  if (FRAMING_CODES.has(code)) return { class: 'protocol', status: 502, isRecoverable };
  if (code.startsWith('ajp-') && !CLOSED.test(code)) return { class: 'broken', status: 500, isRecoverable: isKept };
  return { class: 'broken', status: 502, isRecoverable };
}

/** 8 and 16 lift 1 alone, and where 8 is set 16 is not looked at. */
function mayRecover({ hasHead, method }: Outcome, options: number): boolean {
  if (hasHead === true) return (options & NOT_AFTER_HEAD) === 0;
  if ((options & NOT_ONCE_SENT) === 0) return true;
  if ((options & ALWAYS_HEAD) !== 0) return method === 'HEAD';
  return (options & ALWAYS_GET) !== 0 && method === 'GET';
}

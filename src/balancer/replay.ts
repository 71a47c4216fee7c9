// Who may be repeated, and who is to blame: one failed attempt in, a decision out, nothing else looked at. The rows are
// those of modproxy.md §8; where mod_proxy would risk doing work twice, so do we not. Failures of the client's side and of
// our own encoders are not judged here: no member is to blame for them.

/** How far an attempt had come when it failed. */
export type Phase =
  /** The member's name has no address. */
  | 'resolve'
  /** Refused, unreachable, no connection in time, or none free in the pool in time. */
  | 'connect'
  /** There is a connection, and TLS did not come about on it. */
  | 'handshake'
  /** The question before the request was not answered: CPONG, or 100 before a body (`ping=`). */
  | 'ping'
  /** While the request was being sent. */
  | 'request'
  /** The request was sent and no complete, valid response head has come. */
  | 'response-head'
  /** The head has come, the response has not ended. */
  | 'response-body';

/** The facts of a failed attempt. */
export interface Outcome {
  readonly protocol: 'ajp' | 'http';
  readonly phase: Phase;
  /** As sent by the client (`GET`); case-sensitive. */
  readonly method: string;
  readonly hasQuery: boolean;
  /** Octets of the request, head or body, that may have reached the member. */
  readonly requestBytesSent: number;
  /** Octets of the request body may have reached the member. */
  readonly bodySent: boolean;
  /** What was read of the client's body is still there to be sent again; true when nothing was read. */
  readonly bodyKept: boolean;
  /** The connection came from the pool, so the member may have closed it for idleness at that very moment. */
  readonly reusedConnection: boolean;
  /** This member has already been given a second chance on a fresh connection for this attempt. */
  readonly secondChance: boolean;
  /** The failure is a silence that lasted too long, not a closed connection or bad bytes. */
  readonly timedOut: boolean;
  /** `ping=` is set and the member answered it before the request (AJP). */
  readonly pinged: boolean;
  /** Octets of the response have gone to the client. */
  readonly answered: boolean;
  /** The member's head had come, though it was held back. */
  readonly hasHead?: boolean;
  /** The member asked for octets of the body, beyond what goes unasked (AJP). */
  readonly bodyAsked?: boolean;
}

/** What to do about a failed attempt. */
export interface Decision {
  /** Status to answer with when nothing else is tried. */
  readonly status: number;
  /** The member goes into error, unless it ignores errors or its policy marks none. */
  readonly memberError: boolean;
  /** The same request may be given to another member. */
  readonly mayTryAnother: boolean;
  /** Before all else: try the same member once more, on a fresh connection. */
  readonly trySameFirst: boolean;
  /** `failontimeout=On` counts it. */
  readonly isTimeout: boolean;
  /** Part of the response is with the client: cut its connection, answer nothing. */
  readonly mustCut: boolean;
}

const PLAIN: Decision = {
  status: 502,
  memberError: false,
  mayTryAnother: false,
  trySameFirst: false,
  isTimeout: false,
  mustCut: false,
};
const UNRESOLVED: Decision = Object.freeze({ ...PLAIN, status: 500, memberError: true });
const UNAVAILABLE: Decision = Object.freeze({ ...PLAIN, status: 503, memberError: true, mayTryAnother: true });
const UNAVAILABLE_BODY_LOST: Decision = Object.freeze({ ...UNAVAILABLE, mayTryAnother: false });
const UNAVAILABLE_FRESH_FIRST: Decision = Object.freeze({ ...UNAVAILABLE, trySameFirst: true });
const BROKEN: Decision = Object.freeze({ ...PLAIN, status: 500, memberError: true });
const SLOW_BUT_ALIVE: Decision = Object.freeze({ ...PLAIN, status: 504 });
const BAD_GATEWAY: Decision = Object.freeze({ ...PLAIN });
const BAD_GATEWAY_FRESH_FIRST: Decision = Object.freeze({ ...PLAIN, trySameFirst: true });
const BAD_GATEWAY_TIMEOUT: Decision = Object.freeze({ ...PLAIN, isTimeout: true });
const CUT: Decision = Object.freeze({ ...PLAIN, mustCut: true });

/** RFC 9110 §9.2.2; WebDAV's idempotent methods are left out, as mod_proxy_ajp leaves them (P-FO-30-PROPFIND). */
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Judges a failed attempt by mod_proxy's rules. Pure; the answers are shared frozen objects. */
export function judgeLikeModProxy(outcome: Outcome): Decision {
  if (outcome.answered) return CUT;
  switch (outcome.phase) {
    case 'resolve':
      return UNRESOLVED;
    case 'connect':
      return outcome.bodyKept ? UNAVAILABLE : UNAVAILABLE_BODY_LOST;
    case 'handshake':
      // As observed: nothing was sent, and httpd asks no other member all the same.
      return BROKEN;
    case 'ping':
      // AJP asks a second time on a fresh connection (P-FO-19); HTTP's question is the request itself.
      if (outcome.protocol === 'ajp' && !outcome.secondChance) return UNAVAILABLE_FRESH_FIRST;
      return outcome.bodyKept && !outcome.bodySent ? UNAVAILABLE : UNAVAILABLE_BODY_LOST;
    case 'request':
      if (outcome.requestBytesSent === 0) return judgeUnsent(outcome);
      return judgeSent(outcome);
    case 'response-head':
    case 'response-body':
      return judgeSent(outcome);
  }
}

/** Nothing reached the member, so whatever the method, nothing can happen twice. */
function judgeUnsent(outcome: Outcome): Decision {
  if (!outcome.bodyKept) return UNAVAILABLE_BODY_LOST;
  return outcome.reusedConnection && !outcome.secondChance ? UNAVAILABLE_FRESH_FIRST : UNAVAILABLE;
}

function judgeSent(outcome: Outcome): Decision {
  const mayRepeat = isRepeatable(outcome);
  // Beyond mod_proxy: a kept connection that closes without a word was most likely closed for idleness.
  const isStale = outcome.reusedConnection && !outcome.timedOut && outcome.phase !== 'response-body';
  const freshFirst = mayRepeat && isStale && !outcome.secondChance;
  if (outcome.protocol === 'http') {
    if (freshFirst) return BAD_GATEWAY_FRESH_FIRST;
    return outcome.timedOut ? BAD_GATEWAY_TIMEOUT : BAD_GATEWAY;
  }
  if (outcome.timedOut && outcome.pinged) return SLOW_BUT_ALIVE;
  if (!mayRepeat) return BROKEN;
  return freshFirst ? UNAVAILABLE_FRESH_FIRST : UNAVAILABLE;
}

/** The request was sent, maybe executed: repeat only what may be done twice, and only with nothing lost of it. */
function isRepeatable(outcome: Outcome): boolean {
  return !outcome.bodySent && outcome.bodyKept && !outcome.hasQuery && IDEMPOTENT_METHODS.has(outcome.method);
}

// The facts of a failed attempt as the balancer judges them: made of what the connection, or the dial, tells, and of the
// request. Only when something has failed.

import type { MemberConfig } from '../../balancer/config.ts';
import type { RequestRules } from '../../balancer/lb-config.ts';
import type { Outcome, Phase } from '../../balancer/replay.ts';
import type { Failure } from '../../base/failure.ts';
import type { Backend } from './backend.ts';
import type { ProxyRequest } from './proxy-request.ts';
import type { UpstreamFailure } from './upstream.ts';

/** How far a dial has come, by the code of its failure. */
const DIAL_PHASES: ReadonlyMap<string, Phase> = new Map([
  ['backend-name-unknown', 'resolve'],
  ['tls-handshake-failed', 'handshake'],
  ['tls-not-enabled', 'handshake'],
]);

/** What the attempts know beside it. */
export interface AttemptFacts {
  /** What was read of the client's body is still there to be sent again. */
  readonly bodyKept: boolean;
  readonly secondChance: boolean;
}

/** There was no connection, or no place for one. */
export function dialOutcome(
  request: ProxyRequest,
  backend: Backend,
  failure: Failure,
  timedOut: boolean,
  { bodyKept, secondChance }: AttemptFacts,
): Outcome {
  return {
    protocol: backend.config.scheme === 'ajp' ? 'ajp' : 'http',
    phase: DIAL_PHASES.get(failure.code) ?? 'connect',
    method: request.exchange.request.method,
    hasQuery: request.query !== undefined,
    requestBytesSent: 0,
    bodySent: false,
    bodyKept,
    reusedConnection: false,
    secondChance,
    timedOut,
    pinged: false,
    answered: request.exchange.stage !== 'open',
  };
}

/** There was a connection, and it is gone. */
export function attemptOutcome(
  request: ProxyRequest,
  { config }: Backend,
  facts: UpstreamFailure,
  { bodyKept, secondChance }: AttemptFacts,
): Outcome {
  const isAjp = config.scheme === 'ajp';
  return {
    protocol: isAjp ? 'ajp' : 'http',
    phase: facts.phase,
    method: request.exchange.request.method,
    hasQuery: request.query !== undefined,
    requestBytesSent: facts.phase === 'ping' ? 0 : 1,
    bodySent: facts.bodySent,
    bodyKept,
    reusedConnection: facts.reusedConnection,
    secondChance,
    timedOut: facts.timedOut && replyTimeoutMs(config, request.rules) !== 0,
    pinged: isAjp && config.pingMs > 0,
    answered: request.exchange.stage !== 'open',
    hasHead: facts.hasHead,
    bodyAsked: request.isBodyAsked,
  };
}

/**
 * How long a Tomcat may be silent within an answer (reply_timeout): as the rule says, or the worker; 0 for as long as its
 * socket may be. Undefined for members that have no such limit beside that of their socket.
 */
export function replyTimeoutMs({ lb }: MemberConfig, rules: RequestRules | undefined): number | undefined {
  return lb && (rules?.replyTimeoutMs ?? lb.tries.replyTimeoutMs);
}

// What holds when workers.properties, or the rule of a request, says nothing (modjk.md §2).

import type { MemberConfig } from '../config.ts';
import type { LbConfig, RequestRules, TryConfig } from '../lb-config.ts';

export const DEFAULT_TRIES: TryConfig = Object.freeze({
  retries: 2,
  retryIntervalMs: 100,
  recoveryOptions: 0,
  failOnStatus: Object.freeze([]),
  replyTimeoutMs: 0,
  connectPingMs: 0,
  prepostPingMs: 0,
  idlePingMs: 0,
  pingTimeoutMs: 10_000,
  busyLimit: 0,
});

export const DEFAULT_LB: LbConfig = Object.freeze({
  method: 'request',
  lock: 'optimistic',
  retries: 2,
  retryIntervalMs: 100,
  lbRetries: 2,
  recoverMs: 60_000,
  errorEscalationMs: 30_000,
  maxReplyTimeouts: 0,
  maintainMs: 60_000,
  setsCookie: false,
  cookie: Object.freeze({ name: 'JSESSIONID', path: '/' }),
  slowStartMs: 0,
});

/** A rule that says nothing. */
export const NO_RULES: RequestRules = Object.freeze({
  replyTimeoutMs: undefined,
  ignoresSessions: false,
  isStateless: false,
  activations: new Map(),
  failOnStatus: undefined,
  useServerErrorsFrom: undefined,
  sessionCookie: undefined,
  sessionPath: undefined,
  setsSessionCookie: undefined,
  sessionCookiePath: undefined,
});

export function triesOf({ lb }: MemberConfig): TryConfig {
  return lb?.tries ?? DEFAULT_TRIES;
}

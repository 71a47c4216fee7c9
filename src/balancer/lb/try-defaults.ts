// What workers.properties says of one Tomcat when it says nothing (modjk.md §2), and where it stands in a configuration.

import type { MemberConfig } from '../config.ts';
import type { LbConfig, TryConfig } from '../lb-config.ts';

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
  pingMode: '',
  socketTimeoutMs: 0,
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

export function triesOf({ lb }: MemberConfig): TryConfig {
  return lb?.tries ?? DEFAULT_TRIES;
}

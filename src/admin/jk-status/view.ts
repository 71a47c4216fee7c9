// What a status worker tells, as plain data: the values that mod_jk's pages show, in their units. The formats beside this
// file write it, `view-site.ts` takes it from a running site.

import type { LbStateText } from '../../balancer/lb/states.ts';
import type { Activation, LbMethod } from '../../balancer/lb-config.ts';

/** Everything one answer may show. */
export interface JkStatusView {
  readonly serverName: string;
  readonly serverPort: number;
  /** Seconds since 1970. */
  readonly now: number;
  readonly webServer: string;
  readonly jkVersion: string;
  /** In the order of worker.list. */
  readonly workers: readonly WorkerView[];
  /** Lines of `cmd=dump`: `name=value`. */
  readonly dump: readonly string[];
}

export type WorkerView = LbView | AjpView | OtherView;

/** A worker without figures: another status worker. */
export interface OtherView {
  readonly kind: 'other';
  readonly name: string;
}

export interface LbView {
  readonly kind: 'lb';
  readonly name: string;
  readonly isSticky: boolean;
  readonly isForced: boolean;
  readonly retries: number;
  readonly retryIntervalMs: number;
  readonly recoverSeconds: number;
  readonly escalationSeconds: number;
  readonly maxReplyTimeouts: number;
  readonly method: LbMethod;
  readonly lock: 'optimistic' | 'pessimistic';
  /** How many members are rated so by the status worker that answers. */
  readonly good: number;
  readonly degraded: number;
  readonly bad: number;
  readonly busy: number;
  readonly maxBusy: number;
  /** When maintenance is due, at least and at most. */
  readonly maintenanceMinSeconds: number;
  readonly maintenanceMaxSeconds: number;
  /** Seconds since 1970. */
  readonly lastResetAt: number;
  readonly members: readonly MemberView[];
  readonly maps: readonly MapView[];
}

/** One Tomcat: its connections and what was counted. */
export interface TomcatView {
  readonly name: string;
  readonly type: 'ajp13' | 'ajp14';
  readonly host: string;
  readonly port: number;
  /** Resolved: `127.0.0.1:8009`. */
  readonly address: string;
  /** Address to dial from; `undefined` (the word) for none. */
  readonly source: string;
  readonly poolTimeoutSeconds: number;
  readonly pingTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly prepostTimeoutMs: number;
  readonly replyTimeoutMs: number;
  readonly retries: number;
  readonly retryIntervalMs: number;
  readonly pingIntervalSeconds: number;
  readonly recoveryOptions: number;
  readonly busyLimit: number;
  readonly maxPacketSize: number;
  /** Requests it was chosen for. */
  readonly used: number;
  readonly errors: number;
  readonly clientErrors: number;
  readonly replyTimeouts: number;
  /** Octets sent to it, and read from it. */
  readonly transferred: number;
  readonly read: number;
  readonly busy: number;
  readonly maxBusy: number;
  readonly connected: number;
  readonly maxConnected: number;
  /** Seconds since 1970. */
  readonly lastResetAt: number;
  /** Seconds since 1970; undefined when there is no error to tell of. */
  readonly errorAt: number | undefined;
  readonly state: LbStateText;
}

export interface MemberView extends TomcatView {
  readonly activation: Activation;
  readonly factor: number;
  readonly route: string;
  readonly redirect: string;
  readonly domain: string;
  readonly distance: number;
  readonly mult: number;
  readonly value: number;
  readonly sessions: number;
  /** When it may be tried again, at least and at most; 0 and 0 unless it is in error. */
  readonly recoverMinSeconds: number;
  readonly recoverMaxSeconds: number;
}

export interface AjpView extends TomcatView {
  readonly kind: 'ajp';
  readonly maps: readonly MapView[];
}

/** A rule that leads to the worker, or takes paths out. */
export interface MapView {
  readonly server: string;
  readonly uri: string;
  /** `Exact`, `Wildchar`, with `Disabled ` and `Unmount ` before it. */
  readonly type: string;
  readonly source: string;
  /** -1: as the worker. */
  readonly replyTimeoutMs: number;
  readonly stickyIgnore: boolean;
  readonly stateless: boolean;
  readonly failOnStatus: string;
  readonly active: string;
  readonly disabled: string;
  readonly stopped: string;
  readonly useServerErrors: number;
}

export function lbsOf({ workers }: JkStatusView): LbView[] {
  return workers.filter((worker) => worker.kind === 'lb');
}

export function ajpsOf({ workers }: JkStatusView): AjpView[] {
  return workers.filter((worker) => worker.kind === 'ajp');
}

// What a workers.properties says of an lb worker, its members and its rules, beyond what every balancer has: frozen plain
// data. Names and defaults are mod_jk's (modjk.md §2); units are in the names.

/** The operator's wish about a member. `disabled`: only its sessions and redirects; `stopped`: nothing. */
export type Activation = 'active' | 'disabled' | 'stopped';

/** How an lb worker chooses (method R, S, T, B, N). */
export type LbMethod = 'request' | 'session' | 'traffic' | 'busyness' | 'next';

/** A status that takes a request away from the member which answered it; `isSoft` (minus sign): the member stays OK. */
export interface FailStatus {
  readonly status: number;
  readonly isSoft: boolean;
}

/** Tries at one Tomcat, what counts as a failed one, and how its connections are asked (workers of type ajp13). */
export interface TryConfig {
  /** Tries at the same member, each on another connection. At least 1, default 2. */
  readonly retries: number;
  /** Sleep before a further try. Default 100. */
  readonly retryIntervalMs: number;
  /** Bits 1, 2, 4, 8, 16 (modjk.md §5.3). Default 0. */
  readonly recoveryOptions: number;
  readonly failOnStatus: readonly FailStatus[];
  /** Longest silence between two packets of an answer. Default 0: none. */
  readonly replyTimeoutMs: number;
  /** CPING on a new connection, and so long for CPONG. Default 0: off. */
  readonly connectPingMs: number;
  /** CPING before every request. Default 0: off. */
  readonly prepostPingMs: number;
  /** Idle time after which a connection is asked by CPING in maintenance. Default 0: never. */
  readonly idlePingMs: number;
  /** How long an idle connection may take to answer, and the default of the others. Default 10 000. */
  readonly pingTimeoutMs: number;
  /** More requests at once than this and the member is BUSY. Default 0: no limit. */
  readonly busyLimit: number;
}

/** What a member of an lb worker has that other members have not. */
export interface LbMemberConfig {
  /** Name of the worker: what names it among the members of its balancer, whatever its address. */
  readonly name: string;
  readonly type: 'ajp13' | 'ajp14';
  readonly activation: Activation;
  /** lbfactor: a whole number from 1. */
  readonly factor: number;
  /** Members of one domain share their sessions; '' for none. */
  readonly domain: string;
  readonly tries: TryConfig;
}

/** What an lb worker has that other balancers have not. */
export interface LbConfig {
  readonly method: LbMethod;
  /** Kept for the status worker; there is one lock. */
  readonly lock: 'optimistic' | 'pessimistic';
  /** Rounds over the members. At least 1, default 2. */
  readonly retries: number;
  /** Sleep before a further round. Default 100. */
  readonly retryIntervalMs: number;
  /** Members tried in one round. At least 1, default 2. */
  readonly lbRetries: number;
  /** Time in error before a member is tried again, looked at in maintenance. At least 1 s, default 60 s. */
  readonly recoverMs: number;
  /** How long a busy member may have local errors before it is in error for all. Default `recoverMs` / 2. */
  readonly errorEscalationMs: number;
  /** More reply timeouts than this put a member in error. Default 0. */
  readonly maxReplyTimeouts: number;
  /** worker.maintain: period of maintenance. Default 60 s. */
  readonly maintainMs: number;
  /** The front names the member to the client in a session cookie without id (set_session_cookie). Default false. */
  readonly setsCookie: boolean;
  /** That cookie (session_cookie, session_cookie_path), also where a rule wants it set; '' as path leaves it out. */
  readonly cookie: { readonly name: string; readonly path: string };
  /** Ours (catflap.<lb>.slow_start): time over which a member that came back gets its full share. Default 0. */
  readonly slowStartMs: number;
}

/** What the rule that matched says about its requests, instead of the worker (modjk.md §1.2). Undefined: as the worker. */
export interface RequestRules {
  readonly replyTimeoutMs: number | undefined;
  /** sticky_ignore: sessions are not looked for. */
  readonly ignoresSessions: boolean;
  /** stateless: not counted as a session. */
  readonly isStateless: boolean;
  /** By name of the member. */
  readonly activations: ReadonlyMap<string, Activation>;
  readonly failOnStatus: readonly FailStatus[] | undefined;
  /** Answers from this status on are replaced by our error page. Undefined or 0: none. */
  readonly useServerErrorsFrom: number | undefined;
  readonly sessionCookie: string | undefined;
  /** With its leading `;`. */
  readonly sessionPath: string | undefined;
  readonly setsSessionCookie: boolean | undefined;
  /** Read, without effect, as in mod_jk. */
  readonly sessionCookiePath: string | undefined;
}

// What an operator decided about balancers and their members: frozen plain data, safe to send to another thread. Each
// dialect's compiler writes it, the engine reads it. Units are in the names; defaults are httpd's (modproxy.md §3).

import type { LbConfig, LbMemberConfig } from './lb-config.ts';

/** Where a thing was written, for messages to the operator. */
export interface Place {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** The address of a member: what makes it the same member after a reload is the balancer's name and `url`. */
export interface MemberAddress {
  /** The URL as in the file, scheme and host lower-cased (`ajp://127.0.0.1:8009`); the member's name everywhere. */
  readonly url: string;
  /** `ajp`, `http`, `https`, `ws`, `wss` …, lower-case. */
  readonly scheme: string;
  /** Name or IP address, lower-case; an IPv6 address without its brackets. */
  readonly host: string;
  /** Always a number: see `defaultPort`. */
  readonly port: number;
  /** Path that stands before every forwarded path: '' or `/…`. */
  readonly path: string;
  /** Path of the socket of a `unix:/path|http://host/` member; host and port are then only names. */
  readonly unixSocket?: string | undefined;
}

/** What `status=` switches on (modproxy.md §5). Letters: I, N, D, S, E, H, R, C. */
export interface MemberFlags {
  /** I: failures never put the member in error. */
  readonly ignoreErrors: boolean;
  /** N: accepts only requests whose session names its route. */
  readonly drain: boolean;
  /** D: unusable, for sessions too. */
  readonly disabled: boolean;
  /** S: unusable; neither retried nor checked. */
  readonly stopped: boolean;
  /** E: in error since the beginning of time, so the first election retries it. */
  readonly inError: boolean;
  /** H: elected only when no plain member and no spare of its set is usable. */
  readonly standby: boolean;
  /** R: replaces unusable members of its set, one for one. */
  readonly spare: boolean;
  /** C: a health check failed. */
  readonly healthFailed: boolean;
}

/** Limits of a member's pool of connections, per process. */
export interface PoolConfig {
  /** Connections kept open at least. Default 0. */
  readonly min: number;
  /** Hard cap. Undefined: as many as there are requests. */
  readonly max?: number | undefined;
  /** Above this many, connections idle for longer than `ttlMs` are closed. Undefined: `max`. */
  readonly smax?: number | undefined;
  /** Idle time after which surplus connections are closed. Default 0: never. */
  readonly ttlMs: number;
  /** How long a request waits for a free connection before the member counts as failed. Undefined: for ever. */
  readonly acquireMs?: number | undefined;
  /** Close the connection after each request (`disablereuse=On`, `enablereuse=Off`). Default false. */
  readonly disableReuse: boolean;
}

/** How a health check asks: `*11` are HTTP/1.1, the others HTTP/1.0 (modproxy.md §11). */
export type HealthCheckMethod =
  | 'NONE'
  | 'TCP'
  | 'OPTIONS'
  | 'HEAD'
  | 'GET'
  | 'OPTIONS11'
  | 'HEAD11'
  | 'GET11'
  | 'CPING';

/** Active health checks of a member (hcmethod, hcinterval, hcpasses, hcfails, hcuri, hcexpr, hctemplate). */
export interface HealthCheckConfig {
  /** Default `NONE`: not checked. */
  readonly method: HealthCheckMethod;
  /** Default 30 s. */
  readonly intervalMs: number;
  /** Passed checks that bring a member back, counted while it is out, not necessarily in a row. Default 1. */
  readonly passes: number;
  /** Failed checks that take a member out, counted while it is in service, not necessarily in a row. Default 1. */
  readonly fails: number;
  /** Appended to the member's path. Default ''. */
  readonly uri: string;
  /** Name of the expression that judges the answer (ProxyHCExpr). Default ''. */
  readonly expression: string;
  /** Name of the template this was copied from (ProxyHCTemplate), for pages only. Default ''. */
  readonly template: string;
}

/** One backend address of a balancer with its parameters (modproxy.md §3.1). */
export interface MemberConfig extends MemberAddress {
  /** Name of the backend in session ids; '' means none. */
  readonly route: string;
  /** Route whose member takes this member's sessions while it is unusable; '' means none. */
  readonly redirect: string;
  /** Share it should get, in hundredths: `loadfactor=1.5` is 150. Allowed 100..10000, default 100. */
  readonly loadFactor: number;
  /** Tier (lbset): lower sets are tried first. Allowed 0..99, default 0. */
  readonly set: number;
  readonly flags: MemberFlags;
  /** Time a member stays in error before it competes again. Default 60 s; 0: until the next election. */
  readonly retryMs: number;
  readonly pool: PoolConfig;
  /** Limit for connect(). Undefined: `timeoutMs`. */
  readonly connectTimeoutMs?: number | undefined;
  /** Limit for every read and write. Undefined: ProxyTimeout, then Timeout. */
  readonly timeoutMs?: number | undefined;
  /** AJP: CPING before every request and wait so long for CPONG; HTTP: 100-continue. Default 0: off. */
  readonly pingMs: number;
  /** SO_KEEPALIVE (`keepalive=On`). Default false. */
  readonly tcpKeepAlive: boolean;
  /** When AJP body packets go on to the client (modproxy.md §10.4). Default `off`. */
  readonly flushPackets: 'off' | 'on' | 'auto';
  /** With `auto`: the pause after which is flushed. Default 10. */
  readonly flushWaitMs: number;
  /** Name of the flush provider (`flusher=`). Default `flush`; only kept for pages. */
  readonly flusher: string;
  /** Bytes per read; for AJP the packet size. Undefined: ProxyIOBufferSize. */
  readonly ioBufferSize?: number | undefined;
  /** IP address to dial from (ProxySourceAddress). Undefined: the system's choice. */
  readonly localAddress?: string | undefined;
  /** SO_RCVBUF in bytes. Default 0: the system's. */
  readonly receiveBufferSize: number;
  /** Longest response header line of an HTTP member, in bytes. Default 8192. */
  readonly responseFieldSize: number;
  /** AJP secret sent with every request; '' sends none. */
  readonly secret: string;
  /** How long a resolved address is used. Undefined or -1: for ever. */
  readonly addressTtlSeconds?: number | undefined;
  /** Protocol that may be upgraded to: a token, `ANY`, `NONE`. Undefined: the scheme's own (WebSocket for ws, wss). */
  readonly upgrade?: string | undefined;
  /** Where an AJP member takes requests that change the protocol: an HTTP connector of the same server. Undefined: nowhere. */
  readonly companion?: MemberAddress | undefined;
  readonly healthCheck: HealthCheckConfig;
  /** What a workers.properties says of it beyond all this; undefined elsewhere. */
  readonly lb?: LbMemberConfig | undefined;
  /** Names of the fields, those of `pool` included, that the file gives; for pages that show only these. */
  readonly written?: readonly string[] | undefined;
  readonly place?: Place | undefined;
}

/** How a request names its session (modproxy.md §6). */
export interface StickinessConfig {
  /** Name of the cookie, case-sensitive. */
  readonly cookieName: string;
  /** Name searched in the URL, followed there by `=`; case-sensitive. */
  readonly pathName: string;
  /** The character between session id and route. Default `.`; undefined (Off): the whole value is the route. */
  readonly separator: string | undefined;
  /** `;` ends the value in the URL too (scolonpathdelim). Default false. */
  readonly semicolonEnds: boolean;
  /** Answer 503 rather than leave the session's member (nofailover). Default false. */
  readonly force: boolean;
}

/** Names of the choice methods that the engine has. */
export const METHOD_NAMES = ['byrequests', 'bytraffic', 'bybusyness', 'heartbeat'] as const;
export type MethodName = (typeof METHOD_NAMES)[number];

/**
 * Names of the rule sets that the engine has: `direct` is for a plain URL, a balancer of one that is never in error;
 * `mod_jk_direct` the same for a worker without a balancer.
 */
export const POLICY_NAMES = ['mod_proxy', 'direct', 'mod_jk', 'mod_jk_direct'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** A named group of members and how to choose among them (modproxy.md §3.2). */
export interface BalancerConfig {
  /** Lower-case, without `balancer://`; for a direct target its URL. */
  readonly name: string;
  /** Default `byrequests`. */
  readonly method: MethodName;
  /** Undefined: sessions are not looked for. */
  readonly stickiness?: StickinessConfig | undefined;
  /** Without `stickiness`: what else was said about it, should an operator name a session. Undefined: the defaults. */
  readonly dormantStickiness?: StickinessConfig | undefined;
  /** Further attempts after the first. Undefined: members − 1; 0: no failover. */
  readonly maxAttempts?: number | undefined;
  /** How long to wait for a usable member before 503. Default 0: not at all. */
  readonly timeoutMs: number;
  /** Response statuses that are delivered and put the member in error. Default none. */
  readonly failOnStatus: readonly number[];
  /** A 5xx caused by a backend's silence puts the member in error. Default false. */
  readonly failOnTimeout: boolean;
  /** When every member is in error, forget all errors at once. Default true. */
  readonly forceRecovery: boolean;
  /** CatflapProbe: how often members in error are asked whether they are back, in ms. Default 0: never. */
  readonly probeMs: number;
  /** Member slots reserved for additions at run time. Default 0. */
  readonly growth: number;
  /** Token a manager page must send back. Undefined: a random one per start; `None`: the manager refuses changes. */
  readonly nonce?: string | undefined;
  readonly members: readonly MemberConfig[];
  /** Default `mod_proxy`. */
  readonly policy: PolicyName;
  /** What a workers.properties says of it beyond all this; undefined elsewhere. */
  readonly lb?: LbConfig | undefined;
  readonly place?: Place | undefined;
  /** Where its parameters were given, by name in lower case, for messages. */
  readonly parameterPlaces?: ReadonlyMap<string, Place> | undefined;
}

/** Largest number of members of one balancer, spare slots included. */
export const MAX_MEMBERS = 4096;

/** Port of a URL that names none (modproxy.md §4.17); undefined for a scheme that is not known. */
export function defaultPort(scheme: string): number | undefined {
  return DEFAULT_PORTS.get(scheme);
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['ajp', 8009],
  ['http', 80],
  ['ws', 80],
  ['https', 443],
  ['wss', 443],
]);

const NO_FLAGS: MemberFlags = {
  ignoreErrors: false,
  drain: false,
  disabled: false,
  stopped: false,
  inError: false,
  standby: false,
  spare: false,
  healthFailed: false,
};

const NO_HEALTH_CHECK: HealthCheckConfig = {
  method: 'NONE',
  intervalMs: 30_000,
  passes: 1,
  fails: 1,
  uri: '',
  expression: '',
  template: '',
};

/** What `defaultMember` may be told beside the address; groups are merged with their defaults. */
export type MemberChoices = Partial<Omit<MemberConfig, keyof MemberAddress | 'flags' | 'pool' | 'healthCheck'>> & {
  readonly flags?: Partial<MemberFlags>;
  readonly pool?: Partial<PoolConfig>;
  readonly healthCheck?: Partial<HealthCheckConfig>;
};

/** A frozen member with every default of modproxy.md §3.1 that `choices` does not override. */
export function defaultMember(address: MemberAddress, choices: MemberChoices = {}): MemberConfig {
  return Object.freeze({
    route: '',
    redirect: '',
    loadFactor: 100,
    set: 0,
    retryMs: 60_000,
    pingMs: 0,
    tcpKeepAlive: false,
    flushPackets: 'off',
    flushWaitMs: 10,
    flusher: 'flush',
    receiveBufferSize: 0,
    responseFieldSize: 8192,
    secret: '',
    ...address,
    ...choices,
    flags: Object.freeze({ ...NO_FLAGS, ...choices.flags }),
    pool: Object.freeze({ min: 0, ttlMs: 0, disableReuse: false, ...choices.pool }),
    healthCheck: Object.freeze({ ...NO_HEALTH_CHECK, ...choices.healthCheck }),
  });
}

/** Frozen stickiness under one name for cookie and URL, with the defaults of modproxy.md §3.2. */
export function defaultStickiness(name: string, choices: Partial<StickinessConfig> = {}): StickinessConfig {
  return Object.freeze({
    cookieName: name,
    pathName: name,
    separator: '.',
    semicolonEnds: false,
    force: false,
    ...choices,
  });
}

/** A frozen balancer with every default of modproxy.md §3.2 that `choices` does not override. */
export function defaultBalancer(
  name: string,
  members: readonly MemberConfig[],
  choices: Partial<Omit<BalancerConfig, 'name' | 'members'>> = {},
): BalancerConfig {
  return Object.freeze({
    method: 'byrequests',
    timeoutMs: 0,
    failOnTimeout: false,
    forceRecovery: true,
    probeMs: 0,
    growth: 0,
    policy: 'mod_proxy',
    ...choices,
    failOnStatus: Object.freeze([...(choices.failOnStatus ?? [])]),
    name,
    members: Object.freeze([...members]),
  });
}

// One backend at run time: where it is dialled, its pool, and the kind of connection it speaks. A balancer's member has
// exactly one; the balancer's state about it lives on the scoreboard.

import type { MemberAddress, MemberConfig } from '../../balancer/config.ts';
import type { Failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { DialAddress, SecureDial } from '../../link/dial.ts';
import type { Link } from '../../link/link.ts';
import { Pool } from '../../link/pool.ts';
import { PACKET_SIZE_DEFAULT, PACKET_SIZE_MAX } from '../../wire/ajp/constants.ts';
import { type BadHeader, defaultResponseHeadLimits, type ResponseHeadLimits } from '../../wire/http1/limits.ts';
import { AjpConnection } from './ajp-connection.ts';
import { type AjpDialect, ajpDialectOf } from './ajp-dialect.ts';
import { mayUpgrade, WEBSOCKET } from './http-attempt.ts';
import { HttpConnection } from './http-connection.ts';
import { NameWatch } from './name-watch.ts';
import type { UpstreamConnection } from './upstream.ts';
import { connectFailure } from './upstream-causes.ts';

/** Connections to one backend when `max` is not given: httpd's default MaxRequestWorkers, the sum over its processes. */
const CONNECTIONS_MAX_DEFAULT = 400;

/** Someone who asked for a new connection. Exactly one of the two is called. */
export interface DialWaiter {
  dialled(connection: UpstreamConnection): void;
  dialFailed(failure: Failure, timedOut: boolean): void;
}

/** Says where a backend is really dialled: `--resolve`. */
export type Resolve = (host: string, port: number) => DialAddress;

export class Backend {
  readonly config: MemberConfig;
  readonly link: Link;
  readonly log: Log;
  readonly pool: Pool<UpstreamConnection>;
  readonly address: DialAddress;
  readonly ajpDialect: AjpDialect;
  /** Being dialled for requests that are over; worth having while others may come. */
  readonly #orphans = new Set<UpstreamConnection>();
  readonly #responseLimits = new Map<BadHeader, ResponseHeadLimits>();
  /** Takes what AJP cannot carry; undefined where there is none. */
  readonly #companion: Backend | undefined;
  /** It is such a companion: how it fares says nothing about its member. */
  readonly isCompanion: boolean;
  /** `addressttl` of a name; undefined when its connections last as long as they last. */
  readonly #watch: NameWatch | undefined;
  #isRetired = false;

  constructor(config: MemberConfig, link: Link, resolve: Resolve, log: Log, isCompanion = false) {
    this.config = config;
    this.link = link;
    this.log = log;
    this.ajpDialect = ajpDialectOf(config);
    const max = config.pool.max ?? CONNECTIONS_MAX_DEFAULT;
    const { smax, ttlMs } = config.pool;
    const keepsAges = (config.lb?.tries.idlePingMs ?? 0) > 0;
    this.pool = new Pool({ max, softMax: smax ?? max, ttlMs, keepsAges }, () => link.clock.now());
    this.address =
      config.unixSocket === undefined
        ? withChoices(resolve(config.host, config.port), config)
        : { kind: 'unix', path: config.unixSocket };
    const { addressTtlSeconds } = config;
    this.#watch =
      this.address.kind === 'tcp' && addressTtlSeconds !== undefined && addressTtlSeconds > 0
        ? NameWatch.of(this.address.host, addressTtlSeconds * 1000, this.pool, link)
        : undefined;
    this.isCompanion = isCompanion;
    this.#companion =
      config.companion === undefined
        ? undefined
        : new Backend(companionConfig(config, config.companion), link, resolve, log, true);
  }

  /** Who takes a request to change to this protocol. */
  forUpgrade(protocol: string): Backend {
    const companion = this.#companion;
    return companion !== undefined && mayUpgrade(companion.config, protocol) ? companion : this;
  }

  /** Largest AJP packet both ways, octets: 8192 to 65536 in steps of 1024, as mod_proxy_ajp rounds it. */
  get ajpPacketBytes(): number {
    const size = this.config.ioBufferSize ?? PACKET_SIZE_DEFAULT;
    return Math.min(PACKET_SIZE_MAX, Math.max(PACKET_SIZE_DEFAULT, Math.ceil(size / 1024) * 1024));
  }

  /** Limits for heads of responses. @param badHeader what ProxyBadHeader makes of a line that is no field */
  responseLimits(badHeader: BadHeader): ResponseHeadLimits {
    let limits = this.#responseLimits.get(badHeader);
    if (limits === undefined) {
      const { responseFieldSize } = this.config;
      limits = { ...defaultResponseHeadLimits, responseFieldSize, badHeader };
      this.#responseLimits.set(badHeader, limits); // one per value of the directive
    }
    return limits;
  }

  /** TLS is spoken to it. */
  get isSecure(): boolean {
    const { scheme } = this.config;
    return scheme === 'https' || scheme === 'wss';
  }

  /** connection_ping_interval: asks connections that have been idle for longer; those that do not answer are closed. */
  askIdle(): void {
    const { lb } = this.config;
    if (lb === undefined || lb.tries.idlePingMs <= 0) return;
    const { idlePingMs, pingTimeoutMs } = lb.tries;
    for (let count = this.pool.idleCount; count > 0; count--) this.pool.takeIdleFor(idlePingMs)?.ask?.(pingTimeoutMs);
  }

  /** Whether the backend's name still means this address, as far as `addressttl` asks. */
  isStillAt(address: string): boolean {
    return this.#watch === undefined || this.#watch.holds(address);
  }

  /**
   * Opens a connection for a place that the pool has granted. @param timeoutMs limit for the connect, and again for a
   * handshake @param secure for a backend that `isSecure`
   */
  dial(waiter: DialWaiter, timeoutMs: number, secure?: SecureDial): UpstreamConnection {
    if (this.config.scheme === 'ajp') return new AjpConnection(this, waiter, timeoutMs);
    return new HttpConnection(this, waiter, timeoutMs, secure);
  }

  /** Whoever asked for this dial is gone. */
  orphan(connection: UpstreamConnection): void {
    this.#orphans.add(connection);
    if (this.#isRetired) connection.retire();
  }

  /** The dial of an orphan has ended, one way or the other. */
  orphanEnded(connection: UpstreamConnection | undefined): void {
    if (connection !== undefined) this.#orphans.delete(connection);
  }

  /** Nobody new comes: what is idle, or dialled for nobody, is closed now, and what is busy when it becomes idle. */
  retire(): void {
    this.#isRetired = true;
    this.#watch?.stop();
    this.pool.retire();
    for (const connection of this.#orphans) connection.retire();
    this.#companion?.retire();
  }

  /** What a failed connect means. */
  connectFailure(error: Error | undefined, timedOut: boolean): Failure {
    return connectFailure(this.config, error, timedOut);
  }
}

/** A companion keeps no connections: what it answers without changing the protocol is rare. */
function companionConfig(member: MemberConfig, address: MemberAddress): MemberConfig {
  return {
    ...member,
    ...address,
    path: address.path === '' ? member.path : address.path,
    unixSocket: address.unixSocket,
    upgrade: member.upgrade ?? WEBSOCKET,
    companion: undefined,
    pingMs: 0,
    secret: '',
    pool: { min: 0, ttlMs: 0, disableReuse: true, max: member.pool.max, acquireMs: member.pool.acquireMs },
  };
}

/** `addressttl=`: how long a resolved name is used, -1 for good; and where to dial from. Nothing leaves it to the link. */
function withChoices(address: DialAddress, { addressTtlSeconds: ttl, localAddress }: MemberConfig): DialAddress {
  if (address.kind !== 'tcp') return address;
  return {
    ...address,
    ...(ttl === undefined ? {} : { nameTtlMs: ttl < 0 ? Number.POSITIVE_INFINITY : ttl * 1000 }),
    ...(localAddress === undefined ? {} : { localAddress }),
  };
}

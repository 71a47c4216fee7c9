// A listening address that speaks HTTP/1: accepts connections up to a cap, hands exchanges to the handler, and stops
// gracefully. Settings may be replaced while it runs; the listening socket is never closed for that.

import type { Clock } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { type AcceptOptions, Acceptor } from '../link/accept.ts';
import type { Connection, ConnectionEvents } from '../link/connection.ts';
import type { Link } from '../link/link.ts';
import type { Preface } from '../link/preface.ts';
import type { TlsChooser } from '../link/tls-door.ts';
import type { RequestHeadLimits } from '../wire/http1/request-head.ts';
import type { Exchange, Handler } from './exchange.ts';
import { Http1Connection } from './http1-connection.ts';
import { type Http1Carrier, Http1Exchange } from './http1-exchange.ts';
import { ServerFields } from './server-fields.ts';

/** A crowd at the door is told of so often. */
const TELL_AGAIN_MS = 1_000;
/** Exchanges kept for reuse; more are made and dropped again under a crowd. */
const SPARE_EXCHANGES_MAX = 256;

/** What an operator may change about a running listener. */
export interface Http1Settings {
  readonly limits: RequestHeadLimits;
  /** From the first octet of a head to its last. */
  readonly headTimeoutMs: number;
  /** Silence tolerated while a body is expected or a response cannot be delivered (Timeout). */
  readonly timeoutMs: number;
  readonly keepAlive: boolean;
  readonly keepAliveTimeoutMs: number;
  /** 0: no limit. */
  readonly maxKeepAliveRequests: number;
  /** Value of the Server field; '' sends none. */
  readonly server: string;
  /** Open connections; at the cap the one that waits longest without a request makes room. */
  readonly connectionsMax: number;
  /** What connections between these addresses must begin with; undefined: with a request. */
  readonly preface?:
    | ((remoteAddress: string, localAddress: string, localPort: number) => Preface | undefined)
    | undefined;
  /** Who leads TLS handshakes; undefined where no host has TLS. */
  readonly tls?: TlsChooser | undefined;
}

/** Answers requests, and is told how they ended. */
export interface Http1Handler extends Handler {
  /** Answer a request that was refused before it was understood: status in `failure.status`. */
  refuse(exchange: Exchange, failure: Failure): void;
  /** The exchange is over; called just before it is reused. For the access log. */
  finished(exchange: Exchange): void;
}

export class Http1Listener {
  readonly link: Link;
  readonly clock: Clock;
  readonly handler: Http1Handler;
  readonly #log: Log;
  readonly #acceptor: Acceptor;
  readonly #connections = new Set<Http1Connection>();
  readonly #spares: Http1Exchange[] = [];
  #settings: Http1Settings;
  serverFields: ServerFields;
  #isStopping = false;
  /** Connections refused since that was last told, and when it was. */
  #refusedCount = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(link: Link, address: AcceptOptions, settings: Http1Settings, handler: Http1Handler, log: Log) {
    this.link = link;
    this.clock = link.clock;
    this.handler = handler;
    this.#log = log;
    this.#settings = settings;
    this.serverFields = new ServerFields(settings.server);
    this.#acceptor = new Acceptor(link, address, {
      accepted: (connection) => this.#accepted(connection),
      acceptFailed: (error) => this.#log.warn('accept-failed', { error: error.message }),
      expectsPrefaces: () => this.#settings.preface !== undefined,
      preface: (remote, local, port) => this.#settings.preface?.(remote, local, port),
      prefaceRefused: (peer, why) => this.#log.warn('proxy-header-refused', { peer, why }),
      tls: () => this.#settings.tls,
      handshakeFailed: (client, reason) => this.#log.info('tls-handshake-failed', { client, reason }),
    });
  }

  /** Binds; rejects with Node's error. */
  listen(): Promise<void> {
    return this.#acceptor.listen();
  }

  /** Gives the address back; connections stay. For a reload that needs the port in another way; `listen` undoes it. */
  unlisten(): void {
    void this.#acceptor.close();
  }

  get address(): { address: string; port: number } {
    return this.#acceptor.address;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Requests in progress. */
  *exchanges(): Iterable<Exchange> {
    for (const { exchange } of this.#connections) if (exchange !== undefined) yield exchange;
  }

  get settings(): Http1Settings {
    return this.#settings;
  }

  set settings(settings: Http1Settings) {
    this.#settings = settings;
    this.serverFields = new ServerFields(settings.server);
  }

  /** Stops accepting, lets requests in progress end, closes idle connections; resolves when all are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const closed = this.#acceptor.close();
    for (const connection of this.#connections) connection.drain();
    await closed;
    while (this.#connections.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEmpty = resolve;
      await promise;
    }
  }

  /** Cuts what is left, after a graceful stop has taken too long. @param which those with such an exchange; default all */
  cut(which?: (exchange: Exchange) => boolean): void {
    for (const connection of [...this.#connections]) {
      const { exchange } = connection;
      if (which === undefined || (exchange !== undefined && which(exchange))) connection.evict();
    }
  }

  #onEmpty: (() => void) | undefined = undefined;

  #accepted(connection: Connection): ConnectionEvents | undefined {
    if (this.#connections.size >= this.#settings.connectionsMax && !this.#makeRoom()) return undefined;
    const owner = new Http1Connection(connection, this);
    this.#connections.add(owner);
    if (this.#isStopping) owner.drain();
    return owner;
  }

  /** Cuts the oldest connection without a request in progress: idle, or still sending its head. */
  #makeRoom(): boolean {
    for (const connection of this.#connections) {
      if (!connection.isWaiting) continue;
      this.#connections.delete(connection);
      connection.evict();
      return true;
    }
    this.#refusedCount++;
    const now = this.clock.now();
    if (now - this.#toldAt >= TELL_AGAIN_MS) {
      this.#log.warn('connections-at-limit', { limit: this.#settings.connectionsMax, refused: this.#refusedCount });
      this.#toldAt = now;
      this.#refusedCount = 0;
    }
    return false;
  }

  // --- for connections ----------------------------------------------------------------------------------------------

  lend(connection: Connection, carrier: Http1Carrier): Http1Exchange {
    const { limits } = this.#settings;
    const lent = this.#spares.pop() ?? new Http1Exchange(this, limits, connection, carrier);
    lent.attach(limits, connection, carrier);
    return lent;
  }

  /** Nobody keeps it any more: it will serve another request. */
  takeBack(exchange: Http1Exchange): void {
    exchange.body.reset();
    if (this.#spares.length < SPARE_EXCHANGES_MAX) this.#spares.push(exchange);
  }

  forget(connection: Http1Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}

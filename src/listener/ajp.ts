// A listening address that speaks AJP/1.3: what a Tomcat's AJP connector is to httpd's modules. Accepts connections up
// to a cap, hands exchanges to the handler, and stops gracefully.

import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { Acceptor } from '../link/accept.ts';
import type { Connection, ConnectionEvents } from '../link/connection.ts';
import type { Link } from '../link/link.ts';
import { PACKET_SIZE_DEFAULT, PACKET_SIZE_MAX } from '../wire/ajp/constants.ts';
import { AjpConnection } from './ajp-connection.ts';
import { type AjpAdmission, wholeNamePattern } from './ajp-facts.ts';
import type { Exchange, Handler } from './exchange.ts';

/** Names and defaults of Tomcat's AJP connector, unless a comment says otherwise. */
export interface AjpOptions {
  /** What front ends must send. Default none: then only a loopback address is listened on. */
  readonly secret?: string | undefined;
  /** False: listen anywhere without a secret. Default true. */
  readonly secretRequired?: boolean;
  /** Octets of the largest packet, both directions; 8192 (default) to 65536. The front end must be told the same. */
  readonly packetSize?: number;
  /** False: the user and authentication type that the front end sends are believed. Default true. */
  readonly tomcatAuthentication?: boolean;
  /** Names of request attributes to accept beside the known ones; matches whole names. Default none. */
  readonly allowedRequestAttributesPattern?: string | RegExp | undefined;
  /** True (default): when the handler pauses, the front end is told to pass on what it holds, by an empty chunk. */
  readonly ajpFlush?: boolean;
  /** Header fields a request may have. Default 100. */
  readonly maxHeaderCount?: number;
  /** Ms without an octet until an idle connection is closed; 0 (default): never, front ends pool connections. */
  readonly keepAliveTimeoutMs?: number;
  /** Ms until the first request, and until a packet that has begun is complete; 0 (default): no limit. */
  readonly connectionTimeoutMs?: number;
  /** Open connections; above it new ones are closed at once. Default 8192. */
  readonly connectionsMax?: number;
}

/** Answers requests; `finished` is told how they ended, just before the exchange is reused. */
export interface AjpHandler extends Handler {
  finished?(exchange: Exchange): void;
}

export interface AjpSettings {
  readonly admission: AjpAdmission;
  readonly packetSize: number;
  readonly ajpFlush: boolean;
  readonly fieldCountMax: number;
  readonly keepAliveTimeoutMs: number;
  readonly connectionTimeoutMs: number;
  readonly connectionsMax: number;
}

export interface ListenAddress {
  /** Undefined: all addresses. */
  readonly address: string | undefined;
  readonly port: number;
}

/** Refused requests told one by one within a minute; further ones are counted, so that a scanner cannot fill a disk. */
const REFUSALS_TOLD_MAX = 30;
const REFUSALS_WINDOW_MS = 60_000;
const FIELD_COUNT_DEFAULT = 100;
const CONNECTIONS_DEFAULT = 8_192;

/** Checks options and fills in defaults. Throws `ajp-bad-option`. */
export function ajpSettings(options: AjpOptions): AjpSettings {
  const packetSize = options.packetSize ?? PACKET_SIZE_DEFAULT;
  if (!Number.isInteger(packetSize) || packetSize < PACKET_SIZE_DEFAULT || packetSize > PACKET_SIZE_MAX)
    throw badOption(`packetSize is ${packetSize}: use ${PACKET_SIZE_DEFAULT} to ${PACKET_SIZE_MAX}`);
  return {
    admission: {
      secret: hasSecret(options) ? Buffer.from(options.secret ?? '', 'latin1') : undefined,
      allowedAttributes: wholeNamePattern(options.allowedRequestAttributesPattern),
      tomcatAuthentication: options.tomcatAuthentication ?? true,
    },
    packetSize,
    ajpFlush: options.ajpFlush ?? true,
    fieldCountMax: options.maxHeaderCount ?? FIELD_COUNT_DEFAULT,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 0,
    connectionTimeoutMs: options.connectionTimeoutMs ?? 0,
    connectionsMax: options.connectionsMax ?? CONNECTIONS_DEFAULT,
  };
}

/**
 * Refuses to open AJP to a network without a secret: whoever reaches the port can claim any client address, TLS and
 * user. Throws `ajp-secret-required`.
 */
function checkExposure(address: string | undefined, options: AjpOptions): void {
  if (hasSecret(options) || options.secretRequired === false || isLoopback(address)) return;
  throw new Failure(
    'ajp-secret-required',
    'internal',
    `AJP on ${address ?? 'all addresses'} needs a secret; or listen on 127.0.0.1, or say secretRequired: false`,
  );
}

function hasSecret(options: AjpOptions): boolean {
  return options.secret !== undefined && options.secret !== '';
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  return address === 'localhost' || address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}

function badOption(message: string): Failure {
  return new Failure('ajp-bad-option', 'internal', message);
}

/** One listening AJP address. */
export class AjpListener {
  readonly link: Link;
  readonly clock: Clock;
  readonly handler: AjpHandler;
  readonly settings: AjpSettings;
  readonly log: Log;
  readonly #acceptor: Acceptor;
  readonly #connections = new Set<AjpConnection>();
  #isStopping = false;
  #onEmpty: (() => void) | undefined = undefined;
  #refusalsSince = Number.NEGATIVE_INFINITY;
  #refusals = 0;

  /** Throws `ajp-bad-option` and `ajp-secret-required`. */
  constructor(link: Link, address: ListenAddress, options: AjpOptions, handler: AjpHandler, log: Log) {
    checkExposure(address.address, options);
    this.link = link;
    this.clock = link.clock;
    this.handler = handler;
    this.settings = ajpSettings(options);
    this.log = log;
    this.#acceptor = new Acceptor(link, address, {
      accepted: (connection) => this.#accepted(connection),
      acceptFailed: (error) => log.warn('accept-failed', { error: error.message }),
    });
  }

  /** Binds; rejects with Node's error. */
  listen(): Promise<void> {
    return this.#acceptor.listen();
  }

  get address(): { address: string; port: number } {
    return this.#acceptor.address;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Stops accepting, closes idle connections, lets requests in progress end; resolves when all are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const closed = this.#acceptor.close();
    this.closeIdle();
    await closed;
    while (this.#connections.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEmpty = resolve;
      await promise;
    }
  }

  /** Closes connections on which no request is going on. */
  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.close();
  }

  /** Cuts all connections, requests in progress included. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** Logs a refused request, within reason. */
  logRefusal(failure: Failure, peer: string, target: string): void {
    if (this.clock.now() - this.#refusalsSince >= REFUSALS_WINDOW_MS) {
      const untold = this.#refusals - REFUSALS_TOLD_MAX;
      if (untold > 0) this.log.warn('ajp-requests-refused', { count: untold });
      this.#refusalsSince = this.clock.now();
      this.#refusals = 0;
    }
    if (this.#refusals++ >= REFUSALS_TOLD_MAX) return;
    this.log.warn('ajp-request-refused', { code: failure.code, reason: failure.message, peer, target });
  }

  /** For a connection that has closed. */
  forget(connection: AjpConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #accepted(connection: Connection): ConnectionEvents | undefined {
    if (this.#isStopping) return undefined;
    if (this.#connections.size >= this.settings.connectionsMax) {
      this.log.warn('connections-at-limit', { limit: this.settings.connectionsMax });
      return undefined;
    }
    const owner = new AjpConnection(connection, this);
    this.#connections.add(owner);
    return owner;
  }
}

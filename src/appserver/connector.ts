// The connector: what an AJP connector is in a Tomcat, for Node applications. It is an http.Server to whoever uses it
// (Express, Fastify's serverFactory, Koa, Hono) and never opens an HTTP port: requests come from an AJP listener.

import { type RequestListener, Server } from 'node:http';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Link } from '../link/link.ts';
import { AjpListener, type AjpOptions, ajpSettings } from '../listener/ajp.ts';
import type { Handler } from '../listener/exchange.ts';
import { FacadeHandler } from './hosted-exchange.ts';
import { nodeSurface } from './node-http.ts';
import { ReparseHandler } from './reparse.ts';

export interface ConnectorOptions extends AjpOptions {
  /**
   * How requests become `(req, res)`: `facade` builds Node's objects directly, `reparse` runs HTTP/1 text through Node's
   * public API at three times the cost. Default: `facade` where this Node supports it.
   */
  readonly hosting?: 'facade' | 'reparse';
}

/** Where connectors listen unless told otherwise: Tomcat's AJP port, and since its 2020 hardening only loopback. */
export const DEFAULT_PORT = 8009;
export const DEFAULT_ADDRESS = '127.0.0.1';

/** As `http.Server.listen` takes it. */
export interface ListenOptions {
  readonly port?: number | string | null | undefined;
  readonly host?: string | null | undefined;
  readonly path?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Callback = (error?: Error) => void;

export class Connector extends Server {
  readonly #link: Link;
  readonly #options: ConnectorOptions;
  readonly #log: Log;
  readonly #handler: Handler;
  #listener: AjpListener | undefined = undefined;
  #isListening = false;

  /** Throws `ajp-bad-option`. */
  constructor(application: RequestListener | undefined, options: ConnectorOptions, link: Link, log: Log) {
    // For the fallback: a request over AJP need not have a Host field.
    super({ requireHostHeader: false });
    // Node's own: it would watch HTTP connections that this server never has.
    this.removeAllListeners('listening');
    ajpSettings(options);
    this.#link = link;
    this.#options = options;
    this.#log = log;
    this.#handler = this.#chooseHosting();
    if (application !== undefined) this.on('request', application);
    Object.defineProperty(this, 'listening', { get: () => this.#isListening, enumerable: true, configurable: true });
  }

  /**
   * Listens for AJP; 127.0.0.1:8009 by default. `listening` follows, or `error` (also `ajp-secret-required`: any other
   * address than loopback needs a secret). `localhost` means 127.0.0.1.
   */
  // biome-ignore lint/suspicious/noExplicitAny: net.Server.listen has nine signatures
  override listen(...args: any[]): this {
    const { options, callback } = listenArguments(args);
    if (callback !== undefined) this.once('listening', callback);
    if (this.#listener !== undefined)
      throw new Failure('connector-listening', 'internal', 'the connector listens already');
    try {
      const listener = new AjpListener(this.#link, addressOf(options), this.#options, this.#handler, this.#log);
      this.#listener = listener;
      listener.listen().then(
        () => this.#opened(listener, options.signal),
        (error) => this.#failed(listener, error),
      );
    } catch (error) {
      process.nextTick(() => this.emit('error', error));
    }
    return this;
  }

  override address(): { address: string; family: string; port: number } | null {
    if (this.#listener === undefined || !this.#isListening) return null;
    const { address, port } = this.#listener.address;
    return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port };
  }

  /** Stops accepting, closes idle connections, lets requests in progress end; then `close` is emitted. */
  override close(callback?: Callback): this {
    const listener = this.#listener;
    if (listener === undefined || !this.#isListening) {
      const failure = Object.assign(new Error('Server is not running.'), { code: 'ERR_SERVER_NOT_RUNNING' });
      if (callback !== undefined) process.nextTick(callback, failure);
      return this;
    }
    this.#isListening = false;
    if (callback !== undefined) this.once('close', callback);
    listener.stop().then(() => {
      this.#listener = undefined;
      process.nextTick(() => this.emit('close'));
    }, this.#fault);
    return this;
  }

  override closeIdleConnections(): void {
    this.#listener?.closeIdle();
  }

  /** Cuts every connection, with requests in progress. */
  override closeAllConnections(): void {
    this.#listener?.cut();
  }

  override getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this.#listener?.connectionCount ?? 0);
    return this;
  }

  override ref(): this {
    return this;
  }

  override unref(): this {
    return this;
  }

  readonly #fault = (error: unknown): void => this.#link.fault(error);

  #chooseHosting(): Handler {
    const asked = this.#options.hosting;
    if (asked === 'reparse') return new ReparseHandler(this, this.#link, this.#log);
    const surface = nodeSurface(this.#link.clock);
    if (surface === 'fits') return new FacadeHandler(this, this.#link);
    this.#log.warn('node-surface-changed', { version: process.version, mismatch: surface.mismatch });
    return new ReparseHandler(this, this.#link, this.#log);
  }

  #opened(listener: AjpListener, signal: AbortSignal | undefined): void {
    this.#isListening = true;
    const { address, port } = listener.address;
    this.#log.info('connector-listening', { address, port });
    if (signal?.aborted) this.close();
    else signal?.addEventListener('abort', () => this.close(), { once: true });
    process.nextTick(() => this.emit('listening'));
  }

  #failed(listener: AjpListener, error: Error): void {
    if (this.#listener === listener) this.#listener = undefined;
    process.nextTick(() => this.emit('error', error));
  }
}

function listenArguments(args: unknown[]): { options: ListenOptions; callback: (() => void) | undefined } {
  const rest = [...args];
  const last = rest.at(-1);
  const callback = typeof last === 'function' ? (rest.pop() as () => void) : undefined;
  const [first, second] = rest;
  if (typeof first === 'object' && first !== null) return { options: first, callback };
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { options: { path: first }, callback };
  const port = first as number | string | null | undefined;
  return { options: { port, host: typeof second === 'string' ? second : undefined }, callback };
}

function addressOf(options: ListenOptions): { address: string; port: number } {
  if (options.path !== undefined && options.path !== null)
    throw new Failure('connector-no-path', 'internal', 'the connector listens on TCP addresses only');
  const port = Number(options.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Failure('connector-bad-port', 'internal', `"${options.port}" is no port`);
  const host = options.host ?? DEFAULT_ADDRESS;
  return { address: host === 'localhost' ? DEFAULT_ADDRESS : host, port };
}

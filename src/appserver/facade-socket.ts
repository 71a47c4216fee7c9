// The socket that an application sees behind a request: the client's addresses and TLS facts, and the answers that
// net.Socket and tls.TLSSocket give. One per request: a log written late must not show the next client's address.

import type { X509Certificate } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Clock, Timer } from '../base/clock.ts';
import type { ConnectionFacts, ForwardedFacts, TlsFacts } from '../listener/exchange.ts';
import { FORWARDED, type ForwardedRequest } from './facts.ts';
import { peerCertificate } from './peer-certificate.ts';

type WriteCallback = (error?: Error | null) => void;

/** Who moves the octets of a facade socket. */
export interface SocketOwner {
  /** Takes body octets. @returns false when the application should wait for `drain` */
  write(bytes: Buffer, callback: WriteCallback | undefined): boolean;
  resume(): void;
  pause(): void;
  /** The application destroys the connection: called once. */
  destroy(error: Error | undefined): void;
  /** The timeout set by `setTimeout` has passed without traffic. */
  timedOut(): void;
}

/** As net.Socket's on Node 24 and 26. */
const HIGH_WATER_MARK = 64 * 1024;

export class FacadeSocket extends EventEmitter {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** True over TLS, absent otherwise, as on Node's sockets. */
  readonly encrypted: true | undefined;
  /** The front end has accepted the client's certificate. */
  readonly authorized: boolean;
  readonly readableHighWaterMark: number = HIGH_WATER_MARK;
  readonly writableHighWaterMark: number = HIGH_WATER_MARK;
  readonly connecting = false;
  readonly pending = false;
  readonly allowHalfOpen = true;
  readable = true;
  writable = true;
  destroyed = false;
  closed = false;
  errored: Error | null = null;
  bytesRead = 0;
  bytesWritten = 0;
  /** Octets the owner could not pass on yet. */
  writableLength = 0;
  timeout = 0;
  readonly #facts: ForwardedFacts | undefined;
  readonly #tls: TlsFacts | undefined;
  readonly #clock: Clock;
  #owner: SocketOwner;
  #timer: Timer | undefined = undefined;
  #activeAt = 0;

  constructor(connection: ConnectionFacts, facts: ForwardedFacts | undefined, owner: SocketOwner, clock: Clock) {
    super();
    this.remoteAddress = connection.remoteAddress === '' ? undefined : connection.remoteAddress;
    this.remotePort = connection.remotePort === 0 ? undefined : connection.remotePort;
    this.localAddress = connection.localAddress === '' ? undefined : connection.localAddress;
    this.localPort = connection.localPort === 0 ? undefined : connection.localPort;
    this.#tls = connection.tls;
    this.encrypted = connection.tls === undefined ? undefined : true;
    this.authorized = connection.tls?.clientCertificate !== undefined;
    this.#facts = facts;
    this.#owner = owner;
    this.#clock = clock;
  }

  get [FORWARDED](): ForwardedRequest | undefined {
    return this.#facts === undefined ? undefined : { facts: this.#facts, tls: this.#tls };
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.remoteAddress);
  }

  get localFamily(): string | undefined {
    return familyOf(this.localAddress);
  }

  get readyState(): string {
    return this.destroyed ? 'closed' : 'open';
  }

  get bufferSize(): number {
    return this.writableLength;
  }

  address(): { address?: string; family?: string; port?: number } {
    const { localAddress: address, localPort: port, localFamily: family } = this;
    return address === undefined || port === undefined || family === undefined ? {} : { address, family, port };
  }

  // --- octets -------------------------------------------------------------------------------------------------------

  write(
    data: string | Uint8Array,
    encoding?: BufferEncoding | WriteCallback | null,
    callback?: WriteCallback,
  ): boolean {
    if (typeof encoding === 'function') return this.write(data, null, encoding);
    if (this.destroyed) {
      if (callback) process.nextTick(callback, new Error('the connection is destroyed'));
      return false;
    }
    const bytes = bytesOf(data, encoding);
    this.bytesWritten += bytes.length;
    this.touch();
    return this.#owner.write(bytes, callback);
  }

  /** A request's connection cannot end before its response: what this could mean is `destroy`. */
  end(): this {
    return this.destroy();
  }

  destroySoon(): void {
    this.destroy();
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.shut(error);
    this.#owner.destroy(error);
    return this;
  }

  /** The connection is gone: nothing can be read or written, and no timer runs. */
  shut(error: Error | undefined): void {
    this.destroyed = true;
    this.readable = false;
    this.writable = false;
    this.errored = error ?? null;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  resume(): this {
    this.#owner.resume();
    return this;
  }

  pause(): this {
    this.#owner.pause();
    return this;
  }

  // --- time ---------------------------------------------------------------------------------------------------------

  setTimeout(ms: number, callback?: () => void): this {
    this.timeout = ms;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (callback !== undefined) {
      if (ms > 0) this.once('timeout', callback);
      else this.removeListener('timeout', callback);
    }
    if (ms > 0 && !this.destroyed) this.#await(ms);
    return this;
  }

  /** Traffic: the timeout begins anew. */
  touch(): void {
    if (this.#timer !== undefined) this.#activeAt = this.#clock.now();
  }

  #await(ms: number): void {
    this.#activeAt = this.#clock.now();
    this.#wait(ms);
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => {
      const left = this.#activeAt + this.timeout - this.#clock.now();
      if (left > 0) this.#wait(left);
      else {
        this.#timer = undefined;
        this.#owner.timedOut();
      }
    });
  }

  // --- what only a real socket can do ---------------------------------------------------------------------------------

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setEncoding(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  // --- what a TLS socket answers ------------------------------------------------------------------------------------

  getPeerCertificate(): object {
    return peerCertificate(this.#tls)?.toLegacyObject() ?? {};
  }

  getPeerX509Certificate(): X509Certificate | undefined {
    return peerCertificate(this.#tls);
  }

  getCipher(): { name: string; standardName: string; version: string } | undefined {
    const { cipher, protocol } = this.#tls ?? {};
    return cipher === undefined ? undefined : { name: cipher, standardName: cipher, version: protocol ?? '' };
  }

  getProtocol(): string | null {
    return this.#tls?.protocol ?? null;
  }

  getSession(): undefined {
    return undefined;
  }

  isSessionReused(): boolean {
    return false;
  }
}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function bytesOf(data: string | Uint8Array, encoding: BufferEncoding | null | undefined): Buffer {
  if (typeof data === 'string') return Buffer.from(data, encoding ?? 'utf8');
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

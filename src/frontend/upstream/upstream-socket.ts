// What AJP and HTTP backend connections have in common: dialling, whose turn it is, silence, congestion, and the ways in
// which an attempt ends. The protocol on top only encodes and decodes.

import type { Failure } from '../../base/failure.ts';
import type { Fields } from '../../base/fields.ts';
import type { Connection } from '../../link/connection.ts';
import { Deadline } from '../../link/deadlines.ts';
import { type DialEvents, dial, dialSecure, type SecureDial } from '../../link/dial.ts';
import type { Backend, DialWaiter } from './backend.ts';
import type { ProxyRequest } from './proxy-request.ts';
import type { UpstreamConnection, UpstreamEvents, UpstreamPhase } from './upstream.ts';
import { broken, closing, handshakeFailure, silence } from './upstream-causes.ts';
import { labelOf } from './upstream-tls.ts';

/** The protocol's part. */
export interface UpstreamProtocol extends UpstreamConnection {
  /** Decodes octets of the attempt in progress; returns how far it came: short of `end` only when the attempt is over. */
  decode(bytes: Buffer, start: number, end: number): number;
  /** The backend will send no more; a response that ends with the connection is complete now. */
  sourceEnded(): void;
  /** What was written before has left the process. */
  drained(): void;
  /** The backend was silent for as long as it may be. @returns true when the attempt goes on all the same */
  outwaits(): boolean;
  /** True while the backend waits for octets that the client has not sent: its silence is not its fault then. */
  readonly waitsForClient: boolean;
  /** The attempt is over: forget what belongs to it. */
  reset(): void;
}

export class UpstreamSocket implements DialEvents {
  readonly backend: Backend;
  readonly connection: Connection;
  readonly #protocol: UpstreamProtocol;
  readonly #deadline: Deadline;
  #waiter: DialWaiter | undefined;
  /** Undefined between attempts. */
  events: UpstreamEvents | undefined = undefined;
  request: ProxyRequest | undefined = undefined;
  phase: UpstreamPhase = 'connect';
  bodySent = false;
  /** A complete head has come, though it may be held back. */
  hasHead = false;
  /** How long an answer to a ping may take. */
  pingLimitMs = 0;
  /** The decoder is at work: what is written meanwhile leaves in one piece afterwards. */
  isReading = false;
  /** What connections under other names or settings of TLS must not be taken for; undefined without TLS. */
  readonly label: string | undefined;
  readonly #dialLimitMs: number;
  #isHandshaking = false;
  #requestCount = 0;
  #isPaused = false;
  #mayReuse = true;
  /** How the attempt ended while what was read with its end is still being looked at: surplus spoils the connection. */
  #outcome: 'none' | 'answered' | 'not-sent' = 'none';
  #trailers: Fields | undefined = undefined;
  #refusal: Failure | undefined = undefined;

  constructor(
    backend: Backend,
    waiter: DialWaiter,
    timeoutMs: number,
    protocol: UpstreamProtocol,
    secure?: SecureDial,
  ) {
    this.backend = backend;
    this.label = secure === undefined ? undefined : labelOf(secure);
    this.#dialLimitMs = timeoutMs;
    this.#waiter = waiter;
    this.#protocol = protocol;
    this.#deadline = new Deadline(() => this.#timedOut());
    const { link, address, config } = backend;
    this.connection =
      secure === undefined
        ? dial(link, address, config.tcpKeepAlive, this)
        : dialSecure(link, address, config.tcpKeepAlive, secure, this);
    backend.link.deadlines.arm(this.#deadline, timeoutMs);
  }

  get isReusable(): boolean {
    const { connection } = this;
    return this.#mayReuse && !connection.isClosed && this.backend.isStillAt(connection.remoteAddress);
  }

  attach(request: ProxyRequest, events: UpstreamEvents): void {
    this.request = request;
    this.events = events;
    this.bodySent = false;
    this.hasHead = false;
    this.phase = 'request';
    this.#requestCount++;
  }

  /** The attempt in progress is the first on this connection. */
  get isFirstUse(): boolean {
    return this.#requestCount === 1;
  }

  /** Waits for an answer within `ms`, or by default within the request's timeout, unless it is the client's turn. */
  await(ms?: number): void {
    if (this.request === undefined || this.#isPaused) return;
    if (ms === undefined && this.#protocol.waitsForClient) this.backend.link.deadlines.disarm(this.#deadline);
    else this.backend.link.deadlines.arm(this.#deadline, ms ?? this.request.timeoutMs);
  }

  /** Writes what stands in the scratch, unless a read is being worked off: then it leaves with the rest. */
  flush(): void {
    if (!this.isReading) this.connection.flush();
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.backend.link.deadlines.disarm(this.#deadline);
    this.connection.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.await();
    this.connection.resume();
  }

  /** True during an attempt. */
  get isBusy(): boolean {
    return this.events !== undefined && this.#outcome === 'none';
  }

  /** The response is complete; the connection goes back to its pool, or is closed there. */
  complete(mayReuse: boolean, trailers: Fields | undefined): void {
    this.#mayReuse &&= mayReuse;
    this.#trailers = trailers;
    this.#outcome = 'answered';
    if (!this.isReading) this.#settle();
  }

  /** The request cannot be sent to anyone, and nothing of it was: the connection is as good as before. */
  refuse(failure: Failure): void {
    this.#refusal = failure;
    this.#outcome = 'not-sent';
    if (!this.isReading) this.#settle();
  }

  /** The attempt failed and the connection with it. */
  fail(failure: Failure, timedOut: boolean): void {
    const { events, phase, bodySent, hasHead } = this;
    if (events === undefined) return;
    this.abandon();
    const why = broken(this.backend.config, failure);
    const reusedConnection = this.#requestCount > 1;
    events.upstreamFailed({ phase, failure: why, timedOut, bodySent, hasHead, reusedConnection });
  }

  /** The attempt has made something else of the connection, which belongs to another now; its place stays taken. */
  surrender(): Connection {
    this.#detach();
    this.#mayReuse = false;
    return this.connection;
  }

  /** Closes the connection in the middle of an attempt. */
  abandon(): void {
    this.#detach();
    this.#mayReuse = false;
    this.connection.destroy();
    this.backend.pool.dropped();
  }

  // --- what comes from the socket -----------------------------------------------------------------------------------

  handshaking(): void {
    this.#isHandshaking = true;
    this.backend.link.deadlines.arm(this.#deadline, this.#dialLimitMs);
  }

  connected(): void {
    this.backend.link.deadlines.disarm(this.#deadline);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.connection.destroy();
    else waiter.dialled(this.#protocol);
  }

  received(bytes: Buffer, start: number, end: number): void {
    if (this.events === undefined) {
      this.#leavePool();
      return;
    }
    this.isReading = true;
    const at = this.#protocol.decode(bytes, start, end);
    this.isReading = false;
    this.connection.flush();
    if (this.#outcome !== 'none') {
      if (at < end) this.#mayReuse = false;
      this.#settle();
    } else if (this.events !== undefined) {
      this.await();
      this.events.responseFlush();
    }
  }

  peerEnded(): void {
    this.#mayReuse = false;
    if (this.events === undefined) {
      this.#leavePool();
      return;
    }
    this.#protocol.sourceEnded();
    this.connection.destroy();
  }

  drained(): void {
    this.#protocol.drained();
    this.await();
  }

  closed(error: Error | undefined): void {
    this.backend.link.deadlines.disarm(this.#deadline);
    this.#mayReuse = false;
    if (this.#waiter !== undefined) this.#dialFailed(error, false);
    else if (this.events === undefined) this.backend.pool.forget(this.#protocol);
    else {
      this.fail(closing(this.backend.config, this.phase, error), false);
    }
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  #timedOut(): void {
    if (this.#waiter !== undefined) {
      this.connection.destroy();
      this.#dialFailed(undefined, true);
      return;
    }
    if (this.#protocol.outwaits()) return;
    const limit = this.phase === 'ping' ? this.pingLimitMs : (this.request?.timeoutMs ?? 0);
    this.fail(silence(this.backend.config, this.phase, limit), true);
  }

  #dialFailed(error: Error | undefined, timedOut: boolean): void {
    const waiter = this.#waiter as DialWaiter;
    this.#waiter = undefined;
    this.backend.pool.dropped();
    const failure = this.#isHandshaking
      ? handshakeFailure(this.backend.config, error, timedOut)
      : this.backend.connectFailure(error, timedOut);
    waiter.dialFailed(failure, timedOut);
  }

  /** The pool comes first, so that whoever is served next may have this very connection. */
  #settle(): void {
    const events = this.events as UpstreamEvents;
    const { bytesWritten, bytesRead } = this.#protocol;
    const trailers = this.#trailers;
    const refusal = this.#refusal;
    this.#detach();
    this.backend.pool.release(this.#protocol);
    if (refusal === undefined) events.responseEnd(trailers, bytesWritten, bytesRead);
    else
      events.upstreamFailed({
        phase: 'request',
        failure: refusal,
        timedOut: false,
        bodySent: false,
        hasHead: false,
        reusedConnection: false,
      });
  }

  /** Octets or an end that nobody asked for: whatever it is, the connection is out of step. */
  #leavePool(): void {
    this.#mayReuse = false;
    this.backend.pool.forget(this.#protocol);
    this.connection.destroy();
  }

  #detach(): void {
    this.backend.link.deadlines.disarm(this.#deadline);
    if (this.#isPaused) this.connection.resume();
    this.#isPaused = false;
    this.#outcome = 'none';
    this.#trailers = undefined;
    this.#refusal = undefined;
    this.events = undefined;
    this.request = undefined;
    this.#protocol.reset();
  }
}

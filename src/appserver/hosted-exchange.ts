// One exchange handed to a Node application as `(req, res)`: request octets are pushed into the request, the response's
// head and octets go to the exchange, and the events come in the order in which Node's own server emits them.

import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Timer } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import type { Link } from '../link/link.ts';
import type { Exchange, ExchangeSink, Handler } from '../listener/exchange.ts';
import {
  completeRequest,
  detachResponse,
  dumpUnread,
  emitClose,
  emitDrain,
  HostedSocket,
  type HostOwner,
  hostRequest,
  hostResponse,
  isDumped,
} from './node-http.ts';
import { fillResponseHead } from './response-text.ts';

/** How long a response that is complete waits for the application to take more of the request body. */
const LATE_BODY_MS = 30_000;

/** Octets taken from the application in one turn of the event loop; it must let others run before it writes more. */
const TURN_BYTES = 64 * 1024;

/** The channels on which Node's own server tells the same (node:http, diagnostics_channel). */
const startChannel = diagnostics.channel('http.server.request.start');
const finishChannel = diagnostics.channel('http.server.response.finish');

/** Hands exchanges to the `request` listeners of a server. */
export class FacadeHandler implements Handler {
  readonly #server: Server;
  readonly #link: Link;

  constructor(server: Server, link: Link) {
    this.#server = server;
    this.#link = link;
  }

  handle(exchange: Exchange): void {
    new HostedExchange(exchange, this.#server, this.#link).start();
  }
}

type WriteCallback = (error?: Error | null) => void;

class HostedExchange implements ExchangeSink, HostOwner {
  /** Undefined once it is over: it serves another request then. */
  #exchange: Exchange | undefined;
  readonly #server: Server;
  readonly #link: Link;
  readonly #socket: HostedSocket;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  /** Write callbacks; called in a later tick, and only when the octets have left. */
  #callbacks: WriteCallback[] = [];
  #isTickDue = false;
  #turnBytes = 0;
  #hasFinished = false;
  #isTornDown = false;
  /** The response is complete, and its end waits because the application still reads the request. */
  #endsLate = false;
  #lateTimer: Timer | undefined = undefined;

  constructor(exchange: Exchange, server: Server, link: Link) {
    this.#exchange = exchange;
    this.#server = server;
    this.#link = link;
    this.#socket = new HostedSocket(exchange.connection, exchange.forwarded, this, server, link.clock);
    this.#req = hostRequest(this.#socket, exchange.request);
    this.#res = hostResponse(this.#req, this.#socket);
    this.#res.on('finish', () => this.#finished());
    exchange.sink = this;
  }

  start(): void {
    const req = this.#req;
    const res = this.#res;
    const server = this.#server;
    const hasBody = this.#exchange?.request.bodyLength !== 0;
    if (server.timeout > 0) this.#socket.setTimeout(server.timeout);
    if (startChannel.hasSubscribers)
      startChannel.publish({ request: req, response: res, socket: this.#socket, server });
    guarded(() => server.emit('request', req, res));
    if (!hasBody) guarded(() => completeRequest(req));
  }

  // --- what the listener says (ExchangeSink) ------------------------------------------------------------------------

  requestBody(bytes: Buffer, start: number, end: number): void {
    this.#socket.bytesRead += end - start;
    this.#socket.touch();
    if (this.#endsLate) this.#armLate();
    if (isDumped(this.#req)) return;
    const kept = Buffer.from(bytes.subarray(start, end));
    guarded(() => {
      if (!this.#req.push(kept)) this.#exchange?.pauseBody();
    });
  }

  requestEnd(): void {
    guarded(() => completeRequest(this.#req));
    if (this.#endsLate) this.#exchange?.sendEnd();
  }

  /** The event loop has turned. */
  turn(): void {
    this.#turnBytes = 0;
    if (this.#exchange !== undefined && !this.#exchange.congested) this.drained();
  }

  drained(): void {
    if (this.#turnBytes >= TURN_BYTES) return;
    this.#socket.writableLength = 0;
    guarded(() => {
      this.#runCallbacks();
      if (this.#socket.listenerCount('drain') > 0) this.#socket.emit('drain');
      emitDrain(this.#res);
    });
  }

  aborted(failure: Failure): void {
    this.#exchange = undefined;
    if (!this.#socket.destroyed) this.#socket.shut(failure);
    this.#tearDown();
  }

  ended(): void {
    this.#exchange = undefined;
    this.#lateTimer?.cancel();
    if (this.#isTornDown || this.#socket.destroyed) return;
    this.#scheduleTick();
    // The response went out without the rest of the body: whoever reads it learns that it is cut.
    if (!this.#req.complete && isReading(this.#req)) guarded(() => this.#req.destroy(connectionReset()));
  }

  // --- what the application does (HostOwner) ------------------------------------------------------------------------

  head(text: string): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    fillResponseHead(text, this.#res.statusCode, exchange.response);
    exchange.sendHead();
    this.#scheduleTick();
  }

  write(bytes: Buffer, callback: WriteCallback | undefined): boolean {
    const exchange = this.#exchange;
    if (callback !== undefined && callback !== null) this.#callbacks.push(callback);
    this.#scheduleTick();
    if (exchange === undefined) return true;
    if (exchange.stage === 'open') {
      // Octets that no head precedes: someone writes to the socket itself, which is none.
      this.#socket.destroy(new Error('a request over AJP has no socket to write to'));
      return false;
    }
    exchange.sendBody(bytes, 0, bytes.length);
    const before = this.#turnBytes;
    this.#turnBytes += bytes.length;
    // A peer that takes octets as fast as they are made would never let the loop turn.
    if (before < TURN_BYTES && this.#turnBytes >= TURN_BYTES) setImmediate(turn, this);
    if (!exchange.congested && this.#turnBytes < TURN_BYTES) return true;
    this.#socket.writableLength += bytes.length;
    return false;
  }

  ending(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (this.#req.complete || !isReading(this.#req)) {
      exchange.sendEnd();
      return;
    }
    this.#endsLate = true;
    exchange.flush();
    this.#armLate();
  }

  resume(): void {
    this.#exchange?.resumeBody();
  }

  pause(): void {
    this.#exchange?.pauseBody();
  }

  destroy(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) {
      if (this.#endsLate) exchange.sendEnd();
      else exchange.breakOff();
    }
    process.nextTick(() => this.#tearDown());
  }

  timedOut(): void {
    const { req, res, socket } = { req: this.#req, res: this.#res, socket: this.#socket };
    guarded(() => {
      const isHeard = [
        socket.emit('timeout'),
        !req.complete && req.emit('timeout', socket),
        !this.#hasFinished && res.emit('timeout', socket),
        this.#server.emit('timeout', socket),
      ].some(Boolean);
      if (!isHeard && !this.#hasFinished) socket.destroy();
    });
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  /** The response is out: what Node's server does at `finish`, in its order. */
  #finished(): void {
    const req = this.#req;
    const res = this.#res;
    this.#hasFinished = true;
    if (finishChannel.hasSubscribers)
      finishChannel.publish({ request: req, response: res, socket: this.#socket, server: this.#server });
    if (req.complete) dumpUnread(req);
    detachResponse(res, this.#socket);
    process.nextTick(emitClose, res);
    if (!req.complete && !this.#endsLate) process.nextTick(endUnread, req);
  }

  /** The connection is gone before the response was complete. */
  #tearDown(): void {
    if (this.#isTornDown) return;
    this.#isTornDown = true;
    this.#lateTimer?.cancel();
    const socket = this.#socket;
    socket.closed = true;
    const reset = connectionReset();
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    guarded(() => {
      for (const callback of callbacks) callback(reset);
      if (!this.#req.destroyed && (!this.#hasFinished || !this.#req.complete)) this.#req.destroy(reset);
    });
    guarded(() => {
      if (socket.errored !== null && socket.listenerCount('error') > 0) socket.emit('error', socket.errored);
      // Node's own listener on the socket's `close` lets the response emit `close`.
      socket.emit('close', socket.errored !== null);
    });
  }

  #armLate(): void {
    this.#lateTimer?.cancel();
    this.#lateTimer = this.#link.clock.after(LATE_BODY_MS, () => this.#exchange?.sendEnd());
  }

  #scheduleTick(): void {
    if (this.#isTickDue) return;
    this.#isTickDue = true;
    process.nextTick(tick, this);
  }

  /** After the application has returned: what it left unfinished is passed on, what it waits for is told. */
  tick(): void {
    this.#isTickDue = false;
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      if (exchange.stage === 'head-sent') exchange.flush();
      if (exchange.congested) return;
    }
    if (!this.#isTornDown) this.#runCallbacks();
  }

  #runCallbacks(): void {
    if (this.#callbacks.length === 0) return;
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  }
}

/** A body that nobody took, and that will not come any more, ends without its octets. */
function endUnread(req: IncomingMessage): void {
  completeRequest(req);
  dumpUnread(req);
}

function tick(hosted: HostedExchange): void {
  hosted.tick();
}

function turn(hosted: HostedExchange): void {
  hosted.turn();
}

/** Somebody takes the body as it comes: a pipe, a `data` or `readable` listener, an iterator. */
function isReading(req: IncomingMessage): boolean {
  return !req.destroyed && (req.listenerCount('data') > 0 || req.listenerCount('readable') > 0);
}

/** What Node's server gives requests whose connection is lost. */
function connectionReset(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

/** Runs application code: what it throws is its own affair (`uncaughtException`), never the connection's. */
function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

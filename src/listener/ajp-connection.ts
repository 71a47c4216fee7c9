// One connection from a front end that speaks AJP: requests in, responses out, one at a time. AJP bodies are asked for
// piece by piece (GET_BODY_CHUNK), so nothing but a misbehaving front end can send more than one packet too early.

import { Failure } from '../base/failure.ts';
import type { Fields } from '../base/fields.ts';
import { UNKNOWN_LENGTH } from '../base/head.ts';
import type { Connection, ConnectionEvents } from '../link/connection.ts';
import { Deadline } from '../link/deadlines.ts';
import { RequestDecoder, type RequestSink } from '../wire/ajp/request-decoder.ts';
import type { DecodedRequest } from '../wire/ajp/request-reader.ts';
import type { AjpListener } from './ajp.ts';
import { AjpBody } from './ajp-body.ts';
import { ForwardedConnection, forwardedFacts, refusal } from './ajp-facts.ts';
import { AjpResponse } from './ajp-response.ts';
import { type Downstream, Exchange } from './exchange.ts';

/** Methods whose requests have no body unless they declare one; for others one is asked for when it is wanted. */
const BODILESS_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE']);
/** Octets a front end may send ahead of its turn before the connection is cut; reading pauses at the first. */
const EARLY_BYTES_MAX = 256 * 1024;

export class AjpConnection implements ConnectionEvents, RequestSink, Downstream {
  readonly #connection: Connection;
  readonly #listener: AjpListener;
  readonly #facts = new ForwardedConnection();
  readonly #exchange: Exchange;
  readonly #decoder: RequestDecoder;
  readonly #body = new AjpBody();
  readonly #response: AjpResponse;
  readonly #deadline: Deadline;
  /** A request was handed to the handler and has not ended. */
  #isBusy = false;
  #isClosing = false;
  #isDecoding = false;
  /** A packet of the protocol itself waits in the scratch. */
  #owesFlush = false;
  /** Octets that belong to the next request; reading is paused while there are any. */
  #early: Buffer | undefined = undefined;
  /** Our own page stands in for a head that did not fit: what the handler still sends is dropped. */
  #isReplaced = false;
  #requestCount = 0;
  #bytesInBefore = 0;
  #bytesOutBefore = 0;

  constructor(connection: Connection, listener: AjpListener) {
    const { settings, link } = listener;
    this.#connection = connection;
    this.#listener = listener;
    this.#exchange = new Exchange(this.#facts, this);
    this.#exchange.reset();
    this.#decoder = new RequestDecoder({
      packetSize: settings.packetSize,
      fieldCountMax: settings.fieldCountMax,
      head: this.#exchange.request,
    });
    this.#response = new AjpResponse(connection, link, settings.packetSize);
    this.#deadline = new Deadline(() => this.#timedOut());
    this.#arm(settings.connectionTimeoutMs);
  }

  get isIdle(): boolean {
    return !this.#isBusy;
  }

  /** Ends the connection; only fit between requests. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#decoder.stop();
    this.#disarm();
    this.#connection.endLingering();
  }

  cut(): void {
    this.#connection.destroy();
  }

  // --- what comes from the socket ---------------------------------------------------------------------------------

  received(bytes: Buffer, start: number, end: number): void {
    if (this.#isClosing) return;
    if (this.#early !== undefined) {
      this.#keepEarly(bytes, start, end);
      return;
    }
    this.#decode(bytes, start, end);
  }

  peerEnded(): void {
    // AJP has no half-closed connections: a front end that has gone reads no answer.
    if (this.#isBusy) this.#abort(this.#gone(undefined));
    this.#isClosing = true;
    this.#connection.end();
  }

  drained(): void {
    const exchange = this.#exchange;
    if (!this.#isBusy) return;
    exchange.congested = false;
    if (exchange.stage === 'complete') this.#finish(exchange.keepAlive && !this.#listener.isStopping);
    else exchange.sink.drained();
  }

  closed(error: Error | undefined): void {
    this.#isClosing = true;
    this.#disarm();
    this.#early = undefined;
    if (this.#isBusy) this.#abort(this.#gone(error));
    this.#listener.forget(this);
  }

  #gone(error: Error | undefined): Failure {
    return new Failure('client-closed', 'downstream', 'the front end closed the connection', { cause: error });
  }

  // --- reading ----------------------------------------------------------------------------------------------------

  #decode(bytes: Buffer, start: number, end: number): void {
    this.#isDecoding = true;
    if (!this.#isBusy) this.#bytesInBefore = this.#connection.bytesIn - (end - start);
    const at = this.#decoder.decode(bytes, start, end, this);
    this.#isDecoding = false;
    if (this.#isClosing) return;
    if (at < end) this.#keepEarly(bytes, at, end);
    this.#askForBody();
    if (this.#owesFlush) this.#flushControl();
    if (!this.#isBusy) this.#arm(this.#idleTimeoutMs());
    this.#continueReading();
  }

  #flushControl(): void {
    this.#owesFlush = false;
    this.#connection.flush();
  }

  #idleTimeoutMs(): number {
    const { keepAliveTimeoutMs, connectionTimeoutMs } = this.#listener.settings;
    return this.#requestCount > 0 && this.#decoder.isIdle ? keepAliveTimeoutMs : connectionTimeoutMs;
  }

  /** Octets whose turn has not come: the next request of a front end that does not wait for its answer. */
  #keepEarly(bytes: Buffer, start: number, end: number): void {
    const kept = Buffer.from(bytes.subarray(start, end));
    this.#early = this.#early === undefined ? kept : Buffer.concat([this.#early, kept]);
    this.#connection.pause();
    if (this.#early.length > EARLY_BYTES_MAX) this.#connection.destroy();
  }

  /** Goes on with what came early, once its turn has come. */
  #continueReading(): void {
    const early = this.#early;
    if (early === undefined || this.#isClosing || (this.#isBusy && !this.#decoder.isDataDue)) return;
    this.#early = undefined;
    this.#connection.resume();
    this.#decode(early, 0, early.length);
  }

  // --- what the decoder says (RequestSink) ------------------------------------------------------------------------

  request(decoded: DecodedRequest): void {
    const exchange = this.#exchange;
    const { facts, head } = decoded;
    const { clock, settings, handler } = this.#listener;
    this.#disarm();
    this.#isBusy = true;
    this.#isReplaced = false;
    exchange.startedAt = clock.now();
    exchange.startedWall = clock.wall();
    exchange.connectionRequests = this.#requestCount++;
    this.#bytesOutBefore = this.#connection.bytesOut;
    this.#facts.learn(facts);
    ({ remoteAddress: exchange.clientAddress, remotePort: exchange.clientPort } = this.#facts);
    exchange.forwarded = forwardedFacts(facts, settings.admission.tomcatAuthentication);
    exchange.user = exchange.forwarded.remoteUser;
    exchange.authType = exchange.forwarded.authType;
    if (!decoded.isLengthDeclared && !BODILESS_METHODS.has(head.method)) head.bodyLength = UNKNOWN_LENGTH;
    this.#body.begin(head.bodyLength === 0);
    const refused = refusal(facts, head.target, settings.admission);
    if (refused !== undefined) this.#refuse(refused);
    else handler.handle(exchange);
  }

  body(bytes: Buffer, start: number, end: number): void {
    this.#body.take(this.#exchange, bytes, start, end);
  }

  bodyEnd(): void {
    if (this.#decoder.bodyLeft > 0) {
      this.#abort(
        new Failure('ajp-body-too-short', 'downstream', 'the request body ended before Content-Length', {
          status: 400,
        }),
      );
      return;
    }
    this.#body.end(this.#exchange);
  }

  ping(): void {
    this.#response.pong();
    this.#owesFlush = true;
  }

  shutdown(): void {
    this.#listener.log.warn('ajp-shutdown-ignored', { peer: this.#connection.remoteAddress });
    this.close();
  }

  failed(failure: Failure): void {
    this.#logRefusal(failure);
    if (this.#isBusy) {
      this.#abort(failure);
      return;
    }
    // No request was understood, so nobody else will answer; without a status the front end gets silence (Tomcat too).
    if (failure.status !== undefined) this.#response.page(failure.status, true, false);
    this.close();
  }

  /** Asks for the next packet of the body when the handler waits for it and none is under way. */
  #askForBody(): void {
    if (!this.#isBusy || !this.#body.isHungry || this.#decoder.isDataDue || this.#isClosing) return;
    this.#decoder.expectData();
    this.#response.askForBody();
    this.#owesFlush = true;
  }

  // --- what the handler asks (Downstream) -------------------------------------------------------------------------

  /** AJP has no interim responses; 100 is the front end's business. */
  sendInterim(_exchange: Exchange, _status: number, _fields: Fields): void {}

  sendHead(exchange: Exchange): void {
    if (exchange.stage !== 'open') return;
    exchange.stage = 'head-sent';
    exchange.firstByteAt = this.#listener.clock.now();
    if (this.#connection.isClosed) return;
    const failure = this.#response.head(exchange);
    if (failure !== undefined) this.#replaceHead(exchange, failure);
  }

  sendBody(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    if (exchange.stage !== 'head-sent' || this.#isReplaced) return;
    if (this.#noteCongestion(exchange)) return;
    const fits = this.#response.body(exchange, bytes, start, end);
    if (!fits && exchange.failure === undefined) {
      exchange.failure = new Failure('response-too-long', 'internal', 'the body goes on after Content-Length');
      this.#logResponse(exchange.failure);
    }
    this.#noteCongestion(exchange);
  }

  /**
   * A broken socket takes nothing more, and the news of it comes only when the producer pauses: it must.
   * @returns whether the socket is broken
   */
  #noteCongestion(exchange: Exchange): boolean {
    const isBroken = this.#connection.socket.destroyed;
    if (isBroken || this.#connection.isCongested) exchange.congested = true;
    return isBroken;
  }

  sendEnd(exchange: Exchange, _trailers: Fields | undefined): void {
    if (exchange.stage !== 'head-sent') return;
    if (this.#response.isShort && !this.#connection.isClosed) {
      exchange.failure ??= new Failure('response-too-short', 'internal', 'the body ends before Content-Length');
      this.#logResponse(exchange.failure);
      this.breakOff(exchange);
      return;
    }
    exchange.stage = 'complete';
    const reuse = exchange.keepAlive && !this.#listener.isStopping;
    if (this.#connection.isClosed) {
      this.#finish(false);
      return;
    }
    this.#response.end(reuse);
    this.#connection.flush();
    // A response counts as sent when the socket has taken it; the front end cannot send the next request before.
    exchange.congested = this.#connection.isCongested;
    if (!exchange.congested) this.#finish(reuse);
  }

  flush(exchange: Exchange): void {
    if (this.#noteCongestion(exchange)) return;
    if (exchange.stage === 'head-sent' && this.#listener.settings.ajpFlush) this.#response.passOn();
    this.#connection.flush();
    this.#noteCongestion(exchange);
  }

  pauseBody(_exchange: Exchange): void {
    this.#body.pause();
  }

  resumeBody(exchange: Exchange): void {
    if (!this.#isBusy) return;
    this.#body.resume(exchange);
    if (this.#isDecoding) return;
    this.#askForBody();
    if (this.#owesFlush) this.#flushControl();
    this.#continueReading();
  }

  /**
   * Before the head the front end still gets an answer: a connection cut there would count as a failed backend and
   * might have the request repeated. Afterwards the connection is cut, so that the client sees a truncated response.
   */
  switchProtocols(): boolean {
    return false;
  }

  breakOff(exchange: Exchange): void {
    if (exchange.stage === 'open') {
      exchange.stage = 'complete';
      exchange.failure ??= new Failure('response-broken', 'internal', 'the handler gave up', { status: 500 });
      if (!this.#connection.isClosed) this.#response.page(500, exchange.request.method !== 'HEAD', false);
      this.#finish(false);
    } else if (exchange.stage === 'head-sent') {
      exchange.stage = 'broken';
      exchange.failure ??= new Failure('response-broken', 'internal', 'the handler gave up inside the response');
      this.#connection.flush();
      this.#isClosing = true;
      this.#finish(false);
      this.#connection.destroy();
    }
  }

  /** Answers 500 instead of a head that cannot be sent; Tomcat sends nothing, and the front end waits in vain. */
  #replaceHead(exchange: Exchange, failure: Failure): void {
    this.#isReplaced = true;
    exchange.failure = failure;
    this.#logResponse(failure);
    exchange.response.status = 500;
    this.#response.pageHead(500, exchange.request.method !== 'HEAD');
  }

  // --- ends -------------------------------------------------------------------------------------------------------

  /** Answers a request that may not come in. */
  #refuse(failure: Failure): void {
    const exchange = this.#exchange;
    this.#logRefusal(failure);
    exchange.failure = failure;
    exchange.stage = 'complete';
    exchange.response.status = failure.status ?? 400;
    this.#response.page(exchange.response.status, exchange.request.method !== 'HEAD', false);
    this.#finish(false);
  }

  /** The request went wrong while it was answered: the handler is told, then the front end if it still listens. */
  #abort(failure: Failure): void {
    const exchange = this.#exchange;
    const mayAnswer = exchange.stage === 'open' && failure.status !== undefined && !this.#connection.isClosed;
    exchange.failure = failure;
    exchange.stage = 'broken';
    exchange.abortSink(failure);
    if (mayAnswer) this.#response.page(failure.status ?? 400, exchange.request.method !== 'HEAD', false);
    else this.#isClosing = true;
    this.#finish(false);
    if (!mayAnswer) this.#connection.destroy();
  }

  /** The exchange is over. Body packets under way are swallowed by the decoder, as Tomcat does. */
  #finish(reuse: boolean): void {
    const exchange = this.#exchange;
    exchange.wireBytesIn = this.#connection.bytesIn - this.#bytesInBefore - (this.#early?.length ?? 0);
    exchange.wireBytesOut = this.#connection.bytesOut - this.#bytesOutBefore;
    this.#listener.handler.finished?.(exchange);
    exchange.endSink();
    this.#isBusy = false;
    this.#body.drop();
    this.#decoder.responseEnded();
    exchange.reset();
    if (!reuse) this.close();
    else if (!this.#isDecoding) {
      this.#arm(this.#idleTimeoutMs());
      this.#continueReading();
    }
  }

  #logRefusal(failure: Failure): void {
    this.#listener.logRefusal(failure, this.#connection.remoteAddress, this.#exchange.request.target);
  }

  #logResponse(failure: Failure): void {
    this.#listener.log.error(failure.code, { target: this.#exchange.request.target, reason: failure.message });
  }

  #arm(delayMs: number): void {
    if (delayMs > 0) this.#listener.link.deadlines.arm(this.#deadline, delayMs);
  }

  #disarm(): void {
    this.#listener.link.deadlines.disarm(this.#deadline);
  }

  #timedOut(): void {
    if (!this.#isBusy) this.close();
  }
}

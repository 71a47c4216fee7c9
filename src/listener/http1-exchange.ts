// One request over HTTP/1 and its answer: what the handler asks of a listener, carried out on one connection. Lent to a
// connection while a request is in progress, so that ten thousand idle connections hold none.

import { Failure } from '../base/failure.ts';
import type { Fields } from '../base/fields.ts';
import type { Connection } from '../link/connection.ts';
import { type RequestHeadLimits, RequestHeadParser } from '../wire/http1/request-head.ts';
import { type Downstream, Exchange } from './exchange.ts';
import type { Http1Listener } from './http1-listener.ts';
import { RequestBody } from './http1-request-body.ts';
import { Http1Response } from './http1-response.ts';

/** The connection, as the request in progress needs it. */
export interface Http1Carrier {
  /** The connection ends with this request. */
  readonly isLastRequest: boolean;
  /** Octets are being worked off; they go on by themselves. */
  readonly isReading: boolean;
  /** Goes on with octets that were kept, then with the socket. */
  readOn(): void;
  /** Starts or restarts the connection's deadline. */
  arm(ms: number): void;
  disarm(): void;
  /** The exchange is over, well or not. */
  exchangeEnded(): void;
  /** A mistake of ours: the client is told so, if it can be. */
  fault(error: unknown): void;
}

export class Http1Exchange implements Downstream {
  readonly exchange: Exchange;
  readonly head: RequestHeadParser;
  readonly body: RequestBody;
  readonly #listener: Http1Listener;
  readonly #response: Http1Response;
  #connection: Connection;
  #carrier: Http1Carrier;

  constructor(listener: Http1Listener, limits: RequestHeadLimits, connection: Connection, carrier: Http1Carrier) {
    this.#listener = listener;
    this.#connection = connection;
    this.#carrier = carrier;
    this.#response = new Http1Response(connection, listener.link);
    this.exchange = new Exchange(connection, this);
    this.head = new RequestHeadParser(limits, this.exchange.request);
    this.body = new RequestBody(this.exchange);
  }

  /** Prepares for a request on this connection. */
  attach(limits: RequestHeadLimits, connection: Connection, carrier: Http1Carrier): void {
    this.#connection = connection;
    this.#carrier = carrier;
    this.#response.attach(connection);
    this.exchange.attach(connection, this);
    this.exchange.reset();
    this.head.reset(limits);
    this.body.reset();
  }

  // --- for the connection -------------------------------------------------------------------------------------------

  /** Takes octets of the body. @returns how far it came; the exchange may have ended on the way */
  readBody(bytes: Buffer, start: number, end: number): number {
    const { body, exchange } = this;
    if (body.stage === 'flowing' && !body.isTunnel) this.#carrier.arm(this.#listener.settings.timeoutMs);
    const at = body.decode(bytes, start, end);
    if (body.hasSaidEnd) return at; // part of the body has led to an answer that ended the exchange
    if (body.failure !== undefined) this.abort(body.failure);
    else if (body.stage === 'complete') {
      if (exchange.stage === 'complete') this.#carrier.exchangeEnded();
      else this.#sayEnd();
    } else if (body.isTooMuch) this.#carrier.exchangeEnded();
    return at;
  }

  /** The client will send no more: a body that is not complete never will be. */
  clientEnded(): void {
    const { body } = this;
    if (body.stage === 'complete') return;
    if (body.isTunnel) {
      body.stage = 'complete';
      if (this.exchange.stage === 'complete') this.#carrier.exchangeEnded();
      else this.#sayEnd();
      return;
    }
    const why = 'the client ended before its body did';
    this.abort(new Failure('request-truncated', 'downstream', why, { status: 400 }));
  }

  /** What was sent has left. */
  drained(): void {
    const { exchange } = this;
    if (exchange.stage === 'complete') return;
    exchange.congested = false;
    this.#watch();
    exchange.sink.drained();
  }

  /** Nothing was heard for too long of a client that owes its body. */
  timedOut(): void {
    this.abort(new Failure('body-timeout', 'downstream', 'the request body took too long', { status: 408 }));
  }

  /** The request went wrong while it was being answered: the handler is told, then the client if it still listens. */
  abort(failure: Failure): void {
    const { exchange, body } = this;
    if (exchange.stage === 'complete') {
      exchange.failure ??= failure;
      this.#carrier.exchangeEnded();
      return;
    }
    const mayAnswer = exchange.stage === 'open' && failure.status !== undefined && !this.#connection.isClosed;
    exchange.failure = failure;
    body.reset();
    exchange.abortSink(failure);
    if (mayAnswer) this.refuse(failure);
    else this.breakOff(exchange);
  }

  /** Lets the handler answer with an error; it is the last answer on this connection. */
  refuse(failure: Failure): void {
    const { exchange } = this;
    exchange.keepAlive = false;
    exchange.failure = failure;
    this.#carrier.disarm();
    this.#listener.handler.refuse(exchange, failure);
  }

  // --- what the handler asks (Downstream) ---------------------------------------------------------------------------

  sendInterim(exchange: Exchange, status: number, fields: Fields): void {
    if (exchange.request.minorVersion < 1 || exchange.stage !== 'open' || this.#connection.isClosed) return;
    if (status === 100 && this.body.awaitsContinue) this.#sendContinue();
    else this.#response.interim(status, fields);
  }

  sendHead(exchange: Exchange): void {
    if (exchange.stage !== 'open') return;
    exchange.firstByteAt = this.#listener.clock.now();
    if (!this.#connection.isClosed) {
      // A body that the client holds back until it hears from us will not come any more.
      const keepAlive = exchange.keepAlive && !this.#carrier.isLastRequest && !this.body.awaitsContinue;
      try {
        exchange.keepAlive = this.#response.head(exchange, this.#listener.serverFields, keepAlive);
      } catch (error) {
        this.#unwritable(exchange, error);
        return;
      }
    }
    exchange.stage = 'head-sent';
  }

  /** The head cannot be written, whoever put something into it and when: an error page may do, else the end. */
  #unwritable(exchange: Exchange, error: unknown): void {
    exchange.response.fields.reset();
    if (exchange.failure?.code === 'internal-fault') this.breakOff(exchange);
    else this.#carrier.fault(error);
  }

  sendBody(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    if (exchange.stage !== 'head-sent') return;
    if (!this.#connection.isClosed && this.#response.body(exchange, bytes, start, end) === 'too-long')
      exchange.keepAlive = false;
    this.#noteCongestion(exchange);
  }

  sendEnd(exchange: Exchange, trailers: Fields | undefined): void {
    if (exchange.stage !== 'head-sent') return;
    if (this.#connection.isClosed) {
      exchange.stage = 'complete'; // the close that follows ends the exchange
      return;
    }
    if (this.body.isTunnel) {
      this.#connection.end();
      exchange.stage = 'complete';
      if (this.body.stage === 'complete') this.#carrier.exchangeEnded();
      return;
    }
    if (this.#response.end(exchange, trailers) === 'too-short') {
      exchange.failure ??= new Failure('response-too-short', 'upstream', 'the response ended before its length');
      this.breakOff(exchange);
      return;
    }
    this.#connection.flush();
    exchange.stage = 'complete';
    if (this.body.stage === 'complete' || !exchange.keepAlive || !this.body.forsake()) this.#carrier.exchangeEnded();
    else {
      this.#carrier.arm(this.#listener.settings.timeoutMs);
      if (!this.#carrier.isReading) this.#carrier.readOn();
    }
  }

  flush(exchange: Exchange): void {
    this.#connection.flush();
    this.#noteCongestion(exchange);
  }

  pauseBody(_exchange: Exchange): void {
    if (this.body.stage !== 'flowing') return;
    this.body.stage = 'held';
    this.#watch();
    this.#connection.pause();
  }

  resumeBody(exchange: Exchange): void {
    const { body } = this;
    if (body.stage === 'complete') {
      if (!body.hasSaidEnd) this.#sayEnd();
    } else if (body.stage === 'held') {
      body.stage = 'flowing';
      if (exchange.stage === 'open') this.#sendContinue();
      if (!body.isTunnel) this.#carrier.arm(this.#listener.settings.timeoutMs);
      if (!this.#carrier.isReading) this.#carrier.readOn();
    }
  }

  breakOff(exchange: Exchange): void {
    if (exchange.stage === 'broken' || (exchange.stage === 'complete' && !this.body.isTunnel)) return;
    const hidesLoss = exchange.stage === 'head-sent' && this.#response.endsWithConnection;
    exchange.stage = 'broken';
    exchange.keepAlive = false;
    if (this.#connection.isClosed) return; // the close that follows ends the exchange
    // What the client has so far stays valid as a truncated message, unless a proper end would say that it is whole.
    this.#connection.flush();
    if (hidesLoss) this.#connection.reset();
    this.#carrier.exchangeEnded();
  }

  switchProtocols(exchange: Exchange): boolean {
    const { body } = this;
    const isReady = exchange.stage === 'open' && body.stage === 'complete' && exchange.request.minorVersion >= 1;
    if (!isReady || this.#connection.isClosed) return false;
    exchange.firstByteAt = this.#listener.clock.now();
    exchange.keepAlive = false;
    this.#response.switchProtocols(exchange);
    exchange.stage = 'head-sent';
    body.beginTunnel();
    this.#watch();
    return true;
  }

  // --- the body, time and congestion --------------------------------------------------------------------------------

  #sayEnd(): void {
    this.body.hasSaidEnd = true;
    this.#watch();
    this.exchange.sink.requestEnd();
  }

  /** Tells a client that waits for it to send its body. */
  #sendContinue(): void {
    if (!this.body.awaitsContinue) return;
    this.body.awaitsContinue = false;
    if (!this.#connection.isClosed) this.#response.continue();
  }

  #noteCongestion(exchange: Exchange): void {
    if (!this.#connection.isCongested || exchange.congested) return;
    exchange.congested = true;
    this.#watch();
  }

  /** Time runs while the client owes something: to take what was sent, or to send its body. */
  #watch(): void {
    const isOwing = this.#connection.isCongested || (this.body.stage === 'flowing' && !this.body.isTunnel);
    if (isOwing && !this.#connection.isClosed) this.#carrier.arm(this.#listener.settings.timeoutMs);
    else this.#carrier.disarm();
  }
}

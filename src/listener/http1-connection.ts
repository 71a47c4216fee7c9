// One client connection speaking HTTP/1: heads and bodies in, responses out, one exchange at a time, pipelined requests
// answered in order (RFC 9112 §9.3). Reads go on while a handler works, so that a client's reset is noticed.

import { Failure } from '../base/failure.ts';
import type { Fields } from '../base/fields.ts';
import { UNKNOWN_LENGTH } from '../base/head.ts';
import type { Connection, ConnectionEvents } from '../link/connection.ts';
import { Deadline } from '../link/deadlines.ts';
import { FAILED, MORE } from '../wire/http1/parse-state.ts';
import { CONTINUE_BYTES, fieldsSize, writeEnd, writeFields, writeStatusLine } from '../wire/http1/write.ts';
import type { Downstream, Exchange } from './exchange.ts';
import type { Http1Listener } from './http1-listener.ts';
import { Http1Response } from './http1-response.ts';
import type { RequestReader } from './request-reader.ts';

/** Where the connection stands with what it reads. */
type Phase =
  /** Between requests. */
  | 'idle'
  /** A head has begun. */
  | 'head'
  /** The body is being received. */
  | 'body'
  /** The request is complete, the response is not. */
  | 'answering'
  /** The response is complete, the rest of the request body is thrown away. */
  | 'discarding'
  /** Nothing more is read. */
  | 'closing';

/** Most octets of an unwanted request body that are read so that the connection can be kept. */
const DISCARD_BYTES_MAX = 1024 * 1024;
/** Room for the status line and the empty line of an interim response. */
const INTERIM_EXTRA_BYTES = 128;

export class Http1Connection implements ConnectionEvents, Downstream {
  readonly #connection: Connection;
  readonly #listener: Http1Listener;
  readonly #response: Http1Response;
  readonly #deadline: Deadline;
  /** Reader and exchange of the request in progress; lent by the listener, given back between requests. */
  #reader: RequestReader | undefined = undefined;
  #phase: Phase = 'idle';
  #isProcessing = false;
  /** The limit for a whole head runs from its first octet, however slowly the others come. */
  #isHeadTimed = false;
  #isBodyPaused = true;
  #hasSaidEnd = false;
  #mustSendContinue = false;
  #isLastRequest = false;
  #discarded = 0;
  #requestCount = 0;
  #bytesOutBefore = 0;
  #bytesInBefore = 0;
  /** Octets read while they could not be used: the beginning of a body, or the next request. */
  #stash: Buffer | undefined = undefined;

  constructor(connection: Connection, listener: Http1Listener) {
    this.#connection = connection;
    this.#listener = listener;
    this.#response = new Http1Response(connection, listener.link);
    this.#deadline = new Deadline(() => this.#timedOut());
    this.#arm(listener.settings.headTimeoutMs);
  }

  /** True while no request is being answered: the connection may be closed to make room or to stop. */
  get isWaiting(): boolean {
    return this.#phase === 'idle' || this.#phase === 'head';
  }

  /** Ends the connection as soon as the request in progress is answered. */
  drain(): void {
    this.#isLastRequest = true;
    if (this.#phase === 'idle') this.#close();
  }

  /** Cuts the connection, to make room for others. */
  evict(): void {
    this.#connection.destroy();
  }

  // --- what comes from the socket ---------------------------------------------------------------------------------

  received(bytes: Buffer, start: number, end: number): void {
    if (this.#stash !== undefined) {
      this.#keep(bytes, start, end);
      return;
    }
    this.#process(bytes, start, end);
  }

  peerEnded(): void {
    this.#isLastRequest = true;
    switch (this.#phase) {
      case 'idle':
        this.#close();
        break;
      case 'head':
      case 'discarding':
        this.#connection.destroy();
        break;
      case 'body':
        if (this.#stash === undefined)
          this.#abort(
            new Failure('request-truncated', 'downstream', 'the client ended before its body did', { status: 400 }),
          );
        break;
      case 'answering':
      case 'closing':
        break;
    }
  }

  drained(): void {
    const exchange = this.#reader?.exchange;
    if (exchange === undefined || exchange.stage === 'complete') {
      if (this.#phase === 'idle') this.#arm(this.#listener.settings.keepAliveTimeoutMs);
      return;
    }
    exchange.congested = false;
    this.#listener.link.deadlines.disarm(this.#deadline);
    exchange.sink.drained();
  }

  closed(error: Error | undefined): void {
    this.#listener.link.deadlines.disarm(this.#deadline);
    this.#listener.forget(this);
    if (this.#reader === undefined) return;
    const { exchange } = this.#reader;
    if (this.#phase === 'head') this.#releaseReader();
    else if (exchange.stage === 'complete') this.#finishExchange();
    else {
      const failure =
        exchange.failure ??
        new Failure('client-closed', 'downstream', 'the client closed the connection', { cause: error });
      this.#endAborted(exchange, failure);
    }
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  #process(bytes: Buffer, start: number, end: number): void {
    this.#isProcessing = true;
    let at = start;
    while (at < end) {
      switch (this.#phase) {
        case 'idle':
          this.#reader = this.#listener.lendReader(this.#connection, this);
          this.#phase = 'head';
          this.#isHeadTimed = false;
          this.#bytesInBefore = this.#connection.bytesIn - (end - at);
          this.#reader.exchange.startedWall = this.#listener.clock.wall();
          break;
        case 'head':
          at = this.#readHead(bytes, at, end);
          break;
        case 'body':
          if (this.#isBodyPaused) {
            this.#keep(bytes, at, end);
            at = end;
          } else at = this.#readBody(bytes, at, end);
          break;
        case 'discarding':
          at = this.#readBody(bytes, at, end);
          break;
        case 'answering':
          this.#keep(bytes, at, end);
          at = end;
          break;
        case 'closing':
          at = end;
          break;
      }
    }
    this.#isProcessing = false;
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const reader = this.#reader as RequestReader;
    const state = reader.head.parse(bytes, start, end);
    if (state === MORE) {
      if (!this.#isHeadTimed) this.#arm(this.#listener.settings.headTimeoutMs);
      this.#isHeadTimed = true;
      return end;
    }
    if (state === FAILED) {
      this.#refuse(reader.exchange, reader.head.failure as Failure);
      return end;
    }
    this.#startExchange(reader);
    return reader.head.consumed;
  }

  #startExchange(reader: RequestReader): void {
    const { exchange } = reader;
    const { request } = exchange;
    const settings = this.#listener.settings;
    this.#listener.link.deadlines.disarm(this.#deadline);
    exchange.startedAt = this.#listener.clock.now();
    exchange.connectionRequests = this.#requestCount++;
    this.#bytesOutBefore = this.#connection.bytesOut;
    this.#hasSaidEnd = false;
    this.#isBodyPaused = true;
    this.#mustSendContinue = request.expectsContinue && request.minorVersion >= 1;
    exchange.keepAlive =
      request.keepAlive &&
      settings.keepAlive &&
      !this.#isLastRequest &&
      (settings.maxKeepAliveRequests === 0 || this.#requestCount < settings.maxKeepAliveRequests);
    if (request.bodyLength === 0) this.#phase = 'answering';
    else {
      this.#phase = 'body';
      this.#discarded = 0;
      reader.body.begin(request.bodyLength);
    }
    this.#listener.handler.handle(exchange);
  }

  #readBody(bytes: Buffer, start: number, end: number): number {
    const reader = this.#reader as RequestReader;
    if (this.#phase === 'body') this.#arm(this.#listener.settings.timeoutMs);
    const at = reader.body.decode(bytes, start, end, this);
    if (reader.body.failure !== undefined && this.#phase !== 'closing') this.#abort(reader.body.failure);
    return this.#phase === 'closing' ? end : at;
  }

  /** Called by the body decoder. */
  body(bytes: Buffer, start: number, end: number): void {
    const { exchange } = this.#reader as RequestReader;
    if (this.#phase === 'discarding') {
      this.#discarded += end - start;
      if (this.#discarded > DISCARD_BYTES_MAX) this.#finishExchange();
      return;
    }
    exchange.requestBodyBytes += end - start;
    exchange.sink.requestBody(bytes, start, end);
  }

  /** Called by the body decoder. */
  bodyEnd(_trailers: Fields | undefined): void {
    const { exchange } = this.#reader as RequestReader;
    this.#listener.link.deadlines.disarm(this.#deadline);
    if (this.#phase === 'discarding') {
      this.#finishExchange();
      return;
    }
    this.#phase = 'answering';
    this.#hasSaidEnd = true;
    // A handler that paused at the last octets has nothing left to resume.
    this.#isBodyPaused = false;
    if (this.#stash === undefined) this.#connection.resume();
    exchange.sink.requestEnd();
  }

  /** Keeps octets that cannot be used yet and stops reading. */
  #keep(bytes: Buffer, start: number, end: number): void {
    const kept = Buffer.from(bytes.subarray(start, end));
    this.#stash = this.#stash === undefined ? kept : Buffer.concat([this.#stash, kept]);
    this.#connection.pause();
  }

  /** Goes on with kept octets, then with the socket. */
  #continueReading(): void {
    const stash = this.#stash;
    this.#stash = undefined;
    if (stash !== undefined) this.#process(stash, 0, stash.length);
    if (this.#stash === undefined && !this.#connection.isClosed) this.#connection.resume();
  }

  // --- what the handler asks (Downstream) --------------------------------------------------------------------------

  sendInterim(exchange: Exchange, status: number, fields: Fields): void {
    if (exchange.request.minorVersion < 1 || exchange.stage !== 'open' || this.#connection.isClosed) return;
    if (status === 100) {
      if (!this.#mustSendContinue) return;
      this.#mustSendContinue = false;
    }
    let at = this.#connection.reserve(INTERIM_EXTRA_BYTES + fieldsSize(fields));
    const out = this.#listener.link.scratch.buffer;
    at = writeStatusLine(out, at, status, '');
    at = writeFields(out, at, fields);
    this.#connection.commit(writeEnd(out, at));
    this.#connection.flush();
  }

  sendHead(exchange: Exchange): void {
    if (exchange.stage !== 'open') return;
    exchange.stage = 'head-sent';
    exchange.firstByteAt = this.#listener.clock.now();
    if (this.#connection.isClosed) return;
    // A body that the client holds back until it hears from us will not come any more.
    const keepAlive = exchange.keepAlive && !this.#isLastRequest && !this.#mustSendContinue;
    exchange.keepAlive = this.#response.head(exchange, this.#listener.serverFields, keepAlive);
  }

  sendBody(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    if (exchange.stage !== 'head-sent' || this.#connection.isClosed) return;
    if (this.#response.body(exchange, bytes, start, end) === 'too-long') exchange.keepAlive = false;
    this.#noteCongestion(exchange);
  }

  sendEnd(exchange: Exchange, trailers: Fields | undefined): void {
    if (exchange.stage !== 'head-sent') return;
    if (this.#connection.isClosed) {
      exchange.stage = 'complete';
      return;
    }
    if (this.#response.end(exchange, trailers) === 'too-short') {
      this.breakOff(exchange);
      return;
    }
    this.#connection.flush();
    exchange.stage = 'complete';
    if (this.#phase === 'answering') this.#finishExchange();
    else if (this.#phase === 'body') this.#discardBody(exchange);
  }

  flush(exchange: Exchange): void {
    if (this.#connection.isClosed) return;
    this.#connection.flush();
    this.#noteCongestion(exchange);
  }

  pauseBody(_exchange: Exchange): void {
    if (this.#phase !== 'body' || this.#isBodyPaused) return;
    this.#isBodyPaused = true;
    this.#listener.link.deadlines.disarm(this.#deadline);
    this.#connection.pause();
  }

  resumeBody(exchange: Exchange): void {
    if (this.#phase === 'answering') {
      if (this.#hasSaidEnd) return;
      this.#hasSaidEnd = true;
      exchange.sink.requestEnd();
      return;
    }
    if (this.#phase !== 'body' || !this.#isBodyPaused) return;
    this.#isBodyPaused = false;
    if (this.#mustSendContinue && exchange.stage === 'open') this.#sendContinue();
    this.#arm(this.#listener.settings.timeoutMs);
    if (!this.#isProcessing) this.#continueReading();
  }

  breakOff(exchange: Exchange): void {
    if (exchange.stage === 'complete' || exchange.stage === 'broken') return;
    exchange.stage = 'broken';
    exchange.keepAlive = false;
    this.#phase = 'closing';
    if (this.#connection.isClosed) return;
    // What the client has so far stays valid as a truncated message; a proper end would hide the loss.
    this.#connection.flush();
    if (exchange.request.minorVersion < 1 || exchange.response.bodyLength === UNKNOWN_LENGTH) this.#connection.end();
    this.#connection.endLingering();
    this.#finishExchange();
  }

  // --- ends -----------------------------------------------------------------------------------------------------------

  #sendContinue(): void {
    this.#mustSendContinue = false;
    const at = this.#connection.reserve(CONTINUE_BYTES.length);
    CONTINUE_BYTES.copy(this.#listener.link.scratch.buffer, at);
    this.#connection.commit(at + CONTINUE_BYTES.length);
    this.#connection.flush();
  }

  #noteCongestion(exchange: Exchange): void {
    if (!this.#connection.isCongested || exchange.congested) return;
    exchange.congested = true;
    this.#arm(this.#listener.settings.timeoutMs);
  }

  /** The response is complete, the request is not: read the rest and forget it, within reason. */
  #discardBody(exchange: Exchange): void {
    const { bodyLength } = exchange.request;
    const owed = bodyLength === UNKNOWN_LENGTH ? 0 : bodyLength - exchange.requestBodyBytes;
    if (!exchange.keepAlive || owed > DISCARD_BYTES_MAX) {
      this.#finishExchange();
      return;
    }
    this.#phase = 'discarding';
    this.#arm(this.#listener.settings.timeoutMs);
    if (!this.#isProcessing) this.#continueReading();
  }

  #finishExchange(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const { exchange } = reader;
    const isWhole = this.#phase === 'answering' || this.#phase === 'discarding';
    const keepAlive = exchange.keepAlive && isWhole && exchange.stage === 'complete';
    exchange.wireBytesOut = this.#connection.bytesOut - this.#bytesOutBefore;
    exchange.wireBytesIn = this.#connection.bytesIn - this.#bytesInBefore - (this.#stash?.length ?? 0);
    this.#phase = keepAlive ? 'idle' : 'closing';
    this.#listener.handler.finished(exchange);
    exchange.endSink();
    this.#releaseReader();
    if (this.#connection.isClosed) return;
    if (!keepAlive) this.#close();
    else {
      this.#arm(this.#listener.settings.keepAliveTimeoutMs);
      if (!this.#isProcessing && this.#stash !== undefined) this.#continueReading();
    }
  }

  /** Answers a request that cannot be understood, and closes. */
  #refuse(exchange: Exchange, failure: Failure): void {
    this.#phase = 'answering';
    this.#isLastRequest = true;
    this.#hasSaidEnd = true;
    this.#bytesOutBefore = this.#connection.bytesOut;
    exchange.startedAt = this.#listener.clock.now();
    exchange.keepAlive = false;
    exchange.failure = failure;
    this.#listener.handler.refuse(exchange, failure);
  }

  /** The request went wrong while it was being answered: the handler is told, then the client if it still listens. */
  #abort(failure: Failure): void {
    const exchange = (this.#reader as RequestReader).exchange;
    const wasOpen = exchange.stage === 'open';
    exchange.failure = failure;
    exchange.keepAlive = false;
    this.#isLastRequest = true;
    if (this.#phase === 'discarding' || exchange.stage === 'complete') {
      this.#finishExchange();
      return;
    }
    exchange.abortSink(failure);
    if (wasOpen && failure.status !== undefined && !this.#connection.isClosed) {
      this.#phase = 'answering';
      this.#hasSaidEnd = true;
      this.#listener.handler.refuse(exchange, failure);
    } else this.breakOff(exchange);
  }

  #endAborted(exchange: Exchange, failure: Failure): void {
    exchange.failure = failure;
    exchange.stage = 'broken';
    this.#phase = 'closing';
    exchange.abortSink(failure);
    this.#finishExchange();
  }

  #close(): void {
    this.#phase = 'closing';
    this.#stash = undefined;
    this.#listener.link.deadlines.disarm(this.#deadline);
    this.#connection.endLingering();
  }

  #releaseReader(): void {
    if (this.#reader !== undefined) this.#listener.takeBackReader(this.#reader);
    this.#reader = undefined;
  }

  #timedOut(): void {
    switch (this.#phase) {
      case 'idle':
        this.#close();
        break;
      case 'head':
        this.#refuse(
          (this.#reader as RequestReader).exchange,
          new Failure('head-timeout', 'downstream', 'the request head took too long', { status: 408 }),
        );
        break;
      case 'body':
      case 'answering':
        if ((this.#reader as RequestReader).exchange.congested) this.#connection.reset();
        else this.#abort(new Failure('body-timeout', 'downstream', 'the request body took too long', { status: 408 }));
        break;
      case 'discarding':
      case 'closing':
        this.#connection.destroy();
        break;
    }
  }

  #arm(ms: number): void {
    this.#listener.link.deadlines.arm(this.#deadline, ms);
  }
}

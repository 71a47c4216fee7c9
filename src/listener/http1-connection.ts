// One client connection speaking HTTP/1: heads in, one exchange at a time, pipelined requests answered in order (RFC 9112
// §9.3), and every way in which a connection ends. Reads go on while a handler works, so that a client's reset is noticed.

import { Failure } from '../base/failure.ts';
import type { Connection, ConnectionEvents } from '../link/connection.ts';
import { Deadline } from '../link/deadlines.ts';
import { FAILED, MORE } from '../wire/http1/parse-state.ts';
import type { Exchange } from './exchange.ts';
import type { Http1Carrier, Http1Exchange } from './http1-exchange.ts';
import type { Http1Listener } from './http1-listener.ts';

/** Where the connection stands. */
type Phase =
  /** Between requests. */
  | 'idle'
  /** A head has begun. */
  | 'head'
  /** A request is being answered, or its body is still coming. */
  | 'exchange'
  /** Nothing more is read. */
  | 'closing';

export class Http1Connection implements ConnectionEvents, Http1Carrier {
  readonly #connection: Connection;
  readonly #listener: Http1Listener;
  readonly #deadline: Deadline;
  /** The request in progress; lent by the listener, given back between requests. */
  #current: Http1Exchange | undefined = undefined;
  #phase: Phase = 'idle';
  isReading = false;
  isLastRequest = false;
  /** The client has ended its side. */
  #hasPeerEnded = false;
  /** The limit for a whole head runs from its first octet, however slowly the others come. */
  #isHeadTimed = false;
  #requestCount = 0;
  #bytesOutBefore = 0;
  #bytesInBefore = 0;
  /** Octets read while they could not be used: the beginning of a body, or the next request. Nothing is read meanwhile. */
  #stash: Buffer | undefined = undefined;

  constructor(connection: Connection, listener: Http1Listener) {
    this.#connection = connection;
    this.#listener = listener;
    this.#deadline = new Deadline(() => this.#timedOut());
    this.arm(listener.settings.headTimeoutMs);
  }

  /** True while no request is being answered: the connection may be closed to make room or to stop. */
  get isWaiting(): boolean {
    return (this.#phase === 'idle' || this.#phase === 'head') && !this.#connection.isCongested;
  }

  /** The request in progress, if there is one. */
  get exchange(): Exchange | undefined {
    return this.#current?.exchange;
  }

  /** Ends the connection as soon as the request in progress is answered. */
  drain(): void {
    this.isLastRequest = true;
    if (this.#phase === 'idle') this.#close();
  }

  /** Cuts the connection, to make room for others. */
  evict(): void {
    this.#connection.destroy();
  }

  // --- what comes from the socket -----------------------------------------------------------------------------------

  received(bytes: Buffer, start: number, end: number): void {
    if (this.#stash === undefined) this.#process(bytes, start, end);
    else this.#keep(bytes, start, end);
  }

  peerEnded(): void {
    this.isLastRequest = true;
    this.#hasPeerEnded = true;
    if (this.#phase === 'head') this.#release();
    if (this.#phase === 'idle' || this.#phase === 'head') this.#close();
    else if (this.#phase === 'exchange' && this.#stash === undefined) this.#current?.clientEnded();
  }

  drained(): void {
    if (this.#phase === 'idle') {
      this.arm(this.#listener.settings.keepAliveTimeoutMs);
      this.readOn();
    } else if (this.#phase === 'exchange') this.#current?.drained();
  }

  closed(error: Error | undefined): void {
    this.disarm();
    this.#listener.forget(this);
    const exchange = this.#current?.exchange;
    if (exchange === undefined) return;
    if (this.#phase === 'head') {
      this.#release();
      return;
    }
    if (exchange.stage !== 'complete') {
      const why = 'the client closed the connection';
      exchange.failure ??= new Failure('client-closed', 'downstream', why, { cause: error });
      exchange.stage = 'broken';
      try {
        exchange.abortSink(exchange.failure);
      } catch (fault) {
        this.#listener.link.fault(fault);
      }
    }
    this.exchangeEnded();
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  #process(bytes: Buffer, start: number, end: number): void {
    this.isReading = true;
    try {
      for (let at = start; at < end; ) at = this.#read(bytes, at, end);
    } catch (error) {
      this.fault(error);
    }
    this.isReading = false;
    // The handler may have let the body go on within the very read in which it held it.
    if (this.#stash === undefined && this.#connection.isPaused && this.#current?.body.stage !== 'held')
      this.#connection.resume();
  }

  /** @returns how far it came */
  #read(bytes: Buffer, start: number, end: number): number {
    switch (this.#phase) {
      case 'idle':
        // No answer is prepared for a client that does not take the one before.
        if (this.#connection.isCongested) return this.#keep(bytes, start, end);
        this.#current = this.#listener.lend(this.#connection, this);
        this.#current.exchange.startedWall = this.#listener.clock.wall();
        this.#bytesInBefore = this.#connection.bytesIn - (end - start);
        this.#isHeadTimed = false;
        this.#phase = 'head';
        return this.#readHead(this.#current, bytes, start, end);
      case 'head':
        return this.#readHead(this.#current as Http1Exchange, bytes, start, end);
      case 'exchange': {
        const { body } = this.#current as Http1Exchange;
        if (body.stage !== 'flowing' && body.stage !== 'unwanted') return this.#keep(bytes, start, end);
        return (this.#current as Http1Exchange).readBody(bytes, start, end);
      }
      case 'closing':
        return end;
    }
  }

  #readHead(current: Http1Exchange, bytes: Buffer, start: number, end: number): number {
    const { head } = current;
    const state = head.parse(bytes, start, end);
    if (state === MORE) {
      if (!this.#isHeadTimed) this.arm(this.#listener.settings.headTimeoutMs);
      this.#isHeadTimed = true;
      return end;
    }
    if (state !== FAILED && !head.hasUnknownExpectation) {
      this.#start(current);
      return head.consumed;
    }
    const why = 'the request expects something other than 100-continue';
    this.#refuse(current, head.failure ?? new Failure('unknown-expectation', 'downstream', why, { status: 417 }));
    return end;
  }

  #start(current: Http1Exchange): void {
    const { exchange, body } = current;
    const { settings, handler } = this.#listener;
    this.#begin(current);
    this.#requestCount++;
    exchange.keepAlive =
      exchange.request.keepAlive &&
      settings.keepAlive &&
      !this.isLastRequest &&
      (settings.maxKeepAliveRequests === 0 || this.#requestCount < settings.maxKeepAliveRequests);
    body.begin();
    handler.handle(exchange);
  }

  /** Answers a request that cannot be understood, and closes. */
  #refuse(current: Http1Exchange, failure: Failure): void {
    this.#begin(current);
    this.isLastRequest = true;
    current.refuse(failure);
  }

  #begin({ exchange }: Http1Exchange): void {
    this.disarm();
    this.#phase = 'exchange';
    this.#bytesOutBefore = this.#connection.bytesOut;
    exchange.startedAt = this.#listener.clock.now();
    exchange.connectionRequests = this.#requestCount;
  }

  /** Keeps octets that cannot be used yet and stops reading. */
  #keep(bytes: Buffer, start: number, end: number): number {
    const kept = Buffer.from(bytes.subarray(start, end));
    this.#stash = this.#stash === undefined ? kept : Buffer.concat([this.#stash, kept]);
    this.#connection.pause();
    return end;
  }

  // --- for the exchange in progress (Http1Carrier) ------------------------------------------------------------------

  readOn(): void {
    const stash = this.#stash;
    this.#stash = undefined;
    if (stash === undefined) this.#connection.resume();
    else {
      this.#process(stash, 0, stash.length);
      if (this.#hasPeerEnded && this.#stash === undefined && this.#phase === 'exchange') this.#current?.clientEnded();
    }
  }

  arm(ms: number): void {
    this.#listener.link.deadlines.arm(this.#deadline, ms);
  }

  disarm(): void {
    this.#listener.link.deadlines.disarm(this.#deadline);
  }

  exchangeEnded(): void {
    const current = this.#current;
    if (current === undefined) return;
    const { exchange, body } = current;
    const { link, handler, settings } = this.#listener;
    const isWhole = exchange.stage === 'complete' && body.stage === 'complete';
    const isLast = this.isLastRequest && this.#stash === undefined;
    const keepAlive = exchange.keepAlive && isWhole && !isLast;
    exchange.wireBytesOut = this.#connection.bytesOut - this.#bytesOutBefore;
    exchange.wireBytesIn = this.#connection.bytesIn - this.#bytesInBefore - (this.#stash?.length ?? 0);
    this.#phase = keepAlive ? 'idle' : 'closing';
    try {
      handler.finished(exchange);
    } catch (error) {
      link.fault(error);
    }
    try {
      exchange.endSink();
    } catch (error) {
      link.fault(error);
    }
    this.#release();
    if (this.#connection.isClosed) return;
    if (!keepAlive) this.#close();
    else {
      this.arm(this.#connection.isCongested ? settings.timeoutMs : settings.keepAliveTimeoutMs);
      if (!this.isReading && this.#stash !== undefined) this.readOn();
    }
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  #timedOut(): void {
    const current = this.#current;
    try {
      if (this.#connection.isCongested) this.#lookAtProgress();
      else if (current === undefined) this.#close();
      else if (this.#phase === 'head') {
        this.#refuse(
          current,
          new Failure('head-timeout', 'downstream', 'the request head took too long', { status: 408 }),
        );
      } else current.timedOut();
    } catch (error) {
      this.fault(error);
    }
  }

  /** However slowly: as long as the client takes something, it is served (httpd's Timeout runs between writes, too). */
  #lookAtProgress(): void {
    if (this.#connection.hasProgressed()) {
      this.arm(this.#listener.settings.timeoutMs);
      return;
    }
    const exchange = this.#current?.exchange;
    if (exchange !== undefined) {
      const why = 'the client took nothing of the response for too long';
      exchange.failure ??= new Failure('client-stalled', 'downstream', why);
    }
    this.#connection.reset();
  }

  /** A mistake of ours while this connection was served: the client is told so, if it can be. */
  fault(error: unknown): void {
    const { link } = this.#listener;
    link.fault(error);
    if (this.#phase === 'head') this.#connection.destroy();
    if (this.#phase !== 'exchange') {
      this.#close();
      return;
    }
    try {
      const why = 'a mistake in the server';
      this.#current?.abort(new Failure('internal-fault', 'internal', why, { status: 500, cause: error }));
    } catch (again) {
      link.fault(again);
      this.#connection.destroy();
    }
  }

  #close(): void {
    this.#phase = 'closing';
    this.#stash = undefined;
    this.disarm();
    this.#connection.endLingering(this.#listener.settings.timeoutMs);
  }

  #release(): void {
    if (this.#current !== undefined) this.#listener.takeBack(this.#current);
    this.#current = undefined;
  }
}

// What reading a request takes: an exchange to fill, a head parser, a body decoder. Lent to a connection while a request
// is in progress, so that ten thousand idle connections hold none.

import type { Connection } from '../link/connection.ts';
import { BodyDecoder } from '../wire/http1/body.ts';
import { type RequestHeadLimits, RequestHeadParser } from '../wire/http1/request-head.ts';
import { type ConnectionFacts, type Downstream, Exchange } from './exchange.ts';

/** Readers kept for reuse; more are made and dropped again under a crowd. */
const SPARE_READERS_MAX = 256;

export class RequestReader {
  readonly exchange: Exchange;
  readonly head: RequestHeadParser;
  readonly body: BodyDecoder;

  constructor(limits: RequestHeadLimits, facts: ConnectionFacts, downstream: Downstream) {
    this.exchange = new Exchange(facts, downstream);
    this.head = new RequestHeadParser(limits, this.exchange.request);
    this.body = new BodyDecoder();
  }
}

export class RequestReaders {
  readonly #spare: RequestReader[] = [];

  lend(limits: RequestHeadLimits, connection: Connection, downstream: Downstream): RequestReader {
    const reader = this.#spare.pop() ?? new RequestReader(limits, connection, downstream);
    reader.exchange.attach(connection, downstream);
    reader.exchange.reset();
    reader.head.reset(limits);
    return reader;
  }

  takeBack(reader: RequestReader): void {
    if (this.#spare.length < SPARE_READERS_MAX) this.#spare.push(reader);
  }
}

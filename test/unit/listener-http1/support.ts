// Shared by the tests of the HTTP/1 listener: a listener on a virtual clock whose handler keeps a record of each exchange,
// and raw clients over real sockets.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { VirtualClock } from '../../../src/base/clock.ts';
import type { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Link } from '../../../src/link/link.ts';
import type { Exchange, ExchangeSink } from '../../../src/listener/exchange.ts';
import { Http1Listener, type Http1Settings } from '../../../src/listener/http1-listener.ts';
import { defaultRequestHeadLimits } from '../../../src/wire/http1/limits.ts';

/** What one exchange went through, in order. */
export class Record implements ExchangeSink {
  readonly exchange: Exchange;
  readonly target: string;
  body = '';
  bodyBytes = 0;
  isComplete = false;
  drainedCount = 0;
  failure: Failure | undefined = undefined;
  endedCount = 0;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.target = exchange.request.target;
  }

  requestBody(bytes: Buffer, start: number, end: number): void {
    this.bodyBytes += end - start;
    if (this.body.length < 10_000) this.body += bytes.toString('latin1', start, end);
  }

  requestEnd(): void {
    this.isComplete = true;
  }

  drained(): void {
    this.drainedCount++;
  }

  aborted(failure: Failure): void {
    this.failure = failure;
  }

  ended(): void {
    this.endedCount++;
  }
}

export const settings: Http1Settings = {
  limits: defaultRequestHeadLimits,
  headTimeoutMs: 20_000,
  timeoutMs: 60_000,
  keepAlive: true,
  keepAliveTimeoutMs: 5_000,
  maxKeepAliveRequests: 100,
  server: 'Catflap',
  connectionsMax: 50,
};

export function respond(exchange: Exchange, body: string, length: number | undefined = body.length): void {
  exchange.response.status = 200;
  if (length !== undefined) exchange.response.bodyLength = length;
  exchange.sendHead();
  exchange.sendBody(Buffer.from(body), 0, body.length);
  exchange.sendEnd();
}

const TEXT_KEPT = 2_000_000;
/** The end of a body in chunks. */
export const LAST_CHUNK = /\r\n0\r\n\r\n$/;

/** A raw client that keeps what it hears. */
export class Client {
  readonly socket: Socket;
  /** What came, of a very long response the beginning only. */
  text = '';
  /** The last octets. */
  tail = '';
  byteCount = 0;
  hasEnded = false;
  isClosed = false;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (bytes) => {
      this.byteCount += bytes.length;
      this.tail = (this.tail + bytes.toString('latin1', Math.max(0, bytes.length - 40))).slice(-40);
      if (this.text.length < TEXT_KEPT) this.text += bytes.toString('latin1');
    });
    this.socket.on('end', () => {
      this.hasEnded = true;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('error', () => {});
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  get statuses(): string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => match[1]);
  }
}

/** Lets sockets work until the fact holds; fails when it does not come to hold. */
export async function until(fact: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (!fact()) {
    if (performance.now() > end) assert.fail(`never came true: ${what}`);
    await turn();
  }
}

/** Answers with far more than the sockets hold. @returns how much */
export function answerTooMuch(exchange: Exchange): number {
  const piece = Buffer.alloc(60_000, 'z');
  exchange.response.status = 200;
  exchange.sendHead();
  let sent = 0;
  while (!exchange.congested) {
    exchange.sendBody(piece, 0, piece.length);
    exchange.flush();
    sent += piece.length;
  }
  for (let i = 0; i < 400; i++, sent += piece.length) exchange.sendBody(piece, 0, piece.length);
  return sent;
}

/** One listener with what it has served and the clients that came. */
export class Place {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: MemoryLog = new MemoryLog();
  readonly listener: Http1Listener;
  readonly records: Record[] = [];
  /** Target and status of each exchange that is over. */
  readonly finished: string[] = [];
  /** Connects one more client; it is gone when the place is closed. */
  readonly open: () => Client;
  readonly #clients: Client[] = [];

  private constructor(plainReads: boolean, onExchange: (record: Record) => void) {
    const { records, finished } = this;
    const handler = {
      handle(exchange: Exchange): void {
        const record = new Record(exchange);
        records.push(record);
        exchange.sink = record;
        onExchange(record);
      },
      refuse(exchange: Exchange, failure: Failure): void {
        exchange.response.status = failure.status ?? 400;
        exchange.response.bodyLength = 0;
        exchange.sendHead();
        exchange.sendEnd();
      },
      finished(exchange: Exchange): void {
        finished.push(`${exchange.request.target} ${exchange.response.status}`);
      },
    };
    this.listener = new Http1Listener(
      new Link(this.clock, this.log),
      { address: '127.0.0.1', port: 0, plainReads },
      settings,
      handler,
      this.log,
    );
    this.open = () => {
      const client = new Client(this.listener.address.port);
      this.#clients.push(client);
      return client;
    };
  }

  /** @param onExchange what the handler does with each exchange, when its record is made */
  static async open(plainReads: boolean, onExchange: (record: Record) => void): Promise<Place> {
    const place = new Place(plainReads, onExchange);
    await place.listener.listen();
    return place;
  }

  close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    this.listener.cut();
    return this.listener.stop();
  }
}

// An exchange whose downstream writes down what a handler does with it.

import { VirtualClock } from '../../../src/base/clock.ts';
import type { Failure } from '../../../src/base/failure.ts';
import type { Fields } from '../../../src/base/fields.ts';
import { type ConnectionFacts, type Downstream, Exchange } from '../../../src/listener/exchange.ts';

export const CLIENT: ConnectionFacts = {
  remoteAddress: '192.0.2.7',
  remotePort: 50123,
  localAddress: '192.0.2.1',
  localPort: 8080,
  tls: undefined,
};

export interface RecorderOptions {
  readonly method?: string;
  readonly target?: string;
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  /** `congested` becomes true after every so many body octets. */
  readonly congestEvery?: number;
  readonly wall?: number;
  readonly connection?: ConnectionFacts;
}

export class Recorder implements Downstream {
  readonly exchange: Exchange;
  body: Buffer = Buffer.alloc(0);
  headCount = 0;
  flushCount = 0;
  isEnded = false;
  isBroken = false;
  readonly #congestEvery: number;
  #sinceCongestion = 0;
  #done: (() => void)[] = [];

  constructor(options: RecorderOptions = {}) {
    this.exchange = new Exchange(options.connection ?? CLIENT, this);
    this.#congestEvery = options.congestEvery ?? Number.POSITIVE_INFINITY;
    const { request } = this.exchange;
    this.exchange.reset();
    this.exchange.startedWall = options.wall ?? Date.now();
    request.method = options.method ?? 'GET';
    request.target = options.target ?? '/';
    request.keepAlive = true;
    for (const [name, value] of Object.entries(options.fields ?? {})) {
      for (const each of typeof value === 'string' ? [value] : value) request.fields.add(name, each);
    }
  }

  get status(): number {
    return this.exchange.response.status;
  }

  /** Value of a response field; several are joined as a client would. */
  field(name: string): string | undefined {
    const values = this.exchange.response.fields.getAll(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  get text(): string {
    return this.body.toString('utf8');
  }

  /** Resolves when the response has ended or was broken off. */
  async finished(): Promise<this> {
    if (!this.isEnded && !this.isBroken) await new Promise<void>((resolve) => this.#done.push(resolve));
    return this;
  }

  /** The client takes what it was sent. */
  drain(): void {
    this.exchange.congested = false;
    this.exchange.sink.drained();
  }

  abort(failure: Failure): void {
    this.exchange.stage = 'broken';
    this.exchange.sink.aborted(failure);
  }

  sendInterim(): void {}

  sendHead(exchange: Exchange): void {
    if (exchange.stage !== 'open') throw new Error('head sent twice');
    exchange.stage = 'head-sent';
    this.headCount++;
  }

  sendBody(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    if (exchange.stage !== 'head-sent') throw new Error(`body while ${exchange.stage}`);
    if (exchange.request.method === 'HEAD') throw new Error('body for HEAD');
    this.body = Buffer.concat([this.body, bytes.subarray(start, end)]);
    exchange.responseBodyBytes += end - start;
    this.#sinceCongestion += end - start;
    if (this.#sinceCongestion >= this.#congestEvery) {
      this.#sinceCongestion = 0;
      exchange.congested = true;
    }
  }

  sendEnd(exchange: Exchange, _trailers: Fields | undefined): void {
    if (exchange.stage !== 'head-sent') throw new Error(`end while ${exchange.stage}`);
    exchange.stage = 'complete';
    this.isEnded = true;
    exchange.sink.ended();
    for (const each of this.#done) each();
  }

  flush(): void {
    this.flushCount++;
  }

  pauseBody(): void {}

  resumeBody(): void {}

  switchProtocols(): boolean {
    return false;
  }

  breakOff(exchange: Exchange): void {
    exchange.stage = 'broken';
    this.isBroken = true;
    for (const each of this.#done) each();
  }
}

export function clockAt(wall: number): VirtualClock {
  return new VirtualClock(wall);
}

// A request body on its way from an AJP connection to the handler: keeps what came before it was wanted, and says the
// end once. What is kept is the rest of one packet at most, because no further packet is asked for while it waits.

import type { Exchange } from './exchange.ts';

export class AjpBody {
  /** The handler wants octets now. */
  #isWanted = false;
  #hasEnded = true;
  #hasSaidEnd = false;
  readonly #kept: Buffer[] = [];

  begin(isEmpty: boolean): void {
    this.#isWanted = false;
    this.#hasEnded = isEmpty;
    this.#hasSaidEnd = false;
  }

  /** The handler waits for octets that the front end has not sent. */
  get isHungry(): boolean {
    return this.#isWanted && !this.#hasEnded;
  }

  /** Octets came; they are borrowed. */
  take(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    exchange.requestBodyBytes += end - start;
    if (this.#isWanted && this.#kept.length === 0) exchange.sink.requestBody(bytes, start, end);
    else this.#kept.push(Buffer.from(bytes.subarray(start, end)));
  }

  end(exchange: Exchange): void {
    this.#hasEnded = true;
    this.#sayEnd(exchange);
  }

  pause(): void {
    this.#isWanted = false;
  }

  resume(exchange: Exchange): void {
    this.#isWanted = true;
    for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next())
      exchange.sink.requestBody(bytes, 0, bytes.length);
    this.#sayEnd(exchange);
  }

  /** The exchange is over: whatever was kept is of no use. */
  drop(): void {
    this.#isWanted = false;
    this.#hasEnded = true;
    this.#kept.length = 0;
  }

  #next(): Buffer | undefined {
    return this.#isWanted ? this.#kept.shift() : undefined;
  }

  #sayEnd(exchange: Exchange): void {
    if (!this.#hasEnded || !this.#isWanted || this.#hasSaidEnd || this.#kept.length > 0) return;
    this.#hasSaidEnd = true;
    exchange.sink.requestEnd();
  }
}

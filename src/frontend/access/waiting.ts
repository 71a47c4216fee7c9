// An exchange between two phases: something outside the loop must be found out before it can go on. Its body waits like
// it; a client that goes takes it along.

import type { Link } from '../../link/link.ts';
import { type Exchange, type ExchangeSink, noSink } from '../../listener/exchange.ts';

/** Takes back what was asked; nothing is heard of it any more. */
export type TakeBack = () => void;

export class Waiting implements ExchangeSink {
  readonly #exchange: Exchange;
  readonly #link: Link;
  readonly #goOn: () => void;
  #takeBack: TakeBack | undefined = undefined;
  #isOver = false;

  private constructor(exchange: Exchange, link: Link, goOn: () => void) {
    this.#exchange = exchange;
    this.#link = link;
    this.#goOn = goOn;
  }

  /**
   * Lets the exchange wait until `ask` says that it is done, then goes on; never when the client has gone before. `ask`
   * may be done at once.
   */
  static until(
    exchange: Exchange,
    link: Link,
    ask: (done: () => void) => TakeBack | undefined,
    goOn: () => void,
  ): void {
    const waiting = new Waiting(exchange, link, goOn);
    exchange.sink = waiting;
    const takeBack = ask(() => waiting.#done());
    if (!waiting.#isOver) waiting.#takeBack = takeBack;
  }

  requestBody(): void {}

  requestEnd(): void {}

  drained(): void {}

  aborted(): void {
    this.#leave();
  }

  ended(): void {
    this.#leave();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#takeBack?.();
  }

  #done(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange.sink = noSink;
    try {
      this.#goOn();
    } catch (error) {
      this.#link.fault(error);
      this.#exchange.breakOff();
    }
  }
}

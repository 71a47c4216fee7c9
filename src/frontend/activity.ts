// What the server has done since it started, for status pages: requests are counted as they end, whatever became of them.

import type { Clock } from '../base/clock.ts';
import type { Exchange } from '../listener/exchange.ts';

export class Activity {
  readonly #clock: Clock;
  /** Wall time, ms since 1970. */
  readonly startedWall: number;
  readonly #startedAt: number;
  requests = 0;
  /** Octets of response bodies. */
  sentBytes = 0;
  /** Of all requests together, each from its head to its end. */
  durationMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedWall = clock.wall();
    this.#startedAt = clock.now();
  }

  get uptimeMs(): number {
    return this.#clock.now() - this.#startedAt;
  }

  count(exchange: Exchange): void {
    this.requests++;
    this.sentBytes += exchange.responseBodyBytes;
    this.durationMs += Math.max(0, this.#clock.now() - exchange.startedAt);
  }
}

/** The server around a frontend. */
export interface ServerFacts {
  /** Counts configurations in force, from 1. */
  readonly generation: number;
  readonly connectionCount: number;
  /** Connections that may be open at once. */
  readonly connectionsMax: number;
  /** What operators change can be saved, as far as can be known without trying. */
  readonly savesChanges: boolean;
  /** Requests in progress, under whatever configuration; one whose head is still coming has no `attachment`. */
  exchanges(): Iterable<Exchange>;
}

/** Of a frontend that nothing listens for. */
export const NO_SERVER: ServerFacts = {
  generation: 1,
  connectionCount: 0,
  connectionsMax: 0,
  savesChanges: false,
  exchanges: () => [],
};

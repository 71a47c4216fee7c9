// What all connections of one thread share: the clock, the deadlines, the names, the read buffer and the scratch.

import type { Server } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Deadlines } from './deadlines.ts';
import { Names, type Resolver } from './names.ts';
import { Scratch } from './scratch.ts';

/** One read takes at most this much; measured: larger buffers gain little and cost latency to others. */
const READ_BYTES = 64 * 1024;

/** Binds an address for a process that may not: the server listens already. Undefined when nobody may. */
export type ListenInstead = (address: string | undefined, port: number, backlog: number) => Promise<Server | undefined>;

export class Link {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly names: Names;
  readonly scratch: Scratch = new Scratch();
  /** Every socket of the thread reads into this buffer; its content is gone when the read callback returns. */
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  /** Asked for addresses that this process may not bind. */
  readonly listenInstead: ListenInstead | undefined;
  readonly #log: Log;

  /**
   * @param resolver who knows the addresses of names. Default: the system
   * @param listenInstead who binds what this process may not. Default: nobody
   */
  constructor(clock: Clock, log: Log, resolver?: Resolver, listenInstead?: ListenInstead) {
    this.listenInstead = listenInstead;
    this.clock = clock;
    this.#log = log;
    this.names = new Names(clock, resolver);
    this.deadlines = new Deadlines(clock, (error) => this.fault(error));
  }

  /** A mistake of ours came up while a connection was served: it costs that connection, not the process. */
  fault(error: unknown): void {
    this.#log.error('internal-fault', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

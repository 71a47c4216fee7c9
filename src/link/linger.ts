// The end of a connection whose peer may still be sending (RFC 9112 §9.6): what was written leaves at the peer's pace,
// then what the peer sends is read and forgotten for a while, so that no reset overtakes our last octets.

import type { Connection } from './connection.ts';
import { Deadline } from './deadlines.ts';
import type { Link } from './link.ts';

/** Silence after which a peer that has everything is cut, and for how long it may go on sending (as httpd's lingering close). */
const SILENCE_MS = 2_000;
const TOTAL_MS = 30_000;

export class Linger {
  readonly #connection: Connection;
  readonly #link: Link;
  readonly #patienceMs: number;
  readonly #deadline: Deadline;
  /** When reading ends whatever comes; undefined while octets of ours wait. */
  #endsAt: number | undefined = undefined;

  constructor(connection: Connection, link: Link, patienceMs: number) {
    this.#connection = connection;
    this.#link = link;
    this.#patienceMs = patienceMs;
    this.#deadline = new Deadline(() => this.#expired());
    const { socket } = connection;
    if (socket.writableFinished) this.#delivered();
    else {
      link.deadlines.arm(this.#deadline, patienceMs);
      socket.once('finish', () => this.#delivered());
    }
  }

  /** The peer has sent something, which nobody wants. */
  received(): void {
    if (this.#endsAt === undefined) return;
    if (this.#link.clock.now() >= this.#endsAt) this.#connection.destroy();
    else this.#link.deadlines.arm(this.#deadline, SILENCE_MS);
  }

  stop(): void {
    this.#link.deadlines.disarm(this.#deadline);
  }

  /** Everything has left, our end included. */
  #delivered(): void {
    if (this.#connection.isClosed) return;
    this.#endsAt = this.#link.clock.now() + TOTAL_MS;
    this.#link.deadlines.arm(this.#deadline, SILENCE_MS);
  }

  #expired(): void {
    if (this.#endsAt === undefined && this.#connection.hasProgressed())
      this.#link.deadlines.arm(this.#deadline, this.#patienceMs);
    else this.#connection.destroy();
  }
}

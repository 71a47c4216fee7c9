// `addressttl`: a backend's name is asked for again when its time is over, as long as there are connections, and what is
// idle and leads to an address it no longer has is closed. Requests in progress are left alone.

import { parseAddress } from '../../base/addresses.ts';
import type { Timer } from '../../base/clock.ts';
import type { Link } from '../../link/link.ts';
import type { Pool, Poolable } from '../../link/pool.ts';

/** Shortest time between two questions: a resolver that fails is not asked in a loop. */
const LEAST_MS = 100;

export class NameWatch {
  readonly #name: string;
  readonly #ttlMs: number;
  readonly #pool: Pool<Poolable>;
  readonly #link: Link;
  #timer: Timer | undefined = undefined;
  #isStopped = false;

  private constructor(name: string, ttlMs: number, pool: Pool<Poolable>, link: Link) {
    this.#name = name;
    this.#ttlMs = ttlMs;
    this.#pool = pool;
    this.#link = link;
    this.#wait(ttlMs);
  }

  /** Undefined for an IP address. */
  static of<T extends Poolable>(host: string, ttlMs: number, pool: Pool<T>, link: Link): NameWatch | undefined {
    return parseAddress(host) === undefined ? new NameWatch(host, ttlMs, pool as Pool<Poolable>, link) : undefined;
  }

  /** Whether the name has this address. */
  holds(address: string): boolean {
    return this.#link.names.has(this.#name, address);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #wait(ms: number): void {
    if (!this.#isStopped) this.#timer = this.#link.clock.after(Math.max(ms, LEAST_MS), () => this.#look());
  }

  #look(): void {
    const { names } = this.#link;
    if (this.#pool.open === 0) {
      // Whoever dials asks for the name anyhow.
      this.#wait(this.#ttlMs);
      return;
    }
    names.find(this.#name, this.#ttlMs, () => {
      this.#pool.closeUnusable();
      this.#wait(names.freshFor(this.#name, this.#ttlMs) || this.#ttlMs);
    });
  }
}

// The connections to one backend: reused last-in-first-out, so that the surplus grows old and can be closed; capped,
// with those who wait served in order. Protocol-free: AJP and HTTP upstreams use the same pool. modproxy.md §12.

/** A connection that can rest in a pool. */
export interface Poolable {
  /** False once the backend has closed it or has sent something nobody asked for. */
  readonly isReusable: boolean;
  /** Serves only those who ask for the same. */
  readonly label?: string | undefined;
  /** The pool gives it up: close it. */
  retire(): void;
}

/** Someone who waits for a free place. Called once; it asks `acquire` again. */
export interface PoolWaiter {
  placeFree(): void;
}

export interface PoolLimits {
  /** Most connections open at once, busy and idle together. */
  readonly max: number;
  /** Idle connections above this many are closed when they are older than `ttlMs`. */
  readonly softMax: number;
  /** 0: idle connections never grow too old. */
  readonly ttlMs: number;
  /** Idle connections are asked for by age (`takeIdleFor`). Default false. */
  readonly keepsAges?: boolean;
}

/** Most requests that may wait for one pool; the next one is told `full`. */
const WAITERS_MAX = 10_000;

export type Acquired<T> = T | 'dial' | 'wait' | 'full';

export class Pool<T extends Poolable> {
  readonly #limits: PoolLimits;
  readonly #now: () => number;
  readonly #idle: T[] = [];
  readonly #idleSince: number[] = [];
  readonly #waiters = new Set<PoolWaiter>();
  #isRetired = false;
  #open = 0;
  /** Most that were open at once, since this was last set to 0. */
  openMax = 0;

  constructor(limits: PoolLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Connections open or being opened. */
  get open(): number {
    return this.#open;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Takes an idle connection; or grants a place to dial (`open` is counted up at once: call `dropped` if it comes to
   * nothing); or queues the waiter. Where all places are taken, an idle connection of another label makes room.
   */
  acquire(waiter: PoolWaiter, label?: string): Acquired<T> {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      const since = this.#idleSince.pop() as number;
      if (last.isReusable && last.label === label) return last;
      if (last.isReusable) {
        this.#idle.push(last);
        this.#idleSince.push(since);
        return this.#acquireLabelled(waiter, label);
      }
      this.#open--;
      last.retire();
    }
    return this.#acquirePlace(waiter);
  }

  /** Connections of several labels are idle: the youngest of this one, or a place. */
  #acquireLabelled(waiter: PoolWaiter, label: string | undefined): Acquired<T> {
    const at = this.#idle.findLastIndex((idle) => idle.label === label && idle.isReusable);
    if (at >= 0) {
      this.#idleSince.splice(at, 1);
      return this.#idle.splice(at, 1)[0];
    }
    if (this.#open >= this.#limits.max) this.#retireOldest();
    return this.#acquirePlace(waiter);
  }

  #acquirePlace(waiter: PoolWaiter): Acquired<T> {
    if (this.#open < this.#limits.max) {
      return this.#dial();
    }
    if (this.#waiters.size >= WAITERS_MAX) return 'full';
    this.#waiters.add(waiter);
    return 'wait';
  }

  /** As `acquire`, but only a new connection will do: the idle ones are suspect and are closed. */
  acquireFresh(waiter: PoolWaiter): Acquired<T> {
    this.drain();
    return this.#acquirePlace(waiter);
  }

  /** As `acquire`, but only a new connection will do, although the idle ones are good: the oldest makes room for it. */
  acquireNew(waiter: PoolWaiter): Acquired<T> {
    if (this.#open >= this.#limits.max && this.#idle.length > 0) this.#retireOldest();
    if (this.#open < this.#limits.max) {
      return this.#dial();
    }
    return this.#acquirePlace(waiter);
  }

  /** The waiter has lost its patience. */
  stopWaiting(waiter: PoolWaiter): void {
    this.#waiters.delete(waiter);
  }

  /** Takes a connection back after use. */
  release(connection: T): void {
    if (!connection.isReusable || this.#isRetired) {
      this.#open--;
      connection.retire();
    } else {
      this.#idle.push(connection);
      this.#idleSince.push(this.#limits.ttlMs > 0 || this.#limits.keepsAges === true ? this.#now() : 0);
    }
    this.#serveNext();
  }

  /** A busy or dialling connection is gone; its place is free. */
  dropped(): void {
    this.#open--;
    this.#serveNext();
  }

  /** An idle connection has died by itself. */
  forget(connection: T): void {
    const at = this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#idleSince.splice(at, 1);
    this.#open--;
    this.#serveNext();
  }

  /** Closes idle connections above `softMax` that are older than `ttlMs`; to be called now and then. */
  closeOld(): void {
    if (this.#limits.ttlMs <= 0) return;
    const oldest = this.#now() - this.#limits.ttlMs;
    while (this.#idle.length > 0 && this.#open > this.#limits.softMax && this.#idleSince[0] <= oldest)
      this.#retireOldest();
  }

  /** Takes out the connection that has been idle the longest, if that is longer than `ms`; it counts as in use. */
  takeIdleFor(ms: number): T | undefined {
    if (this.#idle.length === 0 || this.#now() - this.#idleSince[0] <= ms) return undefined;
    this.#idleSince.shift();
    return this.#idle.shift();
  }

  /** Closes idle connections that have become useless. */
  closeUnusable(): void {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const connection = this.#idle[i];
      if (connection.isReusable) continue;
      this.forget(connection);
      connection.retire();
    }
  }

  /** Closes all idle connections. */
  drain(): void {
    while (this.#idle.length > 0) this.#retireOldest();
  }

  /** Nobody new will ask: idle connections are closed now, busy ones and those being dialled when they are released. */
  retire(): void {
    this.#isRetired = true;
    this.drain();
  }

  #retireOldest(): void {
    const connection = this.#idle.shift();
    this.#idleSince.shift();
    this.#open--;
    connection?.retire();
  }

  #dial(): 'dial' {
    this.#open++;
    if (this.#open > this.openMax) this.openMax = this.#open;
    return 'dial';
  }

  #serveNext(): void {
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter);
      waiter.placeFree();
      return;
    }
  }
}

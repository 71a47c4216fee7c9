// Time as an argument. Everything that waits, expires or retries takes a Clock; only the entry points pick the real one.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds on a clock that never jumps; its zero means nothing. */
  now(): number;
  /** Milliseconds since 1970 (UTC), for logs and for what leaves the process. */
  wall(): number;
  /** Calls `run` once, `delayMs` from now, unless cancelled. A pending timer does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A clock that stands still until a test advances it. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #epoch: number;
  #pending: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  /** @param epoch wall time at the start, ms since 1970 */
  constructor(epoch = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#epoch + this.#now;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }

  /** Moves time forward and runs what falls due, in order, at its own instant. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#pending.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#pending = this.#pending.filter((entry) => entry !== due);
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }
}

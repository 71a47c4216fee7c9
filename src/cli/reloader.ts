// Reloads one after another: wishes that come while one is under way become a single further one, and storms of signals
// leave time to serve. What went wrong last is kept for `status`.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ReloadManner } from '../frontend/server.ts';
import { explain } from './explain.ts';

/** Time between the end of a reload and the start of the next one. */
const PAUSE_MS = 200;

/** How a reload went. */
export interface ReloadReport {
  readonly manner: ReloadManner;
  readonly isDone: boolean;
  /** ISO 8601. */
  readonly at: string;
  readonly durationMs: number;
  /** Why it was not done: the old configuration stays in force. */
  readonly error: string | null;
}

export class Reloader {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reload: (manner: ReloadManner) => Promise<void>;
  #next: { manner: ReloadManner; result: PromiseWithResolvers<ReloadReport> } | undefined = undefined;
  #isBusy = false;
  #last: ReloadReport | undefined = undefined;
  #doneCount = 0;
  #failedCount = 0;

  /** @param reload carries one out, or rejects with everything as it was */
  constructor(reload: (manner: ReloadManner) => Promise<void>, clock: Clock, log: Log) {
    this.#reload = reload;
    this.#clock = clock;
    this.#log = log;
  }

  /** For `status`. */
  get report(): { doneCount: number; failedCount: number; last: ReloadReport | null } {
    return { doneCount: this.#doneCount, failedCount: this.#failedCount, last: this.#last ?? null };
  }

  /** Wishes for a reload that begins after this call. Never rejects. */
  request(manner: ReloadManner): Promise<ReloadReport> {
    this.#next ??= { manner, result: Promise.withResolvers() };
    if (manner === 'restart') this.#next.manner = manner;
    const { promise } = this.#next.result;
    if (!this.#isBusy) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    const wish = this.#next;
    if (wish === undefined) return;
    this.#next = undefined;
    this.#isBusy = true;
    const { manner } = wish;
    const startedAt = this.#clock.now();
    const at = new Date(this.#clock.wall()).toISOString();
    const facts = () => ({ manner, at, durationMs: Math.round(this.#clock.now() - startedAt) });
    try {
      await this.#reload(manner);
      this.#doneCount++;
      this.#last = { ...facts(), isDone: true, error: null };
      this.#log.info('reloaded', { manner, durationMs: this.#last.durationMs });
    } catch (error) {
      this.#failedCount++;
      this.#last = { ...facts(), isDone: false, error: explain(error) };
      this.#log.error('reload-failed', { manner, error: this.#last.error, inForce: 'the old configuration' });
    }
    wish.result.resolve(this.#last);
    this.#clock.after(PAUSE_MS, () => {
      this.#isBusy = false;
      void this.#work();
    });
  }
}

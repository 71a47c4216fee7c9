// What is due now and then for all workers of mod_jk of a site (worker.maintain): their balancers decay and recover, and
// idle connections are asked whether they still live. Requests bring it about, or a watchdog does (JkWatchdogInterval).

import type { Maintenance } from '../../balancer/elector.ts';
import { Deadline } from '../../link/deadlines.ts';
import type { Link } from '../../link/link.ts';

/** What is looked after. */
export interface Maintained {
  maintain(): void;
}

export class SiteMaintenance implements Maintenance {
  readonly #everySeconds: number;
  readonly #watchdogMs: number;
  readonly #link: Link;
  readonly #balancers: () => Iterable<Maintained>;
  readonly #deadline = new Deadline(() => this.#wake());
  /** Whole seconds of the clock at the last look; without a watchdog the first look is that of the first request. */
  #lookedAt: number | undefined = undefined;

  /** @param everyMs worker.maintain; 0: never @param watchdogMs JkWatchdogInterval; 0: requests look */
  constructor(everyMs: number, watchdogMs: number, link: Link, balancers: () => Iterable<Maintained>) {
    this.#everySeconds = Math.floor(everyMs / 1000);
    this.#watchdogMs = watchdogMs;
    this.#link = link;
    this.#balancers = balancers;
    if (watchdogMs <= 0 || this.#everySeconds <= 0) return;
    this.#lookedAt = this.#seconds;
    link.deadlines.arm(this.#deadline, watchdogMs);
  }

  requestComes(): void {
    if (this.#watchdogMs === 0) this.#look();
  }

  stop(): void {
    this.#link.deadlines.disarm(this.#deadline);
  }

  get #seconds(): number {
    return Math.floor(this.#link.clock.now() / 1000);
  }

  #wake(): void {
    this.#link.deadlines.arm(this.#deadline, this.#watchdogMs);
    this.#look();
  }

  #look(): void {
    const now = this.#seconds;
    if (this.#everySeconds <= 0 || (this.#lookedAt !== undefined && now - this.#lookedAt < this.#everySeconds)) return;
    this.#lookedAt = now;
    for (const balancer of this.#balancers()) balancer.maintain();
  }
}

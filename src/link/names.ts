// Names of backends and their addresses. The system's resolver works in a handful of threads that files need too, so one
// name is asked for once at a time, however many dial it, and the answer is kept for a short while.

import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../base/clock.ts';

/** How long an answer is used when the configuration says nothing (httpd: until the process ends). */
const TTL_MS = 10_000;
/** Names remembered; one more lets the oldest go. */
const NAMES_MAX = 4096;

type Answered = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** All addresses of a name. */
export type Resolver = (name: string, answered: Answered) => void;

const resolveWithSystem: Resolver = (name, answered) => systemLookup(name, { all: true }, answered);

export class Names {
  readonly #clock: Clock;
  readonly #resolve: Resolver;
  readonly #known = new Map<string, { readonly addresses: LookupAddress[]; readonly at: number }>();
  readonly #asking = new Map<string, Answered[]>();
  readonly #lookups = new Map<number, LookupFunction>();

  constructor(clock: Clock, resolve: Resolver = resolveWithSystem) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  /** The `lookup` option of a socket. @param ttlMs how old an answer may be; default 10 s */
  lookupFor(ttlMs: number = TTL_MS): LookupFunction {
    let lookup = this.#lookups.get(ttlMs);
    if (lookup === undefined) {
      lookup = (name, options, answered) => {
        this.find(name, ttlMs, (error, addresses) => {
          const fitting = addresses.filter(({ family }) => !options.family || family === options.family);
          const found = fitting.length > 0 ? fitting : addresses;
          if (error !== null || options.all) answered(error, found);
          else answered(null, found[0].address, found[0].family);
        });
      };
      this.#lookups.set(ttlMs, lookup);
    }
    return lookup;
  }

  /** Whether the last answer for a name holds this address; true as long as nobody has asked for it. */
  has(name: string, address: string): boolean {
    const known = this.#known.get(name);
    return known === undefined || known.addresses.some((each) => each.address === address);
  }

  /** For how long the last answer may still be used, ms; 0 when it is too old or there is none. */
  freshFor(name: string, ttlMs: number): number {
    const known = this.#known.get(name);
    return known === undefined ? 0 : Math.max(0, known.at + ttlMs - this.#clock.now());
  }

  /** All addresses of a name, asked for when the last answer is older than `ttlMs`; while that fails, the last ones. */
  find(name: string, ttlMs: number, answered: Answered): void {
    const known = this.#known.get(name);
    if (known !== undefined && this.#clock.now() - known.at < ttlMs) {
      // Never before the socket that asks is complete.
      process.nextTick(answered, null, known.addresses);
      return;
    }
    const asking = this.#asking.get(name);
    if (asking !== undefined) {
      asking.push(answered);
      return;
    }
    this.#asking.set(name, [answered]);
    this.#resolve(name, (error, addresses) => this.#answer(name, error, addresses));
  }

  #answer(name: string, error: NodeJS.ErrnoException | null, addresses: LookupAddress[]): void {
    const asking = this.#asking.get(name) ?? [];
    const before = this.#known.get(name);
    this.#asking.delete(name);
    if (error === null && addresses.length > 0) {
      this.#known.delete(name);
      if (this.#known.size >= NAMES_MAX) this.#known.delete(this.#known.keys().next().value as string);
      this.#known.set(name, { addresses, at: this.#clock.now() });
    }
    // While the resolver is down, what it said last is better than nothing.
    if (error !== null && before !== undefined) for (const answered of asking) answered(null, before.addresses);
    else for (const answered of asking) answered(error, addresses ?? []);
  }
}

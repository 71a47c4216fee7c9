// Names of clients by their addresses, and addresses by names, for access rules that ask for them. The system's resolver
// (its hosts file, too) works in a handful of threads that files need as well: few look-ups at a time, the others wait,
// and nobody waits long.

import { lookup, lookupService } from 'node:dns';
import type { Clock } from '../base/clock.ts';

/** Look-ups under way at a time, of the four threads Node has by default. */
const AT_ONCE_MAX = 2;
/** Questions that wait; one more is answered with nothing. */
const WAITING_MAX = 256;
/** Who has no answer by then gets none. */
const PATIENCE_MS = 5_000;
/** How long an answer is used, and that there is none. */
const TTL_MS = 60_000;
/** Answers remembered; one more lets the oldest go. */
const ANSWERS_MAX = 4096;

/** The system's resolver; tests bring their own. No answer is an empty list. */
export interface NameService {
  namesOf(address: string, answered: (names: readonly string[]) => void): void;
  addressesOf(name: string, answered: (addresses: readonly string[]) => void): void;
}

const systemNames: NameService = {
  namesOf: (address, answered) =>
    lookupService(address, 0, (error, name) => answered(error === null ? [name.toLowerCase()] : [])),
  addressesOf: (name, answered) =>
    lookup(name, { all: true }, (error, found) => answered(error === null ? found.map(({ address }) => address) : [])),
};

type Answered = (found: readonly string[]) => void;
type Question = (answered: Answered) => void;

export class ClientNames {
  readonly #clock: Clock;
  readonly #service: NameService;
  readonly #known = new Map<string, { readonly found: readonly string[]; readonly until: number }>();
  readonly #asking = new Map<string, Answered[]>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(clock: Clock, service: NameService = systemNames) {
    this.#clock = clock;
    this.#service = service;
  }

  /** Addresses of a name; none when it has none, or none came in time. */
  addressesOf(name: string, answered: Answered): void {
    this.#ask(`name ${name}`, (done) => this.#service.addressesOf(name, done), answered);
  }

  /**
   * The name of an address, in lower case, when that name has this address: who owns an address may give it any name, but
   * not give that name this address. '' when there is none.
   */
  hostOf(address: string, answered: (name: string) => void): void {
    this.#ask(
      `address ${address}`,
      (done) => this.#service.namesOf(address, done),
      ([name]) => {
        if (name === undefined) answered('');
        else this.addressesOf(name, (addresses) => answered(addresses.some((one) => isSame(one, address)) ? name : ''));
      },
    );
  }

  #ask(key: string, question: Question, answered: Answered): void {
    const known = this.#known.get(key);
    if (known !== undefined && this.#clock.now() < known.until) {
      answered(known.found);
      return;
    }
    const asking = this.#asking.get(key);
    if (asking !== undefined) {
      asking.push(answered);
      return;
    }
    if (this.#running >= AT_ONCE_MAX && this.#waiting.length >= WAITING_MAX) {
      answered(NOTHING);
      return;
    }
    this.#asking.set(key, [answered]);
    const timer = this.#clock.after(PATIENCE_MS, () => this.#answer(key, NOTHING));
    this.#run((free) =>
      question((found) => {
        free();
        timer.cancel();
        this.#remember(key, found);
        this.#answer(key, found);
      }),
    );
  }

  /** Carries out the work when its turn has come. */
  #run(work: (free: () => void) => void): void {
    const begin = () => {
      this.#running++;
      work(() => {
        this.#running--;
        this.#waiting.shift()?.();
      });
    };
    if (this.#running < AT_ONCE_MAX) begin();
    else this.#waiting.push(begin);
  }

  #remember(key: string, found: readonly string[]): void {
    this.#known.delete(key);
    if (this.#known.size >= ANSWERS_MAX) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(key, { found, until: this.#clock.now() + TTL_MS });
  }

  #answer(key: string, found: readonly string[]): void {
    const askers = this.#asking.get(key) ?? [];
    this.#asking.delete(key);
    for (const answered of askers) answered(found);
  }
}

const NOTHING: readonly string[] = [];

/** IPv4-mapped IPv6 addresses are the IPv4 addresses they are. */
function isSame(a: string, b: string): boolean {
  return a.replace(/^::ffff:(?=\d+\.)/i, '') === b.replace(/^::ffff:(?=\d+\.)/i, '');
}

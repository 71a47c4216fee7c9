// The addresses of hosts that a status page shows, and of one that an update names: an IP address is its own, names are
// asked for, and nobody waits long for those that do not answer.

import { parseAddress } from '../../base/addresses.ts';
import type { Link } from '../../link/link.ts';
import type { Exchange, ExchangeSink } from '../../listener/exchange.ts';

/** How long a page waits for names, in ms. */
export const NAMES_WAIT_MS = 2000;
/** Names that one page asks for; others are shown without an address. */
export const NAMES_MAX = 64;

/** By host; a host without an answer is not in it. */
export type Addresses = ReadonlyMap<string, string>;

/** Calls `use` with all that is known, at once when nothing has to be asked; never after the client has gone. */
export function withAddresses(
  link: Link,
  exchange: Exchange,
  hosts: Iterable<string>,
  use: (known: Addresses) => void,
) {
  const known = new Map<string, string>();
  const names: string[] = [];
  for (const host of new Set(hosts)) {
    if (host === '') continue;
    if (parseAddress(host) === undefined) names.push(host);
    else known.set(host, host);
  }
  if (names.length === 0) use(known);
  else ask(link, exchange, names.slice(0, NAMES_MAX), known, use);
}

function ask(
  link: Link,
  exchange: Exchange,
  names: readonly string[],
  known: Map<string, string>,
  use: (known: Addresses) => void,
): void {
  let missing = names.length;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    timer.cancel();
    use(known);
  };
  exchange.sink = new Waiting(() => {
    isOver = true;
    timer.cancel();
  });
  const timer = link.clock.after(NAMES_WAIT_MS, end);
  for (const name of names)
    link.names.find(name, NAMES_TTL_MS, (error, addresses) => {
      if (error === null && addresses.length > 0)
        known.set(name, (addresses.find(({ family }) => family === 4) ?? addresses[0]).address);
      if (--missing === 0) end();
    });
}

/** How old an answer may be. */
const NAMES_TTL_MS = 10_000;

class Waiting implements ExchangeSink {
  readonly #gone: () => void;

  constructor(gone: () => void) {
    this.#gone = gone;
  }

  requestBody(): void {
    // Nothing is read of it.
  }

  requestEnd(): void {
    // Nothing is read of it.
  }

  drained(): void {
    // The answer is sent whole.
  }

  aborted(): void {
    this.#gone();
  }

  ended(): void {
    this.#gone();
  }
}

// Who has been sent away and comes back as he went: a client that does not take the removal of its cookie (it has another
// path, or the client keeps no cookies but sends one) would be redirected for ever. It is let in instead.

import { hash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';

/** Browsers ask for the same URL from several tabs at once; more of it in a short time is a loop. */
const REDIRECTS_MAX = 3;
const LOOP_WINDOW_MS = 10_000;
/** How long a client whose cookie stays is let in everywhere before it is tried again. */
const STUCK_MS = 300_000;
/** Requests and clients remembered, each; above it the oldest is forgotten, and a loop goes on a little longer. */
const REMEMBERED_MAX = 10_000;

interface Asked {
  readonly since: number;
  count: number;
}

export class RedirectMemory {
  readonly #clock: Clock;
  readonly #asked = new Map<string, Asked>();
  readonly #stuck = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a client may be sent to the target once more; `loop` says that it has just turned out to be stuck. */
  judge(name: string, target: string): 'redirect' | 'loop' | 'stuck' {
    const now = this.#clock.now();
    const client = digest(name);
    const stuckSince = this.#stuck.get(client);
    if (stuckSince !== undefined && now - stuckSince < STUCK_MS) return 'stuck';
    const request = digest(`${client} ${target}`);
    const asked = this.#asked.get(request);
    if (asked === undefined || now - asked.since >= LOOP_WINDOW_MS) {
      remember(this.#asked, request, { since: now, count: 1 });
      return 'redirect';
    }
    asked.count++;
    if (asked.count <= REDIRECTS_MAX) return 'redirect';
    remember(this.#stuck, client, now);
    return 'loop';
  }
}

/** Ids are secrets and targets may be long: neither is kept. */
function digest(text: string): string {
  return hash('sha256', text, 'base64');
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

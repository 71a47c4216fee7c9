// Many people with browsers that stay open: each looks at a few pages, goes away for longer than a session lives, and comes
// back with the cookie of last time. All share a few connections. Pages answer `route visits`.

import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, HttpConnection, headerOf } from './client.ts';
import type { Random } from './random.ts';

export interface CrowdHabits {
  readonly people: number;
  /** Pages of one visit, and the time between them. */
  readonly pages: number;
  readonly pageMs: number;
  /** Time between visits, evenly spread. */
  readonly awayMs: readonly [least: number, most: number];
  /** How long the application keeps sessions: within that time nobody may lose one. */
  readonly sessionMs: number;
}

const CONNECTIONS = 16;
const REDIRECTS_MAX = 5;

export class BrowserCrowd {
  /** Answers that were no pages: what came instead. */
  readonly failures: string[] = [];
  /** Sessions that should have lived and did not. */
  lost = 0;
  redirects = 0;
  pages = 0;
  readonly #port: number;
  readonly #habits: CrowdHabits;
  readonly #random: Random;
  readonly #people: Person[] = [];
  readonly #idle: HttpConnection[] = [];
  readonly #waiting: (() => void)[] = [];
  #opened = 0;
  readonly #left = new AbortController();
  readonly #lives: Promise<void>[];

  /** Begins at once. */
  constructor(port: number, habits: CrowdHabits, random: Random) {
    this.#port = port;
    this.#habits = habits;
    this.#random = random;
    this.#lives = Array.from({ length: habits.people }, () => this.#live());
  }

  /** People whose browser has an id of the route. */
  holders(route: string): number {
    return this.#people.filter(({ id }) => id?.endsWith(`.${route}`)).length;
  }

  /** People who have an id of any route. */
  get known(): number {
    return this.#people.filter(({ id }) => id !== undefined).length;
  }

  async leave(): Promise<void> {
    this.#left.abort();
    await Promise.all(this.#lives);
    for (const connection of this.#idle) connection.close();
  }

  async #live(): Promise<void> {
    const { pages, pageMs, awayMs } = this.#habits;
    const person: Person = { id: undefined, visits: 0, askedAt: Number.NEGATIVE_INFINITY };
    this.#people.push(person);
    const away = () => awayMs[0] + this.#random.int(awayMs[1] - awayMs[0]);
    await this.#pass(this.#random.int(awayMs[1]));
    while (!this.#left.signal.aborted) {
      for (let page = 0; page < pages && !this.#left.signal.aborted; page++) {
        await this.#look(person);
        await this.#pass(pageMs);
      }
      await this.#pass(away());
    }
  }

  async #pass(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#left.signal }).catch(() => {});
  }

  async #look(person: Person): Promise<void> {
    const before = { ...person };
    person.askedAt = performance.now();
    let path = '/app/page';
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const answer = await this.#ask(path, person.id);
      heedCookie(person, answer);
      if (answer.status === 307) {
        this.redirects++;
        path = headerOf(answer, 'location') ?? '';
        continue;
      }
      const said = answer.body.toString();
      const visits = /^n\d (\d+)$/.exec(said)?.[1];
      if (answer.status !== 200 || visits === undefined) break;
      this.pages++;
      person.visits = Number(visits);
      const mustLive = performance.now() - before.askedAt < this.#habits.sessionMs;
      if (mustLive && person.visits !== before.visits + 1) this.lost++;
      return;
    }
    this.failures.push(`no page at ${path}`);
  }

  async #ask(path: string, id: string | undefined): Promise<Answer> {
    const connection = await this.#borrow();
    try {
      return await connection.request({ path, headers: id === undefined ? [] : [['Cookie', `JSESSIONID=${id}`]] });
    } finally {
      if (connection.isClosed) this.#opened--;
      else this.#idle.push(connection);
      this.#waiting.shift()?.();
    }
  }

  async #borrow(): Promise<HttpConnection> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined && !idle.isClosed) return idle;
      if (idle !== undefined) this.#opened--;
      if (this.#opened < CONNECTIONS) {
        this.#opened++;
        return HttpConnection.open(this.#port);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

interface Person {
  id: string | undefined;
  /** Pages seen in this session. */
  visits: number;
  askedAt: number;
}

function heedCookie(person: Person, answer: Answer): void {
  const cookie = headerOf(answer, 'set-cookie');
  const [, id] = /^JSESSIONID=([^;]*)/.exec(cookie ?? '') ?? [];
  if (id !== undefined) person.id = cookie?.includes('Max-Age=0;') ? undefined : id;
}

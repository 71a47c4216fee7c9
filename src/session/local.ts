// The local session manager: one live object per session in this process, as in Tomcat's standard manager without its
// files. Expiry runs on the Clock; the sweep looks at a bounded number of sessions at a time.

import type { Clock, Timer } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { checkRoute, createSessionId, type RandomBytes } from './id.ts';
import { type Session, type SessionEnd, type SessionManager, sessionInvalidated } from './session.ts';

export interface LocalSessionOptions {
  /** Route at the end of every id (jvmRoute). Default none. */
  readonly route?: string | undefined;
  /** Seconds without a request after which a session expires; 0 or less: never. Default 1800 (Tomcat's 30 minutes). */
  readonly maxInactiveInterval?: number;
  /** Most sessions alive at once; `create` throws `session-limit` (status 503) above it. Default 1,000,000. */
  readonly maxActiveSessions?: number;
  /** How often expired sessions are looked for, ms. Default 60,000 (Tomcat: 10 s × 6). */
  readonly sweepIntervalMs?: number;
  /** Called after a session ended; its attributes can still be read from `attributes`. */
  readonly onEnd?: (id: string, end: SessionEnd, attributes: ReadonlyMap<string, unknown>) => void;
}

/** What Tomcat's manager page shows. */
export interface LocalSessionCounts {
  readonly active: number;
  readonly maxActive: number;
  readonly created: number;
  readonly expired: number;
  readonly rejected: number;
}

const DEFAULT_MAX_INACTIVE_SECONDS = 1_800;
const DEFAULT_SESSIONS_MAX = 1_000_000;
const DEFAULT_SWEEP_INTERVAL_MS = 60_000;
/** Sessions looked at before the sweep lets others run. */
const SWEEP_SLICE = 10_000;

export class LocalSessionManager implements SessionManager {
  readonly route: string | undefined;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #maxInactiveInterval: number;
  readonly #sessionsMax: number;
  readonly #sweepIntervalMs: number;
  readonly #onEnd: LocalSessionOptions['onEnd'];
  readonly #sessions = new Map<string, LocalSession>();
  #sweepTimer: Timer | undefined = undefined;
  #maxActive = 0;
  #created = 0;
  #expired = 0;
  #rejected = 0;

  constructor(clock: Clock, random: RandomBytes, options: LocalSessionOptions = {}) {
    checkRoute(options.route);
    this.route = options.route;
    this.#clock = clock;
    this.#random = random;
    this.#maxInactiveInterval = options.maxInactiveInterval ?? DEFAULT_MAX_INACTIVE_SECONDS;
    this.#sessionsMax = options.maxActiveSessions ?? DEFAULT_SESSIONS_MAX;
    this.#sweepIntervalMs = options.sweepIntervalMs ?? DEFAULT_SWEEP_INTERVAL_MS;
    this.#onEnd = options.onEnd;
  }

  load(id: string): LocalSession | undefined {
    const session = this.find(id);
    session?.enter();
    return session;
  }

  /** As `load`, without counting as an access: for pages and tools. */
  find(id: string): LocalSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    if (!session.isOverdue) return session;
    this.#expire(session);
    return undefined;
  }

  create(): LocalSession {
    if (this.#sessions.size >= this.#sessionsMax) {
      this.#rejected++;
      throw new Failure('session-limit', 'internal', `more than ${this.#sessionsMax} sessions`, { status: 503 });
    }
    const session = new LocalSession(this.#keeper, this.#freshId(), this.#clock, this.#maxInactiveInterval);
    this.#sessions.set(session.id, session);
    this.#created++;
    if (this.#sessions.size > this.#maxActive) this.#maxActive = this.#sessions.size;
    session.enter();
    this.#scheduleSweep(this.#sweepIntervalMs);
    return session;
  }

  release(session: Session): void {
    if (session instanceof LocalSession) session.leave();
  }

  get counts(): LocalSessionCounts {
    return {
      active: this.#sessions.size,
      maxActive: this.#maxActive,
      created: this.#created,
      expired: this.#expired,
      rejected: this.#rejected,
    };
  }

  /** Ids of all sessions, in the order of their creation. */
  ids(): IterableIterator<string> {
    return this.#sessions.keys();
  }

  /** Stops the sweep. Sessions stay usable; expired ones are then noticed only when they are asked for. */
  close(): void {
    this.#sweepTimer?.cancel();
    this.#sweepTimer = undefined;
    this.#sweepIsStopped = true;
  }

  #sweepIsStopped = false;

  readonly #keeper: Keeper = {
    ended: (session) => this.#remove(session, 'invalidated'),
    renamed: (session) => {
      const id = this.#freshId();
      this.#sessions.delete(session.id);
      this.#sessions.set(id, session);
      return id;
    },
  };

  #freshId(): string {
    for (;;) {
      const id = createSessionId(this.#random, this.route);
      if (!this.#sessions.has(id)) return id;
    }
  }

  #expire(session: LocalSession): void {
    this.#expired++;
    this.#remove(session, 'expired');
  }

  #remove(session: LocalSession, end: SessionEnd): void {
    this.#sessions.delete(session.id);
    const attributes = session.close();
    this.#onEnd?.(session.id, end, attributes);
  }

  #scheduleSweep(delayMs: number): void {
    if (this.#sweepTimer !== undefined || this.#sweepIsStopped) return;
    this.#sweepTimer = this.#clock.after(delayMs, () => this.#sweep(this.#sessions.values()));
  }

  /** The iterator is live: sessions that come while the sweep rests are seen too, which harms nobody. */
  #sweep(remaining: IterableIterator<LocalSession>): void {
    this.#sweepTimer = undefined;
    for (let looked = 0; looked < SWEEP_SLICE; looked++) {
      const next = remaining.next();
      if (next.done) {
        if (this.#sessions.size > 0) this.#scheduleSweep(this.#sweepIntervalMs);
        return;
      }
      if (next.value.isOverdue) this.#expire(next.value);
    }
    this.#sweepTimer = this.#clock.after(0, () => this.#sweep(remaining));
  }
}

/** What a session asks of its manager. */
interface Keeper {
  ended(session: LocalSession): void;
  renamed(session: LocalSession): string;
}

export class LocalSession implements Session {
  readonly createdAt: number;
  readonly #keeper: Keeper;
  readonly #clock: Clock;
  #id: string;
  #attributes: Map<string, unknown> | undefined = new Map();
  #maxInactiveInterval: number;
  #isNew = true;
  #lastAccessedAt: number;
  #currentAccessAt: number;
  /** Instant of the last access on the monotonic clock: wall time may jump. */
  #idleSince: number;
  /** Requests that hold the session now; it does not expire under them. */
  #users = 0;

  constructor(keeper: Keeper, id: string, clock: Clock, maxInactiveInterval: number) {
    this.#keeper = keeper;
    this.#id = id;
    this.#clock = clock;
    this.createdAt = clock.wall();
    this.#lastAccessedAt = this.createdAt;
    this.#currentAccessAt = this.createdAt;
    this.#idleSince = clock.now();
    this.#maxInactiveInterval = maxInactiveInterval;
  }

  get id(): string {
    return this.#id;
  }

  get lastAccessedAt(): number {
    return this.#lastAccessedAt;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  get isValid(): boolean {
    return this.#attributes !== undefined;
  }

  get maxInactiveInterval(): number {
    return this.#maxInactiveInterval;
  }

  set maxInactiveInterval(seconds: number) {
    if (!Number.isFinite(seconds)) throw new TypeError('maxInactiveInterval is a number of seconds');
    this.#maxInactiveInterval = seconds;
  }

  /** Nobody uses it and its time has run out. */
  get isOverdue(): boolean {
    return (
      this.#users === 0 &&
      this.#maxInactiveInterval > 0 &&
      this.#clock.now() - this.#idleSince >= this.#maxInactiveInterval * 1_000
    );
  }

  get(name: string): unknown {
    return this.#open().get(name);
  }

  set(name: string, value: unknown): void {
    if (value === undefined || value === null) this.#open().delete(name);
    else this.#open().set(name, value);
  }

  remove(name: string): void {
    this.#open().delete(name);
  }

  has(name: string): boolean {
    return this.#open().has(name);
  }

  names(): string[] {
    return [...this.#open().keys()];
  }

  invalidate(): void {
    this.#open();
    this.#keeper.ended(this);
  }

  changeSessionId(): string {
    this.#open();
    this.#id = this.#keeper.renamed(this);
    return this.#id;
  }

  /** A request begins to use the session. */
  enter(): void {
    this.#users++;
    this.#lastAccessedAt = this.#currentAccessAt;
    this.#currentAccessAt = this.#clock.wall();
    this.#idleSince = this.#clock.now();
  }

  /** A request is done with it: idle time counts from here, and the client has met the session. */
  leave(): void {
    if (this.#users > 0) this.#users--;
    this.#isNew = false;
    this.#idleSince = this.#clock.now();
  }

  /** For the manager: ends the session and hands out what it held. */
  close(): ReadonlyMap<string, unknown> {
    const attributes = this.#attributes ?? new Map<string, unknown>();
    this.#attributes = undefined;
    return attributes;
  }

  #open(): Map<string, unknown> {
    if (this.#attributes === undefined) throw sessionInvalidated();
    return this.#attributes;
  }
}

// The session as a request sees it: attributes as properties (`session.cart`) or through get and set, bound to a real
// session only when the first attribute is written or the id is asked for. One shallow Proxy per request: attribute
// values themselves stay plain, because wrapped Dates, Maps and Buffers break.

import { inspect } from 'node:util';
import type { Session } from './session.ts';

/** What the request-bound session needs from the middleware. */
export interface SessionBinding {
  /** The session of this request, undefined while there is none. */
  readonly current: Session | undefined;
  /** Begins one; throws when the response head has left. */
  create(): Session;
  /** Ends it. */
  invalidate(): void;
  changeSessionId(): string;
  encodeURL(url: string): string;
}

type Callback = (error?: unknown) => void;

/**
 * The session of a request. Reading attributes never creates a session; writing one, or asking for the session's own
 * facts, does. An attribute named like one of these words is reached through `get` and `set` only.
 */
export interface RequestSession {
  /** True when the request has a session. Never creates one. */
  readonly exists: boolean;
  readonly id: string;
  /** True when the client does not know the session yet (or there is none). */
  readonly isNew: boolean;
  readonly createdAt: number;
  readonly lastAccessedAt: number;
  /** Seconds; 0 or less: never expires. */
  maxInactiveInterval: number;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  remove(name: string): void;
  has(name: string): boolean;
  names(): string[];
  /** Ends the session; a later write begins a new one. */
  invalidate(): void;
  /** Fresh id, same attributes: call it after a login. */
  changeSessionId(): string;
  /** Puts `;jsessionid=` on a link unless the client sends cookies. */
  encodeURL(url: string): string;
  /** For code written for express-session: ends the session and begins an empty one. */
  regenerate(callback?: Callback): void;
  /** For code written for express-session: nothing is to be waited for here. */
  save(callback?: Callback): void;
  /** For code written for express-session: ends the session. */
  destroy(callback?: Callback): void;
  [attribute: string]: unknown;
}

/** Wraps the binding of one request. */
export function openRequestSession(binding: SessionBinding): RequestSession {
  return new Proxy(new SessionWords(binding), attributesAsProperties) as unknown as RequestSession;
}

const BINDING = Symbol('binding');

/** The words of the session itself. Methods run with the proxy as `this`, so state is reached through a symbol. */
class SessionWords {
  readonly [BINDING]: SessionBinding;

  constructor(binding: SessionBinding) {
    this[BINDING] = binding;
  }

  get exists(): boolean {
    return this[BINDING].current !== undefined;
  }

  get id(): string {
    return ensure(this[BINDING]).id;
  }

  get isNew(): boolean {
    return this[BINDING].current?.isNew ?? true;
  }

  get createdAt(): number {
    return ensure(this[BINDING]).createdAt;
  }

  get lastAccessedAt(): number {
    return ensure(this[BINDING]).lastAccessedAt;
  }

  get maxInactiveInterval(): number {
    return ensure(this[BINDING]).maxInactiveInterval;
  }

  set maxInactiveInterval(seconds: number) {
    ensure(this[BINDING]).maxInactiveInterval = seconds;
  }

  get(name: string): unknown {
    return this[BINDING].current?.get(name);
  }

  set(name: string, value: unknown): void {
    if (value === undefined || value === null) this[BINDING].current?.remove(name);
    else ensure(this[BINDING]).set(name, value);
  }

  remove(name: string): void {
    this[BINDING].current?.remove(name);
  }

  has(name: string): boolean {
    return this[BINDING].current?.has(name) ?? false;
  }

  names(): string[] {
    return this[BINDING].current?.names() ?? [];
  }

  invalidate(): void {
    this[BINDING].invalidate();
  }

  changeSessionId(): string {
    return this[BINDING].changeSessionId();
  }

  encodeURL(url: string): string {
    return this[BINDING].encodeURL(url);
  }

  regenerate(callback?: Callback): void {
    this[BINDING].invalidate();
    this[BINDING].create();
    later(callback);
  }

  save(callback?: Callback): void {
    later(callback);
  }

  destroy(callback?: Callback): void {
    this[BINDING].invalidate();
    later(callback);
  }

  [inspect.custom](): unknown {
    const session = this[BINDING].current;
    if (session === undefined) return 'no session';
    return { id: session.id, ...Object.fromEntries(session.names().map((name) => [name, session.get(name)])) };
  }
}

function ensure(binding: SessionBinding): Session {
  return binding.current ?? binding.create();
}

function later(callback: Callback | undefined): void {
  if (callback !== undefined) process.nextTick(callback);
}

const attributesAsProperties: ProxyHandler<SessionWords> = {
  get(words, name) {
    return typeof name === 'symbol' || name in words ? Reflect.get(words, name) : words.get(name);
  },
  set(words, name, value) {
    if (typeof name === 'symbol') return false;
    if (name === 'maxInactiveInterval') words.maxInactiveInterval = value;
    else if (name in words) throw new TypeError(`"${name}" is a word of the session itself: use set("${name}", value)`);
    else words.set(name, value);
    return true;
  },
  has(words, name) {
    return name in words || (typeof name === 'string' && words.has(name));
  },
  deleteProperty(words, name) {
    if (typeof name === 'string' && !(name in words)) words.remove(name);
    return true;
  },
  ownKeys(words) {
    return words.names();
  },
  getOwnPropertyDescriptor(words, name) {
    if (typeof name === 'symbol' || !words.has(name)) return undefined;
    return { value: words.get(name), writable: true, enumerable: true, configurable: true };
  },
  defineProperty(words, name, descriptor) {
    if (typeof name === 'symbol' || name in words || !('value' in descriptor)) return false;
    words.set(name, descriptor.value);
    return true;
  },
};

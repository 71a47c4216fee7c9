// What a session and a session manager are to the code above them, whichever manager keeps them: local now, replicated
// or stored ones with the same contract (load, work on it, release). Words and rules of the Servlet specification.

import { Failure } from '../base/failure.ts';

/** A conversation with one client. Reading or changing an invalidated session throws `session-invalidated`. */
export interface Session {
  /** Changes with `changeSessionId`. */
  readonly id: string;
  /** Wall time, ms since 1970. */
  readonly createdAt: number;
  /** Wall time at which the request before the current one began, ms since 1970. */
  readonly lastAccessedAt: number;
  /** Seconds without a request after which the session expires; 0 or less: never. */
  maxInactiveInterval: number;
  /** True until a second request has brought the id back. */
  readonly isNew: boolean;
  readonly isValid: boolean;
  get(name: string): unknown;
  /** Undefined and null remove the attribute, as in the Servlet specification. */
  set(name: string, value: unknown): void;
  remove(name: string): void;
  has(name: string): boolean;
  names(): string[];
  /** Ends the session: its attributes are gone and its id means nothing any more. */
  invalidate(): void;
  /** Gives the session a fresh id (against fixation, after a login) and returns it. */
  changeSessionId(): string;
}

/** Keeps sessions. A request loads or creates one, works with it, and releases it when its response is complete. */
export interface SessionManager {
  /** The live session with this id, counted as accessed now; undefined when there is none. */
  load(id: string): Session | undefined | Promise<Session | undefined>;
  /** Begins a session in use by the calling request. Throws `session-limit` when there are too many. */
  create(): Session;
  /** The request that loaded or created the session is over. */
  release(session: Session): void | Promise<void>;
}

/** Why a session ended. */
export type SessionEnd = 'expired' | 'invalidated';

export function sessionInvalidated(): Failure {
  return new Failure('session-invalidated', 'internal', 'the session has been invalidated');
}

// `catflap/session`: sessions for Node applications, in the shape of Tomcat's. Here the real clock and the real
// randomness are chosen.

import { randomBytes } from 'node:crypto';
import { systemClock } from './base/clock.ts';
import { LocalSessionManager, type LocalSessionOptions } from './session/local.ts';
import { type SessionMiddleware, type SessionMiddlewareOptions, sessionMiddleware } from './session/middleware.ts';
import type { SessionManager } from './session/session.ts';

export type { SessionCookieOptions } from './session/cookie.ts';
export { formatSessionCookie, readSessionIds } from './session/cookie.ts';
export { routeOf, withRoute } from './session/id.ts';
export type { LocalSession, LocalSessionCounts, LocalSessionManager, LocalSessionOptions } from './session/local.ts';
export type { Next, SessionMiddleware, SessionMiddlewareOptions } from './session/middleware.ts';
export { sessionOf } from './session/middleware.ts';
export type { RequestSession } from './session/request-session.ts';
export type { Session, SessionEnd, SessionManager } from './session/session.ts';
export { encodeURL, type LinkScope, type StrippedUrl, stripSessionId } from './session/url.ts';

/** Makes a session manager that keeps its sessions in this process. */
export function createLocalSessions(options: LocalSessionOptions = {}): LocalSessionManager {
  return new LocalSessionManager(systemClock, randomBytes, options);
}

export interface SessionsOptions extends SessionMiddlewareOptions, LocalSessionOptions {
  /** Default: a local manager of its own, made from the other options. */
  readonly manager?: SessionManager;
}

/**
 * Gives requests a `session`: `app.use(sessions({ route: 'jvm1', contextPath: '/shop' }))` in Express, or
 * `sessions()(req, res, () => application(req, res))` around a plain handler. Typed access: `sessionOf(req)`.
 */
export function sessions(options: SessionsOptions = {}): SessionMiddleware {
  return sessionMiddleware(options.manager ?? createLocalSessions(options), options);
}

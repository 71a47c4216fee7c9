// Sessions for anything of the shape `(req, res, next)`: plain handlers, Connect, Express. Finds the id in cookies and
// in `;jsessionid=`, gives `req.session`, and puts the cookie into the response head at the last moment, so that an
// application that sets its own cookies cannot lose it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure } from '../base/failure.ts';
import { DEFAULT_COOKIE_NAME, formatSessionCookie, readSessionIds, type SessionCookieOptions } from './cookie.ts';
import { openRequestSession, type RequestSession, type SessionBinding } from './request-session.ts';
import type { Session, SessionManager } from './session.ts';
import { DEFAULT_PARAMETER_NAME, encodeURL, stripSessionId } from './url.ts';

export interface SessionMiddlewareOptions {
  /** `/app` for an application below that path; default '' (the root context). Decides the cookie's path. */
  readonly contextPath?: string;
  readonly cookie?: SessionCookieOptions;
  /** Default true: `;jsessionid=` is read, and links are encoded for clients without cookies. */
  readonly urlSessions?: boolean;
  /** Default `jsessionid`. */
  readonly parameterName?: string;
}

export type Next = (error?: unknown) => void;
export type SessionMiddleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** Makes the middleware over any session manager. */
export function sessionMiddleware(manager: SessionManager, options: SessionMiddlewareOptions = {}): SessionMiddleware {
  const rules: SessionRules = {
    contextPath: checkedContextPath(options.contextPath ?? ''),
    cookie: options.cookie ?? {},
    cookieName: options.cookie?.name ?? DEFAULT_COOKIE_NAME,
    urlSessions: options.urlSessions ?? true,
    parameterName: options.parameterName ?? DEFAULT_PARAMETER_NAME,
  };
  return (req, res, next) => {
    const ids = readSessionIds(req.headers.cookie, rules.cookieName);
    const hasCookie = ids.length > 0;
    const target = req.url ?? '';
    if (rules.urlSessions) {
      const stripped = stripSessionId(target, rules.parameterName);
      req.url = stripped.url;
      // A cookie of any validity hides the URL's id, as in Tomcat: a link from a stranger cannot fix a session.
      if (stripped.id !== undefined && !hasCookie) ids.push(stripped.id);
    }
    const begin = (session: Session | undefined): void => {
      const scope = new RequestScope(manager, rules, req, res, target, session, hasCookie && session !== undefined);
      scopesByRequest.set(req, scope);
      Object.defineProperty(req, 'session', { value: scope.view, enumerable: true, configurable: true });
      next();
    };
    if (ids.length === 0) {
      begin(undefined);
      return;
    }
    const found = loadFirst(manager, ids, 0);
    if (found instanceof Promise) found.then(begin, next);
    else begin(found);
  };
}

/** Refuses what could not be the path of a cookie; `/` is the root context, as is ''. */
export function checkedContextPath(path: string): string {
  if (path === '' || path === '/') return '';
  if (/^(\/[^/;,?#\s]+)+$/.test(path)) return path;
  throw new Failure('session-bad-context-path', 'internal', `"${path}" is no context path: begin with /, end without`);
}

/** The session view that the middleware gave a request; throws when it has not run. */
export function sessionOf(req: IncomingMessage): RequestSession {
  return scopeOf(req).view;
}

/** What a client asked for, for filters behind the middleware; throws when the middleware has not run. */
export function requestedSessionOf(req: IncomingMessage): RequestedSession {
  return scopeOf(req);
}

export interface RequestedSession {
  /** The request target as it came: `req.url` before a session id was taken off it. */
  readonly target: string;
  /** The request has a session now: the one it asked for, or one begun since. */
  readonly hasSession: boolean;
  readonly rules: SessionRules;
}

function scopeOf(req: IncomingMessage): RequestScope {
  const scope = scopesByRequest.get(req);
  if (scope === undefined) throw new Failure('session-no-middleware', 'internal', 'no session middleware has run');
  return scope;
}

const scopesByRequest = new WeakMap<IncomingMessage, RequestScope>();

/** The options of a middleware, each with its value. */
export interface SessionRules {
  readonly contextPath: string;
  readonly cookie: SessionCookieOptions;
  readonly cookieName: string;
  readonly urlSessions: boolean;
  readonly parameterName: string;
}

/** Tries the ids in order, as Tomcat does when several cookies of the name come; the first live session wins. */
function loadFirst(
  manager: SessionManager,
  ids: readonly string[],
  from: number,
): Session | undefined | Promise<Session | undefined> {
  for (let i = from; i < ids.length; i++) {
    const found = manager.load(ids[i]);
    if (found instanceof Promise) return found.then((session) => session ?? loadFirst(manager, ids, i + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** One request's hold on sessions, from the middleware to the response's end. */
class RequestScope implements SessionBinding, RequestedSession {
  readonly view: RequestSession;
  readonly rules: SessionRules;
  readonly target: string;
  readonly #manager: SessionManager;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  /** The client has shown that it keeps cookies. */
  readonly #cameByCookie: boolean;
  #session: Session | undefined;
  #watchesClose = false;
  #watchesHead = false;
  #owesCookie = false;

  constructor(
    manager: SessionManager,
    rules: SessionRules,
    req: IncomingMessage,
    res: ServerResponse,
    target: string,
    session: Session | undefined,
    cameByCookie: boolean,
  ) {
    this.#manager = manager;
    this.rules = rules;
    this.target = target;
    this.#req = req;
    this.#res = res;
    this.#cameByCookie = cameByCookie;
    this.#session = session;
    this.view = openRequestSession(this);
    if (session !== undefined) this.#watchClose();
  }

  get current(): Session | undefined {
    return this.#session?.isValid ? this.#session : undefined;
  }

  get hasSession(): boolean {
    return this.current !== undefined;
  }

  create(): Session {
    if (this.#res.headersSent)
      throw new Failure('session-too-late', 'internal', 'a session cannot begin after the response head was sent');
    this.#letGo();
    this.#session = this.#manager.create();
    this.#watchClose();
    this.#oweCookie();
    return this.#session;
  }

  invalidate(): void {
    this.current?.invalidate();
    this.#owesCookie = false;
  }

  changeSessionId(): string {
    const session = this.current ?? this.create();
    if (this.#res.headersSent)
      throw new Failure('session-too-late', 'internal', 'the id cannot change after the response head was sent');
    const id = session.changeSessionId();
    this.#oweCookie();
    return id;
  }

  encodeURL(url: string): string {
    const session = this.current;
    if (session === undefined || this.#cameByCookie || !this.rules.urlSessions) return url;
    const host = this.#req.headers.host;
    const origin = host === undefined ? undefined : `${isSecure(this.#req) ? 'https' : 'http'}://${host.toLowerCase()}`;
    return encodeURL(url, session.id, { origin, contextPath: this.rules.contextPath }, this.rules.parameterName);
  }

  /** Hooks the head only for responses that owe a cookie: most do not. */
  #oweCookie(): void {
    this.#owesCookie = true;
    if (this.#watchesHead) return;
    this.#watchesHead = true;
    const res = this.#res;
    const writeHead = res.writeHead;
    res.writeHead = ((...args: unknown[]) => {
      const session = this.current;
      if (this.#owesCookie && session !== undefined && !res.headersSent) {
        this.#owesCookie = false;
        addCookie(
          res,
          args,
          formatSessionCookie(session.id, this.rules.contextPath, isSecure(this.#req), this.rules.cookie),
        );
      }
      return Reflect.apply(writeHead, res, args);
    }) as typeof res.writeHead;
  }

  #watchClose(): void {
    if (this.#watchesClose) return;
    this.#watchesClose = true;
    if (this.#res.closed) process.nextTick(() => this.#letGo());
    else this.#res.once('close', () => this.#letGo());
  }

  #letGo(): void {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    const released = this.#manager.release(session);
    // The response is over: whoever commits sessions elsewhere reports its own failures.
    if (released instanceof Promise) released.catch(() => {});
  }
}

/** The client came over TLS: what Express makes of `trust proxy`, else what the socket says. */
export function isSecure(req: IncomingMessage): boolean {
  const { secure, socket } = req as IncomingMessage & { secure?: boolean; socket?: { encrypted?: boolean } };
  return secure ?? socket?.encrypted === true;
}

/** Adds the cookie beside those the application sends, whichever way it names them. */
function addCookie(res: ServerResponse, writeHeadArgs: unknown[], cookie: string): void {
  const at = typeof writeHeadArgs[1] === 'string' ? 2 : 1;
  const given = writeHeadArgs[at];
  if (Array.isArray(given)) {
    const isNested = Array.isArray(given[0]);
    if (isNested || given.some((text, i) => i % 2 === 0 && String(text).toLowerCase() === 'set-cookie')) {
      writeHeadArgs[at] = isNested ? [...given, ['Set-Cookie', cookie]] : [...given, 'Set-Cookie', cookie];
      return;
    }
  } else if (typeof given === 'object' && given !== null) {
    const name = Object.keys(given).find((key) => key.toLowerCase() === 'set-cookie');
    if (name !== undefined) {
      const own = (given as Record<string, string | string[]>)[name];
      writeHeadArgs[at] = { ...given, [name]: [...(Array.isArray(own) ? own : [own]), cookie] };
      return;
    }
  }
  res.appendHeader('Set-Cookie', cookie);
}

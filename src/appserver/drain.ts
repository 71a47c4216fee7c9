// The drain filter: a member that the balancer has disabled still gets every request whose session id names it, also of
// sessions that ended long ago. Such a client is told to forget the id and to ask again, so that it lands elsewhere. The
// judgement is here, what frameworks call it with is in drain-adapters.ts. Facts: mod_jk's load balancer how-to,
// Tomcat's LoadBalancerDrainingValve.

import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { DEFAULT_COOKIE_NAME, formatCookieRemoval, readCookies, type SessionCookieOptions } from '../session/cookie.ts';
import { checkedContextPath, isSecure, requestedSessionOf } from '../session/middleware.ts';
import { DEFAULT_PARAMETER_NAME, stripSessionId } from '../session/url.ts';
import { LB_ACTIVATION_ATTRIBUTE } from '../wire/ajp/constants.ts';
import { RedirectMemory } from './drain-loops.ts';
import { requestAttribute } from './facts.ts';

/** Asked on a disabled member only. Whatever is not `false` lets the request pass, failures too. */
export type IsAlive = (req: IncomingMessage, id: string) => boolean | PromiseLike<boolean>;

export interface DrainOptions {
  /**
   * Whether a session with this id lives here; the id is as cookie parsers give it, percent-decoded and without quotes.
   * Default: the middleware of `catflap/session`, which must have run, is asked; it also says what the next three are.
   */
  readonly isAlive?: IsAlive;
  /** With `isAlive`: the session cookie as the application sets it. Default: JSESSIONID at the context path. */
  readonly cookie?: SessionCookieOptions;
  /** With `isAlive`: the path below which the application lives. Default '' (the root context). */
  readonly contextPath?: string;
  /** With `isAlive`: name of the id in URLs. Default `jsessionid`. */
  readonly parameterName?: string;
  /**
   * Name of the cookie by which the balancer finds the member, where that is not the session's: mod_jk's
   * `session_cookie` with `set_session_cookie`. It is removed too, at the path `/`. Default none.
   */
  readonly stickyCookie?: string;
  /** Methods that are redirected, with their body (307). Default: all but OPTIONS, TRACE and CONNECT. */
  readonly methods?: readonly string[];
  /** A client with exactly this cookie is never sent away: for testers of a disabled member. Default none. */
  readonly ignoreCookie?: { readonly name: string; readonly value: string };
}

/** What a client is answered that has to go elsewhere: status 307, these fields, no body. */
export interface Redirect {
  /** A path on the host that was asked. */
  readonly location: string;
  /** Values of Set-Cookie fields. */
  readonly cookies: readonly string[];
}

const DISABLED = 'DIS';
/** RFC 9110 §15.4.8: the method and the body stay. */
export const REDIRECT_STATUS = 307;
/** Preflights (OPTIONS) must not be redirected; nobody follows the others. */
const METHODS_LEFT_ALONE: readonly string[] = ['OPTIONS', 'TRACE', 'CONNECT'];
/** Ids of one request that are looked up; a request with more of them is judged by the first. */
const IDS_MAX = 8;
/** Octets of a Location that fit into an AJP packet with the rest of a head; a request with a longer URL passes. */
const LOCATION_MAX = 4_096;

/** The ids with which a request asks for a session, and where they stand. */
interface Claim {
  readonly target: string;
  readonly strippedTarget: string;
  readonly urlId: string | undefined;
  readonly cookieIds: readonly string[];
}

/** How the application's cookies look, whoever says it. */
interface CookieRules {
  readonly contextPath: string;
  readonly cookie: SessionCookieOptions;
  readonly parameterName: string;
}

export class DrainFilter {
  readonly #options: DrainOptions;
  readonly #ownRules: CookieRules;
  readonly #memory: RedirectMemory;
  readonly #log: Log;
  #isFailing = false;
  #hasToldLoop = false;

  /** @throws Failure `drain-bad-option` */
  constructor(clock: Clock, log: Log, options: DrainOptions) {
    checkOptions(options);
    this.#options = options;
    this.#ownRules = {
      contextPath: checkedContextPath(options.contextPath ?? ''),
      cookie: options.cookie ?? {},
      parameterName: options.parameterName ?? DEFAULT_PARAMETER_NAME,
    };
    this.#memory = new RedirectMemory(clock);
    this.#log = log;
  }

  /**
   * Where the client is to be sent, undefined when the request passes.
   * @throws Failure `session-no-middleware` when nobody says which sessions live
   */
  judge(req: IncomingMessage): Redirect | undefined | Promise<Redirect | undefined> {
    const { isAlive } = this.#options;
    const requested = isAlive === undefined ? requestedSessionOf(req) : undefined;
    if (requestAttribute(req, LB_ACTIVATION_ATTRIBUTE) !== DISABLED || !this.#isOurs(req)) return undefined;
    const rules = requested?.rules ?? this.#ownRules;
    const claim = claimOf(req, rules, requested?.target);
    if (requested !== undefined) return requested.hasSession ? undefined : this.#redirect(req, rules, claim);
    const ids = [...claim.cookieIds, ...(claim.urlId === undefined ? [] : [claim.urlId])].slice(0, IDS_MAX);
    const livesHere = this.#livesHere(req, ids, 0);
    if (!(livesHere instanceof Promise)) return livesHere ? undefined : this.#redirect(req, rules, claim);
    return livesHere.then((lives) => (lives ? undefined : this.#redirect(req, rules, claim)));
  }

  /** Requests that can be sent elsewhere, unless the client asks to stay. */
  #isOurs(req: IncomingMessage): boolean {
    const { methods, ignoreCookie } = this.#options;
    const method = req.method ?? '';
    if (methods === undefined ? METHODS_LEFT_ALONE.includes(method) : !methods.includes(method)) return false;
    // WebSocket clients follow no redirects.
    if (/\bwebsocket\b/i.test(req.headers.upgrade ?? '')) return false;
    return (
      ignoreCookie === undefined || !readCookies(req.headers.cookie, ignoreCookie.name).includes(ignoreCookie.value)
    );
  }

  /** Asks for one id after the other. Whoever cannot say lets the request pass. */
  #livesHere(req: IncomingMessage, ids: readonly string[], from: number): boolean | Promise<boolean> {
    for (let i = from; i < ids.length; i++) {
      let answer: unknown;
      try {
        answer = this.#options.isAlive?.(req, decoded(ids[i]));
      } catch (error) {
        return this.#failed(String(error));
      }
      if (isPromise(answer))
        return Promise.resolve(answer).then(
          (settled) => this.#mayLive(settled) || this.#livesHere(req, ids, i + 1),
          (error) => this.#failed(String(error)),
        );
      if (this.#mayLive(answer)) return true;
    }
    return false;
  }

  #mayLive(answer: unknown): boolean {
    if (typeof answer !== 'boolean') return this.#failed(`isAlive says ${typeof answer}, neither true nor false`);
    this.#isFailing = false;
    return answer;
  }

  /** Told once until there is an answer again: it may concern every request. */
  #failed(why: string): true {
    if (!this.#isFailing) this.#log.warn('drain-check-failed', { why });
    this.#isFailing = true;
    return true;
  }

  #redirect(req: IncomingMessage, rules: CookieRules, claim: Claim): Redirect | undefined {
    const { stickyCookie } = this.#options;
    const { cookieIds, urlId, strippedTarget } = claim;
    const hints = stickyCookie === undefined ? [] : readCookies(req.headers.cookie, stickyCookie);
    if (cookieIds.length === 0 && urlId === undefined && hints.length === 0) return undefined;
    const location = selfReference(strippedTarget);
    if (location === undefined || location.length > LOCATION_MAX) return undefined;
    // Balancers look at the URL first, and there it is gone: a cookie beside it may lead to a session on another member.
    if (urlId !== undefined) return { location, cookies: [] };
    if (!this.#maySendAway(req, [...cookieIds, ...hints], claim.target)) return undefined;
    const cookies: string[] = [];
    const secure = isSecure(req);
    if (cookieIds.length > 0) cookies.push(removal(rules.contextPath, secure, rules.cookie));
    // What mod_jk sets itself (`.route`, without a session) it sets for the whole host.
    if (cookieIds.some(isBareRoute) && cookiePath(rules) !== '/')
      cookies.push(removal('', secure, { ...rules.cookie, path: '/' }));
    if (stickyCookie !== undefined && hints.length > 0) cookies.push(removal('', secure, { name: stickyCookie }));
    return { location, cookies };
  }

  /** False when the client has been sent there and came back as it went. Bare routes are common to many clients. */
  #maySendAway(req: IncomingMessage, ids: readonly string[], target: string): boolean {
    const { remoteAddress, remotePort } = req.socket;
    const client = ids.every(isBareRoute) ? [...ids, `${remoteAddress} ${remotePort}`] : ids;
    const verdict = this.#memory.judge(client.join(), target);
    if (verdict === 'loop') this.#tellLoop();
    return verdict === 'redirect';
  }

  #tellLoop(): void {
    const message = 'clients come back with the cookie that was removed: has it another path or domain?';
    this.#log[this.#hasToldLoop ? 'debug' : 'warn']('drain-loop', { message });
    this.#hasToldLoop = true;
  }
}

function claimOf(req: IncomingMessage, rules: CookieRules, requestedTarget: string | undefined): Claim {
  const { parameterName, cookie } = rules;
  // Connect and Express cut `url` to what is left below a mount, and keep the whole.
  const target = (req as { originalUrl?: string }).originalUrl ?? req.url ?? '';
  const { url, id } = stripSessionId(target, parameterName);
  const idBefore = requestedTarget === undefined ? undefined : stripSessionId(requestedTarget, parameterName).id;
  return {
    target,
    strippedTarget: url,
    urlId: id ?? idBefore,
    cookieIds: readCookies(req.headers.cookie, cookie.name ?? DEFAULT_COOKIE_NAME),
  };
}

/**
 * The target as a reference that stays on its host whoever reads it; undefined for `*` and whole URLs. A path that begins
 * with two slashes would name another host (RFC 3986 §4.2): `/.` before it changes nothing but that (§5.2.4).
 */
export function selfReference(target: string): string | undefined {
  if (!target.startsWith('/')) return undefined;
  const clean = target
    .toWellFormed()
    .replace(/[^A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]/gu, (char) =>
      char.length === 1 && char <= '\u00ff' ? percent(char.charCodeAt(0)) : encodeURIComponent(char),
    );
  return clean.startsWith('//') ? `/.${clean}` : clean;
}

/** Targets are latin1 views of octets. */
function percent(octet: number): string {
  return `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
}

function isBareRoute(id: string): boolean {
  return id.startsWith('.');
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function decoded(id: string): string {
  if (!id.includes('%')) return id;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function cookiePath({ cookie, contextPath }: CookieRules): string {
  return cookie.path ?? (contextPath === '' ? '/' : contextPath);
}

/** Browsers refuse whatever is named `__Secure-` or `__Host-` without Secure (RFC 6265bis §4.1.3). */
function removal(contextPath: string, isSecureRequest: boolean, cookie: SessionCookieOptions): string {
  const mustBeSecure = /^__(?:Secure|Host)-/i.test(cookie.name ?? '');
  return formatCookieRemoval(contextPath, isSecureRequest, mustBeSecure ? { ...cookie, secure: true } : cookie);
}

// --- options --------------------------------------------------------------------------------------------------------------

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 6265 §4.1.1: any octet but controls and `;`. */
const ATTRIBUTE_VALUE = /^[\x20-\x3a\x3c-\x7e]+$/;

function checkOptions(options: DrainOptions): void {
  const { isAlive, cookie, stickyCookie, ignoreCookie } = options;
  for (const name of ['cookie', 'contextPath', 'parameterName'] as const)
    if (isAlive === undefined && options[name] !== undefined)
      throw badOption(name, 'it is for isAlive; without it the session middleware says what it is');
  for (const name of [cookie?.name, stickyCookie, ignoreCookie?.name])
    if (name !== undefined && !TOKEN.test(name)) throw badOption('cookie', `"${name}" is no name of a cookie`);
  for (const value of [cookie?.path, cookie?.domain])
    if (value !== undefined && !ATTRIBUTE_VALUE.test(value))
      throw badOption('cookie', `"${value}" cannot stand in a cookie`);
  if (options.parameterName !== undefined && !TOKEN.test(options.parameterName))
    throw badOption('parameterName', `"${options.parameterName}" is no name`);
}

function badOption(name: string, why: string): Failure {
  return new Failure('drain-bad-option', 'internal', `${name}: ${why}`);
}

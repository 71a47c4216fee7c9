// The session cookie: what Tomcat sends (`JSESSIONID=id; Path=/context; Secure; HttpOnly`) and how ids are read back
// from a Cookie header in which other contexts' cookies of the same name may stand. RFC 6265.

import { SESSION_ID_LENGTH_MAX } from './id.ts';

export interface SessionCookieOptions {
  /** Default `JSESSIONID`. */
  readonly name?: string;
  /** Default: the context path, `/` for the root context. */
  readonly path?: string;
  /** Default none: the cookie goes back to the host that set it. */
  readonly domain?: string;
  /** Default true. */
  readonly httpOnly?: boolean;
  /** Default `auto`: on requests that came over TLS. */
  readonly secure?: boolean | 'auto';
  /** Default none, as Tomcat. */
  readonly sameSite?: 'Strict' | 'Lax' | 'None';
  /** Default none: the cookie lives as long as the browser. */
  readonly maxAgeSeconds?: number;
}

export const DEFAULT_COOKIE_NAME = 'JSESSIONID';
/** A request may carry cookies of several contexts; further ones are not looked up. */
const IDS_MAX = 8;

/** Writes the value of a Set-Cookie field, in the order of attributes that Tomcat uses. */
export function formatSessionCookie(
  id: string,
  contextPath: string,
  isSecure: boolean,
  options: SessionCookieOptions,
): string {
  let text = `${options.name ?? DEFAULT_COOKIE_NAME}=${id}`;
  if (options.maxAgeSeconds !== undefined) text += `; Max-Age=${options.maxAgeSeconds}`;
  if (options.domain !== undefined) text += `; Domain=${options.domain}`;
  text += `; Path=${options.path ?? (contextPath === '' ? '/' : contextPath)}`;
  const secure = options.secure ?? 'auto';
  if (secure === 'auto' ? isSecure : secure) text += '; Secure';
  if (options.httpOnly ?? true) text += '; HttpOnly';
  if (options.sameSite !== undefined) text += `; SameSite=${options.sameSite}`;
  return text;
}

/**
 * Writes the value of a Set-Cookie field that removes the session cookie. Browsers take it only with the path and the
 * domain of the cookie, and only if it could also set that cookie: hence its other attributes (RFC 6265bis §5.7).
 */
export function formatCookieRemoval(contextPath: string, isSecure: boolean, options: SessionCookieOptions): string {
  const text = formatSessionCookie('', contextPath, isSecure, { ...options, maxAgeSeconds: 0 });
  return `${text}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`;
}

/** Reads the ids in cookies with this name that are worth looking up, in order: the first 8, of at most 256 characters. */
export function readSessionIds(cookieField: string | undefined, name: string = DEFAULT_COOKIE_NAME): string[] {
  return readCookies(cookieField, name)
    .filter((value) => value.length <= SESSION_ID_LENGTH_MAX)
    .slice(0, IDS_MAX);
}

/**
 * Reads the values of all cookies with this name, in order, quotes taken off, empty ones left out. A comma separates
 * too: mod_proxy_ajp joins repeated Cookie fields with one, and no cookie value may hold it.
 */
export function readCookies(cookieField: string | undefined, name: string): string[] {
  const values: string[] = [];
  if (cookieField === undefined || !cookieField.includes(name)) return values;
  for (const pair of cookieField.split(/[;,]/)) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = unquoted(pair.slice(equals + 1).trim());
    if (value !== '') values.push(value);
  }
  return values;
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

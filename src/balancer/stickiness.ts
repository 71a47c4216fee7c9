// Finds the session id and its route in a request, as httpd's mod_proxy does (modproxy.md §6, edges measured on httpd
// 2.4.71): the URL first, then the first cookie of that name. Cookies are searched as bytes; text is only made of a hit.

import { FIELD } from '../base/field-names.ts';
import { FIELD_STRIDE, type Fields } from '../base/fields.ts';
import type { StickinessConfig } from './config.ts';
import type { RequestRules } from './lb-config.ts';

const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const QUESTION = 0x3f;
const AMPERSAND = 0x26;
/** Sessions that `findAll` tells of at most. */
const MAX_FOUND = 16;

const NO_ROUTES: readonly string[] = Object.freeze([]);

/** What a request says about its session. One object serves many requests. */
export class Session {
  /** The value as sent, route included; undefined when the request names no session. */
  id: string | undefined = undefined;
  /** What follows the first separator; '' when nothing follows it, undefined when there is no separator. */
  route: string | undefined = undefined;
  /** Routes in the order in which they are looked for, where a request may name several sessions (mod_jk). */
  routes: readonly string[] = NO_ROUTES;
  source: 'url' | 'cookie' | undefined = undefined;
  /** The configured name that was found (BALANCER_SESSION_STICKY). */
  name: string | undefined = undefined;

  reset(): void {
    this.id = undefined;
    this.route = undefined;
    this.routes = NO_ROUTES;
    this.source = undefined;
    this.name = undefined;
  }
}

/** Where a dialect looks for sessions. */
export interface SessionSearch {
  /**
   * Fills `session` from a request.
   * @param url path, and query where the dialect looks into it, as they go to the backend
   * @param rules of mod_jk, whose names come before those of the worker
   * @returns whether the request names a session
   */
  find(url: string, fields: Fields, session: Session, rules?: RequestRules): boolean;
  /** Every session that a request names: the one that counts first, then those that it hides. For tools. */
  findAll(url: string, fields: Fields): Session[];
}

/** Looks for sessions under one balancer's names, as mod_proxy does. */
export class SessionFinder implements SessionSearch {
  readonly #pathName: string;
  readonly #cookieName: string;
  readonly #cookieBytes: Buffer;
  readonly #separator: string | undefined;
  readonly #semicolonEnds: boolean;

  constructor(config: StickinessConfig) {
    this.#pathName = config.pathName;
    this.#cookieName = config.cookieName;
    this.#cookieBytes = Buffer.from(config.cookieName, 'latin1');
    this.#separator = config.separator;
    this.#semicolonEnds = config.semicolonEnds;
  }

  /**
   * Fills `session` from a request; an id in the URL hides every cookie, whether or not it has a route.
   * @param url path and query as they go to the backend
   * @returns whether the request names a session
   */
  find(url: string, fields: Fields, session: Session): boolean {
    return this.findInUrl(url, session) || this.findInFields(fields, session);
  }

  /** Searches a URL: anywhere in it, query included, with nothing asked of what stands before the name. */
  findInUrl(url: string, session: Session): boolean {
    session.reset();
    const name = this.#pathName;
    if (name === '') return false;
    // httpd goes on one character behind a name without `=`, so `idid=1` hides its second `id` when the name is `id`.
    for (let at = url.indexOf(name); at >= 0; at = url.indexOf(name, at + name.length + 1)) {
      let start = at + name.length;
      if (url.charCodeAt(start) !== EQUALS) continue;
      // Delimiters right behind `=` are skipped: `id=&x=1.b` has the value `x=1.b` (measured).
      for (start++; start < url.length && this.#endsUrlValue(url.charCodeAt(start)); ) start++;
      if (start === url.length) return false;
      let end = start + 1;
      while (end < url.length && !this.#endsUrlValue(url.charCodeAt(end))) end++;
      this.#keep(session, url.slice(start, end), 'url', name);
      return true;
    }
    return false;
  }

  /** Searches every Cookie field, in order, as if they were one joined by commas. */
  findInFields(fields: Fields, session: Session): boolean {
    session.reset();
    let index = fields.indexOfKnown(FIELD.Cookie);
    while (index >= 0) {
      const next = fields.hasRepeats ? nextCookie(fields, index + 1) : -1;
      const start = fields.slots[index * FIELD_STRIDE + 3];
      const end = start + fields.slots[index * FIELD_STRIDE + 4];
      if (this.#scan(fields.bytes, start, end, next < 0, session) >= 0) return true;
      index = next;
    }
    return false;
  }

  /** Searches the value of one Cookie field given as text; for tools, not for the byte path. */
  findInCookie(value: string, session: Session): boolean {
    session.reset();
    const bytes = Buffer.from(value, 'latin1');
    return this.#scan(bytes, 0, bytes.length, true, session) >= 0;
  }

  /** Every session that a request names: the one that counts first, then those that it hides. For tools. */
  findAll(url: string, fields: Fields): Session[] {
    const found: Session[] = [];
    for (let rest = url; ; ) {
      const session = new Session();
      if (found.length >= MAX_FOUND || !this.findInUrl(rest, session)) break;
      found.push(session);
      rest = rest.slice(
        rest.indexOf(session.id as string, rest.indexOf(this.#pathName)) + (session.id as string).length,
      );
    }
    const values = fields.getAll('Cookie');
    for (const [i, value] of values.entries()) {
      const bytes = Buffer.from(value, 'latin1');
      for (let at = 0; at >= 0 && found.length < MAX_FOUND; ) {
        const session = new Session();
        at = this.#scan(bytes, at, bytes.length, i === values.length - 1, session);
        if (at >= 0) found.push(session);
      }
    }
    return found;
  }

  /** @returns where the value ends, -1 when no session is named */
  #scan(bytes: Buffer, from: number, end: number, isLast: boolean, session: Session): number {
    const name = this.#cookieBytes;
    const length = name.length;
    if (length === 0) return -1;
    const first = name[0];
    const last = end - length;
    for (let at = from; at <= last; at++) {
      if (bytes[at] !== first || (at > from && !startsCookie(bytes[at - 1]))) continue;
      let same = 1;
      while (same < length && bytes[at + same] === name[same]) same++;
      if (same < length) continue;
      let start = at + length;
      while (start < end && isBlank(bytes[start])) start++;
      if (start === end || bytes[start] !== EQUALS) continue;
      start++;
      // An empty value at the very end is no session; followed by anything, it hides the cookies behind it.
      if (start === end && isLast) return -1;
      let stop = start;
      while (stop < end && bytes[stop] !== SEMICOLON && bytes[stop] !== COMMA) stop++;
      this.#keep(session, bytes.toString('latin1', start, stop), 'cookie', this.#cookieName);
      return stop;
    }
    return -1;
  }

  #endsUrlValue(code: number): boolean {
    return code === QUESTION || code === AMPERSAND || (code === SEMICOLON && this.#semicolonEnds);
  }

  #keep(session: Session, id: string, source: 'url' | 'cookie', name: string): void {
    session.id = id;
    session.source = source;
    session.name = name;
    if (this.#separator === undefined) {
      session.route = id;
      return;
    }
    const dot = id.indexOf(this.#separator);
    session.route = dot < 0 ? undefined : id.slice(dot + 1);
  }
}

function nextCookie(fields: Fields, from: number): number {
  for (let i = from; i < fields.count; i++) if (fields.slots[i * FIELD_STRIDE] === FIELD.Cookie) return i;
  return -1;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function startsCookie(before: number): boolean {
  return before === SEMICOLON || before === COMMA || isBlank(before);
}

// Finds the sessions of a request as mod_jk does (modjk.md §4): the path parameter first, in the path alone; else all
// cookies of the name, one after another. Cookies are searched as bytes; text is only made of hits.

import { FIELD } from '../../base/field-names.ts';
import { FIELD_STRIDE, type Fields } from '../../base/fields.ts';
import type { StickinessConfig } from '../config.ts';
import type { RequestRules } from '../lb-config.ts';
import { Session, type SessionSearch } from '../stickiness.ts';

const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const QUOTE = 0x22;
/** Sessions of one request that are looked at; mod_jk knows no limit but that of the header. */
const SESSIONS_MAX = 32;
/** Where an id in the path ends. */
const ID_END = /[?;/]/;

/** Looks for sessions under the names of one lb worker. */
export class LbSessionFinder implements SessionSearch {
  readonly #pathName: string;
  readonly #cookieName: string;

  /** `pathName` begins with `;` where it follows one (`;jsessionid`). */
  constructor({ pathName, cookieName }: Pick<StickinessConfig, 'pathName' | 'cookieName'>) {
    this.#pathName = pathName;
    this.#cookieName = cookieName;
  }

  /**
   * Fills `session` from a request; an id in the path hides every cookie, whether or not it has a route.
   * @param path as it goes to the backend; a query behind it is not looked at
   * @param rules of the mapping: their names come before those of the worker
   * @returns whether the request names a session
   */
  find(path: string, fields: Fields, session: Session, rules?: RequestRules): boolean {
    session.reset();
    if (rules?.ignoresSessions === true) return false;
    return (
      findInPath(path, rules?.sessionPath ?? this.#pathName, session) ||
      findInCookies(fields, rules?.sessionCookie ?? this.#cookieName, session)
    );
  }

  /** Every session that a request names, each by itself. For tools. */
  findAll(path: string, fields: Fields): Session[] {
    const found: Session[] = [];
    for (const ids of [idInPath(path, this.#pathName), idsInCookies(fields, this.#cookieName)]) {
      for (const id of typeof ids === 'string' ? [ids] : (ids ?? [])) {
        const session = new Session();
        const isInPath = typeof ids === 'string';
        keep(session, [id], isInPath ? 'url' : 'cookie', isInPath ? this.#pathName : this.#cookieName);
        found.push(session);
      }
    }
    return found;
  }
}

/** JK_ROUTE: the request goes where a session of this route would go. */
export function forceRoute(route: string, session: Session): void {
  session.reset();
  keep(session, [`.${route}`], 'url', 'JK_ROUTE');
}

function findInPath(path: string, name: string, session: Session): boolean {
  const id = idInPath(path, name);
  if (id === undefined) return false;
  // An empty one is none, and hides the cookies all the same.
  if (id !== '') keep(session, [id], 'url', name);
  return true;
}

function idInPath(url: string, name: string): string | undefined {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (name === '') return undefined;
  for (let at = path.indexOf(name); at >= 0; at = path.indexOf(name, at + 1)) {
    const start = at + name.length;
    if (path.charCodeAt(start) !== EQUALS || start + 1 === path.length) continue;
    const rest = path.slice(start + 1);
    const end = rest.search(ID_END);
    return end < 0 ? rest : rest.slice(0, end);
  }
  return undefined;
}

function findInCookies(fields: Fields, name: string, session: Session): boolean {
  const ids = idsInCookies(fields, name);
  // mod_jk joins them with `;`: nothing at all is no session.
  if (ids === undefined || (ids.length === 1 && ids[0] === '')) return false;
  keep(session, ids, 'cookie', name);
  return true;
}

/** Values of all cookies of the name, in all fields. */
function idsInCookies(fields: Fields, name: string): string[] | undefined {
  let index = fields.indexOfKnown(FIELD.Cookie);
  if (index < 0 || name === '') return undefined;
  const wanted = Buffer.from(name, 'latin1');
  let ids: string[] | undefined;
  while (index >= 0) {
    const start = fields.slots[index * FIELD_STRIDE + 3];
    const end = start + fields.slots[index * FIELD_STRIDE + 4];
    ids = scan(fields.bytes, start, end, wanted, ids);
    index = nextCookie(fields, index + 1);
  }
  return ids;
}

function scan(
  bytes: Buffer,
  from: number,
  end: number,
  name: Buffer,
  before: string[] | undefined,
): string[] | undefined {
  let ids = before;
  for (let at = bytes.indexOf(name, from); at >= 0 && at + name.length < end; at = bytes.indexOf(name, at)) {
    if (at > from && !startsCookie(bytes[at - 1])) {
      at++;
      continue;
    }
    let start = at + name.length;
    while (start < end && isBlank(bytes[start])) start++;
    if (start + 1 >= end || bytes[start] !== EQUALS) {
      at++;
      continue;
    }
    start++;
    let stop = start;
    while (stop < end && bytes[stop] !== SEMICOLON && bytes[stop] !== COMMA) stop++;
    at = stop;
    if (stop - start > 1 && bytes[start] === QUOTE && bytes[stop - 1] === QUOTE) {
      start++;
      stop--;
    }
    ids ??= [];
    if (ids.length < SESSIONS_MAX) ids.push(bytes.toString('latin1', start, stop));
  }
  return ids;
}

function nextCookie(fields: Fields, from: number): number {
  for (let i = from; i < fields.count; i++) if (fields.slots[i * FIELD_STRIDE] === FIELD.Cookie) return i;
  return -1;
}

function keep(session: Session, ids: readonly string[], source: 'url' | 'cookie', name: string): void {
  session.id = ids.length === 1 ? ids[0] : ids.join(';');
  session.source = source;
  session.name = name;
  session.routes = routesOf(ids);
  session.route = session.routes.at(0);
}

/** What follows the first dot of each id that has one. */
function routesOf(ids: readonly string[]): string[] {
  const routes: string[] = [];
  for (const id of ids) {
    const dot = id.indexOf('.');
    if (dot >= 0) routes.push(id.slice(dot + 1));
  }
  return routes;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function startsCookie(before: number): boolean {
  return before === SEMICOLON || before === COMMA || isBlank(before);
}

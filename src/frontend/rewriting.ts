// mod_rewrite in the phases of a request: what becomes of it when the rules of its host have run, before any mapping. What
// the rules themselves mean: `src/site/rewriting.ts`. Source: order and answers of httpd 2.4.71.

import { statSync } from 'node:fs';
import { posix } from 'node:path';
import { Failure } from '../base/failure.ts';
import { octetsOf, textOf } from '../config/files.ts';
import type { HostRewriting, MappingTarget, RewriteRule } from '../site/model.ts';
import { encodePath, sealPath } from '../site/path.ts';
import {
  applyRewriteRules,
  newRewriteState,
  REWRITE_HEADERS,
  type RewriteAsker,
  type RewriteOutcome,
  type RewriteState,
  schemeOf,
} from '../site/rewriting.ts';
import type { RewriteMaps } from './rewrite-maps.ts';
import { escapePath, type FileTarget, judgePath, mapToFile } from './static-path.ts';
import type { Visit } from './visit.ts';

/** What rules make of a request. */
export type Rewriting =
  /** It goes on as if there were no rules. */
  | { readonly kind: 'none' }
  /** Answered with an error, or whatever the status is. */
  | { readonly kind: 'answer'; readonly status: number; readonly failure?: Failure }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  | { readonly kind: 'proxy'; readonly target: MappingTarget; readonly path: string }
  /** The visit has another path, which is mapped as if it had been asked for (PT). */
  | { readonly kind: 'path' }
  /** A file, whatever aliases and mappings say. */
  | { readonly kind: 'file'; readonly target: FileTarget | undefined };

/** Runs the rules of the host over the path of the visit, and leaves the query that they made with it. */
export function rewriteForHost({ rules }: HostRewriting, visit: Visit, maps: RewriteMaps): Rewriting {
  const state = newRewriteState(visit.forms.decoded, visit.query);
  tellScriptUrl(visit);
  const outcome = applyRewriteRules(rules, state, new VisitAsker(visit, state, maps));
  visit.rewriteHandler = state.handler;
  visit.rewritesEnded ||= state.isEnded;
  if (outcome === 'unchanged') return { kind: 'none' };
  if (outcome === 'answer') return { kind: 'answer', status: state.status };
  const { query } = visit;
  const scheme = state.proxy === undefined ? schemeOf(state.url) : undefined;
  const isEscaped = scheme !== undefined && outcome !== 'literal';
  // Controls and blanks that no escaping takes care of: such a request must not go anywhere.
  if (!isEscaped && state.query !== undefined && UNSENDABLE.test(state.query)) return { kind: 'answer', status: 403 };
  if (scheme !== undefined) return redirection(state, outcome, query);
  setQuery(visit, state.query);
  if (state.proxy !== undefined) return proxying(state, state.proxy, outcome, visit);
  if (state.isPassThrough) {
    const { forms } = visit;
    forms.decoded = state.url;
    forms.encoded = escapePath(state.url);
    visit.path = state.url;
    return { kind: 'path' };
  }
  return localFile(state, visit);
}

/** Controls and blanks (as httpd counts them): nothing of the kind may stand in a query. */
const UNSENDABLE = /[\0-\x20\x7f]/;

function setQuery(visit: Visit, query: string | undefined): void {
  visit.query = query;
  visit.forms.query = query;
}

function redirection(state: RewriteState, outcome: RewriteOutcome, before: string | undefined): Rewriting {
  const isLiteral = outcome === 'literal';
  let location = isLiteral ? state.url : escapeUrl(state.url);
  if (state.query !== undefined)
    location += `?${isLiteral || state.query === before ? state.query : escapePath(state.query)}`;
  return { kind: 'redirect', status: state.status, location };
}

/** Escapes the path of a URL; scheme and authority stay. */
function escapeUrl(url: string): string {
  const start = /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/[^/]*)?/.exec(url)?.[0] ?? '';
  return start + escapePath(url.slice(start.length));
}

function proxying(state: RewriteState, rule: RewriteRule, outcome: RewriteOutcome, visit: Visit): Rewriting {
  const target = rule.proxy as MappingTarget;
  if (target.kind !== 'proxy') return { kind: 'proxy', target, path: '' };
  const rest = state.url.slice(rule.proxyPrefix.length);
  if (!state.url.startsWith(rule.proxyPrefix) || (rest !== '' && !rest.startsWith('/'))) {
    const why = 'what the request brought would change the backend’s host';
    return {
      kind: 'answer',
      status: 500,
      failure: new Failure('target-unavailable', 'internal', why, { status: 500 }),
    };
  }
  if (outcome === 'literal' && UNSENDABLE.test(rest)) return { kind: 'answer', status: 403 };
  const keepsEncoded = visit.host.host.allowEncodedSlashes === 'no-decode';
  const path = outcome === 'literal' ? sealPath(rest) : encodePath(rest, keepsEncoded);
  return { kind: 'proxy', target, path: path === '' ? '/' : path };
}

/**
 * The file of a path: from the root of all files where the configuration wrote a path that begins there, below
 * DocumentRoot otherwise. Names that are never served are not served here either.
 */
function localFile({ url, mayNameFile }: RewriteState, visit: Visit): Rewriting {
  if (!url.startsWith('/')) return { kind: 'answer', status: 400 };
  const verdict = judgePath(url.replace(/\/\.\.?(?=\/|$)/g, '/'));
  if (verdict !== 0) return { kind: 'answer', status: verdict };
  const path = posix.normalize(textOf(url));
  if (mayNameFile && exists(path.slice(0, path.indexOf('/', 1)))) {
    const file = path.replace(/(?<=.)\/+$/, '');
    return { kind: 'file', target: { file, root: posix.dirname(file), isScript: false } };
  }
  const { documentRoot } = visit.host.host;
  return { kind: 'file', target: mapToFile({ aliasRules: [], documentRoot }, octetsOf(path)) };
}

function exists(path: string): boolean {
  return path.length > 1 && statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** SCRIPT_URL and SCRIPT_URI: the path as it was asked for, for whatever reads variables. */
function tellScriptUrl(visit: Visit): void {
  const { exchange } = visit;
  const path = exchange.env?.get('SCRIPT_URL') ?? visit.forms.decoded;
  exchange.setEnv('SCRIPT_URL', path);
  exchange.setEnv('SCRIPT_URI', visit.origin + path);
}

/** Answers what rules ask of a visit. */
class VisitAsker implements RewriteAsker {
  readonly #visit: Visit;
  readonly #state: RewriteState;
  readonly #maps: RewriteMaps;

  constructor(visit: Visit, state: RewriteState, maps: RewriteMaps) {
    this.#visit = visit;
    this.#state = state;
    this.#maps = maps;
  }

  get subject(): Visit['subject'] {
    return this.#visit.subject;
  }

  get isSubrequest(): boolean {
    return this.#visit.depth > 0 || this.#visit.isIndexRun;
  }

  get pathBytesMax(): number {
    return 2 * this.#visit.host.host.limits.lineBytes;
  }

  get origin(): string {
    return this.#visit.origin;
  }

  isOwn(scheme: string, name: string, port: number): boolean {
    const { host } = this.#visit.host;
    const ownPort = host.serverPort ?? host.addresses.find((address) => address.port !== undefined)?.port;
    if (scheme !== this.#visit.scheme || port !== ownPort) return false;
    return host.serverName === name || host.aliases.some(({ text, isPattern }) => !isPattern && text === name);
  }

  setEnv(name: string, value: string | undefined): void {
    if (value === undefined) this.#visit.exchange.env?.delete(name);
    else if (name !== '') this.#visit.exchange.setEnv(name, value);
  }

  addCookie(parts: string): void {
    const field = cookieField(parts, this.#visit.site.clock.wall());
    const { rewriteCookies = [] } = this.#visit;
    if (field !== undefined && !rewriteCookies.includes(field)) this.#visit.rewriteCookies = [...rewriteCookies, field];
  }

  varyOn(name: string): void {
    this.#visit.varyOn(name);
  }

  map(name: string, key: string): string | undefined {
    const map = this.#visit.host.host.rewriteMaps.get(name);
    return map === undefined ? undefined : this.#maps.lookUp(map, key);
  }

  part(part: Parameters<RewriteAsker['part']>[0]): string | undefined {
    const { subject, exchange } = this.#visit;
    switch (part.kind) {
      case 'env':
        return subject.note(part.name) ?? subject.requestEnv(part.name) ?? subject.processEnv(part.name);
      case 'header':
        return subject.requestHeader(part.name, false);
      case 'tls':
        return subject.variable(part.name);
      case 'mapped-file': {
        const { host } = this.#visit.host;
        const file = mapToFile(host, this.#state.url)?.file;
        return file === undefined ? this.#state.url : octetsOf(file);
      }
      default:
        break;
    }
    switch (part.name) {
      case 'REQUEST_FILENAME':
      case 'SCRIPT_FILENAME':
        return this.#state.url;
      case 'QUERY_STRING':
        return this.#state.query;
      case 'SERVER_ADDR':
        return exchange.connection.localAddress;
      default: {
        const field = REWRITE_HEADERS.get(part.name);
        return field === undefined ? subject.variable(part.name) : subject.requestHeader(field, false);
      }
    }
  }
}

/** `name:value:domain:minutes:path:secure:httponly:samesite`; with a semicolon before it, semicolons stand between. */
function cookieField(parts: string, wallMs: number): string | undefined {
  const [name, value, domain, minutes, path, secure, httpOnly, sameSite] = parts.startsWith(';')
    ? parts.slice(1).split(';')
    : parts.split(':');
  if (name === undefined || value === undefined || domain === undefined) return undefined;
  let field = `${name}=${value}; path=${path || '/'}; domain=${domain}`;
  const lifetime = Number.parseInt(minutes ?? '0', 10) || 0;
  if (lifetime !== 0) field += `; expires=${cookieDate(lifetime < 0 ? 0 : wallMs + lifetime * 60_000)}`;
  if (/^(?:true|1|secure)$/i.test(secure ?? '')) field += '; secure';
  if (/^(?:true|1|httponly)$/i.test(httpOnly ?? '')) field += '; HttpOnly';
  if (sameSite !== undefined && sameSite !== '' && !/^(?:0|false)$/i.test(sameSite)) field += `; SameSite=${sameSite}`;
  return NO_FIELD.test(field) ? undefined : field;
}

/** Octets that may not stand in a field: a cookie may hold what the request brought. */
const NO_FIELD = /[^\t\x20-\x7e\x80-\xff]/;

function cookieDate(ms: number): string {
  const [day, date, month, year, time] = new Date(ms).toUTCString().split(' ');
  return `${day} ${date}-${month}-${year} ${time} GMT`;
}

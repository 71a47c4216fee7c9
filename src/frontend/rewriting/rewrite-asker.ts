// What rewrite rules ask of a request, and what they leave with it: variables, fields, maps; environment and cookies.

import { octetsOf } from '../../config/files.ts';
import { REWRITE_HEADERS, type RewriteAsker, type RewriteState } from '../../site/rewriting/rewriting.ts';
import { mapToFile } from '../static/static-path.ts';
import type { Visit } from '../visit.ts';
import type { RewriteMaps } from './rewrite-maps.ts';

/** Answers what rules ask of a visit. */
export class VisitAsker implements RewriteAsker {
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

// What the frontend knows of one exchange while it is being served: host, path, settings, how it will be answered.
// Reused; nothing of it outlives the exchange.

import { octetsOf } from '../config/files.ts';
import type { AccessFacts as LogFacts } from '../listener/access-log-fields.ts';
import type { Exchange } from '../listener/exchange.ts';
import type { AuthenticationOutcome, AccessFacts as ClientFacts } from '../site/access/access.ts';
import type { Authentication, DirectorySettings, JkTarget, MappingTarget } from '../site/model.ts';
import { newRequestPath, type RequestPath } from '../site/path.ts';
import type { Inquiry } from './access/inquiry.ts';
import type { RequestTrace } from './explain/request-trace.ts';
import type { JkAccount } from './jk/jk-notes.ts';
import { RequestSubject } from './request-subject.ts';
import type { RunningHost, RunningSite } from './running-site.ts';
import type { FileTarget } from './static/static-path.ts';

/** Who answers once the client has been let in, and with what. */
export interface Goal {
  kind: 'page' | 'proxy' | 'jk' | 'file';
  /** Of a proxied request. */
  target: MappingTarget | undefined;
  /** Of a request that goes to a worker of mod_jk, its status pages too; undefined while SetHandler alone names mod_jk. */
  jk: JkTarget | undefined;
  /** Of a proxied request: encoded path for the backend. For a worker of mod_jk: decoded, path parameters included. */
  path: string;
  /** Query for the backend, without `?`. */
  query: string | undefined;
  /** Of a file; undefined when the path leads nowhere. */
  file: FileTarget | undefined;
}

export class Visit implements LogFacts, ClientFacts {
  exchange!: Exchange;
  site!: RunningSite;
  host!: RunningHost;
  settings!: DirectorySettings;
  /** Decoded, normalised path (latin1 view); undefined while the target is not understood. */
  path: string | undefined = undefined;
  query: string | undefined = undefined;
  /** The path in all its forms. */
  readonly forms: RequestPath = newRequestPath();
  file: string | undefined = undefined;
  handler: string | undefined = undefined;
  originalStatus: number | undefined = undefined;
  readonly goal: Goal = {
    kind: 'file',
    target: undefined,
    jk: undefined,
    path: '',
    query: undefined,
    file: undefined,
  };
  /** Method of the client when an error page was asked for in its place; for the log. */
  originalMethod: string | undefined = undefined;
  /** Host name the client addressed, without port; undefined when it named none. */
  clientName: string | undefined = undefined;
  /** Internal redirects so far. */
  redirects = 0;
  /** The answer is an error page of ours. */
  isOwnError = false;
  /** What had to be found out about the client; undefined when nothing had to. */
  inquiry: Inquiry | undefined = undefined;
  /** The settings under which the gate judged; undefined before it did. */
  judged: DirectorySettings | undefined = undefined;
  /** Whom the client's certificate names: a user who need not be asked. */
  knownUser: string | undefined = undefined;
  /** Of the run before an internal redirect. */
  lastUser: string | undefined = undefined;
  lastAuthType: string | undefined = undefined;
  /** WWW-Authenticate of a 401, whoever makes its page. */
  challenge: string | undefined = undefined;
  /** Fields of the request that expressions decided by, for Vary. */
  varying: string[] | undefined = undefined;
  /** Handler that a rewrite rule named (H). */
  rewriteHandler: string | undefined = undefined;
  /** A rewrite rule with END was met: no more rules. */
  rewritesEnded = false;
  /** Set-Cookie fields of rewrite rules (CO). */
  rewriteCookies: readonly string[] | undefined = undefined;
  /** It runs for the index of a folder, or for what stands in for a missing file. */
  isIndexRun = false;
  /** How deep it is within questions of another visit (`reach.ts`); 0 for a request. */
  depth = 0;
  /** What a log reads of mod_jk's workers; undefined when none does, and before one is asked. */
  jkAccount: JkAccount | undefined = undefined;
  #subject: RequestSubject | undefined = undefined;
  /** Somebody wants to know why it goes as it does. */
  trace: RequestTrace | undefined = undefined;

  begin(exchange: Exchange, site: RunningSite): void {
    this.trace = undefined;
    this.exchange = exchange;
    this.site = site;
    site.visitCount++;
    this.path = undefined;
    this.query = undefined;
    this.file = undefined;
    this.handler = undefined;
    this.originalStatus = undefined;
    this.originalMethod = undefined;
    this.clientName = undefined;
    this.redirects = 0;
    this.isOwnError = false;
    this.inquiry = undefined;
    this.challenge = undefined;
    this.judged = undefined;
    this.knownUser = undefined;
    this.lastUser = undefined;
    this.lastAuthType = undefined;
    this.varying = undefined;
    this.rewriteHandler = undefined;
    this.rewritesEnded = false;
    this.isIndexRun = false;
    this.rewriteCookies = undefined;
    this.depth = 0;
    this.jkAccount = undefined;
    this.forgetGoal();
  }

  /** It runs again for another path: who the user is must be found anew, unless the same settings are in force. */
  leaveRun(): void {
    const { exchange } = this;
    this.lastUser = exchange.user;
    this.lastAuthType = exchange.authType;
    exchange.user = undefined;
    exchange.authType = undefined;
    // httpd's variables of the run before have other names in the next one.
    exchange.env?.delete('no-jk');
  }

  /** Nobody knows yet who answers. */
  forgetGoal(): void {
    this.goal.kind = 'file';
    this.goal.target = undefined;
    this.goal.jk = undefined;
    this.goal.path = '';
    this.goal.file = undefined;
  }

  /** Whom expressions ask about this request. */
  get subject(): RequestSubject {
    this.#subject ??= new RequestSubject(this);
    return this.#subject;
  }

  /** The answer depends on a field of the request. Host is never named: it is part of what was asked for; nor is what is no name. */
  varyOn(name: string): void {
    if (name.toLowerCase() === 'host' || !TOKEN.test(name)) return;
    this.varying ??= [];
    if (!this.varying.includes(name)) this.varying.push(name);
  }

  /** What httpd calls the file of a request, octets: a path, the URL it is proxied to, or the path of the URL. */
  get filename(): string {
    const { goal } = this;
    if (goal.kind === 'proxy' && goal.target?.kind === 'proxy') return `proxy:${goal.target.authority}${goal.path}`;
    return goal.file === undefined ? this.forms.decoded : octetsOf(goal.file.file);
  }

  captured(variable: string, value: string): void {
    this.exchange.setEnv(variable, value);
  }

  get clientAddress(): string {
    return this.exchange.clientAddress;
  }

  get serverAddress(): string {
    return this.exchange.connection.localAddress;
  }

  get method(): string {
    return this.exchange.request.method;
  }

  /** Names of variables are compared as httpd's tables compare them, without regard to letter case. */
  hasEnv(name: string): boolean {
    const { env } = this.exchange;
    if (env === undefined) return false;
    if (env.has(name)) return true;
    const lower = name.toLowerCase();
    for (const other of env.keys()) if (other.toLowerCase() === lower) return true;
    return false;
  }

  clientHost(): string | undefined {
    return this.inquiry?.clientHost();
  }

  addressesOf(name: string): readonly string[] | undefined {
    return this.inquiry?.addressesOf(name);
  }

  authenticate(how: Authentication): AuthenticationOutcome | 'wait' {
    return this.inquiry?.authenticate(how) ?? 'wait';
  }

  groupsOf(user: string, file: string): ReadonlySet<string> | undefined {
    return this.inquiry?.groupsOf(user, file);
  }

  get canonicalName(): string {
    return this.host.host.serverName;
  }

  /** Port of ServerName, else that of the scheme. */
  get canonicalPort(): number {
    return this.host.host.serverPort ?? this.#schemePort;
  }

  /** Scheme by which the client knows us: that of the connection, or the one that ServerName says. */
  get scheme(): 'http' | 'https' {
    const isSecure = this.exchange.connection.tls !== undefined || this.host.host.serverScheme === 'https';
    return isSecure ? 'https' : 'http';
  }

  get #schemePort(): number {
    return this.scheme === 'http' ? 80 : 443;
  }

  get requestName(): string {
    return this.host.host.useCanonicalName === 'on' ? this.canonicalName : (this.clientName ?? this.canonicalName);
  }

  /** Port by which the client addressed us: that of its Host, or of ServerName (UseCanonicalName); undefined: the default. */
  get requestPort(): number | undefined {
    const { host } = this.host;
    const field = host.useCanonicalName === 'on' ? undefined : this.exchange.request.fields.get('Host');
    const port = field === undefined ? null : /:(\d+)$/.exec(field);
    return port === null ? host.serverPort : Number(port[1]);
  }

  /** The same, with the default in its place: ServerName's, that of the connection (UseCanonicalPhysicalPort), the scheme's. */
  get addressedPort(): number {
    const { host } = this.host;
    const physicalPort = host.useCanonicalPhysicalPort ? this.exchange.connection.localPort : undefined;
    return this.requestPort ?? physicalPort ?? this.#schemePort;
  }

  /** Scheme and authority by which the client knows us, for redirects (UseCanonicalName, UseCanonicalPhysicalPort). */
  get origin(): string {
    const { scheme } = this;
    const { host } = this.host;
    const physicalPort = host.useCanonicalPhysicalPort ? this.exchange.connection.localPort : undefined;
    if (host.useCanonicalName === 'on')
      return this.#withPort(`${scheme}://${host.serverName}`, host.serverPort ?? physicalPort);
    const [, name, port] = /^(.*?)(?::(\d*))?$/.exec(this.exchange.request.fields.get('Host') ?? '') ?? [];
    const given = port === undefined || port === '' ? undefined : Number(port);
    return this.#withPort(
      `${scheme}://${name?.toLowerCase() || host.serverName}`,
      given ?? physicalPort ?? host.serverPort,
    );
  }

  #withPort(origin: string, port: number | undefined): string {
    return port === undefined || port === this.#schemePort ? origin : `${origin}:${port}`;
  }
}

/** Name of a field (RFC 9110 §5.6.2): one may come from a request. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,128}$/;

/** Visits kept for reuse. */
const SPARE_VISITS_MAX = 256;
const spares: Visit[] = [];

export function lendVisit(exchange: Exchange, site: RunningSite): Visit {
  const visit = spares.pop() ?? new Visit();
  visit.begin(exchange, site);
  return visit;
}

export function takeBackVisit(visit: Visit): void {
  const { site } = visit;
  site.visitCount--;
  if (site.isRetired) site.lookWhetherEmpty();
  else if (spares.length < SPARE_VISITS_MAX) spares.push(visit);
}

/** Forgets spare visits: they know the site they served last, which must be able to go. */
export function dropSpareVisits(): void {
  spares.length = 0;
}

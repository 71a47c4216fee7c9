// The frontend: every exchange from its head to its log line, through httpd's phases in their order: host, path, early
// rules, mapping, settings, access, late rules, handler. The site in force is one reference; a reload swaps it.

import { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import type { Log } from '../base/log.ts';
import type { Link } from '../link/link.ts';
import { writeAccessLogs } from '../listener/access-log.ts';
import type { Exchange, HeadFilter } from '../listener/exchange.ts';
import type { Http1Handler } from '../listener/http1-listener.ts';
import { EXPLAIN_VARIABLE } from '../site/check/check-explaining.ts';
import { findMapping, type MappingMatch } from '../site/mapping.ts';
import type { MappingTarget } from '../site/model.ts';
import { readPath, settleEncoded, shownPath, undecodedPath } from '../site/path.ts';
import { fakeAuthorization, Gate } from './access/gate.ts';
import { applyRemoteIp } from './access/remote-ip.ts';
import { Activity, NO_SERVER, type ServerFacts } from './activity.ts';
import { applyEnvOps, applyEnvRules, spareClient } from './environment.ts';
import { ExplainLog } from './explain/explain-log.ts';
import type { RequestTrace } from './explain/request-trace.ts';
import { Failing } from './failing.ts';
import { applyEarlyResponseHeaders, applyRequestHeaders, type HeaderContext } from './headers.ts';
import { JK_HANDLER, mapToJk, seeAsWorker, seeFor } from './jk/jk-mapping.ts';
import { dropSpareJkRuns } from './jk/jk-proxying.ts';
import { serveJk } from './jk/jk-serving.ts';
import type { PageHandlers } from './page-handler.ts';
import { Pages } from './pages.ts';
import { redirectAfterAccess, redirectBeforeAccess, sendElsewhere } from './redirects.ts';
import { answerOptions, RequestTarget } from './request-target.ts';
import { finishResponseHead } from './response-head.ts';
import { RewriteMaps } from './rewriting/rewrite-maps.ts';
import { type Rewriting, rewriteForHost } from './rewriting/rewriting.ts';
import { rewriteForSections, type SectionRewriting } from './rewriting/section-rewriting.ts';
import type { RunningSite } from './running-site.ts';
import { FileAnswers } from './static/file-answers.ts';
import { aliasTarget, type FileTarget, mapToFile } from './static/static-path.ts';
import { applyTlsEnvironment, applyTlsUser, isSecureEnough, tlsRefusal } from './tls/tls-rules.ts';
import { dropSpareRuns, proxyExchange } from './upstream/proxying.ts';
import { dropSpareVisits, lendVisit, takeBackVisit, type Visit } from './visit.ts';

export class Frontend implements Http1Handler, HeadFilter {
  #site: RunningSite;
  readonly link: Link;
  readonly activity: Activity;
  readonly server: ServerFacts;
  readonly #target = new RequestTarget();
  readonly #match: MappingMatch = { mapping: undefined, path: '', query: undefined };
  readonly #pages: Pages;
  #files: FileAnswers;
  readonly #gate: Gate;
  readonly #failing: Failing;
  readonly #headers: HeaderContext;
  readonly #explaining: ExplainLog;
  readonly #rewriteMaps: RewriteMaps;

  /**
   * @param pages for handlers that are answered by rooms above
   * @param server what pages may ask about; nothing is asked before there is a request
   */
  constructor(
    site: RunningSite,
    link: Link,
    log: Log,
    pages: PageHandlers = new Map(),
    server: ServerFacts = NO_SERVER,
  ) {
    this.#site = site;
    this.#pages = new Pages(pages, log);
    this.link = link;
    this.activity = new Activity(link.clock);
    this.server = server;
    this.#files = new FileAnswers(link.clock, this.#pages, this);
    this.#headers = {
      clock: link.clock,
      subjectOf: (exchange) => (exchange.attachment as Visit).subject,
      failed: (exchange, failure) => this.#failing.tell(exchange.attachment as Visit, 200, failure as Failure),
    };
    this.#explaining = new ExplainLog(link.clock, log);
    this.#rewriteMaps = new RewriteMaps(log, Math.random);
    this.#failing = new Failing(log, this, (visit, path) => this.again(visit, path));
    this.#gate = new Gate(link, log, {
      admit: (visit) => this.#admit(visit),
      fail: (visit, status, failure) => this.fail(visit, status, failure),
      broke: (visit, error) => this.#failExpression(visit, error),
    });
  }

  get site(): RunningSite {
    return this.#site;
  }

  /**
   * Puts another site in force: exchanges in progress end under the old one.
   * @param oldIsEmpty called once, when the last of them has ended; perhaps at once
   */
  swap(site: RunningSite, oldIsEmpty?: () => void): void {
    const old = this.#site;
    this.#site = site;
    // What is kept for reuse knows the old site, or was made by its rules.
    dropSpareVisits();
    dropSpareRuns(this);
    dropSpareJkRuns(this);
    this.#match.mapping = undefined;
    this.#files = new FileAnswers(this.link.clock, this.#pages, this);
    old.retire(oldIsEmpty);
  }

  /** Ends what runs beside the loop. */
  close(): void {
    this.#gate.close();
  }

  // --- for the listener ---------------------------------------------------------------------------------------------

  /** @param trace hears what is decided and why */
  handle(exchange: Exchange, trace?: RequestTrace): void {
    const visit = lendVisit(exchange, this.#site);
    exchange.attachment = visit;
    visit.trace = trace;
    const target = this.#target;
    const isReadable = target.read(exchange.request);
    const { connection } = exchange;
    visit.clientName = target.hostName;
    visit.host = this.#site.hostFor(connection.localAddress, connection.localPort, target.hostName, trace);
    visit.settings = visit.host.host.defaults;
    if (visit.host.host.remoteIp !== undefined) applyRemoteIp(visit.host.host.remoteIp, exchange);
    if (!isReadable) {
      this.fail(
        visit,
        400,
        new Failure('bad-target', 'downstream', 'the request target has no form that is served here', { status: 400 }),
      );
      return;
    }
    visit.query = target.query;
    const refusal = connection.tls === undefined && connection.isPlainAtTls !== true ? undefined : tlsRefusal(visit);
    if (refusal !== undefined) {
      this.fail(visit, refusal.status as number, refusal);
      return;
    }
    try {
      this.#begin(visit, target.path);
    } catch (error) {
      this.#failExpression(visit, error);
    }
  }

  refuse(exchange: Exchange, failure: Failure): void {
    if (exchange.attachment !== undefined) {
      // It was understood and went wrong later.
      this.fail(exchange.attachment as Visit, failure.status ?? 400, failure);
      return;
    }
    const visit = lendVisit(exchange, this.#site);
    exchange.attachment = visit;
    const { connection } = exchange;
    visit.host = this.#site.hostFor(connection.localAddress, connection.localPort, undefined);
    visit.settings = visit.host.host.defaults;
    this.fail(visit, failure.status ?? 400, failure);
  }

  finished(exchange: Exchange): void {
    const visit = exchange.attachment as Visit | undefined;
    if (visit === undefined) return;
    exchange.attachment = undefined;
    if (visit.originalMethod !== undefined) exchange.request.method = visit.originalMethod;
    const { trace } = visit;
    try {
      if (trace !== undefined) this.#explaining.finish(visit, trace);
      if (trace?.isRehearsal !== true) {
        this.activity.count(exchange);
        visit.jkAccount?.finish(visit);
        writeAccessLogs(visit.host.accessLogs, exchange, visit, this.link.clock);
      }
    } finally {
      takeBackVisit(visit);
    }
  }

  /** Header directives reach every response, whoever made it. */
  filterHead(exchange: Exchange): void {
    finishResponseHead(exchange.attachment as Visit, this.#headers);
  }

  // --- the phases ---------------------------------------------------------------------------------------------------

  /** Reads the path and runs what comes before anything is decided. */
  #begin(visit: Visit, rawPath: string): void {
    const { exchange, forms } = visit;
    const { host } = visit.host;
    if (rawPath === '*') {
      answerOptions(exchange);
      return;
    }
    const isPath = readPath(rawPath, host, forms, visit.query);
    visit.path = shownPath(forms);
    applyRequestHeaders(host.defaults.headerOps, 'early', exchange, this.#headers);
    applyEarlyResponseHeaders(host.defaults.headerOps, exchange, this.#headers);
    applyEnvRules(host.earlyEnvRules, exchange, undecodedPath(forms), visit);
    if (exchange.env?.has(EXPLAIN_VARIABLE) === true) visit.trace ??= this.#explaining.begin(visit);
    if (visit.host.sparesClients) spareClient(exchange);
    if (!isPath) this.fail(visit, 400);
    else if (exchange.request.method === 'TRACE' && host.traceEnable === 'off') this.fail(visit, 405);
    else this.#map(visit);
  }

  /** Finds who answers. */
  #map(visit: Visit): void {
    const { exchange, forms, trace } = visit;
    const { host, settings, usesEncodedForm } = visit.host;
    trace?.passBegins();
    // What cannot be decoded may still be mapped in its encoded form.
    visit.forgetGoal();
    let located = settings.forPath(forms.status === 0 ? forms.decoded : forms.encoded, visit);
    visit.settings = located;
    const env = located.interpolateEnv === true ? (name: string) => exchange.env?.get(name) : undefined;
    const mayProxy = exchange.env?.has('no-proxy') !== true;
    const match = this.#match;
    match.skipsWebSockets = located.websocketFallback === false && !exchange.request.fields.hasKnown(FIELD.Upgrade);
    const isEncodedMatch =
      usesEncodedForm && mayProxy && findMapping(host, located, forms, 'encoded', match, env, trace);
    if (!isEncodedMatch && forms.status !== 0) {
      visit.settings = host.defaults; // no section was looked for yet
      this.fail(visit, forms.status);
      return;
    }
    if (isEncodedMatch && settleEncoded(forms, host, match.mapping?.mode === 'servlet')) {
      visit.path = forms.decoded;
      located = settings.forPath(forms.decoded, visit);
      visit.settings = located;
    }
    if (host.rewriting !== undefined && !isEncodedMatch && !visit.rewritesEnded) {
      const rewriting = rewriteForHost(host.rewriting, visit, this.#rewriteMaps);
      if (rewriting.kind === 'path') visit.settings = settings.forPath(forms.decoded, visit);
      else if (rewriting.kind !== 'none') {
        // A file that rules name is mod_jk's when the path that was asked for is.
        if (rewriting.kind === 'file' && this.#isForJk(visit)) return;
        this.#follow(visit, rewriting);
        return;
      }
    }
    if (this.#isForPage(visit)) return;
    const isMatch = isEncodedMatch || (mayProxy && findMapping(host, located, forms, 'decoded', match, env, trace));
    const target = isMatch ? match.mapping?.target : undefined;
    if (target === undefined || target.kind === 'none') this.#mapToFile(visit);
    else this.#mapToProxy(visit, target, match);
  }

  /** A page that SetHandler names comes before any mapping. @returns true when it will answer */
  #isForPage(visit: Visit): boolean {
    const { handler } = visit.settings;
    if (handler === undefined || !this.#pages.has(handler)) return false;
    visit.handler = handler;
    visit.goal.kind = 'page';
    this.#enter(visit);
    return true;
  }

  /** Does what rewrite rules have decided. */
  #follow(visit: Visit, rewriting: Exclude<Rewriting, { kind: 'none' | 'path' }> | SectionRewriting): void {
    if (visit.rewriteCookies !== undefined) visit.exchange.headFilter = this;
    if (rewriting.kind === 'answer') this.fail(visit, rewriting.status, rewriting.failure);
    else if (rewriting.kind === 'redirect') sendElsewhere(this, visit, rewriting);
    else if (rewriting.kind === 'again') this.again(visit, rewriting.path);
    else if (this.#isForPage(visit)) return;
    else if (rewriting.kind === 'proxy')
      this.#mapToProxy(visit, rewriting.target, { mapping: undefined, path: rewriting.path, query: visit.query });
    else this.#enterFile(visit, rewriting.target);
  }

  #mapToProxy(visit: Visit, target: MappingTarget, { path, query }: MappingMatch): void {
    visit.handler = 'proxy-server';
    visit.goal.kind = 'proxy';
    visit.goal.target = target;
    visit.goal.path = path;
    visit.goal.query = query;
    if (target.kind === 'proxy' && visit.host.settings.needsProxiedUrl) {
      visit.settings = visit.host.settings.forProxied(visit.forms.decoded, target.authority + path, visit);
    }
    this.#enter(visit);
  }

  #mapToFile(visit: Visit): void {
    const redirection = redirectBeforeAccess(visit);
    if (redirection !== undefined) {
      sendElsewhere(this, visit, redirection);
      return;
    }
    if (this.#isForJk(visit)) return;
    const { alias } = visit.settings;
    const target =
      alias === undefined
        ? mapToFile(visit.host.host, visit.forms.decoded)
        : aliasTarget(alias, visit.site.snapshot, visit);
    if (target?.path !== undefined) seeFor(visit, target.path);
    this.#enterFile(visit, target);
  }

  /** @returns true when a rule of mod_jk has taken the request */
  #isForJk(visit: Visit): boolean {
    const status = visit.host.jk === undefined ? 0 : mapToJk(visit, visit.host.jk);
    if (status === 200) this.#enter(visit);
    else if (status === 400) this.fail(visit, 400);
    return status !== 0;
  }

  #enterFile(visit: Visit, target: FileTarget | undefined): void {
    visit.goal.file = target;
    if (target !== undefined) visit.settings = visit.host.settings.forFile(visit.forms.decoded, target.file, visit);
    if (visit.settings.handler === JK_HANDLER && seeAsWorker(visit)) this.#mapToFile(visit);
    else this.#enter(visit);
  }

  /** Runs the rules in force at the place that was found, and asks whether this client may be there. */
  #enter(visit: Visit): void {
    const { exchange, settings } = visit;
    if (settings.headerOps !== undefined || visit.rewriteCookies !== undefined) exchange.headFilter = this;
    applyEnvRules(settings.envIfRules, exchange, visit.forms.decoded, visit);
    if (settings.tlsUser !== undefined) applyTlsUser(visit);
    if (isSecureEnough(visit)) this.#gate.enter(visit);
    else this.fail(visit, 403);
  }

  /** The client may be here: the last rules, then the handler. */
  #admit(visit: Visit): void {
    const { exchange, settings, goal } = visit;
    const rewriting = settings.rewriting === undefined ? undefined : rewriteForSections(visit, this.#rewriteMaps);
    if (rewriting !== undefined) {
      this.#follow(visit, rewriting);
      return;
    }
    const redirection = redirectAfterAccess(visit);
    if (redirection !== undefined) {
      sendElsewhere(this, visit, redirection);
      return;
    }
    const { tls } = exchange.connection;
    if (tls !== undefined && visit.host.readsEnvironment) applyTlsEnvironment(visit, tls);
    applyEnvOps(settings.envOps, exchange);
    if (visit.host.sparesClients) spareClient(exchange);
    if (settings.access?.authentication?.fake !== undefined) fakeAuthorization(visit);
    applyRequestHeaders(settings.headerOps, 'late', exchange, this.#headers);
    if (visit.varying !== undefined || visit.rewriteCookies !== undefined) exchange.headFilter = this;
    if (goal.kind === 'page') this.#pages.answer(visit, visit.handler as string, this);
    else if (goal.kind === 'file') this.#files.serve(visit);
    else if (goal.kind === 'jk') serveJk(visit, this.#pages, this);
    else this.#proxy(visit);
  }

  #proxy(visit: Visit): void {
    const { target, path } = visit.goal;
    if (target !== undefined) proxyExchange(this, visit, target, path);
  }

  // --- answers that are not what was asked for ----------------------------------------------------------------------

  /** Answers with an error page, or the ErrorDocument in force. */
  fail(visit: Visit, status: number, failure?: Failure): void {
    this.#failing.fail(visit, status, failure);
  }

  /** An expression that cannot be evaluated opens nothing: neither what it guards nor what stands in its Else. */
  #failExpression(visit: Visit, error: unknown): void {
    if (!(error instanceof Failure) || error.code !== 'expression-failed') throw error;
    this.fail(visit, 500, error);
  }

  /** Runs the exchange again for another encoded path of the same host: an index, a fallback, an error document. */
  again(visit: Visit, path: string): void {
    if (!this.#failing.mayRunAgain(visit)) return;
    const { forms } = visit;
    visit.leaveRun();
    visit.trace?.passEnds(visit);
    if (!readPath(path, visit.host.host, forms, visit.query)) {
      this.fail(visit, 400);
      return;
    }
    try {
      this.#map(visit);
    } catch (error) {
      this.#failExpression(visit, error);
    }
  }
}

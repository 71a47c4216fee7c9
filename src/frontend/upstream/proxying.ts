// From a mapping that matched to a proxied exchange: session, backend path, environment; and what is done to the answer
// before it goes out: ProxyPassReverse, ProxyErrorOverride, the standard reason phrase.

import type { Member } from '../../balancer/member.ts';
import { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import type { RequestHead, ResponseHead } from '../../base/head.ts';
import type { Link } from '../../link/link.ts';
import type { ErrorOverride, MappingTarget, ProxyTarget } from '../../site/model.ts';
import { reverseFields } from '../../site/reverse.ts';
import { answerOptions } from '../request-target.ts';
import type { Visit } from '../visit.ts';
import { connectionTokens } from './http-head.ts';
import { mannersOf } from './manners.ts';
import { answerTrace, countForward } from './max-forwards.ts';
import { ProxyRuns } from './proxy.ts';
import type { Attempts } from './proxy-attempts.ts';
import type { ProxyRequest } from './proxy-request.ts';

/** What proxying asks of the frontend. */
export interface ProxyingFrontend {
  readonly link: Link;
  fail(visit: Visit, status: number, failure?: Failure): void;
}

/** Begins to proxy. @param path encoded path for the backend, before a member's own path */
export function proxyExchange(frontend: ProxyingFrontend, visit: Visit, target: MappingTarget, path: string): void {
  if (target.kind === 'unavailable') {
    const { status, url, reason } = target;
    frontend.fail(visit, status, new Failure('target-unavailable', 'internal', `${url}: ${reason}`, { status }));
  } else if (target.kind === 'proxy') proxy(frontend, visit, target, path);
}

function proxy(frontend: ProxyingFrontend, visit: Visit, target: ProxyTarget, path: string): void {
  const { exchange } = visit;
  const { host } = visit.host;
  const forwarding = countForward(exchange, host);
  if (forwarding !== 'onward') {
    if (forwarding !== 'here') frontend.fail(visit, forwarding.status ?? 400, forwarding);
    else if (exchange.request.method === 'TRACE') answerTrace(exchange);
    else answerOptions(exchange);
    return;
  }
  const balancer = visit.site.balancer(target.balancer);
  if (balancer === undefined) {
    frontend.fail(
      visit,
      503,
      new Failure('no-balancer', 'internal', `${target.authority} names no balancer`, { status: 503 }),
    );
    return;
  }
  const run = runsOf(frontend).lend();
  const { request } = run;
  const { session } = run.attempts;
  const { settings } = visit;
  request.exchange = exchange;
  request.host = host;
  request.path = path;
  request.query = visit.goal.query;
  request.serverName = visit.requestName;
  request.serverPort = exchange.connection.localPort;
  request.preserveHost = settings.preserveHost === true;
  request.addForwarded = settings.addHeaders !== false;
  request.forwardContinue = settings.forwardsContinue !== false;
  request.via = host.via === 'on' || host.via === 'full' ? viaOf(visit) : undefined;
  request.manners = visit.host.setsManners ? mannersOf(exchange.env) : 0;
  request.upgrade = exchange.request.fields.hasKnown(FIELD.Upgrade) ? upgradeOf(exchange.request) : undefined;
  request.needsUpgrade = settings.websocketFallback === false;
  request.upstreamTls = settings.upstreamTls;
  request.tlsClients = visit.site.tlsClients;
  session.reset();
  if (balancer.finder !== undefined) {
    const { query } = request;
    balancer.finder.find(query === undefined ? path : `${path}?${query}`, exchange.request.fields, session);
  }
  request.sessionRoute = session.route;
  request.trace = visit.trace;
  run.start(exchange, visit.trace?.isRehearsal === true ? balancer.rehearse() : balancer);
}

/** The protocol that a client asks to change to, in the only way that counts (RFC 9110 §7.8). */
function upgradeOf({ fields, minorVersion }: RequestHead): string | undefined {
  if (minorVersion < 1 || !connectionTokens(fields).includes('upgrade')) return undefined;
  return fields.getAll('Upgrade').join(', ');
}

/** The product in `ProxyVia Full`, as in the Server field: never with a version. */
const PRODUCT = 'Catflap';

/** What we say of ourselves in Via (RFC 9110 §7.6.3): the protocol of the client, and our canonical name. */
function viaOf(visit: Visit): string {
  const { host } = visit.host;
  const port = visit.requestPort;
  const isDefault = port === undefined || port === (visit.scheme === 'http' ? 80 : 443);
  const hop = `1.${visit.exchange.request.minorVersion} ${host.serverName}${isDefault ? '' : `:${port}`}`;
  return host.via === 'full' ? `${hop} (${PRODUCT})` : hop;
}

const runs = new WeakMap<ProxyingFrontend, ProxyRuns>();

/** Forgets spare runs: they know the hosts and balancers they served last. */
export function dropSpareRuns(frontend: ProxyingFrontend): void {
  runs.delete(frontend);
}

function runsOf(frontend: ProxyingFrontend): ProxyRuns {
  let own = runs.get(frontend);
  if (own === undefined) {
    own = new ProxyRuns({
      link: frontend.link,
      chosen: tellEnvironment,
      finishResponse,
      answerError: (exchange, status, failure) => frontend.fail(exchange.attachment as Visit, status, failure),
    });
    runs.set(frontend, own);
  }
  return own;
}

/** The variables that mod_proxy_balancer sets, for logs and Header (modproxy.md §6); only where something reads them. */
function tellEnvironment({ request, session, election, balancer }: Attempts, member: Member): void {
  const { exchange } = request;
  const visit = exchange.attachment as Visit;
  const { config, policy } = balancer.balancer;
  const isRead = visit.host.readsEnvironment || visit.trace !== undefined;
  if (!isRead || policy.isDirect) return;
  exchange.setEnv('BALANCER_NAME', `balancer://${config.name}`);
  exchange.setEnv('BALANCER_WORKER_NAME', member.config.url);
  exchange.setEnv('BALANCER_WORKER_ROUTE', member.config.route);
  if (session.name !== undefined) exchange.setEnv('BALANCER_SESSION_STICKY', session.name);
  if (session.route !== undefined) exchange.setEnv('BALANCER_SESSION_ROUTE', session.route);
  if (election.routeChanged) exchange.setEnv('BALANCER_ROUTE_CHANGED', '1');
  else exchange.env?.delete('BALANCER_ROUTE_CHANGED');
}

/** @returns false when ProxyErrorOverride wants our own page instead */
function finishResponse(request: ProxyRequest): boolean {
  const { exchange } = request;
  const { response } = exchange;
  const visit = exchange.attachment as Visit;
  // Tomcat sends the number where the reason belongs (ajp13.md §4).
  if (response.reason === String(response.status)) response.reason = '';
  if (visit.originalStatus !== undefined) {
    // The page of an error keeps the error's status.
    response.status = visit.originalStatus;
    response.reason = '';
  } else if (visit.settings.errorOverride?.on === true && isOverridden(response.status, visit.settings.errorOverride)) {
    keepChallenge(response);
    return false;
  }
  const rules = visit.settings.reverseRules;
  if (rules !== undefined && rules.length > 0) {
    reverseFields(response.fields, rules, {
      get origin() {
        return visit.origin;
      },
      memberUrls: (key) => visit.site.balancer(key)?.balancer.config.members.map((member) => member.url) ?? [],
      env: visit.settings.interpolateEnv === true ? (name) => exchange.env?.get(name) : undefined,
    });
  }
  return true;
}

/** Of a page that ours replaces only the challenge goes on: without it nobody could log in. */
export function keepChallenge({ status, fields }: ResponseHead): void {
  const challenges = status === 401 ? fields.getAll('WWW-Authenticate') : [];
  fields.reset();
  for (const challenge of challenges) fields.addKnown(FIELD['WWW-Authenticate'], challenge);
}

function isOverridden(status: number, override: ErrorOverride): boolean {
  return override.statuses.length > 0 ? override.statuses.includes(status) : status >= 400;
}

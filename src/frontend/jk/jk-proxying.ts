// A request on its way to a worker of mod_jk: the run of the proxy that carries it is filled as mod_jk fills its own, told
// whom a member is, and finishes the answer. What happens in between is the proxy's (`upstream/proxy.ts`).

import { forceRoute } from '../../balancer/lb/session-ids.ts';
import type { Member } from '../../balancer/member.ts';
import { Failure } from '../../base/failure.ts';
import type { AjpWorker, JkHost, LbWorker } from '../../site/model.ts';
import { reasonPhrase } from '../../wire/http1/reasons.ts';
import { NO_KEEP_ALIVE } from '../upstream/manners.ts';
import { ProxyRuns } from '../upstream/proxy.ts';
import type { Attempts } from '../upstream/proxy-attempts.ts';
import type { ProxyRequest } from '../upstream/proxy-request.ts';
import { keepChallenge, type ProxyingFrontend } from '../upstream/proxying.ts';
import type { Visit } from '../visit.ts';
import { finishJkHead, isReplacedByErrorPage, nameMember } from './jk-answer.ts';
import { JkRequest } from './jk-request.ts';
import { rulesInForce } from './jk-request-rules.ts';

/** Begins to forward to the worker of the visit's goal. @param jk of the visit's host */
export function proxyToWorker(
  frontend: ProxyingFrontend,
  visit: Visit,
  jk: JkHost,
  worker: LbWorker | AjpWorker,
): void {
  const { exchange, goal } = visit;
  const balancer = visit.site.balancer(worker.balancer);
  if (balancer === undefined) {
    const why = `there is no balancer of worker "${worker.name}"`;
    frontend.fail(visit, 500, new Failure('no-balancer', 'internal', why, { status: 500 }));
    return;
  }
  const run = runsOf(frontend).lend();
  const { request } = run;
  const manner = (request.ajpManner as JkRequest | undefined) ?? new JkRequest();
  const { session } = run.attempts;
  const { env } = exchange;
  request.exchange = exchange;
  request.host = visit.host.host;
  request.query = goal.query;
  request.ajpManner = manner;
  manner.begin(visit, jk);
  request.path = manner.uri;
  request.rules = rulesInForce(goal.jk?.rules, env);
  request.forcedRoute = env?.get('JK_ROUTE') || undefined;
  request.manners = jk.options.disableReuse ? NO_KEEP_ALIVE : 0;
  request.flushesBody = jk.options.flushPackets;
  request.flushesHead = jk.options.flushHeader;
  request.hidesLength = exchange.request.bodyLength > 0 && env?.has(jk.indicators.ignoreCl) === true;
  request.tlsClients = visit.site.tlsClients;
  request.trace = visit.trace;
  request.account = visit.jkAccount;
  session.reset();
  if (balancer.finder !== undefined && request.rules?.ignoresSessions !== true) {
    if (request.forcedRoute === undefined)
      balancer.finder.find(manner.uri, exchange.request.fields, session, request.rules);
    else forceRoute(request.forcedRoute, session);
  }
  run.start(exchange, visit.trace?.isRehearsal === true ? balancer.rehearse() : balancer);
}

const runs = new WeakMap<ProxyingFrontend, ProxyRuns>();

/** Forgets spare runs: they know the hosts and balancers they served last. */
export function dropSpareJkRuns(frontend: ProxyingFrontend): void {
  runs.delete(frontend);
}

function runsOf(frontend: ProxyingFrontend): ProxyRuns {
  let own = runs.get(frontend);
  if (own === undefined) {
    own = new ProxyRuns({
      link: frontend.link,
      chosen,
      finishResponse,
      answerError: (exchange, status, failure) => frontend.fail(exchange.attachment as Visit, status, failure),
    });
    runs.set(frontend, own);
  }
  return own;
}

/** What the request says of the member that has been elected for it. */
function chosen({ request, balancer, election }: Attempts, member: Member): void {
  const manner = request.ajpManner as JkRequest;
  manner.activation = election.lb.activation;
  manner.route = election.lb.jvmRoute;
  (request.exchange.attachment as Visit).jkAccount?.chosen(balancer.balancer, member, manner.route);
}

/** @returns false when the rule wants our own page instead (use_server_errors) */
function finishResponse(request: ProxyRequest, { balancer, election, member }: Attempts): boolean {
  const { exchange, rules } = request;
  const { response } = exchange;
  const visit = exchange.attachment as Visit;
  const { lb } = balancer.balancer.config;
  // A worker's page of an error (ErrorDocument) goes out with the worker's own status, as under mod_jk.
  if (visit.originalStatus === undefined && isReplacedByErrorPage(response, rules)) {
    keepChallenge(response);
    // httpd has no page for a status that it does not know.
    if (reasonPhrase(response.status) === '') response.status = 500;
    return false;
  }
  finishJkHead(response);
  const manner = request.ajpManner as JkRequest;
  const namesMembers = lb !== undefined && (rules?.setsSessionCookie === true || lb.setsCookie);
  if (namesMembers && member !== undefined && !election.isSticky)
    nameMember(response, lb, member.config.route, manner.isSecure);
  return true;
}

// One proxied exchange: elect a member, borrow a connection, relay, and after a failure decide from the facts alone
// whether another attempt may be made (modproxy.md §8). The object is reused; no promise, no closure on the way.

import { Election } from '../balancer/balancer.ts';
import type { Member } from '../balancer/member.ts';
import type { Decision } from '../balancer/replay.ts';
import { Session } from '../balancer/stickiness.ts';
import { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import { type Fields, REMOVED } from '../base/fields.ts';
import { Deadline } from '../link/deadlines.ts';
import type { Link } from '../link/link.ts';
import type { PoolWaiter } from '../link/pool.ts';
import type { Exchange, ExchangeSink } from '../listener/exchange.ts';
import type { Backend, DialWaiter } from './backend.ts';
import type { ProxiedBalancer } from './proxied-balancer.ts';
import { ProxyRequest } from './proxy-request.ts';
import type { UpstreamConnection, UpstreamEvents, UpstreamFailure } from './upstream.ts';

/** What the frontend does around a proxied response. */
export interface ProxyHost {
  readonly link: Link;
  /** A member was elected: tell whoever reads it from the environment. */
  chosen(request: ProxyRequest, member: Member, balancer: ProxiedBalancer, election: Election, session: Session): void;
  /** The response head has come and is about to be sent: rewrite it. @returns false to answer with an error page instead */
  finishResponse(request: ProxyRequest, member: Member, balancer: ProxiedBalancer): boolean;
  /** Nothing of the response was sent: answer with this status. */
  answerError(exchange: Exchange, status: number, failure: Failure | undefined): void;
}

type Waiting = 'nothing' | 'member' | 'place' | 'dial';

/** Runs kept for reuse. */
const SPARE_RUNS_MAX = 256;
const spareRuns: ProxyRun[] = [];

/** Begins to proxy; `request` describes it. @param prepare fills the reused request before the first election */
export function lendProxyRun(host: ProxyHost): ProxyRun {
  return spareRuns.pop() ?? new ProxyRun(host);
}

export class ProxyRun implements ExchangeSink, PoolWaiter, DialWaiter, UpstreamEvents {
  readonly request: ProxyRequest = new ProxyRequest();
  readonly election: Election = new Election();
  readonly session: Session = new Session();
  readonly #host: ProxyHost;
  readonly #deadline: Deadline;
  #balancer!: ProxiedBalancer;
  #member: Member | undefined = undefined;
  #backend: Backend | undefined = undefined;
  #connection: UpstreamConnection | undefined = undefined;
  #waiting: Waiting = 'nothing';
  /** Further attempts made, as the balancer counts them. */
  #attempts = 0;
  #hadSecondChance = false;
  #waitedMs = 0;
  #isReplaced = false;
  #isOver = false;

  constructor(host: ProxyHost) {
    this.#host = host;
    this.#deadline = new Deadline(() => this.#waitedLongEnough());
  }

  get member(): Member | undefined {
    return this.#member;
  }

  get balancer(): ProxiedBalancer {
    return this.#balancer;
  }

  /** `request` and `session` must be filled. */
  start(exchange: Exchange, balancer: ProxiedBalancer): void {
    exchange.sink = this;
    this.#balancer = balancer;
    this.#member = undefined;
    this.#backend = undefined;
    this.#connection = undefined;
    this.#waiting = 'nothing';
    this.#attempts = 0;
    this.#hadSecondChance = false;
    this.#waitedMs = 0;
    this.#isReplaced = false;
    this.#isOver = false;
    this.#elect();
  }

  // --- choosing -----------------------------------------------------------------------------------------------------

  #elect(): void {
    const { balancer } = this.#balancer;
    const member = balancer.elect(this.session.route, this.election);
    if (member === undefined) {
      if (this.election.mayWait && this.#waitedMs < balancer.config.timeoutMs) {
        this.#waiting = 'member';
        this.#host.link.deadlines.arm(this.#deadline, balancer.pollMs);
      } else
        this.#answer(
          503,
          new Failure('no-member', 'upstream', `balancer://${balancer.config.name} has no usable member`, {
            status: 503,
          }),
        );
      return;
    }
    this.#member = member;
    this.#backend = this.#balancer.backendOf(member);
    this.#hadSecondChance = false;
    balancer.began(member);
    this.#host.chosen(this.request, member, this.#balancer, this.election, this.session);
    this.#acquire();
  }

  #acquire(): void {
    const backend = this.#backend as Backend;
    if (!backend.isSupported) {
      this.#leaveMember(0, 0);
      this.#answer(
        502,
        new Failure('scheme-not-served', 'internal', `${backend.config.url}: members of this scheme are not served`, {
          status: 502,
        }),
      );
      return;
    }
    const acquired = this.#hadSecondChance ? backend.pool.acquireFresh(this) : backend.pool.acquire(this);
    if (acquired === 'dial') {
      this.#waiting = 'dial';
      backend.dial(this, backend.config.connectTimeoutMs ?? this.#timeoutMs());
    } else if (acquired === 'wait') {
      this.#waiting = 'place';
      if (backend.config.pool.acquireMs !== undefined)
        this.#host.link.deadlines.arm(this.#deadline, backend.config.pool.acquireMs);
    } else if (acquired === 'full') {
      this.#failedToConnect(
        new Failure('pool-queue-full', 'upstream', `${backend.config.url}: too many requests wait for a connection`, {
          status: 503,
        }),
        false,
      );
    } else this.#begin(acquired);
  }

  #begin(connection: UpstreamConnection): void {
    this.#waiting = 'nothing';
    this.#connection = connection;
    const { exchange } = this.request;
    exchange.response.reset();
    this.request.timeoutMs = this.#timeoutMs();
    connection.begin(this.request, this);
  }

  #timeoutMs(): number {
    const { host } = this.request;
    return this.#backend?.config.timeoutMs ?? host.proxyTimeoutMs ?? host.timeoutMs;
  }

  /** Poll period of a waiting election, or patience for a place in the pool, is over. */
  #waitedLongEnough(): void {
    if (this.#waiting === 'member') {
      this.#waitedMs += this.#balancer.balancer.pollMs;
      this.#waiting = 'nothing';
      this.#elect();
    } else if (this.#waiting === 'place') {
      const backend = this.#backend as Backend;
      backend.pool.stopWaiting(this);
      this.#waiting = 'nothing';
      this.#failedToConnect(
        new Failure(
          'pool-exhausted',
          'upstream',
          `${backend.config.url}: no free connection within ${backend.config.pool.acquireMs} ms`,
          { status: 503 },
        ),
        true,
      );
    }
  }

  placeFree(): void {
    if (this.#waiting !== 'place') return;
    this.#waiting = 'nothing';
    this.#host.link.deadlines.disarm(this.#deadline);
    this.#acquire();
  }

  dialled(connection: UpstreamConnection): void {
    if (this.#isOver) {
      (this.#backend as Backend).pool.release(connection);
      return;
    }
    this.#balancer.balancer.succeeded(this.#member as Member);
    this.#begin(connection);
  }

  dialFailed(failure: Failure, timedOut: boolean): void {
    if (!this.#isOver) this.#failedToConnect(failure, timedOut);
  }

  // --- the request body (ExchangeSink) ------------------------------------------------------------------------------

  requestBody(bytes: Buffer, start: number, end: number): void {
    this.#connection?.requestBody(bytes, start, end);
  }

  requestEnd(): void {
    this.#connection?.requestEnd();
  }

  drained(): void {
    this.#connection?.resumeResponse();
  }

  aborted(): void {
    this.#host.link.deadlines.disarm(this.#deadline);
    if (this.#waiting === 'place') this.#backend?.pool.stopWaiting(this);
    const connection = this.#connection;
    if (connection !== undefined) {
      this.#connection = undefined;
      const sent = connection.bytesWritten;
      const received = connection.bytesRead;
      connection.abandon();
      this.#leaveMember(sent, received);
    } else if (this.#waiting !== 'member') this.#leaveMember(0, 0);
  }

  ended(): void {
    this.#isOver = true;
    // A run whose dial is still under way is told of it later: it must not serve anyone else meanwhile.
    if (this.#waiting !== 'dial' && spareRuns.length < SPARE_RUNS_MAX) spareRuns.push(this);
  }

  // --- the response (UpstreamEvents) --------------------------------------------------------------------------------

  responseInterim(status: number, fields: Fields): void {
    this.request.exchange.sendInterim(status, fields);
  }

  responseHead(): void {
    const { exchange } = this.request;
    const member = this.#member as Member;
    const { balancer } = this.#balancer;
    const { response } = exchange;
    balancer.succeeded(member);
    balancer.settled(member, response.status, false);
    if (response.fields.hasKnown(FIELD['Set-Cookie'])) this.#checkRoutes(response.fields, member);
    if (this.#host.finishResponse(this.request, member, this.#balancer)) exchange.sendHead();
    else this.#isReplaced = true;
  }

  responseBody(bytes: Buffer, start: number, end: number): void {
    if (this.#isReplaced) return;
    const { exchange } = this.request;
    exchange.sendBody(bytes, start, end);
    if (exchange.congested) this.#connection?.pauseResponse();
  }

  responseFlush(): void {
    const { exchange } = this.request;
    exchange.flush();
    if (exchange.congested) this.#connection?.pauseResponse();
  }

  responseEnd(trailers: Fields | undefined): void {
    const connection = this.#connection as UpstreamConnection;
    const { exchange } = this.request;
    this.#connection = undefined;
    this.#leaveMember(connection.bytesWritten, connection.bytesRead);
    if (this.#isReplaced) this.#host.answerError(exchange, exchange.response.status, undefined);
    else exchange.sendEnd(trailers);
  }

  upstreamFailed(facts: UpstreamFailure): void {
    const connection = this.#connection as UpstreamConnection;
    this.#connection = undefined;
    const { exchange } = this.request;
    if (facts.failure.source === 'downstream') {
      // The request itself cannot be sent to any member.
      this.#leaveMember(0, 0);
      this.#answer(facts.failure.status ?? 400, facts.failure);
      return;
    }
    const backend = this.#backend as Backend;
    const isAjp = backend.config.scheme === 'ajp';
    const decision = this.#balancer.balancer.judge(this.#member as Member, {
      protocol: isAjp ? 'ajp' : 'http',
      phase: facts.phase,
      method: exchange.request.method,
      hasQuery: this.request.query !== undefined,
      requestBytesSent: facts.phase === 'ping' ? 0 : 1,
      bodySent: facts.bodySent,
      bodyKept: !facts.bodySent,
      reusedConnection: facts.reusedConnection,
      secondChance: this.#hadSecondChance,
      timedOut: facts.timedOut,
      pinged: isAjp && backend.config.pingMs > 0,
      answered: exchange.stage !== 'open',
    });
    this.#decide(decision, facts.failure, connection.bytesWritten, connection.bytesRead);
  }

  // --- after a failure ----------------------------------------------------------------------------------------------

  #failedToConnect(failure: Failure, timedOut: boolean): void {
    this.#waiting = 'nothing';
    const { exchange } = this.request;
    if (failure.source === 'internal') {
      // We lack descriptors or ports: no member is to blame, and another would fare no better.
      this.#leaveMember(0, 0);
      this.#answer(503, failure);
      return;
    }
    const decision = this.#balancer.balancer.judge(this.#member as Member, {
      protocol: this.#backend?.config.scheme === 'ajp' ? 'ajp' : 'http',
      phase: failure.code === 'backend-name-unknown' ? 'resolve' : 'connect',
      method: exchange.request.method,
      hasQuery: this.request.query !== undefined,
      requestBytesSent: 0,
      bodySent: false,
      bodyKept: true,
      reusedConnection: false,
      secondChance: this.#hadSecondChance,
      timedOut,
      pinged: false,
      answered: exchange.stage !== 'open',
    });
    this.#decide(decision, failure, 0, 0);
  }

  #decide(decision: Decision, failure: Failure, bytesSent: number, bytesReceived: number): void {
    const { exchange } = this.request;
    const member = this.#member as Member;
    const { balancer } = this.#balancer;
    if (decision.mustCut) {
      this.#leaveMember(bytesSent, bytesReceived);
      exchange.failure = failure;
      exchange.breakOff();
      return;
    }
    if (decision.trySameFirst && !this.#hadSecondChance) {
      this.#hadSecondChance = true;
      this.#acquire();
      return;
    }
    if (balancer.mayTryAnother(member, this.#attempts, decision)) {
      this.#attempts++;
      // While another is elected the failed member still counts as busy, as in httpd (bybusyness looks at it).
      this.#elect();
      balancer.finished(member, bytesSent, bytesReceived);
      return;
    }
    this.#leaveMember(bytesSent, bytesReceived);
    balancer.settled(member, decision.status, decision.isTimeout);
    this.#answer(decision.status, failure);
  }

  #leaveMember(bytesSent: number, bytesReceived: number): void {
    if (this.#member !== undefined) this.#balancer.balancer.finished(this.#member, bytesSent, bytesReceived);
  }

  #answer(status: number, failure: Failure): void {
    const { exchange } = this.request;
    exchange.failure = failure;
    this.#host.answerError(exchange, status, failure);
  }

  #checkRoutes(fields: Fields, member: Member): void {
    for (let i = fields.indexOfKnown(FIELD['Set-Cookie']); i >= 0 && i < fields.count; i++) {
      if (fields.idAt(i) !== REMOVED && fields.idAt(i) === FIELD['Set-Cookie'])
        this.#balancer.checkRoute(member, fields.valueAt(i));
    }
  }
}

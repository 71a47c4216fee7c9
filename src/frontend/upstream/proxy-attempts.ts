// Which member serves a request: an election, a place in its pool, a connection; and after a failure, from the facts
// alone, whether another attempt may be made (modproxy.md §8). The object is reused; no promise, no closure on the way.

import type { MemberConfig } from '../../balancer/config.ts';
import { Election, type Step } from '../../balancer/election.ts';
import type { Leaving } from '../../balancer/elector.ts';
import type { Member } from '../../balancer/member.ts';
import { Session } from '../../balancer/stickiness.ts';
import { Failure } from '../../base/failure.ts';
import { Deadline } from '../../link/deadlines.ts';
import type { SecureDial } from '../../link/dial.ts';
import type { Link } from '../../link/link.ts';
import type { PoolWaiter } from '../../link/pool.ts';
import { type AttemptFacts, attemptOutcome, dialOutcome, replyTimeoutMs } from './attempt-outcome.ts';
import type { Backend, DialWaiter } from './backend.ts';
import { mayUpgrade, WEBSOCKET } from './http-attempt.ts';
import { INITIAL_NOT_POOLED } from './manners.ts';
import type { ProxiedTarget } from './proxied-balancer.ts';
import type { ProxyRequest } from './proxy-request.ts';
import type { UpstreamConnection, UpstreamFailure } from './upstream.ts';
import { tlsOff } from './upstream-causes.ts';
import { labelOf } from './upstream-tls.ts';

/** Whom the attempts are made for. */
export interface AttemptOwner {
  /** A member was elected. */
  chosen(member: Member): void;
  /** A connection to the member is there: use it. */
  begin(connection: UpstreamConnection): void;
  /** No further attempt is made, and nothing was answered. The member is left. */
  noAnswer(status: number, failure: Failure): void;
  /** The member takes only requests to change to this protocol. The member is left. */
  upgradeRequired(protocol: string): void;
  /** Part of the response is with the client already. The member is left. */
  cutOff(failure: Failure): void;
  /** What must not happen has: the request cannot go on. */
  fault(error: unknown): void;
}

type Waiting = 'nothing' | 'member' | 'pause' | 'place' | 'dial';

export class Attempts implements PoolWaiter, DialWaiter {
  readonly request: ProxyRequest;
  readonly election: Election = new Election();
  readonly session: Session = new Session();
  readonly #link: Link;
  readonly #owner: AttemptOwner;
  readonly #deadline: Deadline;
  balancer!: ProxiedTarget;
  /** The member that the request is counted with. */
  member: Member | undefined = undefined;
  /** Members of failed attempts: they count as busy until the request ends, as in httpd (bybusyness looks at it). */
  readonly #failedMembers: Member[] = [];
  #backend: Backend | undefined = undefined;
  #waiting: Waiting = 'nothing';
  /** What is being dialled. */
  #dialling: UpstreamConnection | undefined = undefined;
  /** What is done after a pause. */
  #after: 'same' | 'other' = 'other';
  /** The balancer was told that the member has a place for the request. */
  #hasEntered = false;
  #hadSecondChance = false;
  /** Octets of failed attempts at the present member. */
  #spentSent = 0;
  #spentReceived = 0;
  #isOver = true;
  /** Some of the request body, or its end, was taken: what an attempt took cannot be given to the next. */
  isBodyTouched = false;

  constructor(link: Link, request: ProxyRequest, owner: AttemptOwner) {
    this.#link = link;
    this.request = request;
    this.#owner = owner;
    this.#deadline = new Deadline(() => this.#waitedLongEnough());
  }

  /** Begins with the first election; `request` and `session` are filled. */
  start(balancer: ProxiedTarget): void {
    this.balancer = balancer;
    this.member = undefined;
    this.#backend = undefined;
    this.#waiting = 'nothing';
    this.#hadSecondChance = false;
    this.#isOver = false;
    this.isBodyTouched = false;
    this.election.rules = this.request.rules;
    this.election.forcedRoute = this.request.forcedRoute;
    this.election.begin();
    this.#elect();
  }

  /** The attempt with the member is over; octets as its protocol counts them. */
  leave(leaving: Leaving, bytesSent: number, bytesReceived: number): void {
    const { member } = this;
    if (member === undefined) return;
    this.member = undefined;
    const sent = this.#spentSent + bytesSent;
    const received = this.#spentReceived + bytesReceived;
    this.balancer.balancer.finished(member, this.election, leaving, sent, received);
    this.request.account?.left();
  }

  /**
   * No attempt is wanted any more.
   * @returns false while a dial is under way: it ends here, so this object must not serve anyone else
   */
  stop(): boolean {
    this.#isOver = true;
    this.#link.deadlines.disarm(this.#deadline);
    if (this.#waiting === 'place') this.#backend?.pool.stopWaiting(this);
    this.leave('outside', 0, 0);
    for (const member of this.#failedMembers) this.balancer.balancer.finished(member, this.election, 'outside', 0, 0);
    this.#failedMembers.length = 0;
    if (this.#waiting !== 'dial') return true;
    if (this.#dialling !== undefined) this.#backend?.orphan(this.#dialling);
    return false;
  }

  /** Silence that the member in question may keep, ms. */
  get timeoutMs(): number {
    const { host } = this.request;
    const config = this.#backend?.config;
    const replyMs = config && replyTimeoutMs(config, this.request.rules);
    return replyMs || (config?.timeoutMs ?? host.proxyTimeoutMs ?? host.timeoutMs);
  }

  /** The attempt failed and its connection with it. */
  failed(facts: UpstreamFailure, bytesSent: number, bytesReceived: number): void {
    const { failure } = facts;
    if (failure.source === 'downstream') {
      // The request itself cannot be sent to any member.
      this.remark(failure);
      this.leave('client', 0, 0);
      this.#owner.noAnswer(failure.status ?? 400, failure);
      return;
    }
    if (this.#backend?.isCompanion === true) {
      this.#companionFailed(failure, bytesSent, bytesReceived);
      return;
    }
    const outcome = attemptOutcome(this.request, this.#backend as Backend, facts, this.#facts);
    const step = this.balancer.balancer.judge(this.member as Member, this.election, outcome, failure);
    this.#take(step, failure, bytesSent, bytesReceived);
  }

  /** The head of a response has come. @returns undefined to pass it on; otherwise `refused` is to be called */
  answered(status: number): Step | undefined {
    if (this.#backend?.isCompanion === true) return undefined;
    this.election.isBodyAsked = this.request.isBodyAsked;
    return this.balancer.balancer.answered(this.member as Member, this.election, status);
  }

  /** What came is not passed on, and the connection is closed. */
  refused(step: Step, status: number, bytesSent: number, bytesReceived: number): void {
    const why = `${this.#backend?.config.url}: status ${status} is one to ask another member for`;
    this.#take(step, new Failure('fail-on-status', 'upstream', why, { status: step.status }), bytesSent, bytesReceived);
  }

  /** A companion that fails says nothing about its member: it is not blamed, and no other is asked in its place. */
  #companionFailed(failure: Failure, bytesSent: number, bytesReceived: number): void {
    this.request.trace?.attemptFailed(failure);
    this.leave('failed', bytesSent, bytesReceived);
    if (this.request.exchange.stage !== 'open') this.#owner.cutOff(failure);
    else this.#owner.noAnswer(failure.status ?? 502, failure);
  }

  /** Something that the member's operator should know; the attempt goes on. */
  remark(failure: Failure): void {
    this.request.trace?.attemptFailed(failure);
    if (this.member !== undefined) this.balancer.balancer.blame(this.member, 'answer', failure);
  }

  // --- choosing -----------------------------------------------------------------------------------------------------

  #elect(): void {
    // A request that waits or looks for another member sees what operators changed meanwhile.
    this.balancer = this.balancer.latest;
    const { balancer } = this.balancer;
    const { trace } = this.request;
    trace?.electing(balancer, this.request, this.session, this.election);
    const member = balancer.elect(this.session, this.election);
    if (member === undefined) {
      if (this.election.mayWait && trace?.isRehearsal !== true) {
        this.#waiting = 'member';
        this.#link.deadlines.arm(this.#deadline, this.election.waitMs);
      } else {
        const why = `balancer://${balancer.config.name} has no usable member`;
        this.#owner.noAnswer(503, new Failure('no-member', 'upstream', why, { status: 503 }));
      }
      return;
    }
    this.member = member;
    const backend = this.balancer.backendOf(member);
    const { upgrade } = this.request;
    this.#backend = upgrade === undefined ? backend : backend.forUpgrade(upgrade);
    this.#hadSecondChance = false;
    this.#hasEntered = false;
    this.#spentSent = 0;
    this.#spentReceived = 0;
    balancer.began(member);
    try {
      this.#owner.chosen(member);
      if (trace?.elected(member, this.request, this.#backend, this.timeoutMs) !== true) this.#acquire();
    } catch (error) {
      this.#owner.fault(error);
    }
  }

  #acquire(): void {
    const backend = this.#backend as Backend;
    const { config, pool } = backend;
    const secure = backend.isSecure ? this.request.secureFor(config) : undefined;
    if (backend.isSecure && secure === undefined) {
      this.#failedToConnect(tlsOff(config), false);
      return;
    }
    if (this.request.needsUpgrade && config.scheme.startsWith('ws') && !this.#asksForUpgrade(config)) {
      this.leave('outside', 0, 0);
      this.#owner.upgradeRequired(config.upgrade ?? WEBSOCKET);
      return;
    }
    const acquired = this.#hadSecondChance
      ? pool.acquireFresh(this)
      : this.#wantsOwnConnection
        ? pool.acquireNew(this)
        : pool.acquire(this, secure === undefined ? undefined : labelOf(secure));
    if (acquired === 'wait') {
      this.#waiting = 'place';
      if (config.pool.acquireMs !== undefined) this.#link.deadlines.arm(this.#deadline, config.pool.acquireMs);
    } else if (acquired === 'full') {
      const why = `${config.url}: too many requests wait for a connection`;
      this.#failedToConnect(new Failure('pool-queue-full', 'upstream', why, { status: 503 }), false);
    } else this.#enter(acquired, secure);
  }

  /** A place is there: a connection, or the right to dial one. */
  #enter(place: UpstreamConnection | 'dial', secure: SecureDial | undefined): void {
    this.#waiting = 'nothing';
    if (!this.#hasEntered) {
      this.#hasEntered = true;
      const step = this.balancer.balancer.entered(this.member as Member, this.election);
      if (step !== undefined) {
        this.#turnBack(place, step);
        return;
      }
    }
    if (place === 'dial') this.#dial(this.#backend as Backend, secure);
    else this.#owner.begin(place);
  }

  /** The member has too many requests already. */
  #turnBack(place: UpstreamConnection | 'dial', step: Step): void {
    const { pool, config } = this.#backend as Backend;
    if (place === 'dial') pool.dropped();
    else pool.release(place);
    const why = `${config.url}: more requests at once than it is given`;
    this.#take(step, new Failure('member-busy', 'upstream', why, { status: 503 }), 0, 0);
  }

  #asksForUpgrade(config: MemberConfig): boolean {
    const { upgrade } = this.request;
    return upgrade !== undefined && mayUpgrade(config, upgrade);
  }

  /** `proxy-initial-not-pooled`: a client that has just come would not repeat what a stale connection has lost. */
  get #wantsOwnConnection(): boolean {
    const { manners, exchange } = this.request;
    return (manners & INITIAL_NOT_POOLED) !== 0 && exchange.connectionRequests === 0;
  }

  #dial(backend: Backend, secure: SecureDial | undefined): void {
    this.#waiting = 'dial';
    try {
      this.#dialling = backend.dial(this, backend.config.connectTimeoutMs ?? this.timeoutMs, secure);
    } catch (error) {
      this.#waiting = 'nothing';
      backend.pool.dropped();
      throw error;
    }
  }

  /** Poll period of a waiting election, or patience for a place in the pool, is over. */
  #waitedLongEnough(): void {
    if (this.#waiting === 'member') {
      this.election.waitedMs += this.election.waitMs;
      this.#waiting = 'nothing';
      this.#elect();
    } else if (this.#waiting === 'pause') this.#goOn();
    else if (this.#waiting === 'place') {
      const { config, pool } = this.#backend as Backend;
      pool.stopWaiting(this);
      const why = `${config.url}: no free connection within ${config.pool.acquireMs} ms`;
      this.#failedToConnect(new Failure('pool-exhausted', 'upstream', why, { status: 503 }), true);
    }
  }

  placeFree(): void {
    if (this.#waiting !== 'place') return;
    this.#waiting = 'nothing';
    this.#link.deadlines.disarm(this.#deadline);
    try {
      this.#acquire();
    } catch (error) {
      this.#owner.fault(error);
    }
  }

  dialled(connection: UpstreamConnection): void {
    const backend = this.#backend as Backend;
    this.#dialling = undefined;
    if (this.#isOver) {
      backend.orphanEnded(connection);
      backend.pool.release(connection);
      return;
    }
    this.#waiting = 'nothing';
    if (!backend.isCompanion) this.balancer.balancer.succeeded(this.member as Member);
    this.#owner.begin(connection);
  }

  dialFailed(failure: Failure, timedOut: boolean): void {
    const connection = this.#dialling;
    this.#dialling = undefined;
    if (this.#isOver) this.#backend?.orphanEnded(connection);
    else this.#failedToConnect(failure, timedOut);
  }

  // --- after a failure ----------------------------------------------------------------------------------------------

  #failedToConnect(failure: Failure, timedOut: boolean): void {
    this.#waiting = 'nothing';
    if (failure.source === 'internal') {
      // We lack descriptors or ports: no member is to blame, and another would fare no better.
      this.leave('outside', 0, 0);
      this.#owner.noAnswer(503, failure);
      return;
    }
    if (this.#backend?.isCompanion === true) {
      this.#companionFailed(failure, 0, 0);
      return;
    }
    const outcome = dialOutcome(this.request, this.#backend as Backend, failure, timedOut, this.#facts);
    const step = this.balancer.balancer.judge(this.member as Member, this.election, outcome, failure);
    this.#take(step, failure, 0, 0);
  }

  get #facts(): AttemptFacts {
    return { bodyKept: !this.isBodyTouched, secondChance: this.#hadSecondChance };
  }

  #take(step: Step, failure: Failure, bytesSent: number, bytesReceived: number): void {
    const member = this.member as Member;
    const { balancer } = this.balancer;
    this.request.trace?.attemptFailed(failure);
    switch (step.kind) {
      case 'cut':
        this.leave('failed', bytesSent, bytesReceived);
        this.#owner.cutOff(failure);
        return;
      case 'answer':
        this.leave('failed', bytesSent, bytesReceived);
        balancer.settled(member, step);
        this.#owner.noAnswer(step.status, failure);
        return;
      case 'same':
        this.#hadSecondChance = step.isFresh;
        this.#spentSent += bytesSent;
        this.#spentReceived += bytesReceived;
        break;
      case 'other':
        this.leave('failed', bytesSent, bytesReceived);
        if (!step.staysBusy) break;
        balancer.began(member);
        this.#failedMembers.push(member);
    }
    this.#after = step.kind;
    if (step.afterMs === 0) this.#goOn();
    else {
      this.#waiting = 'pause';
      this.#link.deadlines.arm(this.#deadline, step.afterMs);
    }
  }

  /** After a failed attempt, and perhaps a pause. */
  #goOn(): void {
    this.#waiting = 'nothing';
    if (this.#after === 'other') this.#elect();
    else this.#acquire();
  }
}

// One proxied exchange: the request goes to the connection that the attempts have found, the response comes back, and
// whatever goes wrong ends in exactly one answer. The object is reused; no promise, no closure on the way.

import type { Step } from '../../balancer/election.ts';
import type { Member } from '../../balancer/member.ts';
import { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import { type Fields, REMOVED } from '../../base/fields.ts';
import { UNKNOWN_LENGTH } from '../../base/head.ts';
import type { Link } from '../../link/link.ts';
import type { Exchange, ExchangeSink } from '../../listener/exchange.ts';
import { dropHopByHop } from './http-head.ts';
import { FORCE_1_0, NO_HALF_CLOSE, NO_READ_AHEAD, SEND_CHUNKED, SEND_LENGTH } from './manners.ts';
import type { ProxiedTarget } from './proxied-balancer.ts';
import { type AttemptOwner, Attempts } from './proxy-attempts.ts';
import { type BodySource, ProxyRequest } from './proxy-request.ts';
import { ReadAhead } from './read-ahead.ts';
import { type SwitchedConnection, Tunnel, type TunnelOwner } from './tunnel.ts';
import type { UpstreamConnection, UpstreamEvents, UpstreamFailure } from './upstream.ts';

/** What the frontend does around a proxied response. */
export interface ProxyHost {
  readonly link: Link;
  /** A member was elected: tell whoever reads it from the environment. */
  chosen(attempts: Attempts, member: Member): void;
  /** The response head has come and is about to be sent: rewrite it. @returns false to answer with an error page instead */
  finishResponse(request: ProxyRequest, attempts: Attempts): boolean;
  /** Nothing of the response was sent: answer with this status. */
  answerError(exchange: Exchange, status: number, failure: Failure | undefined): void;
}

/** Runs kept for reuse. */
const SPARE_RUNS_MAX = 256;

/** The runs of one frontend: each is lent for one exchange, filled, and started. */
export class ProxyRuns {
  readonly #host: ProxyHost;
  readonly #spares: ProxyRun[] = [];

  constructor(host: ProxyHost) {
    this.#host = host;
  }

  lend(): ProxyRun {
    return this.#spares.pop() ?? new ProxyRun(this.#host, this);
  }

  /** Nobody speaks to it any more. */
  takeBack(run: ProxyRun): void {
    if (this.#spares.length < SPARE_RUNS_MAX) this.#spares.push(run);
  }
}

export class ProxyRun implements ExchangeSink, AttemptOwner, UpstreamEvents, BodySource, TunnelOwner {
  readonly request: ProxyRequest = new ProxyRequest();
  readonly attempts: Attempts;
  readonly #host: ProxyHost;
  readonly #runs: ProxyRuns;
  #connection: UpstreamConnection | undefined = undefined;
  /** An error page of ours stands in for the response, whose body is dropped. */
  #isReplaced = false;
  /** The request has a body, which may come here. */
  #hasBody = false;
  /** The beginning of a body of unknown length; made when first needed. */
  #readAhead: ReadAhead | undefined = undefined;
  /** The first packet of the body is kept, and the rest read when a container asks for it (mod_jk). */
  #keepsFirst = false;
  /** Octets that come now are read ahead: nobody has asked for them yet. */
  #isReadingAhead = false;
  #balancer: ProxiedTarget | undefined = undefined;
  #isOver = true;

  constructor(host: ProxyHost, runs: ProxyRuns) {
    this.#host = host;
    this.#runs = runs;
    this.attempts = new Attempts(host.link, this.request, this);
  }

  /** `request` and `attempts.session` must be filled. */
  start(exchange: Exchange, balancer: ProxiedTarget): void {
    exchange.sink = this;
    this.#connection = undefined;
    this.#hasBody = exchange.request.bodyLength !== 0;
    this.#isOver = false;
    this.request.bodyLength = exchange.request.bodyLength;
    this.request.bodySource = undefined;
    this.request.isBodyAsked = false;
    this.#keepsFirst = this.#hasBody && balancer.balancer.policy.keepsFirstPacket;
    if (this.#keepsFirst) this.#beginReadAhead(exchange, balancer);
    else if (exchange.request.bodyLength === UNKNOWN_LENGTH && balancer.speaksHttp && this.#mayReadAhead)
      this.#beginReadAhead(exchange, balancer);
    else this.attempts.start(balancer);
  }

  // --- reading ahead ------------------------------------------------------------------------------------------------

  /** A client that waits to hear from the backend sends nothing that could be read. */
  get #mayReadAhead(): boolean {
    const { exchange, forwardContinue, manners } = this.request;
    if (this.#wantsWholeBody) return true;
    return (manners & NO_READ_AHEAD) === 0 && !(exchange.request.expectsContinue && forwardContinue);
  }

  get #wantsWholeBody(): boolean {
    const { manners } = this.request;
    return (manners & FORCE_1_0) !== 0 || (manners & (SEND_LENGTH | SEND_CHUNKED)) === SEND_LENGTH;
  }

  #beginReadAhead(exchange: Exchange, balancer: ProxiedTarget): void {
    this.#readAhead ??= new ReadAhead();
    this.#readAhead.begin(
      !this.#keepsFirst && this.#wantsWholeBody,
      this.#keepsFirst ? balancer.firstPacketBytes : undefined,
    );
    this.#balancer = balancer;
    this.#isReadingAhead = true;
    this.request.bodySource = this;
    exchange.resumeBody();
  }

  /** The members are looked for now; the client waits until one of them wants the rest. */
  #endReadAhead(readAhead: ReadAhead): void {
    const { request } = this;
    const { exchange } = request;
    this.#isReadingAhead = false;
    if (readAhead.isWhole) request.bodyLength = readAhead.length;
    else exchange.pauseBody();
    this.attempts.start(this.#balancer as ProxiedTarget);
  }

  #readOnAhead(readAhead: ReadAhead, bytes: Buffer, start: number, end: number): void {
    const failure = readAhead.add(bytes, start, end);
    if (failure !== undefined) {
      this.#isReadingAhead = false;
      this.#answer(failure.status ?? 500, failure);
    } else if (this.#isReadingAhead && readAhead.isEnough) this.#endReadAhead(readAhead);
  }

  /** For a connection that wants the body: what was read ahead comes first. */
  resumeBody(): void {
    const readAhead = this.#readAhead as ReadAhead;
    if (!readAhead.isDelivered && this.#connection !== undefined) readAhead.deliver(this.#connection);
    // What is read beyond the first packet cannot be sent again: only when it is wanted.
    if (!readAhead.isWhole && (!this.#keepsFirst || this.request.isBodyAsked)) this.request.exchange.resumeBody();
  }

  // --- what the attempts come to (AttemptOwner) ---------------------------------------------------------------------

  chosen(member: Member): void {
    this.#host.chosen(this.attempts, member);
  }

  begin(connection: UpstreamConnection): void {
    const { request } = this;
    this.#connection = connection;
    this.#isReplaced = false;
    request.exchange.response.reset();
    request.timeoutMs = this.attempts.timeoutMs;
    if (this.#readAhead !== undefined) this.#readAhead.isDelivered = false;
    try {
      connection.begin(request, this);
    } catch (error) {
      this.fault(error);
    }
  }

  noAnswer(status: number, failure: Failure): void {
    // What a failed attempt left of a head is not part of our answer.
    this.request.exchange.response.reset();
    this.#answer(status, failure);
  }

  upgradeRequired(protocol: string): void {
    const { response } = this.request.exchange;
    response.reset();
    response.fields.addKnown(FIELD.Upgrade, protocol);
    const why = `the backend takes only requests to change to ${protocol}`;
    this.#answer(426, new Failure('upgrade-required', 'downstream', why, { status: 426 }));
  }

  cutOff(failure: Failure): void {
    const { exchange } = this.request;
    exchange.failure = failure;
    exchange.breakOff();
  }

  /** What cannot be written, or a mistake of ours: no member is to blame, and another would fare no better. */
  fault(error: unknown): void {
    if (!(error instanceof Failure)) this.#host.link.fault(error);
    if (this.#isOver) return;
    const why = 'a mistake in the server';
    const failure =
      error instanceof Failure ? error : new Failure('internal-fault', 'internal', why, { status: 500, cause: error });
    if (this.#connection !== undefined) this.#abandon(this.#connection);
    else this.attempts.leave('client', 0, 0);
    if (this.request.exchange.stage === 'open') this.noAnswer(failure.status ?? 500, failure);
    else this.cutOff(failure);
  }

  // --- the request body (ExchangeSink) ------------------------------------------------------------------------------

  requestBody(bytes: Buffer, start: number, end: number): void {
    // What is left of the body of a request that failed is not for the page of its error.
    if (!this.#hasBody) return;
    if (this.request.bodySource !== undefined && this.#readAhead?.isDelivered === false) {
      this.#readOnAhead(this.#readAhead, bytes, start, end);
      return;
    }
    this.attempts.isBodyTouched = true;
    this.#connection?.requestBody(bytes, start, end);
  }

  requestEnd(): void {
    if (!this.#hasBody) return;
    if (this.request.bodySource !== undefined && this.#readAhead?.isDelivered === false) {
      this.#readAhead.isWhole = true;
      if (this.#isReadingAhead) this.#endReadAhead(this.#readAhead);
      return;
    }
    // All that there is was read ahead, and an attempt has it already: it can be given to the next one, too.
    if (this.#keepsFirst && this.#readAhead !== undefined && !this.attempts.isBodyTouched)
      this.#readAhead.isWhole = true;
    else this.attempts.isBodyTouched = true;
    this.#connection?.requestEnd();
  }

  drained(): void {
    this.#connection?.resumeResponse();
  }

  aborted(): void {
    // `ended` follows and does all there is to do.
  }

  ended(): void {
    this.#isOver = true;
    this.#isReadingAhead = false;
    this.#readAhead?.clear();
    // Over although the backend is still at it: nobody wants its answer.
    if (this.#connection !== undefined) this.#abandon(this.#connection);
    if (this.attempts.stop()) this.#runs.takeBack(this);
  }

  // --- the response (UpstreamEvents) --------------------------------------------------------------------------------

  responseInterim(status: number, fields: Fields): void {
    const { via } = this.request;
    dropHopByHop(fields);
    if (via !== undefined) fields.addKnown(FIELD.Via, via);
    try {
      this.request.exchange.sendInterim(status, fields);
    } catch (error) {
      this.fault(error);
    }
  }

  responseHead(): void {
    const { exchange } = this.request;
    const { response } = exchange;
    const step = this.attempts.answered(response.status);
    if (step !== undefined) {
      this.#refuse(step, response.status);
      return;
    }
    try {
      if (response.fields.hasKnown(FIELD['Set-Cookie']))
        this.#checkRoutes(response.fields, this.attempts.member as Member);
      this.#isReplaced = !this.#host.finishResponse(this.request, this.attempts);
      if (!this.#isReplaced) exchange.sendHead();
    } catch (error) {
      this.fault(error instanceof Failure ? unfit(error) : error);
    }
  }

  /** The answer is for nobody: another is asked for, or ours goes out. */
  #refuse(step: Step, status: number): void {
    const connection = this.#connection as UpstreamConnection;
    const { bytesWritten, bytesRead } = connection;
    this.#connection = undefined;
    connection.abandon();
    if (this.#hasBody) this.request.exchange.pauseBody();
    this.attempts.refused(step, status, bytesWritten, bytesRead);
  }

  responseBody(bytes: Buffer, start: number, end: number): void {
    if (this.#isReplaced) return;
    const { exchange } = this.request;
    try {
      exchange.sendBody(bytes, start, end);
    } catch (error) {
      this.fault(error);
    }
    if (exchange.congested) this.#connection?.pauseResponse();
  }

  responseFlush(): void {
    const { exchange } = this.request;
    exchange.flush();
    if (exchange.congested) this.#connection?.pauseResponse();
  }

  responseRemark(remark: Failure): void {
    this.attempts.remark(remark);
  }

  responseEnd(trailers: Fields | undefined, bytesWritten: number, bytesRead: number): void {
    const { exchange } = this.request;
    this.#connection = undefined;
    this.attempts.leave('served', bytesWritten, bytesRead);
    try {
      if (this.#isReplaced) this.#answer(exchange.response.status, undefined);
      else exchange.sendEnd(trailers);
    } catch (error) {
      this.fault(error instanceof Failure ? unfit(error) : error);
    }
  }

  responseSwitched(end: SwitchedConnection, bytes: Buffer, start: number, stop: number): void {
    const { exchange, host, timeoutMs, manners } = this.request;
    const { link } = this.#host;
    this.#connection = undefined;
    this.attempts.answered(exchange.response.status);
    this.#host.finishResponse(this.request, this.attempts);
    if (!exchange.switchProtocols()) {
      end.connection.destroy();
      end.release();
      this.attempts.leave('client', end.bytesWritten, end.bytesRead);
      const why = 'the connection of the client cannot become a tunnel';
      this.noAnswer(502, new Failure('no-tunnel', 'downstream', why, { status: 502 }));
      return;
    }
    const idleMs = Math.max(timeoutMs, host.timeoutMs);
    const tunnel = new Tunnel(exchange, end, link, { idleMs, endsAtOnce: (manners & NO_HALF_CLOSE) !== 0 }, this);
    tunnel.begin(bytes, start, stop);
  }

  tunnelEnded(bytesWritten: number, bytesRead: number): void {
    this.attempts.leave('served', bytesWritten, bytesRead);
    this.ended();
  }

  upstreamFailed(facts: UpstreamFailure): void {
    const { bytesWritten, bytesRead } = this.#connection as UpstreamConnection;
    this.#connection = undefined;
    // What comes while another attempt is prepared would be lost.
    if (this.#hasBody) this.request.exchange.pauseBody();
    this.attempts.failed(facts, bytesWritten, bytesRead);
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  #abandon(connection: UpstreamConnection): void {
    const { bytesWritten, bytesRead } = connection;
    this.#connection = undefined;
    connection.abandon();
    this.attempts.leave('client', bytesWritten, bytesRead);
  }

  /** Answers instead of the backend. This run is over then, and may be at work for the page of the error already. */
  #answer(status: number, failure: Failure | undefined): void {
    const { exchange } = this.request;
    const host = this.#host;
    if (failure !== undefined) exchange.failure = failure;
    exchange.endSink();
    try {
      host.answerError(exchange, status, failure);
    } catch (error) {
      host.link.fault(error);
      exchange.breakOff();
    }
  }

  #checkRoutes(fields: Fields, member: Member): void {
    for (let i = fields.indexOfKnown(FIELD['Set-Cookie']); i >= 0 && i < fields.count; i++) {
      if (fields.idAt(i) !== REMOVED && fields.idAt(i) === FIELD['Set-Cookie'])
        this.attempts.balancer.checkRoute(member, fields.valueAt(i));
    }
  }
}

/** A response that may not be passed on as it stands: its octets could end a head early. */
function unfit(cause: Failure): Failure {
  const why = `the backend sent a head that cannot be passed on: ${cause.message}`;
  return new Failure('unfit-response', 'upstream', why, { status: 502, cause });
}

// A pooled AJP connection: one forwarded request after another (ajp13.md §5–6). The head of a response is held back until a
// body octet, a flush or the end follows: until then the attempt may still be repeated.

import type { Failure } from '../../base/failure.ts';
import { type ResponseHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import { DATA_HEADER_BYTES, dataBytesMax } from '../../wire/ajp/constants.ts';
import { encodeForwardRequest, ForwardRequest } from '../../wire/ajp/forward-request.ts';
import { CPING_PACKET, encodeDataHeader } from '../../wire/ajp/front-packets.ts';
import { ResponseDecoder, type ResponseSink } from '../../wire/ajp/response-decoder.ts';
import type { AjpDialect } from './ajp-dialect.ts';
import { fillForwardRequest } from './ajp-request.ts';
import type { Backend, DialWaiter } from './backend.ts';
import { BodyQueue } from './body-queue.ts';
import { HeldOctets, type HeldOctetsTaker } from './flush-policy.ts';
import { NO_KEEP_ALIVE } from './manners.ts';
import { ProxyRequest } from './proxy-request.ts';
import type { UpstreamEvents } from './upstream.ts';
import { packetTooSmall, refusedByConnector } from './upstream-causes.ts';
import { type UpstreamProtocol, UpstreamSocket } from './upstream-socket.ts';

/** One object for all: it is filled, encoded and forgotten within one call. */
const forward = new ForwardRequest();
/** Who asks idle connections. */
const NO_REQUEST = new ProxyRequest();
const NOBODY: UpstreamEvents = Object.freeze({
  responseInterim() {},
  responseHead() {},
  responseBody() {},
  responseFlush() {},
  responseRemark() {},
  responseEnd() {},
  responseSwitched() {},
  upstreamFailed() {},
});
/** What mod_proxy_ajp answers to a request head that does not fit into a packet. */
const TOO_LARGE_STATUS = 400;
/** Below this many waiting octets the client is read again. */
const RESUME_BELOW_BYTES = 16 * 1024;

export class AjpConnection implements UpstreamProtocol, ResponseSink, HeldOctetsTaker {
  readonly #socket: UpstreamSocket;
  readonly #decoder: ResponseDecoder;
  readonly #queue = new BodyQueue();
  /** Undefined where nothing of a response waits. */
  readonly #held: HeldOctets | undefined;
  /** Body packets the container may still be sent; the first one after a Content-Length goes unasked. */
  #credit = 0;
  /** Most octets the container wants in its next packet. */
  #wanted = 0;
  readonly #packetBytes: number;
  #isBodyComplete = false;
  #isHeadHeld = false;
  /** An idle connection is asked whether it lives; nobody waits for the answer. */
  #isAsking = false;
  /** Status of the response, and size of the packet that the request went in. */
  #status = 0;
  #requestBytes = 0;
  readonly #dialect: AjpDialect;
  readonly #countsPackets: boolean;
  bytesWritten = 0;
  bytesRead = 0;

  constructor(backend: Backend, waiter: DialWaiter, timeoutMs: number) {
    this.#packetBytes = backend.ajpPacketBytes;
    this.#decoder = new ResponseDecoder(this.#packetBytes);
    this.#dialect = backend.ajpDialect;
    this.#countsPackets = this.#dialect.countsPackets;
    this.#held = HeldOctets.for(this.#dialect.holdingMs(backend.config), backend.link, this);
    this.#socket = new UpstreamSocket(backend, waiter, timeoutMs, this);
  }

  get isReusable(): boolean {
    return this.#socket.isReusable;
  }

  get waitsForClient(): boolean {
    return this.#credit > 0 && !this.#isBodyComplete;
  }

  retire(): void {
    this.#socket.connection.destroy();
  }

  // --- the proxy's side ---------------------------------------------------------------------------------------------

  begin(request: ProxyRequest, events: UpstreamEvents): void {
    const { bodyLength } = request.exchange.request;
    this.#socket.attach(request, events);
    this.bytesWritten = 0;
    this.bytesRead = 0;
    this.#isHeadHeld = false;
    this.#isBodyComplete = bodyLength === 0;
    this.#wanted = dataBytesMax(this.#packetBytes);
    this.#credit = bodyLength > 0 && !request.hidesLength ? 1 : 0;
    const pingMs = this.#dialect.pingMs(this.#socket.backend.config, this.#socket.isFirstUse);
    if (pingMs > 0) this.#ping(pingMs);
    else this.#sendRequest();
  }

  /** connection_ping_interval. */
  ask(limitMs: number): void {
    this.#socket.attach(NO_REQUEST, NOBODY);
    this.#isAsking = true;
    this.#ping(limitMs);
  }

  requestBody(bytes: Buffer, start: number, end: number): void {
    let from = start;
    if (this.#credit > 0 && this.#queue.length === 0) {
      const size = Math.min(end - from, this.#wanted);
      const at = this.#socket.connection.reserve(size + DATA_HEADER_BYTES);
      const out = this.#socket.backend.link.scratch.buffer;
      bytes.copy(out, encodeDataHeader(out, at, size), from, from + size);
      this.#sent(at + DATA_HEADER_BYTES + size, size);
      from += size;
    }
    if (from < end) {
      this.#queue.add(bytes, from, end);
      this.#socket.request?.exchange.pauseBody();
    }
    this.#socket.flush();
    this.#socket.await();
  }

  requestEnd(): void {
    this.#isBodyComplete = true;
    this.#sendBody();
    this.#socket.flush();
    this.#socket.await();
  }

  pauseResponse(): void {
    this.#socket.pause();
  }

  resumeResponse(): void {
    this.#socket.resume();
  }

  abandon(): void {
    this.#socket.abandon();
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  #ping(limitMs: number): void {
    const socket = this.#socket;
    socket.phase = 'ping';
    this.#write(CPING_PACKET);
    this.#decoder.expectPong();
    socket.flush();
    socket.pingLimitMs = limitMs;
    socket.await(limitMs);
  }

  #sendRequest(): void {
    const socket = this.#socket;
    const request = socket.request as ProxyRequest;
    if (request.ajpManner === undefined) fillForwardRequest(forward, request, socket.backend.config);
    else request.ajpManner.fill(forward, request, socket.backend.config);
    const at = socket.connection.reserve(this.#packetBytes);
    const end = encodeForwardRequest(forward, socket.backend.link.scratch.buffer, at, this.#packetBytes);
    if (end < 0) {
      this.#refuseTooLarge();
      return;
    }
    socket.connection.commit(end);
    this.#requestBytes = end - at;
    if (this.#countsPackets) this.bytesWritten += end - at;
    this.#decoder.expectResponse(request.exchange.response);
    socket.phase = 'response-head';
    if (request.exchange.request.bodyLength !== 0) request.resumeBody();
    socket.flush();
    socket.await();
  }

  #refuseTooLarge(): void {
    const { backend, request } = this.#socket;
    const status = request?.ajpManner?.tooLargeStatus ?? TOO_LARGE_STATUS;
    this.#socket.refuse(packetTooSmall(backend.config, forward, this.#packetBytes, status));
  }

  /** Sends what waits as far as the container has asked for it, then the end if it asks for more than there is. */
  #sendBody(): void {
    const { connection, backend, request } = this.#socket;
    const { scratch } = backend.link;
    while (this.#credit > 0 && this.#queue.length > 0) {
      const size = Math.min(this.#queue.length, this.#wanted);
      const at = connection.reserve(size + DATA_HEADER_BYTES);
      this.#queue.take(scratch.buffer, encodeDataHeader(scratch.buffer, at, size), size);
      this.#sent(at + DATA_HEADER_BYTES + size, size);
    }
    if (this.#credit > 0 && this.#isBodyComplete) {
      this.#write(this.#dialect.bodyEnd);
      this.#credit--;
    }
    if (!this.#isBodyComplete && this.#queue.length < RESUME_BELOW_BYTES) request?.resumeBody();
  }

  #write(packet: Buffer): void {
    const at = this.#socket.connection.reserve(packet.length);
    packet.copy(this.#socket.backend.link.scratch.buffer, at);
    this.#socket.connection.commit(at + packet.length);
    if (this.#countsPackets) this.bytesWritten += packet.length;
  }

  #sent(end: number, bodyBytes: number): void {
    this.#socket.connection.commit(end);
    this.#socket.bodySent = true;
    this.#credit--;
    this.bytesWritten += this.#countsPackets ? bodyBytes + DATA_HEADER_BYTES : bodyBytes;
  }

  // --- for the socket -----------------------------------------------------------------------------------------------

  decode(bytes: Buffer, start: number, end: number): number {
    const at = this.#decoder.decode(bytes, start, end, this);
    if (this.#countsPackets) this.bytesRead += at - start;
    return at;
  }

  sourceEnded(): void {}

  drained(): void {}

  outwaits(): boolean {
    return false;
  }

  reset(): void {
    this.#isAsking = false;
    this.#decoder.stop();
    this.#queue.clear();
    this.#held?.drop();
  }

  // --- what the decoder finds (ResponseSink) ------------------------------------------------------------------------

  head(head: ResponseHead): void {
    this.#isHeadHeld = true;
    this.#socket.hasHead = true;
    this.#status = head.status;
    const { request, backend } = this.#socket;
    const isJudged = this.#dialect.judgesHead(head.status, backend.config, request?.rules);
    if (isJudged || request?.flushesHead === true) this.#passHead();
  }

  get #waitsForNobody(): boolean {
    return this.#socket.request?.flushesBody === true || (this.#dialect.holdsBeginningOnly && !this.#isHeadHeld);
  }

  body(bytes: Buffer, start: number, end: number): void {
    if (!this.#countsPackets) this.bytesRead += end - start;
    if (this.#held === undefined || this.#waitsForNobody) this.passBody(bytes, start, end);
    else this.#held.add(bytes, start, end);
  }

  passBody(bytes: Buffer, start: number, end: number): void {
    if (this.#isHeadHeld) this.#passHead();
    this.#socket.events?.responseBody(bytes, start, end);
  }

  pauseIsLong(): void {
    this.#socket.events?.responseFlush();
  }

  flush(): void {
    this.#held?.release();
    if (this.#isHeadHeld) this.#passHead();
  }

  wantBody(length: number): void {
    if (this.#socket.request !== undefined) this.#socket.request.isBodyAsked = true;
    this.#credit++;
    this.#wanted = Math.min(Math.max(length, 1), dataBytesMax(this.#packetBytes));
    this.#sendBody();
  }

  end(reuse: boolean): void {
    if (!reuse && this.#status >= 400) this.#tellRefusal();
    if (this.#isHeadHeld && this.#dialect.tellsLength) this.#tellLength();
    this.#held?.release();
    if (this.#isHeadHeld) this.#passHead();
    if (!this.#socket.isBusy) return;
    // A container that still waits for a body packet, asked for or promised, would read the next request as one.
    const isOwed = this.#credit > 0;
    const { backend, request } = this.#socket;
    const isLast = backend.config.pool.disableReuse || ((request?.manners ?? 0) & NO_KEEP_ALIVE) !== 0;
    this.#socket.complete(reuse && !isOwed && !isLast, undefined);
  }

  /** All of a response is here, whose length nobody has told. */
  #tellLength(): void {
    const { request } = this.#socket;
    if (request === undefined || this.#held === undefined) return;
    const { request: asked, response } = request.exchange;
    if (response.bodyLength !== UNKNOWN_LENGTH) return;
    const { length } = this.#held;
    // Where no body may come its length is not known by its absence.
    if (length === 0 && (asked.method === 'HEAD' || this.#status === 204 || this.#status === 304)) return;
    response.bodyLength = length;
  }

  #tellRefusal(): void {
    const { events, request, backend } = this.#socket;
    if (request === undefined) return;
    const remark = refusedByConnector(backend.config, this.#status, this.#requestBytes, request.exchange);
    if (remark !== undefined) events?.responseRemark(remark);
  }

  pong(): void {
    if (this.#socket.phase !== 'ping') return;
    if (this.#isAsking) this.#socket.complete(true, undefined);
    else this.#sendRequest();
  }

  failed(failure: Failure): void {
    this.#socket.fail(failure, false);
  }

  #passHead(): void {
    this.#isHeadHeld = false;
    this.#socket.phase = 'response-body';
    this.#socket.events?.responseHead();
  }
}

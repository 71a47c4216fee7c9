// A pooled HTTP/1.1 connection to a backend: request head and body out, interim and final heads and bodies in, as
// mod_proxy_http does it (modproxy.md §8, §10). A head is passed on as soon as it is complete.

import { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import { Fields } from '../../base/fields.ts';
import { type ResponseHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import type { SecureDial } from '../../link/dial.ts';
import { SCRATCH_BYTES } from '../../link/scratch.ts';
import { BodyDecoder } from '../../wire/http1/body.ts';
import { FRAMING_NONE, FRAMING_UNTIL_CLOSE } from '../../wire/http1/framing-fields.ts';
import { FAILED, MORE } from '../../wire/http1/parse-state.ts';
import { ResponseHeadParser } from '../../wire/http1/response-head.ts';
import {
  CHUNK_END_BYTES,
  CHUNK_HEADER_BYTES,
  fieldsSize,
  LAST_CHUNK_BYTES,
  reasonPhrase,
  writeChunkEnd,
  writeChunkHeader,
  writeEnd,
  writeFields,
  writeLastChunk,
  writeRequestLine,
} from '../../wire/http1/write.ts';
import type { Backend, DialWaiter } from './backend.ts';
import { HttpAttempt, mayUpgrade } from './http-attempt.ts';
import { fillHttpRequest, passResponseHead } from './http-head.ts';
import { RELAY_CONTINUE, SUPPRESS_INTERIM } from './manners.ts';
import type { ProxyRequest } from './proxy-request.ts';
import type { UpstreamEvents } from './upstream.ts';
import { truncated } from './upstream-causes.ts';
import { type UpstreamProtocol, UpstreamSocket } from './upstream-socket.ts';

/** One table for all: it is filled, written and forgotten within one call. */
const outgoing = new Fields();
/** Likewise. */
const attempt = new HttpAttempt();
/** Body octets written in one piece at most, so that a chunk's head keeps a fixed width. */
const PIECE_BYTES = 32 * 1024;
/** Room for method, version, spaces and line ends around target and fields. */
const LINE_EXTRA_BYTES = 128;
/** How long a backend may take to ask for a body that the client holds back: few say `100 (Continue)` at all. */
const CONTINUE_PATIENCE_MS = 1_000;
/** `HTTP/1.1 200 ` before the reason phrase, which httpd counts as read. */
const STATUS_LINE_PREFIX_BYTES = 13;

export class HttpConnection implements UpstreamProtocol {
  readonly #socket: UpstreamSocket;
  readonly #head: ResponseHeadParser;
  readonly #body = new BodyDecoder('upstream');
  #isInBody = false;
  #isChunked = false;
  /** The client's body is held back until the backend says `100 (Continue)`, or anything final. */
  #holdsBody = false;
  #isBodyComplete = false;
  /** The connection is closed after this attempt. */
  #isLast = false;
  /** Protocol that the backend may switch to. */
  #upgrade: string | undefined = undefined;
  #bytesOutBefore = 0;
  bytesRead = 0;

  constructor(backend: Backend, waiter: DialWaiter, timeoutMs: number, secure: SecureDial | undefined) {
    this.#head = new ResponseHeadParser(backend.responseLimits('is-error'));
    this.#socket = new UpstreamSocket(backend, waiter, timeoutMs, this, secure);
  }

  /** Who it thinks the backend is, under which settings; undefined without TLS. */
  get label(): string | undefined {
    return this.#socket.label;
  }

  get isReusable(): boolean {
    return this.#socket.isReusable;
  }

  get waitsForClient(): boolean {
    const isSending = !this.#isBodyComplete && !this.#holdsBody && this.#socket.phase === 'response-head';
    return isSending && !this.#socket.connection.isCongested;
  }

  /** HTTP counts the whole request as sent (modproxy.md §7, bytraffic). */
  get bytesWritten(): number {
    return this.#socket.connection.bytesOut - this.#bytesOutBefore;
  }

  retire(): void {
    this.#socket.connection.destroy();
  }

  // --- the proxy's side ---------------------------------------------------------------------------------------------

  begin(request: ProxyRequest, events: UpstreamEvents): void {
    const socket = this.#socket;
    const { bodyLength } = request;
    const { config } = socket.backend;
    const { method } = request.exchange.request;
    attempt.decide(request, socket.backend);
    socket.attach(request, events);
    this.#isInBody = false;
    this.bytesRead = 0;
    this.#bytesOutBefore = socket.connection.bytesOut;
    this.#isChunked = bodyLength === UNKNOWN_LENGTH;
    this.#isBodyComplete = bodyLength === 0;
    this.#holdsBody = attempt.holdsBody;
    this.#isLast = !attempt.keepAlive;
    this.#upgrade = attempt.upgrade;
    this.#head.begin(method, socket.backend.responseLimits(request.host.badHeader));
    fillHttpRequest(outgoing, request, config, attempt);
    const path = config.path + request.path;
    this.#writeHead(method, request.query === undefined ? path : `${path}?${request.query}`, attempt.isOld);
    if (this.#holdsBody) {
      // With `ping=` the question is whether the backend is there (modproxy.md §3.1).
      socket.phase = config.pingMs > 0 ? 'ping' : 'response-head';
      socket.flush();
      socket.await(config.pingMs > 0 ? config.pingMs : Math.min(CONTINUE_PATIENCE_MS, request.timeoutMs));
      return;
    }
    socket.phase = 'response-head';
    if (!this.#isBodyComplete) request.resumeBody();
    socket.flush();
    socket.await();
  }

  #writeHead(method: string, target: string, isOld: boolean): void {
    const { connection, backend } = this.#socket;
    const size = fieldsSize(outgoing) + target.length + LINE_EXTRA_BYTES;
    const isLarge = size > SCRATCH_BYTES;
    let at = isLarge ? 0 : connection.reserve(size);
    const out = isLarge ? Buffer.allocUnsafeSlow(size) : backend.link.scratch.buffer;
    at = writeRequestLine(out, at, method, target, isOld ? 0 : 1);
    at = writeEnd(out, writeFields(out, at, outgoing));
    if (isLarge) connection.send(out.subarray(0, at));
    else connection.commit(at);
  }

  requestBody(bytes: Buffer, start: number, end: number): void {
    const socket = this.#socket;
    let from = start;
    while (from < end) {
      const size = Math.min(end - from, PIECE_BYTES);
      let at = socket.connection.reserve(size + CHUNK_HEADER_BYTES + CHUNK_END_BYTES);
      const out = socket.backend.link.scratch.buffer;
      if (this.#isChunked) at = writeChunkHeader(out, at, size);
      bytes.copy(out, at, from, from + size);
      at += size;
      if (this.#isChunked) at = writeChunkEnd(out, at);
      socket.connection.commit(at);
      from += size;
    }
    socket.bodySent = true;
    socket.flush();
    if (socket.connection.isCongested) socket.request?.exchange.pauseBody();
    socket.await();
  }

  requestEnd(): void {
    const socket = this.#socket;
    this.#isBodyComplete = true;
    if (this.#isChunked) {
      const at = socket.connection.reserve(LAST_CHUNK_BYTES);
      socket.connection.commit(writeLastChunk(socket.backend.link.scratch.buffer, at, undefined));
      socket.bodySent = true;
    }
    socket.flush();
    socket.await();
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

  // --- for the socket -----------------------------------------------------------------------------------------------

  decode(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.#socket.isBusy) {
      at = this.#isInBody ? this.#readBody(bytes, at, end) : this.#readHead(bytes, at, end);
    }
    return at;
  }

  sourceEnded(): void {
    const { connection, backend } = this.#socket;
    if (this.#isInBody && connection.isTruncated) this.#socket.fail(truncated(backend.config), false);
    else if (this.#isInBody) this.#body.close(this);
  }

  drained(): void {
    if (!this.#isBodyComplete && !this.#holdsBody) this.#socket.request?.resumeBody();
  }

  outwaits(): boolean {
    if (!this.#holdsBody || this.#socket.phase === 'ping') return false;
    this.#letBodyGo();
    return true;
  }

  reset(): void {}

  /** Whoever waits for the other: the body comes now. */
  #letBodyGo(): void {
    const socket = this.#socket;
    if (!this.#holdsBody) return;
    this.#holdsBody = false;
    socket.phase = 'response-head';
    socket.request?.resumeBody();
    socket.await();
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const socket = this.#socket;
    const state = this.#head.parse(bytes, start, end);
    if (state === MORE) return end;
    if (state === FAILED) {
      socket.fail(this.#head.failure as Failure, false);
      return end;
    }
    const { consumed, head } = this.#head;
    const { exchange, via } = socket.request as ProxyRequest;
    if (this.#head.isInterim) {
      this.#readInterim(head);
      return consumed;
    }
    if (head.status < 200) {
      this.#switch(bytes, consumed, end);
      return end;
    }
    socket.phase = 'response-body';
    this.#isInBody = true;
    const reason = head.reason === '' ? reasonPhrase(head.status) : head.reason;
    this.bytesRead = reason.length + STATUS_LINE_PREFIX_BYTES;
    const { framing } = this.#head;
    this.#body.begin(framing === FRAMING_NONE ? 0 : head.bodyLength, framing === FRAMING_UNTIL_CLOSE);
    passResponseHead(head, exchange.response);
    if (via !== undefined) exchange.response.fields.addKnown(FIELD.Via, via);
    if (head.fields.hasKnown(FIELD.Upgrade)) this.#passUpgrade(head.fields, exchange.response.fields);
    const { surplus } = this.#head;
    socket.events?.responseHead();
    if (surplus !== undefined) this.#readBody(surplus, 0, surplus.length);
    if (framing === FRAMING_NONE || head.bodyLength === 0) this.#body.decode(bytes, consumed, consumed, this);
    return consumed;
  }

  /** 101: the backend speaks another protocol from here on, if it is the one that the client asked for (RFC 9110 §7.8). */
  #switch(bytes: Buffer, start: number, end: number): void {
    const socket = this.#socket;
    const { head } = this.#head;
    const { url, pool } = socket.backend.config;
    const upgrade = head.fields.getKnown(FIELD.Upgrade);
    if (upgrade === undefined || upgrade.toLowerCase() !== this.#upgrade?.toLowerCase() || !this.#isBodyComplete) {
      const message = `${url} switched to a protocol that was not asked for`;
      socket.fail(new Failure('unasked-upgrade', 'upstream', message, { status: 502 }), false);
      return;
    }
    const { exchange, via } = socket.request as ProxyRequest;
    const events = socket.events as UpstreamEvents;
    const { backend } = socket;
    const { bytesWritten } = this;
    passResponseHead(head, exchange.response);
    exchange.response.fields.removeKnown(FIELD['Content-Length']);
    exchange.response.fields.addKnown(FIELD.Connection, 'Upgrade');
    exchange.response.fields.addKnown(FIELD.Upgrade, upgrade);
    if (via !== undefined) exchange.response.fields.addKnown(FIELD.Via, via);
    const connection = socket.surrender();
    // Where `max` was not given it is for requests: tunnels are as many as clients.
    const isCounted = pool.max !== undefined;
    if (!isCounted) backend.pool.dropped();
    const release = (): void => {
      if (isCounted) backend.pool.dropped();
    };
    events.responseSwitched({ connection, bytesWritten, bytesRead: 0, release }, bytes, start, end);
  }

  /** A 100 lets the body come, which tells the client; a client without a body hears it if it asked. */
  #readInterim({ status, fields }: ResponseHead): void {
    const { events, request } = this.#socket;
    const { exchange, manners } = request as ProxyRequest;
    const { expectsContinue, fields: asked } = exchange.request;
    if (status === 100) this.#letBodyGo();
    const isWanted =
      status !== 100 || (!expectsContinue && ((manners & RELAY_CONTINUE) !== 0 || asked.hasKnown(FIELD.Expect)));
    if (isWanted && (manners & SUPPRESS_INTERIM) === 0) events?.responseInterim(status, fields);
  }

  /** `426 (Upgrade Required)` and the like may name a protocol that could be asked for here. */
  #passUpgrade(from: Fields, to: Fields): void {
    const upgrade = from.getKnown(FIELD.Upgrade) as string;
    if (mayUpgrade(this.#socket.backend.config, upgrade)) to.addKnown(FIELD.Upgrade, upgrade);
  }

  #readBody(bytes: Buffer, start: number, end: number): number {
    const at = this.#body.decode(bytes, start, end, this);
    if (this.#body.failure !== undefined) this.#socket.fail(this.#body.failure, false);
    return at;
  }

  // --- what the body decoder finds ----------------------------------------------------------------------------------

  body(bytes: Buffer, start: number, end: number): void {
    this.bytesRead += end - start;
    this.#socket.events?.responseBody(bytes, start, end);
  }

  bodyEnd(trailers: Fields | undefined): void {
    if (!this.#socket.isBusy) return;
    // A backend that answers before it has read the whole request leaves the connection in the middle of a message.
    const mayReuse = this.#head.keepAlive && this.#isBodyComplete && !this.#isLast;
    this.#socket.complete(mayReuse, trailers);
  }
}

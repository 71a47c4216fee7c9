// What a front end sends to a container, from bytes at any split to calls of a sink: requests, body octets as they come,
// pings. One decoder serves one connection and knows whether a DATA packet or a request is due: DATA has no code.

import type { Failure } from '../../base/failure.ts';
import { type RequestHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import { CPING, FORWARD_REQUEST, FRAME_BYTES, PACKET_SIZE_DEFAULT, REQUEST_MAGIC, SHUTDOWN } from './constants.ts';
import { type AjpFailureCode, ajpFailure, codeOf } from './failures.ts';
import { Gathering } from './gathering.ts';
import { readWord } from './octets.ts';
import { DecodedRequest, RequestReader } from './request-reader.ts';

/** What the owner of a connection from a front end hears. Bytes are borrowed until the call returns. */
export interface RequestSink {
  /** A request begins. The object holds until `responseEnded`; with `head.bodyLength > 0` a first DATA packet follows unasked. */
  request(request: DecodedRequest): void;
  /** Octets `[start, end)` of the request body: as they arrived, not packet by packet. */
  body(bytes: Buffer, start: number, end: number): void;
  /**
   * The request body is complete, or the front end has no more of it (see `bodyLeft`). Comes once, and only when there
   * was a body or one was asked for.
   */
  bodyEnd(): void;
  /** A CPING: answer CPONG at once. */
  ping(): void;
  /** The front end wants the container to stop. Tomcat closes the connection and goes on; nothing more comes. */
  shutdown(): void;
  /** The front end broke the protocol; answer `failure.status` if there is one, then close. Nothing more comes. */
  failed(failure: Failure): void;
}

export interface RequestDecoderOptions {
  /** Octets a whole packet may have, frame included. Default 8192. */
  readonly packetSize?: number;
  /** Header fields a request may have. Default 100 (Tomcat's maxHeaderCount). */
  readonly fieldCountMax?: number;
  /** Where heads are written to; default an own one. */
  readonly head?: RequestHead;
}

/** Tomcat's maxHeaderCount. */
const FIELD_COUNT_MAX = 100;

/** Where in a packet the next octet stands. */
const IN_FRAME = 0;
const AT_CODE = 1;
/** In a payload that is read as a whole. */
const IN_WHOLE = 2;
const IN_DATA_LENGTH = 3;
const IN_DATA = 4;
/** In octets that mean nothing. */
const IN_TAIL = 5;
const CLOSED = 6;

export class RequestDecoder {
  readonly request: DecodedRequest;
  readonly #payloadMax: number;
  readonly #reader: RequestReader;
  readonly #gathering = new Gathering();
  #place = IN_FRAME;
  /** A length that came in pieces: what has come so far, and how many octets of frame or length that is. */
  #number = 0;
  #numberBytes = 0;
  /** Octets of the payload still to come; in data those after it. */
  #left = 0;
  #dataLeft = 0;
  /** DATA packets that must come before anything else. */
  #dataDue = 0;
  /** A request was handed out and its response has not ended. */
  #isOpen = false;
  #bodyLeft = 0;
  #hasBodyEnded = true;
  #isStopped = false;

  constructor(options: RequestDecoderOptions = {}) {
    this.request = new DecodedRequest(options.head);
    this.#payloadMax = (options.packetSize ?? PACKET_SIZE_DEFAULT) - FRAME_BYTES;
    this.#reader = new RequestReader(this.request, options.fieldCountMax ?? FIELD_COUNT_MAX);
  }

  /** A GET_BODY_CHUNK goes out: one more DATA packet is due. */
  expectData(): void {
    this.#dataDue++;
  }

  /**
   * The response is complete: the next request may come. DATA packets still due are taken and dropped (Tomcat swallows
   * what is in flight).
   */
  responseEnded(): void {
    this.#isOpen = false;
  }

  /** Octets that Content-Length promised and that have not come; `UNKNOWN_LENGTH` without one. */
  get bodyLeft(): number {
    return this.#bodyLeft;
  }

  /**
   * True while a DATA packet was announced or asked for and its last body octet has not come. Otherwise only a
   * GET_BODY_CHUNK brings more of a body that goes on.
   */
  get isDataDue(): boolean {
    return this.#isOpen && (this.#dataDue > 0 || this.#place === IN_DATA);
  }

  /** True between requests. */
  get isIdle(): boolean {
    return !this.#isOpen && this.#dataDue === 0 && this.#place === IN_FRAME && this.#numberBytes === 0;
  }

  /** Makes `decode` return after the sink call it is in; the end of a body may still be told with its last octets. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Takes octets `[start, end)` and calls the sink.
   * @returns the position after the last octet taken: less than `end` after `stop`, after a failure, and while a request
   *   is open and no DATA packet is due: what stands there belongs to the next request, give it again afterwards
   */
  decode(bytes: Buffer, start: number, end: number, sink: RequestSink): number {
    this.#isStopped = false;
    let at = start;
    while (at < end && !this.#isStopped) {
      switch (this.#place) {
        case IN_FRAME:
          if (this.#isOpen && this.#dataDue === 0) return at;
          at = this.#takeFrame(bytes, at, end, sink);
          break;
        case AT_CODE:
          this.#left--;
          this.#takeCode(bytes[at++], sink);
          break;
        case IN_WHOLE:
          at = this.#takeWhole(bytes, at, end, sink);
          break;
        case IN_DATA_LENGTH:
          at = this.#takeDataLength(bytes, at, end, sink);
          break;
        case IN_DATA:
          at = this.#takeData(bytes, at, end, sink);
          break;
        case IN_TAIL: {
          const skipped = Math.min(this.#left, end - at);
          at += skipped;
          this.#skip(this.#left - skipped);
          break;
        }
        default:
          return at;
      }
    }
    return at;
  }

  /** The front end sent FIN or the connection broke: a failure unless nothing was going on. */
  inputEnded(sink: RequestSink): void {
    if (this.#place !== CLOSED && !this.isIdle) this.#fail('ajp-closed-in-request', sink);
  }

  #takeFrame(bytes: Buffer, start: number, end: number, sink: RequestSink): number {
    if (this.#numberBytes === 0 && end - start >= FRAME_BYTES && readWord(bytes, start) === REQUEST_MAGIC) {
      this.#beginPacket(readWord(bytes, start + 2), sink);
      return start + FRAME_BYTES;
    }
    const octet = bytes[start];
    const seen = this.#numberBytes++;
    if (seen === 0 || seen === 1) {
      // The first wrong octet is enough to know.
      if (octet !== (seen === 0 ? REQUEST_MAGIC >>> 8 : REQUEST_MAGIC & 0xff)) this.#fail('ajp-bad-magic', sink);
    } else this.#number = (this.#number << 8) | octet;
    if (this.#numberBytes === FRAME_BYTES) {
      const length = this.#number;
      this.#number = 0;
      this.#numberBytes = 0;
      this.#beginPacket(length, sink);
    }
    return start + 1;
  }

  #beginPacket(length: number, sink: RequestSink): void {
    this.#left = length;
    const isData = this.#dataDue > 0;
    this.#place = isData ? IN_DATA_LENGTH : AT_CODE;
    if (length > this.#payloadMax) this.#fail('ajp-packet-too-large', sink);
    else if (length === 0 && isData) this.#takeBodyEnd(sink);
    else if (length === 0) this.#fail('ajp-empty-packet', sink);
    else if (length === 1 && isData) this.#fail('ajp-truncated-packet', sink);
  }

  #takeCode(code: number, sink: RequestSink): void {
    switch (code) {
      case FORWARD_REQUEST:
        this.#place = IN_WHOLE;
        if (this.#left === 0) this.#fail('ajp-truncated-packet', sink);
        return;
      case CPING:
        this.#skip(this.#left);
        sink.ping();
        return;
      case SHUTDOWN:
        this.#place = CLOSED;
        this.#isStopped = true;
        sink.shutdown();
        return;
      default:
        this.#fail('ajp-unknown-packet', sink);
    }
  }

  #takeWhole(bytes: Buffer, start: number, end: number, sink: RequestSink): number {
    const gathering = this.#gathering;
    const size = this.#left;
    if (gathering.used === 0 && end - start >= size) {
      this.#readRequest(bytes, start, start + size, sink);
      return start + size;
    }
    const at = gathering.take(bytes, start, end, size);
    if (gathering.used === size) {
      const gathered = gathering.bytes;
      gathering.clear();
      this.#readRequest(gathered, 0, size, sink);
    }
    return at;
  }

  #readRequest(bytes: Buffer, start: number, end: number, sink: RequestSink): void {
    this.#place = IN_FRAME;
    const failure = this.#reader.read(bytes, start, end);
    if (failure < 0) {
      this.#fail(codeOf(failure), sink);
      return;
    }
    const { head, isLengthDeclared } = this.request;
    this.#bodyLeft = isLengthDeclared ? head.bodyLength : UNKNOWN_LENGTH;
    this.#hasBodyEnded = isLengthDeclared && head.bodyLength === 0;
    this.#dataDue = head.bodyLength > 0 ? 1 : 0;
    this.#isOpen = true;
    sink.request(this.request);
  }

  #takeDataLength(bytes: Buffer, start: number, end: number, sink: RequestSink): number {
    let at = start;
    while (at < end && this.#numberBytes < 2) {
      this.#number = (this.#number << 8) | bytes[at++];
      this.#numberBytes++;
    }
    if (this.#numberBytes < 2) return at;
    const length = this.#number;
    this.#number = 0;
    this.#numberBytes = 0;
    this.#left -= 2;
    if (length > this.#left) this.#fail('ajp-chunk-length', sink);
    else if (length === 0) this.#takeBodyEnd(sink);
    else {
      this.#dataDue--;
      this.#left -= length;
      this.#dataLeft = length;
      this.#place = IN_DATA;
      if (this.#isOpen) this.#countBody(length, sink);
    }
    return at;
  }

  #countBody(length: number, sink: RequestSink): void {
    const isLimited = this.#bodyLeft !== UNKNOWN_LENGTH;
    if (this.#hasBodyEnded || (isLimited && length > this.#bodyLeft)) this.#fail('ajp-body-too-long', sink);
    else if (isLimited) this.#bodyLeft -= length;
  }

  #takeData(bytes: Buffer, start: number, end: number, sink: RequestSink): number {
    const stop = Math.min(start + this.#dataLeft, end);
    this.#dataLeft -= stop - start;
    const isComplete = this.#dataLeft === 0;
    if (isComplete) this.#skip(this.#left);
    if (this.#isOpen) sink.body(bytes, start, stop);
    if (isComplete && this.#bodyLeft === 0) this.#endBody(sink);
    return stop;
  }

  /** Either end marker: an empty packet (mod_jk) or a count of zero (mod_proxy_ajp). */
  #takeBodyEnd(sink: RequestSink): void {
    this.#dataDue--;
    this.#skip(this.#left);
    this.#endBody(sink);
  }

  #endBody(sink: RequestSink): void {
    if (this.#hasBodyEnded) return;
    this.#hasBodyEnded = true;
    if (this.#isOpen) sink.bodyEnd();
  }

  #skip(left: number): void {
    this.#left = left;
    this.#place = left === 0 ? IN_FRAME : IN_TAIL;
  }

  #fail(code: AjpFailureCode, sink: RequestSink): void {
    this.#place = CLOSED;
    this.#isStopped = true;
    sink.failed(ajpFailure(code, 'downstream'));
  }
}

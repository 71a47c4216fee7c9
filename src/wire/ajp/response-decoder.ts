// What a container sends to a front end, from bytes at any split to calls of a sink: heads, body octets as they come,
// requests for body, ends. One decoder serves one connection; it knows what is due and takes nothing else.

import type { Failure } from '../../base/failure.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import {
  CPONG,
  END_RESPONSE,
  FRAME_BYTES,
  GET_BODY_CHUNK,
  PACKET_SIZE_DEFAULT,
  RESPONSE_MAGIC,
  SEND_BODY_CHUNK,
  SEND_HEADERS,
} from './constants.ts';
import { type AjpFailureCode, ajpFailure, codeOf } from './failures.ts';
import { Gathering } from './gathering.ts';
import { readWord } from './octets.ts';
import { readResponseHead } from './response-head.ts';

/** What the owner of a connection to a container hears. Bytes and heads are borrowed until the call returns. */
export interface ResponseSink {
  /** The response begins; comes once. The head is the one given to `expectResponse`. */
  head(head: ResponseHead): void;
  /** Octets `[start, end)` of the body: as they arrived, not packet by packet. */
  body(bytes: Buffer, start: number, end: number): void;
  /** The container flushed: pass on what is pending. */
  flush(): void;
  /** The container asks for at most `length` octets of request body; answer with exactly one DATA packet. */
  wantBody(length: number): void;
  /** The response is complete. Without `reuse` the container wants the connection closed. */
  end(reuse: boolean): void;
  /** The answer to a CPING. */
  pong(): void;
  /** The container broke the protocol; nothing more comes, and the connection must be closed. */
  failed(failure: Failure): void;
}

/** What is due from the container. */
const NOTHING_DUE = 0;
const PONG_DUE = 1;
const HEAD_DUE = 2;
const BODY_DUE = 3;

/** Where in a packet the next octet stands. */
const IN_FRAME = 0;
const AT_CODE = 1;
const IN_CHUNK_LENGTH = 2;
const IN_CHUNK = 3;
/** In octets after a chunk, which mean nothing. */
const IN_TAIL = 4;
/** In a payload that is read as a whole. */
const IN_WHOLE = 5;
const FAILED = 6;

/** What an answer in HTTP begins with. */
const LETTER_H = 0x48;
/** Tomcat sends one octet after a chunk; mod_proxy_ajp insists on it, we also take none. */
const TAIL_BYTES_MAX = 1;

export class ResponseDecoder {
  readonly #payloadMax: number;
  readonly #gathering = new Gathering();
  #head: ResponseHead = noHead;
  #due = NOTHING_DUE;
  #place = IN_FRAME;
  #code = 0;
  /** A length that came in pieces: what has come so far, and how many octets of frame or length that is. */
  #number = 0;
  #numberBytes = 0;
  /** Octets of the payload still to come; in a chunk those after it. */
  #left = 0;
  #chunkLeft = 0;
  /** Body octets that Content-Length still allows. */
  #bodyLeft = UNKNOWN_LENGTH;
  /** The reason of the response before: most containers repeat it. */
  #reason = '';
  #isStopped = false;

  /** @param packetSize octets a whole packet may have, frame included (mod_proxy_ajp: payload of 8188 taken, 8189 refused) */
  constructor(packetSize: number = PACKET_SIZE_DEFAULT) {
    this.#payloadMax = packetSize - FRAME_BYTES;
  }

  /** A CPING goes out: its answer is due. */
  expectPong(): void {
    if (this.#due === NOTHING_DUE) this.#due = PONG_DUE;
  }

  /** A request goes out: its response is due, and its head will be written into `head`. */
  expectResponse(head: ResponseHead): void {
    head.reset();
    this.#head = head;
    this.#due = HEAD_DUE;
  }

  /** True between exchanges: whatever comes now is a reason to discard the connection. */
  get isIdle(): boolean {
    return this.#due === NOTHING_DUE && this.#place === IN_FRAME && this.#numberBytes === 0;
  }

  /** Makes `decode` return after the sink call it is in. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Takes octets `[start, end)` and calls the sink.
   * @returns the position after the last octet taken: less than `end` after `stop`, after the end of a response (what
   *   follows it belongs to nothing) and after a failure
   */
  decode(bytes: Buffer, start: number, end: number, sink: ResponseSink): number {
    this.#isStopped = false;
    let at = start;
    while (at < end && !this.#isStopped) {
      switch (this.#place) {
        case IN_FRAME:
          at = this.#takeFrame(bytes, at, end, sink);
          break;
        case AT_CODE:
          this.#left--;
          this.#takeCode(bytes[at++], sink);
          break;
        case IN_CHUNK_LENGTH:
          at = this.#takeChunkLength(bytes, at, end, sink);
          break;
        case IN_CHUNK:
          at = this.#takeChunk(bytes, at, end, sink);
          break;
        case IN_TAIL: {
          const skipped = Math.min(this.#left, end - at);
          this.#left -= skipped;
          at += skipped;
          if (this.#left === 0) this.#place = IN_FRAME;
          break;
        }
        case IN_WHOLE:
          at = this.#takeWhole(bytes, at, end, sink);
          break;
        default:
          return at;
      }
    }
    return at;
  }

  /** The container sent FIN or the connection broke: a failure unless nothing was due. */
  inputEnded(sink: ResponseSink): void {
    if (this.#place === FAILED || this.isIdle) return;
    if (this.#due === PONG_DUE) this.#fail('ajp-closed-before-pong', sink);
    else if (this.#due === HEAD_DUE) this.#fail('ajp-closed-before-headers', sink);
    else this.#fail('ajp-closed-in-response', sink);
  }

  #takeFrame(bytes: Buffer, start: number, end: number, sink: ResponseSink): number {
    if (this.#numberBytes === 0 && end - start >= FRAME_BYTES && readWord(bytes, start) === RESPONSE_MAGIC) {
      this.#beginPacket(readWord(bytes, start + 2), sink);
      return start + FRAME_BYTES;
    }
    const octet = bytes[start];
    const seen = this.#numberBytes++;
    if (seen === 0 || seen === 1) {
      // The first wrong octet is enough to know.
      if (octet !== (seen === 0 ? RESPONSE_MAGIC >>> 8 : RESPONSE_MAGIC & 0xff))
        this.#fail('ajp-bad-magic', sink, seen === 0 && octet === LETTER_H ? ': it may be HTTP' : '');
    } else this.#number = (this.#number << 8) | octet;
    if (this.#numberBytes === FRAME_BYTES) {
      const length = this.#number;
      this.#number = 0;
      this.#numberBytes = 0;
      this.#beginPacket(length, sink);
    }
    return start + 1;
  }

  #beginPacket(length: number, sink: ResponseSink): void {
    this.#left = length;
    this.#place = AT_CODE;
    if (length > this.#payloadMax)
      this.#fail(
        'ajp-packet-too-large',
        sink,
        `: ${length + FRAME_BYTES} octets of at most ${this.#payloadMax + FRAME_BYTES}`,
      );
    else if (length === 0) this.#fail('ajp-empty-packet', sink);
  }

  /** Decides by what is due whether this packet may come now. */
  #takeCode(code: number, sink: ResponseSink): void {
    const due = this.#due;
    const isAnswering = due === HEAD_DUE || due === BODY_DUE;
    this.#code = code;
    this.#place = IN_WHOLE;
    switch (code) {
      case SEND_BODY_CHUNK:
        if (!isAnswering) this.#fail('ajp-unexpected-packet', sink);
        else if (this.#left < 2) this.#fail('ajp-truncated-packet', sink);
        else this.#place = IN_CHUNK_LENGTH;
        return;
      case SEND_HEADERS:
        if (due === BODY_DUE) this.#fail('ajp-headers-twice', sink);
        else if (due !== HEAD_DUE) this.#fail('ajp-unexpected-packet', sink);
        else if (this.#left === 0) this.#fail('ajp-truncated-packet', sink);
        return;
      case END_RESPONSE:
        if (due === HEAD_DUE) this.#fail('ajp-end-before-headers', sink);
        else if (due !== BODY_DUE) this.#fail('ajp-unexpected-packet', sink);
        // httpd takes an end without its flag; nothing says that the connection is still good.
        else if (this.#left === 0) this.#ended(false, sink);
        return;
      case GET_BODY_CHUNK:
        if (!isAnswering) this.#fail('ajp-unexpected-packet', sink);
        else if (this.#left < 2) this.#fail('ajp-truncated-packet', sink);
        return;
      case CPONG:
        if (due !== PONG_DUE) this.#fail('ajp-unexpected-packet', sink);
        else if (this.#left === 0) this.#ponged(sink);
        return;
      default:
        this.#fail('ajp-unknown-packet', sink);
    }
  }

  #takeChunkLength(bytes: Buffer, start: number, end: number, sink: ResponseSink): number {
    let at = start;
    while (at < end && this.#numberBytes < 2) {
      this.#number = (this.#number << 8) | bytes[at++];
      this.#numberBytes++;
    }
    if (this.#numberBytes < 2) return at;
    const length = this.#number;
    this.#number = 0;
    this.#numberBytes = 0;
    const left = this.#left - 2 - length;
    this.#left = left;
    this.#chunkLeft = length;
    this.#place = IN_CHUNK;
    if (left < 0 || left > TAIL_BYTES_MAX) this.#fail('ajp-chunk-length', sink);
    else if (length === 0) {
      this.#place = left === 0 ? IN_FRAME : IN_TAIL;
      if (this.#due === BODY_DUE) sink.flush();
    } else if (this.#due === HEAD_DUE) this.#fail('ajp-body-before-headers', sink);
    else if (this.#bodyLeft !== UNKNOWN_LENGTH) {
      if (length > this.#bodyLeft) this.#fail('ajp-body-too-long', sink);
      else this.#bodyLeft -= length;
    }
    return at;
  }

  #takeChunk(bytes: Buffer, start: number, end: number, sink: ResponseSink): number {
    const stop = Math.min(start + this.#chunkLeft, end);
    this.#chunkLeft -= stop - start;
    if (this.#chunkLeft === 0) this.#place = this.#left === 0 ? IN_FRAME : IN_TAIL;
    sink.body(bytes, start, stop);
    return stop;
  }

  #takeWhole(bytes: Buffer, start: number, end: number, sink: ResponseSink): number {
    const gathering = this.#gathering;
    const size = this.#left;
    if (gathering.used === 0 && end - start >= size) {
      this.#readPayload(bytes, start, start + size, sink);
      return start + size;
    }
    const at = gathering.take(bytes, start, end, size);
    if (gathering.used === size) {
      // Cleared first: the sink may already start the next exchange. The octets stay until the next packet.
      const gathered = gathering.bytes;
      gathering.clear();
      this.#readPayload(gathered, 0, size, sink);
    }
    return at;
  }

  #readPayload(bytes: Buffer, start: number, end: number, sink: ResponseSink): void {
    this.#place = IN_FRAME;
    switch (this.#code) {
      case SEND_HEADERS: {
        const failure = readResponseHead(bytes, start, end, this.#head, this.#reason);
        if (failure < 0) {
          this.#fail(codeOf(failure), sink);
          return;
        }
        this.#due = BODY_DUE;
        this.#reason = this.#head.reason;
        this.#bodyLeft = this.#head.bodyLength;
        sink.head(this.#head);
        return;
      }
      case END_RESPONSE:
        this.#ended(bytes[start] !== 0, sink);
        return;
      case GET_BODY_CHUNK:
        sink.wantBody(readWord(bytes, start));
        return;
      default:
        this.#ponged(sink);
    }
  }

  #ended(reuse: boolean, sink: ResponseSink): void {
    this.#place = IN_FRAME;
    this.#due = NOTHING_DUE;
    this.#head = noHead;
    this.#isStopped = true;
    sink.end(reuse);
  }

  #ponged(sink: ResponseSink): void {
    this.#place = IN_FRAME;
    this.#due = NOTHING_DUE;
    sink.pong();
  }

  #fail(code: AjpFailureCode, sink: ResponseSink, detail?: string): void {
    this.#place = FAILED;
    this.#isStopped = true;
    sink.failed(ajpFailure(code, 'upstream', detail));
  }
}

const noHead = new ResponseHead();

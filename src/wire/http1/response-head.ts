// Reads response heads of a backend: status line here, field lines in field-lines.ts, then what the head says about the
// body, which also depends on the request (RFC 9112 §4, §6.3). Whatever is wrong with a response is a 502.

import type { Failure } from '../../base/failure.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import { type Http1FailureCode, http1Failure } from './failures.ts';
import { FieldLines } from './field-lines.ts';
import {
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_UNTIL_CLOSE,
  type Framing,
  FramingFields,
  NO_LENGTH,
} from './framing-fields.ts';
import { defaultResponseHeadLimits, type ResponseHeadLimits } from './limits.ts';
import { CR, LF, OCTETS, SP, VALUE } from './octets.ts';
import { DONE, FAILED, MORE, type ParseState } from './parse-state.ts';
import { isStandardReason } from './reasons.ts';

export type { ResponseHeadLimits } from './limits.ts';

const BEFORE_LINE = 0;
/** `HTTP/1.d ddd`, one octet at a time. */
const INSIDE_STATUS = 1;
const AFTER_STATUS = 2;
const INSIDE_REASON = 3;
const LINE_FEED = 4;
const FIELD_SECTION = 5;
const BROKEN = 6;

/** What each octet of `HTTP/1.d ddd` must be; 0 stands for a digit. */
const STATUS_SHAPE = Buffer.from('HTTP/1.\0 \0\0\0', 'latin1');

const SWITCHING_PROTOCOLS = 101;

/** Reads the interim heads and the final head of one response after another. */
export class ResponseHeadParser {
  readonly head: ResponseHead;
  /** Where reading stopped: after the head, or at the octet that failed. */
  consumed = 0;
  /** Set when `parse` answered FAILED. */
  failure: Failure | undefined = undefined;
  /** How the body after this head ends. NONE for an interim head, for 101 and wherever the request allows no body. */
  framing: Framing = FRAMING_NONE;
  /** The backend keeps the connection after this response, and we can tell where it ends. */
  keepAlive = false;

  #limits: ResponseHeadLimits;
  readonly #lines: FieldLines;
  readonly #framing = new FramingFields();
  #state = BEFORE_LINE;
  #isBodiless = false;
  #interimCount = 0;
  #statusAt = 0;
  #statusMinor = 0;
  #statusCode = 0;
  // Positions within the status line; the line begins at 0.
  #reasonStart = 0;
  #reasonEnd = 0;

  /** @param head filled by this parser; it may be lent to others between DONE and the next `parse` */
  constructor(limits: ResponseHeadLimits = defaultResponseHeadLimits, head: ResponseHead = new ResponseHead()) {
    this.#limits = limits;
    this.head = head;
    this.#lines = new FieldLines(head.fields);
    this.#applyLimits();
  }

  /** Starts the response to a request with this method. Call it before the first `parse` of every exchange. */
  begin(method: string, limits: ResponseHeadLimits = this.#limits): void {
    if (limits !== this.#limits) {
      this.#limits = limits;
      this.#applyLimits();
    }
    this.#state = BEFORE_LINE;
    this.#isBodiless = method === 'HEAD';
    this.#interimCount = 0;
    this.failure = undefined;
    this.head.reset();
  }

  /** The head is an interim one (1xx but not 101): the next `parse` reads the head that follows it. */
  get isInterim(): boolean {
    return this.head.status < 200 && this.head.status !== SWITCHING_PROTOCOLS;
  }

  /** True once an octet of a head has been read and the head is not complete. */
  get hasBegun(): boolean {
    return this.#state > BEFORE_LINE;
  }

  /** Octets of the body that came before `consumed` (`badHeader: 'start-body'`); undefined when there are none. */
  get surplus(): Buffer | undefined {
    return this.#lines.surplus;
  }

  /** `CONNECTION_…` bits of the Connection fields. */
  get connection(): number {
    return this.#framing.connection;
  }

  /** Reads on; `bytes` are borrowed until it returns. */
  parse(bytes: Buffer, start: number, end: number): ParseState {
    let pos = start;
    if (this.#state < FIELD_SECTION) {
      const state = this.#statusLine(bytes, start, end);
      if (state !== DONE) return state;
      pos = this.consumed;
    }
    if (this.#state === BROKEN) return FAILED;
    const lines = this.#lines;
    const state = lines.parse(bytes, pos, end);
    this.consumed = lines.consumed;
    if (state === DONE) return this.#judge();
    return state === MORE ? MORE : this.#fail(lines.consumed, lines.failureCode);
  }

  /** The backend closed the connection before the head was complete. */
  close(): Failure {
    const failure = http1Failure('http-truncated', 'upstream');
    this.#state = BROKEN;
    this.failure = failure;
    return failure;
  }

  #applyLimits(): void {
    const { responseFieldSize, fieldCount, headBytes, badHeader } = this.#limits;
    this.#lines.limit(responseFieldSize - 1, fieldCount, headBytes);
    this.#lines.badLine = badHeader;
  }

  #statusLine(bytes: Buffer, start: number, end: number): ParseState {
    const fields = this.head.fields;
    let state = this.#state;
    let pos = start;
    if (state === BEFORE_LINE) {
      if (pos >= end) return this.#pause(state, end);
      this.head.reset();
      this.#statusAt = 0;
      this.#statusCode = 0;
      state = INSIDE_STATUS;
    }
    /** Chunk position + shift = position within the line; what earlier chunks held of it stands in fields.bytes. */
    const shift = fields.used - start;
    const lineMax = Math.min(this.#limits.responseFieldSize - 1, this.#limits.headBytes);
    const stop = Math.min(end, lineMax + 1 - shift);

    if (state === INSIDE_STATUS) {
      while (this.#statusAt < STATUS_SHAPE.length) {
        if (pos >= stop) return this.#interrupt(state, bytes, start, end, shift, lineMax);
        if (!this.#takeStatus(bytes[pos])) return this.#fail(pos, 'http-bad-status-line');
        pos++;
      }
      // A code below 100 belongs to no class.
      if (this.#statusCode < 100) return this.#fail(pos - 1, 'http-bad-status-line');
      state = AFTER_STATUS;
    }
    if (state === AFTER_STATUS) {
      if (pos >= stop) return this.#interrupt(state, bytes, start, end, shift, lineMax);
      // Some servers leave out the space with the phrase; RFC 9112 §4 wants it, httpd does without.
      if (bytes[pos] === SP) pos++;
      else if (bytes[pos] !== CR) return this.#fail(pos, 'http-bad-status-line');
      this.#reasonStart = pos + shift;
      state = INSIDE_REASON;
    }
    if (state === INSIDE_REASON) {
      while (pos < stop && (OCTETS[bytes[pos]] & VALUE) !== 0) pos++;
      if (pos >= stop) return this.#interrupt(state, bytes, start, end, shift, lineMax);
      if (bytes[pos] !== CR) {
        return this.#fail(pos, bytes[pos] === LF ? 'http-bad-line-end' : 'http-bad-status-line');
      }
      this.#reasonEnd = pos + shift;
      pos++;
      state = LINE_FEED;
    }
    if (pos >= end) return this.#interrupt(state, bytes, start, end, shift, lineMax + 1);
    if (bytes[pos] !== LF) return this.#fail(pos, 'http-bad-line-end');
    pos++;
    if (-shift >= start) this.#takeLine(bytes, -shift);
    else {
      this.#keep(bytes, start, pos, shift);
      this.#takeLine(fields.bytes, 0);
    }
    fields.used = 0;
    this.#lines.begin(fields, pos + shift);
    this.#state = FIELD_SECTION;
    this.consumed = pos;
    return DONE;
  }

  #takeStatus(octet: number): boolean {
    const at = this.#statusAt++;
    if (STATUS_SHAPE[at] !== 0) return octet === STATUS_SHAPE[at];
    const digit = octet - 0x30;
    if (digit < 0 || digit > 9) return false;
    if (at < 9) this.#statusMinor = digit;
    else this.#statusCode = this.#statusCode * 10 + digit;
    return true;
  }

  #takeLine(bytes: Buffer, origin: number): void {
    const { head } = this;
    const from = origin + this.#reasonStart;
    const to = origin + this.#reasonEnd;
    head.status = this.#statusCode;
    head.minorVersion = this.#statusMinor === 0 ? 0 : 1;
    head.reason = isStandardReason(head.status, bytes, from, to) ? '' : bytes.toString('latin1', from, to);
  }

  /** The rules over the complete head: RFC 9112 §6.3 in its order. */
  #judge(): ParseState {
    const { head } = this;
    const { fields, minorVersion, status } = head;
    const framing = this.#framing;
    this.#state = BEFORE_LINE;
    if (!framing.read(fields, minorVersion, this.#limits.allowContentLengthWithChunked)) {
      return this.#fail(this.consumed - 1, framing.failureCode);
    }
    const length = framing.contentLength;
    this.keepAlive = framing.keepsConnection(minorVersion) && !this.#lines.isCut;
    if (status < 200) {
      if (this.isInterim && this.#interimCount++ >= this.#limits.interimCount) {
        return this.#fail(this.consumed - 1, 'http-too-many-interim');
      }
      this.#setBodiless(length);
    } else if (status === 204) this.#setBodiless(length);
    else if (status === 304 || this.#isBodiless) {
      // The length, if any, is the one that a GET would have had; it stays among the fields.
      head.bodyLength = 0;
      this.framing = FRAMING_NONE;
    } else if (length === NO_LENGTH) {
      head.bodyLength = UNKNOWN_LENGTH;
      this.framing = FRAMING_UNTIL_CLOSE;
      this.keepAlive = false;
    } else {
      head.bodyLength = length;
      this.framing = length === UNKNOWN_LENGTH ? FRAMING_CHUNKED : length === 0 ? FRAMING_NONE : FRAMING_LENGTH;
    }
    return DONE;
  }

  /** 1xx and 204 end with their head. One that announces octets may yet send them: the connection is not to be reused. */
  #setBodiless(length: number): void {
    this.head.bodyLength = 0;
    this.framing = FRAMING_NONE;
    if (length !== NO_LENGTH && length !== 0) this.keepAlive = false;
  }

  /** The chunk or the allowed line ends inside the status line. */
  #interrupt(state: number, bytes: Buffer, start: number, end: number, shift: number, lineMax: number): ParseState {
    if (end + shift > lineMax) return this.#fail(lineMax - shift, 'http-start-line-too-long');
    this.#keep(bytes, start, end, shift);
    return this.#pause(state, end);
  }

  #keep(bytes: Buffer, start: number, pos: number, shift: number): void {
    const { fields } = this.head;
    const from = Math.max(start, fields.used - shift);
    fields.reserve(pos - from);
    bytes.copy(fields.bytes, fields.used, from, pos);
    fields.used += pos - from;
  }

  #pause(state: number, end: number): ParseState {
    this.#state = state;
    this.consumed = end;
    return MORE;
  }

  #fail(pos: number, code: Http1FailureCode): ParseState {
    this.#state = BROKEN;
    this.consumed = pos;
    this.failure = http1Failure(code, 'upstream');
    return FAILED;
  }
}

// Reads request heads of HTTP/1.0 and 1.1 from borrowed chunks split anywhere: request line here, field lines in
// field-lines.ts, then the rules over the whole head (host, framing, connection, expectation). RFC 9112 §2–3, §6, §9.

import type { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import { FIELD_STRIDE } from '../../base/fields.ts';
import { RequestHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import { type Http1FailureCode, http1Failure } from './failures.ts';
import { FieldLines } from './field-lines.ts';
import {
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_NONE,
  type Framing,
  FramingFields,
  NO_LENGTH,
} from './framing-fields.ts';
import { defaultRequestHeadLimits, type RequestHeadLimits } from './limits.ts';
import { methodText } from './methods.ts';
import { CR, equalsIgnoringCase, LF, OCTETS, SP, TARGET, TOKEN } from './octets.ts';
import { DONE, FAILED, MORE, type ParseState } from './parse-state.ts';
import { Authority, TargetParts } from './target.ts';

export { defaultRequestHeadLimits, type RequestHeadLimits } from './limits.ts';

const BEFORE_LINE = 0;
const EMPTY_LINE_FEED = 1;
const INSIDE_METHOD = 2;
const INSIDE_TARGET = 3;
const INSIDE_VERSION = 4;
const LINE_FEED = 5;
const FIELD_SECTION = 6;
const BROKEN = 7;

const SLASH = 0x2f;
const QUESTION = 0x3f;
const VERSION_PREFIX = Buffer.from('HTTP/', 'latin1');
const VERSION_LENGTH = 8;
const CONTINUE = Buffer.from('100-continue', 'latin1');

/** httpd's buffer for a line of n octets takes n + 1 before the CRLF. */
const LINE_GRACE = 1;

/** Reads one request head after another; everything it tells about one is valid until the next one begins. */
export class RequestHeadParser {
  readonly head: RequestHead;
  /** The target of the head, as offsets. */
  readonly target: TargetParts = new TargetParts();
  /** The Host field as offsets into its value; `hostEnd` is 0 when it is absent or empty (HTTP/1.0 only). */
  readonly host: Authority = new Authority();
  /** Where reading stopped: after the head, or at the octet that failed. */
  consumed = 0;
  /** Set when `parse` answered FAILED. */
  failure: Failure | undefined = undefined;
  framing: Framing = FRAMING_NONE;
  /** An Expect field holds something other than `100-continue`: answer 417. */
  hasUnknownExpectation = false;

  #limits: RequestHeadLimits;
  readonly #lines: FieldLines;
  readonly #framing = new FramingFields();
  #state = BEFORE_LINE;
  #emptyLines = 0;
  #versionAt = 0;
  #major = 0;
  #minor = 0;
  // Positions within the request line; the line begins at 0.
  #methodLength = 0;
  #targetEnd = 0;
  #queryStart = -1;

  /** @param head filled by this parser; it may be lent to others between DONE and the next `parse` */
  constructor(limits: RequestHeadLimits = defaultRequestHeadLimits, head: RequestHead = new RequestHead()) {
    this.#limits = limits;
    this.head = head;
    this.#lines = new FieldLines(head.fields);
    this.#applyLimits();
  }

  /** Forgets everything that was read, to serve another connection. */
  reset(limits: RequestHeadLimits = this.#limits): void {
    if (limits !== this.#limits) {
      this.#limits = limits;
      this.#applyLimits();
    }
    this.#state = BEFORE_LINE;
    this.#emptyLines = 0;
    this.failure = undefined;
    this.head.reset();
  }

  /** True once an octet of a request (not of an empty line before it) has been read and its head is not complete. */
  get hasBegun(): boolean {
    return this.#state >= INSIDE_METHOD;
  }

  /** `CONNECTION_…` bits of the Connection fields. */
  get connection(): number {
    return this.#framing.connection;
  }

  /** Reads on; `bytes` are borrowed until it returns. After DONE the next call begins the next head. */
  parse(bytes: Buffer, start: number, end: number): ParseState {
    let pos = start;
    if (this.#state < FIELD_SECTION) {
      const state = this.#requestLine(bytes, start, end);
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

  #applyLimits(): void {
    const { fieldBytes, fieldCount, headBytes } = this.#limits;
    this.#lines.limit(fieldBytes + LINE_GRACE, fieldCount, headBytes);
  }

  /** Reads empty lines and the request line; DONE leaves method, target and version in the head. */
  #requestLine(bytes: Buffer, start: number, end: number): ParseState {
    const fields = this.head.fields;
    let state = this.#state;
    let pos = start;

    while (state < INSIDE_METHOD) {
      if (pos >= end) return this.#pause(state, end);
      const octet = bytes[pos];
      if (state === EMPTY_LINE_FEED) {
        if (octet !== LF) return this.#fail(pos, 'http-bad-line-end');
        state = BEFORE_LINE;
        pos++;
      } else if (octet === CR) {
        if (this.#emptyLines++ >= this.#limits.emptyLineCount) return this.#fail(pos, 'http-too-many-empty-lines');
        state = EMPTY_LINE_FEED;
        pos++;
      } else {
        this.#begin();
        state = INSIDE_METHOD;
      }
    }

    /** Chunk position + shift = position within the line; what earlier chunks held of it stands in fields.bytes. */
    const shift = state === INSIDE_METHOD && fields.used === 0 ? -pos : fields.used - start;
    const lineMax = Math.min(this.#limits.requestLineBytes + LINE_GRACE, this.#limits.headBytes);
    const stop = Math.min(end, lineMax + 1 - shift);

    if (state === INSIDE_METHOD) {
      const methodMax = this.#limits.methodBytes;
      const methodStop = Math.min(stop, methodMax + 1 - shift);
      while (pos < methodStop && (OCTETS[bytes[pos]] & TOKEN) !== 0) pos++;
      if (pos >= methodStop) {
        if (pos + shift > methodMax) return this.#fail(pos - 1, 'http-bad-method');
        return this.#interrupt(state, bytes, start, end, shift, lineMax);
      }
      if (bytes[pos] !== SP || pos + shift === 0) return this.#fail(pos, 'http-bad-method');
      this.#methodLength = pos + shift;
      pos++;
      state = INSIDE_TARGET;
    }
    if (state === INSIDE_TARGET) {
      const targetStart = this.#methodLength + 1;
      for (;;) {
        while (pos < stop && (OCTETS[bytes[pos]] & TARGET) !== 0) pos++;
        if (pos >= stop) return this.#interrupt(state, bytes, start, end, shift, lineMax);
        if (bytes[pos] !== QUESTION) break;
        pos++;
        if (this.#queryStart < 0) this.#queryStart = pos + shift - targetStart;
      }
      if (bytes[pos] !== SP || pos + shift === targetStart) return this.#fail(pos, targetFailure(bytes[pos]));
      this.#targetEnd = pos + shift;
      pos++;
      state = INSIDE_VERSION;
    }
    if (state === INSIDE_VERSION) {
      while (this.#versionAt < VERSION_LENGTH) {
        if (pos >= stop) return this.#interrupt(state, bytes, start, end, shift, lineMax);
        if (!this.#takeVersion(bytes[pos])) return this.#fail(pos, 'http-bad-version');
        pos++;
      }
      if (pos >= stop) return this.#interrupt(state, bytes, start, end, shift, lineMax);
      if (bytes[pos] !== CR) return this.#fail(pos, bytes[pos] === LF ? 'http-bad-line-end' : 'http-bad-version');
      if (this.#major !== 1) {
        return this.#fail(pos, this.#major === 0 ? 'http-bad-version' : 'http-unsupported-version');
      }
      pos++;
      state = LINE_FEED;
    }
    if (pos >= end) return this.#interrupt(state, bytes, start, end, shift, lineMax + 1);
    if (bytes[pos] !== LF) return this.#fail(pos, 'http-bad-line-end');
    pos++;
    if (-shift >= start) return this.#takeLine(bytes, -shift, pos, pos + shift);
    this.#keep(bytes, start, pos, shift);
    return this.#takeLine(fields.bytes, 0, pos, pos + shift);
  }

  #begin(): void {
    this.head.reset();
    this.#emptyLines = 0;
    this.#versionAt = 0;
    this.#queryStart = -1;
    this.hasUnknownExpectation = false;
  }

  /** Takes the next octet of `HTTP/d.d`. */
  #takeVersion(octet: number): boolean {
    const at = this.#versionAt++;
    if (at < VERSION_PREFIX.length) return octet === VERSION_PREFIX[at];
    if (at === 6) return octet === 0x2e;
    const digit = octet - 0x30;
    if (at === 5) this.#major = digit;
    else this.#minor = digit;
    return digit >= 0 && digit <= 9;
  }

  /** Takes method, target and version from the complete line, which begins at `origin`. */
  #takeLine(bytes: Buffer, origin: number, pos: number, lineBytes: number): ParseState {
    const head = this.head;
    const targetStart = origin + this.#methodLength + 1;
    const targetEnd = origin + this.#targetEnd;
    const method = methodText(bytes, origin, origin + this.#methodLength);
    if (bytes[targetStart] === SLASH && method !== 'CONNECT') {
      this.target.setOrigin(targetEnd - targetStart, this.#queryStart);
    } else if (!this.target.read(bytes, targetStart, targetEnd, method)) {
      return this.#fail(pos - 1, 'http-bad-target');
    }
    head.method = method;
    head.target = bytes.toString('latin1', targetStart, targetEnd);
    head.minorVersion = this.#minor === 0 ? 0 : 1;
    head.fields.used = 0;
    this.#lines.begin(head.fields, lineBytes);
    this.#state = FIELD_SECTION;
    this.consumed = pos;
    return DONE;
  }

  /** The rules over the complete head. */
  #judge(): ParseState {
    const { head } = this;
    const { fields, minorVersion } = head;
    const framing = this.#framing;
    const host = fields.indexOfKnown(FIELD.Host);
    if (host < 0 && minorVersion >= 1) return this.#fail(this.consumed - 1, 'http-missing-host');
    if (fields.hasRepeats && host >= 0 && this.#hasAnotherHost(host + 1)) {
      return this.#fail(this.consumed - 1, 'http-repeated-host');
    }
    if (!framing.read(fields, minorVersion, this.#limits.allowContentLengthWithChunked)) {
      return this.#fail(this.consumed - 1, framing.failureCode);
    }
    if (!this.#takeHost(host)) return this.#fail(this.consumed - 1, 'http-bad-host');
    head.bodyLength = framing.contentLength === NO_LENGTH ? 0 : framing.contentLength;
    this.framing =
      head.bodyLength === UNKNOWN_LENGTH ? FRAMING_CHUNKED : head.bodyLength === 0 ? FRAMING_NONE : FRAMING_LENGTH;
    head.keepAlive = framing.keepsConnection(minorVersion);
    if (fields.hasKnown(FIELD.Expect)) this.#takeExpectation();
    this.#state = BEFORE_LINE;
    return DONE;
  }

  #hasAnotherHost(from: number): boolean {
    const { fields } = this.head;
    for (let i = from; i < fields.count; i++) if (fields.idAt(i) === FIELD.Host) return true;
    return false;
  }

  #takeHost(index: number): boolean {
    this.host.hostEnd = 0;
    this.host.port = 0;
    if (index < 0) return true;
    const { bytes, slots } = this.head.fields;
    const start = slots[index * FIELD_STRIDE + 3];
    const length = slots[index * FIELD_STRIDE + 4];
    if (length === 0) return this.head.minorVersion === 0;
    return this.host.read(bytes, start, start + length, start);
  }

  /** RFC 9110 §10.1.1: 100-continue of an HTTP/1.0 client or without a body is ignored. An empty field says nothing. */
  #takeExpectation(): void {
    const { fields } = this.head;
    for (let i = 0; i < fields.count; i++) {
      if (fields.idAt(i) !== FIELD.Expect) continue;
      const start = fields.slots[i * FIELD_STRIDE + 3];
      const length = fields.slots[i * FIELD_STRIDE + 4];
      if (length === 0) continue;
      if (equalsIgnoringCase(fields.bytes, start, start + length, CONTINUE)) {
        this.head.expectsContinue = this.head.minorVersion >= 1 && this.head.bodyLength !== 0;
      } else this.hasUnknownExpectation = true;
    }
  }

  /** The chunk or the allowed line ends inside the request line. */
  #interrupt(state: number, bytes: Buffer, start: number, end: number, shift: number, lineMax: number): ParseState {
    if (end + shift > lineMax) return this.#fail(lineMax - shift, 'http-start-line-too-long');
    this.#keep(bytes, Math.max(start, -shift), end, shift);
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
    this.failure = http1Failure(code, 'downstream');
    return FAILED;
  }
}

/** A line that ends after the target is an HTTP/0.9 request, which nobody means any more. */
function targetFailure(octet: number): Http1FailureCode {
  return octet === CR || octet === LF ? 'http-bad-version' : 'http-bad-target';
}

// Takes the framing off a body: by length, in the chunked coding, until the connection closes, or none at all
// (RFC 9112 §6–7). Body octets are handed on in place, borrowed; what stands after the message is left alone.

import type { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import { Fields } from '../../base/fields.ts';
import { UNKNOWN_LENGTH } from '../../base/head.ts';
import { beginExtension, EXTENSION_BROKEN, EXTENSION_END, nextExtension } from './chunk-extension.ts';
import { type Http1FailureCode, http1Failure } from './failures.ts';
import { FieldLines } from './field-lines.ts';
import { type BodyLimits, defaultBodyLimits } from './limits.ts';
import { CR, HEX, LF } from './octets.ts';
import { DONE, FAILED } from './parse-state.ts';

export { type BodyLimits, defaultBodyLimits } from './limits.ts';

/** Who takes the body. Neither call may lead back into the decoder that made it, except `begin` from `bodyEnd`. */
export interface BodySink {
  /** Some octets of the body; borrowed until the call returns. */
  body(bytes: Buffer, start: number, end: number): void;
  /** The body is complete. Trailers, if any, are valid until the next body begins. */
  bodyEnd(trailers: Fields | undefined): void;
}

const LENGTH = 0;
const UNTIL_CLOSE = 1;
const CHUNK_SIZE = 2;
const EXTENSION = 3;
const SIZE_LINE_FEED = 4;
const CHUNK_DATA = 5;
const DATA_RETURN = 6;
const DATA_LINE_FEED = 7;
const TRAILER_START = 8;
const TRAILERS = 9;
const END_LINE_FEED = 10;
const COMPLETE = 11;
const BROKEN = 12;

/** Hexadecimal digits of a chunk size, leading zeros included; more than that is refused as too large. */
const SIZE_DIGITS_MAX = 16;

/** Trailers that could change how the message is framed, routed or trusted are dropped (RFC 9110 §6.5.1). */
const FORBIDDEN_TRAILERS = new Set([
  FIELD['Transfer-Encoding'],
  FIELD['Content-Length'],
  FIELD.Host,
  FIELD.Connection,
  FIELD['Keep-Alive'],
  FIELD['Proxy-Connection'],
  FIELD.TE,
  FIELD.Trailer,
  FIELD.Upgrade,
  FIELD.Expect,
  FIELD['Max-Forwards'],
  FIELD.Authorization,
  FIELD['Proxy-Authorization'],
  FIELD['Proxy-Authenticate'],
  FIELD['WWW-Authenticate'],
  FIELD.Cookie,
  FIELD['Set-Cookie'],
  FIELD['Content-Type'],
  FIELD['Content-Encoding'],
  FIELD['Content-Range'],
  FIELD['X-Forwarded-For'],
  FIELD['X-Forwarded-Host'],
  FIELD['X-Forwarded-Server'],
]);

/** Decodes one body after another. */
export class BodyDecoder {
  /** Set once the body is broken; nothing more is decoded then. */
  failure: Failure | undefined = undefined;

  readonly #source: 'downstream' | 'upstream';
  readonly #limits: BodyLimits;
  #state = COMPLETE;
  /** Octets still to come of the body or of the chunk. */
  #remaining = 0;
  #sizeDigits = 0;
  #extensionState = 0;
  #extensionBytes = 0;
  #trailers: Fields | undefined = undefined;
  #trailerLines: FieldLines | undefined = undefined;

  constructor(source: 'downstream' | 'upstream' = 'downstream', limits: BodyLimits = defaultBodyLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /**
   * Starts a body.
   * @param length octets, or `UNKNOWN_LENGTH` for the chunked coding
   * @param isUntilClose the body of unknown length ends with the connection instead
   */
  begin(length: number, isUntilClose = false): void {
    this.failure = undefined;
    this.#extensionBytes = 0;
    this.#sizeDigits = 0;
    this.#remaining = 0;
    if (length !== UNKNOWN_LENGTH) {
      this.#remaining = length;
      this.#state = LENGTH;
    } else this.#state = isUntilClose ? UNTIL_CLOSE : CHUNK_SIZE;
  }

  /** The whole body has been handed on. */
  get isComplete(): boolean {
    return this.#state === COMPLETE;
  }

  /**
   * Decodes on; `bytes` are borrowed. A body without octets is complete at the first call, even an empty one.
   * @returns the position after the last octet taken; after a failure that of the octet that broke the body
   */
  decode(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    switch (this.#state) {
      case LENGTH:
        return this.#decodeLength(bytes, start, end, sink);
      case UNTIL_CLOSE:
        if (start < end) sink.body(bytes, start, end);
        return end;
      case COMPLETE:
      case BROKEN:
        return start;
      default:
        return this.#decodeChunked(bytes, start, end, sink);
    }
  }

  /** The connection ended: completes a body that was waiting for that; any other incomplete one fails. */
  close(sink: BodySink): void {
    if (this.#state === UNTIL_CLOSE || (this.#state === LENGTH && this.#remaining === 0))
      this.#complete(sink, undefined);
    else if (this.#state < COMPLETE) this.#fail(0, 'http-truncated');
  }

  #decodeLength(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const pos = Math.min(end, start + this.#remaining);
    this.#remaining -= pos - start;
    const isLast = this.#remaining === 0;
    if (pos > start) sink.body(bytes, start, pos);
    if (isLast) this.#complete(sink, undefined);
    return pos;
  }

  #decodeChunked(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    let pos = start;
    while (pos < end) {
      const octet = bytes[pos];
      switch (this.#state) {
        case CHUNK_SIZE: {
          const digit = HEX[octet];
          if (digit === 255) {
            if (!this.#endSize(octet)) return this.#fail(pos, this.#endFailure(octet));
          } else if (!this.#takeSizeDigit(digit)) return this.#fail(pos, 'http-chunk-too-large');
          pos++;
          break;
        }
        case EXTENSION:
          this.#extensionState = nextExtension(this.#extensionState, octet);
          if (this.#extensionState === EXTENSION_BROKEN) return this.#fail(pos, lineFailure(octet));
          if (this.#extensionState === EXTENSION_END) this.#state = SIZE_LINE_FEED;
          else if (++this.#extensionBytes > this.#limits.chunkExtensionBytes) {
            return this.#fail(pos, 'http-chunk-extensions-too-long');
          }
          pos++;
          break;
        case SIZE_LINE_FEED:
          if (octet !== LF) return this.#fail(pos, 'http-bad-line-end');
          this.#state = this.#remaining === 0 ? TRAILER_START : CHUNK_DATA;
          pos++;
          break;
        case CHUNK_DATA: {
          const stop = Math.min(end, pos + this.#remaining);
          this.#remaining -= stop - pos;
          if (this.#remaining === 0) this.#state = DATA_RETURN;
          sink.body(bytes, pos, stop);
          pos = stop;
          break;
        }
        case DATA_RETURN:
          if (octet !== CR) return this.#fail(pos, lineFailure(octet));
          this.#state = DATA_LINE_FEED;
          pos++;
          break;
        case DATA_LINE_FEED:
          if (octet !== LF) return this.#fail(pos, 'http-bad-line-end');
          this.#sizeDigits = 0;
          this.#state = CHUNK_SIZE;
          pos++;
          break;
        case TRAILER_START:
          if (octet === CR) {
            this.#state = END_LINE_FEED;
            pos++;
          } else this.#beginTrailers();
          break;
        case TRAILERS:
          return this.#decodeTrailers(bytes, pos, end, sink);
        case END_LINE_FEED:
          if (octet !== LF) return this.#fail(pos, 'http-bad-line-end');
          this.#complete(sink, undefined);
          return pos + 1;
        default:
          return pos;
      }
    }
    return pos;
  }

  #takeSizeDigit(digit: number): boolean {
    this.#remaining = this.#remaining * 16 + digit;
    return ++this.#sizeDigits <= SIZE_DIGITS_MAX && this.#remaining <= Number.MAX_SAFE_INTEGER;
  }

  /** Takes the octet after the size's digits. */
  #endSize(octet: number): boolean {
    if (this.#sizeDigits === 0) return false;
    const state = beginExtension(octet);
    if (state === EXTENSION_BROKEN) return false;
    if (state === EXTENSION_END) {
      this.#state = SIZE_LINE_FEED;
      return true;
    }
    this.#extensionState = state;
    this.#state = EXTENSION;
    return ++this.#extensionBytes <= this.#limits.chunkExtensionBytes;
  }

  #endFailure(octet: number): Http1FailureCode {
    return this.#extensionBytes > this.#limits.chunkExtensionBytes
      ? 'http-chunk-extensions-too-long'
      : lineFailure(octet);
  }

  #beginTrailers(): void {
    const trailers = this.#trailers ?? new Fields();
    trailers.reset();
    if (this.#trailerLines === undefined) {
      const { trailerFieldBytes, trailerFieldCount, trailerBytes } = this.#limits;
      this.#trailerLines = new FieldLines(trailers);
      this.#trailerLines.limit(trailerFieldBytes, trailerFieldCount, trailerBytes);
    }
    this.#trailerLines.begin(trailers, 0);
    this.#trailers = trailers;
    this.#state = TRAILERS;
  }

  #decodeTrailers(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const lines = this.#trailerLines as FieldLines;
    const trailers = this.#trailers as Fields;
    const state = lines.parse(bytes, start, end);
    if (state === FAILED) return this.#fail(lines.consumed, lines.failureCode);
    if (state === DONE) {
      let kept = 0;
      for (let i = 0; i < trailers.count; i++) {
        if (FORBIDDEN_TRAILERS.has(trailers.idAt(i))) trailers.removeAt(i);
        else kept++;
      }
      this.#complete(sink, kept > 0 ? trailers : undefined);
    }
    return lines.consumed;
  }

  #complete(sink: BodySink, trailers: Fields | undefined): void {
    this.#state = COMPLETE;
    sink.bodyEnd(trailers);
  }

  #fail(pos: number, code: Http1FailureCode): number {
    this.#state = BROKEN;
    this.failure = http1Failure(code, this.#source);
    return pos;
  }
}

/** What is wrong when `octet` stands where only the end of the line or an extension may. */
function lineFailure(octet: number): Http1FailureCode {
  return octet === LF ? 'http-bad-line-end' : 'http-bad-chunk';
}

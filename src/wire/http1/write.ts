// Writes heads and chunk framing into a scratch buffer at a position and tells the position after it. Callers reserve
// room first (`fieldsSize` and the …_BYTES constants). Nothing that could end a line early ever leaves: octets that an
// HTTP/1 parser has checked are copied in runs, all others are looked at one by one. RFC 9112 §3–5, §7.1.

import { CANONICAL_BYTES } from '../../base/field-names.ts';
import { CANONICAL, FIELD_STRIDE, type Fields, REMOVED } from '../../base/fields.ts';
import { http1Failure } from './failures.ts';
import { CR, HTAB, LF, OCTETS, SP, TARGET, TOKEN, VALUE } from './octets.ts';
import { reasonPhrase, standardStatusLine } from './reasons.ts';

export { reasonPhrase } from './reasons.ts';

/** Room for a chunk's size line as `writeChunkHeader` writes it: seven hexadecimal digits and CRLF. */
export const CHUNK_HEADER_BYTES = 9;
/** Room for the CRLF after a chunk's data. */
export const CHUNK_END_BYTES = 2;
/** Room for the last chunk and the end of an empty trailer section. */
export const LAST_CHUNK_BYTES = 5;
/** The most octets a chunk can have with a header of fixed width. */
export const CHUNK_BYTES_MAX = 0x0fff_ffff;
/** Room for everything of a start line but its method, target or reason. */
export const START_LINE_EXTRA_BYTES = 16;
/** The interim response that asks for the body. */
export const CONTINUE_BYTES: Buffer = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');

const COLON = 0x3a;
const ZERO = 0x30;
const QUESTION = 0x3f;
const VERSION = Buffer.from(' HTTP/1.1\r\n', 'latin1');
const OLD_VERSION = Buffer.from(' HTTP/1.0\r\n', 'latin1');
const HEX_DIGITS = Buffer.from('0123456789abcdef', 'latin1');
/** Below this, a loop beats the call of a native copy. */
const SHORT_RUN = 24;

/** Writes `method target HTTP/1.1` (or 1.0) CRLF. Throws `http-unwritable-start-line` for octets that may not stand there. */
export function writeRequestLine(out: Buffer, at: number, method: string, target: string, minorVersion = 1): number {
  if (method.length === 0 || target.length === 0) throw http1Failure('http-unwritable-start-line', 'internal');
  let pos = at;
  for (let i = 0; i < method.length; i++) {
    const octet = method.charCodeAt(i);
    if (octet > 0xff || (OCTETS[octet] & TOKEN) === 0) throw http1Failure('http-unwritable-start-line', 'internal');
    out[pos++] = octet;
  }
  out[pos++] = SP;
  for (let i = 0; i < target.length; i++) {
    const octet = target.charCodeAt(i);
    if (octet > 0xff || ((OCTETS[octet] & TARGET) === 0 && octet !== QUESTION)) {
      throw http1Failure('http-unwritable-start-line', 'internal');
    }
    out[pos++] = octet;
  }
  return fitting(out, writeBytes(out, pos, minorVersion === 0 ? OLD_VERSION : VERSION));
}

/**
 * Writes `HTTP/1.1 status reason` CRLF; the standard reason for ''. Throws `http-unwritable-start-line` for a status
 * outside 100–999 or a reason with control octets.
 */
export function writeStatusLine(out: Buffer, at: number, status: number, reason: string): number {
  if (!(status >= 100 && status <= 999)) throw http1Failure('http-unwritable-start-line', 'internal');
  const line = standardStatusLine(status);
  if (reason === '' || reason === reasonPhrase(status)) return fitting(out, writeBytes(out, at, line));
  let pos = at;
  for (let i = 0; i < 13; i++) out[pos++] = line[i];
  for (let i = 0; i < reason.length; i++) {
    const octet = reason.charCodeAt(i);
    if (octet > 0xff || (OCTETS[octet] & VALUE) === 0) throw http1Failure('http-unwritable-start-line', 'internal');
    out[pos++] = octet;
  }
  out[pos++] = CR;
  out[pos++] = LF;
  return fitting(out, pos);
}

/** Octets that `writeFields` will write. */
export function fieldsSize(fields: Fields): number {
  const { slots, count } = fields;
  let size = 0;
  for (let i = 0, s = 0; i < count; i++, s += FIELD_STRIDE) {
    if (slots[s] !== REMOVED) size += slots[s + 2] + slots[s + 4] + 4;
  }
  return size;
}

/**
 * Writes every field that is not removed, in order, in its own spelling, without the empty line after them. Throws
 * `http-unwritable-field` for a name that is not a token and for control octets in a value.
 */
export function writeFields(out: Buffer, at: number, fields: Fields): number {
  const { slots, count, bytes, checkedEnd } = fields;
  let pos = at;
  /** A run of whole lines that stand in `bytes` just as they must be written. */
  let runStart = 0;
  let runEnd = 0;
  for (let i = 0, s = 0; i < count; i++, s += FIELD_STRIDE) {
    const id = slots[s];
    if (id === REMOVED) continue;
    const nameStart = slots[s + 1];
    const nameEnd = nameStart + slots[s + 2];
    const valueStart = slots[s + 3];
    const valueEnd = valueStart + slots[s + 4];
    if (
      valueEnd + 2 <= checkedEnd &&
      nameStart >= 0 &&
      valueStart === nameEnd + 2 &&
      bytes[nameEnd] === COLON &&
      bytes[nameEnd + 1] === SP &&
      bytes[valueEnd] === CR &&
      bytes[valueEnd + 1] === LF
    ) {
      if (nameStart !== runEnd) {
        pos = writeRun(out, pos, bytes, runStart, runEnd);
        runStart = nameStart;
      }
      runEnd = valueEnd + 2;
      continue;
    }
    if (runEnd > runStart) pos = writeRun(out, pos, bytes, runStart, runEnd);
    runStart = runEnd = 0;
    pos =
      nameStart === CANONICAL
        ? writeBytes(out, pos, CANONICAL_BYTES[id])
        : writeName(out, pos, bytes, nameStart, nameEnd);
    out[pos++] = COLON;
    out[pos++] = SP;
    pos = writeValue(out, pos, bytes, valueStart, valueEnd);
    out[pos++] = CR;
    out[pos++] = LF;
  }
  return fitting(out, writeRun(out, pos, bytes, runStart, runEnd));
}

/** Writes one field given as text. Throws as `writeFields`, also for characters above U+00FF. */
export function writeField(out: Buffer, at: number, name: string, value: string): number {
  if (name.length === 0) throw http1Failure('http-unwritable-field', 'internal');
  let pos = at;
  for (let i = 0; i < name.length; i++) {
    const octet = name.charCodeAt(i);
    if (octet > 0xff || (OCTETS[octet] & TOKEN) === 0) throw http1Failure('http-unwritable-field', 'internal');
    out[pos++] = octet;
  }
  return writeTextValue(out, pos, value);
}

/** Writes one field by id in its canonical spelling. Throws as `writeField`. */
export function writeKnownField(out: Buffer, at: number, id: number, value: string): number {
  return writeTextValue(out, writeBytes(out, at, CANONICAL_BYTES[id]), value);
}

/** Writes the empty line that ends a head or a trailer section. */
export function writeEnd(out: Buffer, at: number): number {
  out[at] = CR;
  out[at + 1] = LF;
  return fitting(out, at + 2);
}

/** Writes a chunk's size line in `CHUNK_HEADER_BYTES` octets whatever the size, so room can be kept before it is known. */
export function writeChunkHeader(out: Buffer, at: number, size: number): number {
  if (!(size >= 0 && size <= CHUNK_BYTES_MAX)) throw new RangeError(`no chunk of ${size} octets`);
  let rest = size;
  for (let i = at + CHUNK_HEADER_BYTES - 3; i >= at; i--) {
    out[i] = HEX_DIGITS[rest & 15];
    rest >>>= 4;
  }
  return writeEnd(out, at + CHUNK_HEADER_BYTES - 2);
}

/** Writes a chunk's size line in as few digits as it takes. */
export function writeChunkSize(out: Buffer, at: number, size: number): number {
  if (!(size >= 0 && size <= CHUNK_BYTES_MAX)) throw new RangeError(`no chunk of ${size} octets`);
  let shift = 24;
  while (shift > 0 && size >>> shift === 0) shift -= 4;
  let pos = at;
  for (; shift >= 0; shift -= 4) out[pos++] = HEX_DIGITS[(size >>> shift) & 15];
  return writeEnd(out, pos);
}

/** Writes the CRLF that ends a chunk's data. */
export function writeChunkEnd(out: Buffer, at: number): number {
  return writeEnd(out, at);
}

/** Writes the last chunk and the trailer section: `LAST_CHUNK_BYTES` and the size of the trailers. */
export function writeLastChunk(out: Buffer, at: number, trailers: Fields | undefined): number {
  out[at] = ZERO;
  const pos = writeEnd(out, at + 1);
  return writeEnd(out, trailers === undefined ? pos : writeFields(out, pos, trailers));
}

function writeBytes(out: Buffer, at: number, bytes: Buffer): number {
  const length = bytes.length;
  for (let i = 0; i < length; i++) out[at + i] = bytes[i];
  return at + length;
}

function writeRun(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  const size = end - start;
  if (size >= SHORT_RUN) bytes.copy(out, at, start, end);
  else for (let i = 0; i < size; i++) out[at + i] = bytes[start + i];
  return at + size;
}

function writeName(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  if (start === end) throw http1Failure('http-unwritable-field', 'internal');
  let seen = TOKEN;
  for (let i = start, o = at; i < end; i++, o++) {
    const octet = bytes[i];
    seen &= OCTETS[octet];
    out[o] = octet;
  }
  if ((seen & TOKEN) === 0) throw http1Failure('http-unwritable-field', 'internal');
  return at + end - start;
}

function writeValue(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  let seen = VALUE;
  for (let i = start, o = at; i < end; i++, o++) {
    const octet = bytes[i];
    seen &= OCTETS[octet];
    out[o] = octet;
  }
  if ((seen & VALUE) === 0) throw http1Failure('http-unwritable-field', 'internal');
  return at + end - start;
}

function writeTextValue(out: Buffer, at: number, value: string): number {
  let pos = at;
  out[pos++] = COLON;
  out[pos++] = SP;
  for (let i = 0; i < value.length; i++) {
    const octet = value.charCodeAt(i);
    if (octet > 0xff || (octet < SP && octet !== HTAB) || octet === 0x7f) {
      throw http1Failure('http-unwritable-field', 'internal');
    }
    out[pos++] = octet;
  }
  out[pos++] = CR;
  out[pos++] = LF;
  return fitting(out, pos);
}

/** A head that did not fit has been cut short: the caller kept too little room. */
function fitting(out: Buffer, at: number): number {
  if (at > out.length) throw new RangeError(`${at} octets do not fit into ${out.length}`);
  return at;
}

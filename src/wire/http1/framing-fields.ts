// The fields that decide where a message ends and whether its connection stays: Content-Length, Transfer-Encoding,
// Connection. Read from a complete table, with one strictness for both roles. RFC 9112 §6.1–6.3, §9.3; RFC 9110 §7.6.1.

import { FIELD } from '../../base/field-names.ts';
import { FIELD_STRIDE, type Fields } from '../../base/fields.ts';
import { UNKNOWN_LENGTH } from '../../base/head.ts';
import type { Http1FailureCode } from './failures.ts';
import { equalsIgnoringCase, HTAB, SP } from './octets.ts';

/** The message has no body, whatever its fields say. */
export const FRAMING_NONE = 0;
/** The body has `bodyLength` octets. */
export const FRAMING_LENGTH = 1;
/** The body is in the chunked coding. */
export const FRAMING_CHUNKED = 2;
/** The body ends with the connection (responses only). */
export const FRAMING_UNTIL_CLOSE = 3;

export type Framing = typeof FRAMING_NONE | typeof FRAMING_LENGTH | typeof FRAMING_CHUNKED | typeof FRAMING_UNTIL_CLOSE;

/** Connection names `close`. */
export const CONNECTION_CLOSE = 1;
/** Connection names `keep-alive`. */
export const CONNECTION_KEEP_ALIVE = 2;
/** Connection names `upgrade`. */
export const CONNECTION_UPGRADE = 4;
/** Connection names something else: fields that a proxy must not pass on (RFC 9110 §7.6.1). */
export const CONNECTION_OTHER = 8;

/** `contentLength` of a message without that field. */
export const NO_LENGTH = -2;

const CONTENT_LENGTH_ID = FIELD['Content-Length'];
const TRANSFER_ENCODING_ID = FIELD['Transfer-Encoding'];
const CONNECTION_ID = FIELD.Connection;

const CHUNKED = Buffer.from('chunked', 'latin1');
const CLOSE = Buffer.from('close', 'latin1');
const KEEP_ALIVE = Buffer.from('keep-alive', 'latin1');
const UPGRADE = Buffer.from('upgrade', 'latin1');
const COMMA = 0x2c;

/** What the framing fields of one message say; one object serves many messages. */
export class FramingFields {
  /** Content-Length, `NO_LENGTH` without one, `UNKNOWN_LENGTH` when the message is chunked. */
  contentLength: number = NO_LENGTH;
  /** Both framings stood there and the lax limit let them pass: the connection must close after this message. */
  isAmbiguous = false;
  /** `CONNECTION_…` bits. */
  connection = 0;
  failureCode: Http1FailureCode = 'http-two-framings';

  /** Reads the table; false when the message must be refused, for the reason in `failureCode`. */
  read(fields: Fields, minorVersion: number, allowBoth: boolean): boolean {
    this.contentLength = NO_LENGTH;
    this.isAmbiguous = false;
    this.connection = 0;
    if (fields.hasRepeats && !this.#standOnce(fields)) return false;
    const length = fields.indexOfKnown(CONTENT_LENGTH_ID);
    if (length >= 0) {
      this.contentLength = decimal(fields, length);
      if (this.contentLength < 0) return this.#refuse('http-bad-content-length');
    }
    const coding = fields.indexOfKnown(TRANSFER_ENCODING_ID);
    if (coding >= 0) {
      if (minorVersion === 0) return this.#refuse('http-transfer-encoding-in-1-0');
      const at = coding * FIELD_STRIDE;
      const start = fields.slots[at + 3];
      if (!equalsIgnoringCase(fields.bytes, start, start + fields.slots[at + 4], CHUNKED)) {
        return this.#refuse('http-bad-transfer-encoding');
      }
      if (length >= 0) {
        if (!allowBoth) return this.#refuse('http-two-framings');
        fields.removeKnown(CONTENT_LENGTH_ID);
        this.isAmbiguous = true;
      }
      this.contentLength = UNKNOWN_LENGTH;
    }
    const connection = fields.indexOfKnown(CONNECTION_ID);
    if (connection >= 0) {
      this.connection = connectionTokens(fields, connection);
      if (fields.hasRepeats) {
        for (let i = connection + 1; i < fields.count; i++) {
          if (fields.idAt(i) === CONNECTION_ID) this.connection |= connectionTokens(fields, i);
        }
      }
    }
    return true;
  }

  /** Tells whether the sender keeps the connection after this message (RFC 9112 §9.3). */
  keepsConnection(minorVersion: number): boolean {
    if (this.isAmbiguous || (this.connection & CONNECTION_CLOSE) !== 0) return false;
    return minorVersion >= 1 || (this.connection & CONNECTION_KEEP_ALIVE) !== 0;
  }

  #standOnce(fields: Fields): boolean {
    let lengths = 0;
    let codings = 0;
    for (let i = 0; i < fields.count; i++) {
      const id = fields.slots[i * FIELD_STRIDE];
      if (id === CONTENT_LENGTH_ID) lengths++;
      else if (id === TRANSFER_ENCODING_ID) codings++;
    }
    if (lengths > 1) return this.#refuse('http-repeated-content-length');
    if (codings > 1) return this.#refuse('http-bad-transfer-encoding');
    return true;
  }

  #refuse(code: Http1FailureCode): boolean {
    this.failureCode = code;
    return false;
  }
}

/** Value of field `index` as 1*DIGIT up to 2^53 - 1, -1 for anything else. */
function decimal(fields: Fields, index: number): number {
  const { bytes, slots } = fields;
  const start = slots[index * FIELD_STRIDE + 3];
  const end = start + slots[index * FIELD_STRIDE + 4];
  if (start === end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return -1;
  }
  return value;
}

/** The `CONNECTION_…` bits of one Connection field; what is no token counts as some other name. */
function connectionTokens(fields: Fields, index: number): number {
  const { bytes, slots } = fields;
  let pos = slots[index * FIELD_STRIDE + 3];
  const end = pos + slots[index * FIELD_STRIDE + 4];
  let bits = 0;
  while (pos < end) {
    while (pos < end && (bytes[pos] === SP || bytes[pos] === HTAB || bytes[pos] === COMMA)) pos++;
    const start = pos;
    while (pos < end && bytes[pos] !== COMMA) pos++;
    let stop = pos;
    while (stop > start && (bytes[stop - 1] === SP || bytes[stop - 1] === HTAB)) stop--;
    if (stop === start) continue;
    if (equalsIgnoringCase(bytes, start, stop, KEEP_ALIVE)) bits |= CONNECTION_KEEP_ALIVE;
    else if (equalsIgnoringCase(bytes, start, stop, CLOSE)) bits |= CONNECTION_CLOSE;
    else if (equalsIgnoringCase(bytes, start, stop, UPGRADE)) bits |= CONNECTION_UPGRADE;
    else bits |= CONNECTION_OTHER;
  }
  return bits;
}

// Header fields out of a packet into `Fields`: the reverse of field-writer.ts, for both directions. Names and values are
// checked while they are copied, once; a coded name gets its canonical spelling.

import { CANONICAL_BYTES, FIELD, identifyFieldName } from '../../base/field-names.ts';
import { CANONICAL, FIELD_STRIDE, type Fields } from '../../base/fields.ts';
import { UNKNOWN_LENGTH } from '../../base/head.ts';
import { FIELD_CODE_MARK, NULL_STRING } from './constants.ts';
import { BAD_STRING, numberOf, TRUNCATED } from './failures.ts';
import { copyOctets, isOneLine, isToken, readWord } from './octets.ts';

const UNKNOWN_FIELD_CODE = numberOf('ajp-unknown-field-code');
const BAD_FIELD_NAME = numberOf('ajp-bad-field-name');
const BAD_FIELD_VALUE = numberOf('ajp-bad-field-value');
const BAD_CONTENT_LENGTH = numberOf('ajp-bad-content-length');

/** The shortest field: a coded name and a null value. */
const FIELD_BYTES_MIN = 4;
/** More digits than any length has; keeps the sum exact. */
const LENGTH_DIGITS_MAX = 15;

/**
 * Reads `count` fields at `at` and adds them to `fields`. A null value counts as an empty one (Tomcat takes it so).
 * @returns the position after the last field, or the number of a failure
 */
export function readFields(
  bytes: Buffer,
  at: number,
  end: number,
  count: number,
  fields: Fields,
  idByCode: Uint8Array,
): number {
  if (count * FIELD_BYTES_MIN > end - at) return TRUNCATED;
  fields.reserve(end - at);
  const kept = fields.bytes;
  let from = at;
  for (let left = count; left > 0; left--) {
    if (from + FIELD_BYTES_MIN > end) return TRUNCATED;
    let id: number;
    let nameStart = CANONICAL;
    let nameLength: number;
    if (bytes[from] === FIELD_CODE_MARK) {
      id = idByCode[bytes[from + 1]];
      if (id === 0) return UNKNOWN_FIELD_CODE;
      nameLength = CANONICAL_BYTES[id].length;
      from += 2;
    } else {
      nameLength = readWord(bytes, from);
      const nameEnd = from + 2 + nameLength;
      if (nameLength === NULL_STRING) return BAD_FIELD_NAME;
      if (nameEnd + 3 > end) return TRUNCATED;
      if (bytes[nameEnd] !== 0) return BAD_STRING;
      if (!isToken(bytes, from + 2, nameEnd)) return BAD_FIELD_NAME;
      id = identifyFieldName(bytes, from + 2, nameEnd);
      nameStart = fields.used;
      fields.used = copyOctets(bytes, from + 2, nameLength, kept, nameStart);
      from = nameEnd + 1;
    }
    const length = readWord(bytes, from);
    from += 2;
    if (length === NULL_STRING) {
      fields.append(id, nameStart, nameLength, fields.used, 0);
      continue;
    }
    const valueEnd = from + length;
    if (valueEnd >= end) return TRUNCATED;
    if (bytes[valueEnd] !== 0) return BAD_STRING;
    if (!isOneLine(bytes, from, valueEnd)) return BAD_FIELD_VALUE;
    fields.append(id, nameStart, nameLength, fields.used, length);
    fields.used = copyOctets(bytes, from, length, kept, fields.used);
    from = valueEnd + 1;
  }
  return from;
}

/**
 * The body length that Content-Length tells, `UNKNOWN_LENGTH` without one, or the number of a failure: digits only, and
 * one field only (Tomcat answers 400 to two, even when they agree).
 */
export function readContentLength(fields: Fields): number {
  const index = fields.indexOfKnown(FIELD['Content-Length']);
  if (index < 0) return UNKNOWN_LENGTH;
  const { bytes, slots } = fields;
  if (fields.hasRepeats) {
    for (let other = index + 1; other < fields.count; other++) {
      if (slots[other * FIELD_STRIDE] === FIELD['Content-Length']) return BAD_CONTENT_LENGTH;
    }
  }
  const start = slots[index * FIELD_STRIDE + 3];
  const digits = slots[index * FIELD_STRIDE + 4];
  if (digits === 0 || digits > LENGTH_DIGITS_MAX) return BAD_CONTENT_LENGTH;
  let length = 0;
  for (let i = start; i < start + digits; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return BAD_CONTENT_LENGTH;
    length = length * 10 + digit;
  }
  return length;
}

// Header fields as both FORWARD_REQUEST and SEND_HEADERS carry them: count, then name (a code where the direction has
// one) and value of each. Fields are written in order; repeated ones can be joined as httpd's core does before
// mod_proxy_ajp sees them.

import { CANONICAL_BYTES } from '../../base/field-names.ts';
import { CANONICAL, FIELD_STRIDE, type Fields, REMOVED } from '../../base/fields.ts';
import { FIELD_CODE_MARK } from './constants.ts';
import { copyOctets, writeWord } from './octets.ts';

/**
 * Writes the count and all fields that are not removed.
 * @param codeById low octet of the name's code by field id, 0 for "spell it"
 * @param joinRepeats one field for each name, values joined by ", " at the place of the first (also for Cookie)
 * @returns the position after the last field, -1 when they pass `limit`
 */
export function writeFields(
  out: Buffer,
  at: number,
  limit: number,
  fields: Fields,
  codeById: Uint8Array,
  joinRepeats: boolean,
): number {
  if (joinRepeats && (fields.hasRepeats || repeatsUnknownName(fields))) {
    return writeJoined(out, at, limit, fields, codeById);
  }
  if (at + 2 > limit) return -1;
  const { bytes, slots, count } = fields;
  let written = 0;
  let to = at + 2;
  for (let index = 0, slot = 0; index < count; index++, slot += FIELD_STRIDE) {
    if (slots[slot] === REMOVED) continue;
    to = writeName(out, to, limit, fields, slot, codeById);
    if (to < 0) return -1;
    const length = slots[slot + 4];
    if (to + length + 3 > limit) return -1;
    to = copyOctets(bytes, slots[slot + 3], length, out, writeWord(out, to, length));
    out[to++] = 0;
    written++;
  }
  writeWord(out, at, written);
  return to;
}

function writeName(out: Buffer, at: number, limit: number, fields: Fields, slot: number, codeById: Uint8Array): number {
  const slots = fields.slots;
  const id = slots[slot];
  const code = codeById[id];
  if (code !== 0) {
    if (at + 2 > limit) return -1;
    out[at] = FIELD_CODE_MARK;
    out[at + 1] = code;
    return at + 2;
  }
  const length = slots[slot + 2];
  if (at + length + 3 > limit) return -1;
  const start = slots[slot + 1];
  const to =
    start === CANONICAL
      ? copyOctets(CANONICAL_BYTES[id], 0, length, out, writeWord(out, at, length))
      : copyOctets(fields.bytes, start, length, out, writeWord(out, at, length));
  out[to] = 0;
  return to + 1;
}

/** As `writeFields`, one field for each name. Quadratic in the number of fields, which their decoder has limited. */
function writeJoined(out: Buffer, at: number, limit: number, fields: Fields, codeById: Uint8Array): number {
  if (at + 2 > limit) return -1;
  const { bytes, slots, count } = fields;
  let written = 0;
  let to = at + 2;
  for (let index = 0; index < count; index++) {
    const slot = index * FIELD_STRIDE;
    if (slots[slot] === REMOVED || nextSame(fields, 0, slot) < index) continue;
    to = writeName(out, to, limit, fields, slot, codeById);
    if (to < 0 || to + 3 > limit) return -1;
    const lengthAt = to;
    to += 2;
    for (let same = index; same < count; same = nextSame(fields, same + 1, slot)) {
      const from = same * FIELD_STRIDE;
      const length = slots[from + 4];
      if (to + length + 3 > limit) return -1;
      if (same > index) {
        out[to++] = 0x2c;
        out[to++] = 0x20;
      }
      to = copyOctets(bytes, slots[from + 3], length, out, to);
    }
    if (to + 1 > limit) return -1;
    writeWord(out, lengthAt, to - lengthAt - 2);
    out[to++] = 0;
    written++;
  }
  writeWord(out, at, written);
  return to;
}

/** Index of the first field from `from` on that has the name of the one at `slot`; `count` when there is none. */
function nextSame(fields: Fields, from: number, slot: number): number {
  for (let index = from; index < fields.count; index++)
    if (isSameName(fields, index * FIELD_STRIDE, slot)) return index;
  return fields.count;
}

function isSameName(fields: Fields, left: number, right: number): boolean {
  const { bytes, slots } = fields;
  const id = slots[left];
  if (id !== slots[right]) return false;
  if (id !== 0) return true;
  const length = slots[left + 2];
  if (length !== slots[right + 2]) return false;
  const a = slots[left + 1];
  const b = slots[right + 1];
  for (let i = 0; i < length; i++) if (lower(bytes[a + i]) !== lower(bytes[b + i])) return false;
  return true;
}

/**
 * Looks for a repeated name among those without an id. Length and last letter of each leave a mark in one word; only
 * when two marks meet are names compared.
 */
function repeatsUnknownName(fields: Fields): boolean {
  const { bytes, slots, count } = fields;
  let marks = 0;
  for (let index = 0, slot = 0; index < count; index++, slot += FIELD_STRIDE) {
    if (slots[slot] !== 0) continue;
    const length = slots[slot + 2];
    const mark = 1 << (length + lower(bytes[slots[slot + 1] + length - 1]));
    if ((marks & mark) !== 0 && nextSame(fields, 0, slot) < index) return true;
    marks |= mark;
  }
  return false;
}

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}

// The field section of a head or a trailer: `Name: value` lines up to the empty line, read octet by octet from borrowed
// chunks split anywhere. Offsets are recorded while reading and the octets copied in one go, so that a head which is
// complete in its chunk costs one copy. Specification: RFC 9112 §5; nothing here is lenient.

import { identifyFieldName } from '../../base/field-names.ts';
import type { Fields } from '../../base/fields.ts';
import type { Http1FailureCode } from './failures.ts';
import type { BadHeader } from './limits.ts';
import { CR, HTAB, LF, OCTETS, SP, TOKEN, VALUE } from './octets.ts';
import { DONE, FAILED, MORE, type ParseState } from './parse-state.ts';

const LINE = 0;
const NAME = 1;
const BEFORE_VALUE = 2;
const INSIDE_VALUE = 3;
const LINE_FEED = 4;
const LAST_LINE_FEED = 5;
/** Within a line that is left out. */
const SKIPPED = 6;
const SKIPPED_LINE_FEED = 7;

const COLON = 0x3a;
/** The most fields that a table can index. */
const FIELD_COUNT_CAP = 32_000;

/** Reads one field section after another into the tables it is given. */
export class FieldLines {
  /** Where reading stopped: after the section, or at the octet that failed. */
  consumed = 0;
  /** Set when `parse` answers FAILED. */
  failureCode: Http1FailureCode = 'http-bad-field-name';

  /** What becomes of a line that is no field (`BadHeader`). */
  badLine: BadHeader = 'is-error';
  /** The section ended before a line that is no field (`start-body`). */
  isCut = false;
  /** What came of that line with earlier chunks: it stands before `consumed`. */
  surplus: Buffer | undefined = undefined;

  #lineMax = 0;
  #countMax = 0;
  #sectionMax = 0;
  #fields: Fields;
  #state = LINE;
  /** Octets that other parts of the head have already taken of `sectionMax`. */
  #before = 0;
  // Where a line stands between two chunks; see `parse`.
  #lineStart = 0;
  #nameLength = 0;
  #valueStart = 0;
  #valueEnd = 0;
  #id = 0;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  /**
   * @param lineMax octets of a line without its CRLF
   * @param countMax fields
   * @param sectionMax octets of all lines with their CRLF, the empty line not counted
   */
  limit(lineMax: number, countMax: number, sectionMax: number): void {
    this.#lineMax = lineMax;
    this.#countMax = Math.min(countMax, FIELD_COUNT_CAP);
    this.#sectionMax = sectionMax;
  }

  /** Starts a section; `fields` must be empty. `before` octets count towards the section's limit. */
  begin(fields: Fields, before: number): void {
    this.#fields = fields;
    this.#before = before;
    this.#state = LINE;
    this.#lineStart = 0;
    this.surplus = undefined;
    this.isCut = false;
  }

  /** Reads on; `bytes` are borrowed. On DONE the table owns all octets of the section. */
  parse(bytes: Buffer, start: number, end: number): ParseState {
    const fields = this.#fields;
    const lineMax = this.#lineMax;
    /** Chunk position + shift = position in fields.bytes. */
    const shift = fields.used - start;
    /** No name or value may reach these positions in the chunk: for the section's sake, for the line's sake. */
    const sectionStop = Math.min(end, this.#sectionMax - this.#before - shift + 1);
    let stop = Math.min(sectionStop, this.#lineStart - shift + lineMax + 1);
    let state = this.#state;
    let pos = start;
    // Positions in fields.bytes, also of octets that still stand in the chunk only.
    let lineStart = this.#lineStart;
    let nameLength = this.#nameLength;
    let valueStart = this.#valueStart;
    let valueEnd = this.#valueEnd;
    let id = this.#id;

    for (;;) {
      if (state === LINE) {
        if (pos >= end) break;
        const octet = bytes[pos];
        if (octet === CR) {
          pos++;
          state = LAST_LINE_FEED;
        } else {
          if (octet === SP || octet === HTAB) return this.#fail(pos, 'http-folded-field');
          if (octet === LF) return this.#fail(pos, 'http-bad-line-end');
          if (fields.count >= this.#countMax) return this.#fail(pos, 'http-too-many-fields');
          lineStart = pos + shift;
          stop = pos + lineMax + 1;
          if (stop > sectionStop) stop = sectionStop;
          state = NAME;
        }
      }
      if (state === NAME) {
        while (pos < stop && (OCTETS[bytes[pos]] & TOKEN) !== 0) pos++;
        if (pos >= stop) break;
        nameLength = pos + shift - lineStart;
        if (bytes[pos] !== COLON || nameLength === 0) {
          if (this.badLine === 'is-error') return this.#fail(pos, 'http-bad-field-name');
          if (this.badLine === 'start-body') return this.#cut(bytes, start, lineStart, shift);
          state = SKIPPED;
        } else {
          if (lineStart - shift >= start) id = identifyFieldName(bytes, pos - nameLength, pos);
          else {
            this.#keep(bytes, pos, shift);
            id = identifyFieldName(fields.bytes, lineStart, lineStart + nameLength);
          }
          pos++;
          state = BEFORE_VALUE;
        }
      }
      if (state === SKIPPED) {
        // A colon further on would make it a field to others: `Content-Length : 5`.
        while (pos < stop && bytes[pos] !== COLON && (OCTETS[bytes[pos]] & VALUE) !== 0) pos++;
        if (pos >= stop) break;
        if (bytes[pos] !== CR) return this.#fail(pos, 'http-bad-field-name');
        pos++;
        state = SKIPPED_LINE_FEED;
      }
      if (state === SKIPPED_LINE_FEED) {
        if (pos >= end) break;
        if (bytes[pos] !== LF) return this.#fail(pos, 'http-bad-line-end');
        pos++;
        state = LINE;
      }
      if (state === BEFORE_VALUE) {
        while (pos < stop && isBlank(bytes[pos])) pos++;
        if (pos >= stop) break;
        valueStart = pos + shift;
        state = INSIDE_VALUE;
      }
      if (state === INSIDE_VALUE) {
        while (pos < stop && (OCTETS[bytes[pos]] & VALUE) !== 0) pos++;
        if (pos >= stop) break;
        if (bytes[pos] !== CR) return this.#fail(pos, bytes[pos] === LF ? 'http-bad-line-end' : 'http-bad-field-value');
        valueEnd = pos + shift;
        pos++;
        state = LINE_FEED;
      }
      if (state === LINE_FEED) {
        if (pos >= end) break;
        if (bytes[pos] !== LF) return this.#fail(pos, 'http-bad-line-end');
        pos++;
        if (valueStart - shift >= start) {
          while (valueEnd > valueStart && isBlank(bytes[valueEnd - shift - 1])) valueEnd--;
        } else {
          this.#keep(bytes, pos, shift);
          while (valueEnd > valueStart && isBlank(fields.bytes[valueEnd - 1])) valueEnd--;
        }
        fields.append(id, lineStart, nameLength, valueStart, valueEnd - valueStart);
        state = LINE;
      }
      if (state === LAST_LINE_FEED) {
        if (pos >= end) break;
        if (bytes[pos] !== LF) return this.#fail(pos, 'http-bad-line-end');
        pos++;
        this.#keep(bytes, pos, shift);
        fields.checkedEnd = fields.used;
        this.consumed = pos;
        return DONE;
      }
    }

    if ((state >= NAME && state <= INSIDE_VALUE) || state === SKIPPED) {
      if (pos + shift - lineStart > lineMax) return this.#fail(pos - 1, 'http-field-too-long');
      if (pos + shift + this.#before > this.#sectionMax) return this.#fail(pos - 1, 'http-head-too-long');
    }
    this.#keep(bytes, end, shift);
    this.#state = state;
    this.#lineStart = lineStart;
    this.#nameLength = nameLength;
    this.#valueStart = valueStart;
    this.#valueEnd = valueEnd;
    this.#id = id;
    this.consumed = end;
    return MORE;
  }

  /** Copies what the table does not have yet of the chunk's octets before `pos`. */
  #keep(bytes: Buffer, pos: number, shift: number): void {
    const fields = this.#fields;
    const from = fields.used - shift;
    if (from === pos) return;
    fields.reserve(pos - from);
    bytes.copy(fields.bytes, fields.used, from, pos);
    fields.used += pos - from;
  }

  /** Ends the section before the line that has begun: it belongs to the body. */
  #cut(bytes: Buffer, start: number, lineStart: number, shift: number): ParseState {
    const fields = this.#fields;
    const from = lineStart - shift;
    if (from >= start) {
      this.#keep(bytes, from, shift);
      this.consumed = from;
    } else {
      this.surplus = Buffer.from(fields.bytes.subarray(lineStart, fields.used));
      fields.used = lineStart;
      this.consumed = start;
    }
    fields.checkedEnd = fields.used;
    this.isCut = true;
    return DONE;
  }

  #fail(pos: number, code: Http1FailureCode): ParseState {
    this.consumed = pos;
    this.failureCode = code;
    return FAILED;
  }
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}

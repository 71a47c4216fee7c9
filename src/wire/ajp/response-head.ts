// The payload of SEND_HEADERS into a `ResponseHead`. What could split a response downstream is a failure here.

import { type ResponseHead, UNKNOWN_LENGTH } from '../../base/head.ts';
import { NULL_STRING, RESPONSE_FIELD_CODES } from './constants.ts';
import { BAD_STRING, numberOf, TRUNCATED } from './failures.ts';
import { readContentLength, readFields } from './field-reader.ts';
import { isOneLine, readWord, textOf } from './octets.ts';

const BAD_STATUS = numberOf('ajp-bad-status');
const INTERIM_HEAD = numberOf('ajp-interim-head');
const BAD_REASON = numberOf('ajp-bad-reason');

/**
 * Reads `[start, end)`, the payload after its code, into a head that was reset. Octets after the last field mean nothing
 * (httpd takes them so).
 * @param previousReason given back as the reason when it says the same
 * @returns 0, or the number of a failure
 */
export function readResponseHead(
  bytes: Buffer,
  start: number,
  end: number,
  head: ResponseHead,
  previousReason: string,
): number {
  if (start + 4 > end) return TRUNCATED;
  head.status = readWord(bytes, start);
  if (head.status >= 100 && head.status < 200) return INTERIM_HEAD;
  if (head.status < 100 || head.status > 999) return BAD_STATUS;
  let at = start + 4;
  const reasonLength = readWord(bytes, start + 2);
  if (reasonLength !== NULL_STRING) {
    const reasonEnd = at + reasonLength;
    if (reasonEnd >= end) return TRUNCATED;
    if (bytes[reasonEnd] !== 0) return BAD_STRING;
    if (!isOneLine(bytes, at, reasonEnd)) return BAD_REASON;
    head.reason = textOf(bytes, at, reasonEnd, previousReason);
    at = reasonEnd + 1;
  }
  if (at + 2 > end) return TRUNCATED;
  const after = readFields(bytes, at + 2, end, readWord(bytes, at), head.fields, RESPONSE_FIELD_CODES.idByCode);
  if (after < 0) return after;
  const length = readContentLength(head.fields);
  if (length < UNKNOWN_LENGTH) return length;
  head.bodyLength = length;
  return 0;
}

// What to answer for a file in a known state: 200, 206 with one or many parts, 304, 412 or 416; its head, and its body
// as segments of the file and of text between them (RFC 9110 §14.6, §15.3.7).

import { FIELD } from '../../base/field-names.ts';
import { UNKNOWN_LENGTH } from '../../base/head.ts';
import type { Exchange } from '../../listener/exchange.ts';
import { isConditional, judgeConditions, rangeApplies } from './static-conditions.ts';
import { type ByteRange, parseRanges } from './static-ranges.ts';
import type { Representation } from './static-representation.ts';

export type Answer =
  | { readonly kind: 'whole'; readonly representation: Representation }
  | { readonly kind: 'parts'; readonly representation: Representation; readonly parts: readonly ByteRange[] }
  | { readonly kind: 'not-modified'; readonly representation: Representation }
  | { readonly kind: 'error'; readonly status: 412 | 416; readonly contentRange: string | undefined };

/** A stretch of a body: of `bytes`, or of the file when `bytes` is undefined. */
export interface Segment {
  readonly bytes: Buffer | undefined;
  readonly start: number;
  readonly end: number;
}

export function decideAnswer(exchange: Exchange, representation: Representation): Answer {
  const { method, fields } = exchange.request;
  if (!isConditional(fields)) return { kind: 'whole', representation };
  switch (judgeConditions(method, fields, representation, exchange.startedWall / 1000)) {
    case 'failed':
      return { kind: 'error', status: 412, contentRange: undefined };
    case 'not-modified':
      return { kind: 'not-modified', representation };
    case 'proceed':
      break;
  }
  // Only GET has ranges (RFC 9110 §14.2).
  const ranges = method === 'GET' && fields.hasKnown(FIELD.Range) ? fields.getAll('Range') : [];
  if (ranges.length !== 1 || !rangeApplies(fields, representation)) return { kind: 'whole', representation };
  const verdict = parseRanges(ranges[0], representation.size);
  switch (verdict.kind) {
    case 'whole':
      return { kind: 'whole', representation };
    case 'unsatisfiable':
      return { kind: 'error', status: 416, contentRange: `bytes */${representation.size}` };
    case 'parts':
      return { kind: 'parts', representation, parts: verdict.parts };
  }
}

/** Fills `exchange.response` with the answer's head. */
export function fillHead(exchange: Exchange, answer: Exclude<Answer, { kind: 'error' }>, boundary: string): void {
  const { response } = exchange;
  const { representation } = answer;
  switch (answer.kind) {
    case 'whole':
      response.status = 200;
      response.fields.addAll(representation.head);
      response.bodyLength = representation.size;
      break;
    case 'not-modified':
      response.status = 304;
      response.fields.addAll(representation.validators);
      response.bodyLength = UNKNOWN_LENGTH;
      break;
    case 'parts':
      response.status = 206;
      response.fields.addAll(representation.head);
      if (answer.parts.length === 1) {
        response.fields.addKnown(FIELD['Content-Range'], rangeText(answer.parts[0], representation.size));
      } else response.fields.setKnown(FIELD['Content-Type'], `multipart/byteranges; boundary=${boundary}`);
      response.bodyLength = segmentsOf(answer, undefined, boundary).reduce(
        (sum, each) => sum + each.end - each.start,
        0,
      );
      break;
  }
}

/** The body in order. @param body the file's octets when they are in memory */
export function segmentsOf(
  answer: Exclude<Answer, { kind: 'error' }>,
  body: Buffer | undefined,
  boundary: string,
): Segment[] {
  const { representation } = answer;
  if (answer.kind === 'not-modified') return [];
  if (answer.kind === 'whole')
    return representation.size === 0 ? [] : [{ bytes: body, start: 0, end: representation.size }];
  if (answer.parts.length === 1) return [{ bytes: body, start: answer.parts[0].start, end: answer.parts[0].end }];
  const segments: Segment[] = [];
  for (const part of answer.parts) {
    const type = representation.type === undefined ? '' : `Content-Type: ${representation.type}\r\n`;
    const range = rangeText(part, representation.size);
    segments.push(text(`\r\n--${boundary}\r\n${type}Content-Range: ${range}\r\n\r\n`));
    segments.push({ bytes: body, start: part.start, end: part.end });
  }
  segments.push(text(`\r\n--${boundary}--\r\n`));
  return segments;
}

function text(octets: string): Segment {
  const bytes = Buffer.from(octets, 'latin1');
  return { bytes, start: 0, end: bytes.length };
}

function rangeText(part: ByteRange, size: number): string {
  return `bytes ${part.start}-${part.end - 1}/${size}`;
}

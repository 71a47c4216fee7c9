// Fuzz target of the HTTP/1 codec: nearly right messages, cut anywhere, under generous and under tight limits. Whatever
// the bytes, only declared failures come out, every cut tells the same, and what was accepted survives being written.

import { DONE } from '../../src/wire/http1/parse-state.ts';
import { RequestHeadParser } from '../../src/wire/http1/request-head.ts';
import { ResponseHeadParser } from '../../src/wire/http1/response-head.ts';
import {
  fieldsSize,
  START_LINE_EXTRA_BYTES,
  writeEnd,
  writeFields,
  writeRequestLine,
  writeStatusLine,
} from '../../src/wire/http1/write.ts';
import { cut, pick, type Random, random, requestBytes, responseBytes } from '../unit/wire-http1/generate.ts';
import {
  type Limits,
  type Reader,
  type ReadOptions,
  readRequests,
  readResponses,
} from '../unit/wire-http1/transcript.ts';

const TIGHT: Partial<Limits> = {
  requestLineBytes: 24,
  fieldBytes: 24,
  fieldCount: 4,
  headBytes: 80,
  methodBytes: 6,
  emptyLineCount: 1,
  responseFieldSize: 28,
  interimCount: 1,
  chunkExtensionBytes: 6,
  trailerFieldBytes: 8,
  trailerFieldCount: 1,
  trailerBytes: 12,
};
const LAX: Partial<Limits> = { allowContentLengthWithChunked: true };

/** Runs the target; throws with the offending bytes at the first broken rule. The same arguments do the same. */
export function run(seed: number, iterations: number, readers: { requests: Reader; responses: Reader } = own): void {
  const next = random(seed);
  for (let i = 0; i < iterations; i++) {
    const isRequest = next() < 0.6;
    const bytes = next() < 0.05 ? noise(next) : isRequest ? requestBytes(next) : responseBytes(next);
    const limits = pick([{}, {}, TIGHT, LAX], next);
    const options = { limits, method: pick(['GET', 'GET', 'HEAD'], next), isEnded: next() < 0.5 };
    const pieces = cut(bytes, next);
    try {
      compare(bytes, pieces, options, isRequest ? readers.requests : readers.responses);
      if (isRequest) rewriteRequest(bytes);
      else rewriteResponse(bytes);
    } catch (error) {
      const cuts = JSON.stringify(pieces.map((piece) => piece.toString('latin1')));
      throw new Error(`seed ${seed}, iteration ${i}: ${cuts} ${JSON.stringify(options)}`, { cause: error });
    }
  }
}

const own = { requests: readRequests, responses: readResponses };

/** Octets without any sense. */
function noise(next: Random): Buffer {
  return Buffer.from(Array.from({ length: Math.floor(next() * 80) }, () => Math.floor(next() * 256)));
}

function compare(bytes: Buffer, pieces: Buffer[], options: ReadOptions, reader: Reader): void {
  const whole = reader([bytes], options);
  const parts = reader(pieces, options);
  const told = whole.lines.join('\n');
  if (parts.lines.join('\n') !== told || parts.failedAt !== whole.failedAt) {
    throw new Error(`whole:\n${told}\n(${whole.failedAt})\ncut:\n${parts.lines.join('\n')}\n(${parts.failedAt})`);
  }
  if (whole.lines.at(-1)?.startsWith('failed undefined')) throw new Error('an undeclared failure');
}

function rewriteRequest(bytes: Buffer): void {
  const parser = new RequestHeadParser();
  if (parser.parse(bytes, 0, bytes.length) !== DONE) return;
  const { head } = parser;
  const out = Buffer.alloc(head.method.length + head.target.length + fieldsSize(head.fields) + START_LINE_EXTRA_BYTES);
  let at = writeRequestLine(out, 0, head.method, head.target);
  at = writeEnd(out, writeFields(out, at, head.fields));
  const again = new RequestHeadParser();
  // What HTTP/1.0 may do without, HTTP/1.1 must have.
  const mayFail = head.minorVersion === 0;
  if (again.parse(out, 0, at) !== DONE) {
    if (mayFail) return;
    throw again.failure;
  }
  same(
    [again.head.method, again.head.target, again.head.fields.entries()],
    [head.method, head.target, head.fields.entries()],
  );
  same([again.consumed, again.head.bodyLength], [at, head.bodyLength]);
}

function rewriteResponse(bytes: Buffer): void {
  const parser = new ResponseHeadParser();
  parser.begin('GET');
  if (parser.parse(bytes, 0, bytes.length) !== DONE) return;
  const { head } = parser;
  const out = Buffer.alloc(head.reason.length + fieldsSize(head.fields) + 64);
  let at = writeStatusLine(out, 0, head.status, head.reason);
  at = writeEnd(out, writeFields(out, at, head.fields));
  const again = new ResponseHeadParser();
  again.begin('GET');
  if (again.parse(out, 0, at) !== DONE) throw again.failure;
  same(
    [again.head.status, again.head.reason, again.head.fields.entries()],
    [head.status, head.reason, head.fields.entries()],
  );
  same([again.consumed, again.framing], [at, parser.framing]);
}

function same(left: unknown, right: unknown): void {
  if (JSON.stringify(left) !== JSON.stringify(right))
    throw new Error(`${JSON.stringify(left)} is not ${JSON.stringify(right)}`);
}

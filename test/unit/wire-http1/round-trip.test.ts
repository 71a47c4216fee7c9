// What the encoders write, the parsers read back, however it is cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FIELD, fieldId } from '../../../src/base/field-names.ts';
import { Fields } from '../../../src/base/fields.ts';
import {
  fieldsSize,
  START_LINE_EXTRA_BYTES,
  writeChunkEnd,
  writeChunkHeader,
  writeChunkSize,
  writeEnd,
  writeFields,
  writeLastChunk,
  writeRequestLine,
  writeStatusLine,
} from '../../../src/wire/http1/write.ts';
import { ownRequests, ownResponse } from './own-parser.ts';
import { readRequests, readResponses } from './transcript.ts';

const SEED = 20_260_101;
const RUNS = { seed: SEED, numRuns: 300 };

function octetsOf(allowed: (octet: number) => boolean): fc.Arbitrary<string> {
  const letters = Array.from({ length: 256 }, (_, octet) => octet).filter(allowed);
  return fc.constantFrom(...letters.map((octet) => String.fromCharCode(octet)));
}

const token = fc.string({
  unit: octetsOf((octet) => /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(octet))),
  minLength: 1,
  maxLength: 20,
});
const value = fc
  .string({ unit: octetsOf((octet) => octet === 9 || (octet >= 32 && octet !== 127)), maxLength: 60 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
const target = fc
  .string({ unit: octetsOf((octet) => octet > 32 && octet !== 127 && octet !== 35), maxLength: 40 })
  .map((text) => `/${text}`);
const DECIDING = [FIELD.Connection, FIELD['Content-Length'], FIELD.Host, FIELD['Transfer-Encoding'], FIELD.Expect];
/** Fields that do not decide about the message or its connection. */
const field = fc
  .tuple(fc.oneof(token, fc.constantFrom('Accept', 'Cookie', 'User-Agent', 'X-Forwarded-For', 'eTaG')), value)
  .filter(([name]) => !DECIDING.includes(fieldId(name)));
const fieldList = fc.array(field, { maxLength: 8 });
const trailerList = fc.array(
  fc.tuple(
    token.map((name) => `X-${name}`),
    value,
  ),
  { maxLength: 3 },
);
const bodies = fc.array(fc.string({ unit: octetsOf(() => true), minLength: 1, maxLength: 50 }), { maxLength: 4 });
const cuts = fc.array(fc.nat(400), { maxLength: 6 });

function tableOf(list: readonly (readonly [string, string])[]): Fields {
  const fields = new Fields();
  for (const [name, text] of list) fields.add(name, text);
  return fields;
}

/** The body in chunks, their headers in both widths. */
function chunked(parts: readonly string[], trailers: Fields | undefined): Buffer {
  const out = Buffer.alloc(1000 + parts.join('').length + (trailers === undefined ? 0 : fieldsSize(trailers)));
  let at = 0;
  for (const [i, part] of parts.entries()) {
    at = i % 2 === 0 ? writeChunkHeader(out, at, part.length) : writeChunkSize(out, at, part.length);
    at += out.write(part, at, 'latin1');
    at = writeChunkEnd(out, at);
  }
  return out.subarray(0, writeLastChunk(out, at, trailers));
}

function cutAt(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
}

test('a request with a length', () => {
  const property = fc.property(token, target, fieldList, bodies, cuts, (method, path, list, parts, places) => {
    if (method === 'CONNECT') return;
    const body = parts.join('');
    const all = [['Host', 'a'] as const, ...list, ['Content-Length', String(body.length)] as const];
    const fields = tableOf(all);
    const out = Buffer.alloc(method.length + path.length + START_LINE_EXTRA_BYTES + fieldsSize(fields) + body.length);
    let at = writeEnd(out, writeFields(out, writeRequestLine(out, 0, method, path), fields));
    at += out.write(body, at, 'latin1');
    const bytes = out.subarray(0, at);
    const read = ownRequests(bytes);
    assert.deepEqual(read.refusal, '');
    assert.deepEqual(read.messages, [
      { start: `${method} ${path}`, minorVersion: 1, fields: all.flat(), body, isComplete: true, trailers: [] },
    ]);
    assert.deepEqual(readRequests(cutAt(bytes, places)), readRequests([bytes]));
  });
  fc.assert(property, RUNS);
});

test('a chunked request with trailers', () => {
  const property = fc.property(target, fieldList, bodies, trailerList, cuts, (path, list, parts, trailing, places) => {
    const all = [...list, ['Transfer-Encoding', 'chunked'] as const, ['host', 'a:1'] as const];
    const fields = tableOf(all);
    const head = Buffer.alloc(path.length + 32 + fieldsSize(fields));
    const at = writeEnd(head, writeFields(head, writeRequestLine(head, 0, 'POST', path), fields));
    const trailers = trailing.length === 0 ? undefined : tableOf(trailing);
    const bytes = Buffer.concat([head.subarray(0, at), chunked(parts, trailers)]);
    assert.deepEqual(ownRequests(bytes).messages, [
      {
        start: `POST ${path}`,
        minorVersion: 1,
        fields: all.flat(),
        body: parts.join(''),
        isComplete: true,
        trailers: trailing.flat(),
      },
    ]);
    assert.deepEqual(readRequests(cutAt(bytes, places)), readRequests([bytes]));
  });
  fc.assert(property, RUNS);
});

test('a response, chunked or until the connection closes', () => {
  const status = fc.integer({ min: 200, max: 999 }).filter((code) => code !== 204 && code !== 304);
  const property = fc.property(status, value, fieldList, bodies, cuts, (code, reason, list, parts, places) => {
    const isChunked = parts.length % 2 === 0;
    const all = isChunked ? [...list, ['transfer-encoding', 'CHUNKED'] as const] : list;
    const fields = tableOf(all);
    const head = Buffer.alloc(reason.length + 64 + fieldsSize(fields));
    const at = writeEnd(head, writeFields(head, writeStatusLine(head, 0, code, reason), fields));
    const body = isChunked ? chunked(parts, undefined) : Buffer.from(parts.join(''), 'latin1');
    const bytes = Buffer.concat([head.subarray(0, at), body]);
    const read = ownResponse(bytes, 'GET', true);
    assert.equal(read.refusal, '');
    assert.equal(read.messages.length, 1);
    assert.equal(read.messages[0].body, parts.join(''));
    assert.deepEqual(read.messages[0].fields, all.flat());
    if (reason !== '') assert.equal(read.messages[0].start, `${code} ${reason}`);
    assert.deepEqual(readResponses(cutAt(bytes, places)), readResponses([bytes]));
  });
  fc.assert(property, RUNS);
});

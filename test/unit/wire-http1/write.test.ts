// What the encoders put on the wire, and what they refuse to.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD } from '../../../src/base/field-names.ts';
import { Fields } from '../../../src/base/fields.ts';
import { DONE } from '../../../src/wire/http1/parse-state.ts';
import { RequestHeadParser } from '../../../src/wire/http1/request-head.ts';
import {
  CHUNK_BYTES_MAX,
  CHUNK_HEADER_BYTES,
  CONTINUE_BYTES,
  fieldsSize,
  LAST_CHUNK_BYTES,
  reasonPhrase,
  writeChunkEnd,
  writeChunkHeader,
  writeChunkSize,
  writeEnd,
  writeField,
  writeFields,
  writeKnownField,
  writeLastChunk,
  writeRequestLine,
  writeStatusLine,
} from '../../../src/wire/http1/write.ts';

/** What `write` puts into a buffer that is full of something else. */
function written(write: (out: Buffer, at: number) => number): string {
  const out = Buffer.alloc(4096, '!');
  const end = write(out, 7);
  assert.equal(out.toString('latin1', 0, 7), '!!!!!!!');
  assert.ok(
    out.subarray(end).every((octet) => octet === 0x21),
    'octets after the end were touched',
  );
  return out.toString('latin1', 7, end);
}

const unwritable = { code: 'http-unwritable-field', status: 500, source: 'internal' };
const badStart = { code: 'http-unwritable-start-line', status: 500 };

/** The fields of a head as the parser leaves them. */
function parsed(lines: string[]): Fields {
  const parser = new RequestHeadParser();
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1');
  assert.equal(parser.parse(bytes, 0, bytes.length), DONE);
  return parser.head.fields;
}

test('a request line', () => {
  assert.equal(
    written((out, at) => writeRequestLine(out, at, 'GET', '/a?b')),
    'GET /a?b HTTP/1.1\r\n',
  );
  assert.equal(
    written((out, at) => writeRequestLine(out, at, 'M-X', '/\xe9')),
    'M-X /\xe9 HTTP/1.1\r\n',
  );
});

test('a request line refuses what would end it early', () => {
  for (const [method, target] of [
    ['', '/'],
    ['G T', '/'],
    ['GET\r\n', '/'],
    ['GÉT', '/'],
    ['GET', ''],
    ['GET', '/ HTTP/1.1'],
    ['GET', '/\r\nX: y'],
    ['GET', '/\0'],
    ['GET', '/#a'],
    ['GET', '/\u0120'],
  ]) {
    assert.throws(() => written((out, at) => writeRequestLine(out, at, method, target)), badStart);
  }
});

test('a status line with the standard reason, its own, or none that is known', () => {
  assert.equal(
    written((out, at) => writeStatusLine(out, at, 200, '')),
    'HTTP/1.1 200 OK\r\n',
  );
  assert.equal(
    written((out, at) => writeStatusLine(out, at, 200, 'OK')),
    'HTTP/1.1 200 OK\r\n',
  );
  assert.equal(
    written((out, at) => writeStatusLine(out, at, 404, '404')),
    'HTTP/1.1 404 404\r\n',
  );
  assert.equal(
    written((out, at) => writeStatusLine(out, at, 200, ' \xe9\t')),
    'HTTP/1.1 200  \xe9\t\r\n',
  );
  assert.equal(
    written((out, at) => writeStatusLine(out, at, 299, '')),
    'HTTP/1.1 299 \r\n',
  );
  assert.equal(
    written((out, at) => writeStatusLine(out, at, 999, 'X')),
    'HTTP/1.1 999 X\r\n',
  );
});

test('a status line refuses what would break it', () => {
  for (const [status, reason] of [
    [99, ''],
    [1000, ''],
    [Number.NaN, ''],
    [200, 'a\r\nb'],
    [200, 'a\0'],
    [200, '\u010a'],
  ] as const) {
    assert.throws(() => written((out, at) => writeStatusLine(out, at, status, reason)), badStart);
  }
});

test('reason phrases are those of the registry', () => {
  assert.equal(reasonPhrase(100), 'Continue');
  assert.equal(reasonPhrase(431), 'Request Header Fields Too Large');
  assert.equal(reasonPhrase(299), '');
  assert.equal(reasonPhrase(-1), '');
  assert.equal(reasonPhrase(1000), '');
});

test('fields keep order and spelling; known names without a spelling are canonical', () => {
  const fields = new Fields();
  fields.add('x-ODD', '1');
  fields.addKnown(FIELD['Content-Type'], 'text/plain');
  fields.add('content-LENGTH', '2');
  fields.add('X-Empty', '');
  const text = 'x-ODD: 1\r\nContent-Type: text/plain\r\ncontent-LENGTH: 2\r\nX-Empty: \r\n';
  assert.equal(
    written((out, at) => writeFields(out, at, fields)),
    text,
  );
  assert.equal(fieldsSize(fields), text.length);
});

test('removed fields are not written', () => {
  const fields = parsed(['Host: a', 'X: 1', 'Y: 2', 'Z: 3']);
  fields.remove('X');
  fields.remove('Z');
  assert.equal(
    written((out, at) => writeFields(out, at, fields)),
    'Host: a\r\nY: 2\r\n',
  );
  assert.equal(fieldsSize(fields), 15);
  fields.removeKnown(FIELD.Host);
  fields.remove('y');
  assert.equal(
    written((out, at) => writeFields(out, at, fields)),
    '',
  );
  assert.equal(fieldsSize(fields), 0);
});

test('what a parser read is written line by line, odd white space straightened', () => {
  const fields = parsed(['Host: a', 'A:1', 'B:  2', 'C: 3 ', 'D: 4', 'E:', `F: ${'f'.repeat(99)}`]);
  const text = `Host: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: \r\nF: ${'f'.repeat(99)}\r\n`;
  assert.equal(
    written((out, at) => writeFields(out, at, fields)),
    text,
  );
  assert.equal(fieldsSize(fields), text.length);
});

test('changed and added fields stand among those a parser read', () => {
  const fields = parsed(['Host: a', 'X: 1', 'Y: 2', 'Z: 3']);
  fields.set('Host', 'backend.example:8080');
  fields.set('Y', '');
  fields.add('X-Forwarded-For', '127.0.0.1');
  const other = parsed(['Host: b', 'Q: 9']);
  fields.addFrom(other, 1);
  const text = 'Host: backend.example:8080\r\nX: 1\r\nY: \r\nZ: 3\r\nX-Forwarded-For: 127.0.0.1\r\nQ: 9\r\n';
  assert.equal(
    written((out, at) => writeFields(out, at, fields)),
    text,
  );
  assert.equal(fieldsSize(fields), text.length);
});

test('a name or value that could end its line is refused', () => {
  for (const [name, value] of [
    ['X', 'a\r\nSet-Cookie: b'],
    ['X', 'a\n'],
    ['X', '\r'],
    ['X', '\0'],
    ['X', '\x7f'],
    // Text is stored as latin1: this letter becomes LF.
    ['X', 'a\u010ab'],
    ['X:', 'a'],
    ['X Y', 'a'],
    ['X\r\nY', 'a'],
    ['É', 'a'],
    ['', 'a'],
  ]) {
    const fields = parsed(['Host: a']);
    fields.add(name, value);
    assert.throws(() => written((out, at) => writeFields(out, at, fields)), unwritable, JSON.stringify([name, value]));
    if (value !== 'a\u010ab') assert.throws(() => written((out, at) => writeField(out, at, name, value)), unwritable);
  }
  assert.throws(() => written((out, at) => writeField(out, at, 'X', '\u0100')), unwritable);
});

test('octets in the shape of a line are looked at unless a parser has checked them', () => {
  // As a decoder of another protocol might leave them.
  const fields = new Fields();
  const line = Buffer.from('X: a\r\nb\r\n', 'latin1');
  fields.reserve(line.length);
  fields.used = line.copy(fields.bytes);
  fields.append(0, 0, 1, 3, 4);
  assert.throws(() => written((out, at) => writeFields(out, at, fields)), unwritable);
});

test('an emptied table has nothing checked any more', () => {
  const fields = parsed(['Host: a', 'X: 1']);
  fields.reset();
  fields.add('X', '\r\n');
  assert.throws(() => written((out, at) => writeFields(out, at, fields)), unwritable);
});

test('single fields', () => {
  assert.equal(
    written((out, at) => writeField(out, at, 'x-A', 'b c\t\xe9')),
    'x-A: b c\t\xe9\r\n',
  );
  assert.equal(
    written((out, at) => writeKnownField(out, at, FIELD['WWW-Authenticate'], 'Basic')),
    'WWW-Authenticate: Basic\r\n',
  );
  assert.throws(() => written((out, at) => writeKnownField(out, at, FIELD.Date, 'a\n')), unwritable);
});

test('a chunk header has the same size whatever the chunk', () => {
  assert.equal(
    written((out, at) => writeChunkHeader(out, at, 0x1f)),
    '000001f\r\n',
  );
  assert.equal(
    written((out, at) => writeChunkHeader(out, at, CHUNK_BYTES_MAX)),
    'fffffff\r\n',
  );
  assert.equal(CHUNK_HEADER_BYTES, 9);
  for (const size of [CHUNK_BYTES_MAX + 1, -1, Number.NaN]) {
    assert.throws(() => written((out, at) => writeChunkHeader(out, at, size)), RangeError);
    assert.throws(() => written((out, at) => writeChunkSize(out, at, size)), RangeError);
  }
});

test('a chunk size in as few digits as it takes', () => {
  for (const size of [0, 1, 15, 16, 255, 256, 65_535, 1 << 20, CHUNK_BYTES_MAX]) {
    assert.equal(
      written((out, at) => writeChunkSize(out, at, size)),
      `${size.toString(16)}\r\n`,
    );
  }
});

test('ends', () => {
  assert.equal(
    written((out, at) => writeEnd(out, at)),
    '\r\n',
  );
  assert.equal(
    written((out, at) => writeChunkEnd(out, at)),
    '\r\n',
  );
  assert.equal(
    written((out, at) => writeLastChunk(out, at, undefined)),
    '0\r\n\r\n',
  );
  assert.equal(LAST_CHUNK_BYTES, 5);
  const trailers = new Fields();
  trailers.add('X-Sum', '1');
  assert.equal(
    written((out, at) => writeLastChunk(out, at, trailers)),
    '0\r\nX-Sum: 1\r\n\r\n',
  );
  assert.equal(CONTINUE_BYTES.toString('latin1'), 'HTTP/1.1 100 Continue\r\n\r\n');
});

test('a buffer without room is an error, not a head cut short', () => {
  const fields = parsed(['Host: a', `X: ${'x'.repeat(40)}`]);
  const exact = Buffer.alloc(fieldsSize(fields));
  assert.equal(writeFields(exact, 0, fields), exact.length);
  const small = exact.subarray(1);
  assert.throws(() => writeFields(small, 0, fields), RangeError);
  assert.throws(() => writeStatusLine(small, small.length - 4, 200, ''), RangeError);
  assert.throws(() => writeRequestLine(small, small.length - 4, 'GET', '/'), RangeError);
  assert.throws(() => writeField(small, small.length - 4, 'X', '1'), RangeError);
  assert.throws(() => writeChunkHeader(small, small.length - 4, 1), RangeError);
  assert.throws(() => writeLastChunk(small, small.length - 4, undefined), RangeError);
});

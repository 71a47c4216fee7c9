// The parsers as objects: what they keep, what they lend, when one may be used again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD } from '../../../src/base/field-names.ts';
import { RequestHead, ResponseHead } from '../../../src/base/head.ts';
import { BodyDecoder, type BodySink } from '../../../src/wire/http1/body.ts';
import {
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_UNTIL_CLOSE,
} from '../../../src/wire/http1/framing-fields.ts';
import { DONE, FAILED, MORE } from '../../../src/wire/http1/parse-state.ts';
import { defaultRequestHeadLimits, RequestHeadParser } from '../../../src/wire/http1/request-head.ts';
import { ResponseHeadParser } from '../../../src/wire/http1/response-head.ts';
import { TargetParts } from '../../../src/wire/http1/target.ts';

const GET = Buffer.from('GET /a HTTP/1.1\r\nHost: a.test:81\r\nX: 1\r\n\r\n', 'latin1');

test('a parser reads in the middle of a buffer and stops after the head', () => {
  const parser = new RequestHeadParser();
  const bytes = Buffer.concat([Buffer.from('junk'), GET, Buffer.from('body')]);
  assert.equal(parser.parse(bytes, 4, bytes.length), DONE);
  assert.equal(parser.consumed, 4 + GET.length);
  assert.equal(parser.head.method, 'GET');
});

test('a parser does not read beyond the end it is given', () => {
  const parser = new RequestHeadParser();
  assert.equal(parser.parse(GET, 0, GET.length - 1), MORE);
  assert.equal(parser.consumed, GET.length - 1);
  assert.equal(parser.parse(GET, GET.length - 1, GET.length), DONE);
});

test('a head outlives the buffer that it was read from', () => {
  const parser = new RequestHeadParser();
  const bytes = Buffer.from(GET);
  parser.parse(bytes, 0, bytes.length);
  bytes.fill(0);
  assert.deepEqual(parser.head.fields.entries(), [
    ['Host', 'a.test:81'],
    ['X', '1'],
  ]);
});

test('a head stays as it is until the next one begins', () => {
  const parser = new RequestHeadParser();
  parser.parse(GET, 0, GET.length);
  assert.equal(parser.parse(GET, 0, 0), MORE);
  assert.equal(parser.head.target, '/a');
  assert.equal(parser.hasBegun, false);
  assert.equal(parser.parse(GET, 0, 1), MORE);
  assert.equal(parser.head.target, '');
  assert.equal(parser.hasBegun, true);
});

test('a request has not begun with the empty lines before it', () => {
  const parser = new RequestHeadParser();
  assert.equal(parser.hasBegun, false);
  parser.parse(Buffer.from('\r\n'), 0, 2);
  assert.equal(parser.hasBegun, false);
});

test('a parser fills the head that it was given', () => {
  const head = new RequestHead();
  new RequestHeadParser(defaultRequestHeadLimits, head).parse(GET, 0, GET.length);
  assert.equal(head.target, '/a');
  const response = new ResponseHead();
  const bytes = Buffer.from('HTTP/1.1 404 Gone fishing\r\n\r\n');
  new ResponseHeadParser(undefined, response).parse(bytes, 0, bytes.length);
  assert.equal(response.status, 404);
  assert.equal(response.reason, 'Gone fishing');
});

test('known methods are not new strings, and near misses are themselves', () => {
  const parser = new RequestHeadParser();
  for (const method of [
    'GET',
    'GEX',
    'POST',
    'PATCH',
    'PATCX',
    'VERSION-CONTROL',
    'BASELINE-CONTROX',
    'A',
    'get',
    'M'.repeat(40),
  ]) {
    const bytes = Buffer.from(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(parser.parse(bytes, 0, bytes.length), DONE);
    assert.equal(parser.head.method, method);
  }
});

test('fields are known by their numbers', () => {
  const parser = new RequestHeadParser();
  for (const size of [GET.length, 1, 3]) {
    for (let at = 0; at < GET.length; at += size) parser.parse(GET, at, Math.min(GET.length, at + size));
    assert.equal(parser.head.fields.getKnown(FIELD.Host), 'a.test:81');
    assert.equal(parser.head.fields.idAt(1), 0);
  }
});

test('host and port of the Host field are told as offsets', () => {
  const parser = new RequestHeadParser();
  parser.parse(GET, 0, GET.length);
  assert.deepEqual([parser.host.hostStart, parser.host.hostEnd, parser.host.port], [0, 6, 81]);
  const old = Buffer.from('GET / HTTP/1.0\r\n\r\n');
  parser.parse(old, 0, old.length);
  assert.deepEqual([parser.host.hostEnd, parser.host.port], [0, 0]);
});

test('a broken parser stays broken until it is reset, with other limits if wanted', () => {
  const parser = new RequestHeadParser({ ...defaultRequestHeadLimits, fieldCount: 1 });
  assert.equal(parser.parse(GET, 0, GET.length), FAILED);
  assert.equal(parser.failure?.code, 'http-too-many-fields');
  assert.equal(parser.failure?.source, 'downstream');
  assert.equal(parser.parse(GET, 0, GET.length), FAILED);
  parser.reset();
  assert.equal(parser.failure, undefined);
  assert.equal(parser.parse(GET, 0, GET.length), FAILED);
  parser.reset(defaultRequestHeadLimits);
  assert.equal(parser.parse(GET, 0, GET.length), DONE);
});

test('a parser that is reset within a head forgets it', () => {
  const parser = new RequestHeadParser();
  for (let at = 1; at < GET.length; at++) {
    assert.equal(parser.parse(GET, 0, at), MORE);
    parser.reset();
  }
  assert.equal(parser.parse(GET, 0, GET.length), DONE);
  assert.equal(parser.head.fields.count, 2);
});

test('the framing of requests', () => {
  const parser = new RequestHeadParser();
  for (const [field, framing] of [
    ['X: 1', FRAMING_NONE],
    ['Content-Length: 0', FRAMING_NONE],
    ['Content-Length: 1', FRAMING_LENGTH],
    ['Transfer-Encoding: chunked', FRAMING_CHUNKED],
  ] as const) {
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`);
    assert.equal(parser.parse(bytes, 0, bytes.length), DONE);
    assert.equal(parser.framing, framing);
  }
});

test('the framing of responses', () => {
  const parser = new ResponseHeadParser();
  for (const [method, head, framing] of [
    ['GET', '200 OK', FRAMING_UNTIL_CLOSE],
    ['GET', '200 OK\r\nContent-Length: 1', FRAMING_LENGTH],
    ['GET', '200 OK\r\nTransfer-Encoding: chunked', FRAMING_CHUNKED],
    ['HEAD', '200 OK\r\nContent-Length: 1', FRAMING_NONE],
    ['GET', '304 Not Modified\r\nContent-Length: 1', FRAMING_NONE],
    ['GET', '101 Switching Protocols', FRAMING_NONE],
  ] as const) {
    const bytes = Buffer.from(`HTTP/1.1 ${head}\r\n\r\n`);
    parser.begin(method);
    assert.equal(parser.parse(bytes, 0, bytes.length), DONE);
    assert.equal(parser.framing, framing);
  }
});

test('a response that ends before its head is complete is the fault of the backend', () => {
  const parser = new ResponseHeadParser();
  parser.begin('GET');
  parser.parse(Buffer.from('HTTP'), 0, 4);
  const failure = parser.close();
  assert.deepEqual([failure.code, failure.source, failure.status], ['http-truncated', 'upstream', 502]);
  assert.equal(parser.parse(Buffer.from('/'), 0, 1), FAILED);
});

const sink: BodySink & { text: string; ends: number } = {
  text: '',
  ends: 0,
  body(bytes, start, end) {
    this.text += bytes.toString('latin1', start, end);
  },
  bodyEnd() {
    this.ends++;
  },
};

test('a body without octets is complete at the first call', () => {
  sink.ends = 0;
  const decoder = new BodyDecoder();
  decoder.begin(0);
  assert.equal(decoder.isComplete, false);
  assert.equal(decoder.decode(GET, 5, 5, sink), 5);
  assert.equal(decoder.isComplete, true);
  assert.equal(decoder.decode(GET, 5, 9, sink), 5);
  assert.equal(sink.ends, 1);
});

test('a body lent in the middle of a buffer stops where the message ends', () => {
  sink.text = '';
  const decoder = new BodyDecoder();
  const bytes = Buffer.from('xx3\r\nabc\r\n0\r\n\r\nGET');
  decoder.begin(-1);
  assert.equal(decoder.decode(bytes, 2, bytes.length, sink), bytes.length - 3);
  assert.equal(sink.text, 'abc');
});

test('a broken body takes nothing more', () => {
  const decoder = new BodyDecoder('upstream');
  decoder.begin(-1);
  assert.equal(decoder.decode(Buffer.from('3x'), 0, 2, sink), 1);
  assert.deepEqual([decoder.failure?.code, decoder.failure?.status], ['http-bad-chunk', 502]);
  assert.equal(decoder.decode(Buffer.from('abc'), 0, 3, sink), 0);
  decoder.begin(1);
  assert.equal(decoder.failure, undefined);
  assert.equal(decoder.decode(Buffer.from('abc'), 0, 3, sink), 1);
});

test('a target given as text is split and checked like one from the wire', () => {
  const parts = new TargetParts();
  assert.equal(parts.readText('/a/b?c', 'GET'), true);
  assert.deepEqual([parts.pathStart, parts.pathEnd, parts.queryStart], [0, 4, 5]);
  assert.equal(parts.readText('https://h.test:8443/x', 'GET'), true);
  assert.deepEqual([parts.isSecure, parts.authority.port, parts.pathStart], [true, 8443, 19]);
  for (const bad of ['', 'a', '/a b', '/a\n', '/#', '/\u012f', 'http://'])
    assert.equal(parts.readText(bad, 'GET'), false);
});

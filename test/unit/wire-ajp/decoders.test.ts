// What the specification files cannot say: stopping, what is left to the caller, reuse of objects, memory.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RequestHead, ResponseHead } from '../../../src/base/head.ts';
import { encodeForwardRequest, ForwardRequest } from '../../../src/wire/ajp/forward-request.ts';
import { CPING_PACKET } from '../../../src/wire/ajp/front-packets.ts';
import { Gathering } from '../../../src/wire/ajp/gathering.ts';
import { RequestDecoder } from '../../../src/wire/ajp/request-decoder.ts';
import { ResponseDecoder } from '../../../src/wire/ajp/response-decoder.ts';
import { encodeSendHeaders } from '../../../src/wire/ajp/response-encoder.ts';
import { Transcript } from './support/transcript.ts';

const END = Buffer.from('414200020501', 'hex');

function headPacket(status: number, reason: string, ...fields: [string, string][]): Buffer {
  const head = new ResponseHead();
  head.status = status;
  head.reason = reason;
  for (const [name, value] of fields) head.fields.add(name, value);
  const out = Buffer.alloc(8192);
  return out.subarray(0, encodeSendHeaders(head, out, 0, out.length));
}

function chunkPacket(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x41, 0x42, 0, text.length + 4, 3, 0, text.length]), Buffer.from(`${text}\0`)]);
}

function requestPacket(uri: string, ...fields: [string, string][]): Buffer {
  const request = new ForwardRequest();
  request.uri = uri;
  for (const [name, value] of fields) request.fields.add(name, value);
  const out = Buffer.alloc(8192);
  return out.subarray(0, encodeForwardRequest(request, out, 0, out.length));
}

describe('the response decoder', () => {
  test('stops after the call that asks for it, and goes on from there', () => {
    const bytes = Buffer.concat([headPacket(200, 'OK'), chunkPacket('one'), chunkPacket('two'), END]);
    const decoder = new ResponseDecoder();
    const transcript = new Transcript();
    const sink = Object.assign(transcript, {
      flush: () => {},
      body(this: Transcript, piece: Buffer, start: number, end: number) {
        Transcript.prototype.body.call(transcript, piece, start, end);
        decoder.stop();
      },
    });
    decoder.expectResponse(new ResponseHead());
    const first = decoder.decode(bytes, 0, bytes.length, sink);
    assert.deepEqual(transcript.lines, ['head 200 "OK" length unknown', 'body "one"']);
    const second = decoder.decode(bytes, first, bytes.length, sink);
    assert.equal(transcript.bodyOctets.toString(), 'onetwo');
    assert.equal(decoder.decode(bytes, second, bytes.length, sink), bytes.length);
    assert.equal(transcript.lines.at(-1), 'end, reuse');
  });

  test('takes nothing after the end of a response', () => {
    const bytes = Buffer.concat([headPacket(200, 'OK'), END, chunkPacket('stray')]);
    const decoder = new ResponseDecoder();
    const transcript = new Transcript();
    decoder.expectResponse(new ResponseHead());
    assert.equal(decoder.decode(bytes, 0, bytes.length, transcript), bytes.length - chunkPacket('stray').length);
    assert.equal(transcript.lines.at(-1), 'end, reuse');
    assert.ok(decoder.isIdle);
  });

  test('tells whether anything is due', () => {
    const decoder = new ResponseDecoder();
    const transcript = new Transcript();
    assert.ok(decoder.isIdle);
    decoder.expectPong();
    assert.ok(!decoder.isIdle);
    decoder.decode(Buffer.from('4142000109', 'hex'), 0, 5, transcript);
    assert.ok(decoder.isIdle);
    decoder.expectResponse(new ResponseHead());
    assert.ok(!decoder.isIdle);
  });

  test('writes each head into the object it was given, emptied before', () => {
    const decoder = new ResponseDecoder();
    const transcript = new Transcript();
    const head = new ResponseHead();
    for (const [status, fields] of [
      [200, [['Content-Length', '0'] as [string, string], ['X-A', '1'] as [string, string]]],
      [404, [['X-B', '2'] as [string, string]]],
    ] as const) {
      decoder.expectResponse(head);
      const bytes = Buffer.concat([headPacket(status, 'OK', ...fields), END]);
      decoder.decode(bytes, 0, bytes.length, transcript);
    }
    assert.equal(head.status, 404);
    assert.equal(head.bodyLength, -1);
    assert.deepEqual(head.fields.entries(), [['X-B', '2']]);
    assert.equal(head.fields.checkedEnd, 0);
  });

  test('reads a reason that repeats, and one that only has the same length', () => {
    const decoder = new ResponseDecoder();
    const head = new ResponseHead();
    const sink = new Transcript();
    for (const reason of ['OK', 'OK', 'No', '', 'OK', 'Gone']) {
      decoder.expectResponse(head);
      const bytes = Buffer.concat([headPacket(200, reason), END]);
      decoder.decode(bytes, 0, bytes.length, sink);
      assert.equal(head.reason, reason);
    }
    assert.equal(sink.failure, undefined);
  });
});

describe('the request decoder', () => {
  test('hands out one object and fills it anew', () => {
    const head = new RequestHead();
    const decoder = new RequestDecoder({ head });
    const transcript = new Transcript();
    const first = requestPacket('/1', ['X-A', '1']);
    const second = requestPacket('/2', ['X-B', '2']);
    decoder.decode(first, 0, first.length, transcript);
    assert.equal(decoder.request.head, head);
    assert.equal(head.target, '/1');
    decoder.responseEnded();
    decoder.decode(second, 0, second.length, transcript);
    assert.equal(head.target, '/2');
    assert.deepEqual(head.fields.entries(), [['X-B', '2']]);
    assert.equal(head.fields, decoder.request.facts.fields);
  });

  test('leaves a second request to the caller until the first is answered', () => {
    const first = requestPacket('/1');
    const bytes = Buffer.concat([first, requestPacket('/2')]);
    const decoder = new RequestDecoder();
    const transcript = new Transcript();
    assert.equal(decoder.decode(bytes, 0, bytes.length, transcript), first.length);
    assert.equal(decoder.decode(bytes, first.length, bytes.length, transcript), first.length);
    decoder.responseEnded();
    assert.equal(decoder.decode(bytes, first.length, bytes.length, transcript), bytes.length);
    assert.equal(decoder.request.head.target, '/2');
  });

  test('stops after the call that asks for it', () => {
    const bytes = Buffer.concat([CPING_PACKET, CPING_PACKET]);
    const decoder = new RequestDecoder();
    const transcript = Object.assign(new Transcript(), { ping: () => decoder.stop() });
    assert.equal(decoder.decode(bytes, 0, bytes.length, transcript), 5);
  });

  test('counts what is missing of a body', () => {
    const decoder = new RequestDecoder();
    const transcript = new Transcript();
    const bytes = Buffer.concat([requestPacket('/', ['Content-Length', '9']), Buffer.from('1234000400027879', 'hex')]);
    decoder.decode(bytes, 0, bytes.length, transcript);
    assert.equal(decoder.bodyLeft, 7);
    assert.ok(!decoder.isIdle);
  });

  test('tells whether a packet of body is due, to its last octet', () => {
    const decoder = new RequestDecoder();
    const transcript = new Transcript();
    const seen: boolean[] = [];
    const give = (hex: string | Buffer) => {
      const bytes = Buffer.isBuffer(hex) ? hex : Buffer.from(hex, 'hex');
      decoder.decode(bytes, 0, bytes.length, transcript);
      seen.push(decoder.isDataDue);
    };
    give(requestPacket('/', ['Content-Length', '3']));
    give('12340005');
    give('000278');
    give('79');
    // Octets after the data mean nothing: nobody has to wait for them.
    give('00');
    assert.deepEqual(seen.splice(0), [true, true, true, false, false]);
    decoder.expectData();
    give('12');
    give('3400030001');
    give('7a');
    assert.deepEqual(seen.splice(0), [true, true, false]);
    decoder.responseEnded();
    give(requestPacket('/', ['Transfer-Encoding', 'chunked']));
    decoder.expectData();
    give('1234');
    give('0000');
    assert.deepEqual(seen.splice(0), [false, true, false]);
    decoder.expectData();
    decoder.responseEnded();
    give('1234');
    assert.deepEqual(seen, [false], 'nobody waits for the body of a request that was answered');
  });

  test('has a limit of fields that can be chosen', () => {
    const bytes = requestPacket('/', ['X-A', '1'], ['X-B', '2'], ['X-C', '3']);
    for (const [fieldCountMax, expected] of [
      [2, 'ajp-too-many-fields'],
      [3, undefined],
    ] as const) {
      const transcript = new Transcript();
      new RequestDecoder({ fieldCountMax }).decode(bytes, 0, bytes.length, transcript);
      assert.equal(transcript.failure?.code, expected);
    }
  });

  test('a later named attribute replaces an earlier one', () => {
    const request = new ForwardRequest();
    request.addAttribute('A', '1');
    request.addAttribute('B', '2');
    request.addAttribute('A', '3');
    assert.equal(request.attribute('A'), '3');
    assert.equal(request.attribute('C'), undefined);
    request.reset();
    assert.equal(request.attribute('A'), undefined);
  });
});

describe('gathering', () => {
  test('keeps no more than has come, whatever was announced', () => {
    const gathering = new Gathering();
    gathering.take(Buffer.from('abc'), 0, 3, 65532);
    assert.ok(gathering.bytes.length <= 512);
  });

  test('lets a large buffer go after its packet', () => {
    const gathering = new Gathering();
    const size = 60_000;
    for (let at = 0; at < size; ) at = gathering.take(Buffer.alloc(size, 0x41), at, Math.min(size, at + 1000), size);
    assert.equal(gathering.used, size);
    assert.ok(gathering.bytes.length <= 2 * size);
    gathering.clear();
    assert.equal(gathering.bytes.length, 0);
  });
});

// Encoding that has no decoded counterpart: joined repeats, limits, removed fields, reuse.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FIELD } from '../../../src/base/field-names.ts';
import { Fields } from '../../../src/base/fields.ts';
import { ResponseHead } from '../../../src/base/head.ts';
import { chunkBytesMax, dataBytesMax } from '../../../src/wire/ajp/constants.ts';
import { encodeForwardRequest, ForwardRequest } from '../../../src/wire/ajp/forward-request.ts';
import { BODY_END_PACKET, CPING_PACKET, EMPTY_PACKET } from '../../../src/wire/ajp/front-packets.ts';
import { CPONG_PACKET, encodeSendHeaders } from '../../../src/wire/ajp/response-encoder.ts';
import { replayRequest } from './support/replay.ts';

function encode(request: ForwardRequest, packetSize = 8192): Buffer {
  const out = Buffer.alloc(packetSize);
  return out.subarray(0, encodeForwardRequest(request, out, 0, packetSize));
}

/** The field lines that a container reads. */
function fieldLines(request: ForwardRequest): string[] {
  const { transcript } = replayRequest([{ bytes: encode(request) }], []);
  assert.equal(transcript.failure, undefined);
  return transcript.lines.filter((line) => line.startsWith('  ') && line.includes(':')).map((line) => line.trim());
}

function requestWith(...list: [string, string][]): ForwardRequest {
  const fields = new Fields();
  for (const [name, value] of list) fields.add(name, value);
  const request = new ForwardRequest(fields);
  request.uri = '/';
  return request;
}

describe('joined repeats', () => {
  test('stand where the first one stood, as mod_proxy_ajp sends them (P-HDR-10)', () => {
    const request = requestWith(
      ['Host', 'www.example.test'],
      ['X-M', '1'],
      ['X-M', '2'],
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
      ['Connection', 'close'],
      ['X-A', '1'],
    );
    request.mergeRepeats = true;
    assert.deepEqual(fieldLines(request), [
      'Host: www.example.test',
      'X-M: 1, 2',
      'Cookie: a=1, b=2',
      'Connection: close',
      'X-A: 1',
    ]);
  });

  test('of an unknown name are found without any repeated known name', () => {
    const request = requestWith(['X-M', '1'], ['X-N', '-'], ['x-m', '2'], ['X-O', ''], ['X-m', '3']);
    request.mergeRepeats = true;
    assert.deepEqual(fieldLines(request), ['X-M: 1, 2, 3', 'X-N: -', 'X-O:']);
  });

  test('of a known name without a code keep the spelling of the first', () => {
    const request = requestWith(['via', '1.1 a'], ['X-A', '1'], ['Via', '1.1 b']);
    request.mergeRepeats = true;
    assert.deepEqual(fieldLines(request), ['via: 1.1 a, 1.1 b', 'X-A: 1']);
  });

  test('of empty values keep the comma', () => {
    const request = requestWith(['X-A', ''], ['X-A', '1'], ['X-A', '']);
    request.mergeRepeats = true;
    assert.deepEqual(fieldLines(request), ['X-A: , 1,']);
  });

  test('are not joined unless asked for', () => {
    assert.deepEqual(fieldLines(requestWith(['X-M', '1'], ['X-M', '2'])), ['X-M: 1', 'X-M: 2']);
  });

  test('names that only look alike stay apart', () => {
    const request = requestWith(['X-Ab', '1'], ['X-Cb', '2'], ['Y-Ab', '3'], ['X_Ab', '4']);
    request.mergeRepeats = true;
    assert.deepEqual(fieldLines(request), ['X-Ab: 1', 'X-Cb: 2', 'Y-Ab: 3', 'X_Ab: 4']);
  });

  test('a removed field is neither sent nor joined', () => {
    const request = requestWith(['X-M', '1'], ['Cookie', 'a=1'], ['X-M', '2'], ['Cookie', 'b=2'], ['X-M', '3']);
    request.mergeRepeats = true;
    request.fields.removeAt(0);
    request.fields.removeAt(3);
    assert.deepEqual(fieldLines(request), ['Cookie: a=1', 'X-M: 2, 3']);
  });
});

describe('fields', () => {
  test('that were removed are not counted', () => {
    const request = requestWith(['Host', 'h'], ['Connection', 'close'], ['X-A', '1']);
    request.fields.removeKnown(FIELD.Connection);
    assert.deepEqual(fieldLines(request), ['Host: h', 'X-A: 1']);
  });

  test('that were added by id are spelled canonically when they have no code', () => {
    const request = requestWith();
    request.fields.addKnown(FIELD['X-Forwarded-For'], '1.2.3.4');
    request.fields.addKnown(FIELD.Host, 'h');
    assert.deepEqual(fieldLines(request), ['X-Forwarded-For: 1.2.3.4', 'Host: h']);
  });

  test('values of every length around the change from loop to copy are encoded whole', () => {
    const list = Array.from({ length: 75 }, (_, i): [string, string] => [`X-${i}`, 'abc'.repeat(25).slice(0, i)]);
    assert.deepEqual(
      fieldLines(requestWith(...list)),
      list.map(([name, value]) => `${name}: ${value}`.trim()),
    );
  });
});

describe('sizes', () => {
  test('a request of 8192 octets fits, one of 8193 does not', () => {
    const request = requestWith(['X-Big', '']);
    const room = 8192 - encode(request).length;
    request.fields.set('X-Big', 'z'.repeat(room));
    assert.equal(encode(request).length, 8192);
    request.fields.set('X-Big', 'z'.repeat(room + 1));
    assert.equal(encodeForwardRequest(request, Buffer.alloc(20000), 0, 8192), -1);
  });

  test('a larger packet size makes room (P-HDR-20)', () => {
    const request = requestWith(['X-Big', 'z'.repeat(60000)]);
    assert.ok(encode(request, 65536).length > 60000);
    request.fields.set('X-Big', 'z'.repeat(66000));
    assert.equal(encodeForwardRequest(request, Buffer.alloc(100_000), 0, 65536), -1);
    assert.equal(encodeForwardRequest(request, Buffer.alloc(100_000), 0, 100_000), -1, 'no packet is larger');
  });

  test('a head of 8192 octets fits, one of 8193 does not', () => {
    const head = new ResponseHead();
    head.status = 200;
    head.fields.add('X-Big', '');
    const out = Buffer.alloc(9000);
    const room = 8192 - encodeSendHeaders(head, out, 0, 8192);
    head.fields.set('X-Big', 'h'.repeat(room));
    assert.equal(encodeSendHeaders(head, out, 0, 8192), 8192);
    head.fields.set('X-Big', 'h'.repeat(room + 1));
    assert.equal(encodeSendHeaders(head, out, 0, 8192), -1);
  });

  test('body octets of a full packet', () => {
    assert.deepEqual([dataBytesMax(8192), dataBytesMax(65536)], [8186, 65530]);
    assert.deepEqual([chunkBytesMax(8192), chunkBytesMax(65536)], [8184, 65528]);
  });
});

test('the ready-made packets are those of the specification', () => {
  const hex = [CPING_PACKET, BODY_END_PACKET, EMPTY_PACKET, CPONG_PACKET].map((packet) => packet.toString('hex'));
  assert.deepEqual(hex, ['123400010a', '123400020000', '12340000', '4142000109']);
});

test('a request that was reset tells nothing of the one before', () => {
  const request = new ForwardRequest();
  const fresh = structuredClone({ ...request, fields: undefined });
  Object.assign(request, {
    method: 'PATCH',
    protocol: 'HTTP/1.0',
    uri: '/x',
    remoteAddress: 'a',
    remoteHost: 'b',
    serverName: 'c',
    serverPort: 1,
    isSecure: true,
    mergeRepeats: true,
    addsZeroLength: true,
    context: 'd',
    servletPath: 'e',
    secret: 'f',
    remoteUser: 'g',
    authType: 'h',
    queryString: 'i',
    jvmRoute: 'j',
    sslCert: 'k',
    sslCipher: 'l',
    sslSession: 'm',
    sslKeySize: 2,
  });
  for (const key of Object.keys(request)) {
    if (key !== 'fields' && key !== 'attributes' && key !== 'attributeCount') {
      assert.notDeepEqual(Reflect.get(request, key), Reflect.get(fresh, key), `${key} was set`);
    }
  }
  for (let i = 0; i < 40; i++) request.addAttribute(`N${i}`, 'v');
  request.reset();
  assert.deepEqual(structuredClone({ ...request, fields: undefined }), fresh);
});

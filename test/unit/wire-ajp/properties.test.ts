// Encode, cut anywhere, decode: the same facts come out. Random requests, responses and conversations.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UNKNOWN_LENGTH } from '../../../src/base/head.ts';
import { REQUEST_FIELD_CODES, RESPONSE_FIELD_CODES } from '../../../src/wire/ajp/constants.ts';
import { encodeForwardRequest, type ForwardRequest } from '../../../src/wire/ajp/forward-request.ts';
import { encodeDataHeader } from '../../../src/wire/ajp/front-packets.ts';
import { RequestDecoder } from '../../../src/wire/ajp/request-decoder.ts';
import {
  encodeBodyChunkHeader,
  encodeBodyChunkTrailer,
  encodeEndResponse,
  encodeFlushChunk,
  encodeGetBodyChunk,
  encodeSendHeaders,
} from '../../../src/wire/ajp/response-encoder.ts';
import { afterWire, cutFractions, cutsOf, forwardRequest, pieces, responseHead } from './support/arbitraries.ts';
import { replayRequest, replayResponse } from './support/replay.ts';
import type { Step } from './support/spec-file.ts';
import { describeHead } from './support/transcript.ts';

const RUNS = { numRuns: 300 };
const PACKET_SIZE = 65536;
const LARGE = { action: `packet-size ${PACKET_SIZE}` };

function encoded(size: number, encode: (out: Buffer) => number): Buffer {
  const out = Buffer.alloc(size);
  const end = encode(out);
  assert.ok(end >= 0, 'fits');
  return out.subarray(0, end);
}

/** All facts but the table, for comparison. */
function factsOf(request: ForwardRequest): unknown {
  const { fields, attributes, attributeCount, mergeRepeats, ...facts } = request;
  return { ...facts, attributes: attributes.slice(0, attributeCount * 2) };
}

describe('requests', () => {
  test('a request comes out as it went in, at any split', () => {
    fc.assert(
      fc.property(forwardRequest, cutFractions, ({ request, list }, fractions) => {
        const packet = encoded(PACKET_SIZE, (out) => encodeForwardRequest(request, out, 0, PACKET_SIZE));
        const { transcript, decoder } = replayRequest([LARGE, { bytes: packet }], cutsOf(fractions, packet.length));
        assert.equal(transcript.failure, undefined);
        assert.ok(decoder instanceof RequestDecoder);
        const { facts, head } = decoder.request;
        assert.deepEqual(factsOf(facts), factsOf(request));
        assert.deepEqual(head.fields.entries(), afterWire(list, REQUEST_FIELD_CODES.codeById));
        assert.equal(head.method, request.method);
        assert.equal(
          head.target,
          request.queryString === undefined ? request.uri : `${request.uri}?${request.queryString}`,
        );
      }),
      RUNS,
    );
  });

  test('joined fields say the same as separate ones, name by name', () => {
    fc.assert(
      fc.property(forwardRequest, ({ request, list }) => {
        request.mergeRepeats = true;
        const packet = encoded(PACKET_SIZE, (out) => encodeForwardRequest(request, out, 0, PACKET_SIZE));
        const { decoder } = replayRequest([LARGE, { bytes: packet }], []);
        assert.ok(decoder instanceof RequestDecoder);
        const joined = new Map<string, [string, string]>();
        for (const [name, value] of afterWire(list, REQUEST_FIELD_CODES.codeById)) {
          const known = joined.get(name.toLowerCase());
          if (known === undefined) joined.set(name.toLowerCase(), [name, value]);
          else known[1] += `, ${value}`;
        }
        assert.deepEqual(decoder.request.head.fields.entries(), [...joined.values()]);
      }),
      RUNS,
    );
  });

  test('a packet that does not fit is refused, and nothing is written outside the room', () => {
    fc.assert(
      fc.property(
        forwardRequest,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        ({ request }, part, merge) => {
          request.mergeRepeats = merge;
          const needed = encodeForwardRequest(request, Buffer.alloc(PACKET_SIZE), 0, PACKET_SIZE);
          const room = Math.floor(needed * part);
          const out = Buffer.alloc(needed + 10, 0xaa);
          const end = encodeForwardRequest(request, out, 5, room);
          assert.equal(end, room < needed ? -1 : 5 + needed);
          assert.ok(out.subarray(0, 5).every((octet) => octet === 0xaa));
          assert.ok(out.subarray(5 + room).every((octet) => octet === 0xaa));
          assert.equal(encodeForwardRequest(request, out.subarray(0, 5 + room), 5, PACKET_SIZE), end);
        },
      ),
      RUNS,
    );
  });

  test('a body comes out as it went in, at any split, whatever the sizes of its packets', () => {
    fc.assert(
      fc.property(pieces, cutFractions, fc.boolean(), (body, fractions, isChunked) => {
        const steps = requestConversation(body, isChunked);
        const size = steps.reduce((sum, step) => sum + ('bytes' in step ? step.bytes.length : 0), 0);
        const { transcript, left } = replayRequest(steps, cutsOf(fractions, size));
        const whole = replayRequest(steps, []).transcript.lines;
        assert.equal(left, 0);
        assert.equal(transcript.failure, undefined);
        assert.deepEqual(transcript.lines, whole);
        const all = Buffer.concat(body);
        assert.deepEqual(transcript.bodyOctets, all);
        assert.equal(whole.filter((line) => line === 'body end').length, isChunked || all.length > 0 ? 1 : 0);
        assert.equal(whole.at(-1), 'ping');
      }),
      RUNS,
    );
  });
});

/** One request with its body, as a front end sends it packet by packet, and a CPING afterwards. */
function requestConversation(body: readonly Uint8Array[], isChunked: boolean): Step[] {
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  const decoder = new RequestDecoder();
  const request = decoder.request.facts;
  request.method = 'POST';
  request.uri = '/';
  if (isChunked) request.fields.add('Transfer-Encoding', 'chunked');
  else request.fields.add('Content-Length', String(length));
  const steps: Step[] = [{ bytes: encoded(8192, (out) => encodeForwardRequest(request, out, 0, 8192)) }];
  body.forEach((piece, index) => {
    if (isChunked || index > 0) steps.push({ action: 'ask' });
    const header = Buffer.alloc(6);
    encodeDataHeader(header, 0, piece.length);
    steps.push({ bytes: Buffer.concat([header, piece]) });
  });
  if (isChunked) steps.push({ action: 'ask' }, { bytes: Buffer.from('123400020000', 'hex') });
  steps.push({ action: 'answer' }, { bytes: Buffer.from('123400010a', 'hex') });
  return steps;
}

describe('responses', () => {
  test('a head comes out as it went in, at any split', () => {
    fc.assert(
      fc.property(responseHead, cutFractions, ({ head, list }, fractions) => {
        const packet = encoded(PACKET_SIZE, (out) => encodeSendHeaders(head, out, 0, PACKET_SIZE));
        const steps = [LARGE, { action: 'request' }, { bytes: packet }];
        const replay = replayResponse(steps, cutsOf(fractions, packet.length));
        assert.equal(replay.transcript.failure, undefined);
        assert.equal(replay.head.status, head.status);
        assert.equal(replay.head.reason, head.reason);
        assert.equal(replay.head.bodyLength, UNKNOWN_LENGTH);
        assert.deepEqual(replay.head.fields.entries(), afterWire(list, RESPONSE_FIELD_CODES.codeById));
      }),
      RUNS,
    );
  });

  test('a head that does not fit is refused, and nothing is written outside the room', () => {
    fc.assert(
      fc.property(responseHead, fc.double({ min: 0, max: 1, noNaN: true }), ({ head }, part) => {
        const needed = encodeSendHeaders(head, Buffer.alloc(PACKET_SIZE), 0, PACKET_SIZE);
        const room = Math.floor(needed * part);
        const out = Buffer.alloc(needed + 10, 0xaa);
        assert.equal(encodeSendHeaders(head, out, 5, room), room < needed ? -1 : 5 + needed);
        assert.ok(out.subarray(0, 5).every((octet) => octet === 0xaa));
        assert.ok(out.subarray(5 + room).every((octet) => octet === 0xaa));
      }),
      RUNS,
    );
  });

  test('a response comes out as it went in, at any split', () => {
    const events = fc.array(
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 300 }).map((octets) => ({ body: Buffer.from(octets) })),
        fc.constant('flush' as const),
        fc.nat({ max: 65535 }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(responseHead, events, fc.boolean(), cutFractions, ({ head }, list, reuse, fractions) => {
        const bytes = encoded(200_000, (out) => {
          let at = encodeSendHeaders(head, out, 0, PACKET_SIZE);
          for (const event of list) {
            if (event === 'flush') at = encodeFlushChunk(out, at);
            else if (typeof event === 'number') at = encodeGetBodyChunk(out, at, event);
            else {
              at = encodeBodyChunkHeader(out, at, event.body.length);
              at += event.body.copy(out, at);
              at = encodeBodyChunkTrailer(out, at);
            }
          }
          return encodeEndResponse(out, at, reuse);
        });
        const steps = [LARGE, { action: 'request' }, { bytes }];
        const { transcript, left, head: decoded } = replayResponse(steps, cutsOf(fractions, bytes.length));
        const whole = replayResponse(steps, []).transcript.lines;
        assert.equal(left, 0);
        assert.equal(transcript.failure, undefined);
        assert.deepEqual(transcript.lines, whole);
        assert.deepEqual(whole.slice(0, 1), describeHead(decoded).slice(0, 1));
        const sent = list.filter((event) => typeof event === 'object').map((event) => event.body);
        assert.deepEqual(transcript.bodyOctets, Buffer.concat(sent));
        const wanted = list.filter((event) => typeof event === 'number').map((event) => `want body ${event}`);
        assert.deepEqual(
          whole.filter((line) => line.startsWith('want body ')),
          wanted,
        );
        assert.equal(whole.at(-1), reuse ? 'end, reuse' : 'end, close');
        assert.equal(whole.filter((line) => line === 'flush').length, list.filter((event) => event === 'flush').length);
      }),
      RUNS,
    );
  });
});

// The public door `catflap/ajp`: with its exports alone, a front end and a container carry an exchange to its end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BODY_END_PACKET,
  CPING_PACKET,
  CPONG_PACKET,
  chunkBytesMax,
  DATA_HEADER_BYTES,
  dataBytesMax,
  encodeBodyChunkHeader,
  encodeBodyChunkTrailer,
  encodeDataHeader,
  encodeEndResponse,
  encodeForwardRequest,
  encodeGetBodyChunk,
  encodeSendHeaders,
  ForwardRequest,
  PACKET_SIZE_DEFAULT,
  RequestDecoder,
  type RequestSink,
  ResponseDecoder,
  ResponseHead,
  type ResponseSink,
} from '../../../src/ajp.ts';

const PIECE_BYTES = 1009;

/** Answers every request with its own body, in capitals, as long as there is any. */
class Container implements RequestSink {
  readonly #decoder = new RequestDecoder();
  readonly #body: Buffer[] = [];
  readonly #answer: (bytes: Buffer) => void;

  constructor(answer: (bytes: Buffer) => void) {
    this.#answer = answer;
  }

  /** Takes the octets in pieces of a size that fits nothing. */
  receive(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const end = Math.min(at + PIECE_BYTES, bytes.length);
      assert.equal(this.#decoder.decode(bytes, at, end, this), end);
    }
  }

  request(): void {}

  body(bytes: Buffer, start: number, end: number): void {
    this.#body.push(Buffer.from(bytes.subarray(start, end)));
    if (this.#decoder.bodyLeft > 0 && !this.#decoder.isDataDue) this.#ask();
  }

  #ask(): void {
    const out = Buffer.alloc(16);
    this.#decoder.expectData();
    this.#answer(out.subarray(0, encodeGetBodyChunk(out, 0, dataBytesMax(PACKET_SIZE_DEFAULT))));
  }

  bodyEnd(): void {
    const body = Buffer.from(Buffer.concat(this.#body).toString().toUpperCase());
    const head = new ResponseHead();
    head.status = 200;
    head.reason = 'OK';
    head.fields.add('Content-Length', String(body.length));
    const out = Buffer.alloc(body.length * 2 + PACKET_SIZE_DEFAULT);
    let at = encodeSendHeaders(head, out, 0, PACKET_SIZE_DEFAULT);
    for (let from = 0; from < body.length; from += chunkBytesMax(PACKET_SIZE_DEFAULT)) {
      const piece = body.subarray(from, from + chunkBytesMax(PACKET_SIZE_DEFAULT));
      at = encodeBodyChunkHeader(out, at, piece.length);
      at += piece.copy(out, at);
      at = encodeBodyChunkTrailer(out, at);
    }
    this.#decoder.responseEnded();
    this.#answer(out.subarray(0, encodeEndResponse(out, at, true)));
  }

  ping(): void {
    this.#answer(CPONG_PACKET);
  }

  shutdown(): void {}

  failed(failure: Error): void {
    throw failure;
  }
}

test('a front end and a container carry a ping, a body of several packets and its answer', () => {
  const sent = Buffer.alloc(20_000, 'abc ');
  const toFront: Buffer[] = [];
  const toContainer: Buffer[] = [CPING_PACKET];
  const container = new Container((bytes) => toFront.push(Buffer.from(bytes)));
  const decoder = new ResponseDecoder();
  const head = new ResponseHead();
  const received: Buffer[] = [];
  const events: string[] = [];
  let given = 0;
  let asked = 0;
  const sendData = (most: number) => {
    const piece = sent.subarray(given, given + most);
    given += piece.length;
    const packet = Buffer.alloc(DATA_HEADER_BYTES + piece.length);
    piece.copy(packet, encodeDataHeader(packet, 0, piece.length));
    toContainer.push(piece.length > 0 ? packet : BODY_END_PACKET);
  };
  const sink: ResponseSink = {
    pong() {
      const request = new ForwardRequest();
      request.method = 'POST';
      request.uri = '/echo';
      request.fields.add('Content-Length', String(sent.length));
      const out = Buffer.alloc(PACKET_SIZE_DEFAULT);
      toContainer.push(out.subarray(0, encodeForwardRequest(request, out, 0, out.length)));
      decoder.expectResponse(head);
      sendData(dataBytesMax(PACKET_SIZE_DEFAULT));
    },
    head: () => events.push('head'),
    body: (bytes, start, end) => received.push(Buffer.from(bytes.subarray(start, end))),
    flush: () => events.push('flush'),
    wantBody(length) {
      asked++;
      sendData(length);
    },
    end: (reuse) => events.push(`end ${reuse}`),
    failed: (failure) => assert.fail(failure),
  };
  decoder.expectPong();
  for (let turns = 0; turns < 50 && toContainer.length + toFront.length > 0; turns++) {
    for (const bytes of toContainer.splice(0)) container.receive(bytes);
    for (const bytes of toFront.splice(0)) decoder.decode(bytes, 0, bytes.length, sink);
  }
  assert.equal(asked, 2, 'three packets, the first of them unasked');
  assert.deepEqual(events, ['head', 'end true']);
  assert.equal(head.bodyLength, sent.length);
  assert.equal(Buffer.concat(received).toString(), sent.toString().toUpperCase());
});

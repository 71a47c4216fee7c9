// Random and damaged octets into both AJP decoders: nothing but declared failures comes out, nothing is thrown, every
// octet is accounted for, and no table or buffer outgrows the packet size.

import { Failure } from '../../src/base/failure.ts';
import { ResponseHead } from '../../src/base/head.ts';
import { AJP_FAILURE_CODES } from '../../src/wire/ajp/failures.ts';
import { encodeForwardRequest, ForwardRequest } from '../../src/wire/ajp/forward-request.ts';
import { encodeDataHeader } from '../../src/wire/ajp/front-packets.ts';
import { RequestDecoder, type RequestSink } from '../../src/wire/ajp/request-decoder.ts';
import { ResponseDecoder, type ResponseSink } from '../../src/wire/ajp/response-decoder.ts';
import {
  encodeBodyChunkHeader,
  encodeBodyChunkTrailer,
  encodeEndResponse,
  encodeFlushChunk,
  encodeGetBodyChunk,
  encodeSendHeaders,
} from '../../src/wire/ajp/response-encoder.ts';

const PACKET_SIZE = 8192;
/** A table that was filled from one packet: its octets, doubled once by growth. */
const TABLE_BYTES_MAX = 4 * PACKET_SIZE;
const declared: ReadonlySet<string> = new Set(AJP_FAILURE_CODES);

/** What a run has seen, so that a caller can tell that it did something. */
export interface FuzzAccount {
  iterations: number;
  /** How often each failure came. */
  failures: Record<string, number>;
  heads: number;
  requests: number;
  bodyBytes: number;
}

/**
 * Runs `iterations` conversations in each direction; the same seed gives the same run.
 * @throws Error naming seed and iteration when a decoder misbehaves
 */
export function run(seed: number, iterations: number): FuzzAccount {
  const account: FuzzAccount = { iterations, failures: {}, heads: 0, requests: 0, bodyBytes: 0 };
  for (let i = 0; i < iterations; i++) {
    // Each iteration has a seed of its own, so that one alone can be repeated.
    const random = new Random(Math.imul(seed, 0x9e3779b1) + i);
    try {
      fuzzResponse(random, account);
      fuzzRequest(random, account);
    } catch (cause) {
      throw new Error(`fuzz of ajp: seed ${seed}, iteration ${i}: ${cause}`, { cause });
    }
  }
  return account;
}

function fuzzResponse(random: Random, account: FuzzAccount): void {
  const bytes = random.damage(random.chance(8) ? random.octets(300) : makeResponse(random));
  const decoder = new ResponseDecoder(PACKET_SIZE);
  const head = new ResponseHead();
  const watch = new Watch();
  const sink: ResponseSink = {
    head: (seen) => {
      watch.say();
      account.heads++;
      demand(seen === head && seen.status >= 200 && seen.status <= 999, 'a head with a status');
      demand(seen.fields.bytes.length <= TABLE_BYTES_MAX, 'a table within its bounds');
      demand(!/[\r\n\0]/.test(seen.reason + seen.fields.entries().join()), 'a head that splits nothing');
    },
    body: (piece, start, end) => {
      watch.body(piece, start, end);
      account.bodyBytes += end - start;
    },
    flush: () => watch.say(),
    wantBody: (length) => {
      watch.say();
      demand(length >= 0 && length <= 0xffff, 'a length that fits');
    },
    end: () => watch.say(),
    pong: () => {
      watch.say();
      decoder.expectResponse(head);
    },
    failed: (failure) => watch.fail(failure, account),
  };
  if (random.chance(4)) decoder.expectPong();
  else decoder.expectResponse(head);
  feed(random, bytes, watch, (from, start, end) => decoder.decode(from, start, end, sink));
  decoder.inputEnded(sink);
}

function fuzzRequest(random: Random, account: FuzzAccount): void {
  const bytes = random.damage(random.chance(8) ? random.octets(300) : makeConversation(random));
  const decoder = new RequestDecoder({ packetSize: PACKET_SIZE });
  const watch = new Watch();
  const sink: RequestSink = {
    request: ({ head, facts }) => {
      watch.say();
      account.requests++;
      demand(head.method !== '' && facts.uri !== '', 'a request with a method and a URI');
      demand(head.fields.count <= 100, 'no more fields than allowed');
      demand(facts.attributeCount * 7 <= PACKET_SIZE, 'no more attributes than a packet holds');
      demand(head.fields.bytes.length <= TABLE_BYTES_MAX, 'a table within its bounds');
      demand(
        !/[\r\n\0]/.test(head.target + head.method + head.fields.entries().join()),
        'a request that splits nothing',
      );
      const next = random.below(4);
      if (next < 2) decoder.responseEnded();
      else if (next === 2) decoder.expectData();
    },
    body: (piece, start, end) => {
      watch.body(piece, start, end);
      account.bodyBytes += end - start;
      demand(decoder.bodyLeft >= -1, 'no more body than was announced');
      if (random.chance(3)) decoder.expectData();
    },
    bodyEnd: () => {
      watch.say();
      decoder.responseEnded();
    },
    ping: () => watch.say(),
    shutdown: () => watch.close(),
    failed: (failure) => watch.fail(failure, account),
  };
  feed(random, bytes, watch, (from, start, end) => decoder.decode(from, start, end, sink));
  decoder.inputEnded(sink);
}

/** What must hold of every call of a sink. */
class Watch {
  isClosed = false;
  /** Bounds of the piece that the decoder was given. */
  lent: Buffer | undefined = undefined;

  say(): void {
    demand(!this.isClosed, 'silence after a failure');
  }

  body(bytes: Buffer, start: number, end: number): void {
    this.say();
    demand(bytes === this.lent, 'body octets of the piece that was given');
    demand(start >= 1 && start < end && end <= bytes.length - 1, 'body octets inside the piece');
  }

  fail(failure: Failure, account: FuzzAccount): void {
    this.say();
    demand(failure instanceof Failure && declared.has(failure.code), `a declared failure, not ${failure.code}`);
    account.failures[failure.code] = (account.failures[failure.code] ?? 0) + 1;
    this.close();
  }

  close(): void {
    this.isClosed = true;
  }
}

function feed(
  random: Random,
  bytes: Buffer,
  watch: Watch,
  decode: (from: Buffer, start: number, end: number) => number,
): void {
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.below(random.chance(3) ? 4 : 400));
    // One octet on either side that does not belong to the piece.
    const lent = Buffer.alloc(end - at + 2, 0x41);
    bytes.copy(lent, 1, at, end);
    watch.lent = lent;
    const taken = decode(lent, 1, 1 + end - at) - 1;
    demand(taken >= 0 && taken <= end - at, 'a position inside the piece');
    lent.fill(0xee);
    if (watch.isClosed) return;
    // What was not taken waits for another exchange, which this conversation does not have.
    if (taken < end - at) return;
    at = end;
  }
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`);
}

function makeResponse(random: Random): Buffer {
  const out = Buffer.alloc(16 * 1024);
  const head = new ResponseHead();
  head.status = 100 + random.below(700);
  head.reason = random.word();
  for (let i = random.below(8); i > 0; i--) head.fields.add(random.pick(RESPONSE_NAMES), random.word());
  if (random.chance(3)) head.fields.add('Content-Length', String(random.below(600)));
  let at = random.chance(4) ? out.write('\x41\x42\x00\x01\x09', 'latin1') : 0;
  at = encodeSendHeaders(head, out, at, PACKET_SIZE);
  for (let i = random.below(6); i > 0; i--) {
    const kind = random.below(8);
    if (kind < 2) at = encodeFlushChunk(out, at);
    else if (kind === 2) at = encodeGetBodyChunk(out, at, random.below(0x10000));
    else {
      const size = random.below(300);
      at = encodeBodyChunkHeader(out, at, size);
      at += random.octets(size).copy(out, at);
      at = encodeBodyChunkTrailer(out, at);
    }
  }
  return out.subarray(0, encodeEndResponse(out, at, random.chance(2)));
}

function makeConversation(random: Random): Buffer {
  const out = Buffer.alloc(16 * 1024);
  let at = 0;
  for (let i = 1 + random.below(2); i > 0; i--) {
    if (random.chance(4)) at += out.write('\x12\x34\x00\x01\x0a', at, 'latin1');
    at = encodeForwardRequest(makeRequest(random), out, at, PACKET_SIZE);
    for (let packets = random.below(4); packets > 0; packets--) {
      const size = random.below(200);
      at = encodeDataHeader(out, at, size);
      at += random.octets(size).copy(out, at);
    }
  }
  return out.subarray(0, at);
}

function makeRequest(random: Random): ForwardRequest {
  const request = new ForwardRequest();
  request.method = random.pick(['GET', 'POST', 'PATCH', 'MKCOL']);
  request.uri = `/${random.word()}`;
  if (random.chance(2)) request.remoteAddress = random.word();
  if (random.chance(2)) request.serverName = random.word();
  for (let i = random.below(8); i > 0; i--) request.fields.add(random.pick(REQUEST_NAMES), random.word());
  if (random.chance(2)) request.fields.add('Content-Length', String(random.below(400)));
  else if (random.chance(3)) request.fields.add('Transfer-Encoding', 'chunked');
  if (random.chance(2)) request.queryString = random.word();
  if (random.chance(3)) request.secret = random.word();
  if (random.chance(3)) request.sslKeySize = random.below(0x10000);
  for (let i = random.below(3); i > 0; i--) request.addAttribute(random.word(), random.word());
  return request;
}

const RESPONSE_NAMES = ['Content-Type', 'Set-Cookie', 'Location', 'X-Spelled', 'Vary', 'Status'];
const REQUEST_NAMES = ['Host', 'Cookie', 'Accept', 'X-Spelled', 'Via', 'User-Agent'];
/** Octets that mean something somewhere in the protocol. */
const LOADED = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0a, 0x0d, 0x12, 0x34, 0x41, 0x42, 0xa0, 0xff];

/** A small generator of numbers that the seed decides (mulberry32). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000) * limit);
  }

  /** True once in `times`. */
  chance(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  word(): string {
    return 'abcdefghijklmnopqrstuvwxyz0123456789-._~'.repeat(2).slice(this.below(20), 21 + this.below(60));
  }

  octets(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let i = 0; i < size; i++) bytes[i] = this.chance(3) ? this.pick(LOADED) : this.below(256);
    return bytes;
  }

  /** Changes, removes, repeats or cuts off a few octets; one time in four leaves them alone. */
  damage(bytes: Buffer): Buffer {
    if (this.chance(4)) return bytes;
    let damaged: Buffer = Buffer.from(bytes);
    for (let times = 1 + this.below(3); times > 0 && damaged.length > 0; times--) {
      const at = this.below(this.chance(2) ? Math.min(40, damaged.length) : damaged.length);
      const kind = this.below(6);
      if (kind < 3) damaged[at] = kind === 0 ? this.below(256) : this.pick(LOADED);
      else if (kind === 3) damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 1 + this.below(3))]);
      else if (kind === 4) damaged = Buffer.concat([damaged.subarray(0, at), this.octets(3), damaged.subarray(at)]);
      else damaged = damaged.subarray(0, at);
    }
    return damaged;
  }
}

// Holds a case of the specification against the codec and says what differs. It returns its findings instead of
// asserting, so that a test can prove that a planted fault is found.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CANONICAL_NAMES } from '../../../../src/base/field-names.ts';
import { METHODS, methodCode, REQUEST_FIELD_CODES, RESPONSE_FIELD_CODES } from '../../../../src/wire/ajp/constants.ts';
import { encodeForwardRequest } from '../../../../src/wire/ajp/forward-request.ts';
import * as front from '../../../../src/wire/ajp/front-packets.ts';
import { RequestDecoder } from '../../../../src/wire/ajp/request-decoder.ts';
import * as container from '../../../../src/wire/ajp/response-encoder.ts';
import { type Cuts, type Replay, replayRequest, replayResponse } from './replay.ts';
import { type Call, type Case, readCalls, readCases, readTable } from './spec-file.ts';

const FOLDER = join(import.meta.dirname, '../spec');

/** Past this many octets a case is cut at so many places only, spread evenly, and at those near either end. */
const CUTS_MAX = 400;
const PACKET_ROOM = 65536;

export const responseCases: readonly Case[] = readCases(FOLDER, 'response-');
export const requestCases: readonly Case[] = readCases(FOLDER, 'request-');
export const calls: readonly Call[] = readCalls(FOLDER, 'encode-');

export function specFiles(): string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith('.md'));
}

export function checkResponse(one: Case): string[] {
  return check(one, replayResponse, (replay, out) => container.encodeSendHeaders(replay.head, out, 5, PACKET_ROOM));
}

export function checkRequest(one: Case): string[] {
  return check(one, replayRequest, ({ decoder }, out) =>
    decoder instanceof RequestDecoder ? encodeForwardRequest(decoder.request.facts, out, 5, PACKET_ROOM) : -1,
  );
}

function check(
  one: Case,
  replay: (steps: Case['steps'], cuts: Cuts) => Replay,
  encode: (replay: Replay, out: Buffer) => number,
): string[] {
  const size = one.steps.reduce((sum, step) => sum + ('bytes' in step ? step.bytes.length : 0), 0);
  const found: string[] = [];
  for (const cuts of allCuts(size)) {
    const done = replay(one.steps, cuts);
    const events = done.left > 0 ? [...done.transcript.lines, `left ${done.left}`] : done.transcript.lines;
    if (events.join('\n') !== one.events.join('\n')) {
      found.push(`cut at ${cuts}:\n${events.join('\n')}\ninstead of\n${one.events.join('\n')}`);
      break;
    }
    if (one.encodes) found.push(...compareEncoded(one, done, encode));
    if (found.length > 0) break;
  }
  return found;
}

function compareEncoded(one: Case, done: Replay, encode: (replay: Replay, out: Buffer) => number): string[] {
  const first = one.steps.find((step) => 'bytes' in step)?.bytes ?? Buffer.alloc(0);
  const packet = first.subarray(0, 4 + first.readUInt16BE(2));
  const out = Buffer.alloc(PACKET_ROOM + 8, 0xaa);
  const end = encode(done, out);
  if (end < 0) return ['does not fit'];
  const encoded = out.subarray(5, end);
  const hasOverrun = out[4] !== 0xaa || out[end] !== 0xaa;
  if (encoded.equals(packet) && !hasOverrun) return [];
  return [`encodes to\n${encoded.toString('hex')}\ninstead of\n${packet.toString('hex')}`];
}

function* allCuts(size: number): Generator<Cuts> {
  yield [];
  yield 'everywhere';
  if (size <= CUTS_MAX) {
    for (let at = 1; at < size; at++) yield [at];
    return;
  }
  for (let at = 1; at < CUTS_MAX / 4; at++) yield [at];
  for (let i = 1; i < CUTS_MAX / 2; i++) yield [Math.floor((size * i * 2) / CUTS_MAX)];
  for (let at = size - CUTS_MAX / 4; at < size; at++) yield [at];
}

/** A call that writes at the wrong place or returns the wrong end is found too. */
export function checkCall({ call, bytes }: Call): string[] {
  const [name, number] = call.split(' ');
  const out = Buffer.alloc(64, 0xaa);
  const end = perform(name, Number(number), out);
  const written = out.subarray(7, end);
  if (written.equals(bytes) && out[6] === 0xaa && out[end] === 0xaa) return [];
  return [`${call} writes ${written.toString('hex')} instead of ${bytes.toString('hex')}`];
}

function perform(name: string, number: number, out: Buffer): number {
  const at = 7;
  switch (name) {
    case 'encodeCping':
      return front.encodeCping(out, at);
    case 'encodeDataHeader':
      return front.encodeDataHeader(out, at, number);
    case 'encodeBodyChunkHeader':
      return container.encodeBodyChunkHeader(out, at, number);
    case 'encodeBodyChunkTrailer':
      return container.encodeBodyChunkTrailer(out, at);
    case 'encodeFlushChunk':
      return container.encodeFlushChunk(out, at);
    case 'encodeGetBodyChunk':
      return container.encodeGetBodyChunk(out, at, number);
    case 'encodeEndResponse':
      return container.encodeEndResponse(out, at, number === 1);
    case 'encodeCpong':
      return container.encodeCpong(out, at);
    default:
      throw new Error(`no such encoder: ${name}`);
  }
}

/** Holds the tables of code-tables.md against those of the codec, both ways and completely. */
export function checkTables(): string[] {
  const rows = readTable(join(FOLDER, 'code-tables.md'));
  const methods = rows.filter(([code]) => code.length === 2);
  const fields = rows.filter(([code]) => code.length === 4);
  const responses = fields.findLastIndex(([code]) => code === 'A001');
  const found: string[] = [];
  for (const [code, name] of methods) {
    if (methodCode(name) !== Number.parseInt(code, 16)) found.push(`method ${name} is ${methodCode(name)}`);
    if (METHODS[Number.parseInt(code, 16)] !== name)
      found.push(`method ${code} is ${METHODS[Number.parseInt(code, 16)]}`);
  }
  if (methods.length !== METHODS.length - 1) found.push(`${METHODS.length - 1} methods`);
  found.push(...compareTable(fields.slice(0, responses), REQUEST_FIELD_CODES));
  found.push(...compareTable(fields.slice(responses), RESPONSE_FIELD_CODES));
  return found;
}

function compareTable(rows: readonly string[][], codes: typeof REQUEST_FIELD_CODES): string[] {
  const found: string[] = [];
  const names = new Map(rows.map(([code, name]) => [Number.parseInt(code.slice(2), 16), name]));
  codes.idByCode.forEach((id, code) => {
    const name = names.get(code) ?? '';
    if (CANONICAL_NAMES[id] !== name) found.push(`code ${code} is "${CANONICAL_NAMES[id]}" instead of "${name}"`);
    if (name !== '' && codes.codeById[id] !== code) found.push(`"${name}" has code ${codes.codeById[id]}`);
  });
  if (codes.codeById.filter((code) => code !== 0).length !== rows.length)
    found.push('names have codes that are not listed');
  return found;
}

// What a container sends: heads, body chunks, requests for more body, ends, pongs, straight into the output buffer.
// Body octets are not touched here: the caller puts them between header and trailer, once.

import type { ResponseHead } from '../../base/head.ts';
import {
  CHUNK_TRAILER_BYTES,
  CPONG,
  END_RESPONSE,
  FRAME_BYTES,
  GET_BODY_CHUNK,
  PACKET_SIZE_MAX,
  RESPONSE_FIELD_CODES,
  RESPONSE_MAGIC,
  SEND_BODY_CHUNK,
  SEND_HEADERS,
} from './constants.ts';
import { writeFields } from './field-writer.ts';
import { writeText, writeWord } from './octets.ts';

/** Answers a CPING. */
export const CPONG_PACKET: Buffer = Buffer.from([0x41, 0x42, 0x00, 0x01, CPONG]);
/** Room that each of the fixed packets below takes at most. */
export const CONTROL_PACKET_BYTES = 8;

/**
 * Writes SEND_HEADERS: status, reason and fields of `head` (its `bodyLength` is not looked at).
 * An empty reason stays empty; Tomcat 10.1 sends the status digits.
 * @param packetSize octets the whole packet may take, frame included; `out` must have that much room or the rest counts
 * @returns the position after the packet; -1 when it does not fit (Tomcat then sends nothing at all; answer 500)
 */
export function encodeSendHeaders(head: ResponseHead, out: Buffer, at: number, packetSize: number): number {
  const limit = Math.min(at + Math.min(packetSize, PACKET_SIZE_MAX), out.length);
  if (at + FRAME_BYTES + 3 > limit) return -1;
  out[at + FRAME_BYTES] = SEND_HEADERS;
  let to = writeWord(out, at + FRAME_BYTES + 1, head.status);
  to = writeText(out, to, limit, head.reason);
  if (to >= 0) to = writeFields(out, to, limit, head.fields, RESPONSE_FIELD_CODES.codeById, false);
  if (to < 0) return -1;
  writeFrame(out, at, to - at - FRAME_BYTES);
  return to;
}

/**
 * Writes what stands before the octets of a body chunk (`CHUNK_HEADER_BYTES`); `out` must have the room.
 * @param length octets that follow, at most `chunkBytesMax(packetSize)`
 */
export function encodeBodyChunkHeader(out: Buffer, at: number, length: number): number {
  const to = writeFrame(out, at, 3 + length + CHUNK_TRAILER_BYTES);
  out[to] = SEND_BODY_CHUNK;
  return writeWord(out, to + 1, length);
}

/** Writes the octet after a body chunk that mod_proxy_ajp insists on. */
export function encodeBodyChunkTrailer(out: Buffer, at: number): number {
  out[at] = 0;
  return at + CHUNK_TRAILER_BYTES;
}

/** Writes the empty chunk that makes the front end pass on what it holds (Tomcat's `ajpFlush`). */
export function encodeFlushChunk(out: Buffer, at: number): number {
  return encodeBodyChunkTrailer(out, encodeBodyChunkHeader(out, at, 0));
}

/** Asks for the next DATA packet. @param length at most so many octets; Tomcat says `dataBytesMax(packetSize)` */
export function encodeGetBodyChunk(out: Buffer, at: number, length: number): number {
  const to = writeFrame(out, at, 3);
  out[to] = GET_BODY_CHUNK;
  return writeWord(out, to + 1, length);
}

/** Ends the response. @param reuse false when the connection is to be closed */
export function encodeEndResponse(out: Buffer, at: number, reuse: boolean): number {
  const to = writeFrame(out, at, 2);
  out[to] = END_RESPONSE;
  out[to + 1] = reuse ? 1 : 0;
  return to + 2;
}

/** Writes `CPONG_PACKET` at `at`. */
export function encodeCpong(out: Buffer, at: number): number {
  const to = writeFrame(out, at, 1);
  out[to] = CPONG;
  return to + 1;
}

function writeFrame(out: Buffer, at: number, length: number): number {
  return writeWord(out, writeWord(out, at, RESPONSE_MAGIC), length);
}

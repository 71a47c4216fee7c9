// The small packets a front end sends beside FORWARD_REQUEST: body data, ends of a body, CPING. Body octets are not
// touched here: the caller puts them after the header, once.

import { CPING, REQUEST_MAGIC } from './constants.ts';
import { writeWord } from './octets.ts';

/** Asks "are you there?"; the container answers CPONG at once. */
export const CPING_PACKET: Buffer = Buffer.from([0x12, 0x34, 0x00, 0x01, CPING]);
/** Says that the request body ends, as mod_proxy_ajp does. */
export const BODY_END_PACKET: Buffer = Buffer.from([0x12, 0x34, 0x00, 0x02, 0x00, 0x00]);
/** Says that the request body ends, as mod_jk does. */
export const EMPTY_PACKET: Buffer = Buffer.from([0x12, 0x34, 0x00, 0x00]);

/**
 * Writes what stands before the octets of a DATA packet (`DATA_HEADER_BYTES`); `out` must have the room.
 * @param length octets that follow, at most `dataBytesMax(packetSize)`; 0 ends the body
 */
export function encodeDataHeader(out: Buffer, at: number, length: number): number {
  return writeWord(out, writeWord(out, writeWord(out, at, REQUEST_MAGIC), length + 2), length);
}

/** Writes `CPING_PACKET` at `at`; `out` must have the room. */
export function encodeCping(out: Buffer, at: number): number {
  const to = writeWord(out, writeWord(out, at, REQUEST_MAGIC), 1);
  out[to] = CPING;
  return to + 1;
}

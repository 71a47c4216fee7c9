// Feeds the bytes of a case to a decoder in pieces. Every piece lies somewhere inside a larger buffer and is overwritten
// when the decoder returns: a decoder that keeps borrowed bytes is found out.

import { ResponseHead } from '../../../../src/base/head.ts';
import { RequestDecoder } from '../../../../src/wire/ajp/request-decoder.ts';
import { ResponseDecoder } from '../../../../src/wire/ajp/response-decoder.ts';
import type { Step } from './spec-file.ts';
import { Transcript } from './transcript.ts';

/** Where the bytes of a case are cut, as offsets from its first byte. */
export type Cuts = readonly number[] | 'everywhere';

export interface Replay {
  readonly transcript: Transcript;
  /** Bytes that the decoder left in the end. */
  readonly left: number;
  readonly head: ResponseHead;
  readonly decoder: RequestDecoder | ResponseDecoder;
}

const MARGIN = 3;

/** Runs a case of the front end's side. Actions: request, cping, packet-size N, fin. */
export function replayResponse(steps: readonly Step[], cuts: Cuts): Replay {
  const transcript = new Transcript();
  const head = new ResponseHead();
  let decoder = new ResponseDecoder();
  const act = (action: string) => {
    if (action === 'request') decoder.expectResponse(head);
    else if (action === 'cping') decoder.expectPong();
    else if (action === 'cping, then request') {
      decoder.expectPong();
      transcript.onPong = () => decoder.expectResponse(head);
    } else if (action.startsWith('packet-size ')) decoder = new ResponseDecoder(Number(action.slice(12)));
    else if (action === 'fin') decoder.inputEnded(transcript);
    else throw new Error(`unknown action: ${action}`);
  };
  const left = feed(steps, cuts, act, (bytes, start, end) => decoder.decode(bytes, start, end, transcript));
  return { transcript, left, head, decoder };
}

/** Runs a case of the container's side. Actions: ask, answer, packet-size N, fin. */
export function replayRequest(steps: readonly Step[], cuts: Cuts): Replay {
  const transcript = new Transcript();
  let decoder = new RequestDecoder();
  const act = (action: string) => {
    if (action === 'ask') decoder.expectData();
    else if (action === 'answer') decoder.responseEnded();
    else if (action.startsWith('packet-size ')) decoder = new RequestDecoder({ packetSize: Number(action.slice(12)) });
    else if (action === 'fin') decoder.inputEnded(transcript);
    else if (action === 'how much is missing') transcript.say(`missing ${decoder.bodyLeft}`);
    else throw new Error(`unknown action: ${action}`);
  };
  const left = feed(steps, cuts, act, (bytes, start, end) => decoder.decode(bytes, start, end, transcript));
  return { transcript, left, head: new ResponseHead(), decoder };
}

function feed(
  steps: readonly Step[],
  cuts: Cuts,
  act: (action: string) => void,
  decode: (bytes: Buffer, start: number, end: number) => number,
): number {
  let kept: Buffer = Buffer.alloc(0);
  let offset = 0;
  for (const step of steps) {
    if ('action' in step) {
      act(step.action);
      if (kept.length > 0) kept = give(kept, decode);
      continue;
    }
    for (const piece of cut(step.bytes, offset, cuts)) kept = give(Buffer.concat([kept, piece]), decode);
    offset += step.bytes.length;
  }
  return kept.length;
}

/** @returns what the decoder did not take */
function give(piece: Buffer, decode: (bytes: Buffer, start: number, end: number) => number): Buffer {
  const lent = Buffer.alloc(piece.length + 2 * MARGIN, 0x41);
  piece.copy(lent, MARGIN);
  const taken = decode(lent, MARGIN, MARGIN + piece.length) - MARGIN;
  lent.fill(0xee);
  if (taken < 0 || taken > piece.length) throw new Error(`took ${taken} of ${piece.length}`);
  return piece.subarray(taken);
}

function* cut(bytes: Buffer, offset: number, cuts: Cuts): Generator<Buffer> {
  if (cuts === 'everywhere') {
    for (let i = 0; i < bytes.length; i++) yield bytes.subarray(i, i + 1);
    return;
  }
  let from = 0;
  for (const at of cuts) {
    if (at <= offset + from || at >= offset + bytes.length) continue;
    yield bytes.subarray(from, at - offset);
    from = at - offset;
  }
  yield bytes.subarray(from);
}

// Compares two readings of the same bytes. A difference is fine only when the table names it: which verdicts, for bytes
// of which shape, for which reason.

import { isDeepStrictEqual } from 'node:util';
import type { Message, Verdict } from './node-parser.ts';

export interface Difference {
  /** What the codec says: a failure code, `waiting` inside a head, or `accepted`. */
  readonly ours: string;
  /** What Node says: an error code, `accepted`, or `otherwise` when both accept but read something else. */
  readonly node: string;
  /** Bytes (as latin1 text) that the difference may be met with. */
  readonly shape: RegExp | ((text: string) => boolean);
  readonly reason: string;
  /** Bytes that must show it. */
  readonly example: string;
  /** The connection ends after the example. */
  readonly isEnded?: boolean;
}

/** The pair of verdicts, undefined when they agree. */
export function disagreement(own: Verdict, node: Verdict): { ours: string; node: string } | undefined {
  if (own.refusal !== '' && node.refusal !== '') {
    // Where in a message the refusal falls differs; the messages before it must not.
    const whole = Math.max(0, Math.min(own.messages.length, node.messages.length) - 1);
    return same(own.messages.slice(0, whole), node.messages.slice(0, whole))
      ? undefined
      : { ours: own.refusal, node: `otherwise, ${node.refusal}` };
  }
  if (own.refusal === '' && node.refusal === '') {
    return same(own.messages, node.messages) ? undefined : { ours: 'accepted', node: 'otherwise' };
  }
  const ours = own.isWaiting === true ? 'waiting' : own.refusal || 'accepted';
  return { ours, node: node.refusal || 'accepted' };
}

function same(left: readonly Message[], right: readonly Message[]): boolean {
  return isDeepStrictEqual(left, right);
}

/** The entry that covers a disagreement over these bytes. */
export function covering(
  table: readonly Difference[],
  pair: { ours: string; node: string },
  bytes: Buffer,
): Difference | undefined {
  const text = bytes.toString('latin1');
  return table.find(
    ({ ours, node, shape }) =>
      // What Node refuses and the codec accepts in the end is a difference already while the head comes in.
      (ours === pair.ours || (ours === 'accepted' && pair.ours === 'waiting')) &&
      node === pair.node &&
      (typeof shape === 'function' ? shape(text) : shape.test(text)),
  );
}

/** What a test says about a disagreement that nobody listed. */
export function describe(bytes: Buffer, pair: { ours: string; node: string }, own: Verdict, node: Verdict): string {
  const text = JSON.stringify(bytes.toString('latin1'));
  return `${text}\nours: ${pair.ours} ${JSON.stringify(own.messages)}\nnode: ${pair.node} ${JSON.stringify(node.messages)}`;
}

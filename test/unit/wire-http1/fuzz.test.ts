// A short run of the fuzz target, and the proof that it would notice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../fuzz/http1.ts';
import { type Reader, readRequests, readResponses } from './transcript.ts';

const SEED = Number(process.env.CATFLAP_SEED ?? 20_260_101);

test(`2,000 iterations of the fuzz target, seed ${SEED}`, () => {
  run(SEED, 2000);
});

test('planted fault: a reader that forgets a CR at the end of a piece is found out', () => {
  const forgetful: Reader = (pieces, options) =>
    readRequests(
      pieces.map((piece, i) => (i < pieces.length - 1 && piece.at(-1) === 0x0d ? piece.subarray(0, -1) : piece)),
      options,
    );
  assert.throws(() => run(SEED, 2000, { requests: forgetful, responses: readResponses }), /seed .* iteration/);
});

test('planted fault: a reader that throws something undeclared is found out', () => {
  const fragile: Reader = (pieces, options) => {
    if (Buffer.concat(pieces).includes(0xff)) throw new TypeError('planted');
    return readResponses(pieces, options);
  };
  assert.throws(() => run(SEED, 2000, { requests: readRequests, responses: fragile }), /seed .* iteration/);
});

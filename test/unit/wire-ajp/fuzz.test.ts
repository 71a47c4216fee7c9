// A short run of the fuzz target, with a seed of its own each time; a failing seed repeats the failure.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseDecoder } from '../../../src/wire/ajp/response-decoder.ts';
import { run } from '../../fuzz/ajp.ts';

const ITERATIONS = 2_000;

test('damaged octets bring nothing but declared failures', (t) => {
  const seed = Date.now() % 1_000_000_007;
  t.diagnostic(`seed ${seed}`);
  const account = run(seed, ITERATIONS);
  assert.ok(account.heads > ITERATIONS / 10, `${account.heads} heads`);
  assert.ok(account.requests > ITERATIONS / 10, `${account.requests} requests`);
  assert.ok(account.bodyBytes > 0);
  assert.ok(Object.keys(account.failures).length > 15, `only ${Object.keys(account.failures)}`);
});

test('the same seed gives the same run', () => {
  assert.deepEqual(run(4711, 200), run(4711, 200));
});

test('a decoder that throws is found', () => {
  const honest = ResponseDecoder.prototype.decode;
  ResponseDecoder.prototype.decode = function (bytes, start, end, sink) {
    if (bytes[start] === 0x05) throw new RangeError('planted');
    return honest.call(this, bytes, start, end, sink);
  };
  try {
    assert.throws(() => run(1, 500), /seed 1, iteration \d+: RangeError: planted/);
  } finally {
    ResponseDecoder.prototype.decode = honest;
  }
});

test('a failure that nobody declared is found', () => {
  const honest = ResponseDecoder.prototype.inputEnded;
  ResponseDecoder.prototype.inputEnded = function (sink) {
    honest.call(this, {
      ...sink,
      failed: (failure) => sink.failed(Object.assign(failure, { code: 'something-else' })),
    });
  };
  try {
    assert.throws(() => run(1, 500), /a declared failure, not something-else/);
  } finally {
    ResponseDecoder.prototype.inputEnded = honest;
  }
});

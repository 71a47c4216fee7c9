// Two threads on one scoreboard: nothing is lost, and together they keep the shares that one thread would.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Balancer } from '../../../src/balancer/balancer.ts';
import { defaultBalancer, defaultStickiness, METHOD_NAMES } from '../../../src/balancer/config.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { member } from './lab.ts';

const THREADS = 2;
const ROUNDS = 100_000;

for (const method of METHOD_NAMES) {
  test(`two threads electing by ${method} lose no count, and the lock is free afterwards`, {
    timeout: 60_000,
  }, async () => {
    const members = [member('a', { loadFactor: 100 }), member('b', { loadFactor: 300 })];
    const config = defaultBalancer('c', members, { method, stickiness: defaultStickiness('S') });
    const balancer = Balancer.from(config, { clock: systemClock, threads: THREADS });
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const workers = Array.from({ length: THREADS }, (_, thread) => {
      const workerData = { config, placement: balancer.placement, thread, rounds: ROUNDS, gate, threads: THREADS };
      return new Worker(new URL('./elector.worker.ts', import.meta.url), { workerData });
    });
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
    const [a, b] = balancer.members.map((each) => each.state);
    assert.equal(a.elected + b.elected, THREADS * ROUNDS);
    assert.deepEqual([a.busy, b.busy], [0, 0]);
    assert.deepEqual([a.sentBytes + b.sentBytes, a.receivedBytes + b.receivedBytes], [200_000, 400_000]);
    assert.equal(a.board.seizures, 0);
    assert.equal(a.standing + b.standing, 0);
    assert.equal(a.board.lockOwner, -1);
    if (method !== 'byrequests') return;
    // A fifth follows its session to a; a quarter is a's share, so the books make up for it exactly.
    assert.ok(Math.abs(a.elected - (THREADS * ROUNDS) / 4) <= 2, `a was elected ${a.elected} times`);
  });
}

test('a thread that is terminated in the middle of electing stops nobody', { timeout: 60_000 }, async () => {
  const config = defaultBalancer('c', [member('a'), member('b')]);
  const balancer = Balancer.from(config, { clock: systemClock, threads: THREADS });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  for (let round = 0; round < 5; round++) {
    const workerData = { config, placement: balancer.placement, thread: 1, rounds: 1e9, gate, threads: 1 };
    const worker = new Worker(new URL('./elector.worker.ts', import.meta.url), { workerData });
    const { board } = balancer.members[0].state;
    const before = board.electedOf(0);
    while (board.electedOf(0) < before + 1000) await new Promise((resolve) => setImmediate(resolve));
    await worker.terminate();
    balancer.forgetThread(1);
    assert.equal(board.lockOwner, -1);
    assert.equal(balancer.members[0].state.busy, 0);
  }
});

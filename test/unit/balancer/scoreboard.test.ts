// The shared numbers: columns, resets, and a lock that nobody's death can hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METHOD_NAMES } from '../../../src/balancer/config.ts';
import { methodOf } from '../../../src/balancer/methods/index.ts';
import { MAX_THREADS, NEVER, ROW_STEP, Scoreboard } from '../../../src/balancer/scoreboard.ts';

test('a second view of a board sees the same numbers and writes its own column', () => {
  const first = new Scoreboard({ rows: 3, threads: 2 });
  const second = new Scoreboard(first.buffer, 1);
  assert.deepEqual([second.rows, second.threads, second.column], [ROW_STEP, 2, ROW_STEP]);
  first.elected[first.column + 2] += 3;
  second.elected[second.column + 2] += 4;
  first.busy[first.column + 2]++;
  second.busy[second.column + 2]++;
  second.standing[2] = -1.5;
  assert.deepEqual([first.electedOf(2), second.electedOf(2), first.busyOf(2), first.standing[2]], [7, 7, 2, -1.5]);
  assert.deepEqual([first.electedOf(1), first.errorAt[2]], [0, NEVER]);
});

test('the parts of a board do not overlap', () => {
  const board = new Scoreboard({ rows: 20, threads: 3 });
  const parts = [
    board.states,
    board.retries,
    board.checksPassed,
    board.checksFailed,
    board.busy,
    board.standing,
    board.errorAt,
    board.electedBase,
    board.sentBase,
    board.receivedBase,
    board.elected,
    board.sent,
    board.received,
  ];
  for (const [i, part] of parts.entries()) part.fill(i + 1);
  for (const [i, part] of parts.entries()) assert.ok(part.every((value) => value === i + 1));
  assert.equal(board.lockOwner, -1);
  assert.deepEqual([board.rows, new Scoreboard(board.buffer, 2).rows], [32, 32]);
});

test('a thread without a column is refused', () => {
  const board = new Scoreboard({ rows: 1, threads: 2 });
  assert.throws(() => new Scoreboard(board.buffer, 2), RangeError);
  assert.throws(() => new Scoreboard({ rows: 1, threads: 0 }), RangeError);
  assert.throws(() => new Scoreboard({ rows: 1, threads: MAX_THREADS + 1 }), RangeError);
});

test('the lock names its owner and is free after every choice', () => {
  const board = new Scoreboard({ rows: 2, threads: 2 }, 1);
  board.lock();
  assert.equal(board.lockOwner, 1);
  board.unlock();
  const rows = Int32Array.of(0, 1);
  const factors = Int32Array.of(100, 100);
  const heartbeats = { loads: { ready: () => 1 }, random: () => 0 };
  for (const name of METHOD_NAMES) {
    const method = methodOf(name, ['a', 'b'], heartbeats);
    method.choose(board, factors, rows, 2);
    method.follow(board, factors, rows, 2, 1);
    method.reset(board, rows);
    assert.equal(board.lockOwner, -1);
  }
  assert.equal(board.seizures, 0);
});

test('a lock whose owner is dead is seized after bounded waiting, and its late release does no harm', () => {
  const dead = new Scoreboard({ rows: 2, threads: 3 }, 2);
  dead.lock();
  const alive = new Scoreboard(dead.buffer, 0);
  alive.lock();
  assert.deepEqual([alive.lockOwner, alive.seizures], [0, 1]);
  dead.unlock();
  assert.equal(alive.lockOwner, 0);
  alive.unlock();
  assert.equal(alive.lockOwner, -1);
});

test('a thread that has ended leaves neither a lock nor requests in progress, and keeps its counts', () => {
  const board = new Scoreboard({ rows: 2, threads: 2 });
  const ended = new Scoreboard(board.buffer, 1);
  ended.lock();
  ended.busy[ended.column] += 5;
  ended.elected[ended.column] += 5;
  board.busy[board.column] += 1;
  board.forgetThread(1);
  assert.deepEqual([board.lockOwner, board.busyOf(0), board.electedOf(0)], [-1, 1, 5]);
});

test('forgetting a thread leaves the lock of a living one alone', () => {
  const board = new Scoreboard({ rows: 1, threads: 2 });
  board.lock();
  board.forgetThread(1);
  assert.equal(board.lockOwner, 0);
  board.unlock();
});

test('a row can be cleared and copied without writing into any column', () => {
  const board = new Scoreboard({ rows: 2, threads: 1 });
  board.elected[0] = 10;
  board.sent[0] = 20;
  board.received[0] = 30;
  board.standing[0] = 7;
  board.errorAt[0] = 99;
  board.states[0] = 1;
  board.retries[0] = 2;
  board.busy[0] = 1;
  const other = new Scoreboard({ rows: 2, threads: 1 });
  other.copyRow(1, board, 0);
  assert.deepEqual([other.electedOf(1), other.sentOf(1), other.receivedOf(1), other.busyOf(1)], [10, 20, 30, 0]);
  assert.deepEqual([other.standing[1], other.errorAt[1], other.states[1], other.retries[1]], [7, 99, 1, 2]);
  other.elected[1]++;
  assert.equal(other.electedOf(1), 11);
  board.clearRow(0);
  assert.deepEqual([board.electedOf(0), board.sentOf(0), board.receivedOf(0)], [0, 0, 0]);
  assert.deepEqual([board.standing[0], board.errorAt[0], board.states[0], board.retries[0]], [0, NEVER, 0, 0]);
});

// Deadlines on a virtual clock: when they fall due, in which order, and that one failing leaves the others alone.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type Clock, type Timer, VirtualClock } from '../../../src/base/clock.ts';
import { Deadline, Deadlines } from '../../../src/link/deadlines.ts';

let clock: VirtualClock;
let faults: unknown[];
let deadlines: Deadlines;
let expired: string[];

beforeEach(() => {
  clock = new VirtualClock();
  faults = [];
  expired = [];
  deadlines = new Deadlines(clock, (error) => faults.push(error));
});

function named(name: string): Deadline {
  return new Deadline(() => expired.push(`${name}@${clock.now()}`));
}

test('a deadline falls due once, after its delay', () => {
  deadlines.arm(named('a'), 100);
  clock.advance(99);
  assert.deepEqual(expired, []);
  clock.advance(1_000);
  assert.deepEqual(expired, ['a@100']);
});

test('a disarmed deadline never falls due, and disarming twice does no harm', () => {
  const a = named('a');
  deadlines.arm(a, 100);
  deadlines.arm(named('b'), 100);
  deadlines.disarm(a);
  deadlines.disarm(a);
  clock.advance(200);
  assert.deepEqual(expired, ['b@100']);
});

test('arming again starts anew, also with another delay', () => {
  const a = named('a');
  deadlines.arm(a, 100);
  clock.advance(60);
  deadlines.arm(a, 100);
  clock.advance(60);
  assert.deepEqual(expired, []);
  deadlines.arm(a, 5);
  clock.advance(5);
  assert.deepEqual(expired, ['a@125']);
  clock.advance(1_000);
  assert.deepEqual(expired, ['a@125']);
});

test('deadlines of one delay fall due each at its own instant', () => {
  for (let i = 0; i < 5; i++) {
    deadlines.arm(named(String(i)), 100);
    clock.advance(10);
  }
  clock.advance(200);
  assert.deepEqual(expired, ['0@100', '1@110', '2@120', '3@130', '4@140']);
});

test('a deadline that arms itself when it falls due does not hold up those behind it', () => {
  const first: Deadline = new Deadline(() => {
    expired.push(`first@${clock.now()}`);
    deadlines.arm(first, 1_000);
  });
  deadlines.arm(first, 1_000);
  clock.advance(10);
  deadlines.arm(named('second'), 1_000);
  clock.advance(1_000);
  assert.deepEqual(expired, ['first@1000', 'second@1010']);
});

test('an expiry that throws is reported and the others still fall due', () => {
  deadlines.arm(
    new Deadline(() => {
      throw new Error('planted');
    }),
    100,
  );
  deadlines.arm(named('same instant'), 100);
  clock.advance(50);
  deadlines.arm(named('later'), 100);
  clock.advance(500);
  assert.deepEqual(expired, ['same instant@100', 'later@150']);
  assert.equal(faults.length, 1);
});

test('an expiry may disarm the one that would fall due next', () => {
  const b = named('b');
  deadlines.arm(new Deadline(() => deadlines.disarm(b)), 100);
  deadlines.arm(b, 100);
  deadlines.arm(named('c'), 100);
  clock.advance(100);
  assert.deepEqual(expired, ['c@100']);
});

test('a deadline without delay that arms itself again lets time pass', () => {
  const a: Deadline = new Deadline(() => {
    expired.push('a');
    if (expired.length < 1_000) deadlines.arm(a, 0);
  });
  deadlines.arm(a, 0);
  clock.advance(10);
  assert.equal(expired.length, 10);
});

test('ten thousand deadlines of one delay need one timer, and an empty list none', () => {
  let timers = 0;
  const counting: Clock = {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after(delayMs: number, run: () => void): Timer {
      timers++;
      return clock.after(delayMs, run);
    },
  };
  const many = new Deadlines(counting, (error) => faults.push(error));
  const armed = Array.from({ length: 10_000 }, () => named('x'));
  for (const each of armed) many.arm(each, 100);
  assert.equal(timers, 1);
  for (const each of armed) many.disarm(each);
  clock.advance(10_000);
  assert.equal(timers, 1);
  assert.deepEqual(expired, []);
});

// The pool of one backend's connections: which one is taken, who waits, and that the number of open ones is never wrong.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type Acquired, Pool, type Poolable, type PoolLimits, type PoolWaiter } from '../../../src/link/pool.ts';
import { randomFrom } from '../../support/random.ts';

class Line implements Poolable {
  isReusable = true;
  retiredCount = 0;
  readonly label: string | undefined;

  constructor(label?: string) {
    this.label = label;
  }

  retire(): void {
    this.retiredCount++;
    this.isReusable = false;
  }
}

/** Asks again when it is told of a place, as whoever waits does. */
class Waiter implements PoolWaiter {
  got: Acquired<Line>[] = [];
  readonly #pool: Pool<Line>;

  constructor(pool: Pool<Line>) {
    this.#pool = pool;
    this.got.push(pool.acquire(this));
  }

  placeFree(): void {
    this.got.push(this.#pool.acquire(this));
  }
}

const nobody: PoolWaiter = { placeFree: () => assert.fail('nobody waits') };
let now: number;

function poolOf(limits: Partial<PoolLimits> = {}): Pool<Line> {
  return new Pool<Line>({ max: 3, softMax: 3, ttlMs: 0, ...limits }, () => now);
}

/** Opens `count` connections and puts them to rest, oldest first. */
function filled(pool: Pool<Line>, count: number): Line[] {
  const lines = Array.from({ length: count }, () => new Line());
  for (const _ of lines) assert.equal(pool.acquire(nobody), 'dial');
  for (const line of lines) pool.release(line);
  return lines;
}

beforeEach(() => {
  now = 0;
});

test('the connection used last is taken first', () => {
  const pool = poolOf();
  const [first, second] = filled(pool, 2);
  assert.equal(pool.acquire(nobody), second);
  assert.equal(pool.acquire(nobody), first);
  assert.equal(pool.acquire(nobody), 'dial');
  assert.equal(pool.open, 3);
});

test('a connection that died at rest is closed, not lent', () => {
  const pool = poolOf();
  const [good, dead] = filled(pool, 2);
  dead.isReusable = false;
  assert.equal(pool.acquire(nobody), good);
  assert.equal(dead.retiredCount, 1);
  assert.equal(pool.open, 1);
});

test('over the limit requests wait, and are served in the order in which they came', () => {
  const pool = poolOf({ max: 1 });
  const [line] = filled(pool, 1);
  assert.equal(pool.acquire(nobody), line);
  const waiters = [new Waiter(pool), new Waiter(pool), new Waiter(pool)];
  assert.equal(pool.waiting, 3);
  pool.release(line);
  assert.deepEqual(
    waiters.map((waiter) => waiter.got.at(-1)),
    [line, 'wait', 'wait'],
  );
  pool.release(line);
  assert.equal(waiters[1].got.at(-1), line);
  assert.equal(waiters[2].got.length, 1);
  assert.equal(pool.open, 1);
});

test('a waiter gets the place of a connection that is not fit to be used again', () => {
  const pool = poolOf({ max: 1 });
  const [line] = filled(pool, 1);
  pool.acquire(nobody);
  const waiter = new Waiter(pool);
  line.isReusable = false;
  pool.release(line);
  assert.deepEqual(waiter.got, ['wait', 'dial']);
  assert.equal(line.retiredCount, 1);
  assert.equal(pool.open, 1);
});

test('a dial that came to nothing lets the next one try', () => {
  const pool = poolOf({ max: 1 });
  assert.equal(pool.acquire(nobody), 'dial');
  const waiter = new Waiter(pool);
  pool.dropped();
  assert.deepEqual(waiter.got, ['wait', 'dial']);
  pool.dropped();
  assert.equal(pool.open, 0);
});

test('who has stopped waiting is passed over', () => {
  const pool = poolOf({ max: 1 });
  const [line] = filled(pool, 1);
  pool.acquire(nobody);
  const gone = new Waiter(pool);
  const patient = new Waiter(pool);
  pool.stopWaiting(gone);
  pool.release(line);
  assert.deepEqual(gone.got, ['wait']);
  assert.equal(patient.got.at(-1), line);
});

test('a connection that dies at rest is forgotten once, and one that is busy is not', () => {
  const pool = poolOf();
  const [line] = filled(pool, 1);
  pool.forget(line);
  pool.forget(line);
  assert.equal(pool.open, 0);
  assert.equal(pool.acquire(nobody), 'dial');
  pool.forget(line);
  assert.equal(pool.open, 1);
});

test('a fresh connection is asked for: those at rest are closed', () => {
  const pool = poolOf();
  const lines = filled(pool, 3);
  assert.equal(pool.acquireFresh(nobody), 'dial');
  assert.deepEqual(
    lines.map((line) => line.retiredCount),
    [1, 1, 1],
  );
  assert.equal(pool.open, 1);
});

test('only what is above smax and older than ttl is closed, the oldest first', () => {
  const pool = poolOf({ max: 10, softMax: 2, ttlMs: 1_000 });
  const lines = Array.from({ length: 5 }, () => new Line());
  for (const _ of lines) pool.acquire(nobody);
  for (const line of lines) {
    now += 100;
    pool.release(line);
  }
  now = 1_250;
  pool.closeOld();
  assert.deepEqual(
    lines.map((line) => line.retiredCount),
    [1, 1, 0, 0, 0],
  );
  now = 10_000;
  pool.closeOld();
  assert.equal(pool.open, 2);
  assert.equal(pool.idleCount, 2);
});

test('without ttl no connection grows too old', () => {
  const pool = poolOf({ softMax: 0 });
  filled(pool, 3);
  now = 1e9;
  pool.closeOld();
  assert.equal(pool.idleCount, 3);
});

test('a retired pool closes what rests and what comes back, and still serves who waits', () => {
  const pool = poolOf({ max: 2 });
  const [busy, idle] = filled(pool, 2);
  assert.equal(pool.acquire(nobody), idle);
  assert.equal(pool.acquire(nobody), busy);
  pool.release(idle);
  pool.retire();
  assert.equal(idle.retiredCount, 1);
  assert.equal(pool.acquire(nobody), 'dial');
  const waiter = new Waiter(pool);
  pool.release(busy);
  assert.equal(busy.retiredCount, 1);
  assert.deepEqual(waiter.got, ['wait', 'dial']);
});

test('ten thousand may wait; the next one is told that it is full', () => {
  const pool = poolOf({ max: 1 });
  pool.acquire(nobody);
  for (let i = 0; i < 10_000; i++) assert.equal(pool.acquire({ placeFree() {} }), 'wait');
  assert.equal(pool.acquire({ placeFree() {} }), 'full');
});

test('whatever happens in whatever order, the pool counts right and nobody waits while there is room', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomFrom(seed);
    const pick = (count: number): number => random.int(Math.max(1, count));
    const max = 1 + pick(4);
    const pool = poolOf({ max, softMax: pick(3), ttlMs: 50 });
    const busy = new Set<Line>();
    const idle = new Set<Line>();
    let dialling = 0;
    const waiters = new Set<PoolWaiter>();
    const take = (got: Acquired<Line>, waiter: PoolWaiter): void => {
      assert.notEqual(got, 'full');
      if (got === 'dial') dialling++;
      else if (got === 'wait') waiters.add(waiter);
      else {
        assert.ok(idle.delete(got as Line));
        busy.add(got as Line);
      }
    };
    const ask = (isFresh: boolean): void => {
      const waiter: PoolWaiter = {
        placeFree() {
          waiters.delete(waiter);
          take(pool.acquire(waiter), waiter);
        },
      };
      take(isFresh ? pool.acquireFresh(waiter) : pool.acquire(waiter), waiter);
    };
    for (let step = 0; step < 200; step++) {
      now += pick(20);
      const anyBusy = [...busy][pick(busy.size)];
      const anyIdle = [...idle][pick(idle.size)];
      switch (pick(8)) {
        case 0:
        case 1:
          ask(false);
          break;
        case 2:
          ask(pick(2) === 0);
          break;
        case 3:
          if (anyBusy === undefined) break;
          busy.delete(anyBusy);
          if (pick(3) === 0) anyBusy.isReusable = false;
          idle.add(anyBusy);
          pool.release(anyBusy);
          break;
        case 4:
          if (dialling === 0) break;
          dialling--;
          if (pick(2) === 0) pool.dropped();
          else busy.add(new Line());
          break;
        case 5:
          if (anyBusy === undefined) break;
          busy.delete(anyBusy);
          pool.dropped();
          break;
        case 6:
          if (anyIdle === undefined) break;
          anyIdle.isReusable = false;
          pool.forget(anyIdle);
          break;
        default: {
          const waiter = [...waiters][pick(waiters.size)];
          if (waiter !== undefined) {
            waiters.delete(waiter);
            pool.stopWaiting(waiter);
          }
          pool.closeOld();
        }
      }
      for (const line of idle) if (line.retiredCount > 0 || !line.isReusable) idle.delete(line);
      assert.equal(pool.open, busy.size + dialling + pool.idleCount, `open, seed ${seed}, step ${step}`);
      assert.equal(pool.waiting, waiters.size, `waiting, seed ${seed}, step ${step}`);
      assert.ok(pool.open <= max, `limit, seed ${seed}, step ${step}`);
      assert.ok(waiters.size === 0 || pool.open === max, `somebody waits in vain, seed ${seed}, step ${step}`);
    }
  }
});

// --- labels ---------------------------------------------------------------------------------------------------------

test('a connection serves only those who ask for its label, the youngest first', () => {
  const pool = poolOf({ max: 4 });
  const lines = ['a', 'b', 'a', undefined].map((label) => new Line(label));
  for (const line of lines) {
    assert.equal(pool.acquire(nobody, 'nobody’s'), 'dial');
    pool.release(line);
  }
  assert.equal(pool.acquire(nobody, 'b'), lines[1]);
  assert.equal(pool.acquire(nobody, 'a'), lines[2]);
  assert.equal(pool.acquire(nobody, 'a'), lines[0]);
  assert.equal(pool.acquire(nobody), lines[3]);
  assert.deepEqual([pool.open, pool.idleCount], [4, 0]);
});

test('where all places are taken, the oldest idle connection of another label makes room', () => {
  const pool = poolOf({ max: 2 });
  const lines = [new Line('a'), new Line('b')];
  for (const line of lines) {
    assert.equal(pool.acquire(nobody, 'c'), 'dial');
    pool.release(line);
  }
  assert.equal(pool.acquire(nobody, 'c'), 'dial');
  assert.deepEqual([lines[0].retiredCount, lines[1].retiredCount, pool.open, pool.idleCount], [1, 0, 2, 1]);
});

// Octets of an upload that wait: none lost, none twice, in order, and no buffer kept by two.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyQueue } from '../../../src/frontend/upstream/body-queue.ts';
import { randomFrom } from '../../support/random.ts';

function taken(queue: BodyQueue, size: number): string {
  const out = Buffer.alloc(size + 2, '.');
  const count = queue.take(out, 1, size);
  assert.equal(out[0], 0x2e);
  assert.equal(out[count + 1], 0x2e, 'nothing is written behind what was taken');
  return out.toString('latin1', 1, 1 + count);
}

function add(queue: BodyQueue, text: string): void {
  const bytes = Buffer.from(`<${text}>`, 'latin1');
  queue.add(bytes, 1, 1 + text.length);
  bytes.fill('!'); // the octets were only lent
}

test('what goes in first comes out first, in whatever pieces', () => {
  const queue = new BodyQueue();
  add(queue, 'abc');
  add(queue, 'defg');
  assert.equal(queue.length, 7);
  assert.equal(taken(queue, 2), 'ab');
  assert.equal(taken(queue, 4), 'cdef');
  assert.equal(taken(queue, 4), 'g');
  assert.equal(taken(queue, 4), '');
  assert.equal(queue.length, 0);
});

test('adding nothing takes no buffer', () => {
  const queue = new BodyQueue();
  add(queue, '');
  assert.equal(queue.length, 0);
  assert.equal(taken(queue, 10), '');
});

test('more than one buffer holds is kept whole', () => {
  const queue = new BodyQueue();
  const piece = 'x'.repeat(50_000);
  for (let i = 0; i < 5; i++) add(queue, `${i}${piece}`);
  assert.equal(queue.length, 5 * 50_001);
  for (let i = 0; i < 5; i++) assert.equal(taken(queue, 50_001), `${i}${piece}`);
});

test('a cleared queue is empty, and its buffer is not shared with the next two', () => {
  const first = new BodyQueue();
  add(first, 'secret');
  first.clear();
  first.clear();
  assert.equal(first.length, 0);
  const second = new BodyQueue();
  const third = new BodyQueue();
  add(second, 'second');
  add(third, 'third!');
  add(first, 'first.');
  assert.deepEqual([taken(first, 9), taken(second, 9), taken(third, 9)], ['first.', 'second', 'third!']);
});

test('any mix of adding and taking gives the octets back in order', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = randomFrom(seed);
    const queue = new BodyQueue();
    let written = 0;
    let read = 0;
    const octet = (at: number): string => String.fromCharCode((at * 31) & 0xff);
    for (let step = 0; step < 200; step++) {
      if (random.chance(0.5)) {
        const size = random.int(20_000);
        let text = '';
        for (let i = 0; i < size; i++) text += octet(written + i);
        add(queue, text);
        written += size;
      } else {
        const got = taken(queue, random.int(30_000));
        for (let i = 0; i < got.length; i++) assert.equal(got[i], octet(read + i), `seed ${seed}, octet ${read + i}`);
        read += got.length;
      }
      assert.equal(queue.length, written - read);
    }
  }
});

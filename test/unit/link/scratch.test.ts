// The shared output buffer: who owns it, and what happens to it when a socket keeps it.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { SCRATCH_BYTES, Scratch, type ScratchOwner } from '../../../src/link/scratch.ts';

let scratch: Scratch;

/** Writes nowhere: remembers what stood in the scratch when it was told to write. */
class Owner implements ScratchOwner {
  readonly written: string[] = [];

  put(text: string): void {
    scratch.claim(this, text.length);
    scratch.used += scratch.buffer.write(text, scratch.used, 'latin1');
  }

  flushScratch(): void {
    this.written.push(scratch.buffer.toString('latin1', 0, scratch.used));
    scratch.release();
  }
}

beforeEach(() => {
  scratch = new Scratch();
});

test('what one owner puts there piece by piece is written as one', () => {
  const a = new Owner();
  a.put('one ');
  a.put('two');
  assert.deepEqual(a.written, []);
  assert.equal(scratch.isOwnedBy(a), true);
  a.flushScratch();
  assert.deepEqual(a.written, ['one two']);
  assert.equal(scratch.isOwnedBy(a), false);
});

test('another owner makes the first one write before it begins at the front', () => {
  const a = new Owner();
  const b = new Owner();
  a.put('from a');
  b.put('from b');
  assert.deepEqual(a.written, ['from a']);
  assert.equal(scratch.isOwnedBy(b), true);
  assert.equal(scratch.used, 6);
  a.put('again a');
  assert.deepEqual(b.written, ['from b']);
});

test('an owner that needs more room than is left writes first and keeps the scratch', () => {
  const a = new Owner();
  a.put('x'.repeat(SCRATCH_BYTES - 3));
  a.put('four');
  assert.deepEqual(
    a.written.map((each) => each.length),
    [SCRATCH_BYTES - 3],
  );
  assert.equal(scratch.isOwnedBy(a), true);
  assert.equal(scratch.used, 4);
});

test('more than the whole scratch is refused, and nothing is lost by it', () => {
  const a = new Owner();
  a.put('kept');
  assert.throws(() => scratch.claim(a, SCRATCH_BYTES + 1), RangeError);
  a.flushScratch();
  assert.deepEqual(a.written, ['kept']);
});

test('a buffer that was given away is not written into again before it is given back', () => {
  const a = new Owner();
  a.put('held by a slow socket');
  const held = scratch.giveAway();
  assert.notEqual(scratch.buffer, held);
  const b = new Owner();
  b.put('B'.repeat(50));
  assert.equal(held.toString('latin1', 0, 21), 'held by a slow socket');
});

test('buffers that come back are used again', () => {
  const first = scratch.giveAway();
  scratch.giveBack(first);
  scratch.giveAway();
  assert.equal(scratch.buffer, first);
});

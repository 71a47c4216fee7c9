// One connection over a real socket: one write, congestion and its end, pausing, lingering, and that a mistake of ours
// costs this connection alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCRATCH_BYTES } from '../../../src/link/scratch.ts';
import { Place, turns, until } from './support.ts';

test('what is put together between two flushes leaves in one piece', async () => {
  await using place = await Place.open();
  const { peer, connection } = await place.pair();
  const pieces: string[] = [];
  peer.socket.on('data', (bytes: Buffer) => pieces.push(bytes.toString()));
  place.put(connection, 'one ');
  place.put(connection, 'two');
  await turns();
  assert.deepEqual(pieces, []);
  connection.flush();
  await until(() => pieces.length > 0, 'the piece');
  assert.deepEqual(pieces, ['one two']);
  assert.equal(connection.bytesOut, 7);
});

test('connections that take turns with the scratch do not mix their octets', async () => {
  await using place = await Place.open();
  const a = await place.pair();
  const b = await place.pair();
  for (let i = 0; i < 100; i++) {
    place.put(a.connection, 'a'.repeat(997));
    place.put(b.connection, 'b'.repeat(1009));
  }
  a.connection.flush();
  b.connection.flush();
  await until(() => a.peer.byteCount === 99_700 && b.peer.byteCount === 100_900, 'all octets');
  assert.match(a.peer.text, /^a+$/);
  assert.match(b.peer.text, /^b+$/);
});

test('a slow peer gets every octet once, in order, whatever others send meanwhile', async () => {
  await using place = await Place.open();
  const slow = await place.pair();
  const other = await place.pair();
  slow.peer.socket.pause();
  const sent = place.congest(slow.connection);
  for (let i = 0; i < 50; i++) {
    place.put(slow.connection, `<${i}>`);
    slow.connection.flush();
    place.put(other.connection, 'o'.repeat(5_000));
    other.connection.flush();
  }
  let tail = '';
  slow.peer.socket.on('data', (bytes: Buffer) => {
    tail = (tail + bytes.toString('latin1')).slice(-400);
  });
  slow.peer.socket.resume();
  await until(() => slow.owner.drainedCount === 1, 'the word to go on');
  const numbers = Array.from({ length: 50 }, (_, i) => `<${i}>`).join('');
  await until(() => slow.peer.byteCount === sent + numbers.length, 'all octets');
  assert.ok(tail.endsWith(numbers));
  assert.equal(slow.connection.isCongested, false);
  assert.equal(slow.owner.drainedCount, 1);
  assert.match(other.peer.text, /^o+$/);
});

test('what waits when our side is ended still reaches a slow peer, in however many waits it was written', async () => {
  await using place = await Place.open();
  const { peer, connection } = await place.pair();
  peer.socket.pause();
  let sent = place.congest(connection);
  const put = (text: string): void => {
    place.put(connection, text);
    connection.flush();
    sent += text.length;
  };
  for (let i = 0; i < 100; i++) put('y'.repeat(64 * 1024));
  // The first wait is over, the next one has begun.
  const waiting = connection.socket.writableLength;
  peer.socket.resume();
  await until(() => connection.socket.writableLength < waiting, 'the end of the first wait');
  peer.socket.pause();
  await turns();
  assert.ok(connection.isCongested);
  for (let i = 0; i < 100; i++) put('z'.repeat(64 * 1024));
  connection.end();
  peer.socket.resume();
  await until(() => peer.hasEnded || peer.isClosed, 'the end');
  assert.equal(peer.byteCount, sent);
  assert.equal(peer.error, undefined);
});

test('an octet string larger than the scratch is sent after what stands there', async () => {
  await using place = await Place.open();
  const { peer, connection } = await place.pair();
  place.put(connection, 'first ');
  connection.send(Buffer.from('B'.repeat(2 * SCRATCH_BYTES)));
  place.put(connection, ' last');
  connection.flush();
  const size = 2 * SCRATCH_BYTES + 11;
  await until(() => peer.byteCount === size, 'all octets');
  assert.ok(peer.text.startsWith('first BBB') && peer.text.endsWith('BBB last'));
  assert.equal(connection.bytesOut, size);
});

test('an open frame is sealed before anything of it leaves, also when another connection needs the scratch', async () => {
  await using place = await Place.open();
  const a = await place.pair();
  const b = await place.pair();
  const frame = {
    seal(): void {
      a.connection.openFrame = undefined;
      place.link.scratch.used += place.link.scratch.buffer.write(']', place.link.scratch.used);
    },
  };
  place.put(a.connection, '[a');
  a.connection.openFrame = frame;
  place.put(b.connection, 'b');
  b.connection.flush();
  await until(() => a.peer.text === '[a]' && b.peer.text === 'b', 'both');
});

test('what a cut connection had in the scratch is gone and does not reach anyone else', async () => {
  await using place = await Place.open();
  const a = await place.pair();
  const b = await place.pair();
  place.put(a.connection, 'never');
  a.connection.destroy();
  place.put(b.connection, 'b');
  b.connection.flush();
  place.put(a.connection, 'never either');
  a.connection.flush();
  await until(() => b.peer.text === 'b' && a.peer.hasEnded, 'the end');
  assert.equal(a.peer.text, '');
  assert.equal(a.connection.isCongested, true, 'whoever produces must stop');
});

test('a paused connection reads nothing until it goes on', async () => {
  for (const plainReads of [false, true]) {
    await using place = await Place.open(plainReads);
    const { peer, connection, owner } = await place.pair();
    connection.pause();
    peer.socket.write('waits');
    await turns();
    assert.equal(owner.text, '');
    connection.resume();
    await until(() => owner.text === 'waits', 'the octets');
    owner.received = () => connection.pause();
    peer.socket.write('one');
    await turns();
    peer.socket.write('two');
    await turns();
    assert.equal(connection.bytesIn, 8, 'pausing within a read stops the next one');
  }
});

test('a peer that ends its side hears the answer all the same', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  peer.socket.end('question');
  await until(() => owner.hasPeerEnded, 'the end of the question');
  place.put(connection, 'answer');
  connection.flush();
  await until(() => peer.text === 'answer', 'the answer');
  assert.deepEqual(owner.closings, []);
  connection.end();
  await until(() => owner.closings.length === 1, 'the close');
});

test('progress is told when the peer takes something, not when it takes nothing', async () => {
  await using place = await Place.open();
  const { peer, connection } = await place.pair();
  peer.socket.pause();
  place.congest(connection);
  await turns();
  connection.hasProgressed();
  await turns();
  assert.equal(connection.hasProgressed(), false);
  peer.socket.resume();
  await until(() => peer.byteCount > 0, 'some octets');
  await until(() => connection.hasProgressed(), 'progress');
});

test('a lingering close reads on, so that a peer that is still sending can read the answer', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  peer.socket.write('the beginning');
  await until(() => owner.text !== '', 'the beginning');
  place.put(connection, 'no');
  connection.endLingering();
  peer.socket.write(Buffer.alloc(20_000_000));
  await until(() => peer.hasEnded || peer.isClosed, 'the end');
  assert.equal(peer.text, 'no');
  assert.equal(peer.error, undefined);
  peer.socket.end();
  await until(() => owner.closings.length === 1, 'the close');
  assert.equal(owner.text, 'the beginning', 'nothing is heard of what comes after the end');
});

test('a lingering close ends two seconds after the peer has fallen silent', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  connection.endLingering();
  await until(() => peer.hasEnded, 'our end');
  await turns();
  place.clock.advance(1_900);
  peer.socket.write('still here');
  const before = connection.bytesIn;
  await until(() => connection.bytesIn > before, 'the octets');
  place.clock.advance(1_900);
  await turns();
  assert.equal(owner.closings.length, 0);
  place.clock.advance(200);
  await until(() => owner.closings.length === 1, 'the close');
});

test('a peer that never stops sending is cut after thirty seconds', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  connection.endLingering();
  await until(() => peer.hasEnded, 'our end');
  await turns();
  for (let second = 0; second < 31; second++) {
    const before = connection.bytesIn;
    peer.socket.write('x');
    await until(() => connection.bytesIn > before, 'the octet');
    place.clock.advance(1_000);
  }
  await until(() => owner.closings.length === 1, 'the close');
});

test('a lingering close waits for a slow peer as long as it goes on taking', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  peer.socket.pause();
  let sent = place.congest(connection);
  for (let i = 0; i < 640; i++, sent += 65_536) {
    place.put(connection, 'y'.repeat(65_536));
    connection.flush();
  }
  connection.endLingering(10_000);
  for (let round = 0; round < 4; round++) {
    const waiting = connection.socket.writableLength;
    assert.ok(waiting > 0, 'the peer was too quick for this test');
    place.clock.advance(9_000);
    // A tenth of what waits, however quick the machine is.
    const goal = peer.byteCount + 4 * 1024 * 1024;
    const stopAtGoal = (): void => {
      if (peer.byteCount >= goal) peer.socket.pause();
    };
    peer.socket.on('data', stopAtGoal);
    peer.socket.resume();
    await until(() => peer.byteCount >= goal, 'some octets');
    peer.socket.off('data', stopAtGoal);
    await turns(10);
  }
  assert.equal(owner.closings.length, 0, 'cut although it read on');
  peer.socket.resume();
  await until(() => peer.hasEnded || peer.isClosed, 'the end');
  assert.equal(peer.byteCount, sent);
});

test('a lingering close gives up on a peer that takes nothing', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  peer.socket.pause();
  place.congest(connection);
  connection.endLingering(10_000);
  await turns();
  place.clock.advance(30_000);
  await until(() => owner.closings.length === 1, 'the close');
});

test('a reset cannot be taken for a proper end', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  connection.reset();
  await until(() => peer.isClosed, 'the close');
  assert.equal((peer.error as NodeJS.ErrnoException | undefined)?.code, 'ECONNRESET');
  await until(() => owner.closings.length === 1, 'the word');
});

test('a reset after the end closes the connection all the same', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  peer.socket.pause();
  place.congest(connection);
  connection.end();
  connection.reset();
  await until(() => owner.closings.length === 1, 'the close');
  peer.socket.resume();
  await until(() => peer.isClosed || peer.hasEnded, 'the peer hears of it');
});

test('the close of a connection is told once, with its reason', async () => {
  await using place = await Place.open();
  const { peer, connection, owner } = await place.pair();
  peer.socket.resetAndDestroy();
  await until(() => owner.closings.length > 0, 'the word');
  assert.equal((owner.closings[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
  connection.destroy();
  await turns();
  assert.equal(owner.closings.length, 1);
});

for (const name of ['received', 'peerEnded', 'drained', 'closed'] as const) {
  test(`a mistake in ${name} costs this connection alone`, async () => {
    await using place = await Place.open();
    const { peer, connection, owner } = await place.pair();
    const bystander = await place.pair();
    owner.faultIn = name;
    if (name === 'received') peer.socket.write('x');
    if (name === 'peerEnded') peer.socket.end();
    if (name === 'closed') peer.socket.resetAndDestroy();
    if (name === 'drained') {
      peer.socket.pause();
      place.congest(connection);
      peer.socket.resume();
    }
    await until(() => owner.closings.length === 1, 'the close');
    assert.equal(place.faults.length, 1);
    assert.match(place.faults[0], new RegExp(`planted in ${name}`));
    bystander.peer.socket.write('well');
    await until(() => bystander.owner.text === 'well', 'the bystander');
  });
}

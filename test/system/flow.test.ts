// The front holds back: a slow client or a backend that takes nothing costs it no memory.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { endResponse, sendBodyChunk, sendHeaders } from '../support/ajp-peer.ts';
import { write } from '../support/byte-reader.ts';
import { residentBytes } from '../support/child.ts';
import { fetchOnce } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front, UNDER_TEST } from '../support/front.ts';
import { sleep } from '../support/port.ts';

const isLong = process.env.CATFLAP_LONG === '1';
const MIB = 1024 * 1024;
const GROWTH_LIMIT = 32 * MIB;
/** What the kernel may hold in its buffers on the way, and the front besides. */
const AHEAD_LIMIT = 64 * MIB;
const GIB = 1024 * MIB;
const READ_SECONDS = isLong ? 120 : 10;
const WRITE_SECONDS = isLong ? 30 : 5;
const WARM_UP_REQUESTS = 1000;

for (const protocol of ['ajp', 'http'] as const) {
  test(`a client that reads 1 GiB at 1 MB/s costs no memory (${protocol})`, async (t) => {
    await using backends = await FakeBackends.start();
    await using front = await startWarm(backends, protocol);
    let offered = 0;
    backends.intercept = async ({ socket }) => {
      const piece = Buffer.alloc(8184, 'x');
      if (protocol === 'ajp') await write(socket, sendHeaders(200, 'OK', [['Content-Length', String(GIB)]]));
      else await write(socket, Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${GIB}\r\n\r\n`));
      const bytes = protocol === 'ajp' ? sendBodyChunk(piece) : piece;
      for (offered = 0; offered < GIB; offered += piece.length) await write(socket, bytes);
      if (protocol === 'ajp') await write(socket, endResponse(1));
      return true;
    };

    const before = residentBytes(front.child.pid);
    let highest = before;
    let received = 0;
    const client = connect(front.port, '127.0.0.1');
    client.on('error', () => {});
    client.write('GET /x/endless HTTP/1.1\r\nHost: a\r\n\r\n');
    client.on('data', (piece: Buffer) => {
      received += piece.length;
      client.pause();
    });
    const started = performance.now();
    while (performance.now() - started < READ_SECONDS * 1000) {
      await sleep(20);
      if (received < ((performance.now() - started) / 1000) * 1e6) client.resume();
      highest = Math.max(highest, residentBytes(front.child.pid));
    }
    client.destroy();
    t.diagnostic(
      `grew ${((highest - before) / MIB).toFixed(1)} MiB; the backend was ${((offered - received) / MIB).toFixed(1)} MiB ahead`,
    );
    assert.ok(received > READ_SECONDS * 0.5e6, `only ${received} bytes came`);
    assert.ok(highest - before < GROWTH_LIMIT, `grew by ${(highest - before) / MIB} MiB`);
    assert.ok(offered - received < AHEAD_LIMIT, `the backend is ${(offered - received) / MIB} MiB ahead`);
    await stillServes(front, backends);
  });

  test(`an upload the backend does not take costs no memory (${protocol})`, async (t) => {
    await using backends = await FakeBackends.start();
    await using front = await startWarm(backends, protocol);
    backends.intercept = async ({ socket }) => {
      socket.pause();
      await new Promise((resolve) => socket.once('close', resolve));
      return true;
    };
    const before = residentBytes(front.child.pid);
    let highest = before;
    const client = connect(front.port, '127.0.0.1');
    client.on('error', () => {});
    client.write(`POST /x/upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${GIB}\r\n\r\n`);
    const piece = Buffer.alloc(65_536, 'y');
    const started = performance.now();
    while (performance.now() - started < WRITE_SECONDS * 1000) {
      while (!client.destroyed && client.writableLength < 4 * piece.length && client.bytesWritten < GIB / 2)
        client.write(piece);
      await sleep(10);
      highest = Math.max(highest, residentBytes(front.child.pid));
    }
    const taken = client.bytesWritten - client.writableLength;
    assert.equal(client.destroyed, false, 'the front waits with us');
    client.destroy();
    t.diagnostic(`grew ${((highest - before) / MIB).toFixed(1)} MiB; took ${(taken / MIB).toFixed(1)} MiB`);
    assert.ok(highest - before < GROWTH_LIMIT, `grew by ${(highest - before) / MIB} MiB`);
    assert.ok(taken < AHEAD_LIMIT, `took ${taken / MIB} MiB that nobody wanted`);
    await stillServes(front, backends);
  });
}

/** A front that has served enough for its memory to be what serving takes. */
async function startWarm(backends: FakeBackends, protocol: 'ajp' | 'http'): Promise<Front> {
  const front = await Front.start(UNDER_TEST, {
    conf: `ProxyPass /x ${protocol}://127.0.0.1:${backends.ports[protocol].a}/x\n`,
  });
  for (let i = 0; i < WARM_UP_REQUESTS; i += 20)
    await Promise.all(Array.from({ length: 20 }, () => fetchOnce(front.port, { path: '/x/do:big:20000' })));
  return front;
}

async function stillServes(front: Front, backends: FakeBackends): Promise<void> {
  backends.intercept = undefined;
  backends.drop('a'); // ends what is under way, for which the front would wait before it stops
  assert.equal((await fetchOnce(front.port, { path: '/x/after' })).status, 200);
}

// The frontend in a crowd: more connections than descriptors, and a thousand clients that never finish their heads.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchOnce } from '../support/client.ts';
import { Front, PROJECT } from '../support/front.ts';

const DESCRIPTORS = 100;

/** Opens connections that send a text and then nothing; errors are expected and of no interest. */
async function crowd(port: number, count: number, text: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(text);
    sockets.push(socket);
    if (i % 50 === 49) await sleep(5);
  }
  await sleep(200);
  return sockets;
}

describe('a frontend in a crowd', () => {
  it('survives the end of its file descriptors and serves again when some are free', async () => {
    const program = join(PROJECT, 'bin/catflap.mjs');
    const command =
      `bash -c 'ulimit -n ${DESCRIPTORS}; exec ${process.execPath} ${program} front -d @DIR@ -f @CONF@'` as const;
    await using front = await Front.start(command, {});
    const sockets = await crowd(front.port, 3 * DESCRIPTORS, '');
    for (const socket of sockets) socket.destroy();
    await sleep(200);
    const answer = await fetchOnce(front.port, { path: '/local.txt' });
    assert.equal(answer.status, 200);
    assert.equal(front.child.hasEnded, false);
  });

  it('answers others while a thousand clients drip their heads', async () => {
    await using front = await Front.start('catflap', {});
    const sockets = await crowd(front.port, 1000, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    try {
      for (let second = 0; second < 3; second++) {
        for (const socket of sockets) socket.write('a');
        const began = performance.now();
        const answer = await fetchOnce(front.port, { path: '/local.txt' });
        assert.equal(answer.status, 200);
        assert.ok(performance.now() - began < 2_000, 'the answer came at once');
        await sleep(300);
      }
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

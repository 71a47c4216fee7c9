// What an operator does to a server that was started as root, and what must come of it: the same for Catflap and httpd.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isListening, until } from './port.ts';
import { freeLowPort, needsRoot, RootServer, type RootServerKind } from './root-server.ts';

const LIMIT_MS = 15_000;

export function rootScenarios(kind: RootServerKind): void {
  const start = () => RootServer.start(kind);

  test('a rotated log goes on in the new file, which only root may write', needsRoot, async () => {
    await using server = await start();
    assert.equal(await server.get('/local.txt?before'), 200);
    assert.ok(await until(() => server.read('logs/access.log').includes('?before'), LIMIT_MS));
    for (const round of [1, 2]) {
      server.rotate('logs/access.log');
      server.reload();
      let count = 0;
      const arrives = async (): Promise<boolean> => {
        await server.get(`/local.txt?round${round}-${count++}`);
        return server.read('logs/access.log').includes(`GET /local.txt?round${round}-`);
      };
      assert.ok(await until(arrives, LIMIT_MS, 300), server.read('logs/error.log'));
      assert.equal(await server.get(`/local.txt?last${round}`), 200);
      assert.ok(await until(() => server.read('logs/access.log').includes(`?last${round} `), LIMIT_MS));
      const { uid, gid, mode } = statSync(join(server.folder, 'logs/access.log'));
      assert.deepEqual([uid, gid, mode & 0o777], [0, 4, 0o640]);
    }
  });

  test('a log that was moved away is made anew, by root', needsRoot, async () => {
    await using server = await start();
    server.rotate('logs/access.log');
    const { folder } = server;
    const file = join(folder, 'logs/other.log');
    server.configure(`CustomLog ${file} "other %r"\n`);
    server.reload();
    assert.ok(await until(() => existsSync(file), LIMIT_MS));
    assert.equal(statSync(file).uid, 0);
    let count = 0;
    const arrives = async (): Promise<boolean> => {
      await server.get(`/local.txt?${count++}`);
      return server.read('logs/other.log').includes('other GET /local.txt');
    };
    assert.ok(await until(arrives, LIMIT_MS, 300));
  });

  test('a renewed key that only root may read is served', needsRoot, async () => {
    await using server = await start();
    assert.equal(await server.certificateName(), 'www.example.test');
    server.renew('app');
    server.reload();
    const isRenewed = async (): Promise<boolean> => (await server.certificateName()) === 'app.example.test';
    assert.ok(await until(isRenewed, LIMIT_MS, 200), server.read('logs/error.log'));
  });

  test(
    'a configuration file that only root may read comes into force, with a port that only root may bind',
    needsRoot,
    async () => {
      await using server = await start();
      const port = await freeLowPort();
      const file = join(server.folder, 'run/more.conf');
      writeFileSync(file, `Listen 127.0.0.1:${port}\n`);
      chmodSync(file, 0o600);
      server.reload();
      assert.ok(await until(() => isListening(port), LIMIT_MS, 200), server.read('logs/error.log'));
      assert.equal(await server.get('/local.txt', port), 200);
      assert.equal(await server.get('/local.txt'), 200);
    },
  );

  test('PidFile is removed from a folder of root when it ends', needsRoot, async () => {
    await using server = await start();
    process.kill(server.pid, 'SIGTERM');
    assert.ok(await until(() => server.child.hasEnded, LIMIT_MS));
    assert.equal(server.child.end, 0);
    assert.ok(!existsSync(join(server.folder, 'run/server.pid')));
  });
}

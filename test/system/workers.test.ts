// `catflap front` with mod_jk's files and without an httpd.conf.

import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Conversation, fetchOnce } from '../support/client.ts';
import { mustRun } from '../support/command.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { type Front, FrontRefused, PROJECT } from '../support/front.ts';
import { whoAnswered } from '../support/jk.ts';
import { freePort, until } from '../support/port.ts';
import { startWorkersFront } from '../support/seed-jk.ts';

const RELOAD_LIMIT_MS = 15_000;

describe('a frontend without an httpd.conf', () => {
  let backends: FakeBackends;
  before(async () => {
    backends = await FakeBackends.start();
  });
  after(() => backends.stop());

  /** Workers a and b, listed, and lb over them. */
  const workers = () =>
    ['a', 'b']
      .map((name) => `worker.${name}.host=127.0.0.1\nworker.${name}.port=${backends.ports.ajp[name as 'a']}\n`)
      .join('')
      .concat('worker.list=lb,a,b\nworker.lb.type=lb\nworker.lb.balance_workers=a,b\n');

  test('--workers and --mount serve what rules match; the rest is 404', async () => {
    await using front = await startWorkersFront({ workers: workers(), mount: ['/x/*=lb', '!/x/own/*=lb', '/a|/*=a'] });
    const paths = ['/x/p', '/x/p', '/x/own/p', '/a', '/a/p', '/', '/local.txt'];
    assert.deepEqual(await who(front, ...paths), ['a', 'b', '-!404', 'a', 'a', '-!404', '-!404']);
  });

  test('--listen may be said several times', async () => {
    const second = await freePort();
    const more = ['--listen', `127.0.0.1:${second}`];
    await using front = await startWorkersFront({ workers: workers(), mount: ['/a/*=a'], arguments: more });
    for (const port of [front.port, second]) assert.equal(await ask(port, '/a/p'), 'a');
  });

  test('--mounts is read again when the file has changed', async () => {
    await using front = await startWorkersFront({
      workers: workers(),
      files: { 'uriworkermap.properties': '/m/*=a\n' },
      arguments: ['--mounts', '@DIR@/uriworkermap.properties', '-C', 'JkMountFileReload 1'],
    });
    assert.deepEqual(await who(front, '/m/p', '/n/p'), ['a', '-!404']);
    writeLater(front, 'uriworkermap.properties', '/n/*=b\n');
    assert.ok(await until(async () => (await ask(front.port, '/n/p')) === 'b', RELOAD_LIMIT_MS));
    assert.deepEqual(await who(front, '/m/p', '/n/p'), ['-!404', 'b']);
  });

  for (const signal of ['SIGHUP', 'SIGUSR1'] as const)
    test(`${signal} reads workers.properties again; a wrong one leaves the old in force`, async () => {
      await using front = await startWorkersFront({ workers: workers(), mount: ['/x/*=lb'] });
      assert.equal(await ask(front.port, '/x/p'), 'a');
      writeLater(front, 'workers.properties', `${workers()}worker.lb.nonsense=1\n`);
      front.child.signal(signal);
      const told = /workers\.properties:\d+: error: worker\.lb\.nonsense/;
      assert.ok(await until(() => told.test(front.child.output()), RELOAD_LIMIT_MS));
      assert.match(await ask(front.port, '/x/p'), /^[ab]$/);

      writeLater(front, 'workers.properties', workers().replaceAll('=a,b', '=b'));
      front.child.signal(signal);
      const onlyB = async () => (await who(front, '/x/p', '/x/p')).join('') === 'bb';
      assert.ok(await until(onlyB, RELOAD_LIMIT_MS));
    });

  test('status and explain find it by the file of workers alone', async () => {
    await using front = await startWorkersFront({ workers: workers(), mount: ['/x/*=lb'] });
    const file = ['--workers', join(front.dir, 'workers.properties')];
    const program = [process.execPath, join(PROJECT, 'bin/catflap.mjs')];
    const status = await mustRun([...program, 'status', ...file]);
    assert.match(status.stdout, /^lb worker lb, request/m);
    const explained = await mustRun([...program, 'explain', '--live', ...file, '/x/p']);
    assert.match(explained.stdout, /^Worker +lb \(lb\)/m);
  });

  test('a body longer than its first packet goes to the next member, when a connection that had served breaks off', async () => {
    await using front = await startWorkersFront({ workers: workers(), mount: ['/x/*=lb'] });
    assert.deepEqual(await who(front, '/x/p', '/x/p'), ['a', 'b']);
    const body = 'x'.repeat(12_000);
    const answer = await fetchOnce(front.port, { method: 'POST', path: '/x/on:a/do:crash', body });
    assert.equal(whoAnswered(answer), 'b');
    assert.equal(JSON.parse(answer.body.toString()).body_len, body.length);
  });

  // fail_on_status
  test('a status of fail_on_status says what it says, whatever becomes of the body', async () => {
    const soft = `${workers()}worker.a.fail_on_status=-500\n`;
    await using front = await startWorkersFront({ workers: soft, mount: ['/x/*=lb'] });
    assert.equal(await ask(front.port, '/x/on:a/do:status:500/do:crashhdr'), 'b');
    // A connection that broke off would have put it in error.
    assert.ok((await who(front, '/x/p', '/x/p')).includes('a'));
  });

  test('SIGTERM ends it', async () => {
    const front = await startWorkersFront({ workers: workers(), mount: ['/x/*=lb'] });
    assert.equal(await front.stop(), true);
  });

  test('what is wrong in a file is told with file and line, and nothing starts', async () => {
    const start = () => startWorkersFront({ workers: 'worker.list=lb\nworker.lb.type=nonsense\n', mount: ['/x/*=lb'] });
    await assert.rejects(start, (refusal: Error) => {
      assert.ok(refusal instanceof FrontRefused);
      assert.match(refusal.message, /workers\.properties:2: error: worker\.lb\.type: /);
      return true;
    });
  });
});

async function who(front: Front, ...paths: string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const path of paths) answers.push(await ask(front.port, path));
  return answers;
}

async function ask(port: number, path: string): Promise<string> {
  const answer: Conversation = await fetchOnce(port, { path });
  return whoAnswered(answer);
}

/** A time of another second than before, as whoever looks for changes goes by seconds. */
function writeLater(front: Front, name: string, text: string): void {
  const path = join(front.dir, name);
  writeFileSync(path, text);
  const later = Date.now() / 1000 + 2;
  utimesSync(path, later, later);
}

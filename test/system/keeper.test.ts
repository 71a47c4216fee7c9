// The process that stays root beside a frontend that became User: what it is for, and what becomes of either when the
// other one ends.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, lstatSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { processTree } from '../support/child.ts';
import { mustRun } from '../support/command.ts';
import { PROJECT } from '../support/front.ts';
import { until } from '../support/port.ts';
import { rootScenarios } from '../support/root-scenarios.ts';
import { needsRoot, RootServer } from '../support/root-server.ts';

const LIMIT_MS = 15_000;
const WWW_DATA = 33;
const PROGRAM = join(PROJECT, 'bin/catflap.mjs');

describe('Catflap', () => rootScenarios('catflap'));

/** Number of the keeper. */
function keeperOf(server: RootServer): number {
  const [, keeper, ...more] = processTree(server.pid);
  assert.deepEqual(more, []);
  return keeper;
}

/** One that has ended and that nobody has asked about counts as gone. */
function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
}

async function eventually(check: () => boolean | Promise<boolean>, server: RootServer): Promise<void> {
  assert.ok(await until(check, LIMIT_MS, 100), `${server.read('logs/error.log')}${server.child.output()}`);
}

test('the frontend is User, the keeper is root, and only the frontend has sockets that listen', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  const uids = [server.pid, keeperOf(server)].map(
    (pid) => /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1],
  );
  assert.notEqual(uids[0], '0');
  assert.equal(uids[1], '0');
  const { stdout } = await mustRun(['sh', '-c', `ls -l /proc/${keeperOf(server)}/fd | grep -c socket || true`]);
  assert.equal(Number(stdout), 1); // to the frontend
});

for (const [title, user] of [
  ['a frontend that stays root has no keeper', ''],
  ['a frontend whose User is root has no keeper', 'User root\n'],
  ['a frontend whose User has the number of root has no keeper', 'User #0\n'],
] as const)
  test(title, needsRoot, async () => {
    await using server = await RootServer.start('catflap', user);
    assert.deepEqual(processTree(server.pid), [server.pid]);
  });

test('lines of the last requests are written when the whole group is told to end', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  server.rotate('logs/access.log');
  await mustRun([process.execPath, PROGRAM, 'reload', '-d', server.folder, '-f', 'server.conf']);
  for (let i = 0; i < 20; i++) await server.get(`/local.txt?${i}`);
  server.child.signal('SIGTERM');
  await eventually(() => server.child.hasEnded, server);
  assert.equal(server.child.end, 0);
  assert.equal(server.read('logs/access.log').split('\n').length, 21);
});

test('a wrong configuration leaves everything as it is, and logs are opened anew', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  server.configure('Nonsense\n');
  server.renew('app');
  server.rotate('logs/error.log');
  server.reload();
  await eventually(() => /reload-failed .*Nonsense/.test(server.read('logs/error.log')), server);
  assert.equal(await server.certificateName(), 'www.example.test');
  assert.equal(await server.get('/local.txt'), 200);
});

test('logs are opened anew without a reload, too', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  server.rotate('logs/access.log');
  await mustRun([process.execPath, PROGRAM, 'control', 'reopen-logs', '-d', server.folder, '-f', 'server.conf']);
  await server.get('/local.txt?anew');
  await eventually(() => server.read('logs/access.log').includes('?anew'), server);
});

test('without its keeper the frontend serves on, says so, and keeps what it has', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  const keeper = keeperOf(server);
  process.kill(keeper, 'SIGKILL');
  await eventually(() => server.read('logs/error.log').includes('error keeper-ended cause=SIGKILL'), server);
  assert.match(server.child.output(), /error keeper-ended/);
  assert.ok(!existsSync(`/proc/${keeper}`));
  assert.equal(await server.get('/local.txt'), 200);
  for (const each of ['keys', 'run']) chmodSync(join(server.folder, each), 0o755);
  server.renew('app');
  server.reload();
  await eventually(() => server.read('logs/error.log').includes('warn tls-file-kept'), server);
  assert.equal(await server.certificateName(), 'www.example.test');
  assert.equal(await server.get('/local.txt'), 200);
  process.kill(server.pid, 'SIGTERM');
  await eventually(() => server.child.hasEnded, server);
  assert.equal(server.child.end, 0);
});

test('a keeper whose frontend was killed removes PidFile and ends', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  const keeper = keeperOf(server);
  process.kill(server.pid, 'SIGKILL');
  assert.ok(await until(() => !server.hasPidFile && !isThere(keeper), LIMIT_MS));
});

test(
  'the control socket in a folder of root is removed by the keeper when the frontend has ended',
  needsRoot,
  async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await using server = await RootServer.start('catflap');
      const socket = join(server.folder, 'run/server.control');
      assert.ok(lstatSync(socket).isSocket());
      const keeper = keeperOf(server);
      process.kill(server.pid, signal);
      assert.ok(await until(() => !isThere(keeper), LIMIT_MS));
      assert.ok(!existsSync(socket), signal);
      assert.ok(!server.hasPidFile);
    }
  },
);

test('a control socket that is not the frontend’s any more is left by its keeper', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  const socket = join(server.folder, 'run/server.control');
  renameSync(socket, `${socket}.old`);
  const other = createServer().listen(socket);
  await once(other, 'listening');
  const keeper = keeperOf(server);
  process.kill(server.pid, 'SIGTERM');
  assert.ok(await until(() => !isThere(keeper), LIMIT_MS));
  assert.ok(lstatSync(socket).isSocket());
  other.close();
});

test('signals that are for the frontend leave the keeper alone', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  const keeper = keeperOf(server);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGWINCH'] as const) process.kill(keeper, signal);
  await mustRun([process.execPath, PROGRAM, 'reload', '-d', server.folder, '-f', 'server.conf']);
  assert.ok(isThere(keeper));
  assert.equal(keeperOf(server), keeper);
});

test('a PidFile that a reload moves is moved by root', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  const { pid } = server;
  server.configure('PidFile run/moved.pid\n');
  server.reload();
  await eventually(() => existsSync(join(server.folder, 'run/moved.pid')) && !server.hasPidFile, server);
  await eventually(() => Number(server.read('run/moved.pid')) === pid, server);
  process.kill(pid, 'SIGTERM');
  await eventually(() => server.child.hasEnded, server);
  assert.ok(!existsSync(join(server.folder, 'run/moved.pid')));
});

test('what User could lead elsewhere root does not touch', needsRoot, async () => {
  await using server = await RootServer.start('catflap');
  symlinkSync(join(server.folder, 'keys'), join(server.folder, 'htdocs/keys'));
  chownSync(join(server.folder, 'htdocs'), WWW_DATA, WWW_DATA);
  const { folder } = server;
  server.configure(`CustomLog ${folder}/htdocs/keys/own.log "%r"\n`);
  server.reload();
  await eventually(() => /warn keeper-refused .*own\.log/.test(server.child.output()), server);
  await eventually(() => /reload-failed/.test(server.read('logs/error.log')), server);
  assert.ok(!existsSync(join(folder, 'keys/own.log')));
  assert.equal(await server.get('/local.txt'), 200);
});

// The control socket between two ends: who may use it, what is replaced, and how many may talk.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemoryLog } from '../../../src/base/log.ts';
import { askControl } from '../../../src/cli/control-client.ts';
import { ControlSocket } from '../../../src/cli/control-socket.ts';
import { CONTROL_CLIENTS_MAX } from '../../../src/control/limits.ts';
import { ControlRegistry } from '../../../src/control/registry.ts';
import { until } from '../../support/port.ts';

const folder = mkdtempSync(join(tmpdir(), 'control-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const freshPath = (): string => join(folder, `${++count}.control`);

function open(path: string, registry = new ControlRegistry()): Promise<ControlSocket> {
  return ControlSocket.open(path, registry, { pid: process.pid }, new MemoryLog());
}

test('only its owner may use it, whatever the umask; an answer of a megabyte arrives whole', async () => {
  const path = freshPath();
  const registry = new ControlRegistry();
  registry.addOperation({
    name: 'repeat',
    description: '',
    run: ({ text, times }) => String(text).repeat(Number(times)),
  });
  const before = process.umask(0);
  const socket = await open(path, registry);
  process.umask(before);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(await askControl(path, 'repeat', { text: 'é', times: 1_000_000 }), 'é'.repeat(1_000_000));
  await assert.rejects(askControl(path, 'nothing', {}), { code: 'unknown-operation' });
  await socket.close();
  await assert.rejects(askControl(path, 'list', {}), {
    code: 'not-running',
    message: /^no frontend is running behind/,
  });
  await assert.rejects(askControl('/nonexistent/catflap.control', 'list', {}), {
    code: 'not-running',
    message: /there is no folder \/nonexistent; create it/,
  });
});

test('what a dead process left is replaced; a living socket, a file and a link are not', async () => {
  const stale = freshPath();
  // A listening handle that ends without taking its file away.
  const dead = createServer();
  await new Promise<void>((resolve) => {
    dead.listen(`${stale}.first`, resolve);
  });
  symlinkSync(`${stale}.first`, stale);
  await assert.rejects(open(stale), { code: 'control-path-taken' });
  await assert.rejects(open(`${stale}.first`), /another process answers/);
  rmSync(stale);
  const file = freshPath();
  writeFileSync(file, 'precious');
  await assert.rejects(open(file), /is no socket/);
  dead.close();
});

test('a path that no socket can have is told', async () => {
  await assert.rejects(open(join(folder, 'x'.repeat(120))), { code: 'control-path-unfit' });
  await assert.rejects(open(join(folder, 'missing/x.control')), { code: 'control-folder-missing' });
});

test('one client more than allowed is closed at the door, and may come again when one has left', async () => {
  const path = freshPath();
  const socket = await open(path);
  const clients = Array.from({ length: CONTROL_CLIENTS_MAX }, () => connect(path));
  await Promise.all(clients.map((client) => new Promise((resolve) => client.once('data', resolve))));
  await assert.rejects(askControl(path, 'list', {}));
  clients[0].destroy();
  assert.ok(
    await until(
      () =>
        askControl(path, 'list', {}).then(
          () => true,
          () => false,
        ),
      5000,
    ),
  );
  for (const client of clients) client.destroy();
  await socket.close();
});

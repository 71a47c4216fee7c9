// What a frontend that has been taken over gets from its keeper: what the configuration on disk names, and nothing else.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Answer, Word } from '../../src/cli/keeper-words.ts';
import { PROJECT } from '../support/front.ts';
import { freePort, isListening, until } from '../support/port.ts';
import { needsRoot } from '../support/root-server.ts';

const WWW_DATA = 33;
const LIMIT_MS = 10_000;

describe('a keeper', needsRoot, () => {
  let folder = '';
  let port = 0;
  let keeper: ChildProcess;
  let nextId = 1;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keeper-'));
    chmodSync(folder, 0o755);
    for (const each of ['logs', 'own', 'run']) mkdirSync(join(folder, each));
    chownSync(join(folder, 'own'), WWW_DATA, WWW_DATA);
    port = await freePort();
    writeFileSync(join(folder, 'secret'), 'secret\n', { mode: 0o600 });
    configure();
    keeper = fork(join(PROJECT, 'bin/catflap.mjs'), ['keeper'], { cwd: '/' });
    const named = { logs: [join(folder, 'logs/access.log')], addresses: [], pidFile: join(folder, 'run/pid') };
    const options = { file: join(folder, 'front.conf'), serverRoot: folder };
    const user = { uid: WWW_DATA, groups: [WWW_DATA] };
    keeper.send({ kind: 'begin', pid: process.pid, options, user, isDetached: false, named } satisfies Word);
  });
  after(() => {
    keeper.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  function configure(more = ''): void {
    const text = `Listen 127.0.0.1:${port}\nServerName a.test\nCustomLog logs/access.log common\nCustomLog own/own.log common\n${more}`;
    writeFileSync(join(folder, 'front.conf'), text);
  }

  function ask(question: object): Promise<{ answer: Answer; server: Server | undefined }> {
    const id = nextId++;
    return new Promise((resolve) => {
      const hear = (answer: Answer, server: unknown): void => {
        if (answer.id !== id) return;
        keeper.off('message', hear);
        resolve({ answer, server: server as Server | undefined });
      };
      keeper.on('message', hear);
      keeper.send({ ...question, id });
    });
  }

  const refusalOf = async (question: object): Promise<string | undefined> => {
    const { answer } = await ask(question);
    assert.ok(answer.kind === 'write' || answer.kind === 'listen');
    return answer.refusal?.code;
  };

  test('reads what the configuration names, whoever may read it', async () => {
    writeFileSync(join(folder, 'more.conf'), 'Timeout 7\n', { mode: 0o600 });
    configure('Include more.conf\n');
    const { answer } = await ask({ kind: 'read' });
    assert.ok(answer.kind === 'read');
    const texts = new Map(answer.files.contents.map(([path, text]) => [path, Buffer.from(text, 'base64').toString()]));
    assert.equal(texts.get(join(folder, 'more.conf')), 'Timeout 7\n');
    assert.ok(!texts.has(join(folder, 'secret')));
  });

  test('does not read what User could have put there', async () => {
    symlinkSync(join(folder, 'secret'), join(folder, 'own/more.conf'));
    configure('Include own/more.conf\n');
    const { answer } = await ask({ kind: 'read' });
    assert.ok(answer.kind === 'read');
    assert.ok(!JSON.stringify(answer.files).includes(Buffer.from('secret\n').toString('base64')));
    assert.deepEqual(
      answer.refused.map(([path, { code }]) => [path, code]),
      ['more.conf', 'own.log'].map((name) => [join(folder, 'own', name), 'EACCES']),
    );
    configure();
  });

  test('writes to logs that a configuration names, and to nothing else', async () => {
    await ask({ kind: 'read' });
    const log = join(folder, 'logs/access.log');
    assert.equal(await refusalOf({ kind: 'write', path: log, octets: 'a line\xe9\n' }), undefined);
    assert.deepEqual(readFileSync(log, 'latin1'), 'a line\xe9\n');
    for (const path of ['/etc/passwd', join(folder, 'secret'), join(folder, 'logs/other.log'), `${log}/../../secret`])
      assert.equal(await refusalOf({ kind: 'write', path, octets: 'x' }), 'EACCES');
    assert.equal(readFileSync(join(folder, 'secret'), 'utf8'), 'secret\n');
  });

  test('does not write to a log that User could lead elsewhere', async () => {
    symlinkSync(join(folder, 'secret'), join(folder, 'own/own.log'));
    assert.equal(await refusalOf({ kind: 'write', path: join(folder, 'own/own.log'), octets: 'x' }), 'EACCES');
    assert.equal(readFileSync(join(folder, 'secret'), 'utf8'), 'secret\n');
  });

  test('binds addresses that a configuration names, and no other', async () => {
    await ask({ kind: 'read' });
    const other = await freePort();
    const wish = { kind: 'listen', address: '127.0.0.1', backlog: 5 };
    assert.equal(await refusalOf({ ...wish, port: other }), 'EACCES');
    assert.ok(!(await isListening(other)));
    assert.equal(await refusalOf({ ...wish, address: null, port }), 'EACCES');
    const { answer, server } = await ask({ ...wish, port });
    assert.ok(answer.kind === 'listen' && answer.refusal === undefined);
    assert.ok(await isListening(port));
    assert.equal(await refusalOf({ ...wish, port }), 'EADDRINUSE');
    server?.close();
    assert.ok(await until(async () => !(await isListening(port)), LIMIT_MS));
  });

  test('begins once: who it is for cannot be changed', async () => {
    const options = { file: join(folder, 'other.conf'), serverRoot: folder };
    const named = { logs: [join(folder, 'secret')], addresses: [], pidFile: join(folder, 'secret') };
    const user = { uid: 1, groups: [] };
    keeper.send({ kind: 'begin', pid: 1, options, user, isDetached: false, named } satisfies Word);
    assert.equal(await refusalOf({ kind: 'write', path: join(folder, 'secret'), octets: 'x' }), 'EACCES');
  });

  test('moves PidFile to where the configuration in force has it, and removes it when the frontend ends', async () => {
    writeFileSync(join(folder, 'run/pid'), `${process.pid}\n`);
    configure('PidFile run/next\n');
    await ask({ kind: 'read' });
    keeper.send({ kind: 'in-force' });
    await ask({ kind: 'read' });
    assert.ok(!existsSync(join(folder, 'run/pid')));
    assert.equal(readFileSync(join(folder, 'run/next'), 'utf8'), `${process.pid}\n`);
    keeper.disconnect();
    assert.ok(await until(() => keeper.exitCode !== null, LIMIT_MS));
    assert.equal(keeper.exitCode, 0);
    assert.ok(!existsSync(join(folder, 'run/next')));
  });
});

test('nobody starts a keeper by hand', needsRoot, async () => {
  const child = fork(join(PROJECT, 'bin/catflap.mjs'), ['keeper'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  child.disconnect();
  assert.ok(await until(() => child.exitCode !== null, LIMIT_MS));
});

// Whose number stands in a PidFile.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPidFile } from '../../../src/cli/pid-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'pid-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function stateOf(text: string): ReturnType<typeof readPidFile> {
  const file = join(folder, 'pid');
  writeFileSync(file, text);
  return readPidFile(file);
}

test('no file, no number, a dead process, and our own number of an earlier life are nobody', () => {
  assert.deepEqual(readPidFile(join(folder, 'nothing')), { kind: 'none' });
  for (const text of ['', 'x', '-1', '0', '12 34', '99999999999999'])
    assert.deepEqual(stateOf(text).kind, 'stale', JSON.stringify(text));
  assert.deepEqual(stateOf('2147483647\n'), { kind: 'stale', pid: 2147483647 });
  assert.deepEqual(stateOf(`${process.pid}\n`), { kind: 'stale', pid: process.pid });
});

test('the number of another program is stale, that of a frontend is not', async () => {
  // Told apart by the command line, which holds the name of the program.
  const other = spawn('sleep', ['30']);
  const front = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30_000)', '/usr/bin/catflap', 'front']);
  try {
    await Promise.all([once(other, 'spawn'), once(front, 'spawn')]);
    assert.equal(stateOf(`${other.pid}\n`).kind, 'stale');
    assert.deepEqual(stateOf(`${front.pid}\n`), { kind: 'running', pid: front.pid });
  } finally {
    other.kill();
    front.kill();
  }
});

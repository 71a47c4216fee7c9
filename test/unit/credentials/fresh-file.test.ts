import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FILE_MAX_BYTES, FreshFile } from '../../../src/credentials/fresh-file.ts';

test('a file is read once, and again when it has changed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fresh-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'users');
  let parsed = 0;
  const file = new FreshFile(path, (octets) => {
    parsed++;
    return octets;
  });
  const read = () =>
    new Promise<string>((resolve) => file.read((content, error) => resolve(content ?? `${error?.message}`)));

  assert.match(await read(), /ENOENT/);
  writeFileSync(path, 'one');
  assert.deepEqual(await Promise.all([read(), read(), read()]), ['one', 'one', 'one']);
  assert.equal(await read(), 'one');
  assert.equal(parsed, 1);
  writeFileSync(`${path}.new`, 'two');
  renameSync(`${path}.new`, path);
  assert.equal(await read(), 'two');
  rmSync(path);
  assert.match(await read(), /ENOENT/);
  writeFileSync(path, 'two');
  assert.equal(await read(), 'two');
  truncateSync(path, FILE_MAX_BYTES + 1);
  assert.match(await read(), /more than \d+ octets/);
  assert.equal(parsed, 3);
});

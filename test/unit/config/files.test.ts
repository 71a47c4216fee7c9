// Files as an argument: the disk's answers, and those of files that exist only in memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { diskFiles, MemoryFiles, octetsOf, textOf } from '../../../src/config/files.ts';

const here = fileURLToPath(import.meta.url);

test('the disk tells files, directories and what is not there', () => {
  assert.equal(diskFiles.kind(here), 'file');
  assert.equal(diskFiles.kind(`${here}/..`.replace('files.test.ts/..', '')), 'directory');
  for (const path of ['/no/such/file', `${here}/below`, 'a\0b']) assert.equal(diskFiles.kind(path), undefined);
  assert.ok(diskFiles.read(here).length > 100);
  assert.ok(diskFiles.list(here.replace(/[^/]+$/, '')).includes('files.test.ts'));
});

test('files in memory make their directories', () => {
  const files = new MemoryFiles({ '/a/b/c': 'x', '/a/d': 'y' });
  assert.deepEqual(
    ['/a', '/a/b/', '/a/b/c', '/a/x', '/'].map((path) => files.kind(path)),
    ['directory', 'directory', 'file', undefined, 'directory'],
  );
  assert.deepEqual([...files.list('/a')].sort(), ['b', 'd']);
  assert.throws(() => files.read('/nope'));
});

test('octets and text go both ways', () => {
  assert.equal(octetsOf('caf\u00e9'), 'caf\u00c3\u00a9');
  assert.equal(textOf('caf\u00c3\u00a9'), 'caf\u00e9');
  assert.equal(textOf('plain'), 'plain');
});

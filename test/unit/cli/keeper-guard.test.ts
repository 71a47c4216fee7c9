// What root does not touch because somebody else could have led it there.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { guardedContent, guardedPath } from '../../../src/cli/keeper-guard.ts';

const USER = { uid: 4711, groups: [4712, 4713] };
const OTHER = 4800;

describe('guarded paths', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  let folder = '';
  const at = (path: string): string => join(folder, path);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'guard-')); // below a sticky folder, as root's own
    chmodSync(folder, 0o755);
    for (const name of ['root', 'user', 'group', 'world', 'others', 'sticky']) {
      mkdirSync(at(name));
      chmodSync(at(name), 0o755);
      writeFileSync(at(`${name}/file`), 'x', { mode: 0o600 });
    }
    chownSync(at('user'), USER.uid, 0);
    chownSync(at('group'), 0, 4713);
    chmodSync(at('group'), 0o775);
    chmodSync(at('world'), 0o777);
    chownSync(at('others'), OTHER, OTHER);
    chmodSync(at('others'), 0o775);
    chmodSync(at('sticky'), 0o1777);
    writeFileSync(at('sticky/own'), 'x');
    chownSync(at('sticky/own'), USER.uid, 0);
    symlinkSync('../root/file', at('root/near'));
    symlinkSync(at('user/file'), at('root/to-user'));
    symlinkSync(at('root'), at('user/to-root'));
    symlinkSync('loop', at('root/loop'));
    symlinkSync(at('root'), at('link'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [title, path, plain] of [
    ['a file in a folder of root', 'root/file', 'root/file'],
    ['a file that is not there yet', 'root/new', 'root/new'],
    ['a file in a folder of somebody else', 'others/file', 'others/file'],
    ['a link in a folder of root to another', 'root/near', 'root/file'],
    ['a folder that is a link of root', 'link/file', 'root/file'],
    ['a file of root in a sticky folder', 'sticky/file', 'sticky/file'],
    ['a path that climbs', 'root/../root/file', 'root/file'],
  ] as const)
    test(`${title} is touched`, () => assert.equal(guardedPath(at(path), USER), at(plain)));

  for (const [title, path, code] of [
    ['a file in a folder of the user', 'user/file', 'EACCES'],
    ['a file in a folder that a group of the user may change', 'group/file', 'EACCES'],
    ['a file in a folder that everybody may change', 'world/file', 'EACCES'],
    ['a link of root into a folder of the user', 'root/to-user', 'EACCES'],
    ['a link in a folder of the user, wherever it leads', 'user/to-root/file', 'EACCES'],
    ['what is not there yet in a sticky folder', 'sticky/new', 'EACCES'],
    ['what the user has in a sticky folder', 'sticky/own', 'EACCES'],
    ['a link that leads to itself', 'root/loop', 'ELOOP'],
    ['a file below a folder that is not there', 'root/none/file', 'ENOENT'],
    ['a file below a file', 'root/file/file', 'ENOTDIR'],
  ] as const)
    test(`${title} is not touched`, () => assert.throws(() => guardedPath(at(path), USER), { code }));

  test('a text that the user may change is not read for it, nor a device', () => {
    assert.equal(guardedContent(at('root/file'), USER), at('root/file'));
    writeFileSync(at('root/theirs'), 'x');
    chownSync(at('root/theirs'), USER.uid, 0);
    assert.equal(guardedPath(at('root/theirs'), USER), at('root/theirs'));
    assert.throws(() => guardedContent(at('root/theirs'), USER), { code: 'EACCES' });
    assert.throws(() => guardedContent(at('user'), USER), { code: 'EACCES' });
    assert.throws(() => guardedContent('/dev/null', USER), { code: 'EACCES' });
  });

  test('a folder whose group may not write is safe from that group, even when others may not be', () => {
    linkSync(at('root/file'), at('root/second'));
    assert.equal(guardedPath(at('root/second'), USER), at('root/second'));
    chownSync(at('world'), 0, 4712);
    chmodSync(at('world'), 0o757);
    assert.equal(guardedPath(at('world/file'), USER), at('world/file'));
  });
});

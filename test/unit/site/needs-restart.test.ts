// What a reload cannot change, with the line that asks for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../../src/config/finding.ts';
import { whatNeedsRestart } from '../../../src/site/changes/needs-restart.ts';
import { site } from './support.ts';

const told = (before: string, after: string): string[] =>
  whatNeedsRestart(site(before), site(after)).map(formatFinding);

test('User, Group, ListenBacklog and DefaultRuntimeDir are told with file and line when they change', () => {
  const before = 'User a\nGroup b\nListenBacklog 5\nDefaultRuntimeDir rt';
  assert.deepEqual(told(before, before), []);
  const lines = told(before, `${before}\nUser x\nGroup y\nListenBacklog 6\nDefaultRuntimeDir other`);
  assert.deepEqual(
    lines.map((line) => line.split(': ').slice(0, 3).join(' ')),
    [
      '/srv/httpd.conf:8 warning User',
      '/srv/httpd.conf:9 warning Group',
      '/srv/httpd.conf:10 warning ListenBacklog',
      '/srv/httpd.conf:11 warning DefaultRuntimeDir',
    ],
  );
});

test('one that is taken out is told at the line where it stood', () => {
  assert.match(told('User a', '').join(), /^\/srv\/httpd\.conf:4: warning: User: .*stop and start/);
});

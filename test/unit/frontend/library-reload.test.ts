// The frontend of a program reads its configuration again.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigurationError, startFrontend } from '../../../src/index.ts';
import { fetchOnce, headerOf } from '../../support/client.ts';
import { freePort } from '../../support/port.ts';

test('reload() puts the file in force as it is now; a wrong one is thrown and changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'library-'));
  const file = join(folder, 'httpd.conf');
  const port = await freePort();
  mkdirSync(join(folder, 'htdocs'));
  const write = (more: string): void =>
    writeFileSync(file, `Listen 127.0.0.1:${port}\nServerName x\nDocumentRoot ${folder}/htdocs\n${more}\n`);
  write('Header always set X-Now one');
  const frontend = await startFrontend({ file });
  const now = async () => headerOf(await fetchOnce(port, { path: '/' }), 'X-Now');
  try {
    assert.equal(await now(), 'one');
    write('Header always set X-Now two\nProxyRequests On');
    assert.deepEqual(
      (await frontend.reload()).map(({ directive }) => directive),
      ['ProxyRequests'],
    );
    assert.equal(await now(), 'two');
    write('Frobnicate');
    await assert.rejects(frontend.reload(), ConfigurationError);
    assert.equal(await now(), 'two');
  } finally {
    await frontend.stop();
    rmSync(folder, { recursive: true });
  }
  await assert.rejects(frontend.reload());
});

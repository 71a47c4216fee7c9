// Reloads where certificates are concerned: new files are used from the next handshake on, and missing ones change nothing.

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { systemClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { diskFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { FrontendServer } from '../../../src/frontend/server.ts';
import { loadSite } from '../../../src/site/load.ts';
import type { Snapshot } from '../../../src/site/model.ts';
import { fetchOnce } from '../../support/client.ts';
import { freePort } from '../../support/port.ts';
import { askTls, get, TLS_FILES } from '../../support/tls.ts';
import { until } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'tls-reload-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function show(name: string): void {
  for (const kind of ['pem', 'key']) copyFileSync(join(TLS_FILES, `${name}.${kind}`), join(folder, `server.${kind}`));
}

/** The configuration as it is on disk now. */
function read(lines: string): Snapshot {
  const file = join(folder, 'httpd.conf');
  writeFileSync(file, `ServerName www.example.test\nDocumentRoot ${folder}\n${lines}\n`);
  const { snapshot, findings } = loadSite({ file, files: diskFiles, environment: {} });
  assert.ok(snapshot, findings.map(formatFinding).join('\n'));
  return snapshot;
}

const SECURED =
  'LoadModule ssl_module x\nSSLEngine On\nSSLCertificateFile server.pem\nSSLCertificateKeyFile server.key';

test('a new certificate is shown from the next connection on; one that is gone leaves the old in force', async () => {
  const port = await freePort();
  const lines = `Listen 127.0.0.1:${port}\n${SECURED}`;
  show('www');
  const server = new FrontendServer(read(lines), { clock: systemClock, log: new MemoryLog() });
  await server.listen();
  const shown = async () => (await askTls(port, get('/', 'www.example.test'))).name;
  try {
    const first = await shown();
    const kept = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    let heard = '';
    kept.on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
    kept.on('error', () => {});
    const answers = () => heard.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0;
    kept.write('GET / HTTP/1.1\r\nHost: www.example.test\r\n\r\n');
    await until(() => answers() === 1, 'an answer before');

    const snapshot = read(lines);
    rmSync(join(folder, 'server.pem'));
    await assert.rejects(server.reload(snapshot), /server\.pem/);
    assert.deepEqual([await shown(), server.generation], [first, 1]);

    show('app');
    await server.reload(read(lines));
    const second = await shown();
    assert.notEqual(second, first);
    // The connection that was there goes on.
    kept.write('GET / HTTP/1.1\r\nHost: www.example.test\r\n\r\n');
    await until(() => answers() === 2, 'an answer after');
    kept.destroy();
  } finally {
    const stopped = server.stop();
    server.cut();
    await stopped;
  }
});

test('an address changes from plain text to TLS and back, and its socket stays open', async () => {
  const port = await freePort();
  show('www');
  const plain = `Listen 127.0.0.1:${port}`;
  const server = new FrontendServer(read(plain), { clock: systemClock, log: new MemoryLog() });
  await server.listen();
  try {
    const status = async () => (await fetchOnce(port, { path: '/' })).status;
    const before = await status();
    await server.reload(read(`${plain}\n${SECURED}`));
    assert.equal((await askTls(port, get('/', 'www.example.test'))).status, before);
    assert.notEqual(await status(), before);
    await server.reload(read(plain));
    assert.equal(await status(), before);
  } finally {
    const stopped = server.stop();
    server.cut();
    await stopped;
  }
});

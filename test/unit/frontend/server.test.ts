// A frontend as one thing to start and stop.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { FrontendServer } from '../../../src/frontend/server.ts';
import { loadSite } from '../../../src/site/load.ts';
import type { Snapshot } from '../../../src/site/model.ts';
import { freePort, isListening } from '../../support/port.ts';
import { Client, FakeBackend, turns, until } from './lab.ts';

function snapshotOf(text: string): Snapshot {
  const files = new MemoryFiles({ '/srv/httpd.conf': `ServerName front.test\n${text}\n`, '/srv/htdocs/x': '' });
  const { snapshot, findings } = loadSite({ file: '/srv/httpd.conf', files, environment: {} });
  assert.ok(snapshot, JSON.stringify(findings));
  return snapshot;
}

const services = (clock = new VirtualClock()) => ({ clock, log: new MemoryLog() });

test('when one of its addresses is taken it leaves none bound, and says which', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const first = new FrontendServer(snapshotOf(`Listen 127.0.0.1:${two}`), services());
  await first.listen();
  const second = new FrontendServer(snapshotOf(`Listen 127.0.0.1:${one}\nListen 127.0.0.1:${two}`), services());
  await assert.rejects(second.listen(), { code: 'EADDRINUSE', port: two });
  assert.equal(await isListening(one), false);
  await first.stop();
  assert.equal(await isListening(two), false);
});

test('a stop is cut short when its time is over, and whoever asks again waits for the same', async () => {
  const clock = new VirtualClock();
  const backend = new FakeBackend();
  await backend.listen();
  const port = await freePort();
  const server = new FrontendServer(
    snapshotOf(`Listen 127.0.0.1:${port}\nGracefulShutdownTimeout 5\nProxyPass / http://127.0.0.1:${backend.port}/`),
    services(clock),
  );
  await server.listen();
  const client = new Client(port);
  client.send('GET / HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => backend.lines[0]?.text !== undefined && backend.lines[0].text !== '', 'the request');
  const stopped = server.stop();
  assert.equal(server.stop(), stopped);
  let isStopped = false;
  void stopped.then(() => {
    isStopped = true;
  });
  clock.advance(4_000);
  await turns();
  assert.equal(isStopped, false);
  clock.advance(2_000);
  await stopped;
  const [line] = backend.lines;
  await until(() => client.isOver && (line.hasEnded || line.isClosed), 'both connections are closed');
  backend.close();
});

test('a second wish to stop cuts at once', async () => {
  const backend = new FakeBackend();
  await backend.listen();
  const port = await freePort();
  const server = new FrontendServer(
    snapshotOf(`Listen 127.0.0.1:${port}\nProxyPass / http://127.0.0.1:${backend.port}/`),
    services(),
  );
  await server.listen();
  const client = new Client(port);
  client.send('GET / HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => backend.lines[0]?.text !== undefined && backend.lines[0].text !== '', 'the request');
  const stopped = server.stop();
  server.cut();
  server.cut();
  await stopped;
  await until(() => client.isOver, 'the end');
  backend.close();
});

// A frontend whose configuration changes while it serves: who stays connected, who keeps what, and what fails leaves no trace.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { FrontendServer } from '../../../src/frontend/server.ts';
import { loadSite } from '../../../src/site/load.ts';
import type { Snapshot } from '../../../src/site/model.ts';
import { freePort, isListening } from '../../support/port.ts';
import { Client as BareClient, FakeBackend, type Line, turns, until } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'reload-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function snapshotOf(text: string): Snapshot {
  const files = new MemoryFiles({
    '/srv/httpd.conf': `ServerName front.test\n${text}\n`,
    '/srv/htdocs/x': '',
    [`${folder}/x`]: '',
  });
  const { snapshot, findings } = loadSite({ file: '/srv/httpd.conf', files, environment: {} });
  assert.ok(snapshot, JSON.stringify(findings));
  return snapshot;
}

/** A client that tells its answers, all with Content-Length, one by one. */
class Client extends BareClient {
  get answers(): { head: string; body: string }[] {
    const list: { head: string; body: string }[] = [];
    for (let rest = this.text; ; ) {
      const end = rest.indexOf('\r\n\r\n') + 4;
      const length = Number(/^content-length: (\d+)/im.exec(rest.slice(0, end))?.[1]);
      if (end < 4 || rest.length < end + length) return list;
      list.push({ head: rest.slice(0, end), body: rest.slice(end, end + length) });
      rest = rest.slice(end + length);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A frontend on one port, with the rest of its configuration as a test says it. */
class Reloaded {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly port: number;
  readonly server: FrontendServer;
  readonly backends: FakeBackend[] = [];

  private constructor(port: number, text: string) {
    this.port = port;
    this.server = new FrontendServer(this.snapshot(text), { clock: this.clock, log: this.log });
  }

  static async start(text: string): Promise<Reloaded> {
    const lab = new Reloaded(await freePort(), text);
    await lab.server.listen();
    return lab;
  }

  snapshot(text: string): Snapshot {
    return snapshotOf(`Listen 127.0.0.1:${this.port}\n${text}`);
  }

  reload(text: string, manner?: 'graceful' | 'restart'): Promise<void> {
    return this.server.reload(this.snapshot(text), manner);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.server.stop();
    this.server.cut();
    await stopped;
  }
}

/** A backend that answers each request at once with its name. */
async function answering(name: string): Promise<FakeBackend> {
  const backend = new FakeBackend();
  backend.onLine = (line: Line) => {
    line.socket.on('data', () => line.send(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`));
  };
  await backend.listen();
  return backend;
}

async function ask(client: Client, path = '/'): Promise<string> {
  const count = client.answers.length;
  client.send(`GET ${path} HTTP/1.1\r\nHost: front.test\r\n\r\n`);
  await until(() => client.answers.length > count, `an answer for ${path}`);
  return client.answers[count].body;
}

test('a kept connection comes to the new site with its next request', async () => {
  const [a, b] = [await answering('a'), await answering('b')];
  await using lab = await Reloaded.start(`ProxyPass / http://127.0.0.1:${a.port}/`);
  const client = new Client(lab.port);
  assert.equal(await ask(client), 'a');
  await lab.reload(`ProxyPass / http://127.0.0.1:${b.port}/`);
  assert.equal(await ask(client), 'b');
  assert.deepEqual([lab.server.generation, lab.server.connectionCount], [2, 1]);
  client.close();
  for (const each of [a, b]) each.close();
});

test('a request in progress ends under the old site, on its old backend, and the old site is gone then', async () => {
  const a = new FakeBackend();
  await a.listen();
  const b = await answering('b');
  await using lab = await Reloaded.start(`ProxyPass / http://127.0.0.1:${a.port}/\nHeader set X-Site old`);
  const client = new Client(lab.port);
  client.send('GET / HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => a.lines[0]?.text.includes('\r\n\r\n') === true, 'the request');
  await lab.reload(`ProxyPass / http://127.0.0.1:${b.port}/\nHeader set X-Site new`);
  assert.equal(lab.server.drainingCount, 1);
  a.lines[0].send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
  await until(() => client.answers.length === 1, 'the answer');
  assert.match(client.answers[0].head, /^X-Site: old\r$/m);
  await until(() => a.lines[0].hasEnded || a.lines[0].isClosed, 'the end of the old connection');
  assert.equal(lab.server.drainingCount, 0);
  assert.equal(await ask(client), 'b');
  client.close();
  for (const each of [a, b]) each.close();
});

test('members that stay keep counters, errors and connections, whatever changes about others', async () => {
  const a = await answering('a');
  const gone = await freePort();
  const members = `BalancerMember http://127.0.0.1:${a.port}\nBalancerMember http://127.0.0.1:${gone} retry=600`;
  const text = (more: string): string =>
    `<Proxy balancer://app>\n${members}\n${more}</Proxy>\nProxyPass / balancer://app/`;
  await using lab = await Reloaded.start(text(''));
  const client = new Client(lab.port);
  for (let i = 0; i < 4; i++) assert.equal(await ask(client), 'a');
  const states = () =>
    [...(lab.server.site.balancer('balancer://app')?.balancer.members ?? [])].map(({ state }) => [
      state.elected,
      state.statusText,
    ]);
  const before = states();
  assert.deepEqual(before[1], [1, 'Init Err ']);
  await lab.reload(text(`BalancerMember http://127.0.0.1:${gone} status=+H route=x\n`.replace(`${gone}`, '9')));
  assert.deepEqual(states().slice(0, 2), before);
  assert.equal(await ask(client), 'a');
  assert.equal(a.lines.length, 1);
  client.close();
  a.close();
});

test('a restart lets members begin anew, and cuts what a stop would cut', async () => {
  const a = new FakeBackend();
  await a.listen();
  const text = `GracefulShutdownTimeout 5\n<Proxy balancer://app>\nBalancerMember http://127.0.0.1:${a.port}\n</Proxy>\nProxyPass / balancer://app/`;
  await using lab = await Reloaded.start(text);
  const [old, fresh] = [new Client(lab.port), new Client(lab.port)];
  old.send('GET / HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => a.lines[0]?.text.includes('\r\n\r\n') === true, 'the request');
  const counted = () => lab.server.site.balancer('balancer://app')?.balancer.members[0].state.elected;
  assert.equal(counted(), 1);
  await lab.reload(text, 'restart');
  assert.equal(counted(), 0);
  fresh.send('GET / HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => a.lines[1]?.text.includes('\r\n\r\n') === true, 'the second request');
  lab.clock.advance(4_000);
  await turns();
  assert.equal(old.isOver, false);
  lab.clock.advance(2_000);
  await until(() => old.isOver, 'the old request is cut');
  await turns();
  assert.equal(fresh.isOver, false);
  fresh.close();
  a.close();
});

test('new addresses are bound, those that left are given back, and their requests still end', async () => {
  const a = new FakeBackend();
  await a.listen();
  const [left, added] = [await freePort(), await freePort()];
  const proxy = `ProxyPass / http://127.0.0.1:${a.port}/`;
  await using lab = await Reloaded.start(`Listen 127.0.0.1:${left}\n${proxy}`);
  const client = new Client(left);
  client.send('GET / HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => a.lines[0]?.text.includes('\r\n\r\n') === true, 'the request');
  await lab.reload(`Listen 127.0.0.1:${added}\n${proxy}`);
  assert.deepEqual(
    lab.server.addresses.map(({ port }) => port),
    [lab.port, added],
  );
  assert.deepEqual([await isListening(left), await isListening(added)], [false, true]);
  a.lines[0].send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
  await until(() => client.answers.length === 1 && client.isOver, 'its answer, and its end');
  a.close();
});

test('an address that is taken leaves the old site whole', async () => {
  const taken = createServer();
  const busy = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
  });
  const a = await answering('a');
  const free = await freePort();
  const text = `ProxyPass / http://127.0.0.1:${a.port}/`;
  await using lab = await Reloaded.start(text);
  const client = new Client(lab.port);
  await assert.rejects(
    lab.reload(`Listen 127.0.0.1:${free}\nListen 127.0.0.1:${busy}`),
    /^Failure: \/srv\/httpd\.conf:4: Listen/,
  );
  assert.equal(await ask(client), 'a');
  assert.deepEqual([lab.server.generation, await isListening(free)], [1, false]);
  await lab.reload(`Listen 127.0.0.1:${free}\n${text}`);
  assert.equal(await isListening(free), true);
  client.close();
  a.close();
  taken.close();
});

test('an address makes way for all addresses of its port, and comes back if those cannot be had', async () => {
  const other = createServer();
  const port = await freePort();
  const lab = new FrontendServer(snapshotOf(`Listen 127.0.0.1:${port}`), {
    clock: new VirtualClock(),
    log: new MemoryLog(),
  });
  await lab.listen();
  await new Promise<void>((resolve) => {
    other.listen(port, '127.0.0.2', resolve);
  });
  await assert.rejects(lab.reload(snapshotOf(`Listen ${port}`)));
  assert.equal(await isListening(port), true);
  await new Promise((resolve) => {
    other.close(resolve);
  });
  await lab.reload(snapshotOf(`Listen ${port}`));
  assert.equal(await isListening(port), true);
  await lab.stop();
  assert.equal(await isListening(port), false);
});

test('a log that cannot be opened leaves the old site whole, and an address bound for the new one is given back', async () => {
  const added = await freePort();
  await using lab = await Reloaded.start('');
  const missing = join(folder, 'missing/access.log');
  const wrong = snapshotOf(`Listen 127.0.0.1:${lab.port}\nListen 127.0.0.1:${added}`);
  const host = { ...wrong.mainHost, accessLogs: logTo(missing) };
  await assert.rejects(lab.server.reload({ ...wrong, mainHost: host }), { code: 'log-open-failed' });
  assert.deepEqual([lab.server.generation, await isListening(added)], [1, false]);
});

function logTo(target: string): Snapshot['mainHost']['accessLogs'] {
  const { accessLogs } = snapshotOf(`Listen 1\nCustomLog ${folder}/x "%r"`).mainHost;
  return [{ ...accessLogs[0], target }];
}

test('logs are opened anew, a new format holds at once, and a log that left is closed when its last request ends', async () => {
  const a = new FakeBackend();
  await a.listen();
  const [one, two] = [join(folder, 'one.log'), join(folder, 'two.log')];
  const proxy = `ProxyPass / http://127.0.0.1:${a.port}/`;
  await using lab = await Reloaded.start(`CustomLog ${one} "old %U"\n${proxy}`);
  const [slow, quick] = [new Client(lab.port), new Client(lab.port)];
  slow.send('GET /slow HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => a.lines[0]?.text.includes('\r\n\r\n') === true, 'the request');
  renameSync(one, `${one}.1`);
  await lab.reload(`CustomLog ${two} "new %U"\n${proxy}`);
  assert.ok(existsSync(one));
  quick.send('GET /quick HTTP/1.1\r\nHost: front.test\r\n\r\n');
  await until(() => a.lines[1]?.text.includes('\r\n\r\n') === true, 'the second request');
  for (const line of a.lines) line.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
  await until(() => slow.answers.length + quick.answers.length === 2, 'both answers');
  await until(() => {
    lab.clock.advance(300);
    return readFileSync(one, 'utf8') !== '' && readFileSync(two, 'utf8') !== '';
  }, 'the lines');
  assert.deepEqual([readFileSync(one, 'utf8'), readFileSync(two, 'utf8')], ['old /slow\n', 'new /quick\n']);
  for (const client of [slow, quick]) client.close();
  a.close();
});

test("limits of connections are the new configuration's, for those that were there too", async () => {
  await using lab = await Reloaded.start('');
  const client = new Client(lab.port);
  assert.notEqual(await ask(client), undefined);
  await lab.reload('MaxKeepAliveRequests 1');
  await ask(client, '/x');
  await until(() => client.isOver, 'the end after one request');
});

test('nothing holds on to a site that was replaced: not what it served, not what it kept for reuse', async () => {
  const a = await answering('a');
  const text = `DocumentRoot ${folder}\nProxyPass /a/ http://127.0.0.1:${a.port}/`;
  await using lab = await Reloaded.start(text);
  const client = new Client(lab.port);
  const sites: WeakRef<object>[] = [];
  for (let i = 0; i < 20; i++) {
    sites.push(new WeakRef(lab.server.site), new WeakRef(lab.server.site.snapshot.mainHost));
    // Many at once the first time, so that of everything some is made that is not needed again soon.
    const others = Array.from({ length: i < 2 ? 8 : 1 }, () => new Client(lab.port));
    await Promise.all([client, ...others].map((each) => ask(each, i % 2 === 0 ? '/a/x' : '/nothing')));
    for (const each of others) each.close();
    await lab.reload(text);
  }
  await ask(client, '/a/x');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await until(() => {
    lab.clock.advance(2_000);
    collect();
    return sites.every((site) => site.deref() === undefined);
  }, 'all of them are gone');
  client.close();
  a.close();
});

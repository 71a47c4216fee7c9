// Dialling over real sockets: TCP of both families, unix sockets, names, and every way of not getting through.

import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import type { Connection } from '../../../src/link/connection.ts';
import { type DialAddress, dial } from '../../../src/link/dial.ts';
import { Link } from '../../../src/link/link.ts';
import { Names } from '../../../src/link/names.ts';
import { freePort } from '../../support/port.ts';
import { Owner, turns, until } from './support.ts';

class Dialler extends Owner {
  connectedCount = 0;
  onConnected: () => void = () => {};

  connected(): void {
    this.connectedCount++;
    this.onConnected();
  }
}

let clock: VirtualClock;
let log: MemoryLog;
let link: Link;
let server: Server;
let sockets: Socket[];
let dialled: Connection[];

beforeEach(() => {
  clock = new VirtualClock();
  log = new MemoryLog();
  link = new Link(clock, log);
  sockets = [];
  dialled = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(bytes));
  });
});

afterEach(async () => {
  for (const connection of dialled) connection.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

function listen(options: { host?: string; path?: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.path === undefined ? { port: 0, ...options } : { path: options.path }, () => {
      const address = server.address();
      resolve(address === null || typeof address === 'string' ? 0 : address.port);
    });
  });
}

function begin(address: DialAddress): { connection: Connection; dialler: Dialler } {
  const dialler = new Dialler();
  const connection = dial(link, address, false, dialler);
  dialled.push(connection);
  return { connection, dialler };
}

async function proveEcho(address: DialAddress): Promise<Connection> {
  const { connection, dialler } = begin(address);
  await until(() => dialler.connectedCount === 1, 'the connection');
  const at = connection.reserve(4);
  connection.commit(at + link.scratch.buffer.write('ping', at));
  connection.flush();
  await until(() => dialler.text === 'ping', 'the echo');
  return connection;
}

test('a connection over TCP carries octets and knows its ends', async () => {
  const port = await listen({ host: '127.0.0.1' });
  const connection = await proveEcho({ kind: 'tcp', host: '127.0.0.1', port });
  assert.equal(connection.remotePort, port);
  assert.equal(connection.localAddress, '127.0.0.1');
});

test('an IPv6 address is dialled as it stands', async (context) => {
  let port = 0;
  try {
    port = await listen({ host: '::1' });
  } catch {
    context.diagnostic('this machine has no ::1');
    return;
  }
  const connection = await proveEcho({ kind: 'tcp', host: '::1', port });
  assert.equal(connection.remoteAddress, '::1');
});

test('a unix socket is dialled by its path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dial-'));
  try {
    const path = join(folder, 'sock');
    await listen({ path });
    await proveEcho({ kind: 'unix', path });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a refused dial is told by its close, with the reason', async () => {
  const { dialler } = begin({ kind: 'tcp', host: '127.0.0.1', port: await freePort() });
  await until(() => dialler.closings.length === 1, 'the close');
  assert.equal((dialler.closings[0] as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  assert.equal(dialler.connectedCount, 0);
});

test('a unix socket that is not there is told likewise', async () => {
  const { dialler } = begin({ kind: 'unix', path: '/nonexistent/sock' });
  await until(() => dialler.closings.length === 1, 'the close');
  assert.equal((dialler.closings[0] as NodeJS.ErrnoException).code, 'ENOENT');
});

test('a dial given up says no more than that it is closed', async () => {
  const port = await listen({ host: '127.0.0.1' });
  const { connection, dialler } = begin({ kind: 'tcp', host: '127.0.0.1', port });
  connection.destroy();
  await until(() => dialler.closings.length === 1, 'the close');
  await turns();
  assert.equal(dialler.connectedCount, 0);
  assert.equal(dialler.closings.length, 1);
});

test('a mistake at the moment of connecting costs the connection, not the process', async () => {
  const port = await listen({ host: '127.0.0.1' });
  const { dialler } = begin({ kind: 'tcp', host: '127.0.0.1', port });
  dialler.onConnected = () => {
    throw new Error('planted');
  };
  await until(() => dialler.closings.length === 1, 'the close');
  assert.match(String(log.events[0].fields.error), /planted/);
});

/** Answers when the test says so. */
class SlowNames {
  readonly asked: string[] = [];
  readonly waiting: ((error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void)[] = [];
  readonly names = new Names(clock, (name, answered) => {
    this.asked.push(name);
    this.waiting.push(answered);
  });

  answer(...addresses: string[]): void {
    for (const answered of this.waiting.splice(0)) {
      answered(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }
  }

  fail(): void {
    const error: NodeJS.ErrnoException = Object.assign(new Error('planted'), { code: 'EAI_AGAIN' });
    for (const answered of this.waiting.splice(0)) answered(error, []);
  }

  /** What a lookup answers, in the order in which answers come. */
  ask(name: string, ttlMs?: number): Promise<string> {
    return new Promise((resolve) => {
      this.names.lookupFor(ttlMs)(name, { all: true }, (error, addresses) => {
        resolve(
          error !== null ? String(error.code) : (addresses as LookupAddress[]).map((each) => each.address).join(),
        );
      });
    });
  }
}

test('a name that resolves slowly is asked for once, however many dial it', async () => {
  const slow = new SlowNames();
  const answers = Array.from({ length: 100 }, () => slow.ask('backend.test'));
  assert.deepEqual(slow.asked, ['backend.test']);
  slow.answer('192.0.2.1', '2001:db8::1');
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['192.0.2.1,2001:db8::1']));
});

test('an answer is used for a while, then the name is asked for again', async () => {
  const slow = new SlowNames();
  const first = slow.ask('backend.test', 30_000);
  slow.answer('192.0.2.1');
  await first;
  clock.advance(29_000);
  assert.equal(await slow.ask('backend.test', 30_000), '192.0.2.1');
  assert.equal(slow.asked.length, 1);
  clock.advance(2_000);
  const second = slow.ask('backend.test', 30_000);
  assert.equal(slow.asked.length, 2);
  slow.answer('192.0.2.2');
  assert.equal(await second, '192.0.2.2');
});

test('a failure is told and not remembered', async () => {
  const slow = new SlowNames();
  const first = slow.ask('backend.test');
  slow.fail();
  assert.equal(await first, 'EAI_AGAIN');
  const second = slow.ask('backend.test');
  slow.answer('192.0.2.1');
  assert.equal(await second, '192.0.2.1');
});

test('while the resolver is down the last answer goes on being used', async () => {
  const slow = new SlowNames();
  const first = slow.ask('backend.test');
  slow.answer('192.0.2.1');
  await first;
  clock.advance(60_000);
  const second = slow.ask('backend.test');
  slow.fail();
  assert.equal(await second, '192.0.2.1');
});

test('a socket that wants one address gets one of its family', () => {
  const slow = new SlowNames();
  const got: unknown[] = [];
  slow.names.lookupFor()('backend.test', { family: 6 }, (_error, address, family) => got.push(address, family));
  slow.answer('192.0.2.1', '2001:db8::1');
  assert.deepEqual(got, ['2001:db8::1', 6]);
});

test('a name is dialled through the addresses that are known for it', async () => {
  const port = await listen({ host: '127.0.0.1' });
  await proveEcho({ kind: 'tcp', host: 'localhost', port });
});

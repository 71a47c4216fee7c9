// Whatever a client does: it gets its answer where there is one to give, and nobody else is hurt.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { openSockets } from '../support/child.ts';
import { fetchOnce } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front, UNDER_TEST } from '../support/front.ts';
import { sleep, until, within } from '../support/port.ts';

const MIB = 1024 * 1024;

interface Habit {
  name: string;
  /** What the client does with its connection, by the time the promise is settled. */
  act(socket: Socket, path: string): Promise<void> | void;
  /** What it must have received when the connection has ended; undefined when it does not wait for that. */
  gets?: RegExp;
}

const request = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const upload = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`;

const HABITS: readonly Habit[] = [
  { name: 'connects and leaves', act: (socket) => void socket.destroy() },
  { name: 'connects and resets', act: (socket) => void socket.resetAndDestroy() },
  { name: 'says nothing and half-closes is told nothing', act: (socket) => void socket.end(), gets: /^$/ },
  {
    name: 'leaves in the request line',
    async act(socket) {
      socket.write('GET /j');
      await sleep(20);
      socket.destroy();
    },
  },
  {
    name: 'resets in the head',
    async act(socket, path) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nX-`);
      await sleep(20);
      socket.resetAndDestroy();
    },
  },
  {
    name: 'resets in the middle of an upload',
    async act(socket, path) {
      socket.write(`${upload(path)}${'x'.repeat(100_000)}`);
      await sleep(50);
      socket.resetAndDestroy();
    },
  },
  {
    name: 'ends in the middle of an upload',
    async act(socket, path) {
      socket.write(`${upload(path)}${'x'.repeat(100_000)}`);
      await sleep(50);
      socket.destroy();
    },
  },
  {
    name: 'resets in the middle of a download',
    async act(socket, path) {
      socket.write(request(`${path}/do:big:${16 * MIB}`));
      await new Promise((resolve) => socket.once('data', resolve));
      socket.resetAndDestroy();
    },
  },
  {
    name: 'leaves while the backend thinks',
    async act(socket, path) {
      socket.write(request(`${path}/do:sleep:0.3`));
      await sleep(50);
      socket.destroy();
    },
  },
  {
    name: 'half-closes after its request is answered',
    act: (socket, path) => void socket.end(request(path)),
    gets: /^HTTP\/1\.1 200 OK\r\n.*"uri"/s,
  },
  {
    name: 'half-closes while the backend thinks is answered',
    act: (socket, path) => void socket.end(request(`${path}/do:sleep:0.2`)),
    gets: /^HTTP\/1\.1 200 OK\r\n.*"uri"/s,
  },
  {
    name: 'sends two requests at once and half-closes is answered twice',
    act: (socket, path) => void socket.end(request(`${path}/1`) + request(`${path}/2`)),
    gets: /^HTTP\/1\.1 200 OK\r\n.*\/1".*HTTP\/1\.1 200 OK\r\n.*\/2"/s,
  },
  {
    name: 'sends a request byte by byte is answered',
    async act(socket, path) {
      for (const byte of request(path, 'Connection: close\r\n')) {
        socket.write(byte);
        await sleep(1);
      }
    },
    gets: /^HTTP\/1\.1 200 OK\r\n/,
  },
  {
    name: 'speaks something else is told 400',
    act: (socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n'),
    gets: /^HTTP\/1\.1 400 /,
  },
  {
    name: 'speaks TLS is told 400',
    act: (socket) => void socket.write(Buffer.from('16030100f4010000f00303', 'hex')),
    gets: /^HTTP\/1\.1 400 /,
  },
  {
    name: 'sends a line without end is told 414',
    act: (socket) => void socket.write(`GET /${'x'.repeat(20_000)}`),
    gets: /^HTTP\/1\.1 414 /,
  },
  {
    name: 'sends a chunk that is none is told 400',
    act: (socket, path) =>
      void socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`),
    gets: /^HTTP\/1\.1 400 /,
  },
];

for (const protocol of ['ajp', 'http'] as const) {
  describe(`before an ${protocol} member, a client that`, () => {
    let backends: FakeBackends;
    let front: Front;
    let soundSockets = 0;
    before(async () => {
      backends = await FakeBackends.start();
      front = await Front.start(UNDER_TEST, {
        conf: `ProxyPass /j ${protocol}://127.0.0.1:${backends.ports[protocol].a}/j\n`,
      });
      await fetchOnce(front.port, { path: '/j' });
      soundSockets = openSockets(front.child.pid);
    });
    after(async () => {
      await front.stop();
      await backends.stop();
    });

    for (const { name, act, gets } of HABITS) {
      test(`${name}${gets === undefined ? ' leaves nothing behind' : ''}`, async () => {
        const received: Buffer[] = [];
        const socket = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true });
        socket.on('error', () => {});
        socket.on('data', (piece: Buffer) => received.push(piece));
        const ended = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
        await new Promise((resolve) => socket.once('connect', resolve));
        await act(socket, '/j/x');
        if (gets !== undefined) {
          assert.ok(await within(10_000, ended), 'the front ends the connection');
          assert.match(Buffer.concat(received).toString('latin1'), gets);
        }
        socket.destroy();
        assert.equal((await fetchOnce(front.port, { path: '/j' })).status, 200);
        const isClean = await until(() => openSockets(front.child.pid) <= soundSockets + 1, 3000);
        assert.ok(isClean, `${openSockets(front.child.pid)} sockets are open; ${soundSockets} were before`);
        assert.equal(front.child.hasEnded, false, front.child.output());
      });
    }
  });
}

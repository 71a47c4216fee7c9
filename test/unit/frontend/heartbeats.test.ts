// Heartbeats: what is read from datagrams, posts and files, for how long it counts, and whom requests go to because of it.
// Facts about files and posts were measured on httpd 2.4.71.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { HEARTBEAT_BYTES_MAX, readHeartbeat, readStorage } from '../../../src/frontend/heartbeats/heartbeat.ts';
import { Heartbeats } from '../../../src/frontend/heartbeats/heartbeats.ts';
import { FrontendServer } from '../../../src/frontend/server.ts';
import { DatagramListener, isMulticast } from '../../../src/link/datagrams.ts';
import { loadSite } from '../../../src/site/load.ts';
import type { HeartbeatSettings } from '../../../src/site/model.ts';
import { freePort } from '../../support/port.ts';
import { chosenSeed, randomFrom } from '../../support/random.ts';
import { Client, FakeBackend, until } from './lab.ts';

describe('a heartbeat', () => {
  for (const [text, ready, busy, port] of [
    ['v=1&ready=5&busy=2', 5, 2, 80],
    ['v=1&ready=5&busy=2&port=8009', 5, 2, 8009],
    ['v=2&ready=%35&busy=2', 5, 2, 80],
    ['busy=2&x=&=y&ready=7&v=', 7, 2, 80],
    ['v=1&ready=abc&busy=', 0, 0, 80],
    ['v=1&ready=-4&busy=2', 0, 2, 80],
    ['v=1&ready=9&ready=3&busy=2', 3, 2, 80],
    ['v=1&ready=99999999999999999999&busy=1', 1_000_000, 1, 80],
    ['v=1&ready=5&busy=2&port=8009\n', 5, 2, 80],
  ] as const)
    it(`${JSON.stringify(text)} tells ${ready} free, ${busy} busy, port ${port}`, () => {
      assert.deepEqual(readHeartbeat(text, true), { ready, busy, port });
    });

  for (const text of [
    '',
    'garbage',
    'v=1&ready=5',
    'v=1&busy=5',
    'ready=1&busy=1',
    `v=1&ready=1&busy=1&x=${'x'.repeat(1000)}`,
  ])
    it(`is none: ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.equal(readHeartbeat(text, true), undefined);
    });

  it('that is posted needs no version', () => {
    assert.deepEqual(readHeartbeat('ready=1&busy=1', false), { ready: 1, busy: 1, port: 80 });
  });

  it('is never more than what it says, whatever the octets', () => {
    const random = randomFrom(chosenSeed());
    const pieces = [
      'v=1',
      'ready=',
      'busy=',
      '&',
      '=',
      '%',
      '%4',
      '%00',
      '5',
      '-',
      '\0',
      '\xff',
      '\n',
      ' ',
      '#',
      'lastseen=',
    ];
    for (let i = 0; i < 20_000; i++) {
      let text = '';
      for (let n = random.int(20); n > 0; n--) text += random.pick(pieces);
      const heartbeat = readHeartbeat(text, random.chance(0.5));
      if (heartbeat !== undefined)
        for (const value of Object.values(heartbeat)) assert.ok(Number.isInteger(value) && value >= 0);
      for (const { ready, busy, age } of readStorage(text).values())
        assert.ok(ready >= 0 && busy >= 0 && Number.isFinite(age));
    }
  });
});

test('a file of heartbeats has a line for each host; later lines lie over earlier ones', () => {
  const hosts = readStorage(
    [
      '# comment 1',
      '',
      'nothing',
      '10.0.0.1 &ready=10&busy=1&lastseen=2&port=80',
      '10.0.0.2 ready=%38&busy=0&lastseen=1\r',
      ' 10.0.0.3 &ready=5',
      '10.0.0.1 &ready=4',
      'name.test &busy=3',
    ].join('\n'),
  );
  assert.deepEqual(
    [...hosts].map(([host, { ready, busy, age }]) => `${host}: ${ready} ${busy} ${age}`),
    ['10.0.0.1: 4 1 2', '10.0.0.2: 2 0 1', ': 1 0 0', 'name.test: 0 3 0'],
  );
});

const KEPT: HeartbeatSettings = {
  listen: { host: '127.0.0.1', port: 1, place: { file: '', line: 0 } },
  storage: '/no/such/hb.dat',
  maxServers: 10,
  isKept: true,
};

// HeartbeatMaxServers
describe('what is kept', () => {
  it('counts for 10 s', () => {
    const clock = new VirtualClock();
    const heartbeats = new Heartbeats(KEPT, clock, new MemoryLog());
    assert.equal(heartbeats.ready('10.0.0.1'), undefined);
    assert.equal(heartbeats.keep('10.0.0.1', 'v=1&ready=5&busy=2', true), true);
    clock.advance(9_999);
    assert.equal(heartbeats.ready('10.0.0.1'), 5);
    clock.advance(1);
    assert.equal(heartbeats.ready('10.0.0.1'), undefined);
  });

  it('counts a quarter while nothing is busy: the server may have just started', () => {
    const heartbeats = new Heartbeats(KEPT, new VirtualClock(), new MemoryLog());
    heartbeats.keep('10.0.0.1', 'v=1&ready=43&busy=0', true);
    assert.equal(heartbeats.ready('10.0.0.1'), 10);
  });

  it('is of HeartbeatMaxServers servers; one that is silent for 30 s makes room', () => {
    const clock = new VirtualClock();
    const log = new MemoryLog();
    const heartbeats = new Heartbeats(KEPT, clock, log);
    for (let i = 0; i < 20; i++) heartbeats.keep(`10.0.0.${i}`, 'v=1&ready=5&busy=2', true);
    assert.equal(heartbeats.ready('10.0.0.9'), 5);
    assert.equal(heartbeats.ready('10.0.0.10'), undefined);
    assert.deepEqual(
      log.events.map(({ event }) => event),
      ['heartbeat-servers-full'],
    );
    clock.advance(30_001);
    heartbeats.keep('10.0.0.10', 'v=1&ready=5&busy=2', true);
    assert.equal(heartbeats.ready('10.0.0.10'), 5);
  });
});

// HeartbeatStorage
describe('the file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'heartbeats-'));
  const storage = join(dir, 'hb.dat');
  const settings: HeartbeatSettings = { listen: undefined, storage, maxServers: 10, isKept: false };
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

  it('is read when it changes; without it nobody is heard, which is told once', () => {
    const clock = new VirtualClock();
    const log = new MemoryLog();
    const heartbeats = new Heartbeats(settings, clock, log);
    for (let i = 0; i < 3; i++) {
      assert.equal(heartbeats.ready('h'), undefined);
      clock.advance(1_000);
    }
    assert.deepEqual(
      log.events.map(({ event }) => event),
      ['heartbeats-unread'],
    );
    writeFileSync(storage, 'h &ready=5&busy=1&lastseen=9\nold &ready=5&busy=1&lastseen=10\n');
    assert.equal(heartbeats.ready('h'), 5);
    assert.equal(heartbeats.ready('old'), undefined);
    writeFileSync(storage, 'h &ready=6&busy=1&lastseen=9\nold &ready=5&busy=1&lastseen=10\n');
    utimesSync(storage, 1, 1);
    clock.advance(1_000);
    assert.equal(heartbeats.ready('h'), 6);
  });

  it('is written every 5 s with HeartbeatMaxServers 0', async () => {
    const clock = new VirtualClock();
    const port = await freePort();
    const listen = { host: '127.0.0.1', port, place: { file: '', line: 0 } };
    const heartbeats = new Heartbeats({ ...settings, listen, maxServers: 0 }, clock, new MemoryLog());
    await heartbeats.start();
    heartbeats.keep('10.0.0.1', 'v=1&ready=5&busy=2&port=8009', true);
    clock.advance(5_000);
    heartbeats.stop();
    assert.equal(readFileSync(storage, 'latin1'), '10.0.0.1 &ready=5&busy=2&lastseen=5&port=8009\n');
    assert.equal(heartbeats.ready('10.0.0.1'), 5);
  });
});

describe('datagrams', () => {
  it('are heard at the address of HeartbeatListen, also after a reload that keeps it', async () => {
    const port = await freePort();
    const listen = { host: '127.0.0.1', port, place: { file: '', line: 0 } };
    const log = new MemoryLog();
    const heartbeats = new Heartbeats({ ...KEPT, listen }, new VirtualClock(), log);
    await heartbeats.start();
    await heartbeats.change({ ...KEPT, listen: { ...listen, place: { file: '', line: 7 } } });
    const sender = createSocket('udp4');
    sender.send('v=1&ready=7&busy=2', port, '127.0.0.1');
    await until(() => heartbeats.ready('127.0.0.1') === 7, 'a heartbeat is heard');
    sender.send(Buffer.alloc(HEARTBEAT_BYTES_MAX * 2, 'v=1&ready=9&busy=1&'), port, '127.0.0.1');
    await until(() => log.events.length > 0, 'the malformed one');
    assert.deepEqual([log.events[0].level, log.events[0].event], ['debug', 'heartbeat-malformed']);
    assert.equal(heartbeats.ready('127.0.0.1'), 7);
    sender.close();
    heartbeats.stop();
  });

  it('of a group are heard by who joined it', async (t) => {
    const group = '239.192.77.1';
    let text = '';
    let listener: DatagramListener;
    try {
      listener = await DatagramListener.open(group, 0, {
        heard: (bytes) => {
          text = bytes.toString();
        },
        failed: () => {},
      });
    } catch (error) {
      t.skip(`this machine has no multicast: ${(error as Error).message}`);
      return;
    }
    const sender = createSocket('udp4');
    await new Promise<void>((resolve) => sender.bind(0, resolve));
    sender.setMulticastLoopback(true);
    sender.send('v=1&ready=7&busy=2', listener.port, group);
    await until(() => text !== '', 'the datagram');
    assert.equal(text, 'v=1&ready=7&busy=2');
    sender.close();
    listener.close();
  });

  it('an address that cannot be had is an error', async () => {
    await assert.rejects(DatagramListener.open('192.0.2.200', 1, { heard: () => {}, failed: () => {} }));
    assert.deepEqual(['224.0.0.1', '239.255.255.255', '223.1.1.1', '240.1.1.1', 'ff02::1', '::1'].map(isMulticast), [
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

// HeartbeatListen, lbmethod=heartbeat
test('a member is served once its host has posted a heartbeat, and 503 is answered until then', async (t) => {
  const backend = new FakeBackend();
  await backend.listen();
  backend.onLine = (line) => line.socket.on('data', () => line.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const [port, udp] = [await freePort(), await freePort()];
  const text = `Listen 127.0.0.1:${port}
ServerName front.test
HeartbeatListen 127.0.0.1:${udp}
<Proxy balancer://c>
BalancerMember http://127.0.0.1:${backend.port}
ProxySet lbmethod=heartbeat
</Proxy>
ProxyPass /x balancer://c/
<Location /beat>
SetHandler heartbeat
</Location>
`;
  const { snapshot, findings } = loadSite({
    file: '/srv/httpd.conf',
    files: new MemoryFiles({ '/srv/httpd.conf': text, '/srv/htdocs/x': '' }),
    environment: {},
  });
  assert.ok(snapshot, JSON.stringify(findings));
  const server = new FrontendServer(snapshot, { clock: new VirtualClock(), log: new MemoryLog() });
  t.after(() => {
    server.cut();
    backend.close();
    return server.stop();
  });
  await server.listen();
  const ask = async (method: string, path: string, body = ''): Promise<string> => {
    const client = new Client(port);
    client.send(
      `${method} ${path} HTTP/1.1\r\nHost: front.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => client.isOver, 'the answer');
    const heard = client.heard();
    return `${heard.status}${heard.status === 200 ? ` ${heard.body}` : ''}`.trim();
  };
  assert.equal(await ask('GET', '/x'), '503');
  assert.equal(await ask('GET', '/beat'), '405');
  assert.equal(await ask('POST', '/beat', 'ready=5'), '400');
  assert.equal(await ask('POST', '/beat', 'v=1&ready=5&busy=1&'.repeat(60)), '400');
  assert.equal(await ask('POST', '/beat', 'v=1&ready=5&busy=1'), '200 OK');
  assert.equal(await ask('GET', '/x'), '200');
  await server.reload({ ...snapshot, server: { ...snapshot.server, heartbeat: { ...KEPT, listen: undefined } } });
  assert.equal(await ask('POST', '/beat', 'v=1&ready=5&busy=1'), '503');
});

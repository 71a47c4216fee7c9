// lbmethod=heartbeat beside a live httpd with mod_lbmethod_heartbeat and mod_heartmonitor: the same files of heartbeats lead
// to the same members, and one datagram to a multicast group wakes both.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { fetchOnce, headerOf } from '../support/client.ts';
import { FakeBackends, type Member } from '../support/fake-backends.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { freePort, until } from '../support/port.ts';
import { Tomcat } from '../support/tomcat.ts';

const KINDS: readonly FrontKind[] = [UNDER_TEST, 'httpd'];
/** Enough that a member with a tenth of the share is missed once in 300 million times. */
const REQUESTS = 200;

/** Members of the file's hosts: a and b on 127.0.0.1, c on localhost. */
const CASES: readonly { title: string; file?: string; status?: string; members: string }[] = [
  { title: 'no file', members: '503' },
  { title: 'one host', file: 'localhost &ready=5&busy=1&lastseen=1&port=80\n', members: 'c' },
  { title: 'of two members of a host the last', file: '127.0.0.1 &ready=5&busy=1&lastseen=1\n', members: 'b' },
  {
    title: 'both hosts',
    file: '127.0.0.1 &ready=5&busy=1&lastseen=1\nlocalhost &ready=5&busy=3&lastseen=1\n',
    members: 'b c',
  },
  { title: 'too old', file: 'localhost &ready=5&busy=1&lastseen=10\n', members: '503' },
  { title: 'just fresh', file: 'localhost &ready=5&busy=1&lastseen=9\n', members: 'c' },
  { title: 'nothing free', file: 'localhost &ready=0&busy=9&lastseen=1\n', members: '503' },
  { title: 'idle, with few threads', file: 'localhost &ready=3&busy=0&lastseen=1\n', members: '503' },
  { title: 'another letter case', file: 'LOCALHOST &ready=3&busy=1&lastseen=1\n', members: '503' },
  { title: 'lines that are none', file: '#x\n\nlocalhost\nlocalhost ready=%35&busy=1\n', members: 'c' },
  { title: 'a later line', file: 'localhost &ready=3&busy=1\nlocalhost &ready=0\n', members: '503' },
  ...['+H', '+R', '+N'].map((status) => ({
    title: `status=${status} makes no difference`,
    status,
    file: 'localhost &ready=5&busy=1&lastseen=1\n127.0.0.1 &ready=5&busy=1&lastseen=1\n',
    members: 'b c',
  })),
  { title: 'disabled', status: '+D', file: 'localhost &ready=5&busy=1&lastseen=1\n', members: '503' },
];

// HeartbeatStorage, lbmethod=heartbeat
test('a file of heartbeats leads to the same members as in httpd', needs('httpd'), async (t) => {
  await using backends = await FakeBackends.start();
  const { http } = backends.ports;
  for (const { title, file, status = '+O', members } of CASES)
    await t.test(title, async () => {
      for (const kind of KINDS) {
        const conf = `HeartbeatStorage @DIR@/hb.dat
<Proxy balancer://c>
BalancerMember http://127.0.0.1:${http.a}
BalancerMember http://127.0.0.1:${http.b}
BalancerMember http://localhost:${http.c} status=${status} lbset=1
ProxySet lbmethod=heartbeat
</Proxy>
ProxyPass /x balancer://c/x
`;
        await using front = await Front.start(kind, {
          conf,
          ...(file === undefined ? {} : { files: { 'hb.dat': file } }),
        });
        const seen = new Set<Member | string>();
        for (let i = 0; i < (members.includes(' ') ? REQUESTS : 5); i++) {
          const answer = await fetchOnce(front.port, { method: 'GET', path: '/x/p', headers: [] }, 10_000);
          seen.add(headerOf(answer, 'x-member') ?? String(answer.status));
        }
        assert.equal([...seen].sort().join(' '), members, kind);
      }
    });
});

/** An address that other machines of the network would see. */
function ownAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

// HeartbeatListen
test('one datagram to a multicast group brings a member into service, here and in httpd', needs('httpd'), async (t) => {
  const address = ownAddress();
  if (address === undefined) {
    t.skip('this machine has no network');
    return;
  }
  const backend = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
  });
  await new Promise<void>((resolve) => backend.listen(0, '0.0.0.0', resolve));
  const { port } = backend.address() as { port: number };
  const group = '239.192.77.2';
  const udp = await freePort();
  const conf = `LoadModule heartmonitor_module /usr/lib/apache2/modules/mod_heartmonitor.so
HeartbeatListen ${group}:${udp}
<Proxy balancer://c>
BalancerMember http://${address}:${port}
ProxySet lbmethod=heartbeat
</Proxy>
ProxyPass /x balancer://c/x
<Location /beat>
SetHandler heartbeat
</Location>
`;
  const sender = createSocket('udp4');
  t.after(() => {
    backend.close();
    sender.close();
  });
  await new Promise<void>((resolve) => sender.bind(0, resolve));
  await using ours = await Front.start(UNDER_TEST, { conf });
  await using theirs = await Front.start('httpd', { conf });
  const ask = async (): Promise<string> => {
    const answers = await Promise.all(
      [ours, theirs].map((front) => fetchOnce(front.port, { method: 'GET', path: '/x', headers: [] }, 10_000)),
    );
    return answers.map(({ status }) => status).join(' ');
  };
  const tell = async (text: string, expected: string): Promise<void> => {
    const isSo = await until(async () => {
      sender.send(text, udp, group);
      return (await ask()) === expected;
    }, 15_000);
    assert.ok(isSo, `after ${text}: ${await ask()}, not ${expected}`);
  };
  assert.equal(await ask(), '503 503');
  await tell('v=1&ready=8&busy=2', '200 200');
  await tell('v=1&ready=0&busy=10', '503 503');
  await tell('v=2&ready=8&busy=2&port=8009', '200 200');
  for (const [method, body, status] of [
    ['POST', 'ready=5&busy=1', 200],
    ['POST', 'ready=5', 400],
    ['POST', '', 400],
    ['PUT', 'ready=5&busy=1', 405],
    ['GET', undefined, 405],
  ] as const)
    for (const front of [ours, theirs]) {
      const request = { method, path: '/beat', headers: [], ...(body === undefined ? {} : { body }) };
      const answer = await fetchOnce(front.port, request, 10_000);
      assert.equal(answer.status, status, `${method} ${body}`);
      if (status === 200) assert.equal(answer.body.toString(), 'OK');
    }
});

test('a Tomcat tells how many threads it has, by its own HeartbeatListener', needs('httpd', 'tomcat'), async () => {
  const [ajpPort, port] = [await freePort(), await freePort()];
  await using tomcat = await Tomcat.start({
    route: 'a',
    ajpPort,
    engineElements: `<Listener className="org.apache.catalina.ha.backend.HeartbeatListener" host="127.0.0.1" port="${ajpPort}" proxyList="127.0.0.1:${port}"/>`,
  });
  for (const kind of KINDS) {
    const conf = `${kind === 'httpd' ? 'LoadModule heartmonitor_module /usr/lib/apache2/modules/mod_heartmonitor.so\n' : ''}HeartbeatListen 239.192.77.3:${await freePort()}
<Proxy balancer://c>
BalancerMember ajp://127.0.0.1:${tomcat.ajpPort}
ProxySet lbmethod=heartbeat
</Proxy>
ProxyPass /webapp balancer://c/webapp
<Location /HeartbeatListener>
SetHandler heartbeat
</Location>
`;
    await using front = await Front.start(kind, { conf, port });
    const isServed = await until(async () => {
      const { status } = await fetchOnce(front.port, { method: 'GET', path: '/webapp/x', headers: [] }, 10_000);
      return status !== 503;
    }, 30_000);
    assert.ok(isServed, `${kind}: ${tomcat.log().slice(-1000)}`);
  }
});

// A whole program with every kind of open port, garbage for all of them, and honest clients meanwhile. What is wrong
// afterwards comes back as a list, so that a planted fault can prove the looking.

import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { askControl } from '../../src/cli/control-client.ts';
import { descriptors, processTree, residentBytes } from './child.ts';
import { fetchOnce } from './client.ts';
import { Front, type FrontKind } from './front.ts';
import { freePorts, sleep, until } from './port.ts';
import type { Random } from './random.ts';
import { askTls, get, identity, TLS_FILES } from './tls.ts';

/** Garbage that nobody has collected yet, that of reloads most of all, stays below it. */
const GROWTH_LIMIT = 64 * 1024 * 1024;
/** Descriptors more than before that idle connections to backends may hold. */
const IDLE_MAX = 24;
const SETTLE_MS = 15_000;
const HONEST_MS = 10_000;
const PASSWORD = 'Basic YW5uOnJpZ2h0'; // ann:right

export interface ChaosPlace {
  readonly front: Front;
  readonly ports: Readonly<Record<'plain' | 'tls' | 'proxied' | 'heartbeats', number>>;
  readonly control: string;
  readonly backend: EchoBackend;
}

/** Answers every request with its method and length, and every upgrade by sending back what comes. */
class EchoBackend {
  readonly #server = createHttpServer((request, response) => {
    let length = 0;
    request.on('data', (bytes: Buffer) => {
      length += bytes.length;
    });
    request.on('error', () => {});
    request.on('end', () => response.end(`${request.method} ${length}`));
  });
  readonly #upgraded = new Set<Socket>();

  async listen(): Promise<number> {
    this.#server.on('clientError', (_, socket) => socket.destroy());
    this.#server.on('upgrade', (_, stream) => {
      const socket = stream as Socket;
      this.#upgraded.add(socket);
      socket.on('close', () => this.#upgraded.delete(socket)).on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    for (const socket of this.#upgraded) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** @param kind Catflap, or a command line that plants a fault into it */
export async function startChaos(kind: FrontKind): Promise<ChaosPlace> {
  const backend = new EchoBackend();
  const to = await backend.listen();
  const [plain, tls, proxied, heartbeats] = await freePorts(4);
  const front = await Front.start(kind, {
    port: plain,
    files: { users: `ann:{SHA}${createHash('sha1').update('right').digest('base64')}\n` },
    conf: `LoadModule ssl_module modules/mod_ssl.so
LoadModule remoteip_module modules/mod_remoteip.so
LoadModule heartmonitor_module modules/mod_heartmonitor.so
Listen 127.0.0.1:${tls} https
Listen 127.0.0.1:${proxied}
Timeout 3
KeepAliveTimeout 1
RequestReadTimeout header=3
HeartbeatListen 127.0.0.1:${heartbeats}
HeartbeatMaxServers 10
CustomLog @DIR@/access.log "%h %u %U%q %>s %{X-A}i %{VAR}e"
ExtendedStatus On
ProxyPass /http http://127.0.0.1:${to}/http
ProxyPass /ws http://127.0.0.1:${to}/ws upgrade=websocket
<Proxy balancer://group>
  BalancerMember http://127.0.0.1:${to} hcmethod=GET hcinterval=1
  ProxySet lbmethod=heartbeat
</Proxy>
ProxyPass /group balancer://group
RemoteIPHeader X-Forwarded-For
SetEnvIfExpr "%{HTTP:X-A} =~ /(.*)b/" VAR=$1
Header set X-Answer "expr=%{unescape:%{QUERY_STRING}}"
<If "%{HTTP:X-A} -strmatch '*x*' && %{REQUEST_URI} =~ m#^/(.*)$#">
  Header set X-If "%{VAR}e"
</If>
<Location /guarded>
  AuthType Basic
  AuthName guarded
  AuthUserFile @DIR@/users
  Require valid-user
  ProxyPass http://127.0.0.1:${to}/guarded
</Location>
<Location /manager>
  SetHandler balancer-manager
</Location>
<Location /status>
  SetHandler server-status
</Location>
<Location /heartbeat>
  SetHandler heartbeat
</Location>
ErrorDocument 404 "expr=%{REQUEST_URI} is not here"
<VirtualHost 127.0.0.1:${tls}>
  ServerName www.example.test
  SSLEngine on
  SSLCertificateFile ${join(TLS_FILES, 'www.pem')}
  SSLCertificateKeyFile ${join(TLS_FILES, 'www.key')}
  SSLCACertificateFile ${join(TLS_FILES, 'ca.pem')}
  SSLVerifyClient optional
  SSLUserName SSL_CLIENT_S_DN_CN
  SSLOptions +StdEnvVars
  RequestReadTimeout handshake=3
</VirtualHost>
<VirtualHost 127.0.0.1:${proxied}>
  ServerName proxied.example.test
  RemoteIPProxyProtocol On
  ProxyPass /http http://127.0.0.1:${to}/http
</VirtualHost>
`,
  });
  return { front, ports: { plain, tls, proxied, heartbeats }, control: join(front.dir, 'httpd.control'), backend };
}

export async function stopChaos({ front, backend }: ChaosPlace): Promise<void> {
  await front.stop();
  backend.stop();
}

// --- garbage --------------------------------------------------------------------------------------------------------

const JUNK = [
  ...['\r\n', '\n', '\0', ' ', '\t', ':', ',', ';', '=', '%', '"', '\\', '/', '..', '\xff', '0', '-1'],
  'a',
];
const REQUESTS = [
  'GET /local.txt?a%0d%0ab HTTP/1.1\r\nHost: www.example.test\r\nX-A: axb\r\nCookie: a=b; c="d\r\nRange: bytes=0-1\r\n\r\n',
  'POST /http HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n',
  'POST /group HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello',
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nframes and frames',
  'GET /guarded HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YW5uOndyb25n\r\n\r\n',
  `GET /guarded HTTP/1.1\r\nHost: a\r\nAuthorization: ${PASSWORD}\r\n\r\nGET /guarded HTTP/1.1\r\nHost: b\r\n\r\n`,
  'GET http://www.example.test:80/manager?b=group&w=x&nonce=1 HTTP/1.1\r\nHost: a\r\nReferer: http://a/manager\r\n\r\n',
  'POST /manager HTTP/1.1\r\nHost: a\r\nReferer: http://a/manager\r\nContent-Length: 29\r\n\r\nb=group&w_lf=3&b_nwrkr=x&w=%x',
  'GET /status?auto HTTP/1.0\r\nX-Forwarded-For: 8.8.8.8, 9.9.9.9 , ::1\r\n\r\n',
  'POST /heartbeat HTTP/1.1\r\nHost: a\r\nContent-Length: 22\r\n\r\nv=1&ready=5&busy=1&x=y',
];
const HEADERS = [
  'PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\n',
  'PROXY UNKNOWN\r\n',
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x01\x02\x03\x04\x7f\0\0\x01\x10\x00\0\x50',
];
const CONTROL = [
  '{"id":1,"operation":"status"}\n{"id":2,"operation":"list"}\n',
  '{"id":{},"operation":"status","arguments":{"resource":"__proto__"}}\n[]\nnull\n',
  '{"id":1,"operation":"explain","arguments":{"url":"http://a/b","method":7,"headers":[[1]]}}\n',
  '{"id":1,"operation":"constructor"}\n',
];
const HEARTBEATS = [
  'v=1&ready=75&busy=0&port=80',
  'v=1&ready=%zz&busy=&ready=9e99&busy=-1&port=99999',
  'v=&busy&ready==',
];

/** A text with a few octets changed, doubled, cut out or put in, or octets of no meaning at all. */
function spoiled(random: Random, text: string): Buffer {
  if (random.chance(0.1)) return Buffer.from(Array.from({ length: random.int(2000) }, () => random.int(256)));
  let spoilt = text;
  for (let count = random.int(5); count > 0; count--) {
    const at = random.int(spoilt.length + 1);
    const put = random.chance(0.2)
      ? random.pick(JUNK).repeat(random.int(9000))
      : random.chance(0.5)
        ? random.pick(JUNK)
        : String.fromCharCode(random.int(256));
    spoilt = spoilt.slice(0, at) + put + spoilt.slice(at + random.int(4));
  }
  return Buffer.from(spoilt.slice(0, random.chance(0.3) ? random.int(spoilt.length + 1) : spoilt.length), 'latin1');
}

/** One rude client: what it says comes in pieces, and it goes as it likes, or stays and says nothing. */
async function beRude(place: ChaosPlace, random: Random, hello: Buffer): Promise<void> {
  const { ports, control } = place;
  const kind = random.int(10);
  if (kind === 0) {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    await new Promise((done) => {
      socket.send(spoiled(random, random.pick(HEARTBEATS)), ports.heartbeats, '127.0.0.1', done);
    });
    socket.close();
    return;
  }
  const request = random.pick(REQUESTS);
  const open = random.pick(HEADERS) + request;
  const said =
    kind <= 2
      ? spoiled(random, hello.toString('latin1'))
      : kind === 3
        ? spoiled(random, random.pick(CONTROL))
        : spoiled(random, kind <= 5 ? open : request);
  const port = kind <= 2 ? ports.tls : kind <= 5 ? ports.proxied : ports.plain;
  const socket =
    kind === 3
      ? connect(control)
      : kind === 9
        ? connectTls({ port: ports.tls, host: '127.0.0.1', rejectUnauthorized: false, ...identity('stranger') })
        : connect({ port, host: '127.0.0.1', allowHalfOpen: random.chance(0.5) });
  socket.on('error', () => {});
  if (random.chance(0.8)) socket.resume();
  for (let at = 0; at < said.length; ) {
    const size = random.chance(0.7) ? said.length : 1 + random.int(200);
    socket.write(said.subarray(at, at + size));
    at += size;
    if (random.chance(0.3)) await sleep(random.int(4));
  }
  if (random.chance(0.3)) socket.end();
  await sleep(random.chance(0.1) ? 500 : random.int(20));
  // Neither a unix socket nor one of TLS can be reset.
  if (kind !== 3 && kind !== 9 && random.chance(0.4)) socket.resetAndDestroy();
  else socket.destroy();
}

/** What a client of TLS says first. */
async function clientHello(): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const heard = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        resolve(bytes as Buffer);
        socket.destroy();
        server.close();
      });
    });
  });
  const { port } = server.address() as AddressInfo;
  connectTls({ port, host: '127.0.0.1', servername: 'www.example.test' }).on('error', () => {});
  return heard;
}

// --- honest clients -------------------------------------------------------------------------------------------------

/** One request of everything that is served. @returns what went wrong */
async function askHonestly({ ports, control }: ChaosPlace, random: Random): Promise<string | undefined> {
  const length = random.int(50_000);
  const asked = [
    async () => (await fetchOnce(ports.plain, { path: '/local.txt' }, HONEST_MS)).status === 200,
    async () => {
      const answer = await fetchOnce(
        ports.plain,
        { method: 'POST', path: '/http', body: 'x'.repeat(length) },
        HONEST_MS,
      );
      return answer.body.toString() === `POST ${length}`;
    },
    async () => {
      const headers = [['Authorization', PASSWORD]] as const;
      return (await fetchOnce(ports.plain, { path: '/guarded', headers }, HONEST_MS)).body.toString() === 'GET 0';
    },
    async () => (await fetchOnce(ports.plain, { path: '/guarded' }, HONEST_MS)).status === 401,
    async () => (await fetchOnce(ports.plain, { path: '/manager' }, HONEST_MS)).status === 200,
    async () => (await askTls(ports.tls, get('/local.txt', 'www.example.test'))).status === 200,
    async () => {
      const said = await say(ports.proxied, `PROXY TCP4 192.0.2.9 127.0.0.1 1 2\r\n${get('/http', 'a')}`, 'GET 0');
      return said.startsWith('HTTP/1.1 200 ');
    },
    async () => {
      const upgrade = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      const said = await say(ports.plain, `${upgrade}ping-pong`, 'ping-pong');
      return said.startsWith('HTTP/1.1 101 ') && said.endsWith('ping-pong');
    },
    async () => {
      const isReload = random.chance(0.05);
      return typeof (await askControl(control, isReload ? 'reload' : 'status', {})) === 'object';
    },
  ];
  const which = random.int(asked.length);
  try {
    return (await asked[which]()) ? undefined : `honest client ${which} was not served`;
  } catch (error) {
    return `honest client ${which}: ${error}`;
  }
}

/** What is said back, up to this text or the end. */
function say(port: number, text: string, upTo: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(HONEST_MS, () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      said += bytes.toString('latin1');
      if (said.endsWith(upTo)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(said));
    socket.write(text);
  });
}

// --- the whole ------------------------------------------------------------------------------------------------------

/**
 * Garbage by many clients while others are served.
 * @param rounds rude clients in all
 * @returns what was wrong meanwhile and afterwards
 */
export async function playChaos(place: ChaosPlace, random: Random, rounds: number): Promise<string[]> {
  const wrong: string[] = [];
  const { child } = place.front;
  const hello = await clientHello();
  const open = () => processTree(child.pid).reduce((sum, pid) => sum + descriptors(pid).length, 0);
  let done = 0;
  let halfway = 0;
  const rude = async () => {
    while (done < rounds && !child.hasEnded) {
      if (++done === rounds / 2) halfway = residentBytes(child.pid);
      await beRude(place, random, hello);
    }
  };
  const honest = async () => {
    while (done < rounds && !child.hasEnded && wrong.length < 5) {
      const problem = await askHonestly(place, random);
      if (problem !== undefined) wrong.push(problem);
    }
  };
  // The first of everything opens what stays open: threads, files, connections that are kept.
  for (let i = 0; i < 30; i++) await askHonestly(place, random);
  const before = open();
  await Promise.all([...Array.from({ length: 12 }, rude), honest(), honest(), honest()]);
  if (child.hasEnded) return [...wrong, `the program ended with ${child.end}: ${child.output().slice(-2000)}`];
  const growth = residentBytes(child.pid) - halfway;
  if (growth > GROWTH_LIMIT) wrong.push(`memory grew by ${growth} octets in the second half`);
  if (!(await until(() => open() - before <= IDLE_MAX, SETTLE_MS, 200)))
    wrong.push(`${open() - before} descriptors more than before`);
  const problem = await askHonestly(place, random);
  if (problem !== undefined) wrong.push(`afterwards: ${problem}`);
  const log = child.output() + readFileSync(join(place.front.dir, 'error.log'), 'utf8');
  const fault = /internal-fault.*|^\s+at .+:\d+:\d+.*/m.exec(log);
  if (fault !== null) wrong.push(`a fault in the log: ${log.slice(fault.index, fault.index + 1500)}`);
  return wrong;
}

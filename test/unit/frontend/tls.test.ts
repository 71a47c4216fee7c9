// A frontend with TLS on both sides: reloads, keys that may not be read any more, what requests learn and need, backends
// that are kept apart by name, checks, WebSockets, bodies that somebody may have cut.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { systemClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { diskFiles, type FileReader } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { FrontendServer } from '../../../src/frontend/server.ts';
import { TlsStore } from '../../../src/frontend/tls/tls-store.ts';
import { checkSite } from '../../../src/site/check/check.ts';
import { loadSite } from '../../../src/site/load.ts';
import type { Snapshot } from '../../../src/site/model.ts';
import { freePort, until } from '../../support/port.ts';
import { askTls, get, identity, TLS_FILES } from '../../support/tls.ts';
import { endBelow, endProperly, TlsBackends } from '../../support/tls-backends.ts';

/** A server in a folder of its own, which holds `www.pem` and `www.key`. */
class Site implements AsyncDisposable {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'tls-site-'));
  readonly log: MemoryLog = new MemoryLog();
  readonly port: number;
  server!: FrontendServer;

  private constructor(port: number) {
    this.port = port;
    this.put('www', 'www');
    writeFileSync(join(this.dir, 'page.txt'), 'page');
  }

  static async open(conf: string, options = 'SSLEngine On'): Promise<Site> {
    const site = new Site(await freePort());
    site.server = new FrontendServer(site.load(conf, options), { clock: systemClock, log: site.log });
    await site.server.listen();
    return site;
  }

  load(conf: string, options = 'SSLEngine On'): Snapshot {
    const file = join(this.dir, 'httpd.conf');
    const pair = options === '' ? '' : 'SSLCertificateFile www.pem\nSSLCertificateKeyFile www.key\n';
    const text = `ServerRoot ${this.dir}\nDocumentRoot ${this.dir}\nServerName www.example.test\n<Directory />\nRequire all granted\n</Directory>\n`;
    writeFileSync(file, `Listen 127.0.0.1:${this.port}\n${text}${options}\n${pair}${conf}\n`);
    const { snapshot, findings } = loadSite({ file, files: diskFiles, environment: {} });
    assert.ok(snapshot, findings.map(formatFinding).join('\n'));
    return snapshot;
  }

  /** Another certificate under the name that the configuration knows. */
  put(name: string, as: string): void {
    for (const kind of ['pem', 'key'])
      copyFileSync(join(TLS_FILES, `${name}.${kind}`), join(this.dir, `${as}.${kind}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.cut();
    await this.server.stop();
    rmSync(this.dir, { recursive: true });
  }
}

/** Everything that comes to a plain request. */
async function askPlain(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  return readAll(socket);
}

function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

const PAGE = get('/page.txt', 'www.example.test');

test('a reload takes a renewed certificate for new connections, and leaves the others open', async () => {
  await using site = await Site.open('');
  const old = connectTls({ port: site.port, host: '127.0.0.1', rejectUnauthorized: false });
  let heard = '';
  old.on('data', (bytes) => {
    heard += bytes.toString('latin1');
  });
  old.write('GET /page.txt HTTP/1.1\r\nHost: www.example.test\r\n\r\n');
  await until(() => heard.endsWith('page'), 5000);
  site.put('app', 'www');
  await site.server.reload(site.load(''));
  assert.equal((await askTls(site.port, PAGE)).name, 'app.example.test');
  old.write(PAGE);
  await until(() => heard.endsWith('pagepage') || heard.split('page').length > 2, 5000);
  assert.equal(heard.split('HTTP/1.1 200').length, 3);
});

test('a connection from before a reload does not pass by what its host asks of clients since', async () => {
  await using site = await Site.open('');
  const old = connectTls({ port: site.port, host: '127.0.0.1', rejectUnauthorized: false });
  let heard = '';
  old.on('data', (bytes) => {
    heard += bytes.toString('latin1');
  });
  old.write('GET /page.txt HTTP/1.1\r\nHost: www.example.test\r\n\r\n');
  await until(() => heard.endsWith('page'), 5000);
  await site.server.reload(site.load(`SSLCACertificateFile ${TLS_FILES}/ca.pem\nSSLVerifyClient require`));
  old.write(PAGE);
  await until(() => heard.includes('HTTP/1.1 421'), 5000);
  assert.ok(heard.includes('HTTP/1.1 421'));
});

test('a reload with a key that does not fit is refused, and everything stays as it was', async () => {
  await using site = await Site.open('');
  const snapshot = site.load('');
  copyFileSync(join(TLS_FILES, 'app.key'), join(site.dir, 'www.key'));
  await assert.rejects(site.server.reload(snapshot), { code: 'key-mismatch' });
  assert.equal((await askTls(site.port, PAGE)).name, 'www.example.test');
});

test('what may not be read any more counts as it was read before, with an event', () => {
  const log = new MemoryLog();
  let isForbidden = false;
  const files: FileReader = {
    ...diskFiles,
    read: (path) => {
      if (isForbidden) throw Object.assign(new Error('no'), { code: 'EACCES' });
      return Buffer.from(`read ${path}`);
    },
  };
  const store = new TlsStore(files, log);
  assert.equal(String(store.files.read('/k')), 'read /k');
  isForbidden = true;
  assert.equal(String(store.files.read('/k')), 'read /k');
  assert.deepEqual(
    log.events.map(({ event, fields }) => [event, fields.file]),
    [['tls-file-kept', '/k']],
  );
  assert.throws(() => store.files.read('/other'), /no/);
  assert.equal(String(store.held.read('/k')), 'read /k');
});

// SSLPassPhraseDialog
test('the program for passphrases is asked once for each key; one that fails stops the start with its words', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pass-'));
  const program = join(dir, 'tell');
  writeFileSync(program, `#!/bin/sh\necho x >> ${dir}/asked\necho catflap\n`);
  chmodSync(program, 0o755);
  const conf = `SSLPassPhraseDialog exec:${program}\nSSLEngine On\nSSLCertificateFile ${TLS_FILES}/www.pem\nSSLCertificateKeyFile ${TLS_FILES}/encrypted.key`;
  {
    await using site = await Site.open(conf, '');
    await site.server.reload(site.load(conf, ''));
    assert.equal((await askTls(site.port, PAGE)).status, 200);
    assert.equal(String(diskFiles.read(`${dir}/asked`)), 'x\n');
  }
  writeFileSync(program, '#!/bin/sh\nexit 3\n');
  await assert.rejects(Site.open(conf, ''), {
    code: 'passphrase-untold',
    message: /httpd\.conf:9: SSLPassPhraseDialog.*ended with 3/,
  });
  writeFileSync(program, '#!/bin/sh\necho wrong\n');
  await assert.rejects(Site.open(conf, ''), { code: 'key-unreadable', message: /the passphrase does not fit/ });
  rmSync(dir, { recursive: true });
});

// SSLUserName
test('the certificate of a client names the user where SSLUserName says so', async () => {
  const conf = `SSLCACertificateFile ${TLS_FILES}/ca.pem\nSSLVerifyClient optional\nLogFormat "%u %{SSL_CLIENT_S_DN_CN}e" u\nCustomLog log u\n<Location /page.txt>\nSSLUserName SSL_CLIENT_S_DN_CN\nSSLOptions +StdEnvVars\n</Location>`;
  await using site = await Site.open(conf);
  await askTls(site.port, PAGE, identity('client'));
  await askTls(site.port, PAGE);
  site.server.reopenLogs();
  const lines = () => String(diskFiles.read(join(site.dir, 'log')));
  await until(() => lines().split('\n').length === 3, 5000);
  assert.equal(lines(), 'Client One Client One\n- -\n');
});

// RemoteIPProxyProtocol
test('the PROXY protocol comes before TLS', async () => {
  const conf = `LoadModule remoteip_module m\nRemoteIPProxyProtocol On\nHeader set X-Client "%{REMOTE_ADDR}e"\nLogFormat "%a %{SSL_PROTOCOL}x" a\nCustomLog log a`;
  await using site = await Site.open(conf);
  const raw = connect(site.port, '127.0.0.1');
  raw.write('PROXY TCP4 192.0.2.9 192.0.2.1 4711 443\r\n');
  const socket = connectTls({ socket: raw, rejectUnauthorized: false }, () => socket.write(PAGE));
  assert.match(await readAll(socket), /^HTTP\/1\.1 200/);
  const line = () => String(diskFiles.read(join(site.dir, 'log')));
  await until(() => line() !== '', 5000);
  assert.equal(line(), '192.0.2.9 TLSv1.3\n');
});

test('URLs made by a host with https in its ServerName begin with it', async () => {
  const conf = 'ServerName https://shop.example.test\nUseCanonicalName On\nRedirect /a /b';
  await using site = await Site.open(conf, '');
  assert.match(await askPlain(site.port, get('/a', 'h')), /^Location: https:\/\/shop\.example\.test\/b\r$/m);
});

// --- backends -------------------------------------------------------------------------------------------------------

test('connections to a backend serve only requests for the name they were made with', async () => {
  // ProxyPreserveHost, SSLProxyEngine
  await using backends = new TlsBackends();
  const { port, seen } = await backends.secure('www');
  const conf = `SSLProxyEngine On\nProxyPreserveHost On\nProxyPass /b/ https://localhost:${port}/`;
  await using site = await Site.open(conf, '');
  for (const [path, name] of [
    ['1', 'www.example.test'],
    ['2', 'localhost'],
    ['3', 'www.example.test:80'],
  ])
    assert.match(await askPlain(site.port, get(`/b/${path}`, name)), /^HTTP\/1\.1 200/);
  assert.deepEqual(seen, [
    'sni www.example.test',
    'GET /1 www.example.test',
    'sni localhost',
    'GET /2 localhost',
    'GET /3 www.example.test',
  ]);
});

test('connections outlive a reload that leaves their settings as they are, and no other', async () => {
  await using backends = new TlsBackends();
  const { port, seen } = await backends.secure('www');
  const conf = `SSLProxyEngine On\nProxyPass /b/ https://localhost:${port}/`;
  await using site = await Site.open(conf, '');
  const ask = (path: string) => askPlain(site.port, get(`/b/${path}`, 'h'));
  await ask('1');
  await site.server.reload(site.load(conf, ''));
  await ask('2');
  await site.server.reload(site.load(`SSLProxyVerify require\n${conf}`, ''));
  assert.match(await ask('3'), /^HTTP\/1\.1 500/);
  assert.deepEqual(
    seen.filter((line) => line.startsWith('GET')),
    ['GET /1 localhost', 'GET /2 localhost'],
  );
  assert.equal(seen.filter((line) => line === 'sni localhost').length, 2);
});

test('a body that ends with the connection is whole when TLS was ended, and cut when it was not', async () => {
  await using backends = new TlsBackends();
  const [whole, half] = [await backends.secure('www', {}, endProperly), await backends.secure('www', {}, endBelow)];
  const conf = `SSLProxyEngine On\nProxyPass /whole https://localhost:${whole.port}/\nProxyPass /half https://localhost:${half.port}/`;
  await using site = await Site.open(conf, '');
  assert.match(await askPlain(site.port, get('/whole', 'h')), /whole\r\n0\r\n\r\n$/);
  assert.match(await askPlain(site.port, get('/half', 'h')), /half\r\n$/);
});

// BalancerMember
test('why a handshake failed is told in the log, with the member', async () => {
  await using backends = new TlsBackends();
  const [app, plain] = [await backends.secure('app'), await backends.plain()];
  const member = (name: string, port: number) =>
    `<Proxy balancer://${name}>\nBalancerMember https://localhost:${port}\n</Proxy>\nProxyPass /${name} balancer://${name}/\n`;
  await using site = await Site.open(`SSLProxyEngine On\n${member('a', app.port)}${member('p', plain.port)}`, '');
  for (const path of ['/a', '/p']) assert.match(await askPlain(site.port, get(path, 'h')), /^HTTP\/1\.1 500/);
  const told = JSON.stringify(site.log.events);
  assert.match(told, /its certificate does not name localhost/);
  assert.match(told, /it does not speak TLS/);
});

test('members are checked over TLS, by the settings of a host that uses them', async () => {
  // hcmethod
  await using backends = new TlsBackends();
  const [good, bad] = [await backends.secure('www'), await backends.secure('app')];
  const conf = `SSLProxyEngine On\n<Proxy balancer://c>\nBalancerMember https://localhost:${good.port} hcmethod=GET hcuri=/up hcinterval=100ms\nBalancerMember https://localhost:${bad.port} hcmethod=GET hcuri=/up hcinterval=100ms hcfails=1\n</Proxy>\nProxyPass /c balancer://c/`;
  await using site = await Site.open(conf, '');
  await until(() => good.seen.some((line) => line.startsWith('GET /up')), 5000);
  assert.deepEqual(
    bad.seen.filter((line) => line.startsWith('GET')),
    [],
  );
  await until(() => JSON.stringify(site.log.events).includes(String(bad.port)), 5000);
});

test('a WebSocket goes to wss:// members', async () => {
  await using backends = new TlsBackends();
  const answer = (socket: TLSSocket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
  };
  const { port } = await backends.secure('www', {}, answer);
  await using site = await Site.open(`SSLProxyEngine On\nProxyPass /ws wss://localhost:${port}/`, '');
  const socket = connect(site.port, '127.0.0.1', () =>
    socket.write('GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  );
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1');
  });
  await until(() => heard.endsWith('hello'), 5000);
  assert.match(heard, /^HTTP\/1\.1 101/);
  socket.destroy();
});

test('members that TLS is spoken to without SSLProxyEngine are found beforehand', async () => {
  await using site = await Site.open('', '');
  const found = (conf: string) => checkSite(site.load(conf, '')).filter(({ code }) => code === 'tls-engine-off').length;
  assert.equal(found('ProxyPass /a https://h/'), 1);
  assert.equal(found('SSLProxyEngine On\nProxyPass /a https://h/'), 0);
  assert.equal(found('<Proxy https://h/>\nSSLProxyEngine On\n</Proxy>\nProxyPass /a https://h/'), 0);
});

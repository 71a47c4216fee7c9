// User and Group: what the frontend holds on to when it has become somebody else, and that it needs nothing of its own
// program any more.

import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Child } from '../support/child.ts';
import { fetchOnce, HttpConnection, headerOf } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { PROJECT } from '../support/front.ts';
import { freePort, isListening, sleep, until } from '../support/port.ts';
import { freeLowPort, needsRoot, USER } from '../support/root-server.ts';
import { askTls, get as requestFor, TLS_FILES, tlsText } from '../support/tls.ts';

describe('started as root with User and Group', needsRoot, () => {
  let folder = '';
  let port = 0;
  let securePort = 0;
  let backends: FakeBackends;
  let front: Child;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'privileges-'));
    chmodSync(folder, 0o755);
    backends = await FakeBackends.start();
    copyProgram(join(folder, 'program'));
    port = await freeLowPort();
    securePort = await freePort();
    front = startFront(folder, port, securePort, backends);
    assert.ok(await until(() => front.hasEnded || isListening(port), 15_000), front.output());
    assert.ok(!front.hasEnded, front.output());
    await until(() => front.output().includes('listening'), 3000);
  });
  after(async () => {
    await front?.stop();
    await backends?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = (path: string, host = 'www.example.test') => fetchOnce(port, { path, host });

  test('every thread has the new user, its group and its groups, and no way back', () => {
    const { uid, gid, groups } = accountOf(USER);
    const threads = readdirSync(`/proc/${front.pid}/task`);
    assert.ok(threads.length > 1);
    for (const thread of threads) {
      const status = readFileSync(`/proc/${front.pid}/task/${thread}/status`, 'latin1');
      const ids = (name: string): number[] =>
        (new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).filter(Boolean).map(Number);
      assert.deepEqual(ids('Uid'), [uid, uid, uid, uid]);
      assert.deepEqual(ids('Gid'), [gid, gid, gid, gid]);
      assert.deepEqual(ids('Groups').toSorted(), groups.toSorted());
    }
  });

  // SSLCertificateKeyFile
  test('a key that only root may read was read before', async () => {
    await until(() => isListening(securePort), 3000);
    const answer = await askTls(securePort, requestFor('/local.txt', 'www.example.test'));
    assert.deepEqual([answer.status, answer.name], [200, 'www.example.test']);
  });

  test('the port below 1024 and the logs in a closed folder were opened before', async () => {
    assert.ok(port < 1024);
    assert.equal((await get('/local.txt?logged')).body.toString(), 'local file\n');
    const log = join(folder, 'logs/access.log');
    assert.ok(await until(() => readFileSync(log, 'utf8').includes('"GET /local.txt?logged HTTP/1.1" 200 11'), 3000));
  });

  // Its program cannot be read any more: whatever is imported only now would fail.
  for (const [title, path, status, body] of [
    ['a small file', '/local.txt', 200, /^local file\n$/],
    ['a large file', '/large.bin', 200, /^x{2000000}$/],
    ['the index of a folder', '/', 200, /^local index\n$/],
    ['a folder without its slash', '/sub', 301, /sub\//],
    ['a path that leads nowhere', '/nothing', 404, /404 Not Found/],
    ['an error document of its own', '/errors/nothing', 404, /^a page of our own\n$/],
    ['a closed place', '/closed/', 403, /403 Forbidden/],
    ['a redirect', '/old', 302, /302 Found/],
    ['an AJP backend', '/ajp/x', 200, /"member": ?"a"/],
    ['an HTTP backend', '/http/x', 200, /"member": ?"a"/],
    ['a balancer with a member that is down', '/balanced/x', 200, /"member": ?"b"/],
    ['a backend that is down', '/down/x', 503, /503 Service Unavailable/],
    ['a backend that breaks off', '/ajp/do:crash/', 503, /503/],
  ] as const) {
    test(`it answers ${title}`, async () => {
      const answer = await get(path);
      assert.equal(answer.status, status);
      assert.match(answer.body.toString(), body);
    });
  }

  test('it answers ranges, conditions, bodies, methods and requests that make no sense', async () => {
    const connection = await HttpConnection.open(port);
    const range = await connection.request({ path: '/local.txt', headers: [['Range', 'bytes=0-1,4-5']] });
    assert.equal(range.status, 206);
    const etag = headerOf(await connection.request({ path: '/local.txt' }), 'etag') ?? '';
    assert.equal((await connection.request({ path: '/local.txt', headers: [['If-None-Match', etag]] })).status, 304);
    const upload = await connection.request({ method: 'POST', path: '/ajp/x', body: 'y'.repeat(100_000) });
    assert.equal(JSON.parse(upload.body.toString()).body_len, 100_000);
    const chunked = await connection.request({ method: 'POST', path: '/http/x', chunked: ['a', 'bc'] });
    assert.equal(JSON.parse(chunked.body.toString()).body_len, 3);
    assert.equal((await connection.request({ method: 'DELETE', path: '/local.txt' })).status, 405);
    connection.close();
    assert.equal((await fetchOnce(port, { path: '/', version: 'HTTP/9.9' })).status, 505);
    assert.equal((await fetchOnce(port, { path: '/ a b' })).status, 400);
    assert.equal((await fetchOnce(port, { path: '/', host: null })).status, 400);
  });

  test('what only root may read is not served', async () => {
    assert.equal((await get('/secret.txt')).status, 403);
  });

  test('when it stops, its PidFile is removed from the closed folder', async () => {
    assert.ok(existsSync(join(folder, 'run/catflap.pid')));
    front.signal('SIGTERM');
    assert.ok(await until(() => front.hasEnded, 5000));
    assert.equal(front.end, 0);
    assert.ok(!existsSync(join(folder, 'run/catflap.pid')));
  });
});

test('a program folder that the new user cannot read does stop a late import', needsRoot, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'privileges-'));
  chmodSync(folder, 0o755);
  await using backends = await FakeBackends.start();
  const program = join(folder, 'program');
  copyProgram(program);
  const file = join(program, 'src/cli/serving.ts');
  const sound = readFileSync(file, 'utf8');
  const faulty = sound.replace(
    "void this.#reloader.request('restart');",
    "void import('./check.ts').catch((e) => this.#parts.log.error('late', { e: String(e) }));",
  );
  assert.notEqual(faulty, sound);
  writeFileSync(file, faulty);
  const port = await freeLowPort();
  const front = startFront(folder, port, await freePort(), backends);
  try {
    assert.ok(await until(() => isListening(port), 15_000), front.output());
    await sleep(200);
    front.signal('SIGHUP');
    const log = join(folder, 'logs/error.log');
    assert.ok(
      await until(() => /error late .*check\.ts/.test(readFileSync(log, 'utf8')), 5000),
      readFileSync(log, 'utf8'),
    );
  } finally {
    await front.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('only the choice of a command is imported when it is needed', () => {
  const late = globSync('src/**/*.ts', { cwd: PROJECT }).filter((file) =>
    /(?<!\/\/.*)\b(?:await|=|\() ?import\(|createRequire|\brequire\(/.test(readFileSync(join(PROJECT, file), 'utf8')),
  );
  assert.deepEqual(late, ['src/cli/main.ts']);
});

/** The program with what it needs from others, in a folder that only root can look into. */
function copyProgram(to: string): void {
  const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  const needed = Object.entries<{ dev?: boolean }>(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  for (const path of ['bin', 'src', 'package.json', ...needed.map(([path]) => path)])
    cpSync(join(PROJECT, path), join(to, path), { recursive: true });
  chmodSync(to, 0o700);
}

function startFront(folder: string, port: number, securePort: number, backends: FakeBackends): Child {
  const { ajp, http } = backends.ports;
  for (const path of ['htdocs/sub', 'logs', 'run']) mkdirSync(join(folder, path), { recursive: true });
  for (const path of ['logs', 'run']) chmodSync(join(folder, path), 0o700);
  const files = {
    'htdocs/index.html': 'local index\n',
    'htdocs/local.txt': 'local file\n',
    'htdocs/large.bin': 'x'.repeat(2_000_000),
    'htdocs/error.html': 'a page of our own\n',
    'htdocs/secret.txt': 'secret\n',
    'www.key': tlsText('www.key'),
    'front.conf': `Listen 127.0.0.1:${port}
Listen 127.0.0.1:${securePort}
ServerName www.example.test
User ${USER}
Group ${USER}
PidFile run/catflap.pid
ErrorLog logs/error.log
CustomLog logs/access.log common
DocumentRoot htdocs
Redirect /old http://www.example.test/new
<Location /closed>
  Require all denied
</Location>
<Location /errors>
  ErrorDocument 404 /error.html
</Location>
<Proxy balancer://app>
  BalancerMember ajp://127.0.0.1:1 route=a
  BalancerMember ajp://127.0.0.1:${ajp.b} route=b
</Proxy>
ProxyPass /balanced/ balancer://app/ stickysession=JSESSIONID
ProxyPass /ajp/ ajp://127.0.0.1:${ajp.a}/
ProxyPass /http/ http://127.0.0.1:${http.a}/
ProxyPass /down/ ajp://127.0.0.1:1/
<VirtualHost 127.0.0.1:${securePort}>
  SSLEngine On
  SSLCertificateFile ${TLS_FILES}/www.pem
  SSLCertificateKeyFile www.key
</VirtualHost>
`,
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  for (const path of ['htdocs/secret.txt', 'www.key']) chmodSync(join(folder, path), 0o600);
  const program = join(folder, 'program/bin/catflap.mjs');
  const command = [process.execPath, '--disable-sigusr1', program, 'front', '-d', folder, '-f', 'front.conf'] as const;
  return Child.start(command, { cwd: folder, log: join(folder, 'output') });
}

function accountOf(name: string): { uid: number; gid: number; groups: number[] } {
  const lines = (file: string): string[][] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  const [, , uid, gid] = lines('/etc/passwd').find(([each]) => each === name) ?? [];
  const more = lines('/etc/group').filter(([, , , members]) => members?.split(',').includes(name));
  return { uid: Number(uid), gid: Number(gid), groups: [Number(gid), ...more.map(([, , id]) => Number(id))] };
}

// What the frontend does when it is signalled: from its first moment on, with requests in progress, and for log rotation.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Child } from '../support/child.ts';
import { type Answer, fetchOnce, HttpConnection } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front, PROJECT } from '../support/front.ts';
import { listeningPorts } from '../support/listening.ts';
import { freePort, isListening, sleep, until } from '../support/port.ts';

const PROGRAM = join(PROJECT, 'bin/catflap.mjs');
const START_LIMIT_MS = 15_000;
const WWW_DATA = 33;
/** Lines are gathered for a quarter of a second. */
const LOG_PAUSE_MS = 400;
/** A debugger that opens does so within this time. */
const WATCH_MS = 700;

/** Every way people start it, with an environment in which `node` is the one that runs this test. */
const WAYS = {
  'as a command': [PROGRAM],
  'by node --disable-sigusr1': [process.execPath, '--disable-sigusr1', PROGRAM],
} as const;
const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}` };

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'signals-'));
  mkdirSync(join(folder, 'htdocs'));
  writeFileSync(join(folder, 'htdocs/index.html'), 'here\n');
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('SIGUSR1', () => {
  for (const [way, command] of Object.entries(WAYS))
    for (const delayMs of [0, 50, 150, 300, 500]) {
      test(`after ${delayMs} ms opens no debugger, and reopens logs once it listens (started ${way})`, async () => {
        const port = await freePort();
        const log = join(folder, `${port}.log`);
        const conf = join(folder, `${port}.conf`);
        const lines = [
          `Listen 127.0.0.1:${port}`,
          'ServerName localhost',
          'DocumentRoot htdocs',
          `CustomLog ${log} "%r"`,
        ];
        writeFileSync(conf, `${lines.join('\n')}\n`);
        const front = Child.start([...command, 'front', '-f', conf], { cwd: folder, env, log: `${log}.output` });
        try {
          await sleep(delayMs);
          process.kill(front.pid, 'SIGUSR1');
          const seen = new Set<number>();
          const watchedFrom = performance.now();
          const isUp = await until(
            () => {
              for (const each of listeningPorts(front.pid)) seen.add(each);
              return front.hasEnded || (seen.has(port) && performance.now() > watchedFrom + WATCH_MS);
            },
            START_LIMIT_MS,
            5,
          );
          assert.ok(isUp, front.output());
          // Before the program has been loaded at all, the system itself ends the process.
          if (front.hasEnded && delayMs === 0) {
            assert.equal(front.end, 'SIGUSR1');
            return;
          }
          assert.deepEqual([...seen], [port]);
          assert.doesNotMatch(front.output(), /Debugger listening/);

          renameSync(log, `${log}.old`);
          process.kill(front.pid, 'SIGUSR1');
          assert.ok(await until(() => existsSync(log), 5000), front.output());
          await fetchOnce(port, { path: '/after' });
          assert.ok(await until(() => readFileSync(log, 'utf8') === 'GET /after HTTP/1.1\n', 3000));
          assert.deepEqual(listeningPorts(front.pid), [port]);
        } finally {
          assert.ok(await front.stop());
        }
      });
    }
});

test('a debugger that does open is noticed', async () => {
  const log = join(folder, 'debugger.output');
  const child = Child.start([process.execPath, '--inspect-port=0', '-e', 'setTimeout(() => {}, 20_000)'], { log });
  try {
    await sleep(500);
    child.signal('SIGUSR1');
    assert.ok(await until(() => listeningPorts(child.pid).length === 1, 5000), child.output());
  } finally {
    await child.kill();
  }
});

describe('log rotation', () => {
  for (const signal of ['SIGUSR1', 'SIGHUP'] as const) {
    test(`${signal} goes on in a new file, and no line is lost or written twice`, async () => {
      await using front = await Front.start('catflap', {
        conf: `LogLevel info\nCustomLog @DIR@/access.log "%r %>s"\nCustomLog @DIR@/referer.log "%{Referer}i"`,
      });
      const names = ['access.log', 'referer.log', 'error.log'].map((name) => join(front.dir, name));
      const connection = await HttpConnection.open(front.port);
      for (let i = 0; i < 60; i++) {
        if (i % 20 === 10) {
          await sleep(LOG_PAUSE_MS);
          for (const name of names) renameSync(name, `${name}.${i}`);
          front.child.signal(signal);
          assert.ok(await until(() => names.every((name) => existsSync(name)), 5000));
        }
        await connection.request({ path: `/local.txt?${i}`, headers: [['Referer', `r${i}`]] });
      }
      connection.close();
      const [access = '', referer = '', errors = ''] = names;
      const all = (name: string): string[] => ['.10', '.30', '.50', ''].flatMap((end) => linesOf(`${name}${end}`));
      const expected = Array.from({ length: 60 }, (_, i) => `GET /local.txt?${i} HTTP/1.1 200`);
      assert.ok(await until(() => all(access).length === 60, 3000));
      assert.deepEqual(all(access), expected);
      assert.deepEqual(
        all(referer),
        expected.map((_, i) => `r${i}`),
      );
      const reloaded = linesOf(errors).filter((line) => line.includes(' reloaded '));
      assert.equal(reloaded.length, 1);
      assert.match(reloaded[0] ?? '', signal === 'SIGHUP' ? /manner=restart/ : /manner=graceful/);
    });
  }

  test('a file that cannot be opened anew is written on, and that is told', async () => {
    await using front = await Front.start('catflap', {
      conf: 'CustomLog @DIR@/logs/access.log "%r"',
      files: { 'logs/x': '' },
    });
    const log = join(front.dir, 'logs/access.log');
    renameSync(log, `${log}.old`);
    // A keeper does not go where User could send it.
    chmodSync(join(front.dir, 'logs'), 0o500);
    if (process.getuid?.() === 0) chownSync(join(front.dir, 'logs'), WWW_DATA, WWW_DATA);
    front.child.signal('SIGUSR1');
    await fetchOnce(front.port, { path: '/one' });
    if (process.getuid?.() === 0) {
      const failed = () => front.child.output().includes('log-reopen-failed');
      assert.ok(await until(failed, 5000));
      assert.ok(await until(() => readFileSync(`${log}.old`, 'utf8') === 'GET /one HTTP/1.1\n', 3000));
    } else assert.ok(await until(() => existsSync(log), 5000));
  });
});

describe('the access log', () => {
  test("has a line per request in httpd's formats, with the member that answered", async () => {
    await using backends = await FakeBackends.start();
    await using front = await Front.start('catflap', {
      conf: `LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{User-Agent}i\\" member=%{BALANCER_WORKER_ROUTE}e %D" mine
CustomLog @DIR@/mine.log mine
CustomLog @DIR@/common.log common
CustomLog @DIR@/app.log "%U" env=app
SetEnvIf Request_URI ^/app/ app
<Proxy balancer://app>
  BalancerMember ajp://127.0.0.1:${backends.ports.ajp.a} route=jvm1
</Proxy>
ProxyPass /app/ balancer://app/ stickysession=JSESSIONID`,
    });
    await fetchOnce(front.port, { path: '/local.txt', headers: [['User-Agent', 'a "b"']] });
    await fetchOnce(front.port, { path: '/nothing' });
    await fetchOnce(front.port, { path: '/app/x?y=1' });
    const read = (name: string): string[] => linesOf(join(front.dir, name));
    const counts = (): number[] => ['mine.log', 'common.log', 'app.log'].map((name) => read(name).length);
    assert.ok(await until(() => `${counts()}` === '3,3,1', 3000), `${counts()}`);
    const time = String.raw`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`;
    const expected = [
      String.raw`127\.0\.0\.1 - - ${time} "GET /local\.txt HTTP/1\.1" 200 11 "a \\"b\\"" member=- \d+`,
      String.raw`127\.0\.0\.1 - - ${time} "GET /nothing HTTP/1\.1" 404 \d+ "-" member=- \d+`,
      String.raw`127\.0\.0\.1 - - ${time} "GET /app/x\?y=1 HTTP/1\.1" 200 \d+ "-" member=jvm1 \d+`,
    ];
    for (const [i, line] of read('mine.log').entries()) assert.match(line, new RegExp(`^${expected[i]}$`));
    assert.match(
      read('common.log')[0] ?? '',
      new RegExp(`^127\\.0\\.0\\.1 - - ${time} "GET /local\\.txt HTTP/1\\.1" 200 11$`),
    );
    assert.deepEqual(read('app.log'), ['/app/x']);
  });
});

test('a member whose cookies name another route than configured is told of once, with both names', async () => {
  await using backends = await FakeBackends.start();
  await using front = await Front.start('catflap', {
    conf: `<Proxy balancer://app>
  BalancerMember ajp://127.0.0.1:${backends.ports.ajp.a} route=jvm1
  BalancerMember http://127.0.0.1:${backends.ports.http.b} route=b
</Proxy>
ProxyPass / balancer://app/ stickysession=JSESSIONID`,
  });
  for (let i = 0; i < 12; i++) await fetchOnce(front.port, { path: '/do:route/' });
  assert.deepEqual([backends.state('a').hits, backends.state('b').hits], [6, 6]);
  const log = join(front.dir, 'error.log');
  const told = (): string[] => linesOf(log).filter((line) => line.includes('route-mismatch'));
  assert.ok(await until(() => told().length > 0, 3000));
  await sleep(LOG_PAUSE_MS);
  assert.equal(told().length, 1);
  assert.match(
    told()[0] ?? '',
    new RegExp(`member="?ajp://127\\.0\\.0\\.1:${backends.ports.ajp.a}.* configuredRoute="?jvm1"? cookieRoute="?a"? `),
  );
});

describe('stopping', () => {
  let backends: FakeBackends;
  before(async () => {
    backends = await FakeBackends.start();
  });
  after(() => backends.stop());

  const start = (more = ''): Promise<Front> =>
    Front.start('catflap', {
      conf: `${more}\nProxyPass /ajp/ ajp://127.0.0.1:${backends.ports.ajp.a}/\nProxyPass /http/ http://127.0.0.1:${backends.ports.http.a}/`,
    });
  const begin = async (
    front: Front,
    path: string,
  ): Promise<{ connection: HttpConnection; answer: Promise<Answer> }> => {
    const hits = backends.state('a').hits;
    const connection = await HttpConnection.open(front.port);
    const answer = connection.request({ path });
    assert.ok(await until(() => backends.state('a').hits > hits, 3000));
    return { connection, answer };
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} answers what is in progress, accepts nothing new, and ends with 0`, async () => {
      await using front = await start();
      const idle = await HttpConnection.open(front.port);
      await idle.request({ path: '/local.txt' });
      const waiting = await Promise.all(['/ajp/do:sleep:1/', '/http/do:sleep:1/'].map((path) => begin(front, path)));
      front.child.signal(signal);
      assert.ok(await until(async () => !(await isListening(front.port)), 2000));
      assert.ok(await until(() => idle.isClosed, 2000), 'an idle connection is closed');
      for (const { answer } of waiting) {
        const { status, isComplete, headers } = await answer;
        assert.deepEqual([status, isComplete], [200, true]);
        assert.ok(headers.some(([name, value]) => name.toLowerCase() === 'connection' && value === 'close'));
      }
      assert.ok(await until(() => front.child.hasEnded, 3000));
      assert.equal(front.child.end, 0);
    });
  }

  test('a request head that arrives after SIGTERM on a connection begun before is not left without an end', async () => {
    await using front = await start();
    const connection = await HttpConnection.open(front.port);
    front.child.signal('SIGTERM');
    assert.ok(await until(() => connection.isClosed, 3000));
    assert.ok(await until(() => front.child.hasEnded, 3000));
    assert.equal(front.child.end, 0);
  });

  test('a second SIGTERM cuts what is in progress', async () => {
    await using front = await start();
    const { connection, answer } = await begin(front, '/ajp/do:hang/');
    front.child.signal('SIGTERM');
    await sleep(500);
    assert.deepEqual([front.child.hasEnded, connection.isClosed], [false, false]);
    front.child.signal('SIGTERM');
    assert.ok(await until(() => front.child.hasEnded, 2000));
    assert.equal(front.child.end, 0);
    assert.equal((await answer).status, undefined);
  });

  test('GracefulShutdownTimeout cuts what is in progress by itself', async () => {
    await using front = await start('GracefulShutdownTimeout 1');
    const started = performance.now();
    const { answer } = await begin(front, '/http/do:hang/');
    front.child.signal('SIGTERM');
    assert.ok(await until(() => front.child.hasEnded, 4000));
    assert.ok(performance.now() - started > 900);
    assert.deepEqual([front.child.end, (await answer).status], [0, undefined]);
  });

  for (const delayMs of [60, 150, 300]) {
    test(`SIGTERM ${delayMs} ms after the start ends it`, async () => {
      const port = await freePort();
      const conf = join(folder, 'early.conf');
      writeFileSync(conf, `Listen 127.0.0.1:${port}\nServerName localhost\n`);
      const front = Child.start([PROGRAM, 'front', '-f', conf], {
        cwd: folder,
        env,
        log: join(folder, 'early.output'),
      });
      await sleep(delayMs);
      process.kill(front.pid, 'SIGTERM');
      assert.ok(await until(() => front.hasEnded, 5000), front.output());
      assert.ok(front.end === 0 || front.end === 'SIGTERM', `${front.end}`);
    });
  }
});

describe('PidFile', () => {
  test('holds the number of the process while it runs', async () => {
    await using front = await Front.start('catflap', { conf: 'PidFile @DIR@/rt/catflap.pid' });
    const file = join(front.dir, 'rt/catflap.pid');
    assert.ok(await until(() => existsSync(file), 5000));
    assert.equal(readFileSync(file, 'utf8'), `${front.child.pid}\n`);
    front.child.signal('SIGTERM');
    assert.ok(await until(() => front.child.hasEnded, 5000));
    assert.deepEqual([front.child.end, existsSync(file)], [0, false]);
  });

  test('stays when another process has written it meanwhile', async () => {
    await using front = await Front.start('catflap', { conf: 'PidFile @DIR@/rt/catflap.pid' });
    const file = join(front.dir, 'rt/catflap.pid');
    assert.ok(await until(() => existsSync(file), 5000));
    writeFileSync(file, '1\n');
    front.child.signal('SIGTERM');
    assert.ok(await until(() => front.child.hasEnded, 5000));
    assert.deepEqual([front.child.end, readFileSync(file, 'utf8')], [0, '1\n']);
  });

  test('that cannot be written costs an event, not the start', async () => {
    await using front = await Front.start('catflap', { conf: 'PidFile @DIR@/nothing/here.pid' });
    const isTold = () => /warn pid-file-unwritten .*nothing\/here\.pid/.test(front.child.output());
    assert.ok(await until(isTold, 5000), front.child.output());
    assert.equal((await fetchOnce(front.port, { path: '/local.txt' })).status, 200);
  });
});

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

// New configurations while everybody is at work: kept and new connections, AJP and HTTP members, slow downloads, uploads.
// Nobody may notice; and whatever goes wrong with a new configuration leaves the old one in force.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { askControl } from '../../src/cli/control-client.ts';
import { residentBytes } from '../support/child.ts';
import { type Answer, chunkBytes, fetchOnce, HttpConnection, headerOf } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front } from '../support/front.ts';
import { freePort, isListening, sleep, until } from '../support/port.ts';

const needsRoot = { skip: process.getuid?.() !== 0 && 'needs root' };
const isLong = process.env.CATFLAP_LONG === '1';
const RELOADS = isLong ? 500 : 50;
/** In the second half. */
const GROWTH_LIMIT = 32 * 1024 * 1024;
const DOWNLOAD_BYTES = 2_000_000;

/** The front's own configuration, whose last lines a reload replaces. */
class Reloading {
  readonly front: Front;
  readonly #file: string;
  readonly #head: string;

  private constructor(front: Front) {
    this.front = front;
    this.#file = join(front.dir, 'httpd.conf');
    this.#head = readFileSync(this.#file, 'utf8').split('# changes')[0] ?? '';
  }

  static async start(lines: string): Promise<Reloading> {
    // Logs of later generations are opened by a user who may not make files where root may.
    const files = { 'access-0.log': '', 'access-1.log': '' };
    const front = await Front.start('catflap', { conf: `LogLevel info\n# changes\n${lines}`, files });
    assert.ok(await until(() => existsSync(join(front.dir, 'httpd.control')), 5000), front.child.output());
    return new Reloading(front);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front.stop();
  }

  write(lines: string): void {
    writeFileSync(this.#file, `${this.#head}# changes\n${lines.replaceAll('@DIR@', this.front.dir)}\n`);
  }

  control(operation: string, given: Record<string, unknown> = {}): Promise<unknown> {
    return askControl(join(this.front.dir, 'httpd.control'), operation, given);
  }

  async reload(lines: string): Promise<void> {
    this.write(lines);
    await this.control('reload');
  }

  log(): string {
    return readFileSync(join(this.front.dir, 'error.log'), 'utf8');
  }
}

/** A configuration that differs from its neighbours in most that can differ. */
function generation(i: number, { ports }: FakeBackends, extraPort: number): string {
  const members = [
    `BalancerMember ajp://127.0.0.1:${ports.ajp.a} route=a loadfactor=${1 + (i % 3)}`,
    `BalancerMember http://127.0.0.1:${ports.http.b} route=b timeout=${20 + (i % 2)}`,
    ...(i % 4 === 3 ? [`BalancerMember ajp://127.0.0.1:${ports.ajp.c} route=c`] : []),
  ];
  return `MaxKeepAliveRequests 0
KeepAliveTimeout 60
${i % 5 === 4 ? `Listen 127.0.0.1:${extraPort}` : ''}
CustomLog @DIR@/access-${i % 2}.log "${i} %U %>s"
Header set X-Generation ${i}
<Proxy balancer://app>
${(i % 2 === 0 ? members : members.toReversed()).join('\n')}
</Proxy>
ProxyPass /app/ balancer://app/ stickysession=JSESSIONID
ProxyPass /ajp/ ajp://127.0.0.1:${ports.ajp.d}/
ProxyPass /http/ http://127.0.0.1:${ports.http.d}/`;
}

test(`${RELOADS} graceful reloads under load fail no request, break no connection, keep no memory`, async (t) => {
  await using backends = await FakeBackends.start();
  const extraPort = await freePort();
  await using site = await Reloading.start(generation(0, backends, extraPort));
  const { port, child } = site.front;
  const wrong: string[] = [];
  let isOver = false;
  let count = 0;
  const generations = new Set<string>();
  const judge = (what: string, answer: Answer, bytes?: number): void => {
    count++;
    generations.add(headerOf(answer, 'X-Generation') ?? '');
    if (answer.status !== 200 || answer.isComplete !== true || (bytes !== undefined && answer.body.length !== bytes))
      wrong.push(`${what}: ${answer.status}, ${answer.body.length} octets, complete: ${answer.isComplete}`);
  };
  const whileLoaded = async (act: () => Promise<void>): Promise<void> => {
    while (!isOver && wrong.length < 5) await act();
  };

  const kept = async (paths: readonly string[]): Promise<void> => {
    const connection = await HttpConnection.open(port);
    let i = 0;
    await whileLoaded(async () => {
      const path = paths[i++ % paths.length] as string;
      judge(`kept connection, ${path}`, await connection.request({ path }));
      await sleep(2);
    });
    connection.close();
  };
  const fresh = (): Promise<void> =>
    whileLoaded(async () => {
      judge('new connection', await fetchOnce(port, { path: '/app/x', headers: [['Connection', 'close']] }));
      await sleep(5);
    });
  const downloads = (path: string): Promise<void> =>
    whileLoaded(async () => {
      const connection = await HttpConnection.open(port);
      let taken = 0;
      const answer = await connection.request({ path }, (piece) => {
        taken += piece.length;
        // Slower than the front could: the download outlives some reloads.
        connection.socket.pause();
        setTimeout(() => connection.socket.resume(), 10);
      });
      judge(`download of ${path}`, answer);
      if (taken !== DOWNLOAD_BYTES) wrong.push(`download of ${path}: ${taken} octets`);
      connection.close();
    });
  const uploads = (path: string): Promise<void> =>
    whileLoaded(async () => {
      const connection = await HttpConnection.open(port);
      async function* body(): AsyncIterable<Buffer> {
        yield Buffer.from(`POST ${path} HTTP/1.1\r\nHost: www.example.test\r\nTransfer-Encoding: chunked\r\n\r\n`);
        for (let i = 0; i < 20; i++) {
          yield chunkBytes('u'.repeat(5000));
          await sleep(20);
        }
        yield Buffer.from('0\r\n\r\n');
      }
      const answer = await connection.exchange('POST', body());
      judge(`upload to ${path}`, answer);
      if (answer.status === 200 && JSON.parse(answer.body.toString()).body_len !== 100_000)
        wrong.push(`upload to ${path} lost octets`);
      connection.close();
    });
  const load = [
    kept(['/app/x', '/local.txt', '/ajp/x', '/http/x']),
    kept(['/app/x']),
    kept(['/local.txt', '/http/x']),
    fresh(),
    fresh(),
    downloads(`/ajp/do:big:${DOWNLOAD_BYTES}/`),
    downloads(`/http/do:big:${DOWNLOAD_BYTES}/`),
    uploads('/ajp/x'),
    uploads('/app/x'),
  ];

  let early = 0;
  try {
    for (let i = 1; i <= RELOADS && wrong.length === 0; i++) {
      await site.reload(generation(i, backends, extraPort));
      if (i === RELOADS / 2) early = residentBytes(child.pid);
    }
  } finally {
    isOver = true;
    await Promise.all(load);
  }
  assert.deepEqual(wrong, []);
  assert.ok(generations.size > RELOADS / 2, `answers of ${generations.size} generations`);
  const growth = residentBytes(child.pid) - early;
  t.diagnostic(`${count} requests; grew ${(growth / 1024 / 1024).toFixed(1)} MiB`);
  assert.ok(growth < GROWTH_LIMIT, `grew by ${growth} octets`);
  const isDrained = async (): Promise<boolean> => {
    const { requests, drainingSites } = (await site.control('status', { resource: 'listeners' })) as Record<
      string,
      number
    >;
    return requests === 0 && drainingSites === 0;
  };
  assert.ok(await until(isDrained, 5000));
  assert.doesNotMatch(site.log(), / (error|warn) /);
});

describe('a new configuration that cannot be put in force leaves the old one whole', () => {
  const SOUND = 'Header set X-Site old';
  const answers = async ({ front }: Reloading): Promise<string | undefined> =>
    headerOf(await fetchOnce(front.port, { path: '/local.txt' }), 'X-Site');

  test('a wrong line: logs are opened anew all the same, and the line is told', async () => {
    await using site = await Reloading.start(`${SOUND}\nCustomLog @DIR@/access.log "%U"`);
    const log = join(site.front.dir, 'access.log');
    renameSync(log, `${log}.1`);
    site.write('Header set X-Site new\nFrobnicate On\nProxyPass');
    site.front.child.signal('SIGUSR1');
    assert.ok(await until(() => site.log().includes('reload-failed'), 5000));
    assert.match(site.log(), /error reload-failed .*httpd\.conf:\d+: error: Frobnicate.*and 1 more/);
    assert.ok(existsSync(log));
    assert.equal(await answers(site), 'old');
    const { reloads, generation: count } = (await site.control('status', { resource: 'process' })) as {
      reloads: { failedCount: number; last: { isDone: boolean; error: string } };
      generation: number;
    };
    assert.deepEqual([reloads.failedCount, reloads.last.isDone, count], [1, false, 1]);
    assert.match(reloads.last.error, /Frobnicate/);
  });

  test('an address that is taken: the line of Listen is told, and the next reload can have it', async () => {
    await using site = await Reloading.start(SOUND);
    const other = createServer();
    const taken = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    const next = `Header set X-Site new\nListen 127.0.0.1:${taken}`;
    await assert.rejects(site.reload(next), /httpd\.conf:\d+: Listen .*is taken by another process/);
    assert.equal(await answers(site), 'old');
    await new Promise((resolve) => {
      other.close(resolve);
    });
    await site.reload(next);
    assert.equal(await answers(site), 'new');
    assert.equal(await isListening(taken), true);
  });

  test('a file that is gone', async () => {
    await using site = await Reloading.start(SOUND);
    await assert.rejects(site.reload('Header set X-Site new\nInclude nothing/here.conf'), /nothing\/here\.conf/);
    assert.equal(await answers(site), 'old');
  });
});

test('after User took effect, what only root may open is refused with its name', needsRoot, async () => {
  await using site = await Reloading.start('Header set X-Site old');
  mkdirSync(join(site.front.dir, 'closed'), { mode: 0o700 });
  await assert.rejects(site.reload('CustomLog @DIR@/closed/access.log "%U"'), /closed\/access\.log cannot be opened/);
  writeFileSync(join(site.front.dir, 'secret.conf'), 'KeepAlive Off\n', { mode: 0o600 });
  await assert.rejects(site.reload('Include secret.conf'), /secret\.conf/);
  assert.equal(headerOf(await fetchOnce(site.front.port, { path: '/local.txt' }), 'X-Site'), 'old');
});

test('a storm of signals becomes a few reloads, and everybody is served meanwhile', async () => {
  await using site = await Reloading.start('Header set X-Site old');
  site.write('Header set X-Site new');
  const connection = await HttpConnection.open(site.front.port);
  for (let i = 0; i < 300; i++) {
    site.front.child.signal(i % 10 === 0 ? 'SIGHUP' : 'SIGUSR1');
    if (i % 10 === 0) assert.equal((await connection.request({ path: '/local.txt' })).status, 200);
  }
  const isNew = async () => headerOf(await connection.request({ path: '/local.txt' }), 'X-Site') === 'new';
  assert.ok(await until(isNew, 5000));
  await sleep(500);
  const { reloads } = (await site.control('status', { resource: 'process' })) as { reloads: { doneCount: number } };
  assert.ok(reloads.doneCount >= 1 && reloads.doneCount < 20, `${reloads.doneCount} reloads`);
  connection.close();
});

test('what a reload cannot change is told with its line', async () => {
  await using site = await Reloading.start('Header set X-Site old');
  await site.reload('Header set X-Site new\nUser nobody\nDefaultRuntimeDir @DIR@');
  const warnings = (): string[] =>
    site
      .log()
      .split('\n')
      .filter((line) => line.includes('configuration-warning'));
  assert.ok(await until(() => warnings().length === 2, 5000), site.log());
  assert.match(warnings()[0] ?? '', /httpd\.conf:\d+: warning: User: .*stop and start/);
  assert.match(warnings()[1] ?? '', /httpd\.conf:\d+: warning: DefaultRuntimeDir: /);
});

test('ErrorLog, LogLevel and PidFile of a new configuration hold', async () => {
  await using site = await Reloading.start('Header set X-Site old');
  const { dir, child } = site.front;
  await site.reload('ErrorLog @DIR@/other.log\nPidFile @DIR@/rt/other.pid');
  assert.ok(await until(() => readFileSync(join(dir, 'other.log'), 'utf8').includes('info reloaded'), 5000));
  assert.equal(readFileSync(join(dir, 'rt/other.pid'), 'utf8'), `${child.pid}\n`);
  assert.equal(existsSync(join(dir, 'httpd.pid')), false);
});

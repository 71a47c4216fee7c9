// Two Node application servers, one Express and one Fastify, behind the real httpd: mod_proxy_ajp and mod_jk in turn.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Child } from '../support/child.ts';
import { type Answer, fetchOnce, HttpConnection, headerOf, requestBytes } from '../support/client.ts';
import { withConnector } from '../support/connector.ts';
import { Front } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { freePort, isListening, sleep, until } from '../support/port.ts';

const MIB = 1024 * 1024;
const MODULES = ['mod_proxy_ajp', 'mod_jk'] as const;
type Module = (typeof MODULES)[number];

interface Member {
  port: number;
  route: string;
  framework: 'express' | 'fastify';
}

class AppServer {
  readonly member: Member;
  #child: Child;

  private constructor(member: Member) {
    this.member = member;
    this.#child = this.#launch();
  }

  static async start(member: Member): Promise<AppServer> {
    const server = new AppServer(member);
    await server.untilUp();
    return server;
  }

  #launch(): Child {
    const { framework, port, route } = this.member;
    const program = fileURLToPath(new URL('../support/appserver-app.ts', import.meta.url));
    return Child.start([process.execPath, program, framework, String(port), route], {
      log: join(tmpdir(), `appserver-${port}.log`),
      env: { NODE_ENV: 'production' },
    });
  }

  async untilUp(): Promise<void> {
    assert.ok(await until(() => isListening(this.member.port), 10_000), this.#child.output());
  }

  get output(): string {
    return this.#child.output();
  }

  async kill(): Promise<void> {
    await this.#child.kill();
  }

  async restart(): Promise<void> {
    await this.#child.kill();
    this.#child = this.#launch();
    await this.untilUp();
  }
}

function startFront(module: Module, members: readonly Member[]): Promise<Front> {
  if (module === 'mod_proxy_ajp') {
    const lines = members.map(({ port, route }) => `BalancerMember ajp://127.0.0.1:${port} route=${route} retry=1`);
    return Front.start('httpd', {
      conf: `<Proxy balancer://nodes>
  ${lines.join('\n  ')}
  ProxySet stickysession=JSESSIONID|jsessionid
</Proxy>
SetEnv AJP_SHARED_IDENTITY ada
ProxyPass /app balancer://nodes/app
`,
    });
  }
  const workers = members.map(
    ({ port, route }) =>
      `worker.${route}.type=ajp13\nworker.${route}.host=127.0.0.1\nworker.${route}.port=${port}\nworker.${route}.ping_mode=A\n`,
  );
  return Front.start('httpd', {
    jk: true,
    conf: `JkWorkersFile @DIR@/workers.properties
JkLogFile @DIR@/jk.log
JkShmFile @DIR@/jk.shm
JkLogLevel info
SetEnv SHARED_IDENTITY ada
JkEnvVar SHARED_IDENTITY
JkMount /app/* lb
`,
    files: {
      'workers.properties': `worker.list=lb
worker.lb.type=lb
worker.lb.balance_workers=${members.map(({ route }) => route).join(',')}
worker.lb.recover_time=1
worker.maintain=1
${workers.join('')}`,
    },
  });
}

const text = (answer: Pick<Answer, 'body'>): string => answer.body.toString('latin1');
const json = (answer: Pick<Answer, 'body'>) => JSON.parse(answer.body.toString());

/** The octets that /app/bytes/:size sends. */
function patternDigest(size: number): string {
  const block = Buffer.alloc(64 * 1024);
  for (let i = 0; i < block.length; i++) block[i] = (i * 31 + (i >> 8) * 7) & 0xff;
  const hash = createHash('sha256');
  for (let left = size; left > 0; left -= block.length)
    hash.update(left < block.length ? block.subarray(0, left) : block);
  return hash.digest('hex');
}

for (const module of MODULES) {
  describe(
    `Express and Fastify behind ${module}`,
    needs('httpd', ...(module === 'mod_jk' ? (['mod_jk'] as const) : [])),
    () => {
      let servers: AppServer[];
      let front: Front;
      before(async () => {
        servers = await Promise.all([
          AppServer.start({ framework: 'express', port: await freePort(), route: 'n1' }),
          AppServer.start({ framework: 'fastify', port: await freePort(), route: 'n2' }),
        ]);
        front = await startFront(
          module,
          servers.map(({ member }) => member),
        );
      });
      after(async () => {
        await front?.stop();
        for (const server of servers ?? []) await server.kill();
      });

      const ask = (path: string, headers: [string, string][] = [], method = 'GET') =>
        fetchOnce(front.port, { path, headers, method });

      test('requests without a session are dealt out evenly', async () => {
        const members: string[] = [];
        for (let i = 0; i < 20; i++) members.push(text(await ask('/app/who')).trim());
        assert.deepEqual(
          [members.filter((name) => name === 'n1').length, members.filter((name) => name === 'n2').length],
          [10, 10],
        );
      });

      test('a session stays on its server by its cookie', async () => {
        const seen = new Set<string>();
        for (let round = 0; round < 4; round++) {
          const first = await ask('/app/count');
          const cookie = headerOf(first, 'set-cookie') ?? '';
          const { member } = json(first);
          seen.add(member);
          assert.match(cookie, new RegExp(`^JSESSIONID=[0-9A-F]{32}\\.${member}; Path=/app; HttpOnly$`));
          for (let count = 2; count <= 6; count++) {
            const answer = await ask('/app/count', [['Cookie', cookie.split(';')[0]]]);
            assert.deepEqual([json(answer).member, json(answer).count], [member, count]);
            assert.equal(headerOf(answer, 'set-cookie'), undefined);
          }
        }
        assert.deepEqual([...seen].sort(), ['n1', 'n2']);
      });

      test('a session stays on its server by ;jsessionid=, which the application does not see in its URL', async () => {
        for (let round = 0; round < 2; round++) {
          const first = await ask('/app/count');
          const id = /JSESSIONID=([^;]+)/.exec(headerOf(first, 'set-cookie') ?? '')?.[1] ?? '';
          for (let count = 2; count <= 6; count++) {
            const answer = json(await ask(`/app/count;jsessionid=${id}?q=1`));
            assert.deepEqual([answer.member, answer.count, answer.url], [json(first).member, count, '/app/count?q=1']);
            assert.equal(answer.link, `/app/count;jsessionid=${id}`);
          }
        }
      });

      for (const size of [0, 1, 8184, 8185, 100_000, MIB, 64 * MIB])
        test(`a download of ${size} octets is whole, with and without its length`, async () => {
          for (const query of ['', '?unknown']) {
            const connection = await HttpConnection.open(front.port);
            const hash = createHash('sha256');
            const answer = await connection.request(
              { path: `/app/bytes/${size}${query}` },
              (piece) => void hash.update(piece),
            );
            assert.deepEqual([answer.status, answer.isComplete, hash.digest('hex')], [200, true, patternDigest(size)]);
            connection.close();
          }
        });

      for (const size of [0, 1, 8186, 8187, 100_000, MIB, 64 * MIB])
        test(`an upload of ${size} octets is whole`, async () => {
          const block = Buffer.alloc(64 * 1024, 'u');
          const hash = createHash('sha256');
          function* pieces(): Generator<Buffer> {
            yield requestBytes({ method: 'POST', path: '/app/digest', headers: [['Content-Length', String(size)]] })
              .head;
            for (let left = size; left > 0; left -= block.length) {
              const piece = left < block.length ? block.subarray(0, left) : block;
              hash.update(piece);
              yield piece;
            }
          }
          const connection = await HttpConnection.open(front.port);
          const answer = await connection.exchange('POST', pieces());
          assert.deepEqual([answer.status, json(answer)], [200, { size, digest: hash.digest('hex') }]);
          connection.close();
        });

      test('a chunked upload is whole', async () => {
        const chunks = [Buffer.from('hello'), Buffer.alloc(20_000, 'x'), Buffer.from('end')];
        const answer = await fetchOnce(front.port, { method: 'PUT', path: '/app/digest', chunked: chunks });
        const digest = createHash('sha256').update(Buffer.concat(chunks)).digest('hex');
        assert.deepEqual(json(answer), { size: 20_008, digest });
      });

      test('a client that waits for 100-continue is told to go on, once', async () => {
        const connection = await HttpConnection.open(front.port);
        const headers: [string, string][] = [
          ['Expect', '100-continue'],
          ['Content-Length', '5'],
        ];
        const { head } = requestBytes({ method: 'POST', path: '/app/digest', headers });
        async function* slowly(): AsyncGenerator<Buffer> {
          yield head;
          await sleep(100);
          yield Buffer.from('hello');
        }
        const answer = await connection.exchange('POST', slowly());
        assert.deepEqual([answer.status, json(answer).size], [200, 5]);
        assert.deepEqual(
          answer.interim.map(({ status }) => status),
          [100],
        );
        connection.close();
      });

      test('HEAD and 304 have no body, and the connection goes on', async () => {
        const connection = await HttpConnection.open(front.port);
        const head = await connection.request({ method: 'HEAD', path: '/app/bytes/1000' });
        // mod_proxy_ajp of httpd 2.4.71 drops the length.
        const length = module === 'mod_jk' ? '1000' : headerOf(head, 'content-length');
        assert.deepEqual([head.status, headerOf(head, 'content-length'), head.body.length], [200, length, 0]);
        const cached = await connection.request({ path: '/app/cached', headers: [['If-None-Match', '"fixed"']] });
        assert.deepEqual([cached.status, cached.body.length, cached.surplus], [304, 0, 0]);
        assert.equal(text(await connection.request({ path: '/app/cached' })), 'cached');
        connection.close();
      });

      test('the status line has the standard phrase', async () => {
        assert.equal((await ask('/app/who')).reason, 'OK');
        assert.equal((await ask('/app/none')).reason, 'Not Found');
      });

      test('encoded and non-ASCII paths arrive as paths', async () => {
        for (const path of ['/app/url/a%20b', '/app/url/caf%C3%A9', '/app/url/%E6%97%A5%E6%9C%AC?q=%E6%97%A5'])
          assert.equal(decodeURI(json(await ask(path)).url), decodeURI(path));
        const raw = json(await ask('/app/url/caf\xc3\xa9')).url;
        assert.equal(decodeURI(raw), '/app/url/café');
      });

      test('facts of the client arrive: address, Host, shared attributes', async () => {
        const facts = json(await fetchOnce(front.port, { path: '/app/facts', host: 'shop.example.test' }));
        assert.deepEqual([facts.remoteAddress, facts.headers.host], ['127.0.0.1', 'shop.example.test']);
        const shared = facts.attributes.filter(([name]: [string]) => name === 'SHARED_IDENTITY');
        assert.deepEqual(shared, [['SHARED_IDENTITY', 'ada']]);
      });

      test('what an application writes now and then is passed on at once', async () => {
        const connection = await HttpConnection.open(front.port);
        const times: number[] = [];
        await connection.request({ path: '/app/ticks' }, () => times.push(performance.now()));
        assert.equal(times.length, 3);
        assert.ok(times[2] - times[0] > 400, `all at once: ${times}`);
        connection.close();
      });

      test('a client that leaves closes the response in the application', async () => {
        const connection = await HttpConnection.open(front.port);
        const first = Promise.withResolvers<void>();
        const answered = connection.request({ path: '/app/forever' }, () => first.resolve());
        await first.promise;
        connection.close();
        await answered;
        const heard = async () => {
          const [one, other] = [json(await ask('/app/events')), json(await ask('/app/events'))];
          return [...one, ...other].includes('close false');
        };
        assert.ok(await until(heard, 5_000));
      });

      test('one server killed under load costs no GET, and comes back', async () => {
        let isOver = false;
        const bad: string[] = [];
        let good = 0;
        const load = async () => {
          while (!isOver) {
            const answer = await ask('/app/who');
            if (answer.status === 200 && /^n[12]\n$/.test(text(answer))) good++;
            else bad.push(`${answer.status} ${answer.start}`);
          }
        };
        const loads = [load(), load(), load(), load()];
        await sleep(300);
        await servers[0].kill();
        await sleep(700);
        isOver = true;
        await Promise.all(loads);
        assert.deepEqual(bad, []);
        assert.ok(good > 50, `only ${good} requests`);
        await servers[0].restart();
        const isBack = async () => text(await ask('/app/who')).trim() === 'n1';
        assert.ok(await until(isBack, 10_000));
      });
    },
  );
}

for (const module of MODULES) {
  describe(
    `a secret and packets of 64 KiB with ${module}`,
    needs('httpd', ...(module === 'mod_jk' ? (['mod_jk'] as const) : [])),
    () => {
      const options = { secret: 's3cret', packetSize: 65_536 };
      const big = 'x'.repeat(30_000);

      function frontFor(port: number, secret: string): Promise<Front> {
        if (module === 'mod_proxy_ajp')
          return Front.start('httpd', {
            conf: `ProxyIOBufferSize 65536\nLimitRequestFieldSize 40000\nProxyPass /app ajp://127.0.0.1:${port}/app secret=${secret}\n`,
          });
        const worker = `type=ajp13 host=127.0.0.1 port=${port} secret=${secret} max_packet_size=65536`;
        return Front.start('httpd', {
          jk: true,
          conf: `JkWorkersFile @DIR@/workers.properties\nJkLogFile @DIR@/jk.log\nJkShmFile @DIR@/jk.shm\nLimitRequestFieldSize 40000\nJkMount /app/* w\n`,
          files: {
            'workers.properties': `worker.list=w\n${worker.replace(/(\S+)/g, 'worker.w.$1').replaceAll(' ', '\n')}\n`,
          },
        });
      }

      test('large heads and bodies pass in both directions', async () => {
        const application: RequestListener = (req, res) => {
          const hash = createHash('sha256');
          req.on('data', (bytes: Buffer) => hash.update(bytes));
          req.on('end', () => {
            res.setHeader('X-Big', String(req.headers['x-big']));
            res.end(hash.digest('hex'));
          });
        };
        await withConnector(application, options, async ({ port }) => {
          await using front = await frontFor(port, 's3cret');
          const body = Buffer.alloc(MIB, 'z');
          const answer = await fetchOnce(front.port, {
            method: 'PUT',
            path: '/app/a',
            headers: [['X-Big', big]],
            body,
          });
          assert.equal(answer.status, 200);
          assert.equal(headerOf(answer, 'x-big'), big);
          assert.equal(text(answer), createHash('sha256').update(body).digest('hex'));
        });
      });

      test('another secret is a 403, and the log tells the operator why', async () => {
        await withConnector(
          (_req, res) => res.end('inside'),
          options,
          async ({ port, log }) => {
            await using front = await frontFor(port, 'wrong');
            const answer = await fetchOnce(front.port, { path: '/app/a' });
            assert.equal(answer.status, 403);
            assert.doesNotMatch(text(answer), /inside/);
            const refusals = log.events.filter(({ level }) => level === 'warn').map(({ fields }) => fields.code);
            assert.deepEqual(refusals, ['ajp-secret-refused']);
          },
        );
      });
    },
  );
}

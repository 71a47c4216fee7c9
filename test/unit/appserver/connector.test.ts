// The connector as a server: where it listens, how it closes, what it refuses.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { Server } from 'node:http';
import { describe, test } from 'node:test';
import { Connector } from '../../../src/appserver/connector.ts';
import { createConnector } from '../../../src/appserver.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Link } from '../../../src/link/link.ts';
import { AjpClient, ajp, header } from '../../support/ajp-client.ts';
import { HOSTINGS, makeConnector, withConnector } from '../../support/connector.ts';
import { freePort } from '../../support/port.ts';

describe('listening', () => {
  test('is on loopback unless an address is given; every way that http.Server knows is understood', async () => {
    const port = await freePort();
    for (const listen of [
      (server: Server) => server.listen(port),
      (server: Server) => server.listen(String(port)),
      (server: Server) => server.listen({ port }),
      (server: Server) => server.listen({ port, host: 'localhost' }),
      (server: Server) => server.listen(port, '127.0.0.1'),
      (server: Server) => server.listen(port, '127.0.0.1', 10),
    ]) {
      const { connector } = makeConnector((_req, res) => res.end());
      assert.ok(connector instanceof Server);
      assert.equal(connector.listening, false);
      assert.equal(connector.address(), null);
      await once(listen(connector), 'listening');
      assert.equal(connector.listening, true);
      assert.deepEqual(connector.address(), { address: '127.0.0.1', family: 'IPv4', port });
      assert.equal((await ajp(port, {})).status, 200);
      connector.close();
      assert.equal(connector.listening, false);
      await once(connector, 'close');
    }
  });

  test('calls back, and reports its failures as error events', async () => {
    const { connector } = makeConnector((_req, res) => res.end());
    await new Promise<void>((resolve) => {
      connector.listen(0, () => resolve());
    });
    const port = connector.address()?.port ?? 0;
    for (const [args, code] of [
      [[port], 'EADDRINUSE'],
      [[port, '192.0.2.1'], 'ajp-secret-required'],
      [['/tmp/a.sock'], 'connector-no-path'],
      [[70_000], 'connector-bad-port'],
    ] as [unknown[], string][]) {
      const { connector: other } = makeConnector((_req, res) => res.end());
      const [error] = await once(other.listen(...args), 'error').catch((thrown) => [thrown]);
      assert.equal((error as NodeJS.ErrnoException).code, code);
      assert.equal(other.listening, false);
    }
    assert.throws(() => connector.listen(0), /listens already/);
    connector.close();
    await once(connector, 'close');
  });

  test('off loopback needs a secret or the word that it does not', async () => {
    for (const options of [{ secret: 's' }, { secretRequired: false }]) {
      const { connector } = makeConnector((_req, res) => res.end(), options);
      await once(connector.listen(0, '0.0.0.0'), 'listening');
      connector.close();
      await once(connector, 'close');
    }
  });

  test('ends with its signal', async () => {
    const stop = new AbortController();
    const { connector } = makeConnector((_req, res) => res.end());
    await once(connector.listen({ port: 0, signal: stop.signal }), 'listening');
    stop.abort();
    await once(connector, 'close');
  });

  test('again after a close works', async () => {
    const { connector } = makeConnector((_req, res) => res.end('x'));
    for (let i = 0; i < 2; i++) {
      await once(connector.listen(0), 'listening');
      assert.equal((await ajp(connector.address()?.port ?? 0, {})).status, 200);
      connector.close();
      await once(connector, 'close');
    }
  });

  test('the exported function listens with the real clock and its own log', async () => {
    await using connector = createConnector((_req, res) => res.end('x'));
    await once(connector.listen(0), 'listening');
    assert.equal((await ajp(connector.address()?.port ?? 0, {})).body.toString(), 'x');
  });
});

describe('closing', () => {
  test('of a connector that does not listen is told to the callback', async () => {
    const { connector } = makeConnector(undefined);
    const error = await new Promise<Error | undefined>((resolve) => connector.close(resolve));
    assert.equal((error as NodeJS.ErrnoException).code, 'ERR_SERVER_NOT_RUNNING');
  });

  test('waits for the request in progress and closes idle connections', async () => {
    const begun = Promise.withResolvers<() => void>();
    const { connector } = makeConnector((req, res) => {
      if (req.url === '/slow') begun.resolve(() => res.end('late'));
      else res.end();
    });
    await once(connector.listen(0), 'listening');
    const port = connector.address()?.port ?? 0;
    const [idle, busy] = [await AjpClient.connect(port), await AjpClient.connect(port)];
    await idle.exchange({});
    const answer = busy.exchange({ uri: '/slow' });
    const finish = await begun.promise;
    assert.equal(await new Promise((resolve) => connector.getConnections((_error, count) => resolve(count))), 2);
    const closed = once(connector, 'close');
    connector.close();
    assert.equal((await idle.next()).kind, 'closed');
    finish();
    assert.deepEqual([(await answer).body.toString(), (await answer).reuse], ['late', false]);
    busy.close();
    idle.close();
    await closed;
  });

  test('can be forced: closeAllConnections cuts requests in progress', async () => {
    const begun = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const { connector } = makeConnector((_req, res) => {
      res.on('close', aborted.resolve);
      begun.resolve();
    });
    await once(connector.listen(0), 'listening');
    const client = await AjpClient.connect(connector.address()?.port ?? 0);
    client.forward({});
    await begun.promise;
    const closed = once(connector, 'close');
    connector.close();
    connector.closeAllConnections();
    assert.equal((await client.next()).kind, 'closed');
    await Promise.all([aborted.promise, closed]);
  });
});

test('options that make no sense are refused at once', () => {
  assert.throws(() => makeConnector(undefined, { packetSize: 4096 }), /packetSize/);
  assert.throws(() => makeConnector(undefined, { allowedRequestAttributesPattern: '(' }), SyntaxError);
});

test('several connectors share a thread', async () => {
  const answers: string[] = [];
  await withConnector(
    (_req, res) => res.end('one'),
    {},
    ({ port }) =>
      withConnector(
        (_req, res) => res.end('two'),
        {},
        async ({ port: other }) => {
          for (const each of [port, other, port]) answers.push((await ajp(each, {})).body.toString());
        },
      ),
  );
  assert.deepEqual(answers, ['one', 'two', 'one']);
});

for (const hosting of HOSTINGS) {
  describe(`an application over the ${hosting}`, () => {
    test('that throws ends the process, as behind Node’s own server', async () => {
      const script = `
        import { createConnector } from ${JSON.stringify(new URL('../../../src/appserver.ts', import.meta.url).href)};
        import { AjpClient } from ${JSON.stringify(new URL('../../support/ajp-client.ts', import.meta.url).href)};
        const c = createConnector(() => { throw new Error('mine'); }, { hosting: '${hosting}' });
        c.listen(0, async () => (await AjpClient.connect(c.address().port)).forward({}));
        setTimeout(() => process.exit(7), 3000);
      `;
      const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
        execFile(process.execPath, ['--input-type=module', '-e', script], (error, _stdout, stderr) =>
          resolve({ code: error?.code, stderr }),
        );
      });
      assert.equal(code, 1);
      assert.match(stderr, /Error: mine/);
    });

    test('that throws into its own uncaughtException handler loses neither connection nor process', async () => {
      const script = `
        import { createConnector } from ${JSON.stringify(new URL('../../../src/appserver.ts', import.meta.url).href)};
        import { AjpClient } from ${JSON.stringify(new URL('../../support/ajp-client.ts', import.meta.url).href)};
        const c = createConnector((req, res) => {
          process.once('uncaughtException', (e) => res.end('caught ' + e.message));
          throw new Error('mine');
        }, { hosting: '${hosting}' });
        c.listen(0, async () => {
          const client = await AjpClient.connect(c.address().port);
          for (let i = 0; i < 2; i++) console.log((await client.exchange({})).body.toString());
          process.exit(0);
        });
        setTimeout(() => process.exit(7), 3000);
      `;
      const stdout = await new Promise<string>((resolve) => {
        execFile(process.execPath, ['--input-type=module', '-e', script], (_error, out) => resolve(out));
      });
      assert.equal(stdout, 'caught mine\ncaught mine\n');
    });

    test('that destroys the response before its head gives the front end a 500, not a dead member', async () => {
      for (const give of ['req', 'res', 'socket'] as const)
        await withConnector(
          (req, res) => {
            const what = { req, res, socket: req.socket }[give];
            req.on('error', () => {});
            what.destroy();
          },
          { hosting },
          async ({ port }) => {
            const answer = await ajp(port, {});
            assert.deepEqual([answer.status, answer.packets.at(-1)], [500, 'end(0)'], give);
          },
        );
    });

    test('that destroys the response after its head cuts the connection: the client sees the loss', async () => {
      await withConnector(
        (_req, res) => {
          res.write('half');
          setImmediate(() => res.destroy());
        },
        { hosting },
        async ({ port }) => {
          const answer = await ajp(port, {});
          assert.deepEqual([answer.status, answer.body.toString(), answer.packets.at(-1)], [200, 'half', 'closed']);
        },
      );
    });

    test('that destroys its connection after the answer harms nobody', async () => {
      await withConnector(
        (req, res) => {
          res.end('whole');
          req.socket.destroy();
        },
        { hosting: 'facade' },
        async ({ port }) => {
          const client = await AjpClient.connect(port);
          for (let i = 0; i < 2; i++) {
            const answer = await client.exchange({});
            assert.deepEqual([answer.body.toString(), answer.reuse], ['whole', true]);
          }
          client.close();
        },
      );
    });

    test('that answers before the request body has come still gets all of it', async () => {
      const received = Promise.withResolvers<number>();
      await withConnector(
        (req, res) => {
          let count = 0;
          req.on('data', (bytes: Buffer) => {
            count += bytes.length;
          });
          req.on('end', () => received.resolve(count));
          res.end('early');
        },
        { hosting },
        async ({ port }) => {
          const body = Buffer.alloc(50_000, 'x');
          const client = await AjpClient.connect(port);
          const request = { method: 'POST', headers: { 'content-length': '50000' } };
          const answer = await client.exchange(request, { body });
          assert.equal(answer.body.toString(), 'early');
          assert.equal(await received.promise, 50_000);
          if (hosting === 'facade') assert.equal(await client.ping(), true);
          client.close();
        },
      );
    });

    test('whose head passes the packet size makes a 500 with a log line', async () => {
      await withConnector(
        (_req, res) => {
          res.setHeader('X-Big', 'x'.repeat(9_000));
          res.end('body');
        },
        { hosting },
        async ({ port, log }) => {
          const client = await AjpClient.connect(port);
          const answer = await client.exchange({});
          assert.equal(answer.status, 500);
          assert.doesNotMatch(answer.body.toString(), /body|xxx/);
          assert.equal(log.events.filter(({ event }) => event === 'ajp-head-too-large').length, 1);
          assert.equal(await client.ping(), true);
          client.close();
        },
      );
      await withConnector(
        (_req, res) => {
          res.setHeader('X-Big', 'x'.repeat(9_000));
          res.end('body');
        },
        { hosting, packetSize: 65_536 },
        async ({ port }) => assert.equal(header(await ajp(port, {}), 'x-big')?.length, 9_000),
      );
    });

    test('that flushes its head, or writes now and then, is passed on at once', async () => {
      let proceed = () => {};
      await withConnector(
        (_req, res) => {
          res.setHeader('Content-Type', 'text/event-stream');
          res.flushHeaders();
          proceed = () => {
            res.write('data: 1\n\n');
            proceed = () => res.end();
          };
        },
        { hosting },
        async ({ port }) => {
          const client = await AjpClient.connect(port);
          client.forward({});
          assert.equal((await client.next()).kind, 'headers');
          const flush = await client.next();
          assert.deepEqual(flush.kind === 'chunk' && flush.body.length, 0);
          proceed();
          const event = await client.next();
          assert.equal(event.kind === 'chunk' && event.body.toString(), 'data: 1\n\n');
          const passOn = await client.next();
          assert.equal(passOn.kind === 'chunk' && passOn.body.length, 0);
          proceed();
          assert.equal((await client.next()).kind, 'end');
          client.close();
        },
      );
    });

    test('sees a request timeout when its server has one', async () => {
      const timed = Promise.withResolvers<string>();
      const { connector } = makeConnector(() => {}, { hosting });
      connector.setTimeout(30, () => timed.resolve('server'));
      await once(connector.listen(0), 'listening');
      const client = await AjpClient.connect(connector.address()?.port ?? 0);
      client.forward({});
      assert.equal(await timed.promise, 'server');
      client.close();
      connector.close();
      await once(connector, 'close');
    });
  });
}

test('a response does not wait for ever for an application that stops reading the request', async () => {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const cut = Promise.withResolvers<string | undefined>();
  const connector = new Connector(
    (req, res) => {
      req.on('data', () => {});
      req.on('error', (error: NodeJS.ErrnoException) => cut.resolve(error.code));
      req.pause();
      res.end('answer');
    },
    {},
    new Link(clock, log),
    log,
  );
  await once(connector.listen(0), 'listening');
  const client = await AjpClient.connect(connector.address()?.port ?? 0);
  client.forward({ method: 'POST', headers: { 'content-length': '50000' } });
  assert.equal((await client.next()).kind, 'headers');
  assert.equal((await client.next()).kind, 'chunk');
  clock.advance(30_000);
  for (let next = await client.next(); next.kind !== 'end'; next = await client.next())
    assert.equal(next.kind, 'chunk');
  assert.equal(await cut.promise, 'ECONNRESET');
  client.close();
  connector.close();
  await once(connector, 'close');
});

test('an answer at once is one write, whatever the application', async () => {
  await withConnector(
    (_req, res) => {
      res.setHeader('X-A', 'b');
      res.end('hello');
    },
    {},
    async ({ port }) => {
      const client = await AjpClient.connect(port);
      let reads = 0;
      client.socket.on('data', () => reads++);
      for (let i = 0; i < 3; i++) await client.exchange({});
      assert.equal(reads, 3);
      client.close();
    },
  );
});

// What applications rely on, each a fact, on the facade and on its fallback alike.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import compression from 'compression';
import express from 'express';
import session from 'express-session';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import morgan from 'morgan';
import { Connector } from '../../../src/appserver/connector.ts';
import {
  type AjpAnswer,
  AjpClient,
  type AjpRequest,
  ajp,
  type Exchange,
  header,
  headerAll,
} from '../../support/ajp-client.ts';
import { HOSTINGS, makeConnector, withConnector } from '../../support/connector.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'facts-'));
  writeFileSync(join(folder, 'ten.txt'), '0123456789');
});
after(() => rmSync(folder, { recursive: true }));

for (const hosting of HOSTINGS) {
  /** One request to an application. */
  const ask = async (
    application: RequestListener,
    request: AjpRequest,
    exchange: Exchange = {},
  ): Promise<AjpAnswer> => {
    let answer: AjpAnswer | undefined;
    await withConnector(application, { hosting }, async ({ port }) => {
      answer = await ajp(port, request, exchange);
    });
    return answer as AjpAnswer;
  };

  describe(`over the ${hosting}`, () => {
    test('req and res are Node’s own, also after Express has replaced their prototypes', async () => {
      const app = express();
      app.get('/', (req, res) => {
        res.json([req instanceof IncomingMessage, res instanceof ServerResponse]);
      });
      assert.equal((await ask(app, {})).body.toString(), '[true,true]');
    });

    describe('Express 5', () => {
      const app = express();
      app.get('/file', (_req, res) => res.sendFile(join(folder, 'ten.txt')));
      app.get('/text', (_req, res) => {
        res.send('hello');
      });
      app.get('/stream', (_req, res) => {
        Readable.from(['a', 'b', 'c']).pipe(res);
      });
      app.post('/json', express.json(), (req, res) => {
        res.json({ got: req.body });
      });
      app.get('/who', (req, res) => {
        res.json([req.ip, req.secure, req.protocol, req.hostname, req.host]);
      });

      test('sendFile answers a Range', async () => {
        const answer = await ask(app, { uri: '/file', headers: { range: 'bytes=2-5' } });
        assert.deepEqual([answer.status, answer.reason], [206, 'Partial Content']);
        assert.deepEqual([answer.body.toString(), header(answer, 'content-range')], ['2345', 'bytes 2-5/10']);
      });

      test('an ETag comes back as 304 without a body', async () => {
        const etag = header(await ask(app, { uri: '/text' }), 'etag') ?? '';
        const answer = await ask(app, { uri: '/text', headers: { 'if-none-match': etag } });
        assert.deepEqual([answer.status, answer.packets], [304, ['headers', 'end(1)']]);
      });

      test('HEAD has the head of GET and no body', async () => {
        const answer = await ask(app, { method: 'HEAD', uri: '/text' });
        assert.deepEqual([answer.status, header(answer, 'content-length')], [200, '5']);
        assert.deepEqual(answer.packets, ['headers', 'end(1)']);
      });

      test('a stream without a length arrives whole and unframed', async () => {
        const answer = await ask(app, { uri: '/stream' });
        assert.equal(answer.body.toString(), 'abc');
        assert.deepEqual(
          [header(answer, 'content-length'), header(answer, 'transfer-encoding')],
          [undefined, undefined],
        );
      });

      test('a JSON body is parsed', async () => {
        const body = Buffer.from('{"a":[1,"é"]}');
        const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
        const answer = await ask(app, { method: 'POST', uri: '/json', headers }, { body });
        assert.deepEqual(JSON.parse(answer.body.toString()), { got: { a: [1, 'é'] } });
      });

      test('a chunked JSON body is parsed', async () => {
        const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
        const answer = await ask(
          app,
          { method: 'POST', uri: '/json', headers },
          { body: Buffer.from('{"a":1}'), chunk: 2 },
        );
        assert.deepEqual(JSON.parse(answer.body.toString()), { got: { a: 1 } });
      });

      test('ip, secure, protocol and host are the client’s, without trust proxy', async () => {
        const tls = { isSecure: true, remoteAddress: '2001:db8::7', headers: { host: 'shop.test:8443' } };
        assert.deepEqual(JSON.parse((await ask(app, { uri: '/who', ...tls })).body.toString()), [
          '2001:db8::7',
          true,
          'https',
          'shop.test',
          'shop.test:8443',
        ]);
        const plain = { remoteAddress: '10.0.0.9', headers: { host: 'shop.test' } };
        assert.deepEqual(JSON.parse((await ask(app, { uri: '/who', ...plain })).body.toString()), [
          '10.0.0.9',
          false,
          'http',
          'shop.test',
          'shop.test',
        ]);
      });

      test('what nobody routes is a 404', async () => {
        const answer = await ask(app, { uri: '/none' });
        assert.deepEqual([answer.status, answer.reason], [404, 'Not Found']);
        assert.match(answer.body.toString(), /Cannot GET \/none/);
      });
    });

    test('gzip by the compression middleware', async () => {
      const app = express();
      app.use(compression({ threshold: 0 }));
      app.get('/', (_req, res) => {
        res.type('text/plain').send('hello '.repeat(1000));
      });
      const answer = await ask(app, { headers: { 'accept-encoding': 'gzip' } });
      assert.equal(header(answer, 'content-encoding'), 'gzip');
      assert.equal(gunzipSync(answer.body).toString(), 'hello '.repeat(1000));
    });

    test('a log written when the response has finished names the client and the length', async () => {
      const lines: string[] = [];
      const logged = Promise.withResolvers<void>();
      const app = express();
      const stream = {
        write: (line: string) => {
          lines.push(line);
          logged.resolve();
        },
      };
      app.use(morgan(':remote-addr :method :url :status :res[content-length] HTTP/:http-version', { stream }));
      app.get('/a', (_req, res) => {
        res.send('hello');
      });
      await ask(app, { uri: '/a', query: 'b' });
      await logged.promise;
      assert.deepEqual(lines, ['10.1.2.3 GET /a?b 200 5 HTTP/1.1\n']);
    });

    test('a late log shows its own client, not the next one', async () => {
      const late: (string | undefined)[] = [];
      const both = Promise.withResolvers<void>();
      await withConnector(
        (req, res) => {
          res.on('close', () =>
            setTimeout(() => {
              late.push(req.socket.remoteAddress);
              if (late.length === 2) both.resolve();
            }, 20),
          );
          res.end();
        },
        { hosting },
        async ({ port }) => {
          const client = await AjpClient.connect(port);
          await client.exchange({ remoteAddress: '10.0.0.1' });
          await client.exchange({ remoteAddress: '10.0.0.2' });
          await both.promise;
          client.close();
        },
      );
      assert.deepEqual(late, ['10.0.0.1', '10.0.0.2']);
    });

    describe('events', () => {
      const traced = (trace: string[], done: () => void, then: RequestListener): RequestListener => {
        return (req, res) => {
          for (const event of ['data', 'end', 'close', 'aborted', 'error'])
            if (event !== 'data') req.on(event, () => trace.push(`req ${event}`));
          for (const event of ['finish', 'close', 'error']) res.on(event, () => trace.push(`res ${event}`));
          let closed = 0;
          const count = () => {
            if (++closed === 2) setImmediate(done);
          };
          req.on('close', count);
          res.on('close', count);
          then(req, res);
        };
      };

      for (const [fact, then, body] of [
        ['an answer at once', (_req, res) => res.end('x'), undefined],
        ['a body that is read', (req, res) => void req.resume().on('end', () => res.end('x')), 'hello'],
        ['a body that nobody reads', (_req, res) => res.end('x'), 'hello'],
        ['an answer in pieces', (_req, res) => void res.write('a', () => setImmediate(() => res.end('b'))), undefined],
        ['a head alone', (_req, res) => void res.writeHead(204).end(), undefined],
      ] as [string, RequestListener, string | undefined][]) {
        test(`come in the order of Node’s own server: ${fact}`, async () => {
          const expected = await traceOnHttp(then, body, traced);
          const trace: string[] = [];
          const done = Promise.withResolvers<void>();
          const headers: Record<string, string> = body === undefined ? {} : { 'content-length': String(body.length) };
          await withConnector(traced(trace, done.resolve, then), { hosting }, async ({ port }) => {
            await ajp(
              port,
              { method: body === undefined ? 'GET' : 'POST', headers },
              body === undefined ? {} : { body: Buffer.from(body) },
            );
            await done.promise;
          });
          assert.deepEqual(trace, expected);
        });
      }

      test('write callbacks and the callback of end are called, in order', async () => {
        const calls: string[] = [];
        await ask((_req, res) => {
          res.write('a', () => calls.push('a'));
          res.write('b', 'latin1', () => calls.push('b'));
          res.on('finish', () => calls.push('finish'));
          res.end('c', () => calls.push('end'));
        }, {});
        assert.deepEqual(calls.slice(0, 2), ['a', 'b']);
        assert.deepEqual(calls.slice(2).sort(), ['end', 'finish']);
      });
    });

    describe('a client that leaves', () => {
      test('aborts the request: aborted and close on req, close on res, no finish', async () => {
        const trace: string[] = [];
        const begun = Promise.withResolvers<void>();
        const closed = Promise.withResolvers<void>();
        await withConnector(
          (req, res) => {
            req.on('aborted', () => trace.push('req aborted'));
            req.on('error', (error: NodeJS.ErrnoException) => trace.push(`req ${error.code}`));
            req.on('close', () => {
              trace.push('req close');
              closed.resolve();
            });
            res.on('finish', () => trace.push('res finish'));
            res.on('close', () => trace.push(`res close ${res.writableFinished} ${res.destroyed}`));
            req.on('data', () => begun.resolve());
          },
          { hosting },
          async ({ port }) => {
            const client = await AjpClient.connect(port);
            client.forward({ method: 'POST', headers: { 'content-length': '100' } });
            client.send(Buffer.from([0x12, 0x34, 0, 3, 0, 1, 0x78]));
            await begun.promise;
            client.close();
            await closed.promise;
          },
        );
        assert.deepEqual(trace.sort(), ['req ECONNRESET', 'req aborted', 'req close', 'res close false true']);
      });

      test('ends a pipeline into the response with an error, and its source is closed', async () => {
        const ended = Promise.withResolvers<string>();
        let isClosed = false;
        await withConnector(
          (_req, res) => {
            const source = new Readable({
              read() {
                this.push(Buffer.alloc(16 * 1024));
              },
              destroy(error, callback) {
                isClosed = true;
                callback(error);
              },
            });
            pipeline(source, res as Writable).then(
              () => ended.resolve('fine'),
              (error) => ended.resolve(error.code),
            );
          },
          { hosting },
          async ({ port }) => {
            const client = await AjpClient.connect(port);
            client.forward({});
            assert.equal((await client.next()).kind, 'headers');
            client.close();
            assert.equal(await ended.promise, 'ERR_STREAM_PREMATURE_CLOSE');
            assert.equal(isClosed, true);
          },
        );
      });
    });

    test('early hints, processing and 100-continue do no harm', async () => {
      const answer = await ask(
        (_req, res) => {
          res.writeContinue();
          res.writeProcessing();
          res.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => res.end('done'));
        },
        { headers: { expect: '100-continue' } },
      );
      assert.deepEqual([answer.status, answer.body.toString()], [200, 'done']);
      assert.equal(answer.packets.filter((name) => name === 'headers').length, 1);
    });

    test('trailers are dropped', async () => {
      const answer = await ask((_req, res) => {
        res.setHeader('Trailer', 'X-Sum');
        res.write('a');
        res.addTrailers({ 'X-Sum': '1' });
        res.end('b');
      }, {});
      assert.deepEqual(
        [answer.body.toString(), header(answer, 'trailer'), header(answer, 'x-sum')],
        ['ab', undefined, undefined],
      );
    });

    test('fields and phrases that would inject a line are refused by Node’s own checks', async () => {
      const refused: string[] = [];
      const attempt = (run: () => void) => {
        try {
          run();
          refused.push('none');
        } catch (error) {
          refused.push((error as NodeJS.ErrnoException).code ?? 'other');
        }
      };
      const answer = await ask((_req, res) => {
        attempt(() => res.setHeader('X-A', 'b\r\nSet-Cookie: c=d'));
        attempt(() => res.setHeader('X A', 'b'));
        attempt(() => res.writeHead(200, { 'X-A': 'b\nc' }));
        attempt(() => res.writeHead(200, 'O\r\nK'));
        res.statusMessage = 'OK';
        res.end();
      }, {});
      assert.deepEqual(refused, ['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'ERR_INVALID_CHAR', 'ERR_INVALID_CHAR']);
      assert.equal(header(answer, 'set-cookie'), undefined);
    });

    test('express-session keeps a session over two requests of one connection', async () => {
      const app = express();
      app.use(session({ secret: 's', resave: false, saveUninitialized: false }));
      app.get('/', (req, res) => {
        const counted = req.session as unknown as { n?: number };
        counted.n = (counted.n ?? 0) + 1;
        res.send(String(counted.n));
      });
      await withConnector(app, { hosting }, async ({ port }) => {
        const client = await AjpClient.connect(port);
        const first = await client.exchange({});
        const cookie = headerAll(first, 'set-cookie')[0].split(';')[0];
        assert.equal((await client.exchange({ headers: { cookie } })).body.toString(), '2');
        client.close();
      });
    });

    test('Fastify 5 listens, answers, injects and closes through serverFactory', async () => {
      let connector: Connector | undefined;
      const app = fastify({
        serverFactory: (handler) => {
          connector = makeConnector((req, res) => handler(req, res), { hosting }).connector;
          return connector;
        },
      });
      app.post('/hi', async (request, reply) => {
        reply.header('x-ip', request.ip);
        return { hi: request.body, protocol: request.protocol, host: request.host };
      });
      await app.listen({ port: 0 });
      assert.ok(connector instanceof Connector);
      const { port } = app.server.address() as AddressInfo;
      const body = Buffer.from('{"a":1}');
      const headers = { 'content-type': 'application/json', 'content-length': '7', host: 'h.test' };
      const answer = await ajp(port, { method: 'POST', uri: '/hi', headers, isSecure: true }, { body });
      assert.deepEqual(JSON.parse(answer.body.toString()), { hi: { a: 1 }, protocol: 'https', host: 'h.test' });
      assert.equal(header(answer, 'x-ip'), '10.1.2.3');
      assert.equal((await ajp(port, { uri: '/none' })).status, 404);
      const injected = await app.inject({ method: 'POST', url: '/hi', payload: { b: 2 } });
      assert.deepEqual(injected.json().hi, { b: 2 });
      await app.close();
      await assert.rejects(AjpClient.connect(port));
    });

    test('Koa answers, and sees TLS', async () => {
      const app = new Koa();
      app.use(async (ctx) => {
        ctx.body = { ip: ctx.ip, secure: ctx.secure, protocol: ctx.protocol, path: ctx.path };
      });
      const answer = await ask(app.callback(), { uri: '/a', isSecure: true });
      assert.deepEqual(JSON.parse(answer.body.toString()), {
        ip: '10.1.2.3',
        secure: true,
        protocol: 'https',
        path: '/a',
      });
    });

    test('Hono answers through its Node adapter', async () => {
      const app = new Hono();
      app.post('/a', async (c) => c.json({ body: await c.req.text(), url: c.req.url }));
      const headers = { host: 'h.test', 'content-length': '5' };
      const body = Buffer.from('hello');
      const answer = await ask(
        getRequestListener(app.fetch),
        { method: 'POST', uri: '/a', isSecure: true, headers },
        { body },
      );
      assert.deepEqual(JSON.parse(answer.body.toString()), { body: 'hello', url: 'https://h.test/a' });
    });
  });
}

/** The same application behind Node's HTTP server. */
async function traceOnHttp(
  then: RequestListener,
  body: string | undefined,
  traced: (trace: string[], done: () => void, then: RequestListener) => RequestListener,
): Promise<string[]> {
  const trace: string[] = [];
  const done = Promise.withResolvers<void>();
  const server = createServer(traced(trace, done.resolve, then));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const headers: Record<string, string> = body === undefined ? {} : { 'content-length': String(body.length) };
  const req = httpRequest({ port, method: body === undefined ? 'GET' : 'POST', headers });
  req.end(body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  res.resume();
  await done.promise;
  server.closeAllConnections();
  server.close();
  return trace;
}

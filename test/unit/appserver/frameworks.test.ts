// What applications of Express, Fastify, Koa and Hono rely on, each a fact, on the facade and on its fallback alike.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { Connector } from '../../../src/appserver/connector.ts';
import { AjpClient, ajp, header } from '../../support/ajp-client.ts';
import { HOSTINGS, makeConnector } from '../../support/connector.ts';
import { asking } from './ask.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'facts-'));
  writeFileSync(join(folder, 'ten.txt'), '0123456789');
});
after(() => rmSync(folder, { recursive: true }));

for (const hosting of HOSTINGS) {
  const ask = asking(hosting);

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

// Events of requests and responses: those of Node, in their order, also when the client leaves; on the facade and on its
// fallback alike.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, test } from 'node:test';
import { AjpClient, ajp } from '../../support/ajp-client.ts';
import { HOSTINGS, withConnector } from '../../support/connector.ts';
import { asking } from './ask.ts';

for (const hosting of HOSTINGS) {
  const ask = asking(hosting);

  describe(`over the ${hosting}`, () => {
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

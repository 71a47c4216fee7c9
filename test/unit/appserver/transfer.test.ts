// Bodies of any size in both directions, at the pace of the slower side, and the middleware that handles them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fastifyStatic from '@fastify/static';
import express from 'express';
import fastify from 'fastify';
import multer from 'multer';
import serveStatic from 'serve-static';
import type { Connector } from '../../../src/appserver/connector.ts';
import { AjpClient, ajp, header } from '../../support/ajp-client.ts';
import { HOSTINGS, makeConnector, withConnector } from '../../support/connector.ts';

const MIB = 1024 * 1024;
/** What may pile up between the two ends of a slow transfer: socket buffers and stream buffers. */
const PILE_MAX = 24 * MIB;

/** Octets that differ everywhere, a function of their position. */
function pattern(at: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = ((at + i) * 31 + ((at + i) >> 8) * 7) & 0xff;
  return bytes;
}

/** Pieces of a body of `total` octets, and its digest. */
function source(total: number): { next: (max: number) => Buffer | undefined; digest: () => string } {
  const block = pattern(0, 64 * 1024);
  const hash = createHash('sha256');
  let at = 0;
  return {
    next: (max) => {
      if (at >= total) return undefined;
      const start = at % block.length;
      const piece = block.subarray(start, Math.min(start + max, block.length, start + total - at));
      at += piece.length;
      hash.update(piece);
      return piece;
    },
    digest: () => hash.digest('hex'),
  };
}

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'transfer-'));
  writeFileSync(join(folder, 'big.bin'), pattern(0, 3 * MIB));
});
after(() => rmSync(folder, { recursive: true }));

for (const hosting of HOSTINGS) {
  describe(`over the ${hosting}`, () => {
    /** Answers with the digest of what was uploaded. */
    const digesting: RequestListener = async (req, res) => {
      const hash = createHash('sha256');
      for await (const bytes of req) hash.update(bytes);
      res.end(hash.digest('hex'));
    };

    for (const total of [0, 1, 8186, 8187, 65_536, MIB, 64 * MIB])
      test(`an upload of ${total} octets arrives whole`, async () => {
        await withConnector(digesting, { hosting }, async ({ port }) => {
          for (const framing of ['length', 'chunked']) {
            const { next, digest } = source(framing === 'length' ? total : Math.min(total, MIB));
            const headers: Record<string, string> =
              framing === 'length' ? { 'content-length': String(total) } : { 'transfer-encoding': 'chunked' };
            const answer = await ajp(port, { method: 'PUT', headers }, { body: next });
            assert.equal(answer.body.toString(), digest());
          }
        });
      });

    for (const total of [0, 1, 8184, 8185, MIB, 64 * MIB])
      test(`a download of ${total} octets arrives whole`, async () => {
        const sent = source(total);
        const send: RequestListener = (_req, res) => {
          const write = () => {
            for (let piece = sent.next(64 * 1024); piece !== undefined; piece = sent.next(64 * 1024))
              if (!res.write(piece)) {
                res.once('drain', write);
                return;
              }
            res.end();
          };
          write();
        };
        await withConnector(send, { hosting }, async ({ port }) => {
          const hash = createHash('sha256');
          const answer = await ajp(port, {}, { onBody: (bytes) => void hash.update(bytes) });
          assert.equal(answer.packets.at(-1), 'end(1)');
          assert.equal(hash.digest('hex'), sent.digest());
        });
      });

    test('larger packets carry larger pieces', async () => {
      await withConnector(
        (_req, res) => res.end(Buffer.alloc(MIB)),
        { hosting, packetSize: 65_536 },
        async ({ port }) => {
          const answer = await ajp(port, {});
          assert.equal(answer.body.length, MIB);
          assert.equal(answer.packets[1], 'chunk(65528)');
        },
      );
    });

    test('a slow reader holds a fast writer back, and memory stays', async () => {
      const block = Buffer.alloc(64 * 1024, 'z');
      let written = 0;
      let response: ServerResponse | undefined;
      await withConnector(
        (_req, res) => {
          response = res;
          const write = () => {
            do written += block.length;
            while (res.write(block));
            res.once('drain', write);
          };
          write();
        },
        { hosting },
        async ({ port }) => {
          const client = await AjpClient.connect(port);
          client.forward({});
          assert.equal((await client.next()).kind, 'headers');
          client.socket.pause();
          let before = -1;
          while (before !== written) {
            before = written;
            await new Promise((resolve) => setTimeout(resolve, 30));
          }
          assert.ok(written < PILE_MAX, `the writer stopped after ${written}`);
          assert.equal(response?.writableNeedDrain, true);
          assert.ok((response?.writableLength ?? 0) > 0);
          client.close();
        },
      );
    });

    test('a slow application holds a fast uploader back', async () => {
      let sent = 0;
      await withConnector(
        () => {},
        { hosting },
        async ({ port }) => {
          const client = await AjpClient.connect(port);
          const piece = Buffer.alloc(8186);
          const body = () => {
            sent += piece.length;
            return piece;
          };
          const answer = client.exchange({ method: 'PUT', headers: { 'transfer-encoding': 'chunked' } }, { body });
          let before = -1;
          while (before !== sent) {
            before = sent;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          assert.ok(sent < MIB, `${sent} octets were taken from the uploader`);
          if (hosting === 'facade') assert.equal(sent, 0);
          client.close();
          await answer;
        },
      );
    });

    test('a writer that never waits lets the event loop turn, however fast its reader is', async () => {
      const block = Buffer.alloc(16 * 1024);
      let turns = 0;
      await withConnector(
        (_req, res) => {
          let left = 2_000;
          const write = () => {
            for (; left > 0; left--)
              if (!res.write(block)) {
                res.once('drain', write);
                return;
              }
            res.end();
          };
          const count = () => {
            turns++;
            if (!res.writableEnded) setImmediate(count);
          };
          setImmediate(count);
          write();
        },
        { hosting },
        async ({ port }) => {
          await ajp(port, {}, { onBody: () => {} });
          assert.ok(turns > 200, `${turns} turns in 500 writes of 64 KiB`);
        },
      );
    });

    test('multer stores the files of a form', async () => {
      const app = express();
      app.post('/', multer().single('file'), (req, res) => {
        const digest = createHash('sha256')
          .update(req.file?.buffer ?? '')
          .digest('hex');
        res.json({ name: req.file?.originalname, size: req.file?.size, digest, fields: req.body });
      });
      const file = pattern(0, 300_000);
      const body = Buffer.concat([
        Buffer.from('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'),
        Buffer.from('--B\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n\r\n'),
        file,
        Buffer.from('\r\n--B--\r\n'),
      ]);
      const headers = { 'content-type': 'multipart/form-data; boundary=B', 'content-length': String(body.length) };
      await withConnector(app, { hosting }, async ({ port }) => {
        const answer = await ajp(port, { method: 'POST', headers }, { body });
        assert.deepEqual(JSON.parse(answer.body.toString()), {
          name: 'f.bin',
          size: file.length,
          digest: createHash('sha256').update(file).digest('hex'),
          fields: { a: '1' },
        });
      });
    });

    test('an upload that the application refuses early leaves the connection usable', async () => {
      const app = express().set('env', 'test');
      app.post('/', express.raw({ type: () => true, limit: 10_000 }), (_req, res) => {
        res.end('unreachable');
      });
      await withConnector(app, { hosting }, async ({ port }) => {
        const client = await AjpClient.connect(port);
        const headers = { 'content-type': 'a/b', 'content-length': '100000' };
        const answer = await client.exchange({ method: 'POST', headers }, { body: Buffer.alloc(100_000) });
        assert.equal(answer.status, 413);
        assert.equal(await client.ping(), true);
        client.close();
      });
    });

    test('serve-static sends a file, a part of it, and 304', async () => {
      const serve = serveStatic(folder);
      const app: RequestListener = (req, res) => serve(req, res, () => res.writeHead(404).end());
      await withConnector(app, { hosting }, async ({ port }) => {
        const whole = await ajp(port, { uri: '/big.bin' });
        assert.ok(whole.body.equals(pattern(0, 3 * MIB)));
        const part = await ajp(port, { uri: '/big.bin', headers: { range: 'bytes=1000000-2000000' } });
        assert.equal(part.status, 206);
        assert.ok(part.body.equals(pattern(1_000_000, 1_000_001)));
        const etag = header(whole, 'etag') ?? '';
        assert.equal((await ajp(port, { uri: '/big.bin', headers: { 'if-none-match': etag } })).status, 304);
        assert.equal((await ajp(port, { uri: '/none' })).status, 404);
      });
    });

    test('@fastify/static sends a file and a part of it', async () => {
      let connector: Connector | undefined;
      const app = fastify({
        serverFactory: (handler) => {
          connector = makeConnector((req, res) => handler(req, res), { hosting }).connector;
          return connector;
        },
      });
      app.register(fastifyStatic, { root: folder });
      await app.listen({ port: 0 });
      const port = connector?.address()?.port ?? 0;
      assert.ok((await ajp(port, { uri: '/big.bin' })).body.equals(pattern(0, 3 * MIB)));
      const part = await ajp(port, { uri: '/big.bin', headers: { range: 'bytes=10-19' } });
      assert.ok(part.body.equals(pattern(10, 10)));
      await app.close();
    });
  });
}

test('a transfer of 64 MiB in each direction takes bounded memory', async () => {
  const script = `
    import { withConnector } from ${JSON.stringify(new URL('../../support/connector.ts', import.meta.url).href)};
    import { ajp } from ${JSON.stringify(new URL('../../support/ajp-client.ts', import.meta.url).href)};
    const block = Buffer.alloc(64 * 1024);
    const total = 64 * 1024 * 1024;
    await withConnector(async (req, res) => {
      for await (const bytes of req);
      let left = total / block.length;
      const write = () => {
        while (left-- > 0) if (!res.write(block)) return res.once('drain', write);
        res.end();
      };
      write();
    }, {}, async ({ port }) => {
      const before = process.memoryUsage.rss();
      let sent = 0;
      let peak = 0;
      const look = setInterval(() => { peak = Math.max(peak, process.memoryUsage.rss()); }, 10);
      const body = () => (sent >= total ? undefined : ((sent += 8186), block.subarray(0, 8186)));
      let got = 0;
      await ajp(port, { method: 'PUT', headers: { 'transfer-encoding': 'chunked' } }, { body, onBody: (b) => { got += b.length; } });
      clearInterval(look);
      console.log(JSON.stringify({ got, grewMiB: Math.round((peak - before) / 1048576) }));
    });
  `;
  const { execFile } = await import('node:child_process');
  const stdout = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (_error, out) => resolve(out));
  });
  const { got, grewMiB } = JSON.parse(stdout);
  assert.equal(got, 64 * MIB);
  assert.ok(grewMiB < 100, `memory grew by ${grewMiB} MiB`);
});

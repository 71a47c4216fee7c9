// What middleware of Express relies on, each a fact, on the facade and on its fallback alike.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import express from 'express';
import session from 'express-session';
import morgan from 'morgan';
import { AjpClient, header, headerAll } from '../../support/ajp-client.ts';
import { HOSTINGS, withConnector } from '../../support/connector.ts';
import { asking } from './ask.ts';

for (const hosting of HOSTINGS) {
  const ask = asking(hosting);

  describe(`over the ${hosting}`, () => {
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
  });
}

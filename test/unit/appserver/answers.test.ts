// Answers in which something is odd: interim heads, trailers, fields that would inject a line; on the facade and on its
// fallback alike.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { header } from '../../support/ajp-client.ts';
import { HOSTINGS } from '../../support/connector.ts';
import { asking } from './ask.ts';

for (const hosting of HOSTINGS) {
  const ask = asking(hosting);

  describe(`over the ${hosting}`, () => {
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
  });
}

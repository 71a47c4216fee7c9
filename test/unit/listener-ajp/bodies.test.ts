// Request bodies over AJP: asked for piece by piece, at the handler's pace. T-.. are recordings of Tomcat 10.1.60.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exchange } from '../../../src/listener/exchange.ts';
import {
  AjpClient,
  CPING,
  dataPacket,
  EMPTY_PACKET,
  forwardPayload,
  packet,
  ZERO_DATA,
} from '../../support/ajp-client.ts';
import { ask, echo, listening, raw, seen, sink } from '../../support/ajp-listening.ts';

describe('the request body', () => {
  const read = (headers: Record<string, string>) => ({ method: 'POST', uri: '/read', headers });

  test('of five octets is taken from the packet that comes unasked (T-30)', async () => {
    const answer = await ask(read({ 'content-length': '5' }), {}, { body: Buffer.from('hello') });
    assert.equal(seen(answer).read, 5);
    assert.deepEqual(
      answer.packets.filter((name) => name.startsWith('ask')),
      [],
    );
  });

  test('of no octets is not asked for (T-31)', async () => {
    const answer = await ask(read({ 'content-length': '0' }));
    assert.deepEqual([seen(answer).read, answer.packets[0]], [0, 'headers']);
  });

  test('of 20000 octets is asked for piece by piece (T-32)', async () => {
    const answer = await ask(read({ 'content-length': '20000' }), {}, { body: Buffer.alloc(20_000, 'x') });
    assert.equal(seen(answer).read, 20_000);
    assert.deepEqual(answer.packets.slice(0, 3), ['ask(8186)', 'ask(8186)', 'headers']);
  });

  test('of unknown length is asked for until its end (T-33, T-33b)', async () => {
    for (const headers of [{ 'transfer-encoding': 'chunked' }, {}]) {
      const answer = await ask(read(headers), {}, { body: Buffer.alloc(9_000, 'x') });
      assert.equal(seen(answer).read, 9_000);
      assert.deepEqual(answer.packets.slice(0, 4), ['ask(8186)', 'ask(8186)', 'ask(8186)', 'headers']);
    }
  });

  for (const [module, end] of [
    ['mod_jk', EMPTY_PACKET],
    ['mod_proxy_ajp', ZERO_DATA],
  ] as const) {
    test(`may end as ${module} ends it (T-34)`, async () => {
      await listening({}, echo, async ({ port }) => {
        const client = await AjpClient.connect(port);
        client.forward(read({ 'transfer-encoding': 'chunked' }));
        assert.equal((await client.next()).kind, 'ask');
        client.send(end);
        assert.equal((await client.next()).kind, 'headers');
        client.close();
      });
    });
  }

  test('shorter than announced is refused: half an upload is none', async () => {
    for (const end of [EMPTY_PACKET, ZERO_DATA])
      await listening({}, echo, async ({ port, log }) => {
        const heard = await raw(port, packet(forwardPayload(read({ 'content-length': '5' }))), end);
        assert.deepEqual(heard, ['400', 'end(0)', 'closed']);
        assert.deepEqual(
          log.events.filter(({ event }) => event === 'internal-fault'),
          [],
        );
      });
  });

  test('longer than announced is refused', async () => {
    await listening({}, echo, async ({ port }) => {
      const heard = await raw(
        port,
        packet(forwardPayload(read({ 'content-length': '5' }))),
        dataPacket(Buffer.from('sixsix')),
      );
      assert.deepEqual(heard, ['400', 'end(0)', 'closed']);
    });
  });

  test('that nobody reads is swallowed, not asked for, and the connection stays (T-36, T-37)', async () => {
    for (const length of [5, 20_000])
      await listening({}, echo, async ({ port }) => {
        const client = await AjpClient.connect(port);
        const request = { method: 'POST', uri: '/', headers: { 'content-length': String(length) } };
        const answer = await client.exchange(request, { body: Buffer.alloc(length, 'x') });
        assert.deepEqual([answer.status, answer.reuse], [200, true]);
        assert.deepEqual(
          answer.packets.filter((name) => name.startsWith('ask')),
          [],
        );
        assert.equal(await client.ping(), true);
        assert.equal((await client.exchange({ uri: '/next' })).status, 200);
        client.close();
      });
  });

  test('whose first packet comes after the answer is swallowed too', async () => {
    await listening({}, echo, async ({ port }) => {
      const client = await AjpClient.connect(port);
      client.forward({ method: 'POST', uri: '/', headers: { 'content-length': '5' } });
      while ((await client.next()).kind !== 'end');
      client.send(dataPacket(Buffer.from('hello')));
      assert.equal(await client.ping(), true);
      client.close();
    });
  });

  test('is not asked for while the handler pauses', async () => {
    let exchange: Exchange | undefined;
    const pieces: number[] = [];
    await listening(
      {},
      (begun) => {
        exchange = begun;
        begun.sink = sink({
          requestBody: (_bytes, start, end) => {
            pieces.push(end - start);
            begun.pauseBody();
          },
          requestEnd: () => echo(begun),
        });
        begun.resumeBody();
      },
      async ({ port }) => {
        const client = await AjpClient.connect(port);
        client.forward({ method: 'PUT', uri: '/', headers: { 'transfer-encoding': 'chunked' } });
        assert.equal((await client.next()).kind, 'ask');
        client.send(dataPacket(Buffer.from('one')));
        const next = client.next();
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        assert.equal(await Promise.race([next, 'nothing']), 'nothing');
        assert.deepEqual(pieces, [3]);
        exchange?.resumeBody();
        assert.equal((await next).kind, 'ask');
        client.close();
      },
    );
  });

  test('that breaks the protocol aborts the handler and is answered', async () => {
    const failures: string[] = [];
    await listening(
      {},
      (exchange) => {
        exchange.sink = sink({
          aborted: (failure) => failures.push(failure.code),
          ended: () => failures.push('ended'),
        });
        exchange.resumeBody();
      },
      async ({ port }) => {
        const request = packet(forwardPayload(read({ 'transfer-encoding': 'chunked' })));
        // A CPING where a DATA packet is due (what Tomcat takes for data in T-30).
        const heard = await raw(port, request, CPING);
        assert.deepEqual(heard, ['ask', '500', 'end(0)', 'closed']);
        assert.deepEqual(failures, ['ajp-truncated-packet', 'ended']);
      },
    );
  });
});

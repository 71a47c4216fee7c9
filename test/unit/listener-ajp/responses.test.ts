// Responses over AJP, and how connections end. T-.. are recordings of Tomcat 10.1.60.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MemoryLog } from '../../../src/base/log.ts';
import { ajpSettings } from '../../../src/listener/ajp.ts';
import type { Exchange } from '../../../src/listener/exchange.ts';
import {
  type AjpAnswer,
  AjpClient,
  ajp,
  CPING,
  dataPacket,
  forwardPayload,
  header,
  packet,
} from '../../support/ajp-client.ts';
import { echo, listening, raw, sink } from '../../support/ajp-listening.ts';
import { randomFrom } from '../../support/random.ts';

describe('the response', () => {
  /** A handler that answers with a head and, one by one, pieces of a body. */
  function answering(
    status: number,
    fields: Record<string, string>,
    pieces: string[] = [],
    bodyLength = -1,
  ): (exchange: Exchange) => void {
    return (exchange) => {
      exchange.response.status = status;
      for (const [name, value] of Object.entries(fields)) exchange.response.fields.add(name, value);
      exchange.response.bodyLength = bodyLength;
      exchange.sendHead();
      for (const piece of pieces) exchange.sendBody(Buffer.from(piece), 0, Buffer.byteLength(piece));
      exchange.sendEnd();
    };
  }

  async function answered(handle: (exchange: Exchange) => void, request = {}): Promise<[AjpAnswer, MemoryLog]> {
    let answer: AjpAnswer | undefined;
    let kept: MemoryLog | undefined;
    await listening({}, handle, async ({ port, log }) => {
      answer = await ajp(port, request);
      kept = log;
    });
    return [answer as AjpAnswer, kept as MemoryLog];
  }

  test('to HEAD, 204 and 304 has no body (T-38)', async () => {
    const [head] = await answered(answering(200, {}, ['body'], 4), { method: 'HEAD' });
    assert.deepEqual([head.packets, header(head, 'content-length')], [['headers', 'end(1)'], '4']);
    for (const status of [204, 304]) {
      const [answer] = await answered(answering(status, {}, ['body']));
      assert.deepEqual(answer.packets, ['headers', 'end(1)'], String(status));
    }
  });

  test('of unknown length ends with END_RESPONSE', async () => {
    const [answer] = await answered(answering(200, {}, ['one', 'two']));
    assert.deepEqual([answer.body.toString(), header(answer, 'content-length')], ['onetwo', undefined]);
  });

  test('is told its length when the handler knows it', async () => {
    const [answer] = await answered(answering(200, {}, ['one'], 3));
    assert.equal(header(answer, 'content-length'), '3');
  });

  test('loses the fields of one hop', async () => {
    const fields = {
      Connection: 'close',
      'Keep-Alive': 'x',
      'Transfer-Encoding': 'chunked',
      Upgrade: 'h2c',
      'X-A': 'b',
    };
    const [answer] = await answered(answering(200, fields));
    assert.deepEqual(answer.headers, [['X-A', 'b']]);
  });

  test('has the standard phrase unless the handler gives one', async () => {
    const [teapot] = await answered(answering(418, {}));
    assert.equal(teapot.reason, "I'm a Teapot");
    const [unknown] = await answered(answering(299, {}));
    assert.equal(unknown.reason, '');
  });

  test('fills packets: 8184 octets each by default (T-23)', async () => {
    const [answer] = await answered(answering(200, {}, ['x'.repeat(20_000)], 20_000));
    assert.deepEqual(answer.packets, ['headers', 'chunk(8184)', 'chunk(8184)', 'chunk(3632)', 'end(1)']);
  });

  test('whose head passes the packet size becomes a 500 that says so in the log (T-40)', async () => {
    const handle = answering(200, { 'X-Big': 'x'.repeat(9_000), 'Set-Cookie': 'a=secret' }, ['body']);
    const [answer, log] = await answered(handle);
    assert.deepEqual([answer.status, answer.reason], [500, 'Internal Server Error']);
    assert.doesNotMatch(answer.body.toString(), /^body|xxx/);
    assert.equal(answer.reuse, true);
    assert.match(JSON.stringify(log.events), /ajp-head-too-large.*takes 90\d\d octets, a packet 8192/);
  });

  test('with a status that AJP cannot carry becomes a 500', async () => {
    for (const status of [101, 103, 0, 1000]) assert.equal((await answered(answering(status, {})))[0].status, 500);
  });

  test('longer than its length is cut there', async () => {
    const [answer, log] = await answered(answering(200, {}, ['four', 'more'], 4));
    assert.equal(answer.body.toString(), 'four');
    assert.equal(log.events[0].event, 'response-too-long');
  });

  test('shorter than its length breaks the connection: the client must see the loss', async () => {
    const [answer, log] = await answered(answering(200, {}, ['fo'], 4));
    assert.deepEqual(answer.packets.at(-1), 'closed');
    assert.equal(log.events[0].event, 'response-too-short');
  });

  test('that pauses is passed on by an empty chunk (T-39), unless ajpFlush is off', async () => {
    const handle = (exchange: Exchange) => {
      exchange.response.status = 200;
      exchange.sendHead();
      exchange.flush();
      exchange.flush();
      setImmediate(() => {
        exchange.sendBody(Buffer.from('x'), 0, 1);
        exchange.sendEnd();
      });
    };
    const [answer] = await answered(handle);
    assert.deepEqual(answer.packets, ['headers', 'chunk(0)', 'chunk(1)', 'end(1)']);
    await listening({ ajpFlush: false }, handle, async ({ port }) => {
      assert.deepEqual((await ajp(port, {})).packets, ['headers', 'chunk(1)', 'end(1)']);
    });
  });

  test('given up before its head is a 500; afterwards the connection breaks', async () => {
    const [before] = await answered((exchange) => exchange.breakOff());
    assert.deepEqual([before.status, before.packets.at(-1)], [500, 'end(0)']);
    const [after] = await answered((exchange) => {
      exchange.response.status = 200;
      exchange.sendHead();
      exchange.sendBody(Buffer.from('half'), 0, 4);
      exchange.breakOff();
    });
    assert.deepEqual([after.status, after.packets.at(-1)], [200, 'closed']);
  });

  test('of many megabytes waits for a slow front end, and `ended` for its last octet', async () => {
    const piece = Buffer.alloc(64 * 1024, 'y');
    const heard: string[] = [];
    let left = 256;
    await listening(
      {},
      (exchange) => {
        exchange.response.status = 200;
        exchange.sendHead();
        const produce = () => {
          for (; left > 0 && !exchange.congested; left--) exchange.sendBody(piece, 0, piece.length);
          if (left === 0) exchange.sendEnd();
          else exchange.flush();
        };
        exchange.sink = sink({
          drained: () => {
            if (heard.length === 0) heard.push('drained');
            produce();
          },
          ended: () => heard.push('ended'),
        });
        produce();
      },
      async ({ port }) => {
        const client = await AjpClient.connect(port);
        client.forward({});
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.ok(left > 100, `back-pressure stops the producer: ${left}`);
        let received = 0;
        for (let next = await client.next(); next.kind !== 'end'; next = await client.next())
          if (next.kind === 'chunk') received += next.body.length;
        assert.equal(received, 256 * piece.length);
        assert.deepEqual(heard, ['drained', 'ended']);
        assert.equal(await client.ping(), true);
        client.close();
      },
    );
  });
});

describe('a front end that goes away', () => {
  test('aborts the request in progress, once', async () => {
    const heard: string[] = [];
    const begun = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    await listening(
      {},
      (exchange) => {
        exchange.sink = sink({
          aborted: (failure) => heard.push(failure.code),
          ended: () => {
            heard.push('ended');
            over.resolve();
          },
        });
        begun.resolve();
      },
      async ({ port }) => {
        for (const leave of [(client: AjpClient) => client.close(), (client: AjpClient) => client.socket.end()]) {
          const client = await AjpClient.connect(port);
          client.forward({});
          await begun.promise;
          leave(client);
          await over.promise;
        }
        assert.deepEqual(heard.slice(0, 2), ['client-closed', 'ended']);
      },
    );
  });

  test('between requests is forgotten in silence', async () => {
    await listening({}, echo, async ({ port, listener, log }) => {
      const client = await AjpClient.connect(port);
      await client.exchange({});
      client.socket.end();
      while ((await client.next()).kind !== 'closed');
      assert.deepEqual(log.events, []);
      while (listener.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
    });
  });
});

describe('stopping', () => {
  test('closes idle connections and lets a request end, which then closes its connection', async () => {
    let finish = () => {};
    const begun = Promise.withResolvers<void>();
    await listening(
      {},
      (exchange) => {
        if (exchange.request.target === '/slow') {
          finish = () => echo(exchange);
          begun.resolve();
        } else echo(exchange);
      },
      async ({ port, listener }) => {
        const [idle, busy] = [await AjpClient.connect(port), await AjpClient.connect(port)];
        await idle.exchange({});
        const answer = busy.exchange({ uri: '/slow' });
        await begun.promise;
        const stopped = listener.stop();
        assert.equal((await idle.next()).kind, 'closed');
        finish();
        assert.deepEqual([(await answer).status, (await answer).reuse], [200, false]);
        assert.equal((await busy.next()).kind, 'closed');
        busy.close();
        idle.close();
        await stopped;
        await assert.rejects(AjpClient.connect(port));
      },
    );
  });
});

describe('limits', () => {
  test('above connectionsMax new connections are closed at once', async () => {
    await listening({ connectionsMax: 1 }, echo, async ({ port, log }) => {
      const first = await AjpClient.connect(port);
      assert.equal(await first.ping(), true);
      const second = await AjpClient.connect(port);
      assert.equal((await second.next()).kind, 'closed');
      assert.equal(log.events[0].event, 'connections-at-limit');
      first.close();
    });
  });

  test('idle connections close after keepAliveTimeout, silent new ones after connectionTimeout', async () => {
    await listening(
      { virtual: true, keepAliveTimeoutMs: 60_000, connectionTimeoutMs: 20_000 },
      echo,
      async (running) => {
        const { port, clock } = running;
        const [fresh, used] = [await AjpClient.connect(port), await AjpClient.connect(port)];
        await used.exchange({});
        clock.advance(19_999);
        assert.equal(await used.ping(), true);
        clock.advance(1);
        assert.equal((await fresh.next()).kind, 'closed');
        clock.advance(59_998);
        assert.equal(await used.ping(), true);
        clock.advance(60_000);
        assert.equal((await used.next()).kind, 'closed');
      },
    );
  });

  test('a scanner fills no disk: thirty refusals a minute are told, the rest is counted', async () => {
    await listening({ virtual: true }, echo, async ({ port, log, clock }) => {
      const garbage = Buffer.from('GET / HTTP/1.1\r\n\r\n');
      for (let i = 0; i < 50; i++) await raw(port, garbage);
      assert.equal(log.events.length, 30);
      clock.advance(60_000);
      await raw(port, garbage);
      assert.deepEqual(
        log.events.slice(30).map(({ event, fields }) => [event, fields.count]),
        [
          ['ajp-requests-refused', 20],
          ['ajp-request-refused', undefined],
        ],
      );
    });
  });

  test('options that make no sense are refused', () => {
    for (const packetSize of [0, 8191, 65_537, 8192.5, Number.NaN])
      assert.throws(() => ajpSettings({ packetSize }), /packetSize/, String(packetSize));
  });
});

test('whatever octets come, the listener answers or closes, and never fails inside', async () => {
  const random = randomFrom(20_261_121);
  const good = Buffer.concat([
    packet(forwardPayload({ method: 'POST', uri: '/read', headers: { 'content-length': '5', host: 'h' } })),
    dataPacket(Buffer.from('hello')),
    packet(forwardPayload({ uri: '/a', query: 'b', attributes: { JK_LB_ACTIVATION: 'ACT' } })),
    CPING,
  ]);
  await listening({}, echo, async ({ port }) => {
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(good);
      for (let i = random.int(4); i >= 0; i--) bytes[random.int(bytes.length)] = random.int(256);
      const cut = random.int(bytes.length);
      const client = await AjpClient.connect(port);
      client.send(bytes.subarray(0, cut));
      client.send(bytes.subarray(cut, cut + random.int(bytes.length)));
      client.socket.end();
      while ((await client.next()).kind !== 'closed');
      client.close();
    }
    assert.equal((await ajp(port, {})).status, 200);
  });
});

// What front ends hear from the AJP listener, packet by packet. Names of the recordings (T-..) say what Tomcat 10.1.60's
// connector answered to the same bytes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock, VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Link } from '../../../src/link/link.ts';
import { AjpListener, type AjpOptions, ajpSettings } from '../../../src/listener/ajp.ts';
import type { Exchange, ExchangeSink } from '../../../src/listener/exchange.ts';
import {
  type AjpAnswer,
  AjpClient,
  ajp,
  CPING,
  dataPacket,
  EMPTY_PACKET,
  forwardPayload,
  header,
  packet,
  text,
  word,
  ZERO_DATA,
} from '../../support/ajp-client.ts';

/** Answers with what it was asked; reads the body first when the path says /read. */
function echo(exchange: Exchange): void {
  const { request } = exchange;
  const told = {
    method: request.method,
    target: request.target,
    minor: request.minorVersion,
    fields: request.fields.entries(),
    connection: { ...exchange.connection },
    client: exchange.clientAddress,
    user: exchange.user,
    authType: exchange.authType,
    forwarded: exchange.forwarded,
  };
  let read = 0;
  const answer = () => {
    const page = Buffer.from(JSON.stringify({ ...told, read }));
    exchange.response.status = 200;
    exchange.response.fields.add('Content-Type', 'application/json');
    exchange.response.bodyLength = page.length;
    exchange.sendHead();
    exchange.sendBody(page, 0, page.length);
    exchange.sendEnd();
  };
  if (!request.target.startsWith('/read')) {
    answer();
    return;
  }
  exchange.sink = sink({
    requestBody: (_bytes, start, end) => {
      read += end - start;
    },
    requestEnd: answer,
  });
  exchange.resumeBody();
}

function sink(parts: Partial<ExchangeSink>): ExchangeSink {
  return { requestBody() {}, requestEnd() {}, drained() {}, aborted() {}, ended() {}, ...parts };
}

interface Running {
  port: number;
  listener: AjpListener;
  log: MemoryLog;
  clock: VirtualClock;
}

async function listening(
  options: AjpOptions & { virtual?: boolean },
  handle: (exchange: Exchange) => void,
  use: (running: Running) => Promise<void>,
): Promise<void> {
  const log = new MemoryLog();
  const clock = new VirtualClock();
  const link = new Link(options.virtual ? clock : systemClock, log);
  const listener = new AjpListener(link, { address: '127.0.0.1', port: 0 }, options, { handle }, log);
  await listener.listen();
  try {
    await use({ port: listener.address.port, listener, log, clock });
  } finally {
    listener.cut();
    await listener.stop();
    assert.deepEqual(
      log.events.filter(({ event }) => event === 'internal-fault'),
      [],
    );
  }
}

/** One request to a listener of its own. */
async function ask(
  request: Parameters<typeof ajp>[1],
  options: AjpOptions = {},
  exchange: Parameters<typeof ajp>[2] = {},
): Promise<AjpAnswer> {
  let answer: AjpAnswer | undefined;
  await listening(options, echo, async ({ port }) => {
    answer = await ajp(port, request, exchange);
  });
  return answer as AjpAnswer;
}

const seen = (answer: AjpAnswer) => JSON.parse(answer.body.toString());

/** What comes back for raw bytes, until the connection closes or an answer ends. */
async function raw(port: number, ...bytes: Buffer[]): Promise<string[]> {
  const client = await AjpClient.connect(port);
  try {
    for (const piece of bytes) client.send(piece);
    const heard: string[] = [];
    for (;;) {
      const next = await client.next();
      if (next.kind === 'headers') heard.push(String(next.status));
      else if (next.kind === 'end') heard.push(`end(${next.reuse ? 1 : 0})`);
      else if (next.kind !== 'chunk') heard.push(next.kind);
      if (next.kind === 'closed' || next.kind === 'pong') return heard;
    }
  } finally {
    client.close();
  }
}

describe('a request', () => {
  test('is answered with the standard phrase, and the connection stays (T-01)', async () => {
    const answer = await ask({ uri: '/i.jsp', headers: { Host: 'www.t' } });
    assert.deepEqual([answer.status, answer.reason, answer.reuse], [200, 'OK', true]);
    assert.deepEqual(answer.packets, ['headers', `chunk(${header(answer, 'content-length')})`, 'end(1)']);
    assert.equal(seen(answer).target, '/i.jsp');
    assert.equal(seen(answer).client, '10.1.2.3');
  });

  test('goes out in one write', async () => {
    await listening({}, echo, async ({ port }) => {
      const client = await AjpClient.connect(port);
      let reads = 0;
      client.socket.on('data', () => reads++);
      await client.exchange({ uri: '/' });
      assert.equal(reads, 1);
      client.close();
    });
  });

  test('has its query behind the path (T-13)', async () => {
    assert.equal(seen(await ask({ uri: '/a', query: 'a=b%20c' })).target, '/a?a=b%20c');
  });

  test('may have any method in attribute 0x0D (T-17)', async () => {
    assert.equal(seen(await ask({ method: 'PATCH' })).method, 'PATCH');
    assert.equal(seen(await ask({ method: 'FROB' })).method, 'FROB');
  });

  test('may be HTTP/1.0 (T-47)', async () => {
    assert.equal(seen(await ask({ protocol: 'HTTP/1.0' })).minor, 0);
  });

  test('may be as large as a packet, and no larger (T-23, T-24)', async () => {
    const base = forwardPayload({ headers: { 'x-fill': '' } }).length;
    const fill = (size: number) => ({ headers: { 'x-fill': 'x'.repeat(size - base) } });
    assert.equal((await ask(fill(8188))).status, 200);
    const answer = await ask(fill(8189));
    assert.deepEqual([answer.status, answer.reuse], [400, false]);
    assert.equal((await ask(fill(8189), { packetSize: 65_536 })).status, 200);
  });

  test('whose packet announces more than the packet size gets 400 and the connection closes (T-22)', async () => {
    await listening({}, echo, async ({ port }) => {
      assert.deepEqual(await raw(port, Buffer.from([0x12, 0x34]), word(9000)), ['400', 'end(0)', 'closed']);
    });
  });

  test('with octets beyond ASCII keeps them as they came (T-49)', async () => {
    assert.equal(seen(await ask({ uri: '/i;x=\xc3\xa9' })).target, '/i;x=\xc3\xa9');
  });

  test('for something else than a path gets 400', async () => {
    for (const uri of ['i.jsp', 'http://abs.test/i.jsp', '\\x'])
      assert.deepEqual([(await ask({ uri })).status, uri], [400, uri]);
    assert.equal((await ask({ method: 'OPTIONS', uri: '*' })).status, 200);
  });

  for (const [fact, payload, status] of [
    ['method code 28 (T-18)', forwardPayload({ methodCode: 28 }), '500'],
    ['method code 0 (T-19)', forwardPayload({ methodCode: 0 }), '500'],
    [
      'an unknown attribute code (T-20)',
      Buffer.concat([forwardPayload({}).subarray(0, -1), Buffer.from([0x20]), text('x'), Buffer.from([0xff])]),
      '500',
    ],
    ['no payload (T-28)', Buffer.alloc(0), '500'],
    ['no end of attributes (T-48)', forwardPayload({}).subarray(0, -1), '500'],
    [
      'two Content-Length fields (T-50)',
      forwardPayload({
        headers: [
          ['content-length', '5'],
          ['content-length', '5'],
        ],
      }),
      '400',
    ],
    ['a line end in a field', forwardPayload({ headers: { 'x-a': 'b\r\nc: d' } }), '400'],
    ['a space in a field name', forwardPayload({ headers: { 'x a': 'b' } }), '400'],
    [
      'more than 100 fields',
      forwardPayload({ headers: Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1'] as [string, string]) }),
      '500',
    ],
  ] as const) {
    test(`with ${fact} is answered and the connection closes`, async () => {
      await listening({}, echo, async ({ port, log }) => {
        assert.deepEqual(await raw(port, packet(payload)), [status, 'end(0)', 'closed']);
        assert.equal(log.events[0]?.event, 'ajp-request-refused');
      });
    });
  }

  for (const [fact, bytes] of [
    ['another magic (T-21)', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a shutdown packet (T-26)', packet(Buffer.from([7]))],
    ['the old ping (T-27)', packet(Buffer.from([8]))],
  ] as const) {
    test(`${fact} closes the connection without a word`, async () => {
      await listening({}, echo, async ({ port }) => assert.deepEqual(await raw(port, bytes), ['closed']));
    });
  }

  test('may come octet by octet', async () => {
    await listening({}, echo, async ({ port }) => {
      const client = await AjpClient.connect(port);
      for (const octet of packet(forwardPayload({ uri: '/slow' }))) client.send(Buffer.from([octet]));
      assert.equal((await client.next()).kind, 'headers');
      client.close();
    });
  });

  test('that comes before the one before is answered waits for its turn', async () => {
    const waiting: (() => void)[] = [];
    await listening(
      {},
      (exchange) => {
        waiting.push(() => echo(exchange));
        if (waiting.length === 3) for (const run of waiting) run();
        else if (waiting.length === 1) setImmediate(() => waiting[0]());
        else setImmediate(() => waiting.at(-1)?.());
      },
      async ({ port }) => {
        const client = await AjpClient.connect(port);
        client.send(Buffer.concat(['/1', '/2'].map((uri) => packet(forwardPayload({ uri })))));
        const targets: string[] = [];
        while (targets.length < 2) {
          const next = await client.next();
          if (next.kind === 'chunk') targets.push(JSON.parse(next.body.toString()).target);
          assert.notEqual(next.kind, 'closed');
        }
        assert.deepEqual(targets, ['/1', '/2']);
        client.close();
      },
    );
  });
});

describe('CPING', () => {
  test('is answered at once, before and after requests, secret or not (T-02, T-06b)', async () => {
    await listening({ secret: 's' }, echo, async ({ port }) => {
      const client = await AjpClient.connect(port);
      assert.equal(await client.ping(), true);
      assert.equal((await client.exchange({ attributes: { secret: 's' } })).reuse, true);
      assert.equal(await client.ping(), true);
      assert.equal(await client.ping(), true);
      client.close();
    });
  });
});

describe('the secret', () => {
  test('lets in who knows it (T-05)', async () => {
    assert.equal((await ask({ attributes: { secret: 's3cret' } }, { secret: 's3cret' })).status, 200);
  });

  for (const [fact, attributes] of [
    ['none (T-03)', {}],
    ['another (T-04)', { secret: 's3creT' }],
    ['a longer one', { secret: 's3cret ' }],
    ['an empty one', { secret: '' }],
  ] as [string, Record<string, string>][]) {
    test(`with ${fact} the answer is 403, the connection closes, and the log says why without telling it`, async () => {
      await listening({ secret: 's3cret' }, echo, async ({ port, log }) => {
        const answer = await ajp(port, { attributes });
        assert.deepEqual([answer.status, answer.reason, answer.reuse], [403, 'Forbidden', false]);
        assert.doesNotMatch(answer.body.toString(), /secret/);
        assert.equal(log.events[0].fields.code, 'ajp-secret-refused');
        assert.doesNotMatch(JSON.stringify(log.events), /s3cre/i);
      });
    });
  }

  test('sent to a listener without one is ignored (T-06)', async () => {
    assert.equal((await ask({ attributes: { secret: 'x' } })).status, 200);
  });

  test('nothing that follows a refused request is looked at', async () => {
    let handled = 0;
    await listening(
      { secret: 's' },
      (exchange) => {
        handled++;
        echo(exchange);
      },
      async ({ port }) => {
        const refused = packet(forwardPayload({}));
        const good = packet(forwardPayload({ attributes: { secret: 's' } }));
        assert.deepEqual(await raw(port, Buffer.concat([refused, good])), ['403', 'end(0)', 'closed']);
        assert.equal(handled, 0);
      },
    );
  });

  test('is required on every address but loopback, unless the operator says otherwise', () => {
    const make = (address: string | undefined, options: AjpOptions) =>
      new AjpListener(
        new Link(systemClock, new MemoryLog()),
        { address, port: 0 },
        options,
        { handle: echo },
        new MemoryLog(),
      );
    const needsSecret = (error: unknown) => error instanceof Failure && error.code === 'ajp-secret-required';
    for (const address of [undefined, '0.0.0.0', '::', '192.0.2.1', '128.0.0.1', '127.evil.test'])
      for (const options of [{}, { secret: '' }]) assert.throws(() => make(address, options), needsSecret, address);
    for (const address of ['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1', 'localhost']) make(address, {});
    make('0.0.0.0', { secret: 's' });
    make('0.0.0.0', { secretRequired: false });
  });
});

describe('request attributes', () => {
  test('nobody allowed get 403 (T-07), named in the log', async () => {
    await listening({}, echo, async ({ port, log }) => {
      const answer = await ajp(port, { attributes: { FOO1: 'v', BAR: 'w' } });
      assert.deepEqual([answer.status, answer.reuse], [403, false]);
      assert.match(String(log.events[0].fields.reason), /FOO1, BAR/);
      assert.doesNotMatch(JSON.stringify(log.events), /"v"|"w"/);
    });
  });

  test('must match the pattern as a whole (T-08, T-09)', async () => {
    const options = { allowedRequestAttributesPattern: 'FOO.*|QUX' };
    assert.deepEqual(seen(await ask({ attributes: { FOO1: 'v' } }, options)).forwarded.attributes, [['FOO1', 'v']]);
    for (const name of ['BAR', 'XFOO', 'QUXX', 'XQUX'])
      assert.equal((await ask({ attributes: { [name]: 'v' } }, options)).status, 403, name);
    const regexp = { allowedRequestAttributesPattern: /foo/i };
    assert.equal((await ask({ attributes: { FOO: 'v' } }, regexp)).status, 200);
    assert.equal((await ask({ attributes: { FOO1: 'v' } }, regexp)).status, 403);
  });

  test('of servlet includes are refused: no file is read through them', async () => {
    for (const prefix of ['javax', 'jakarta'])
      for (const name of ['request_uri', 'path_info', 'servlet_path'])
        assert.equal(
          (await ask({ attributes: { [`${prefix}.servlet.include.${name}`]: '/WEB-INF/web.xml' } })).status,
          403,
        );
  });

  test('that both modules send need no permission, and become facts of the connection (T-10)', async () => {
    const { connection, forwarded } = seen(
      await ask({
        isSecure: true,
        attributes: {
          AJP_REMOTE_PORT: '5555',
          AJP_LOCAL_ADDR: '9.8.7.6',
          AJP_SSL_PROTOCOL: 'TLSv1.3',
          JK_LB_ACTIVATION: 'DIS',
        },
      }),
    );
    assert.deepEqual(forwarded.attributes, [['JK_LB_ACTIVATION', 'DIS']]);
    assert.deepEqual(connection, {
      remoteAddress: '10.1.2.3',
      remotePort: 5555,
      localAddress: '9.8.7.6',
      localPort: 80,
      tls: { protocol: 'TLSv1.3' },
    });
  });

  test('with a port that is none say nothing about the port (T-11)', async () => {
    for (const port of ['x', '', '-1', '70000', '1.5'])
      assert.equal(seen(await ask({ attributes: { AJP_REMOTE_PORT: port } })).connection.remotePort, 0);
  });

  test('about TLS are told (T-12)', async () => {
    const answer = await ask({
      isSecure: true,
      serverPort: 443,
      keySize: 256,
      attributes: { ssl_cipher: 'AES', ssl_session: 'abcd', ssl_cert: 'PEM' },
    });
    assert.deepEqual(seen(answer).connection.tls, {
      cipher: 'AES',
      keySize: 256,
      sessionId: 'abcd',
      clientCertificate: 'PEM',
    });
    assert.equal(seen(answer).forwarded.serverPort, 443);
  });

  test('do not outlast their request', async () => {
    await listening({}, echo, async ({ port }) => {
      const client = await AjpClient.connect(port);
      await client.exchange({ isSecure: true, attributes: { AJP_REMOTE_PORT: '5555', JK_LB_ACTIVATION: 'DIS' } });
      const second = seen(await client.exchange({ remoteAddress: null, serverName: null }));
      assert.deepEqual(second.connection, { remoteAddress: '', remotePort: 0, localAddress: '', localPort: 80 });
      assert.deepEqual(second.forwarded.attributes, []);
      client.close();
    });
  });
});

describe('the user', () => {
  const attributes = { remote_user: 'bob', auth_type: 'Basic' };

  test('of the front end is ignored by default (T-14)', async () => {
    const { user, authType, forwarded } = seen(await ask({ attributes }));
    assert.deepEqual(
      [user, authType, forwarded.remoteUser, forwarded.authType],
      [undefined, undefined, undefined, undefined],
    );
  });

  test('is believed with tomcatAuthentication=false (T-15)', async () => {
    const { user, authType, forwarded } = seen(await ask({ attributes }, { tomcatAuthentication: false }));
    assert.deepEqual([user, authType, forwarded.remoteUser], ['bob', 'Basic', 'bob']);
  });
});

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

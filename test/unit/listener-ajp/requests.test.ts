// What front ends may ask the AJP listener, packet by packet. Names of the recordings (T-..) say what Tomcat 10.1.60's
// connector answered to the same bytes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Link } from '../../../src/link/link.ts';
import { AjpListener, type AjpOptions } from '../../../src/listener/ajp.ts';
import { AjpClient, ajp, forwardPayload, header, packet, text, word } from '../../support/ajp-client.ts';
import { ask, echo, listening, raw, seen } from '../../support/ajp-listening.ts';

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

// How a backend of HTTP is spoken to, and what a client hears, under the directives and environment variables that change
// it: octet by octet, as httpd 2.4.71 does it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, Lab, type Line, turns, until } from './lab.ts';

const HTTP = 'ProxyPass / http://127.0.0.1:@1/';
const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n';

function answer(body: string, more = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}

function chunked(...chunks: string[]): string {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return `POST /x HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
}

async function heardWhole(client: Client): Promise<string> {
  await until(() => client.heard().isWhole, 'the answer');
  return client.heard().body;
}

/** Takes what a line has heard, once it ends like this. */
async function said(line: Line, end: RegExp): Promise<string> {
  await until(() => end.test(line.text), String(end));
  const { text } = line;
  line.text = '';
  return text;
}

describe('a chunked request body', () => {
  it('goes on with its length when it is small, however slowly it comes', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(chunked('ab'));
    await turns();
    assert.equal(lab.backends[0].lines.length, 0);
    client.send('3\r\ncde\r\n0\r\n\r\n');
    const text = await said(await lab.line(), /abcde$/);
    assert.match(text, /\r\nContent-Length: 5\r\n/);
    assert.doesNotMatch(text, /chunked/i);
    (await lab.line().catch(() => lab.backends[0].lines[0])).send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
  });

  it('that is empty goes on with the length 0', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(`${chunked()}0\r\n\r\n`);
    const line = await lab.line();
    assert.match(await said(line, /\r\n\r\n$/), /\r\nContent-Length: 0\r\n/);
    line.send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
  });

  it('goes on in chunks when it is long, before it has come to its end', async () => {
    await using lab = await Lab.open(HTTP);
    const part = 'p'.repeat(9_000);
    const client = lab.ask(chunked(part, part));
    const line = await lab.line();
    await until(() => line.text.length > 18_000, 'the beginning');
    assert.match(line.text, /\r\nTransfer-Encoding: chunked\r\n/);
    client.send('3\r\nend\r\n0\r\n\r\n');
    const text = await said(line, /\r\n0\r\n\r\n$/);
    assert.equal(text.slice(text.indexOf('\r\n\r\n')).match(/p/g)?.length, 18_000);
    assert.match(text, /end\r\n/);
    line.send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
  });

  it('that was read ahead goes to another member when the first cannot be reached', async () => {
    await using lab = await Lab.open(
      '<Proxy balancer://c>\nBalancerMember http://127.0.0.1:@1\nBalancerMember http://127.0.0.1:@2\n</Proxy>\nProxyPass / balancer://c/',
      2,
    );
    await lab.backends[0].refuse();
    const client = lab.ask(`${chunked('abc')}0\r\n\r\n`);
    const line = await lab.line(0, 1);
    assert.match(await said(line, /abc$/), /\r\nContent-Length: 3\r\n/);
    line.send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
  });

  it('of a client that is gone costs no backend anything', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(chunked('ab'));
    await turns();
    client.socket.destroy();
    await until(() => lab.failures.length === 1, 'the end');
    assert.equal(lab.backends[0].lines.length, 0);
  });

  it('that is broken while it is read ahead is 400', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(`${chunked('ab')}zz\r\n`);
    await until(() => client.isOver, 'the end');
    assert.deepEqual(client.statuses, [400]);
  });

  // proxy-prefetch-nonblocking
  it('is not waited for with proxy-prefetch-nonblocking', async () => {
    await using lab = await Lab.open(`SetEnv proxy-prefetch-nonblocking 1\n${HTTP}`);
    const client = lab.ask(chunked('ab'));
    const line = await lab.line();
    await until(() => /ab\r\n$/.test(line.text), 'the first chunk');
    assert.match(line.text, /\r\nTransfer-Encoding: chunked\r\n/);
    client.send('0\r\n\r\n');
    await said(line, /\r\n0\r\n\r\n$/);
    line.send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
  });

  // proxy-sendcl, proxy-sendchunked
  it('is read to its end with proxy-sendcl, unless proxy-sendchunked undoes that', async () => {
    const body = 'b'.repeat(50_000);
    for (const [conf, framing] of [
      ['SetEnv proxy-sendcl 1', /\r\nContent-Length: 50000\r\n/],
      ['SetEnvIf Request_URI . Proxy-SendCL', /\r\nContent-Length: 50000\r\n/],
      ['SetEnv proxy-sendcl 1\nSetEnv proxy-sendchunked 1', /\r\nTransfer-Encoding: chunked\r\n/],
      ['SetEnv proxy-sendcl 1\nSetEnv proxy-sendchunks 1', /\r\nTransfer-Encoding: chunked\r\n/],
    ] as const) {
      await using lab = await Lab.open(`${conf}\n${HTTP}`);
      const client = lab.ask(`${chunked(body)}0\r\n\r\n`);
      const line = await lab.line();
      await until(() => line.text.length > 50_000 && /b(\r\n0\r\n\r\n)?$/.test(line.text), 'the body');
      assert.match(line.text, framing);
      line.send(answer('ok'));
      assert.equal(await heardWhole(client), 'ok');
    }
  });

  it('of more than 16 MiB is 413 when it would have to be read to its end', async () => {
    await using lab = await Lab.open(`SetEnv proxy-sendcl 1\n${HTTP}`);
    const client = lab.ask(chunked());
    const chunk = Buffer.from(`100000\r\n${'c'.repeat(0x10_0000)}\r\n`);
    for (let i = 0; i < 17; i++) client.socket.write(chunk);
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [413]);
    assert.equal(lab.backends[0].lines.length, 0);
  });
});

describe('force-proxy-request-1.0', () => {
  // force-proxy-request-1.0
  it('speaks HTTP/1.0 to the backend, with a length and without a word about the connection, which closes', async () => {
    await using lab = await Lab.open(`SetEnv force-proxy-request-1.0 1\n${HTTP}`);
    const client = lab.ask(`${chunked('abc')}0\r\n\r\n`);
    const line = await lab.line();
    const text = await said(line, /abc$/);
    assert.match(text, /^POST \/x HTTP\/1\.0\r\n/);
    assert.match(text, /\r\nContent-Length: 3\r\n/);
    assert.doesNotMatch(text, /Connection|chunked/i);
    line.send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
    await until(() => line.hasEnded || line.isClosed, 'the end of the connection');
  });

  it('asks for no 100: the client is told to go on at once', async () => {
    await using lab = await Lab.open(`SetEnv force-proxy-request-1.0 1\n${HTTP}`);
    const client = lab.ask('POST /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
    await until(() => client.statuses[0] === 100, 'the word to go on');
    const line = await lab.line();
    assert.doesNotMatch(line.text, /Expect/);
    client.send('hi');
    await said(line, /hi$/);
    line.send(answer('ok'));
    await until(() => client.heard().body === 'ok', 'the answer');
  });
});

describe('a connection to a backend', () => {
  // proxy-nokeepalive
  it('closes after a request with proxy-nokeepalive', async () => {
    await using lab = await Lab.open(`SetEnvIf Request_URI ^/x proxy-nokeepalive\n${HTTP}`);
    const client = lab.ask(GET);
    const line = await lab.line();
    assert.match(line.text, /\r\nConnection: close\r\n/);
    line.send(answer('one'));
    assert.equal(await heardWhole(client), 'one');
    await until(() => line.hasEnded || line.isClosed, 'the end of the connection');
  });

  // proxy-initial-not-pooled
  it('that was kept is not for the first request of a client with proxy-initial-not-pooled', async () => {
    await using lab = await Lab.open(`SetEnv proxy-initial-not-pooled 1\n${HTTP} max=2`);
    const first = lab.ask(GET);
    const one = await lab.line();
    one.send(answer('one'));
    assert.equal(await heardWhole(first), 'one');
    const second = lab.ask(GET);
    const two = await lab.line(1);
    two.send(answer('two'));
    assert.equal(await heardWhole(second), 'two');
    // The second request of a client takes what there is.
    second.text = '';
    for (const line of [one, two]) line.text = '';
    second.send(GET);
    await until(() => one.text !== '' || two.text !== '', 'the third request');
    (one.text === '' ? two : one).send(answer('three'));
    assert.equal(await heardWhole(second), 'three');
    // At the cap, one that was kept makes room.
    const third = lab.ask(GET);
    const four = await lab.line(2);
    four.send(answer('four'));
    assert.equal(await heardWhole(third), 'four');
    assert.equal(lab.members[0].backend.pool.open, 2);
  });
});

describe('an interim response', () => {
  // proxy-interim-response
  it('ends here with proxy-interim-response=Suppress', async () => {
    await using lab = await Lab.open(`SetEnv proxy-interim-response Suppress\n${HTTP}`);
    const client = lab.ask(GET);
    (await lab.line()).send(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${answer('done')}`);
    assert.equal(await heardWhole(client), 'done');
    assert.deepEqual(client.statuses, [200]);
  });

  it('of 102 and 103 goes on, and a 100 that nobody asked for only with proxy-interim-response=RFC', async () => {
    for (const [conf, statuses] of [
      ['', [102, 103, 200]],
      ['SetEnv proxy-interim-response RFC\n', [100, 102, 103, 200]],
    ] as const) {
      await using lab = await Lab.open(`${conf}${HTTP}`);
      const client = lab.ask(GET);
      const interim = [100, 102, 103].map((status) => `HTTP/1.1 ${status} X\r\n\r\n`).join('');
      (await lab.line()).send(`${interim}${answer('done')}`);
      assert.equal(await heardWhole(client), 'done');
      assert.deepEqual(client.statuses, statuses);
    }
  });

  it('of 100 goes on to a client that asked without having a body', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\nExpect: 100-continue\r\n\r\n');
    const line = await lab.line();
    assert.match(line.text, /\r\nExpect: 100-continue\r\n/);
    line.send(`HTTP/1.1 100 Continue\r\n\r\n${answer('done')}`);
    assert.equal(await heardWhole(client), 'done');
    assert.deepEqual(client.statuses, [100, 200]);
  });

  // Proxy100Continue
  it('is not asked for with Proxy100Continue Off', async () => {
    await using lab = await Lab.open(`Proxy100Continue Off\n${HTTP}`);
    const client = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\nExpect: 100-continue\r\n\r\n');
    const line = await lab.line();
    assert.doesNotMatch(line.text, /Expect/);
    line.send(answer('done'));
    assert.equal(await heardWhole(client), 'done');
  });
});

describe('Max-Forwards', () => {
  it('is counted down', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\nmax-forwards: 7\r\n\r\n');
    const line = await lab.line();
    assert.match(line.text, /\r\nmax-forwards: 6\r\n/);
    line.send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
  });

  // ProxyMaxForwards
  it('begins at ProxyMaxForwards where the client sent none', async () => {
    await using lab = await Lab.open(`ProxyMaxForwards 3\n${HTTP}`);
    const client = lab.ask(GET);
    const line = await lab.line();
    assert.match(line.text, /\r\nMax-Forwards: 3\r\n/);
    line.send(answer('ok'));
    assert.equal(await heardWhole(client), 'ok');
  });

  it('that has run out, or is not one number, is 400 and goes nowhere', async () => {
    await using lab = await Lab.open(HTTP);
    for (const value of ['0', 'abc', '', '1 2', '-1', '99999999999999999999', '5\r\nMax-Forwards: 5']) {
      const client = lab.ask(`GET /x HTTP/1.1\r\nHost: front.test\r\nMax-Forwards: ${value}\r\n\r\n`);
      await until(() => client.isOver, 'the end');
      assert.deepEqual(client.statuses, [400], value);
    }
    assert.equal(lab.backends[0].lines.length, 0);
  });

  it('of 0 with TRACE is answered here with the request, but for what is secret in it', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(
      'TRACE /x HTTP/1.1\r\nHost: front.test\r\nMax-Forwards: 0\r\nCookie: a=1\r\nX-A: 1\r\nAuthorization: b\r\n\r\n',
    );
    const body = await heardWhole(client);
    assert.equal(body, 'TRACE /x HTTP/1.1\r\nHost: front.test\r\nMax-Forwards: 0\r\nX-A: 1\r\n\r\n');
    assert.deepEqual(client.heard().headers.find(([name]) => name === 'Content-Type')?.[1], 'message/http');
  });

  it('of 0 with OPTIONS is answered here with what may be asked', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask('OPTIONS /x HTTP/1.1\r\nHost: front.test\r\nMax-Forwards: 0\r\n\r\n');
    await heardWhole(client);
    assert.deepEqual(client.statuses, [200]);
    assert.ok(client.heard().headers.some(([name]) => name === 'Allow'));
  });
});

// TraceEnable
describe('TRACE', () => {
  it('with a body is 413, unless TraceEnable extended lets it through', async () => {
    const trace = 'TRACE /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 2\r\n\r\nhi';
    {
      await using lab = await Lab.open(HTTP);
      const client = lab.ask(trace);
      await until(() => client.isOver, 'the end');
      assert.deepEqual(client.statuses, [413]);
    }
    await using lab = await Lab.open(`TraceEnable extended\n${HTTP}`);
    const client = lab.ask(trace);
    const line = await lab.line();
    await said(line, /hi$/);
    line.send(answer('echo'));
    assert.equal(await heardWhole(client), 'echo');
  });
});

// ProxyVia
describe('ProxyVia', () => {
  it('names this server to both sides, in interim responses too, and with Full its product', async () => {
    for (const [conf, asked, via] of [
      ['ProxyVia On', 'front.test', '1.1 front.test'],
      ['ProxyVia On', 'www.test:8080', '1.1 front.test:8080'],
      ['ProxyVia Full', 'front.test', '1.1 front.test (Catflap)'],
    ]) {
      await using lab = await Lab.open(`${conf}\n${HTTP}`);
      const client = lab.ask(`GET /x HTTP/1.1\r\nHost: ${asked}\r\n\r\n`);
      const line = await lab.line();
      assert.ok(line.text.includes(`\r\nVia: ${via}\r\n`), line.text);
      line.send(`HTTP/1.1 103 Early Hints\r\n\r\n${answer('ok', 'Via: 1.1 inner\r\n')}`);
      assert.equal(await heardWhole(client), 'ok');
      const { headers } = client.heard();
      assert.deepEqual(
        headers.filter(([name]) => name === 'Via').map(([, value]) => value),
        ['1.1 inner', via],
      );
      assert.equal(client.text.match(/Via: /g)?.length, 3);
    }
  });

  it('Off adds none and Block takes those of requests away, not those of responses', async () => {
    for (const [conf, sees] of [
      ['ProxyVia Off', true],
      ['ProxyVia Block', false],
    ] as const) {
      await using lab = await Lab.open(`${conf}\n${HTTP}`);
      const client = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\nVia: 1.0 up\r\n\r\n');
      const line = await lab.line();
      assert.equal(line.text.includes('Via: 1.0 up\r\n'), sees);
      line.send(answer('ok', 'Via: 1.1 inner\r\n'));
      assert.equal(await heardWhole(client), 'ok');
      assert.equal(client.text.match(/Via: .*/)?.[0], 'Via: 1.1 inner');
    }
  });
});

// ProxyBadHeader
describe('ProxyBadHeader', () => {
  const odd = 'HTTP/1.1 200 OK\r\nX-A: 1\r\nthis is no field\r\nContent-Length: 2\r\n\r\nok';

  it('IsError answers 502 for a line that is no field', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(GET);
    (await lab.line()).send(odd);
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [502]);
  });

  it('Ignore leaves it out, but not one that others might take for a field', async () => {
    for (const [head, status] of [
      [odd, 200],
      ['HTTP/1.1 200 OK\r\n<a>\r\nContent-Length: 2\r\nX\r\n\r\nok', 200],
      ['HTTP/1.1 200 OK\r\nContent-Length : 9\r\nContent-Length: 2\r\n\r\nok', 502],
      ['HTTP/1.1 200 OK\r\n: 9\r\nContent-Length: 2\r\n\r\nok', 502],
      ['HTTP/1.1 200 OK\r\nno\x01field\r\nContent-Length: 2\r\n\r\nok', 502],
    ] as const) {
      await using lab = await Lab.open(`ProxyBadHeader Ignore\n${HTTP}`);
      const client = lab.ask(GET);
      (await lab.line()).send(head);
      await heardWhole(client);
      assert.deepEqual(client.statuses, [status], head);
      assert.doesNotMatch(client.text, /field|<a>/);
    }
  });

  it('StartBody begins the body with it, and the connection is not used again', async () => {
    await using lab = await Lab.open(`ProxyBadHeader StartBody\n${HTTP}`);
    const client = lab.ask(GET);
    const line = await lab.line();
    for (const piece of ['HTTP/1.1 200 OK\r\nX-A: 1\r\nCon', 'tent-Length: 9\r\n<p', '>hello', '!']) {
      line.send(piece);
      await turns();
    }
    assert.equal(await heardWhole(client), '<p>hello!');
    await until(() => line.hasEnded || line.isClosed, 'the end of the connection');
  });
});

describe('a client', () => {
  // nokeepalive
  it('is left after an answer with nokeepalive, however the variable was set', async () => {
    for (const conf of ['BrowserMatch Old nokeepalive', 'SetEnv nokeepalive 1']) {
      await using lab = await Lab.open(`${conf}\n${HTTP}`);
      const client = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\nUser-Agent: Old\r\n\r\n');
      (await lab.line()).send(answer('ok'));
      await until(() => client.isOver, 'the end');
      assert.match(client.text, /\r\nConnection: close\r\n/);
    }
  });

  // downgrade-1.0
  it('is treated as one of HTTP/1.0 with downgrade-1.0: no chunks, and closed unless it wants otherwise', async () => {
    await using lab = await Lab.open(`SetEnvIf Request_URI . downgrade-1.0\n${HTTP}`);
    const client = lab.ask(GET);
    (await lab.line()).send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n');
    await until(() => client.isOver, 'the end');
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n(?!.*chunked).*\r\n\r\nok$/s);
    const keeping = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\nConnection: keep-alive\r\n\r\n');
    await until(() => lab.backends[0].lines.some((line) => /GET.*GET/s.test(line.text)), 'the second request');
    lab.backends[0].lines.at(-1)?.send(answer('ok'));
    assert.equal(await heardWhole(keeping), 'ok');
    assert.match(keeping.text, /\r\nConnection: Keep-Alive\r\n/);
  });

  // force-response-1.0
  it('of HTTP/1.0 is told HTTP/1.0 with force-response-1.0, others only with downgrade-1.0 beside it', async () => {
    for (const [conf, version, says] of [
      ['SetEnv force-response-1.0 1', '1.0', '1.0'],
      ['SetEnv force-response-1.0 1', '1.1', '1.1'],
      ['SetEnv force-response-1.0 1\nSetEnv downgrade-1.0 1', '1.1', '1.0'],
    ]) {
      await using lab = await Lab.open(`${conf}\n${HTTP}`);
      const client = lab.ask(`GET /x HTTP/${version}\r\nHost: front.test\r\nConnection: keep-alive\r\n\r\n`);
      (await lab.line()).send(answer('ok'));
      await until(() => client.text.endsWith('ok'), 'the answer');
      assert.ok(client.text.startsWith(`HTTP/${says} 200 OK\r\n`), client.text);
      if (says === '1.0') await until(() => client.isOver, 'the end');
    }
  });
});

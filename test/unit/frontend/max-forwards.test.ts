// Max-Forwards and TRACE: requests that count their proxies, as httpd 2.4.71 does it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lab, until } from './lab.ts';
import { httpAnswer as answer, GET, HTTP, heardWhole, said } from './messages.ts';

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

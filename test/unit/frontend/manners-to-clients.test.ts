// What a client hears under ProxyVia, ProxyBadHeader and the environment variables about clients: octet by octet, as
// httpd 2.4.71 does it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lab, turns, until } from './lab.ts';
import { httpAnswer as answer, GET, HTTP, heardWhole } from './messages.ts';

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

// How an HTTP backend is spoken to under the directives and environment variables that change it, and what becomes of its
// interim responses: octet by octet, as httpd 2.4.71 does it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lab, until } from './lab.ts';
import { httpAnswer as answer, chunked, GET, HTTP, heardWhole, said } from './messages.ts';

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

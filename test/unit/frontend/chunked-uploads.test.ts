// Chunked request bodies on their way to HTTP backends: with their length or in chunks, as httpd 2.4.71 sends them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lab, turns, until } from './lab.ts';
import { httpAnswer as answer, chunked, HTTP, heardWhole, said } from './messages.ts';

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

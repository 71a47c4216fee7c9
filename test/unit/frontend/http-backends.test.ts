// HTTP backends that misbehave, octet by octet: what reaches the client, what becomes of the connection, and that every
// account is even afterwards (the lab looks when it closes).

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lab, turns, until } from './lab.ts';
import { GET, HTTP, httpAnswer } from './messages.ts';

describe('an HTTP backend', () => {
  it('may send interim responses; those about its own connection are not passed on', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send('HTTP/1.1 103 Early\r\nLink: </a>\r\nConnection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\n\r\n');
    await until(() => client.text.endsWith('\r\n\r\n'), 'the hint');
    assert.equal(client.text, 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
    line.send(httpAnswer('done'));
    await until(() => client.heard().body === 'done', 'the answer');
    assert.deepEqual(client.heard().interim, [103]);
  });

  it('that switches protocols unasked is not believed', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(GET);
    (await lab.line()).send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [502]);
  });

  it('that sends a body with HEAD, 204 or 304 spoils its connection, not the response', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      await using lab = await Lab.open(HTTP);
      const client = lab.ask(`${method} /x HTTP/1.1\r\nHost: front.test\r\n\r\n`);
      const line = await lab.line();
      line.send(`HTTP/1.1 ${status} X\r\nContent-Length: 4\r\n\r\nbody`);
      await until(() => client.text.endsWith('\r\n\r\n'), 'the head');
      await turns();
      assert.doesNotMatch(client.text, /body/);
      await until(() => line.hasEnded || line.isClosed, 'the connection is closed');
    }
  });

  it('that tells no length with HEAD or 304 has none told for it', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask('HEAD /x HTTP/1.1\r\nHost: front.test\r\n\r\n');
    const line = await lab.line();
    line.send('HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n');
    await until(() => client.text.endsWith('\r\n\r\n'), 'the head');
    assert.doesNotMatch(client.text, /Content-Length/i);
    client.text = '';
    line.text = '';
    client.send('HEAD /x HTTP/1.1\r\nHost: front.test\r\n\r\n');
    await until(() => lab.backends[0].lines.some((each) => each.text !== ''), 'the second request');
    lab.backends[0].lines
      .find((each) => each.text !== '' && !each.isClosed)
      ?.send('HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n');
    await until(() => client.text.endsWith('\r\n\r\n'), 'the second head');
    assert.match(client.text, /\r\nContent-Length: 77\r\n/);
  });

  it('whose body ends early leaves a response that cannot be taken for whole', async () => {
    for (const [version, head] of [
      ['1.1', 'Content-Length: 100\r\n'],
      ['1.1', 'Transfer-Encoding: chunked\r\n'],
      ['1.0', 'Transfer-Encoding: chunked\r\n'],
    ]) {
      await using lab = await Lab.open(HTTP);
      const client = lab.ask(`GET /x HTTP/${version}\r\nHost: front.test\r\n\r\n`);
      const line = await lab.line();
      line.send(`HTTP/1.1 200 OK\r\n${head}\r\n${head.startsWith('C') ? 'half' : '4\r\nhalf\r\n'}`);
      await until(() => /half/.test(client.text), 'the first half');
      line.socket.end();
      await until(() => client.isOver, 'the end');
      assert.ok(client.error?.code === 'ECONNRESET' || !client.heard().isWhole, `HTTP/${version}, ${head}`);
      if (version === '1.0') assert.equal(client.error?.code, 'ECONNRESET');
    }
  });

  it('whose response ends with the connection is passed on whole', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send('HTTP/1.1 200 OK\r\n\r\nall of ');
    await turns();
    line.socket.end('it');
    await until(() => client.heard().isWhole, 'the answer');
    assert.equal(client.heard().body, 'all of it');
  });

  it('sends trailers through', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(GET);
    (await lab.line()).send(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nSet-Cookie: evil\r\n\r\n',
    );
    await until(() => /X-Sum: 1\r\n\r\n$/.test(client.text), 'the trailers');
    assert.doesNotMatch(client.text, /evil/);
  });

  it('gets a head of any size the listener takes, and may answer with one of any size we take', async () => {
    await using lab = await Lab.open(`LimitRequestFieldSize 60000\n${HTTP} responsefieldsize=70000`);
    const fields = Array.from({ length: 2 }, (_, i) => `X-${i}: ${'q'.repeat(55_000)}\r\n`).join('');
    const client = lab.ask(`GET /x HTTP/1.1\r\nHost: front.test\r\n${fields}\r\n`);
    const line = await lab.line();
    await until(() => line.text.endsWith('\r\n\r\n'), 'the whole head');
    assert.equal(line.text.match(/q{55000}/g)?.length, 2);
    const answer = Array.from({ length: 3 }, (_, i) => `X-${i}: ${'r'.repeat(60_000)}\r\n`).join('');
    line.send(httpAnswer('big', answer));
    await until(() => client.heard().isWhole, 'the answer');
    assert.equal(client.text.match(/r{60000}/g)?.length, 3);
    assert.equal(client.heard().body, 'big');
    assert.deepEqual(lab.faults, []);
  });

  it('is not read faster than the client reads, and the client is not blamed for its pause', async () => {
    await using lab = await Lab.open(`Timeout 10\n${HTTP}`);
    const client = lab.client();
    client.socket.pause();
    client.send(GET);
    const line = await lab.line();
    line.send('HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n');
    let isTaken = false;
    line.socket.write(Buffer.alloc(60_000_000, 'd'), () => {
      isTaken = true;
    });
    await turns(300);
    assert.equal(isTaken, false);
    client.socket.resume();
    await until(() => client.byteCount > 60_000_000, 'all octets');
    await lab.rest();
    assert.equal(lab.members[0].backend.pool.idleCount, 1);
  });

  it('over a unix socket or IPv6 is one like any other', async (context) => {
    const { createServer } = await import('node:net');
    const { mkdtempSync, rmSync } = await import('node:fs');
    const folder = mkdtempSync('/tmp/lab-');
    const places = [`${folder}/s`, { host: '::1', port: 0 }] as const;
    for (const place of places) {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', () => socket.write(httpAnswer('there')));
      });
      const port = await new Promise<number | undefined>((resolve) => {
        server.once('error', () => resolve(undefined));
        const listening = (): void => {
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : 0);
        };
        if (typeof place === 'string') server.listen(place, listening);
        else server.listen(place, listening);
      });
      if (port === undefined) {
        context.diagnostic('this machine has no ::1');
        continue;
      }
      const target = typeof place === 'string' ? `unix:${place}|http://h/` : `http://[::1]:${port}/`;
      await using lab = await Lab.open(`ProxyPass / ${target}`);
      const client = lab.ask(GET);
      await until(() => client.heard().body === 'there', `the answer of ${target}`);
      server.close();
    }
    rmSync(folder, { recursive: true });
  });
});

// Backends that misbehave, octet by octet: what reaches the client, what becomes of the connection, and that every
// account is even afterwards (the lab looks when it closes).

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { endResponse, getBodyChunk, packet, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, turns, until } from './lab.ts';

const HTTP = 'ProxyPass / http://127.0.0.1:@1/';
const AJP = 'ProxyPass / ajp://127.0.0.1:@1/';
const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n';

/** A whole AJP answer of 200 with this body. */
function ajpAnswer(body: string, length = body.length): Buffer {
  const head = sendHeaders(200, 'OK', [['Content-Length', String(length)]]);
  return Buffer.concat([head, sendBodyChunk(Buffer.from(body)), endResponse(1)]);
}

function httpAnswer(body: string, more = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}

/** A POST with a body of `length` octets, of which the first come with the head. */
function post(length: number | 'chunked', first = '', more = ''): string {
  const framing = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST /x HTTP/1.1\r\nHost: front.test\r\n${framing}\r\n${more}\r\n${first}`;
}

describe('a kept connection', () => {
  for (const [name, conf, answer] of [
    ['HTTP', HTTP, httpAnswer('one')],
    ['AJP', AJP, ajpAnswer('one')],
  ] as const) {
    it(`of ${name} serves one request after another`, async () => {
      await using lab = await Lab.open(conf);
      const client = lab.ask(GET);
      const line = await lab.line();
      line.send(answer);
      await until(() => client.heard().isWhole, 'the first answer');
      line.text = '';
      client.text = '';
      client.send(GET);
      await until(() => line.text !== '', 'the second request');
      line.send(answer);
      await until(() => client.heard().body === 'one', 'the second answer');
      assert.equal(lab.backends[0].lines.length, 1);
    });

    it(`of ${name} on which something comes that nobody asked for is not used again`, async () => {
      await using lab = await Lab.open(conf);
      const client = lab.ask(GET);
      const line = await lab.line();
      line.send(answer);
      await until(() => client.heard().isWhole, 'the answer');
      line.send(answer);
      await until(() => line.isClosed || line.hasEnded, 'the end of the connection');
      client.text = '';
      client.send(GET);
      const second = await lab.line(1);
      second.send(typeof answer === 'string' ? answer.replace(/one$/, 'two') : ajpAnswer('two'));
      await until(() => client.heard().body === 'two', 'the right answer');
    });

    it(`of ${name} never gives surplus octets to who waits for it`, async () => {
      await using lab = await Lab.open(`${conf} max=1`);
      const first = lab.ask(GET);
      const line = await lab.line();
      const second = lab.ask(GET);
      await until(() => lab.members[0].backend.pool.waiting === 1, 'the second request waits');
      // Two answers in one piece: the second belongs to nobody.
      const both = typeof answer === 'string' ? `${answer}${answer}` : Buffer.concat([answer, answer]);
      line.send(both);
      await until(() => first.heard().isWhole, 'the first answer');
      const fresh = await lab.line(1);
      assert.equal(second.text, '');
      fresh.send(typeof answer === 'string' ? httpAnswer('mine') : ajpAnswer('mine'));
      await until(() => second.heard().body === 'mine', 'its own answer');
      await until(() => line.hasEnded || line.isClosed, 'the spoilt connection is closed');
    });

    it(`of ${name} serves who waits as soon as it is free, and counts the traffic of both`, async () => {
      await using lab = await Lab.open(`${conf} max=1`);
      const first = lab.ask(GET);
      const line = await lab.line();
      const second = lab.ask(GET);
      await until(() => lab.members[0].backend.pool.waiting === 1, 'the second request waits');
      line.text = '';
      line.send(answer);
      await until(() => first.heard().isWhole && line.text !== '', 'the answer and the next request');
      line.send(answer);
      await until(() => second.heard().isWhole, 'the second answer');
      await lab.rest();
      assert.equal(lab.backends[0].lines.length, 1);
      const { receivedBytes } = lab.members[0].member.state;
      assert.equal(receivedBytes, name === 'AJP' ? 6 : 2 * ('HTTP/1.1 200 OK'.length + 3));
    });

    it(`of ${name} that the backend has closed meanwhile is replaced before it is used`, async () => {
      await using lab = await Lab.open(conf);
      const client = lab.ask(GET);
      const line = await lab.line();
      line.send(answer);
      await until(() => client.heard().isWhole, 'the answer');
      line.socket.end();
      await until(() => lab.members[0].backend.pool.open === 0, 'the word');
      client.text = '';
      client.send(post(2, 'hi'));
      const second = await lab.line(1);
      second.send(answer);
      await until(() => client.heard().isWhole, 'the second answer');
      assert.deepEqual(client.statuses, [200]);
    });
  }

  it('that dies under a repeatable request is replaced, once', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(httpAnswer('one'));
    await until(() => client.heard().isWhole, 'the first answer');
    client.text = '';
    line.text = '';
    client.send(GET);
    await until(() => line.text !== '', 'the second request');
    line.socket.resetAndDestroy();
    const second = await lab.line(1);
    second.socket.resetAndDestroy();
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [502]);
    assert.equal(lab.backends[0].lines.length, 2);
  });

  it('is closed after each request with disablereuse', async () => {
    await using lab = await Lab.open(`${HTTP} disablereuse=On`);
    const client = lab.ask(GET);
    const line = await lab.line();
    assert.match(line.text, /\r\nConnection: close\r\n/);
    line.send(httpAnswer('one'));
    await until(() => line.hasEnded || line.isClosed, 'the end of the connection');
    assert.equal(client.heard().body, 'one');
    assert.equal(lab.members[0].backend.pool.open, 0);
  });
});

describe('an HTTP backend', () => {
  it('that answers before the upload is complete is heard, whatever becomes of the upload', async () => {
    for (let round = 0; round < 20; round++) {
      await using lab = await Lab.open(HTTP);
      lab.backends[0].onLine = (line) => {
        line.socket.pause();
        line.socket.once('readable', () => {
          line.socket.write('HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno', () => {
            // Closed with unread octets: the backend's kernel resets whatever still comes.
            line.socket.destroy();
          });
        });
      };
      const client = lab.ask(post(8_000_000));
      client.socket.write(Buffer.alloc(8_000_000, 'u'));
      await until(() => client.isOver, 'the end');
      assert.deepEqual(client.statuses, [413], `round ${round}`);
      assert.equal(client.heard().body, 'no');
      assert.equal(lab.members[0].member.state.isInError, false);
    }
  });

  it('that answers early lets the client finish a small upload and keep its connection', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(post(10, 'abc'));
    const line = await lab.line();
    await until(() => line.text.endsWith('abc'), 'the beginning of the upload');
    line.send(httpAnswer('early'));
    await until(() => client.heard().isWhole, 'the answer');
    await until(() => line.hasEnded || line.isClosed, 'a connection in the middle of a request is closed');
    client.text = '';
    client.send(`defghij${GET}`);
    (await lab.line(1)).send(httpAnswer('next'));
    await until(() => client.heard().body === 'next', 'the next answer');
  });

  it('that never says 100 gets the body all the same', async () => {
    await using lab = await Lab.open(HTTP);
    const client = lab.ask(post(4, '', 'Expect: 100-continue\r\n'));
    const line = await lab.line();
    assert.match(line.text, /\r\nExpect: 100-continue\r\n/);
    await turns();
    assert.equal(client.text, '');
    lab.clock.advance(1_100);
    await until(() => client.text === 'HTTP/1.1 100 Continue\r\n\r\n', 'the word to go on');
    client.send('body');
    await until(() => line.text.endsWith('body'), 'the body');
    line.send(httpAnswer('thanks'));
    await until(() => client.heard().body === 'thanks', 'the answer');
  });

  it('that says 100 gets the body at once, and one that refuses spares the client the upload', async () => {
    await using lab = await Lab.open(HTTP);
    const eager = lab.ask(post(4, '', 'Expect: 100-continue\r\n'));
    const line = await lab.line();
    line.send('HTTP/1.1 100 Continue\r\n\r\n');
    await until(() => eager.statuses[0] === 100, 'the word to go on');
    eager.send('body');
    await until(() => line.text.endsWith('body'), 'the body');
    line.send(httpAnswer('thanks'));
    await until(() => eager.heard().body === 'thanks', 'the answer');

    const refused = lab.ask(post(4, '', 'Expect: 100-continue\r\n'));
    line.text = '';
    await until(() => line.text !== '', 'the second request');
    line.send('HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n');
    await until(() => refused.isOver, 'the end');
    assert.deepEqual(refused.statuses, [401]);
  });

  it('that is to be asked first with ping= and stays silent loses the request to another', async () => {
    await using lab = await Lab.open(
      '<Proxy balancer://c>\nBalancerMember http://127.0.0.1:@1 ping=500ms\nBalancerMember http://127.0.0.1:@2\n</Proxy>\nProxyPass / balancer://c/',
      2,
    );
    const client = lab.ask(post(4, 'body'));
    const silent = await lab.line();
    assert.match(silent.text, /\r\nExpect: 100-Continue\r\n/);
    await turns();
    assert.doesNotMatch(silent.text, /body/);
    lab.clock.advance(600);
    const other = await lab.line(0, 1);
    await until(() => other.text.endsWith('body'), 'the body');
    other.send(httpAnswer('mine'));
    await until(() => client.heard().body === 'mine', 'the answer');
    assert.equal(lab.members[0].member.state.isInError, true);
  });

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

  it('that is silent for too long is given up, but not while it is the client that is silent', async () => {
    await using lab = await Lab.open(`Timeout 100\n${HTTP} timeout=10`);
    const client = lab.ask(post(4, 'ab'));
    const line = await lab.line();
    await until(() => line.text.endsWith('ab'), 'the first half');
    lab.clock.advance(50_000);
    await turns();
    assert.equal(client.text, '');
    client.send('cd');
    await until(() => line.text.endsWith('abcd'), 'the second half');
    lab.clock.advance(9_000);
    await turns();
    assert.equal(client.text, '');
    lab.clock.advance(2_000);
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [502]);
    assert.equal(lab.failures[0] ?? 'head-timeout', 'head-timeout');
  });

  it('that takes nothing of an upload is given up, and one that was slow for a while is not blamed for the client', async () => {
    await using lab = await Lab.open(`Timeout 1000\n${HTTP} timeout=10`);
    lab.backends[0].onLine = (line) => line.socket.pause();
    const client = lab.ask(post(50_000_000));
    client.socket.write(Buffer.alloc(30_000_000, 'u'));
    await until(() => lab.backends[0].lines.length === 1, 'the connection');
    const [line] = lab.backends[0].lines;
    await until(() => client.socket.writableLength > 0, 'congestion');
    await turns(200);
    lab.clock.advance(9_000);
    line.socket.resume();
    await until(() => line.text.length > 30_000_000, 'the octets');
    // Now it is the client that is silent.
    await turns();
    lab.clock.advance(60_000);
    await turns();
    assert.equal(client.text, '');
    line.socket.pause();
    client.socket.write(Buffer.alloc(19_000_000, 'u'));
    await turns(200);
    lab.clock.advance(11_000);
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [502]);
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

describe('an AJP backend', () => {
  it('gets the body as it asks for it, and its end only when it asks for more than there is', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(post(6, 'abcdef'));
    const line = await lab.line();
    await until(() => line.packets.length === 2, 'the first packet of the body');
    assert.equal(line.bodyAfter(0), 'abcdef');
    line.send(getBodyChunk(8186));
    await until(() => line.packets.length === 3, 'the end of the body');
    assert.deepEqual([...line.packets[2]], [0, 0]);
    line.send(ajpAnswer('ok'));
    await until(() => client.heard().body === 'ok', 'the answer');
    await lab.rest();
    assert.equal(lab.members[0].backend.pool.idleCount, 1);
  });

  it('gets no more than it wants in one packet', async () => {
    await using lab = await Lab.open(AJP);
    lab.ask(post('chunked', `14\r\n${'0123456789'.repeat(2)}\r\n0\r\n\r\n`));
    const line = await lab.line();
    for (const [count, size] of [
      [2, 7],
      [3, 7],
      [4, 100],
    ]) {
      line.send(getBodyChunk(size));
      await until(() => line.packets.length === count, `packet ${count}`);
    }
    assert.deepEqual(
      line.packets.slice(1).map((payload) => payload.length - 2),
      [7, 7, 6],
    );
    assert.equal(line.bodyAfter(0), '0123456789'.repeat(2));
  });

  it('that answers while the upload goes on is heard; its connection is kept unless it waits for octets', async () => {
    for (const asks of [false, true]) {
      await using lab = await Lab.open(AJP);
      const client = lab.ask(post(40, 'abc'));
      const line = await lab.line();
      await until(() => line.bodyAfter(0) === 'abc', 'the first packet');
      if (asks) line.send(getBodyChunk(8186));
      line.send(ajpAnswer('early'));
      await until(() => client.heard().body === 'early', 'the answer');
      client.send('d'.repeat(37));
      await lab.rest();
      assert.equal(lab.members[0].backend.pool.idleCount, asks ? 0 : 1);
      assert.equal(line.bodyAfter(0), 'abc', 'nothing is sent after the answer');
      client.text = '';
      client.send(GET);
      if (asks) await lab.line(1);
      else await until(() => line.packets.length === 3, 'the next request');
    }
  });

  it('loses nothing of a body that it has not asked for when another takes over', async () => {
    await using lab = await Lab.open(
      '<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1\nBalancerMember ajp://127.0.0.1:@2\n</Proxy>\nProxyPass / balancer://c/',
      2,
    );
    const head = 'PUT /x HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n';
    const client = lab.ask(`${head}5\r\nfirst\r\n`);
    const line = await lab.line();
    await turns();
    line.socket.destroy();
    await turns();
    client.send('6\r\nsecond\r\n0\r\n\r\n');
    // Either everything is sent again, or nothing and the client is told.
    await until(() => lab.backends[1].lines.length === 1 || client.statuses.length === 1, 'what comes next');
    if (client.statuses.length === 0) {
      const other = await lab.line(0, 1);
      for (let i = 0; i < 3; i++) other.send(getBodyChunk(8186));
      await until(() => other.packets.length === 4, 'the body');
      assert.equal(other.bodyAfter(0), 'firstsecond');
    } else assert.equal(client.statuses[0] >= 500, true);
  });

  it('with an empty chunked body is not left waiting for its end after a failed attempt', async () => {
    await using lab = await Lab.open(
      '<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1\nBalancerMember ajp://127.0.0.1:@2\n</Proxy>\nProxyPass / balancer://c/',
      2,
    );
    const client = lab.ask('PUT /x HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    const line = await lab.line();
    line.socket.destroy();
    await until(() => lab.backends[1].lines.length === 1 || client.statuses.length === 1, 'what comes next');
    if (client.statuses.length === 0) {
      const other = await lab.line(0, 1);
      other.send(getBodyChunk(8186));
      await until(() => other.packets.length === 2, 'the end of the body');
    } else assert.equal(client.statuses[0] >= 500, true);
  });

  it('whose body is shorter than it said leaves a response that cannot be taken for whole', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    (await lab.line()).send(ajpAnswer('abcd', 9));
    await until(() => client.isOver, 'the end');
    assert.equal(client.heard().isWhole, false);
    assert.deepEqual(lab.failures, ['response-too-short']);
  });

  it('whose body is longer than it said is not believed', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    (await lab.line()).send(ajpAnswer('abcd', 2));
    await until(() => client.statuses.length === 1, 'the answer');
    assert.equal(client.statuses[0] >= 500, true);
  });

  it('that sends a body with HEAD, 204 or 304 is passed on without', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      await using lab = await Lab.open(AJP);
      const client = lab.ask(`${method} /x HTTP/1.1\r\nHost: front.test\r\nConnection: close\r\n\r\n`);
      const head = sendHeaders(status, 'X', [['Content-Length', '4']]);
      (await lab.line()).send(Buffer.concat([head, sendBodyChunk(Buffer.from('body')), endResponse(1)]));
      await until(() => client.hasEnded, 'the end');
      assert.match(client.text, /\r\n\r\n$/);
    }
  });

  it('that breaks off after its head and before its body leaves nothing of the head in our answer', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask('POST /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 0\r\n\r\n');
    const line = await lab.line();
    line.send(
      sendHeaders(302, 'Found', [
        ['Location', 'http://secret/'],
        ['Set-Cookie', 'a=b'],
      ]),
    );
    await turns();
    line.socket.end();
    await until(() => client.statuses.length === 1, 'the answer');
    assert.equal(client.statuses[0] >= 500, true);
    assert.doesNotMatch(client.text, /secret|a=b/);
  });

  it('whose head could not be written safely is answered for, and no member is blamed', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    (await lab.line()).send(
      Buffer.concat([sendHeaders(200, 'OK', [['Bad Name', 'x']]), sendBodyChunk(Buffer.from('y')), endResponse(1)]),
    );
    await until(() => client.isOver || client.statuses.length === 1, 'the answer');
    assert.equal(client.statuses[0] >= 500, true);
    assert.deepEqual(lab.faults, []);
  });

  it('is told 400 for a head that fits no packet, without a mark against it, and the connection goes on', async () => {
    await using lab = await Lab.open(`${AJP} ping=5`);
    const client = lab.ask(
      `GET /x HTTP/1.1\r\nHost: front.test\r\nX: ${'x'.repeat(8_100)}\r\nY: ${'y'.repeat(8_100)}\r\n\r\n`,
    );
    const line = await lab.line();
    line.send(packet([9]));
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [400]);
    await lab.rest();
    assert.equal(lab.members[0].backend.pool.idleCount, 1);
    const next = lab.ask(GET);
    await until(() => line.packets.length === 2, 'the next ping');
    line.send(packet([9]));
    await until(() => line.packets.length === 3, 'the next request');
    line.send(ajpAnswer('fine'));
    await until(() => next.heard().body === 'fine', 'the answer');
  });

  it('that ignores the question before the request is asked once more on a fresh connection', async () => {
    await using lab = await Lab.open(`${AJP} ping=1`);
    const client = lab.ask(GET);
    await lab.line();
    lab.clock.advance(1_100);
    await lab.line(1);
    lab.clock.advance(1_100);
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [503]);
    assert.equal(lab.backends[0].lines.length, 2);
  });

  it('flushes when it says so', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(sendHeaders(200, 'OK', []));
    await turns();
    assert.equal(client.text, '', 'a head alone may still be taken back');
    line.send(sendBodyChunk(Buffer.alloc(0)));
    await until(() => client.text.endsWith('\r\n\r\n'), 'the head');
    line.send(Buffer.concat([sendBodyChunk(Buffer.from('x')), endResponse(1)]));
    await until(() => client.heard().body === 'x', 'the answer');
  });
});

test('pipelined requests are answered in order over one connection each way', async () => {
  await using lab = await Lab.open(AJP);
  const client = lab.ask(GET.repeat(3));
  const line = await lab.line();
  for (let i = 1; i <= 3; i++) {
    await until(() => line.packets.length === i, `request ${i}`);
    line.send(ajpAnswer(`<${i}>`));
  }
  await until(() => client.text.endsWith('<3>'), 'all answers');
  assert.deepEqual(client.text.match(/<\d>/g), ['<1>', '<2>', '<3>']);
  assert.equal(lab.backends[0].lines.length, 1);
});

test('a client that resets with pipelined requests waiting costs one request', async () => {
  await using lab = await Lab.open(AJP);
  const client = lab.ask(GET.repeat(3));
  const line = await lab.line();
  client.socket.resetAndDestroy();
  await turns();
  line.send(ajpAnswer('unheard'));
  await lab.rest();
  assert.ok(lab.members[0].member.state.elected <= 2);
});

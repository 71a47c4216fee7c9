// AJP backends that misbehave, packet by packet: what reaches the client, what becomes of the connection, and that every
// account is even afterwards (the lab looks when it closes).

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endResponse, getBodyChunk, packet, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, turns, until } from './lab.ts';
import { AJP, ajpAnswer, GET, post } from './messages.ts';

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

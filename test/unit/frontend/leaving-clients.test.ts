// Clients that leave at every moment of a proxied request. The lab sees to it that no account is left open.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getBodyChunk, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, turns, until } from './lab.ts';
import { AJP, ajpAnswer, answered, GET } from './messages.ts';

describe('a client that leaves', () => {
  const moments: [name: string, conf: string, until: (lab: Lab) => Promise<unknown>, request?: string][] = [
    ['while its connection is dialled', AJP, async () => {}],
    ['while the backend thinks', AJP, (lab) => lab.line()],
    [
      'while it waits for a place',
      `${AJP} max=1`,
      async (lab) => {
        await lab.line();
        await until(() => lab.members[0].backend.pool.waiting === 1, 'it waits');
      },
    ],
    [
      'in the middle of a response',
      AJP,
      async (lab) => {
        (await lab.line()).send(
          Buffer.concat([sendHeaders(200, 'OK', [['Content-Length', '10']]), sendBodyChunk(Buffer.from('half'))]),
        );
        await until(() => lab.clients[0].text.endsWith('half'), 'the first half');
      },
    ],
    [
      'in the middle of an upload',
      AJP,
      (lab) => lab.line(),
      'PUT /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 100\r\n\r\npart',
    ],
    [
      'in the middle of an upload over HTTP',
      'SetEnv proxy-prefetch-nonblocking 1\nProxyPass / http://127.0.0.1:@1/',
      (lab) => lab.line(),
      'PUT /x HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
    ],
  ];
  for (const [name, conf, moment, request = GET] of moments) {
    for (const way of ['resetAndDestroy', 'destroy'] as const) {
      it(`${name} (${way}) leaves nothing behind`, async () => {
        await using lab = await Lab.open(conf);
        const clients = [lab.ask(request), lab.ask(request)];
        await until(() => lab.members[0].member.state.elected > 0, 'the election');
        await moment(lab);
        for (const client of clients) client.socket[way]();
        // A client that has only ended its side still waits for its answer.
        if (way === 'destroy' && request === GET) lab.backends[0].onLine = (line) => line.socket.destroy();
        if (way === 'destroy' && request === GET) for (const line of lab.backends[0].lines) line.socket.destroy();
        await lab.rest();
      });
    }
  }

  it('half closed still gets the answer it waits for', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    client.socket.end();
    const line = await lab.line();
    await turns();
    line.send(ajpAnswer('late'));
    await until(() => client.hasEnded, 'the end');
    assert.equal(client.heard().body, 'late');
  });

  it('takes nothing of the answer: it is cut, and the backend with it', async () => {
    await using lab = await Lab.open(`Timeout 10\n${AJP}`);
    const client = lab.client();
    client.socket.pause();
    client.send(GET);
    const line = await lab.line();
    line.send(sendHeaders(200, 'OK', []));
    const chunk = sendBodyChunk(Buffer.alloc(8_184));
    for (let i = 0; i < 3_000; i++) line.send(chunk);
    await until(() => line.socket.writableLength > 0, 'congestion');
    await turns(200);
    lab.clock.advance(25_000);
    await until(() => line.isClosed, 'the connection is closed');
    assert.deepEqual(lab.failures, ['client-stalled']);
  });

  it('stalls in an upload: 408, and the backend connection is closed', async () => {
    await using lab = await Lab.open(`Timeout 10\n${AJP} timeout=1000`);
    const client = lab.ask('POST /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 10\r\n\r\nabc');
    const line = await lab.line();
    await until(() => line.packets.length === 2, 'the first packet');
    line.send(getBodyChunk(100));
    await turns();
    lab.clock.advance(11_000);
    assert.equal(await answered(client), 408);
    await until(() => line.hasEnded || line.isClosed, 'the end of the connection');
    assert.equal(lab.members[0].member.state.isInError, false);
  });
});

// Connections to backends that are kept: used again, replaced when they die, never taken for somebody else's; and those
// of clients that send several requests.

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { Lab, turns, until } from './lab.ts';
import { AJP, ajpAnswer, GET, HTTP, httpAnswer, post } from './messages.ts';

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

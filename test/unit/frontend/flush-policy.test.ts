// When octets of an AJP response reach the client (modproxy.md §10.4).

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endResponse, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, turns, until } from './lab.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n';
const HEAD = sendHeaders(200, 'OK', []);
const FLUSH = sendBodyChunk(Buffer.alloc(0));

function chunk(text: string): Buffer {
  return sendBodyChunk(Buffer.from(text));
}

function conf(parameters: string): string {
  return `<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1 ${parameters}\n</Proxy>\nProxyPass / balancer://c/`;
}

describe('an AJP response', () => {
  // flushpackets
  it('goes on whenever the backend pauses, without flushpackets= and with On', async () => {
    for (const parameters of ['', 'flushpackets=On']) {
      await using lab = await Lab.open(conf(parameters));
      const client = lab.ask(GET);
      const line = await lab.line();
      line.send(Buffer.concat([HEAD, chunk('one')]));
      await until(() => client.text.includes('one'), 'the first octets');
      line.send(Buffer.concat([chunk('two'), endResponse(1)]));
      await until(() => client.heard().isWhole, 'the rest');
      assert.equal(client.heard().body, 'onetwo');
    }
  });

  it('waits with flushpackets=Off until it ends, is enough, or the container asks for a flush', async () => {
    await using lab = await Lab.open(conf('flushpackets=Off'));
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(Buffer.concat([HEAD, chunk('one')]));
    await turns();
    lab.clock.advance(5_000);
    await turns();
    assert.equal(client.text, '');
    line.send(FLUSH);
    await until(() => client.text.includes('one'), 'what was flushed');
    line.send(chunk('a'.repeat(5_000)));
    await turns();
    assert.doesNotMatch(client.text, /aa/);
    line.send(chunk('b'.repeat(5_000)));
    await until(() => client.text.includes('aaa'), 'enough');
    await turns();
    assert.doesNotMatch(client.text, /bb/);
    line.send(endResponse(1));
    await until(() => client.heard().isWhole, 'the end');
    assert.equal(client.heard().body, `one${'a'.repeat(5_000)}${'b'.repeat(5_000)}`);
  });

  // flushwait
  it('waits with flushpackets=Auto for as long as something comes within flushwait= milliseconds', async () => {
    await using lab = await Lab.open(conf('flushpackets=Auto flushwait=20'));
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(Buffer.concat([HEAD, chunk('one')]));
    await turns();
    lab.clock.advance(15);
    line.send(chunk('two'));
    await turns();
    lab.clock.advance(15);
    await turns();
    assert.equal(client.text, '');
    lab.clock.advance(10);
    await until(() => client.text.includes('onetwo'), 'what waited');
    line.send(endResponse(1));
    await until(() => client.heard().isWhole, 'the end');
  });

  it('of which something waits is dropped when its client leaves, and nothing of it reaches the next one', async () => {
    await using lab = await Lab.open(conf('flushpackets=Auto'));
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(Buffer.concat([HEAD, chunk('mine')]));
    await turns();
    client.socket.resetAndDestroy();
    await until(() => lab.failures.length === 1, 'the end');
    const next = lab.ask(GET);
    const other = await lab.line(1);
    lab.clock.advance(50);
    other.send(Buffer.concat([HEAD, chunk('yours'), endResponse(1)]));
    await until(() => next.heard().isWhole, 'the answer');
    assert.equal(next.heard().body, 'yours');
  });
});

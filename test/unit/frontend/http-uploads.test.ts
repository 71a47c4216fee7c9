// Uploads to HTTP backends: early answers, 100 Continue, and whose silence is whose. That every account is even afterwards
// the lab looks when it closes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lab, turns, until } from './lab.ts';
import { GET, HTTP, httpAnswer, post } from './messages.ts';

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
});

// Tunnels: what a client and a backend say to each other after 101, at whose pace, and how it ends.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, Lab, type Line, turns, until } from './lab.ts';

const UPGRADE = 'ProxyPass / http://127.0.0.1:@1/ upgrade=websocket';
const ASK =
  'GET /chat HTTP/1.1\r\nHost: front.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: a\r\n\r\n';
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n';

/** A client and a backend that speak through a tunnel. */
async function tunnelled(lab: Lab): Promise<{ client: Client; line: Line }> {
  const client = lab.ask(ASK);
  const line = await lab.line();
  line.send(SWITCH);
  await until(() => client.text.endsWith('\r\n\r\n'), 'the 101');
  client.text = '';
  line.text = '';
  return { client, line };
}

describe('an upgrade', () => {
  it('is asked for in the client’s words, and 101 goes back with what it says', async () => {
    await using lab = await Lab.open(UPGRADE);
    const client = lab.ask(ASK);
    const line = await lab.line();
    assert.match(line.text, /\r\nSec-WebSocket-Key: k\r\n/);
    assert.match(line.text, /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/);
    line.send(SWITCH);
    await until(() => client.text.endsWith('\r\n\r\n'), 'the 101');
    assert.equal(client.text, SWITCHED);
  });

  it('is not asked for where nothing allows it, nor when Connection does not name it', async () => {
    for (const [conf, ask] of [
      ['ProxyPass / http://127.0.0.1:@1/', ASK],
      ['ProxyPass / http://127.0.0.1:@1/ upgrade=NONE', ASK],
      ['ProxyPass / http://127.0.0.1:@1/ upgrade=foo', ASK],
      ['ProxyPass / ws://127.0.0.1:@1/ upgrade=foo', ASK],
      [UPGRADE, ASK.replace('keep-alive, Upgrade', 'keep-alive')],
      [UPGRADE, ASK.replace('HTTP/1.1', 'HTTP/1.0')],
      [`SetEnv force-proxy-request-1.0 1\n${UPGRADE}`, ASK],
    ]) {
      await using lab = await Lab.open(conf);
      const client = lab.ask(ask);
      const line = await lab.line();
      assert.doesNotMatch(line.text, /\r\nUpgrade:/i);
      // A backend that switches all the same is not believed.
      line.send(SWITCH);
      await until(() => client.statuses.length === 1, 'the answer');
      assert.deepEqual(client.statuses, [502]);
    }
  });

  // upgrade
  it('is asked for with ANY, a list that names it, and ws:// by default', async () => {
    for (const conf of [
      'ProxyPass / http://127.0.0.1:@1/ upgrade=ANY',
      'ProxyPass / http://127.0.0.1:@1/ "upgrade=h2c websocket"',
      'ProxyPass / ws://127.0.0.1:@1/',
      '<Proxy balancer://c>\nBalancerMember ws://127.0.0.1:@1\n</Proxy>\nProxyPass / balancer://c/',
    ]) {
      await using lab = await Lab.open(conf);
      const { client, line } = await tunnelled(lab);
      client.send('ping');
      await until(() => line.text === 'ping', 'what the client said');
    }
  });

  it('to something else than was asked for is 502', async () => {
    await using lab = await Lab.open(UPGRADE);
    const client = lab.ask(ASK);
    (await lab.line()).send(SWITCH.replace('WebSocket', 'h2c'));
    await until(() => client.statuses.length === 1, 'the answer');
    assert.deepEqual(client.statuses, [502]);
  });

  it('that the backend refuses is an answer like any other, on a connection that is kept', async () => {
    await using lab = await Lab.open(UPGRADE);
    const client = lab.ask(ASK);
    const line = await lab.line();
    line.send(
      'HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno',
    );
    await until(() => client.heard().isWhole, 'the answer');
    assert.match(client.text, /\r\nUpgrade: websocket\r\n/);
    assert.match(client.text, /\r\nConnection: Upgrade\r\n/);
    client.text = '';
    line.text = '';
    client.send('GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n');
    await until(() => line.text !== '', 'the next request');
    line.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nUpgrade: h2c\r\n\r\nok');
    await until(() => client.heard().isWhole, 'the next answer');
    assert.doesNotMatch(client.text, /Upgrade/);
  });

  it('with a request body waits until the body has gone', async () => {
    await using lab = await Lab.open(UPGRADE);
    const client = lab.ask(ASK.replace('\r\n\r\n', '\r\nContent-Length: 4\r\n\r\nbody'));
    const line = await lab.line();
    await until(() => line.text.endsWith('body'), 'the body');
    line.send(SWITCH);
    await until(() => client.text.endsWith('\r\n\r\n'), 'the 101');
    client.send('ping');
    await until(() => line.text.endsWith('ping'), 'what the client said');
  });
});

describe('a tunnel', () => {
  it('carries octets both ways, those that come with the head too', async () => {
    await using lab = await Lab.open(UPGRADE);
    const client = lab.ask(`${ASK}early`);
    const line = await lab.line();
    line.send(`${SWITCH}hello`);
    await until(() => client.text === `${SWITCHED}hello`, 'the greeting');
    await until(() => line.text.endsWith('early'), 'what came early');
    client.send('\x00\x01binary\xff');
    await until(() => line.text.endsWith('\x00\x01binary\xff'), 'binary octets');
    line.send('back');
    await until(() => client.text.endsWith('back'), 'the answer');
  });

  it('ends one way and then the other', async () => {
    await using lab = await Lab.open(UPGRADE);
    const { client, line } = await tunnelled(lab);
    client.socket.end('bye');
    await until(() => line.text === 'bye' && line.hasEnded, 'the end of the client');
    line.send('still here');
    await until(() => client.text === 'still here', 'what the backend still says');
    line.socket.end();
    await until(() => client.hasEnded && lab.failures.length === 1, 'the end of the backend');
    assert.deepEqual(lab.failures, [undefined]);
  });

  it('may end at the backend first', async () => {
    await using lab = await Lab.open(UPGRADE);
    const { client, line } = await tunnelled(lab);
    line.socket.end('bye');
    await until(() => client.text === 'bye' && client.hasEnded, 'the end of the backend');
    client.send('one more');
    await until(() => line.text === 'one more', 'what the client still says');
    client.socket.end();
    await until(() => lab.failures.length === 1, 'the end of the client');
    assert.deepEqual(lab.failures, [undefined]);
  });

  it('that is cut on one side ends on the other', async () => {
    for (const side of ['client', 'backend'] as const) {
      await using lab = await Lab.open(UPGRADE);
      const { client, line } = await tunnelled(lab);
      (side === 'client' ? client : line).socket.resetAndDestroy();
      await until(
        () => (side === 'client' ? line.hasEnded || line.isClosed : client.isOver),
        'the end of the other side',
      );
      await until(() => lab.failures.length === 1, 'the end');
      assert.equal(lab.failures[0], side === 'client' ? 'client-closed' : 'tunnel-broken');
    }
  });

  // proxy-nohalfclose
  it('ends at once, either way, with proxy-nohalfclose', async () => {
    for (const side of ['client', 'backend'] as const) {
      await using lab = await Lab.open(`SetEnv proxy-nohalfclose 1\n${UPGRADE}`);
      const { client, line } = await tunnelled(lab);
      (side === 'client' ? client : line).socket.end();
      await until(() => client.isOver && (line.hasEnded || line.isClosed), 'the end of both sides');
      await until(() => lab.failures.length === 1, 'the end');
    }
  });

  it('in which nobody says anything ends after the longer of Timeout and ProxyTimeout', async () => {
    await using lab = await Lab.open(`Timeout 10\nProxyTimeout 30\n${UPGRADE}`);
    const { client, line } = await tunnelled(lab);
    lab.clock.advance(29_000);
    client.send('a');
    await until(() => line.text === 'a', 'a word');
    lab.clock.advance(29_000);
    line.send('b');
    await until(() => client.text === 'b', 'a word');
    lab.clock.advance(29_000);
    await turns();
    assert.equal(client.isOver, false);
    lab.clock.advance(2_000);
    await until(() => client.isOver && (line.hasEnded || line.isClosed), 'the end of both sides');
    assert.deepEqual(lab.failures, ['tunnel-idle']);
  });

  it('that has ended one way only ends after that time too', async () => {
    for (const side of ['client', 'backend'] as const) {
      await using lab = await Lab.open(`Timeout 10\n${UPGRADE}`);
      const { client, line } = await tunnelled(lab);
      (side === 'client' ? client : line).socket.end();
      await until(() => (side === 'client' ? line.hasEnded : client.hasEnded), 'the end of one side');
      lab.clock.advance(11_000);
      await until(() => lab.failures.length === 1, 'the end');
      // Nothing more is read of who does not end; what is left is a lingering close.
      lab.clock.advance(40_000);
      await until(() => client.isOver && (line.hasEnded || line.isClosed), 'the end of both sides');
    }
  });

  it('takes from each side only what the other takes', async () => {
    await using lab = await Lab.open(UPGRADE);
    const { client, line } = await tunnelled(lab);
    for (const [from, to] of [
      [client.socket, line.socket],
      [line.socket, client.socket],
    ]) {
      to.pause();
      let isTaken = false;
      from.write(Buffer.alloc(60_000_000, 'd'), () => {
        isTaken = true;
      });
      await turns(300);
      assert.equal(isTaken, false);
      to.resume();
      await until(() => isTaken, 'the octets');
    }
    await until(() => client.byteCount > 60_000_000 && line.text.length === 60_000_000, 'all octets');
  });

  it('keeps its member busy until it ends, and its octets count', async () => {
    await using lab = await Lab.open(
      '<Proxy balancer://c>\nBalancerMember http://127.0.0.1:@1 upgrade=websocket\n</Proxy>\nProxyPass / balancer://c/',
    );
    const { client, line } = await tunnelled(lab);
    const { state } = lab.members[0].member;
    assert.equal(state.busy, 1);
    client.send('12345');
    await until(() => line.text === '12345', 'octets');
    line.send('678');
    await until(() => client.text === '678', 'octets');
    client.socket.end();
    line.socket.end();
    await until(() => state.busy === 0, 'the end');
    assert.ok(state.sentBytes > 100, `${state.sentBytes} sent`);
    assert.equal(state.receivedBytes, 3);
  });

  // max
  it('takes a place of its member where max= gives it a number, and none otherwise', async () => {
    for (const [parameter, open] of [
      ['', 0],
      [' max=1', 1],
    ] as const) {
      await using lab = await Lab.open(`${UPGRADE}${parameter}`);
      const { line } = await tunnelled(lab);
      const { pool } = lab.members[0].backend;
      assert.equal(pool.open, open);
      const next = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n');
      if (open === 1) {
        await until(() => pool.waiting === 1, 'the request waits');
        line.socket.resetAndDestroy();
      }
      (await lab.line(1)).send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      await until(() => next.heard().body === 'ok', 'the answer');
    }
  });

  // GracefulShutdownTimeout
  it('goes on while the server stops, and is cut when that takes too long', async () => {
    await using lab = await Lab.open(UPGRADE);
    const { client, line } = await tunnelled(lab);
    const stopped = lab.listener.stop();
    await turns();
    client.send('still');
    await until(() => line.text === 'still', 'what the client says');
    lab.listener.cut();
    await stopped;
    await until(() => client.isOver && (line.hasEnded || line.isClosed), 'the end of both sides');
  });

  it('is told in the access log with 101 and its octets', async () => {
    await using lab = await Lab.open(UPGRADE);
    let line = '';
    const { finished } = lab.frontend;
    lab.frontend.finished = (exchange) => {
      line = `${exchange.response.status} ${exchange.requestBodyBytes} ${exchange.responseBodyBytes}`;
      assert.ok(exchange.wireBytesIn > ASK.length && exchange.wireBytesOut > SWITCHED.length);
      finished.call(lab.frontend, exchange);
    };
    const { client, line: backend } = await tunnelled(lab);
    client.socket.end('12345');
    await until(() => backend.text === '12345', 'octets');
    backend.socket.end('678');
    await until(() => line !== '', 'the end');
    assert.equal(line, '101 5 3');
  });

  it('of a site that is no longer in force goes on', async () => {
    await using lab = await Lab.open(UPGRADE);
    const { client, line } = await tunnelled(lab);
    lab.members[0].backend.retire();
    client.send('still');
    await until(() => line.text === 'still', 'what the client says');
  });
});

// companion
describe('a companion of an AJP member', () => {
  const PAIR =
    '<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1 route=a companion=http://127.0.0.1:@2\nBalancerMember ajp://127.0.0.1:@3 route=b companion=http://127.0.0.1:@4/behind\nProxySet stickysession=SID\n</Proxy>\nProxyPass / balancer://c/';

  it('takes upgrades with the client’s Host, under the same stickiness, and nothing else', async () => {
    await using lab = await Lab.open(PAIR, 4);
    for (const [route, index, path, turn] of [
      ['a', 1, '/chat', 0],
      ['b', 3, '/behind/chat', 0],
      ['b', 3, '/behind/chat', 1],
    ] as const) {
      const client = lab.ask(ASK.replace('Upgrade\r\n', `Upgrade\r\nCookie: SID=x.${route}\r\n`));
      const line = await lab.line(turn, index);
      assert.ok(line.text.startsWith(`GET ${path} HTTP/1.1\r\nHost: front.test\r\n`), line.text);
      line.send(SWITCH);
      await until(() => client.text === SWITCHED, 'the 101');
      client.socket.resetAndDestroy();
      await until(() => lab.failures.length > 0, 'the end');
      lab.failures.length = 0;
    }
    const plain = lab.ask('GET /x HTTP/1.1\r\nHost: front.test\r\nCookie: SID=x.a\r\n\r\n');
    const ajp = await lab.line(0, 0);
    assert.equal(ajp.packets[0][0], 2);
    plain.socket.resetAndDestroy();
  });

  it('that fails is 502 or 503, and its member is not blamed', async () => {
    await using lab = await Lab.open(PAIR, 4);
    const sticky = ASK.replace('Upgrade\r\n', 'Upgrade\r\nCookie: SID=x.a\r\n');
    const first = lab.ask(sticky);
    (await lab.line(0, 1)).socket.destroy();
    await until(() => first.statuses.length === 1, 'the answer');
    await lab.backends[1].refuse();
    const second = lab.ask(sticky);
    await until(() => second.statuses.length === 1, 'the answer');
    assert.deepEqual([...first.statuses, ...second.statuses], [502, 503]);
    assert.equal(lab.members[0].member.state.isInError, false);
    assert.equal(lab.backends[3].lines.length, 0);
  });

  it('may answer without changing the protocol; its connection is not kept', async () => {
    await using lab = await Lab.open('ProxyPass / ajp://127.0.0.1:@1/ companion=http://127.0.0.1:@2', 2);
    const client = lab.ask(ASK);
    const line = await lab.line(0, 1);
    line.send('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno');
    await until(() => client.heard().isWhole, 'the answer');
    assert.deepEqual(client.statuses, [404]);
    await until(() => line.hasEnded || line.isClosed, 'the end of the connection');
  });

  it('takes WebSockets only, unless upgrade= names something else', async () => {
    await using lab = await Lab.open('ProxyPass / ajp://127.0.0.1:@1/ companion=http://127.0.0.1:@2', 2);
    const client = lab.ask(ASK.replace('Upgrade: websocket', 'Upgrade: h2c'));
    await lab.line(0, 0);
    client.socket.resetAndDestroy();
    await using other = await Lab.open('ProxyPass / ajp://127.0.0.1:@1/ companion=http://127.0.0.1:@2 upgrade=h2c', 2);
    const next = other.ask(ASK.replace('Upgrade: websocket', 'Upgrade: h2c'));
    await other.line(0, 1);
    next.socket.resetAndDestroy();
  });
});

// ProxyWebsocketFallbackToProxyHttp
describe('ProxyWebsocketFallbackToProxyHttp', () => {
  const PLAIN = 'GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n';

  it('On lets requests that ask for no upgrade go to ws:// as HTTP', async () => {
    await using lab = await Lab.open('ProxyPass / ws://127.0.0.1:@1/');
    const client = lab.ask(PLAIN);
    (await lab.line()).send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await until(() => client.heard().body === 'ok', 'the answer');
  });

  it('Off leaves them to the next mapping', async () => {
    await using lab = await Lab.open(
      'ProxyWebsocketFallbackToProxyHttp Off\nProxyPass / ws://127.0.0.1:@1/\nProxyPass / http://127.0.0.1:@2/',
      2,
    );
    const client = lab.ask(PLAIN);
    (await lab.line(0, 1)).send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await until(() => client.heard().body === 'ok', 'the answer');
    const { line } = await tunnelled(lab);
    line.socket.end();
  });

  it('Off answers 426 where a ws:// member was chosen, and for other protocols', async () => {
    const off = 'ProxyWebsocketFallbackToProxyHttp Off\n';
    for (const [conf, ask] of [
      [`${off}<Proxy balancer://c>\nBalancerMember ws://127.0.0.1:@1\n</Proxy>\nProxyPass / balancer://c/`, PLAIN],
      [`${off}ProxyPass / ws://127.0.0.1:@1/`, ASK.replace('Upgrade: websocket', 'Upgrade: foo')],
    ]) {
      await using lab = await Lab.open(conf);
      const client = lab.ask(ask);
      await until(() => client.heard().isWhole, 'the answer');
      assert.deepEqual(client.statuses, [426]);
      assert.match(client.text, /\r\nUpgrade: WebSocket\r\n/);
      assert.match(client.text, /\r\nConnection: Upgrade\r\n/);
    }
  });
});

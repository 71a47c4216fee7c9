// Attempts at Tomcats as mod_jk makes them, octet by octet: pings, silence, the first packet of a body, what is held back,
// and what maintenance does to idle connections.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memberFigures } from '../../../src/balancer/lb/figures.ts';
import { endResponse, getBodyChunk, packet, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, turns, until } from './lab.ts';
import { ajpAnswer, answered, chunked, GET, post } from './messages.ts';

const PONG = packet([9]);
const WANTED = getBodyChunk(8186);

/** Members a, b … of worker lb, one per backend; lines as in workers.properties, without `worker.`. */
function site(names: string, ...lines: string[]): string {
  const members = [...names].flatMap((name, i) => [`${name}.host=127.0.0.1`, `${name}.port=@${i + 1}`]);
  const all = ['list=lb', 'lb.type=lb', `lb.balance_workers=${[...names].join(',')}`, ...members, ...lines];
  return `${all.map((line) => `JkWorkerProperty worker.${line}`).join('\n')}\nJkMount /* lb`;
}

function figures(lab: Lab, index = 0) {
  const [{ balancer }] = [...lab.site.balancers];
  return memberFigures(balancer, balancer.members[index], { connected: 0, maxConnected: 0 });
}

describe('a ping of mod_jk', () => {
  // worker.<member>.ping_mode
  it('ping_mode=A asks a new connection once, and a kept one before each request', async () => {
    await using lab = await Lab.open(site('a', 'a.ping_mode=A'));
    const first = lab.ask(GET);
    const line = await lab.line();
    assert.deepEqual([...line.packets[0]], [10]);
    line.send(PONG);
    await until(() => line.packets.length === 2, 'the request');
    line.send(ajpAnswer('one'));
    await until(() => first.heard().body === 'one', 'the answer');
    const second = lab.ask(GET);
    await until(() => line.packets.length === 3, 'the next question');
    assert.deepEqual([...line.packets[2]], [10]);
    line.send(PONG);
    await until(() => line.packets.length === 4, 'the next request');
    line.send(ajpAnswer('two'));
    await until(() => second.heard().body === 'two', 'the answer');
  });

  // worker.<member>.connect_timeout
  it('ping_mode=C asks new connections alone', async () => {
    await using lab = await Lab.open(site('a', 'a.connect_timeout=500'));
    const first = lab.ask(GET);
    const line = await lab.line();
    line.send(PONG);
    await until(() => line.packets.length === 2, 'the request');
    line.send(ajpAnswer('one'));
    await until(() => first.heard().body === 'one', 'the answer');
    lab.ask(GET);
    await until(() => line.packets.length === 3, 'the next request');
    assert.equal(line.packets[2][0], 2);
    line.send(ajpAnswer('two'));
  });

  // worker.<member>.prepost_timeout
  it('prepost_timeout: a kept connection that stays silent is replaced by a new one, which costs no try', async () => {
    await using lab = await Lab.open(site('a', 'a.prepost_timeout=500', 'a.retries=1', 'lb.retries=1'));
    const first = lab.ask(GET);
    const line = await lab.line();
    line.send(PONG);
    await until(() => line.packets.length === 2, 'the request');
    line.send(ajpAnswer('one'));
    await until(() => first.heard().body === 'one', 'the answer');
    const second = lab.ask(GET);
    await until(() => line.packets.length === 3, 'the question');
    lab.clock.advance(500);
    const next = await lab.line(1);
    next.send(PONG);
    await until(() => next.packets.length === 2, 'the request');
    next.send(ajpAnswer('two'));
    await until(() => second.heard().body === 'two', 'the answer');
    assert.equal(figures(lab).errors, 0);
  });

  // worker.<member>.connection_ping_interval, worker.<member>.ping_timeout, worker.maintain
  it('connection_ping_interval: maintenance asks idle connections, keeps those that answer and closes the others', async () => {
    await using lab = await Lab.open(
      `${site('a', 'maintain=10', 'a.connection_ping_interval=5', 'a.ping_timeout=500')}\nJkWatchdogInterval 1`,
    );
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(ajpAnswer('one'));
    await until(() => client.heard().body === 'one', 'the answer');
    lab.clock.advance(4_000);
    await turns();
    assert.equal(line.packets.length, 1, 'not yet');
    for (let i = 0; i < 6; i++) lab.clock.advance(1_000);
    await until(() => line.packets.length === 2, 'the question');
    assert.deepEqual([...line.packets[1]], [10]);
    line.send(PONG);
    await lab.rest();
    assert.equal(lab.members[0].backend.pool.idleCount, 1);
    for (let i = 0; i < 10; i++) lab.clock.advance(1_000);
    await until(() => line.packets.length === 3, 'the next question');
    lab.clock.advance(500);
    await until(() => lab.members[0].backend.pool.open === 0, 'it is closed');
    assert.equal(figures(lab).errors, 0);
  });
});

describe('maintenance', () => {
  // worker.maintain
  it('comes with a request, for all workers of the site', async () => {
    const other = 'lb2.type=lb';
    await using lab = await Lab.open(
      `${site('a', 'list=lb2', other, 'lb2.balance_workers=b', 'b.host=127.0.0.1', 'b.port=@1', 'lb2.recover_time=1', 'maintain=2')}`,
    );
    const proxied = [...lab.site.balancers].find(({ balancer }) => balancer.members[0].name === 'b');
    assert.ok(proxied);
    const [b] = proxied.balancer.members;
    proxied.balancer.failed(b, 'unavailable');
    lab.clock.advance(3_000);
    const state = () => memberFigures(proxied.balancer, b, { connected: 0, maxConnected: 0 }).state;
    assert.equal(state(), 'ERR');
    lab.ask(GET);
    (await lab.line()).send(ajpAnswer('fine'));
    assert.equal(state(), 'ERR/REC');
  });

  // JkWatchdogInterval
  it('comes without a request where a watchdog looks', async () => {
    await using lab = await Lab.open(`${site('a', 'maintain=2', 'lb.recover_time=1')}\nJkWatchdogInterval 1`);
    const [{ balancer }] = [...lab.site.balancers];
    balancer.failed(balancer.members[0], 'unavailable');
    for (let i = 0; i < 4; i++) lab.clock.advance(1_000);
    assert.equal(figures(lab).state, 'ERR/REC');
  });
});

describe('an attempt at a Tomcat', () => {
  // worker.<member>.reply_timeout
  it('reply_timeout: silence is tried again at the same member, then elsewhere', async () => {
    await using lab = await Lab.open(site('ab', 'a.reply_timeout=1000', 'a.retry_interval=50'), 2);
    const client = lab.ask(GET);
    await lab.line();
    lab.clock.advance(1_000);
    await turns();
    lab.clock.advance(50);
    await lab.line(1);
    lab.clock.advance(1_000);
    (await lab.line(0, 1)).send(ajpAnswer('fine'));
    await until(() => client.heard().body === 'fine', 'the answer');
    assert.deepEqual([figures(lab).replyTimeouts, figures(lab).state], [2, 'ERR']);
  });

  it('reply_timeout of a rule comes before that of the worker', async () => {
    await using lab = await Lab.open(`${site('a', 'a.retries=1', 'lb.retries=1')};reply_timeout=300`);
    const client = lab.ask(GET);
    await lab.line();
    lab.clock.advance(300);
    assert.equal(await answered(client), 504);
  });

  // worker.<member>.socket_timeout
  it('socket_timeout is no reply timeout: 502', async () => {
    await using lab = await Lab.open(site('a', 'a.retries=1', 'lb.retries=1', 'a.socket_timeout=2'));
    const client = lab.ask(GET);
    await lab.line();
    lab.clock.advance(2_000);
    assert.equal(await answered(client), 502);
    assert.equal(figures(lab).replyTimeouts, 0);
  });

  it('what was held back of an answer is dropped, and the whole answer of another goes out', async () => {
    await using lab = await Lab.open(site('ab', 'a.retries=1'), 2);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(Buffer.concat([sendHeaders(200, 'OK', []), sendBodyChunk(Buffer.from('half '))]));
    await turns();
    assert.equal(client.text, '');
    line.socket.destroy();
    (await lab.line(0, 1)).send(ajpAnswer('whole'));
    await until(() => client.heard().body === 'whole', 'the answer');
  });

  it('what has reached the client is not sent again: the answer is cut', async () => {
    await using lab = await Lab.open(site('ab'), 2);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(
      Buffer.concat([sendHeaders(200, 'OK', []), sendBodyChunk(Buffer.from('half ')), sendBodyChunk(Buffer.alloc(0))]),
    );
    await until(() => client.text.includes('half'), 'the first half');
    line.socket.destroy();
    await until(() => client.isOver, 'the end');
    assert.equal(client.heard().isWhole, false);
    assert.equal(lab.backends[1].lines.length, 0);
  });

  // worker.<member>.fail_on_status
  it('an answer with a status of fail_on_status never reaches the client', async () => {
    await using lab = await Lab.open(site('ab', 'a.fail_on_status=500', 'a.retries=1'), 2);
    const client = lab.ask(GET);
    (await lab.line()).send(
      Buffer.concat([sendHeaders(500, 'Oh', []), sendBodyChunk(Buffer.from('trouble')), endResponse(1)]),
    );
    (await lab.line(0, 1)).send(ajpAnswer('fine'));
    await until(() => client.heard().body === 'fine', 'the answer');
    assert.deepEqual(client.statuses, [200]);
    assert.equal(figures(lab).state, 'ERR');
  });

  it('the first packet of a body is sent again, to the same member and to another', async () => {
    await using lab = await Lab.open(site('ab', 'a.retry_interval=50'), 2);
    const body = 'x'.repeat(8186) + 'y'.repeat(1000);
    const client = lab.ask(post(body.length, body));
    for (const index of [0, 1]) {
      const line = await lab.line(index);
      await until(() => line.packets.length === 2, 'the first packet');
      assert.equal(line.packets[1].length, 2 + 8186);
      line.socket.destroy();
      await turns();
      lab.clock.advance(50);
    }
    const other = await lab.line(0, 1);
    await until(() => other.packets.length === 2, 'the first packet');
    other.send(WANTED);
    await until(() => other.packets.length === 3, 'the rest');
    assert.equal(other.bodyAfter(0), body);
    other.send(ajpAnswer('fine'));
    await until(() => client.heard().body === 'fine', 'the answer');
  });

  // worker.<member>.max_packet_size
  it('the first packet of a body is filled, however large max_packet_size makes it', async () => {
    await using lab = await Lab.open(site('a', 'a.max_packet_size=65536'));
    const body = 'x'.repeat(100_000);
    lab.ask(post(body.length, body));
    const line = await lab.line();
    await until(() => line.packets.length === 2, 'the first packet');
    assert.equal(line.packets[1].length, 2 + 65_530);
  });

  // LimitRequestBody
  it('a body whose Content-Length is beyond LimitRequestBody is 413, and no worker is asked', async () => {
    await using lab = await Lab.open(`${site('a')}\nLimitRequestBody 1000`);
    assert.equal(await answered(lab.ask(post(1001, 'x'.repeat(1001)))), 413);
    assert.equal(lab.backends[0].lines.length, 0);
    lab.ask(post(1000, 'x'.repeat(1000)));
    const line = await lab.line();
    await until(() => line.packets.length === 2, 'the first packet');
    assert.equal(line.packets[1].length, 2 + 1000);
  });

  it('J-PKT-01: a body in chunks ends with an empty packet', async () => {
    await using lab = await Lab.open(site('a'));
    lab.ask(`${chunked('hello')}0\r\n\r\n`);
    const line = await lab.line();
    await until(() => line.packets.length === 1, 'the request');
    line.send(Buffer.concat([WANTED, WANTED]));
    await until(() => line.packets.length === 3, 'the end');
    assert.deepEqual(
      line.packets.slice(1).map((bytes) => bytes.length),
      [2 + 5, 0],
    );
  });

  it('J-FRM-01: the length of what httpd would gather before it writes is told, and that of nothing', async () => {
    await using lab = await Lab.open(site('a'));
    const head = sendHeaders(200, 'OK', []);
    const lengths: (string | undefined)[] = [];
    for (const size of [0, 8000, 8001]) {
      const client = lab.ask(GET);
      const line = await lab.line();
      const asked = lengths.length + 1;
      await until(() => line.packets.length === asked, 'the request');
      const chunks = size === 0 ? [] : [sendBodyChunk(Buffer.alloc(size, 'x'))];
      line.send(Buffer.concat([head, ...chunks, endResponse(1)]));
      await until(() => client.heard().isWhole, 'the answer');
      lengths.push(/content-length: (\d+)/i.exec(client.text)?.[1]);
    }
    assert.deepEqual(lengths, ['0', '8000', undefined]);
  });

  it('J-FO-40: once more of a body was asked for, a failure is 502', async () => {
    await using lab = await Lab.open(site('ab'), 2);
    const body = 'x'.repeat(20_000);
    const client = lab.ask(post(body.length, body));
    const line = await lab.line();
    await until(() => line.packets.length === 2, 'the first packet');
    line.send(WANTED);
    await until(() => line.packets.length === 3, 'the second');
    line.socket.destroy();
    assert.equal(await answered(client), 502);
    assert.equal(lab.backends[1].lines.length, 0);
  });

  // worker.<member>.connection_pool_size, worker.<member>.connection_acquire_timeout
  it('no free connection within connection_acquire_timeout is 503, and the member BUSY until one is free', async () => {
    await using lab = await Lab.open(
      site('a', 'a.connection_pool_size=1', 'a.connection_acquire_timeout=300', 'lb.retries=1'),
    );
    const first = lab.ask(GET);
    const line = await lab.line();
    const second = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.waiting === 1, 'it waits');
    lab.clock.advance(300);
    assert.equal(await answered(second), 503);
    assert.equal(figures(lab).state, 'OK/BUSY');
    line.send(ajpAnswer('fine'));
    await until(() => first.heard().body === 'fine', 'the answer');
    assert.equal(figures(lab).elected, 1);
  });

  it('octets are counted as whole packets, both ways', async () => {
    await using lab = await Lab.open(site('a'));
    const client = lab.ask(GET);
    const line = await lab.line();
    const answer = ajpAnswer('fine');
    line.send(answer);
    await until(() => client.heard().body === 'fine', 'the answer');
    await lab.rest();
    assert.deepEqual([figures(lab).read, figures(lab).transferred], [answer.length, line.text.length]);
  });

  // catflap.<lb>.probe
  it('a member in error is asked in the background and comes back without maintenance', async () => {
    await using lab = await Lab.open(`<IfModule catflap_module>\nCatflapProbe On\n</IfModule>\n${site('ab')}`, 2);
    const [{ balancer }] = [...lab.site.balancers];
    balancer.failed(balancer.members[0], 'unavailable');
    lab.clock.advance(2_000);
    (await lab.line()).send(PONG);
    await until(() => figures(lab).state === 'OK', 'it is back');
  });

  it('a worker without a balancer is tried again on another connection, and then answers', async () => {
    await using lab = await Lab.open(
      'JkWorkerProperty worker.list=w\nJkWorkerProperty worker.w.host=127.0.0.1\nJkWorkerProperty worker.w.port=@1\nJkMount /* w',
    );
    const client = lab.ask(GET);
    (await lab.line()).socket.destroy();
    await turns();
    lab.clock.advance(100);
    (await lab.line(1)).socket.destroy();
    assert.equal(await answered(client), 502);
  });
});

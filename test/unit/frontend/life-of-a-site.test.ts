// A site is replaced, retired and stopped while it proxies, and may have another beside it.

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { Lab, turns, until } from './lab.ts';
import { AJP, ajpAnswer, answered, GET } from './messages.ts';

describe('a site that is replaced', () => {
  it('lets its requests end, and its connections close as they become idle', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    const line = await lab.line();
    const old = lab.site;
    lab.site = lab.siteOf(lab.load('ProxyPass / http://127.0.0.1:@1/'), old);
    lab.frontend.swap(lab.site);
    line.send(ajpAnswer('old'));
    await until(() => client.heard().body === 'old', 'the answer');
    await until(() => line.hasEnded || line.isClosed, 'the old connection is closed');
  });

  it('hands connections to the same backend on, and leaves them open', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    const line = await lab.line();
    line.send(ajpAnswer('old'));
    await until(() => client.heard().body === 'old', 'the answer');
    lab.site = lab.siteOf(lab.load(`Timeout 77\n${AJP}`), lab.site);
    lab.frontend.swap(lab.site);
    await turns();
    assert.equal(line.hasEnded, false);
    line.text = '';
    const next = lab.ask(GET);
    await until(() => line.packets.length === 1, 'the next request');
    line.send(ajpAnswer('new'));
    await until(() => next.heard().body === 'new', 'the answer');
  });

  it('closes a connection whose dial ends after nobody is left', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.open === 1, 'the dial');
    const [{ backend }] = lab.members;
    client.socket.resetAndDestroy();
    lab.site.retire();
    await until(() => backend.pool.open === 0, 'the connection is closed');
  });
});

test('a dial for nobody keeps nothing alive once the site is retired', async () => {
  await using lab = await Lab.open('ProxyPass / ajp://192.0.2.1:8009/');
  const client = lab.ask(GET);
  const [{ backend }] = lab.members;
  await until(() => backend.pool.open === 1, 'the dial');
  client.socket.resetAndDestroy();
  await until(() => lab.listener.connectionCount === 0, 'the client is gone');
  lab.site.retire();
  await until(() => backend.pool.open === 0, 'the dial is given up');
});

test('two frontends in one process use their own clocks and pages', async () => {
  await using first = await Lab.open(`${AJP} max=1 acquire=500`);
  await using second = await Lab.open(`${AJP} max=1 acquire=500`);
  // A run of the first, given back, must not serve the second.
  const client = first.ask(GET);
  (await first.line()).send(ajpAnswer('x'));
  await until(() => client.heard().isWhole, 'the answer');
  second.ask(GET);
  await second.line();
  const waiting = second.ask(GET);
  await until(() => second.members[0].backend.pool.waiting === 1, 'it waits');
  first.clock.advance(10_000);
  await turns();
  assert.deepEqual(waiting.statuses, []);
  second.clock.advance(600);
  assert.equal(await answered(waiting), 503);
});

test('a graceful stop answers what is in progress and waits for nothing else', async () => {
  await using lab = await Lab.open(AJP);
  const idle = lab.ask(GET);
  const line = await lab.line();
  line.send(ajpAnswer('idle'));
  await until(() => idle.heard().isWhole, 'an idle connection both ways');
  line.text = '';
  const busy = lab.ask(GET);
  await until(() => line.packets.length === 1, 'a request in progress');
  let isStopped = false;
  const stopped = lab.listener.stop().then(() => {
    isStopped = true;
  });
  await until(() => idle.hasEnded, 'the idle one is ended');
  idle.socket.end();
  await turns();
  assert.equal(isStopped, false);
  line.send(ajpAnswer('busy'));
  await until(() => busy.hasEnded, 'the busy one is answered');
  assert.equal(busy.heard().body, 'busy');
  busy.socket.end();
  await stopped;
});

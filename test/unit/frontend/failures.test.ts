// Requests that fail: another member, an error of the backend's side, a mistake of ours.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endResponse, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, turns, until } from './lab.ts';
import { AJP, ajpAnswer, answered, GET, TWO } from './messages.ts';

describe('after a failure', () => {
  it('another member is tried, and the first is marked', async () => {
    await using lab = await Lab.open(TWO, 2);
    await lab.backends[0].refuse();
    const client = lab.ask(GET);
    (await lab.line(0, 1)).send(ajpAnswer('second'));
    await until(() => client.heard().body === 'second', 'the answer');
    assert.equal(lab.members[0].member.state.isInError, true);
  });

  it('a body that comes while the next attempt waits for its connection is kept for it', async () => {
    await using lab = await Lab.open(TWO.replace('@2', '@2 max=1'), 2);
    const others = [lab.ask(GET)];
    const first = await lab.line();
    others.push(lab.ask(GET));
    const taken = await lab.line(0, 1);
    const client = lab.ask('PUT /x HTTP/1.1\r\nHost: front.test\r\nContent-Length: 6\r\n\r\n');
    (await lab.line(1)).socket.destroy();
    await until(() => lab.members[1].backend.pool.waiting === 1, 'the next attempt waits');
    client.send('abcdef');
    await turns();
    taken.send(ajpAnswer('other'));
    await until(() => taken.packets.length === 3, 'the request and its body');
    assert.equal(taken.bodyAfter(1), 'abcdef');
    taken.send(ajpAnswer('whole'));
    await until(() => client.heard().body === 'whole', 'the answer');
    first.send(ajpAnswer('other'));
    for (const other of others) assert.equal(await answered(other), 200);
  });

  it('every member is tried once, then the client is told', async () => {
    await using lab = await Lab.open(TWO, 2);
    for (const backend of lab.backends) backend.onLine = (line) => line.socket.destroy();
    assert.equal(await answered(lab.ask(GET)), 503);
  });

  it('a dial that never ends is given up in time', async () => {
    await using lab = await Lab.open('ProxyPass / ajp://192.0.2.1:8009/ connectiontimeout=2');
    const client = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.open === 1, 'the dial');
    lab.clock.advance(2_500);
    assert.equal(await answered(client), 503);
    assert.equal(lab.members[0].backend.pool.open, 0);
  });

  it('an unknown name is 500', async () => {
    await using lab = await Lab.open('ProxyPass / http://no-such-host.invalid/');
    assert.equal(await answered(lab.ask(GET)), 500);
  });

  it('a member that TLS is spoken to is 500 while SSLProxyEngine is off', async () => {
    await using lab = await Lab.open('ProxyPass / https://127.0.0.1:1/');
    assert.equal(await answered(lab.ask(GET)), 500);
    assert.equal(lab.members[0].member.state.isInError, false);
  });
});

describe('a mistake of ours', () => {
  it('at the moment of sending a request is 500 for this client, and no member is blamed', async () => {
    await using lab = await Lab.open(AJP);
    const client = lab.client();
    // The scratch fails once.
    const claim = (): void => {
      Reflect.deleteProperty(lab.link.scratch, 'claim');
      throw new Error('planted');
    };
    Object.defineProperty(lab.link.scratch, 'claim', { configurable: true, value: claim });
    client.send(GET);
    assert.equal(await answered(client), 500);
    assert.equal(lab.faults.length, 1);
    assert.equal(lab.members[0].member.state.isInError, false);
    const next = lab.ask(GET);
    await until(() => lab.backends[0].lines.some((line) => line.packets.length === 1), 'the next request');
    lab.backends[0].lines.find((line) => line.packets.length === 1)?.send(ajpAnswer('fine'));
    await until(() => next.heard().body === 'fine', 'the next answer');
  });

  it('in rewriting a response is 500 for this client', async () => {
    await using lab = await Lab.open(`ProxyPassReverse / http://h/\n${AJP}`);
    const client = lab.ask(GET);
    const line = await lab.line();
    Object.defineProperty([...lab.site.balancers][0], 'checkRoute', {
      value: () => {
        throw new Error('planted');
      },
    });
    line.send(Buffer.concat([sendHeaders(200, 'OK', [['Set-Cookie', 'a=b']]), endResponse(1)]));
    assert.equal(await answered(client), 500);
    assert.equal(lab.faults.length, 1);
    assert.equal(lab.members[0].member.state.isInError, false);
  });

  it('in mapping a request is 500 for this client', async () => {
    await using lab = await Lab.open(AJP);
    const { site } = lab;
    Object.defineProperty(site, 'balancer', {
      configurable: true,
      value: () => {
        throw new Error('planted');
      },
    });
    assert.equal(await answered(lab.ask(GET)), 500);
    Reflect.deleteProperty(site, 'balancer');
    assert.equal(lab.faults.length, 1);
  });
});

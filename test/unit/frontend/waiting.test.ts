// Requests that wait for a connection to a backend or for a usable member: who is served, who gives up.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../support/port.ts';
import { Lab, turns, until } from './lab.ts';
import { AJP, ajpAnswer, answered, GET } from './messages.ts';

describe('who waits for a connection', () => {
  it('is served in order, and nobody is forgotten', async () => {
    await using lab = await Lab.open(`${AJP} max=2`);
    const clients = Array.from({ length: 8 }, () => lab.ask(GET));
    await until(() => lab.members[0].backend.pool.waiting === 6, 'six wait');
    for (let count = 0; count < 8; ) {
      for (const line of lab.backends[0].lines) {
        if (line.packets.length === 0) continue;
        line.text = '';
        line.send(ajpAnswer('x'));
        count++;
      }
      await turns(3);
    }
    await until(() => clients.every((client) => client.heard().isWhole), 'all answers');
    assert.equal(lab.backends[0].lines.length, 2);
  });

  it('gets 503 after acquire= milliseconds, and the place is kept by whoever has it', async () => {
    await using lab = await Lab.open(`${AJP} max=1 acquire=500`);
    const first = lab.ask(GET);
    const line = await lab.line();
    const second = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.waiting === 1, 'the second waits');
    lab.clock.advance(600);
    assert.equal(await answered(second), 503);
    assert.equal(lab.members[0].backend.pool.waiting, 0);
    line.send(ajpAnswer('x'));
    await until(() => first.heard().isWhole, 'the first answer');
  });

  it('and leaves is passed over', async () => {
    await using lab = await Lab.open(`${AJP} max=1`);
    const first = lab.ask(GET);
    const line = await lab.line();
    const gone = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.waiting === 1, 'one waits');
    const patient = lab.ask(GET);
    await until(() => lab.members[0].backend.pool.waiting === 2, 'two wait');
    gone.socket.resetAndDestroy();
    await until(() => lab.members[0].backend.pool.waiting === 1, 'one has left');
    line.send(ajpAnswer('x'));
    await until(() => first.heard().isWhole && line.packets.length === 2, 'the next request');
    line.send(ajpAnswer('y'));
    await until(() => patient.heard().body === 'y', 'the answer');
  });

  it('gets the place of a dial that failed', async () => {
    await using lab = await Lab.open(`${AJP} max=1 connectiontimeout=5`);
    await lab.backends[0].refuse();
    const clients = [lab.ask(GET), lab.ask(GET), lab.ask(GET)];
    for (const client of clients) assert.equal(await answered(client), 503);
  });

  it('for a usable member is asked again until timeout= has passed', async () => {
    const port = await freePort();
    await using lab = await Lab.open(
      `<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:${port} retry=3\nProxySet timeout=2 forcerecovery=Off\n</Proxy>\nProxyPass / balancer://c/`,
    );
    assert.equal(await answered(lab.ask(GET)), 503);
    const client = lab.ask(GET);
    await turns();
    assert.deepEqual(client.statuses, []);
    for (let i = 0; i < 110; i++) lab.clock.advance(20);
    assert.equal(await answered(client), 503);
  });
});

// The HTTP/1 listener's limits of time and number: timeouts of heads, bodies and idle connections, and a crowd at the door.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { VirtualClock } from '../../../src/base/clock.ts';
import type { MemoryLog } from '../../../src/base/log.ts';
import type { Http1Listener } from '../../../src/listener/http1-listener.ts';
import { answerTooMuch, type Client, LAST_CHUNK, Place, type Record, respond, settings, until } from './support.ts';

for (const plainReads of [false, true]) {
  describe(`an HTTP/1 listener with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    let place: Place;
    let clock: VirtualClock;
    let log: MemoryLog;
    let listener: Http1Listener;
    let records: Record[];
    let open: () => Client;
    let onExchange: (record: Record) => void;

    beforeEach(async () => {
      onExchange = () => {};
      place = await Place.open(plainReads, (record) => onExchange(record));
      ({ clock, log, listener, records, open } = place);
    });

    afterEach(() => place.close());

    it('closes an idle connection after the keep-alive timeout', async () => {
      onExchange = (record) => respond(record.exchange, 'x');
      const client = open();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.text.endsWith('x'), 'the answer');
      clock.advance(4_900);
      await turn();
      assert.equal(client.hasEnded, false);
      clock.advance(200);
      await until(() => client.hasEnded, 'the end');
    });

    it('answers 408 to a head that takes too long, however steadily it drips', async () => {
      const client = open();
      client.send('GET /drip HTTP/1.1\r\nHost: x\r\n');
      for (let second = 0; second < 25; second++) {
        client.send(`X-${second}: 1\r\n`);
        for (let i = 0; i < 5; i++) await turn();
        clock.advance(1_000);
      }
      await until(() => client.hasEnded || client.isClosed, 'the end');
      assert.deepEqual(client.statuses, ['408']);
    });

    it('answers 408 to a body that stops coming', async () => {
      onExchange = (record) => record.exchange.resumeBody();
      const client = open();
      client.send('POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
      await until(() => records[0]?.body === 'abc', 'the first octets');
      clock.advance(61_000);
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['408']);
      assert.equal(records[0].failure?.code, 'body-timeout');
    });

    it('does not hurry a handler that takes its time', async () => {
      const client = open();
      client.send('GET /long-poll HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      clock.advance(3_600_000);
      respond(records[0].exchange, 'at last');
      await until(() => client.text.endsWith('at last'), 'the answer');
    });

    it('makes room at the cap by cutting who has waited longest', async () => {
      onExchange = (record) => respond(record.exchange, 'x');
      const slow = Array.from({ length: 60 }, () => open());
      for (const client of slow) client.send('GET /slow HTTP/1.1\r\nHost: x\r\n');
      await until(() => slow.filter((client) => client.hasEnded || client.isClosed).length >= 10, 'the first are cut');
      const honest = open();
      honest.send('GET /ok HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => honest.statuses[0] === '200', 'an answer among the slow');
      assert.ok(listener.connectionCount <= 50);
    });

    it('tells of a crowd at the door once a second, with its size', async () => {
      listener.settings = { ...settings, connectionsMax: 1 };
      const busy = open();
      busy.send('GET /busy HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      const told = (): unknown[] =>
        log.events.filter(({ event }) => event === 'connections-at-limit').map(({ fields }) => fields.refused);
      for (let round = 0; round < 2; round++) {
        const refused = Array.from({ length: 10 }, () => open());
        await until(() => refused.every((each) => each.hasEnded || each.isClosed), 'the refusals');
        clock.advance(1_000);
      }
      assert.deepEqual(told(), [1, 10]);
    });

    it('does not make room by cutting a response that is still on its way', async () => {
      onExchange = (record) => {
        if (record.target !== '/big') return;
        answerTooMuch(record.exchange);
        record.exchange.sendEnd();
      };
      const slow = open();
      slow.socket.pause();
      slow.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      const others = Array.from({ length: 52 }, () => open());
      await until(() => others.some((each) => each.hasEnded || each.isClosed), 'another is cut');
      slow.socket.resume();
      await until(() => LAST_CHUNK.test(slow.tail) || slow.isClosed || slow.hasEnded, 'the end');
      assert.match(slow.tail, LAST_CHUNK);
    });
  });
}

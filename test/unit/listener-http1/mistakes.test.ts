// Mistakes of handlers and of who logs: 500 for one client, and the next is served.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { MemoryLog } from '../../../src/base/log.ts';
import { type Client, Place, type Record, respond, until } from './support.ts';

for (const plainReads of [false, true]) {
  describe(`an HTTP/1 listener with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    let place: Place;
    let log: MemoryLog;
    let records: Record[];
    let finished: string[];
    let open: () => Client;
    let onExchange: (record: Record) => void;

    beforeEach(async () => {
      onExchange = () => {};
      place = await Place.open(plainReads, (record) => onExchange(record));
      ({ log, records, finished, open } = place);
    });

    afterEach(() => place.close());

    it('answers 500 when the handler makes a mistake, and serves the next client', async () => {
      onExchange = (record) => {
        if (record.target === '/bad') throw new Error('planted');
        respond(record.exchange, 'fine');
      };
      const client = open();
      client.send('GET /bad HTTP/1.1\r\nHost: x\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.hasEnded || client.isClosed, 'the end');
      assert.deepEqual(client.statuses, ['500']);
      assert.equal(records[0].failure?.code, 'internal-fault');
      assert.equal(records[0].endedCount, 1);
      assert.deepEqual(finished, ['/bad 500']);
      assert.equal(log.events.filter(({ event }) => event === 'internal-fault').length, 1);
      const next = open();
      next.send('GET /good HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => next.text.endsWith('fine'), 'the next answer');
    });

    it('answers 500 when a field cannot be written, also when it is put in later and by a timer', async () => {
      onExchange = ({ exchange, target }) => {
        const answer = () => {
          exchange.response.fields.add('Vary', 'a\nb');
          respond(exchange, 'never');
        };
        if (target === '/now') answer();
        else setTimeout(answer, 1);
      };
      for (const path of ['/now', '/later']) {
        const client = open();
        client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        await until(() => client.hasEnded || client.isClosed, 'the end');
        assert.deepEqual(client.statuses, ['500'], path);
      }
    });

    it('keeps a mistake about a pipelined request from whoever answered the one before', async () => {
      onExchange = (record) => {
        if (record.target === '/bad') throw new Error('planted');
      };
      const client = open();
      client.send('GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /bad HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the first request');
      await turn();
      respond(records[0].exchange, 'first');
      await until(() => client.hasEnded || client.isClosed, 'the end');
      assert.deepEqual(client.statuses, ['200', '500']);
    });

    it('ends an exchange properly although nobody can log it', async () => {
      onExchange = (record) => respond(record.exchange, 'x');
      const push = finished.push.bind(finished);
      finished.push = () => {
        throw new Error('planted');
      };
      const client = open();
      client.send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.statuses.length === 2, 'both answers');
      finished.push = push;
      assert.deepEqual(
        records.map((record) => record.endedCount),
        [1, 1],
      );
    });
  });
}

// Clients that leave: half closed, reset, or in the middle of their next request.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Http1Listener } from '../../../src/listener/http1-listener.ts';
import { answerTooMuch, type Client, LAST_CHUNK, Place, type Record, respond, until } from './support.ts';

for (const plainReads of [false, true]) {
  describe(`an HTTP/1 listener with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    let place: Place;
    let listener: Http1Listener;
    let records: Record[];
    let open: () => Client;
    let onExchange: (record: Record) => void;

    beforeEach(async () => {
      onExchange = () => {};
      place = await Place.open(plainReads, (record) => onExchange(record));
      ({ listener, records, open } = place);
    });

    afterEach(() => place.close());

    it('answers a client that has ended its side', async () => {
      const client = open();
      client.send('GET /half HTTP/1.1\r\nHost: x\r\n\r\n');
      client.socket.end();
      await until(() => records.length === 1, 'the request');
      for (let i = 0; i < 20; i++) await turn();
      respond(records[0].exchange, 'late');
      await until(() => client.hasEnded, 'the end');
      assert.match(client.text, /Connection: close\r\n\r\nlate$/);
    });

    it('tells the handler when the client resets the connection', async () => {
      const client = open();
      client.send('GET /gone HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      client.socket.resetAndDestroy();
      await until(() => records[0].failure !== undefined, 'the word');
      assert.equal(records[0].failure?.code, 'client-closed');
      assert.equal(records[0].endedCount, 1);
      respond(records[0].exchange, 'nobody listens');
      assert.equal(listener.connectionCount, 0);
    });

    it('lets what was answered reach a client that leaves in the middle of its next head', async () => {
      let sent = 0;
      onExchange = (record) => {
        sent = answerTooMuch(record.exchange);
        record.exchange.sendEnd();
      };
      const client = open();
      client.socket.pause();
      client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      client.socket.end('GET /half');
      for (let i = 0; i < 20; i++) await turn();
      client.socket.resume();
      await until(() => client.hasEnded || client.isClosed, 'the end');
      assert.match(client.tail, LAST_CHUNK);
      assert.ok(client.byteCount > sent);
    });
  });
}

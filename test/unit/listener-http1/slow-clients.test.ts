// Clients that read slowly or not at all: the handler is told to wait, and whoever takes nothing is cut.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { VirtualClock } from '../../../src/base/clock.ts';
import type { Http1Listener } from '../../../src/listener/http1-listener.ts';
import { answerTooMuch, type Client, LAST_CHUNK, Place, type Record, until } from './support.ts';

for (const plainReads of [false, true]) {
  describe(`an HTTP/1 listener with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    let place: Place;
    let clock: VirtualClock;
    let listener: Http1Listener;
    let records: Record[];
    let open: () => Client;
    let onExchange: (record: Record) => void;

    beforeEach(async () => {
      onExchange = () => {};
      place = await Place.open(plainReads, (record) => onExchange(record));
      ({ clock, listener, records, open } = place);
    });

    afterEach(() => place.close());

    it('tells the handler to stop when the client reads too slowly, and to go on', async () => {
      const client = open();
      client.socket.pause();
      client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      const { exchange } = records[0];
      const piece = Buffer.alloc(60_000, 'z');
      exchange.response.status = 200;
      exchange.sendHead();
      let sent = 0;
      while (!exchange.congested) {
        exchange.sendBody(piece, 0, piece.length);
        exchange.flush();
        sent += piece.length;
        assert.ok(sent < 500_000_000);
      }
      client.socket.resume();
      await until(() => records[0].drainedCount === 1, 'the word to go on');
      exchange.sendEnd();
      await until(() => LAST_CHUNK.test(client.tail), 'the end');
      assert.ok(client.byteCount > sent);
    });

    it('cuts a client that takes nothing for the whole timeout', async () => {
      const client = open();
      client.socket.pause();
      client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      const { exchange } = records[0];
      exchange.response.status = 200;
      exchange.sendHead();
      while (!exchange.congested) {
        exchange.sendBody(Buffer.alloc(60_000), 0, 60_000);
        exchange.flush();
      }
      clock.advance(61_000);
      await until(() => records[0].failure !== undefined, 'the handler is told');
      assert.equal(records[0].endedCount, 1);
      assert.equal(listener.connectionCount, 0);
    });

    it('lets a slow client have the whole response before the keep-alive time begins', async () => {
      let sent = 0;
      onExchange = (record) => {
        sent = answerTooMuch(record.exchange);
        record.exchange.sendEnd();
      };
      const client = open();
      client.socket.pause();
      client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      clock.advance(30_000);
      for (let i = 0; i < 20; i++) await turn();
      clock.advance(20_000);
      client.socket.resume();
      await until(() => LAST_CHUNK.test(client.tail) || client.hasEnded || client.isClosed, 'the end');
      assert.match(client.tail, LAST_CHUNK);
      assert.ok(client.byteCount > sent);
      client.send('GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await until(() => records.length === 2, 'the next request');
    });

    it('does not cut a client that takes the response slowly but steadily', async () => {
      onExchange = (record) => {
        answerTooMuch(record.exchange);
      };
      const client = open();
      client.socket.pause();
      client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      for (let round = 0; round < 3; round++) {
        clock.advance(50_000);
        const before = client.byteCount;
        client.socket.resume();
        await until(() => client.byteCount > before + 4_000_000, 'some octets');
        client.socket.pause();
        for (let i = 0; i < 10; i++) await turn();
      }
      const isCut = (): boolean => records[0].failure?.code === 'client-stalled';
      assert.equal(isCut(), false);
      clock.advance(130_000);
      await until(isCut, 'the end of patience');
    });

    it('cuts a client that takes nothing, also when its upload ends meanwhile', async () => {
      onExchange = (record) => record.exchange.resumeBody();
      const client = open();
      client.socket.pause();
      client.send('POST /both HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab');
      await until(() => records[0]?.body === 'ab', 'the beginning');
      answerTooMuch(records[0].exchange);
      client.send('cd');
      await until(() => records[0].isComplete, 'the end of the upload');
      for (let i = 0; i < 20; i++) await turn();
      clock.advance(200_000);
      await until(() => records[0].failure !== undefined, 'the handler is told');
    });

    it('waits no longer for a body because a response was congested for a while', async () => {
      onExchange = (record) => record.exchange.resumeBody();
      const client = open();
      client.socket.pause();
      client.send('POST /both HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab');
      await until(() => records[0]?.body === 'ab', 'the beginning');
      answerTooMuch(records[0].exchange);
      client.socket.resume();
      await until(() => records[0].drainedCount === 1, 'the word to go on');
      clock.advance(61_000);
      await until(() => records[0].failure !== undefined, 'the handler is told');
      assert.equal(records[0].failure?.code, 'body-timeout');
    });

    it('prepares no answer for a client that does not take the one before', async () => {
      onExchange = (record) => {
        answerTooMuch(record.exchange);
        record.exchange.sendEnd();
      };
      const client = open();
      client.socket.pause();
      client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
      await until(() => records.length === 1, 'the first request');
      for (let i = 0; i < 50; i++) await turn();
      assert.equal(records.length, 1);
      client.socket.resume();
      await until(() => records.length === 2, 'the second request');
      await until(() => records.length === 3, 'the third request');
    });
  });
}

// Requests on one connection of HTTP/1: in their order, at any split, one after the other; what is no request is refused.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Http1Listener } from '../../../src/listener/http1-listener.ts';
import { type Client, Place, type Record, respond, settings, until } from './support.ts';

for (const plainReads of [false, true]) {
  describe(`an HTTP/1 listener with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    let place: Place;
    let listener: Http1Listener;
    let records: Record[];
    let finished: string[];
    let open: () => Client;
    let onExchange: (record: Record) => void;

    beforeEach(async () => {
      onExchange = () => {};
      place = await Place.open(plainReads, (record) => onExchange(record));
      ({ listener, records, finished, open } = place);
    });

    afterEach(() => place.close());

    it('answers several requests on one connection', async () => {
      onExchange = (record) => respond(record.exchange, 'one');
      const client = open();
      client.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.text.endsWith('one'), 'the first answer');
      client.send('GET /b HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.statuses.length === 2, 'the second answer');
      assert.deepEqual(finished, ['/a 200', '/b 200']);
      assert.deepEqual(
        records.map((record) => record.endedCount),
        [1, 1],
      );
      assert.match(client.text, /\r\nDate: .* GMT\r\nServer: Catflap\r\nContent-Length: 3\r\n\r\none/);
    });

    it('answers pipelined requests in their order, one after the other', async () => {
      const client = open();
      client.send(
        'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: x\r\n\r\n',
      );
      await until(() => records.length === 1, 'the first request');
      await turn();
      assert.equal(records.length, 1, 'the second request waits for the first answer');
      respond(records[0].exchange, '1');
      assert.equal(records.length, 2);
      records[1].exchange.resumeBody();
      assert.equal(records[1].body, 'hi');
      respond(records[1].exchange, '2');
      respond(records[2].exchange, '3');
      await until(() => client.text.endsWith('3'), 'all answers');
      assert.deepEqual(
        [...client.text.matchAll(/\r\n\r\n(\d)/g)].map((match) => match[1]),
        ['1', '2', '3'],
      );
    });

    it('answers a thousand pipelined requests without growing the stack', async () => {
      onExchange = (record) => respond(record.exchange, 'x');
      listener.settings = { ...settings, maxKeepAliveRequests: 0 };
      const many = open();
      many.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000));
      await until(() => many.statuses.length === 1000, 'a thousand answers');
    });

    it('reads a request that comes octet by octet', async () => {
      onExchange = (record) => record.exchange.resumeBody();
      const client = open();
      client.socket.setNoDelay(true);
      for (const octet of 'POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n') {
        client.send(octet);
        await turn();
      }
      await until(() => records[0]?.isComplete === true, 'the whole body');
      assert.equal(records[0].body, 'abc');
    });

    it('keeps an HTTP/1.0 connection when asked to and the length is known', async () => {
      onExchange = (record) => respond(record.exchange, 'x');
      const client = open();
      client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      await until(() => client.text.endsWith('x'), 'the answer');
      assert.match(client.text, /\r\nConnection: Keep-Alive\r\n/);
      client.send('GET / HTTP/1.0\r\n\r\n');
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['200', '200']);
    });

    it('refuses what it cannot understand and closes', async () => {
      const client = open();
      client.send('GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['400']);
      assert.equal(records.length, 0);
    });

    it('ends the connection after MaxKeepAliveRequests', async () => {
      onExchange = (record) => respond(record.exchange, 'x');
      const client = open();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(105));
      await until(() => client.hasEnded, 'the end');
      assert.equal(client.statuses.length, 100);
      assert.equal(client.text.match(/Connection: close/g)?.length, 1);
    });

    it('refuses an expectation that it does not know', async () => {
      const client = open();
      client.send('PUT / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 2\r\n\r\nhi');
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['417']);
      assert.equal(records.length, 0);
    });
  });
}

// Responses over HTTP/1: framing, length, heads of any size, and how a response that is lost ends.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Client, Place, type Record, respond, until } from './support.ts';

for (const plainReads of [false, true]) {
  describe(`an HTTP/1 listener with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    let place: Place;
    let records: Record[];
    let open: () => Client;
    let onExchange: (record: Record) => void;

    beforeEach(async () => {
      onExchange = () => {};
      place = await Place.open(plainReads, (record) => onExchange(record));
      ({ records, open } = place);
    });

    afterEach(() => place.close());

    it('uses chunks when the length is unknown, and the connection for HTTP/1.0', async () => {
      onExchange = (record) => {
        record.exchange.response.status = 200;
        record.exchange.sendHead();
        record.exchange.sendBody(Buffer.from('abc'), 0, 3);
        record.exchange.flush();
        record.exchange.sendBody(Buffer.from('de'), 0, 2);
        record.exchange.sendEnd();
      };
      const client = open();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.text.endsWith('\r\n0\r\n\r\n'), 'the last chunk');
      assert.match(client.text, /Transfer-Encoding: chunked\r\n\r\n0*3\r\nabc\r\n0*2\r\nde\r\n0\r\n\r\n$/);
      const old = open();
      old.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      await until(() => old.hasEnded, 'the end');
      assert.match(old.text, /Connection: close\r\n\r\nabcde$/);
    });

    it('sends no body after HEAD, 204 and 304', async () => {
      onExchange = (record) => {
        record.exchange.response.status = Number(record.target.slice(1));
        record.exchange.response.bodyLength = 5;
        record.exchange.sendHead();
        record.exchange.sendBody(Buffer.from('abcde'), 0, 5);
        record.exchange.sendEnd();
      };
      const client = open();
      client.send(
        'HEAD /200 HTTP/1.1\r\nHost: x\r\n\r\nGET /204 HTTP/1.1\r\nHost: x\r\n\r\nGET /304 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      );
      await until(() => client.hasEnded, 'the end');
      const heads = client.text.split('\r\n\r\n');
      assert.equal(heads.length, 4);
      assert.match(heads[0], /Content-Length: 5/);
      assert.doesNotMatch(heads[1], /Content-Length/);
      assert.doesNotMatch(client.text, /abcde/);
    });

    it('does not let a body exceed its length, and breaks off one that falls short', async () => {
      onExchange = (record) => respond(record.exchange, 'abcdef', record.target === '/long' ? 3 : 9);
      const long = open();
      long.send('GET /long HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => long.hasEnded, 'the end');
      assert.match(long.text, /\r\n\r\nabc$/);
      const short = open();
      short.send('GET /short HTTP/1.1\r\nHost: x\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => short.hasEnded || short.isClosed, 'the end');
      assert.match(short.text, /Content-Length: 9\r\n\r\nabcdef$/);
    });

    it('counts octets for the access log', async () => {
      let counts: number[] = [];
      onExchange = (record) => {
        record.exchange.resumeBody();
      };
      const client = open();
      const request = 'POST /n HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
      client.send(request);
      await until(() => records[0]?.isComplete === true, 'the body');
      const { exchange } = records[0];
      records[0].ended = () => {
        counts = [exchange.requestBodyBytes, exchange.wireBytesIn, exchange.responseBodyBytes, exchange.wireBytesOut];
      };
      respond(exchange, 'four');
      await until(() => client.text.endsWith('four'), 'the answer');
      assert.deepEqual(counts, [5, request.length, 4, client.text.length]);
    });

    it('sends a head of any size whole', async () => {
      onExchange = (record) => {
        for (let i = 0; i < 40; i++) record.exchange.response.fields.add(`X-${i}`, 'v'.repeat(8_000));
        respond(record.exchange, 'body');
      };
      const client = open();
      client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await until(() => client.hasEnded || client.isClosed, 'the end');
      assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.equal(client.text.match(/\r\nX-\d+: v{8000}(?=\r\n)/g)?.length, 40);
      assert.match(client.text, /\r\n\r\nbody$/);
    });

    it('resets a connection whose end would make a lost response look whole', async () => {
      const old = open();
      let code: string | undefined;
      old.socket.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code;
      });
      old.send('GET / HTTP/1.0\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      const { exchange } = records[0];
      exchange.response.status = 200;
      exchange.sendHead();
      exchange.sendBody(Buffer.from('half'), 0, 4);
      exchange.flush();
      await until(() => old.text.endsWith('half'), 'the first half');
      exchange.breakOff();
      await until(() => old.isClosed, 'the close');
      assert.equal(code, 'ECONNRESET');
    });
  });
}

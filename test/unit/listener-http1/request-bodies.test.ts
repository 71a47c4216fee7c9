// Request bodies over HTTP/1: 100 Continue, bodies nobody wants, pauses, and what is left of a body.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
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

    it('sends 100 Continue when the handler asks for the body, not before', async () => {
      const client = open();
      client.send('PUT /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      for (let i = 0; i < 20; i++) await turn();
      assert.equal(client.text, '');
      records[0].exchange.resumeBody();
      await until(() => client.text === 'HTTP/1.1 100 Continue\r\n\r\n', 'the interim answer');
      client.send('body');
      await until(() => records[0].isComplete, 'the body');
      respond(records[0].exchange, 'ok');
      await until(() => client.text.endsWith('ok'), 'the answer');
    });

    it('closes after an answer that made the body unnecessary', async () => {
      onExchange = (record) => respond(record.exchange, 'no');
      const client = open();
      client.send('PUT /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
      await until(() => client.hasEnded, 'the end');
      assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n\r\nno$/);
    });

    it('keeps the connection when the rest of an unwanted body is small', async () => {
      onExchange = (record) => respond(record.exchange, 'no');
      const client = open();
      client.send(
        `POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${'b'.repeat(1000)}GET /b HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      await until(() => client.statuses.length === 2, 'both answers');
      assert.deepEqual(
        records.map((record) => record.target),
        ['/a', '/b'],
      );
    });

    it('lets a client that is still sending read the answer that refuses it', async () => {
      onExchange = (record) => {
        record.exchange.response.status = 413;
        record.exchange.response.bodyLength = 0;
        record.exchange.sendHead();
        record.exchange.sendEnd();
      };
      for (let round = 0; round < 10; round++) {
        const client = open();
        client.send('POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 6000000\r\n\r\n');
        client.socket.write(Buffer.alloc(6_000_000));
        await until(() => client.hasEnded || client.isClosed, 'the end');
        assert.deepEqual(client.statuses, ['413']);
        client.socket.destroy();
      }
    });

    it('stops reading an upload that nobody takes', async () => {
      onExchange = (record) => {
        record.exchange.resumeBody();
        record.exchange.pauseBody();
      };
      const client = open();
      client.send('POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n');
      let isDone = false;
      client.socket.write(Buffer.alloc(50_000_000), () => {
        isDone = true;
      });
      await until(() => records.length === 1, 'the request');
      for (let i = 0; i < 300; i++) await turn();
      assert.equal(isDone, false);
      assert.ok(records[0].bodyBytes <= 256 * 1024, `${records[0].bodyBytes} octets were taken`);
    });

    it('reads the next request after a body that was paused at its last octet', async () => {
      onExchange = (record) => {
        record.requestBody = () => record.exchange.pauseBody();
        record.requestEnd = () => respond(record.exchange, 'x');
        record.exchange.resumeBody();
      };
      const client = open();
      client.send('POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc');
      await until(() => client.statuses.length === 1, 'the first answer');
      client.send('POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc');
      await until(() => client.statuses.length === 2, 'the second answer');
    });

    it('answers a broken body with its status while the response is open', async () => {
      onExchange = (record) => record.exchange.resumeBody();
      const client = open();
      client.send('POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['400']);
      assert.equal(records[0].failure?.source, 'downstream');
      assert.equal(records[0].endedCount, 1);
    });

    it('never takes what is left of an unwanted body for a request', async () => {
      onExchange = (record) => respond(record.exchange, 'no');
      const client = open();
      client.send('POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
      await until(() => client.text.endsWith('no'), 'the answer');
      // The limit is passed inside a chunk; what comes next in that chunk looks like a request.
      client.send('200000\r\n');
      for (let i = 0; i < 33 && !client.hasEnded; i++) {
        client.send('x'.repeat(0x8000));
        await until(() => client.socket.writableLength === 0 || client.isClosed, 'the piece');
        for (let n = 0; n < 5; n++) await turn();
      }
      client.send('GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.hasEnded || client.isClosed, 'the end');
      assert.deepEqual(
        records.map((record) => record.target),
        ['/a'],
      );
    });

    it('knows how much of a body is to come, whatever the handler makes of the head', async () => {
      onExchange = (record) => {
        record.exchange.request.bodyLength = 0;
        respond(record.exchange, 'no');
      };
      const client = open();
      client.send(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n${'x'.repeat(1000)}`);
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['200']);
    });

    it('goes on when the body is held and let go within the same read', async () => {
      onExchange = (record) => {
        record.exchange.resumeBody();
        record.requestBody = (bytes, start, end) => {
          record.body += bytes.toString('latin1', start, end);
          record.exchange.pauseBody();
          record.exchange.resumeBody();
        };
      };
      const client = open();
      client.send('POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n');
      for (const octet of 'abcd') {
        client.send(octet);
        await turn();
        await turn();
      }
      await until(() => records[0]?.isComplete === true, 'the whole body');
      assert.equal(records[0].body, 'abcd');
    });

    it('lets a handler answer in the middle of a body of many chunks', async () => {
      onExchange = (record) => {
        record.exchange.resumeBody();
        record.requestBody = () => {
          record.exchange.keepAlive = false;
          respond(record.exchange, 'enough');
        };
      };
      const client = open();
      client.send(
        `POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(1000)}zz\r\nGET / HTTP/1.1\r\n`,
      );
      await until(() => client.hasEnded || client.isClosed, 'the end');
      assert.match(client.text, /\r\n\r\nenough$/);
      assert.equal(records.length, 1);
      assert.equal(records[0].endedCount, 1);
    });
  });
}

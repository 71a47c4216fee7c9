// A listener that stops: idle connections end, requests in progress are answered first.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Http1Listener } from '../../../src/listener/http1-listener.ts';
import { type Client, Place, type Record, respond, until } from './support.ts';

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

    it('stops gracefully: idle connections end, a request in progress is answered first', async () => {
      onExchange = (record) => {
        if (record.target === '/idle') respond(record.exchange, 'x');
      };
      const idle = open();
      idle.send('GET /idle HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => idle.text.endsWith('x'), 'the idle one is idle');
      const busy = open();
      busy.send('GET /busy HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 2, 'the request');
      let isStopped = false;
      const stopped = listener.stop().then(() => {
        isStopped = true;
      });
      await until(() => idle.hasEnded, 'the idle one is closed');
      assert.equal(isStopped, false);
      respond(records[1].exchange, 'done');
      await until(() => busy.hasEnded, 'the busy one is answered');
      assert.match(busy.text, /Connection: close\r\n\r\ndone$/);
      idle.socket.destroy();
      busy.socket.destroy();
      await stopped;
    });

    it('closes after the request in progress when told to stop, whatever its head has promised', async () => {
      const client = open();
      client.send('GET /busy HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => records.length === 1, 'the request');
      const { exchange } = records[0];
      exchange.response.status = 200;
      exchange.response.bodyLength = 2;
      exchange.sendHead();
      exchange.sendBody(Buffer.from('ok'), 0, 2);
      exchange.flush();
      const stopped = listener.stop();
      exchange.sendEnd();
      await until(() => client.hasEnded, 'the end');
      client.socket.destroy();
      await stopped;
    });
  });
}

// The HTTP/1 listener over real sockets and a virtual clock: order, framing, limits of time and number, and every way in
// which a client may leave. The suite runs twice: with moved handles and with plain reads.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { VirtualClock } from '../../../src/base/clock.ts';
import type { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Link } from '../../../src/link/link.ts';
import type { Exchange, ExchangeSink } from '../../../src/listener/exchange.ts';
import { Http1Listener, type Http1Settings } from '../../../src/listener/http1-listener.ts';
import { defaultRequestHeadLimits } from '../../../src/wire/http1/limits.ts';

/** What one exchange went through, in order. */
class Record implements ExchangeSink {
  readonly exchange: Exchange;
  readonly target: string;
  body = '';
  bodyBytes = 0;
  isComplete = false;
  drainedCount = 0;
  failure: Failure | undefined = undefined;
  endedCount = 0;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.target = exchange.request.target;
  }

  requestBody(bytes: Buffer, start: number, end: number): void {
    this.bodyBytes += end - start;
    if (this.body.length < 10_000) this.body += bytes.toString('latin1', start, end);
  }

  requestEnd(): void {
    this.isComplete = true;
  }

  drained(): void {
    this.drainedCount++;
  }

  aborted(failure: Failure): void {
    this.failure = failure;
  }

  ended(): void {
    this.endedCount++;
  }
}

const settings: Http1Settings = {
  limits: defaultRequestHeadLimits,
  headTimeoutMs: 20_000,
  timeoutMs: 60_000,
  keepAlive: true,
  keepAliveTimeoutMs: 5_000,
  maxKeepAliveRequests: 100,
  server: 'Catflap',
  connectionsMax: 50,
};

function respond(exchange: Exchange, body: string, length: number | undefined = body.length): void {
  exchange.response.status = 200;
  if (length !== undefined) exchange.response.bodyLength = length;
  exchange.sendHead();
  exchange.sendBody(Buffer.from(body), 0, body.length);
  exchange.sendEnd();
}

const TEXT_KEPT = 2_000_000;
const LAST_CHUNK = /\r\n0\r\n\r\n$/;

/** A raw client that keeps what it hears. */
class Client {
  readonly socket: Socket;
  /** What came, of a very long response the beginning only. */
  text = '';
  /** The last octets. */
  tail = '';
  byteCount = 0;
  hasEnded = false;
  isClosed = false;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (bytes) => {
      this.byteCount += bytes.length;
      this.tail = (this.tail + bytes.toString('latin1', Math.max(0, bytes.length - 40))).slice(-40);
      if (this.text.length < TEXT_KEPT) this.text += bytes.toString('latin1');
    });
    this.socket.on('end', () => {
      this.hasEnded = true;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('error', () => {});
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  get statuses(): string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => match[1]);
  }
}

/** Lets sockets work until the fact holds; fails when it does not come to hold. */
async function until(fact: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (!fact()) {
    if (performance.now() > end) assert.fail(`never came true: ${what}`);
    await turn();
  }
}

for (const plainReads of [false, true]) {
  describe(`an HTTP/1 listener with ${plainReads ? 'plain reads' : 'moved handles'}`, () => {
    let clock: VirtualClock;
    let log: MemoryLog;
    let listener: Http1Listener;
    let records: Record[];
    let finished: string[];
    let onExchange: (record: Record) => void;
    let clients: Client[];

    beforeEach(async () => {
      clock = new VirtualClock();
      log = new MemoryLog();
      records = [];
      finished = [];
      clients = [];
      onExchange = () => {};
      await start(settings);
    });

    afterEach(() => {
      for (const client of clients) client.socket.destroy();
      listener.cut();
      return listener.stop();
    });

    async function start(chosen: Http1Settings): Promise<void> {
      const handler = {
        handle(exchange: Exchange): void {
          const record = new Record(exchange);
          records.push(record);
          exchange.sink = record;
          onExchange(record);
        },
        refuse(exchange: Exchange, failure: Failure): void {
          exchange.response.status = failure.status ?? 400;
          exchange.response.bodyLength = 0;
          exchange.sendHead();
          exchange.sendEnd();
        },
        finished(exchange: Exchange): void {
          finished.push(`${exchange.request.target} ${exchange.response.status}`);
        },
      };
      listener = new Http1Listener(
        new Link(clock, log),
        { address: '127.0.0.1', port: 0, plainReads },
        chosen,
        handler,
        log,
      );
      await listener.listen();
    }

    function open(): Client {
      const client = new Client(listener.address.port);
      clients.push(client);
      return client;
    }

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

    it('refuses what it cannot understand and closes', async () => {
      const client = open();
      client.send('GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['400']);
      assert.equal(records.length, 0);
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

    it('ends the connection after MaxKeepAliveRequests', async () => {
      onExchange = (record) => respond(record.exchange, 'x');
      const client = open();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(105));
      await until(() => client.hasEnded, 'the end');
      assert.equal(client.statuses.length, 100);
      assert.equal(client.text.match(/Connection: close/g)?.length, 1);
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

    /** Answers with far more than the sockets hold. @returns how much */
    function answerTooMuch(exchange: Exchange): number {
      const piece = Buffer.alloc(60_000, 'z');
      exchange.response.status = 200;
      exchange.sendHead();
      let sent = 0;
      while (!exchange.congested) {
        exchange.sendBody(piece, 0, piece.length);
        exchange.flush();
        sent += piece.length;
      }
      for (let i = 0; i < 400; i++, sent += piece.length) exchange.sendBody(piece, 0, piece.length);
      return sent;
    }

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

    it('refuses an expectation that it does not know', async () => {
      const client = open();
      client.send('PUT / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 2\r\n\r\nhi');
      await until(() => client.hasEnded, 'the end');
      assert.deepEqual(client.statuses, ['417']);
      assert.equal(records.length, 0);
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

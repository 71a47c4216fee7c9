// Clients and backends that do anything at any moment, by seeded chance: nobody ever gets another's answer, nothing is
// left busy, no place in a pool is lost, no fault of ours comes up, and an honest client is served afterwards.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import {
  endResponse,
  getBodyChunk,
  packet,
  readForwardRequest,
  sendBodyChunk,
  sendHeaders,
} from '../../support/ajp-peer.ts';
import { chosenSeed, type Random, randomFrom } from '../../support/random.ts';
import { type Client, Lab, type Line, turns } from './lab.ts';

const ROUNDS = process.env.CATFLAP_LONG === '1' ? 3_000 : 40;
const STEPS = 60;

/** What one backend connection has been asked and has not answered. */
class Desk {
  readonly line: Line;
  readonly isAjp: boolean;
  #read = 0;
  #packets = 0;
  id: string | undefined = undefined;
  hasBegun = false;

  constructor(line: Line, isAjp: boolean) {
    this.line = line;
    this.isAjp = isAjp;
  }

  /** Looks for the next request. */
  look(): void {
    if (this.isAjp) {
      const { packets } = this.line;
      for (; this.#packets < packets.length; this.#packets++) {
        const payload = packets[this.#packets];
        if (payload[0] === 10 && payload.length === 1) this.line.send(packet([9]));
        else if (payload[0] === 2 && payload.includes('/id-'))
          this.#begin(/id-\d+/.exec(readForwardRequest(payload).uri)?.[0]);
      }
    } else {
      const match = /(?:GET|POST|PUT) \/(id-\d+) HTTP\/1\.1\r\n/.exec(this.line.text.slice(this.#read));
      if (match === null) return;
      this.#read += match.index + match[0].length;
      this.#begin(match[1]);
    }
  }

  #begin(id: string | undefined): void {
    this.id = id;
    this.hasBegun = false;
  }

  act(random: Random): void {
    const { id, line, isAjp } = this;
    if (line.isClosed) return;
    if (id === undefined) {
      if (random.chance(0.02)) line.send('surplus');
      if (random.chance(0.03)) line.socket.end();
      return;
    }
    const answer = isAjp
      ? [
          sendHeaders(200, 'OK', [['X-Id', id]]),
          sendBodyChunk(Buffer.from(`<${id}>`)),
          endResponse(random.int(5) === 0 ? 0 : 1),
        ]
      : [`HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nContent-Length: ${id.length + 2}\r\n\r\n`, `<${id}`, '>'];
    switch (random.int(12)) {
      case 0:
        if (!this.hasBegun) line.send(answer[0]);
        this.hasBegun = true;
        break;
      case 1:
        line.socket.destroy();
        break;
      case 2:
        cut(line.socket);
        break;
      case 3:
        if (isAjp) line.send(getBodyChunk(1 + random.int(8186)));
        else if (!this.hasBegun) line.send('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n');
        break;
      case 4:
        line.send('garbage');
        this.id = undefined;
        break;
      case 5:
        break;
      case 6:
        if (!isAjp && !this.hasBegun) line.send('HTTP/1.1 100 Continue\r\n\r\n');
        break;
      default:
        for (const piece of this.hasBegun ? answer.slice(1) : answer) line.send(piece);
        // What comes behind an answer belongs to nobody.
        if (random.chance(0.1)) for (const piece of answer) line.send(piece);
        this.id = undefined;
    }
  }
}

/**
 * Resets the connection, where Node can: one that is to be ended, or may be before it has come about, is destroyed. Node
 * would leave its descriptor open, and spin for ever when the process ends.
 */
function cut(socket: Socket): void {
  if (socket.writableEnded || socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

/** A client with the ids of what it has asked, in order. */
interface Asker {
  readonly client: Client;
  readonly ids: string[];
  /** Octets of the request that it has not sent yet. */
  rest: string;
}

let lastId = 0;

function request(random: Random, asker: Asker): string {
  const id = `id-${++lastId}`;
  asker.ids.push(id);
  const host = 'Host: front.test\r\n';
  const body = 'b'.repeat(random.int(20_000));
  switch (random.int(6)) {
    case 0:
      return `PUT /${id} HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`;
    case 1:
      return `POST /${id} HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${body.length === 0 ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`;
    case 2:
      return `POST /${id} HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody`;
    default:
      return `GET /${id} HTTP/1.1\r\n${host}\r\n`;
  }
}

function actAsClient(random: Random, asker: Asker): void {
  const { client } = asker;
  if (client.isOver) return;
  switch (random.int(14)) {
    case 0:
      cut(client.socket);
      break;
    case 1:
      client.socket.end();
      break;
    case 2:
      client.socket.pause();
      break;
    case 3:
      client.socket.resume();
      break;
    default:
      if (client.socket.writableEnded) break;
      if (asker.rest === '') asker.rest = request(random, asker);
      else {
        const size = random.chance(0.6) ? asker.rest.length : 1 + random.int(asker.rest.length);
        client.send(asker.rest.slice(0, size));
        asker.rest = asker.rest.slice(size);
      }
  }
}

const CONFS = [
  'ProxyPass / ajp://127.0.0.1:@1/ max=2 timeout=20',
  'ProxyPass / http://127.0.0.1:@1/ max=2 timeout=20',
  'ProxyPass / ajp://127.0.0.1:@1/ max=1 acquire=3000 ping=2 timeout=20',
  '<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1 max=2 retry=0\nBalancerMember http://127.0.0.1:@2 max=1 retry=0 ping=2\n</Proxy>\nProxyPass / balancer://c/ timeout=2',
  'ErrorDocument 502 /id-0\nErrorDocument 503 /id-0\nErrorDocument 500 /id-0\nProxyPass /id-0 http://127.0.0.1:@2/id-0\nProxyPass / http://127.0.0.1:@1/ max=3 timeout=20',
  'ProxyErrorOverride On\nProxyPass / ajp://127.0.0.1:@1/ disablereuse=On timeout=20',
];

async function play(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const conf = CONFS[random.int(CONFS.length)];
  await using lab = await Lab.open(`Timeout 30\n${conf}`, 2);
  const desks: Desk[] = [];
  for (const [index, backend] of lab.backends.entries()) {
    const isAjp = conf.includes(`ajp://127.0.0.1:@${index + 1}`);
    backend.onLine = (line) => desks.push(new Desk(line, isAjp));
  }
  const askers: Asker[] = [];
  for (let step = 0; step < STEPS; step++) {
    if (askers.length === 0 || random.chance(0.15)) askers.push({ client: lab.client(), ids: [], rest: '' });
    for (let i = 0; i < 3; i++) actAsClient(random, random.pick(askers));
    await turns(random.int(4));
    for (const desk of desks) {
      if (!desk.line.isClosed) desk.look();
      if (random.chance(0.4)) desk.act(random);
    }
    await turns(random.int(4));
    if (random.chance(0.1)) lab.clock.advance(random.int(3_000));
    if (random.chance(0.01)) lab.clock.advance(40_000);
  }
  for (const { client } of askers) client.socket.resume();
  await turns(10);
  for (const { client, ids } of askers) {
    const got = [...client.text.matchAll(/<(id-\d+)>/g)].map((match) => match[1]);
    let at = 0;
    for (const id of got) {
      if (id === 'id-0') continue; // the page of an error
      const found = ids.indexOf(id, at);
      assert.ok(found >= at, `seed ${seed}: ${id} came to a client that asked for ${ids}, after ${got}`);
      at = found + 1;
    }
  }
  assert.deepEqual(lab.faults, [], `seed ${seed}`);
  for (const { client } of askers) client.socket.destroy();
  // Who is still at it is given up in time, at the latest.
  for (let i = 0; i < 20 && lab.members.some(({ member }) => member.state.busy > 0); i++) {
    lab.clock.advance(10_000);
    await turns(5);
  }
  await lab.rest();
}

test(`${ROUNDS} rounds of chance leave every account even`, async (t) => {
  const first = chosenSeed();
  t.diagnostic(`seed ${first}`);
  for (let i = 0; i < ROUNDS; i++) {
    try {
      await play(first + i);
    } catch (error) {
      throw new Error(`round ${i}, SEED=${first + i}`, { cause: error });
    }
  }
});

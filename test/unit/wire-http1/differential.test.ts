// The codec against Node's own parser: the same bytes, the same verdict, or a listed and reasoned difference.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { covering, type Difference, describe, disagreement } from './differential.ts';
import { random, requestBytes, responseBytes } from './generate.ts';
import { NodeServer, nodeClientRead, type Verdict } from './node-parser.ts';
import { ownRequests, ownResponse } from './own-parser.ts';
import { requestDifferences } from './request-differences.ts';
import { responseDifferences } from './response-differences.ts';
import { loadSpec } from './spec.ts';

const SEED = Number(process.env.CATFLAP_SEED ?? 20_260_101);
const node = new NodeServer();
after(() => node.close());

interface Tally {
  compared: number;
  bothAccept: number;
  bothRefuse: number;
  unlisted: string[];
}

/** Compares two verdicts over one input and notes it. */
function note(tally: Tally, table: readonly Difference[], bytes: Buffer, own: Verdict, other: Verdict): void {
  tally.compared++;
  const pair = disagreement(own, other);
  if (pair === undefined) {
    if (own.refusal === '') tally.bothAccept++;
    else tally.bothRefuse++;
  } else if (covering(table, pair, bytes) === undefined) tally.unlisted.push(describe(bytes, pair, own, other));
}

function emptyTally(): Tally {
  return { compared: 0, bothAccept: 0, bothRefuse: 0, unlisted: [] };
}

for (const difference of requestDifferences) {
  test(`request, ours ${difference.ours}, Node's ${difference.node}: ${difference.reason}`, async () => {
    const bytes = Buffer.from(difference.example, 'latin1');
    const pair = disagreement(ownRequests(bytes), await node.read(bytes));
    assert.deepEqual(pair, { ours: difference.ours, node: difference.node });
    assert.equal(covering([difference], pair ?? { ours: '', node: '' }, bytes), difference);
  });
}

for (const difference of responseDifferences) {
  test(`response, ours ${difference.ours}, Node's ${difference.node}: ${difference.reason}`, async () => {
    const bytes = Buffer.from(difference.example, 'latin1');
    const isEnded = difference.isEnded === true;
    const own = ownResponse(bytes, 'GET', isEnded);
    const pair = disagreement(own, await nodeClientRead(bytes.subarray(0, own.end), 'GET', isEnded));
    assert.deepEqual(pair, { ours: difference.ours, node: difference.node });
    assert.equal(covering([difference], pair ?? { ours: '', node: '' }, bytes), difference);
  });
}

test('every case of the specification gets the same verdict from Node, or a listed difference', async () => {
  const tally = emptyTally();
  for (const item of loadSpec()) {
    if (item.role === 'requests') {
      note(tally, requestDifferences, item.bytes, ownRequests(item.bytes), await node.read(item.bytes));
    } else {
      const own = ownResponse(item.bytes, item.method, item.isEnded);
      const bytes = item.bytes.subarray(0, own.end);
      note(tally, responseDifferences, bytes, own, await nodeClientRead(bytes, item.method, item.isEnded));
    }
  }
  assert.deepEqual(tally.unlisted, []);
  assert.ok(tally.bothAccept > 50 && tally.bothRefuse > 100, JSON.stringify(tally));
});

test(`2,000 generated connections of requests, seed ${SEED}`, async () => {
  const next = random(SEED);
  const tally = emptyTally();
  for (let i = 0; i < 2000; i++) {
    const bytes = requestBytes(next);
    note(tally, requestDifferences, bytes, ownRequests(bytes), await node.read(bytes));
  }
  assert.deepEqual(tally.unlisted, []);
  assert.ok(tally.bothAccept > 400 && tally.bothRefuse > 400, JSON.stringify(tally));
});

test(`1,000 generated responses, seed ${SEED}`, async () => {
  const next = random(SEED);
  const tally = emptyTally();
  for (let i = 0; i < 1000; i++) {
    const bytes = responseBytes(next);
    const method = next() < 0.1 ? 'HEAD' : 'GET';
    const isEnded = next() < 0.5;
    const own = ownResponse(bytes, method, isEnded);
    const read = bytes.subarray(0, own.end);
    note(tally, responseDifferences, read, own, await nodeClientRead(read, method, isEnded));
  }
  assert.deepEqual(tally.unlisted, []);
  assert.ok(tally.bothAccept > 200 && tally.bothRefuse > 200, JSON.stringify(tally));
});

test('planted fault: a parser that takes the last of two lengths is found out', async () => {
  const next = random(SEED);
  const tally = emptyTally();
  for (let i = 0; i < 400; i++) {
    const bytes = requestBytes(next);
    const careless = Buffer.from(
      bytes.toString('latin1').replace('Content-Length: 5\r\nContent-Length: 5', 'Content-Length: 5'),
      'latin1',
    );
    note(tally, requestDifferences, bytes, ownRequests(careless), await node.read(bytes));
  }
  assert.ok(tally.unlisted.length > 0);
});

test('planted fault: a body decoder that loses an octet is found out', async () => {
  const bytes = Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab', 'latin1');
  const own = ownRequests(bytes);
  const faulty = { ...own, messages: own.messages.map((message) => ({ ...message, body: message.body.slice(1) })) };
  assert.deepEqual(disagreement(faulty, await node.read(bytes)), { ours: 'accepted', node: 'otherwise' });
});

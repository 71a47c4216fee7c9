// Every row of the failure table: what a failed attempt means for client, member and next attempt.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Decision, judgeLikeModProxy, type Outcome, type Phase } from '../../../src/balancer/replay.ts';

const PHASES: readonly Phase[] = ['resolve', 'connect', 'ping', 'request', 'response-head', 'response-body'];

const GET: Outcome = {
  protocol: 'http',
  phase: 'response-head',
  method: 'GET',
  hasQuery: false,
  requestBytesSent: 200,
  bodySent: false,
  bodyKept: true,
  reusedConnection: false,
  secondChance: false,
  timedOut: false,
  pinged: false,
  answered: false,
};
const AJP: Outcome = { ...GET, protocol: 'ajp' };

/** `503 E next`: the status, E when the member goes into error, what is tried next. */
function brief(decision: Decision): string {
  const words = [String(decision.status)];
  if (decision.memberError) words.push('E');
  if (decision.isTimeout) words.push('timeout');
  if (decision.trySameFirst) words.push('same');
  if (decision.mayTryAnother) words.push('next');
  if (decision.mustCut) words.push('cut');
  return words.join(' ');
}

const ROWS: readonly (readonly [fact: string, outcome: Outcome, decision: string])[] = [
  ['a refused connection goes to the next member', { ...GET, phase: 'connect', requestBytesSent: 0 }, '503 E next'],
  [
    'so does a POST whose body is still kept',
    { ...GET, phase: 'connect', method: 'POST', requestBytesSent: 0 },
    '503 E next',
  ],
  [
    'a POST whose body was read and not kept ends there',
    { ...GET, phase: 'connect', method: 'POST', bodyKept: false },
    '503 E',
  ],
  ['a name without address is 500', { ...GET, phase: 'resolve' }, '500 E'],
  ['an unanswered CPING is asked once more', { ...AJP, phase: 'ping', timedOut: true }, '503 E same next'],
  ['and then the next member is', { ...AJP, phase: 'ping', timedOut: true, secondChance: true }, '503 E next'],
  [
    'an unanswered 100-continue goes on at once',
    { ...GET, phase: 'ping', method: 'POST', timedOut: true },
    '503 E next',
  ],
  ['HTTP closed before any byte is 502, the member stays', GET, '502'],
  ['AJP closed before any byte goes on for GET', AJP, '503 E next'],
  ['AJP GET with a query is 500', { ...AJP, hasQuery: true }, '500 E'],
  ['AJP PUT without a body goes on', { ...AJP, method: 'PUT' }, '503 E next'],
  ['AJP PUT with a sent body is 500', { ...AJP, method: 'PUT', bodySent: true }, '500 E'],
  ['AJP POST without a body is 500', { ...AJP, method: 'POST' }, '500 E'],
  ['methods are case-sensitive', { ...AJP, method: 'get' }, '500 E'],
  ['HTTP silence is 502 and counts for failontimeout', { ...GET, timedOut: true }, '502 timeout'],
  ['AJP silence goes on for GET', { ...AJP, timedOut: true }, '503 E next'],
  ['AJP silence with a sent body is 500', { ...AJP, timedOut: true, method: 'POST', bodySent: true }, '500 E'],
  ['AJP silence after CPONG is 504, the member stays', { ...AJP, timedOut: true, pinged: true }, '504'],
  [
    'AJP silence after CPONG is 504 for a POST too',
    { ...AJP, timedOut: true, pinged: true, method: 'POST', bodySent: true },
    '504',
  ],
  ['AJP closed after an unsent head goes on', { ...AJP, phase: 'response-body' }, '503 E next'],
  ['HTTP closed after an unsent head is 502', { ...GET, phase: 'response-body' }, '502'],
  ['what the client has part of is cut', { ...GET, phase: 'response-body', answered: true }, '502 cut'],
  ['over AJP too', { ...AJP, phase: 'response-body', answered: true }, '502 cut'],
  [
    'a kept connection that closes without a word gets a fresh one first',
    { ...GET, reusedConnection: true },
    '502 same',
  ],
  ['over AJP too, before the member is blamed', { ...AJP, reusedConnection: true }, '503 E same next'],
  ['but only once', { ...GET, reusedConnection: true, secondChance: true }, '502'],
  ['and not for silence', { ...GET, reusedConnection: true, timedOut: true }, '502 timeout'],
  ['and not for what may not happen twice', { ...GET, reusedConnection: true, method: 'POST' }, '502'],
  ['and not for a query', { ...GET, reusedConnection: true, hasQuery: true }, '502'],
  [
    'a POST of which nothing was sent on a kept connection gets a fresh one',
    { ...AJP, phase: 'request', method: 'POST', requestBytesSent: 0, reusedConnection: true },
    '503 E same next',
  ],
  [
    'on a fresh connection it goes to the next member',
    { ...AJP, phase: 'request', method: 'POST', requestBytesSent: 0 },
    '503 E next',
  ],
  ['a request broken while it was sent is judged as sent', { ...AJP, phase: 'request', method: 'POST' }, '500 E'],
];
for (const [fact, outcome, decision] of ROWS)
  test(`${fact}: ${decision}`, () => assert.equal(brief(judgeLikeModProxy(outcome)), decision));

const anyOutcome: fc.Arbitrary<Outcome> = fc.record({
  protocol: fc.constantFrom('ajp', 'http'),
  phase: fc.constantFrom(...PHASES),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PROPFIND', 'PATCH'),
  hasQuery: fc.boolean(),
  requestBytesSent: fc.constantFrom(0, 1, 5000),
  bodySent: fc.boolean(),
  bodyKept: fc.boolean(),
  reusedConnection: fc.boolean(),
  secondChance: fc.boolean(),
  timedOut: fc.boolean(),
  pinged: fc.boolean(),
  answered: fc.boolean(),
});

test('nothing is repeated once the client has octets of a response', () => {
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      const { mayTryAnother, trySameFirst } = judgeLikeModProxy({ ...outcome, answered: true });
      assert.deepEqual([mayTryAnother, trySameFirst], [false, false]);
    }),
  );
});

test('a lost body is never sent again to another member', () => {
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      assert.equal(judgeLikeModProxy({ ...outcome, bodyKept: false, secondChance: true }).mayTryAnother, false);
    }),
  );
});

test('a POST that may have been executed is never repeated', () => {
  fc.assert(
    fc.property(anyOutcome, fc.constantFrom<Phase>('request', 'response-head', 'response-body'), (outcome, phase) => {
      const decision = judgeLikeModProxy({ ...outcome, phase, method: 'POST', requestBytesSent: 1 });
      assert.deepEqual([decision.mayTryAnother, decision.trySameFirst], [false, false]);
    }),
  );
});

test('a second chance on the same member is given once', () => {
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      assert.equal(judgeLikeModProxy({ ...outcome, secondChance: true }).trySameFirst, false);
    }),
  );
});

test('another member is only tried after a 503 that blames the first', () => {
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      const { status, memberError, mayTryAnother } = judgeLikeModProxy(outcome);
      if (mayTryAnother) assert.deepEqual([status, memberError], [503, true]);
    }),
  );
});

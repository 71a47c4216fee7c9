// The choice methods against the exact sequences that httpd 2.4.71 gave (P-DIST-*).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MethodName } from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import { Lab, member } from './lab.ts';

interface Recorded {
  readonly id: string;
  readonly method: MethodName;
  readonly factors: readonly number[];
  readonly sequence: string;
}

const RECORDED: readonly Recorded[] = [
  {
    id: 'P-DIST-byrequests-1-1',
    method: 'byrequests',
    factors: [100, 100],
    sequence: 'abababababababababababababababababababab',
  },
  {
    id: 'P-DIST-byrequests-1-2',
    method: 'byrequests',
    factors: [100, 200],
    sequence: 'babbabbabbabbabbabbabbabbabbabbabbabbabb',
  },
  {
    id: 'P-DIST-byrequests-3-7',
    method: 'byrequests',
    factors: [300, 700],
    sequence: 'babbabbbabbabbabbbabbabbabbbabbabbabbbab',
  },
  {
    id: 'P-DIST-byrequests-1-1-1',
    method: 'byrequests',
    factors: [100, 100, 100],
    sequence: 'abcabcabcabcabcabcabcabcabcabcabcabcabca',
  },
  {
    id: 'P-DIST-byrequests-frac',
    method: 'byrequests',
    factors: [150, 250],
    sequence: 'bababbabbababbabbababbabbababbabbababbab',
  },
  {
    id: 'P-DIST-bytraffic-1-1',
    method: 'bytraffic',
    factors: [100, 100],
    sequence: 'abababababababababababababababababababab',
  },
  {
    id: 'P-DIST-bytraffic-1-9',
    method: 'bytraffic',
    factors: [100, 900],
    sequence: 'abbbbbbbbbabbbbbbbbbabbbbbbbbbabbbbbbbbb',
  },
  {
    id: 'P-DIST-bybusyness-1-9',
    method: 'bybusyness',
    factors: [100, 900],
    sequence: 'bbbbabbbbbbbbbabbbbbbbbbabbbbbbbbbabbbbb',
  },
];

function labOf({ factors, method }: Recorded): Lab {
  const members = factors.map((loadFactor, i) => member('abcd'[i], { loadFactor }));
  return new Lab(members, { method });
}

for (const recorded of RECORDED) {
  test(`${recorded.id}: ${recorded.sequence.length} requests fall as recorded`, () => {
    labOf(recorded).expect(recorded.sequence);
  });
}

test('the sequence checker notices a standing that is off by one request', () => {
  const lab = labOf(RECORDED[2]);
  const { board, row } = lab.balancer.members[0].state;
  board.standing[row] += 400;
  assert.throws(() => lab.expect(RECORDED[2].sequence), assert.AssertionError);
});

test('P-DIST-init: standings start at 0 and show what the first request moved', () => {
  const lab = new Lab([member('a', { loadFactor: 100 }), member('b', { loadFactor: 300 })]);
  const standings = () => lab.balancer.members.map((each) => each.state.standing);
  assert.deepEqual(standings(), [0, 0]);
  assert.equal(lab.ask().text, 'b');
  assert.deepEqual(standings(), [100, -100]);
});

test('a member alone keeps its standing at 0', () => {
  const lab = new Lab([member('a', { loadFactor: 700 })]);
  lab.expect('aaaaa');
  assert.equal(lab.balancer.members[0].state.standing, 0);
});

test('P-DIST-recover: a member that returns from error does not catch up under byrequests', () => {
  const lab = new Lab([member('a', { retryMs: 1000 }), member('b')]);
  lab.mode('a', 'refuse');
  lab.expect('bbbbbbbbbb');
  lab.mode('a', 'normal');
  lab.clock.advance(1300);
  lab.expect('bababababa');
});

test('a member that returns from error gets a burst under bytraffic, until it has caught up', () => {
  const lab = new Lab([member('a', { retryMs: 1000 }), member('b')], { method: 'bytraffic' });
  lab.mode('a', 'refuse');
  lab.expect('bbbbb');
  lab.mode('a', 'normal');
  lab.clock.advance(1300);
  lab.expect('aaaaaabab');
});

test('P-DIST-bybusy-equal: requests in progress go round', () => {
  const lab = new Lab(
    ['a', 'b', 'c', 'd'].map((name) => member(name)),
    { method: 'bybusyness' },
  );
  const election = new Election();
  const given = Array.from({ length: 8 }, () => {
    const chosen = lab.balancer.elect(undefined, election);
    assert.ok(chosen);
    lab.balancer.began(chosen);
    return lab.nameOf(chosen);
  });
  assert.deepEqual(given, ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd']);
  assert.deepEqual(
    lab.balancer.members.map((each) => each.state.busy),
    [2, 2, 2, 2],
  );
});

test('P-FO-49: while one request stays at a, bybusyness gives all others to b', () => {
  const lab = new Lab([member('a'), member('b')], { method: 'bybusyness' });
  const first = lab.balancer.elect(undefined, new Election());
  assert.ok(first);
  assert.equal(lab.nameOf(first), 'a');
  lab.balancer.began(first);
  lab.expect('bbbbbb');
  lab.balancer.finished(first, new Election(), 'served', 180, 1015);
  assert.equal(first.state.busy, 0);
});

test('with long requests bybusyness ignores load factors', () => {
  const lab = new Lab([member('a', { loadFactor: 100 }), member('b', { loadFactor: 300 })], { method: 'bybusyness' });
  const election = new Election();
  for (let i = 0; i < 20; i++) {
    const chosen = lab.balancer.elect(undefined, election);
    assert.ok(chosen);
    lab.balancer.began(chosen);
  }
  assert.deepEqual(
    lab.balancer.members.map((each) => each.state.busy),
    [10, 10],
  );
});

test('free requests under bytraffic leave the standings alone, those that follow a session do not', () => {
  const stickiness = { cookieName: 'S', pathName: 's', separator: '.', semicolonEnds: false, force: false };
  const lab = new Lab([member('a'), member('b')], { method: 'bytraffic', stickiness });
  lab.expect('aaa', { cookies: ['S=1.a'] });
  lab.expect('bbbaba');
  assert.deepEqual(
    lab.balancer.members.map((each) => each.state.standing),
    [-300, 300],
  );
});

test('an operator who makes a member usable makes the method begin anew', () => {
  const lab = new Lab([member('a'), member('b', { loadFactor: 200 })]);
  lab.expect('ba');
  lab.balancer.methodChanged();
  assert.deepEqual(
    lab.balancer.members.map((each) => each.state.standing),
    [0, 0],
  );
  lab.balancer.factorChanged();
  assert.deepEqual(
    lab.balancer.members.map((each) => each.state.standing),
    [100, 200],
  );
});

test('bytraffic begins anew by counting traffic from 0', () => {
  const lab = new Lab([member('a'), member('b')], { method: 'bytraffic' });
  lab.expect('ab');
  const { state } = lab.balancer.members[0];
  assert.deepEqual([state.sentBytes, state.receivedBytes], [180, 1015]);
  lab.balancer.methodChanged();
  assert.deepEqual([state.sentBytes, state.receivedBytes, state.elected], [0, 0, 1]);
});

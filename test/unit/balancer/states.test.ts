// Drain, disabled, stopped, standby, spare, sets and errors: the sequences of P-STA-* and the texts of the managers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Election } from '../../../src/balancer/election.ts';
import { BIT, statusText } from '../../../src/balancer/member.ts';
import { Lab, member } from './lab.ts';

test('P-STA-02: a standby serves only while all others are out', () => {
  const lab = new Lab([member('a', { retryMs: 1000 }), member('b', { status: 'H' })]);
  lab.expect('aaa');
  lab.mode('a', 'refuse');
  lab.expect('bbb');
  lab.mode('a', 'normal');
  lab.clock.advance(1500);
  lab.expect('aaa');
});

test('P-STA-03: two standbys share the load', () => {
  const lab = new Lab([member('a', { status: 'D' }), member('b', { status: 'H' }), member('c', { status: 'H' })]);
  lab.expect('bcbcbcbc');
});

test('P-STA-04: a spare replaces one unusable member beside the others', () => {
  const lab = new Lab([member('a', { retryMs: 1000 }), member('b'), member('c', { status: 'R' })]);
  lab.expect('ababab');
  lab.mode('a', 'refuse');
  lab.expect('bcbcbcbc');
  lab.mode('a', 'normal');
  lab.clock.advance(1500);
  lab.expect('bababa');
});

test('P-STA-05: for one stopped member only the first of two spares serves', () => {
  const members = [
    member('a', { status: 'S' }),
    member('b'),
    member('c', { status: 'R' }),
    member('d', { status: 'R' }),
  ];
  new Lab(members).expect('bcbcbcbc');
});

for (const [id, status] of [
  ['P-STA-06', 'D'],
  ['P-STA-07', 'N'],
]) {
  test(`${id}: a member with ${status} counts as missing for spares`, () => {
    new Lab([member('a', { status }), member('b'), member('c', { status: 'R' })]).expect('bcbcbc');
  });
}

test('a drained spare or standby does not count as missing and does not serve', () => {
  const members = [
    member('a'),
    member('b', { status: 'NR' }),
    member('c', { status: 'NH' }),
    member('d', { status: 'R' }),
  ];
  new Lab(members).expect('aaaa');
});

test('P-STA-08: set 1 serves only while everyone of set 0 is unusable', () => {
  const lab = new Lab([member('a', { retryMs: 1000 }), member('b', { set: 1 }), member('c', { set: 1 })]);
  lab.expect('aaaa');
  lab.mode('a', 'refuse');
  lab.expect('bcbcbc');
  lab.mode('a', 'normal');
  lab.clock.advance(1500);
  lab.expect('aaa');
});

test('P-STA-09: a standby of set 0 comes before an active member of set 1', () => {
  const members = [member('a', { status: 'S' }), member('b', { status: 'H' }), member('c', { set: 1 })];
  new Lab(members).expect('bbbbbb');
});

test('sets are tried in the order of their numbers, whatever the order in the file and the gaps', () => {
  const lab = new Lab([member('a', { set: 99 }), member('b', { set: 7 }), member('c', { set: 7, status: 'D' })]);
  lab.expect('bbb');
});

test('P-STA-10: a member that ignores errors fails request after request and stays', () => {
  const lab = new Lab([member('a', { status: 'I' }), member('b')]);
  lab.mode('a', 'refuse');
  lab.expect('!503 b !503 b !503 b !503 b');
});

test('P-STA-11: a member configured in error is taken back by the first election', () => {
  const lab = new Lab([member('a', { status: 'E' }), member('b')]);
  assert.equal(lab.balancer.members[0].state.statusText, 'Init Err ');
  lab.expect('ababab');
  assert.equal(lab.balancer.members[0].state.statusText, 'Init Ok ');
});

test('P-STA-14: a disabled member gets nothing', () => {
  new Lab([member('a', { status: 'D' }), member('b')]).expect('bbbb');
});

test('a stopped member in error is not taken back, even when its time has come', () => {
  const lab = new Lab([member('a', { status: 'S', retryMs: 0 }), member('b')]);
  lab.balancer.failed(lab.balancer.members[0], 'unavailable');
  lab.clock.advance(100_000);
  lab.expect('bb');
  assert.equal(lab.balancer.members[0].state.statusText, 'Init Stop Err ');
});

test('a member stays in error for its retry time to the millisecond', () => {
  const lab = new Lab([member('a', { retryMs: 60_000 }), member('b')], { forceRecovery: false });
  const [a] = lab.balancer.members;
  const election = new Election();
  lab.balancer.failed(a, 'unavailable');
  lab.clock.advance(60_000);
  lab.balancer.elect(undefined, election);
  assert.equal(a.state.isInError, true);
  lab.clock.advance(1);
  lab.balancer.elect(undefined, election);
  assert.equal(a.state.isInError, false);
  assert.equal(a.state.retries, 1);
  lab.balancer.succeeded(a);
  assert.deepEqual([a.state.retries, a.state.errorAt], [0, undefined]);
});

test('a success that began before a failure does not end the error', () => {
  const lab = new Lab([member('a'), member('b')]);
  const [a] = lab.balancer.members;
  lab.balancer.failed(a, 'unavailable');
  lab.balancer.succeeded(a);
  assert.deepEqual([a.state.isInError, a.state.errorAt], [true, 0]);
});

test('one disabled member without error keeps the errors of all others from being forgotten', () => {
  // Measured on httpd 2.4.71: with D beside it, a failed member waits for its retry time.
  const lab = new Lab([member('a', { status: 'D' }), member('b')]);
  lab.mode('b', 'refuse');
  lab.expect('!503 !503');
  lab.mode('b', 'normal');
  lab.expect('!503 !503');
  lab.clock.advance(60_000);
  lab.expect('bb');
});

test('health checks take a member out and bring it back, past any error', () => {
  const lab = new Lab([member('a', { retryMs: 300_000 }), member('b')]);
  const [a] = lab.balancer.members;
  lab.balancer.checkFailed(a);
  assert.equal(a.state.statusText, 'Init HcFl ');
  lab.expect('bb');
  lab.balancer.failed(a, 'unavailable');
  lab.balancer.checkPassed(a);
  assert.equal(a.state.statusText, 'Init Ok ');
  // The standing earned nothing while it was out.
  lab.expect('abab');
  lab.balancer.failed(a, 'unavailable');
  lab.balancer.checkFailed(a);
  lab.balancer.forgetCheck(a);
  assert.equal(a.state.statusText, 'Init Err ');
  assert.deepEqual(
    lab.log.events.map(({ event }) => event),
    ['member-unhealthy', 'member-failed', 'member-healthy', 'member-failed', 'member-unhealthy'],
  );
});

test('BM-14, BM-15: the status text names every bit in its order, and Ok when usable', () => {
  const { initialized, ignoreErrors, drain, disabled, stopped, standby, spare } = BIT;
  const texts: readonly (readonly [number, string])[] = [
    [initialized, 'Init Ok '],
    [initialized | drain, 'Init Drn Ok '],
    [initialized | ignoreErrors, 'Init Ign Ok '],
    [initialized | standby, 'Init Stby Ok '],
    [initialized | spare, 'Init Spar Ok '],
    [initialized | disabled, 'Init Dis '],
    [initialized | stopped, 'Init Stop '],
    [initialized | BIT.error, 'Init Err '],
    [initialized | BIT.healthFailed, 'Init HcFl '],
    [initialized | ignoreErrors | drain | disabled | stopped | standby | spare, 'Init Ign Drn Dis Stop Stby Spar '],
  ];
  for (const [bits, text] of texts) assert.equal(statusText(bits), text);
});

test('a balancer without members answers 503', () => {
  const lab = new Lab([]);
  assert.equal(lab.ask().text, '!503');
});

test('P-FO-46: where waiting is allowed, an election without result says so and how often to ask', () => {
  const lab = new Lab([member('a', { status: 'D' }), member('b', { status: 'D' })], { timeoutMs: 2000 });
  const election = new Election();
  assert.equal(lab.balancer.elect(undefined, election), undefined);
  assert.deepEqual([election.reason, election.mayWait, lab.balancer.pollMs], ['none', true, 20]);
  const hasty = new Lab([member('a', { status: 'D' })]);
  assert.equal(hasty.balancer.elect(undefined, election), undefined);
  assert.equal(election.mayWait, false);
});

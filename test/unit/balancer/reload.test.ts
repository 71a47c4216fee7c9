// A balancer made again from a changed configuration: who keeps what, and that nothing is ever handed to a wrong member.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Balancer } from '../../../src/balancer/balancer.ts';
import { defaultBalancer, type MemberConfig } from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { Lab, member } from './lab.ts';

const clock = new VirtualClock();

function balancerOf(members: readonly MemberConfig[], previous?: Balancer, name = 'c'): Balancer {
  return Balancer.from(defaultBalancer(name, members), { clock }, previous);
}

const elected = (balancer: Balancer) => balancer.members.map((each) => each.state.elected);

function ask(balancer: Balancer, times: number): void {
  const election = new Election();
  for (let i = 0; i < times; i++) balancer.elect(undefined, election);
}

test('members of the same URL keep counters, standing and error over a reload, in any order', () => {
  const lab = new Lab([member('a'), member('b', { loadFactor: 300 })]);
  lab.expect('babb');
  lab.mode('a', 'refuse');
  lab.expect('bbb');
  const before = lab.balancer;
  const after = Balancer.from(
    defaultBalancer('c', [member('c'), member('b'), member('a', { loadFactor: 700 })]),
    { clock: lab.clock },
    before,
  );
  const [c, b, a] = after.members;
  assert.deepEqual([c.state.elected, b.state.elected, a.state.elected], [0, 6, 2]);
  assert.deepEqual([a.state.statusText, c.state.statusText], ['Init Err ', 'Init Ok ']);
  assert.deepEqual(
    [a.state.standing, b.state.standing],
    [before.members[0].state.standing, before.members[1].state.standing],
  );
  assert.deepEqual([b.state.sentBytes, b.state.receivedBytes], [6 * 180, 6 * 1015]);
});

test('a request that began before a reload ends on the same account', () => {
  const before = balancerOf([member('a')]);
  const [a] = before.members;
  before.began(a);
  const after = balancerOf([member('a'), member('b')], before);
  assert.equal(after.members[0].state.busy, 1);
  before.finished(a, new Election(), 'served', 10, 20);
  assert.deepEqual([after.members[0].state.busy, after.members[0].state.receivedBytes], [0, 20]);
});

test('a member that was removed and comes back is a new one', () => {
  const first = balancerOf([member('a'), member('b')]);
  ask(first, 4);
  const without = balancerOf([member('a')], first);
  const again = balancerOf([member('a'), member('b')], without);
  assert.deepEqual(elected(again), [2, 0]);
});

test('the row of a member that leaves is not given away by the reload that removes it, nor while it is busy', () => {
  const first = balancerOf([member('a'), member('b')]);
  const leaving = first.members[1];
  first.began(leaving);
  const second = balancerOf([member('a'), member('c')], first);
  assert.notEqual(second.members[1].state.row, leaving.state.row);
  const third = balancerOf([member('a'), member('c'), member('d')], second);
  assert.notEqual(third.members[2].state.row, leaving.state.row);
  first.finished(leaving, new Election(), 'served', 0, 0);
  const rows = balancerOf([member('a'), member('c'), member('d'), member('e')], third).members.map(
    (each) => each.state.row,
  );
  assert.ok(rows.includes(leaving.state.row));
});

test('many newcomers move to a larger board with what was known, and old requests end on the old one', () => {
  const first = balancerOf([member('a'), member('b')]);
  ask(first, 5);
  first.failed(first.members[1], 'unavailable');
  first.began(first.members[0]);
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const grown = balancerOf(
    letters.map((letter) => member(letter)),
    first,
  );
  assert.deepEqual(elected(grown).slice(0, 4), [3, 2, 0, 0]);
  assert.equal(grown.members[1].state.statusText, 'Init Err ');
  assert.equal(grown.members[0].state.busy, 0);
  first.finished(first.members[0], new Election(), 'served', 0, 0);
  assert.equal(grown.members[0].state.busy, 0);
  ask(grown, 25);
  assert.equal(
    elected(grown).reduce((sum, count) => sum + count),
    30,
  );
});

test('a balancer of another name takes nothing over', () => {
  const first = balancerOf([member('a')]);
  ask(first, 3);
  assert.deepEqual(elected(balancerOf([member('a')], first, 'd')), [0]);
});

test('flags of error and health count for new members only', () => {
  const first = balancerOf([member('a', { status: 'C' })]);
  assert.equal(first.members[0].state.statusText, 'Init HcFl ');
  first.checkPassed(first.members[0]);
  const second = balancerOf([member('a', { status: 'C' })], first);
  assert.equal(second.members[0].state.statusText, 'Init Ok ');
});

test('the operator changes his mind about a member: its wishes are those of the new configuration', () => {
  const first = balancerOf([member('a'), member('b')]);
  const second = balancerOf([member('a', { status: 'D' }), member('b')], first);
  assert.deepEqual(
    second.members.map((each) => each.state.statusText),
    ['Init Dis ', 'Init Ok '],
  );
});

test('the same URL twice is a declared failure', () => {
  assert.throws(
    () => balancerOf([member('a'), member('a')]),
    (error) => error instanceof Failure && error.code === 'balancer-bad-members',
  );
});

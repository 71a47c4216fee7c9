// lbmethod=heartbeat: who is chosen for which free threads. Every fact was measured on httpd 2.4.71.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Balancer } from '../../../src/balancer/balancer.ts';
import { defaultBalancer, defaultMember, defaultStickiness, type MemberChoices } from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { sessionOf } from './lab.ts';

function member(host: string, port: number, choices: MemberChoices = {}) {
  return defaultMember({ url: `http://${host}:${port}`, scheme: 'http', host, port, path: '' }, choices);
}

/** A balancer whose dice show `dice`, one after another, over and over. */
function lab(ready: Record<string, number>, members: readonly ReturnType<typeof member>[], dice: number[] = [0]) {
  const clock = new VirtualClock();
  let throws = 0;
  const heartbeats = {
    loads: { ready: (host: string) => ready[host] },
    random: () => dice[throws++ % dice.length],
  };
  const config = defaultBalancer('c', members, { method: 'heartbeat', stickiness: defaultStickiness('S') });
  const balancer = Balancer.from(config, { clock, heartbeats });
  const election = new Election();
  return {
    balancer,
    clock,
    elect: (route?: string) => balancer.elect(sessionOf(route), election)?.config.url ?? election.reason,
  };
}

test('members are chosen at random in proportion to the free threads of their hosts', () => {
  const { elect } = lab({ a: 3, b: 1 }, [member('a', 1), member('b', 1)], [0, 0.2, 0.5, 0.74, 0.75, 0.99]);
  const chosen = Array.from({ length: 6 }, () => elect());
  assert.deepEqual(chosen, ['http://a:1', 'http://a:1', 'http://a:1', 'http://a:1', 'http://b:1', 'http://b:1']);
});

test('without fresh heartbeats nobody is chosen, nor where all threads are busy', () => {
  assert.equal(lab({}, [member('a', 1)]).elect(), 'none');
  assert.equal(lab({ a: 0 }, [member('a', 1)]).elect(), 'none');
  assert.equal(lab({ b: 9 }, [member('a', 1), member('b', 1)]).elect(), 'http://b:1');
  assert.equal(
    Balancer.from(defaultBalancer('c', [member('a', 1)], { method: 'heartbeat' }), { clock: new VirtualClock() }).elect(
      undefined,
      new Election(),
    ),
    undefined,
  );
});

test('a session stays with its member, heard of or not', () => {
  const { elect } = lab({ a: 5 }, [member('a', 1, { route: 'a' }), member('b', 1, { route: 'b' })]);
  assert.equal(elect('b'), 'http://b:1');
});

test('sets, standbys, spares and draining do not matter', () => {
  const drain = { flags: { drain: true } };
  for (const choices of [{ set: 9 }, { flags: { standby: true } }, { flags: { spare: true } }, drain])
    assert.equal(lab({ a: 1, b: 1 }, [member('a', 1), member('b', 1, choices)], [0.9]).elect(), 'http://b:1');
});

test('of members on one host the last usable one takes the share of all', () => {
  const members = [member('a', 1), member('a', 2), member('b', 1)];
  const { elect, balancer } = lab({ a: 1, b: 1 }, members, [0, 0.34, 0.67]);
  assert.deepEqual([elect(), elect(), elect()], ['http://a:2', 'http://a:2', 'http://b:1']);
  balancer.checkFailed(balancer.members[1]);
  assert.equal(elect(), 'http://a:1');
});

test('a member in error is left out until its retry time is over', () => {
  const { elect, balancer, clock } = lab({ a: 1, b: 1 }, [member('a', 1), member('b', 1, { retryMs: 1000 })], [0.9]);
  balancer.failed(balancer.members[1], 'unavailable');
  assert.equal(elect(), 'http://a:1');
  clock.advance(1001);
  assert.equal(elect(), 'http://b:1');
});

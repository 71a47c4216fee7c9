// What holds for every balancer and every history: nobody unusable is elected, shares follow load factors, books balance,
// the lock is free.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Balancer } from '../../../src/balancer/balancer.ts';
import { defaultBalancer, defaultStickiness, METHOD_NAMES, type MemberConfig } from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import { BIT } from '../../../src/balancer/member.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { member, sessionOf } from './lab.ts';

const LETTERS = [...'abcdefgh'];

const anyMember = fc.record({
  loadFactor: fc.integer({ min: 100, max: 10_000 }),
  status: fc.constantFrom('', '', '', 'D', 'S', 'N', 'H', 'R', 'I', 'E', 'C', 'NH', 'HR', 'IN'),
  set: fc.constantFrom(0, 0, 0, 1, 5),
  redirect: fc.constantFrom('', '', ...LETTERS),
  route: fc.constantFrom(undefined, undefined, 'a', ''),
  retryMs: fc.constantFrom(0, 10, 60_000),
});

const anyMembers: fc.Arbitrary<MemberConfig[]> = fc
  .array(anyMember, { maxLength: 8 })
  .map((list) =>
    list.map(({ route, ...choices }, i) => member(LETTERS[i], route === undefined ? choices : { ...choices, route })),
  );

/** What happens to the balancer between and during elections. */
const anyEvent = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('elect'), route: fc.constantFrom(undefined, '', ...LETTERS, 'z') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail'), index: fc.nat({ max: 7 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('check-failed', 'check-passed', 'succeed', 'finish'),
      index: fc.nat({ max: 7 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 11, 60_001) }) },
);

test('whatever happens: nobody unusable is elected, counters add up, the lock is free', () => {
  fc.assert(
    fc.property(
      anyMembers,
      fc.constantFrom(...METHOD_NAMES),
      fc.boolean(),
      fc.boolean(),
      fc.array(anyEvent, { maxLength: 60 }),
      (members, method, force, forceRecovery, events) => {
        const clock = new VirtualClock();
        const stickiness = defaultStickiness('S', { force });
        const heartbeats = { loads: { ready: () => 5 }, random: () => 0.5 };
        const balancer = Balancer.from(defaultBalancer('c', members, { method, stickiness, forceRecovery }), {
          clock,
          heartbeats,
        });
        const election = new Election();
        let elected = 0;
        let busy = 0;
        for (const event of events) {
          if ('ms' in event) {
            clock.advance(event.ms);
            continue;
          }
          if ('index' in event) {
            const target = balancer.members[event.index];
            if (target === undefined) continue;
            if (event.do === 'fail') balancer.failed(target, 'unavailable');
            else if (event.do === 'check-failed') balancer.checkFailed(target);
            else if (event.do === 'check-passed') balancer.checkPassed(target);
            else if (event.do === 'succeed') balancer.succeeded(target);
            else if (target.state.busy > 0) {
              balancer.finished(target, new Election(), 'served', 3, 5);
              busy--;
            }
            continue;
          }
          const chosen = balancer.elect(sessionOf(event.route), election);
          assert.equal(balancer.members[0]?.state.board.lockOwner ?? -1, -1);
          if (chosen === undefined) {
            assert.ok(election.reason === 'none' || election.reason === 'forced');
            continue;
          }
          elected++;
          busy++;
          balancer.began(chosen);
          assert.ok(chosen.state.isUsable, `${chosen.config.url} is ${chosen.state.statusText}`);
          if (election.reason === 'choice' && method !== 'heartbeat') assert.equal(chosen.state.bits & BIT.drain, 0);
          if (election.reason === 'route') assert.equal(chosen.config.route, event.route);
        }
        const sum = (of: (each: (typeof balancer.members)[number]) => number) =>
          balancer.members.reduce((total, each) => total + of(each), 0);
        assert.equal(
          sum((each) => each.state.elected),
          elected,
        );
        assert.equal(
          sum((each) => each.state.busy),
          busy,
        );
        assert.equal(
          sum((each) => each.state.standing),
          0,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('while all members are usable, byrequests is never more than one request off a fair share', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 10_000 }), { minLength: 1, maxLength: 8 }), (factors) => {
      const members = factors.map((loadFactor, i) => member(LETTERS[i], { loadFactor }));
      const balancer = Balancer.from(defaultBalancer('c', members), { clock: new VirtualClock() });
      const election = new Election();
      const total = factors.reduce((sum, factor) => sum + factor);
      for (let requests = 1; requests <= 200; requests++) {
        balancer.elect(undefined, election);
        for (const [i, each] of balancer.members.entries()) {
          const fair = (requests * factors[i]) / total;
          assert.ok(Math.abs(each.state.elected - fair) <= factors.length, `${each.state.elected} of fair ${fair}`);
        }
      }
      for (const [i, each] of balancer.members.entries())
        assert.ok(Math.abs(each.state.standing) <= total * factors.length, `standing of ${i} stays bounded`);
    }),
    { numRuns: 200 },
  );
});

test('a whole round of byrequests gives everyone exactly its load factor', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (shares) => {
      const members = shares.map((share, i) => member(LETTERS[i], { loadFactor: share * 100 }));
      const balancer = Balancer.from(defaultBalancer('c', members), { clock: new VirtualClock() });
      const election = new Election();
      const round = shares.reduce((sum, share) => sum + share);
      for (let i = 0; i < 3 * round; i++) balancer.elect(undefined, election);
      assert.deepEqual(
        balancer.members.map((each) => each.state.elected),
        shares.map((share) => 3 * share),
      );
    }),
  );
});

test('under bytraffic no member is more than one answer ahead of its share', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 100, max: 1000 }), { minLength: 2, maxLength: 5 }),
      fc.integer({ min: 1000, max: 100_000 }),
      (factors, bytes) => {
        const members = factors.map((loadFactor, i) => member(LETTERS[i], { loadFactor }));
        const balancer = Balancer.from(defaultBalancer('c', members, { method: 'bytraffic' }), {
          clock: new VirtualClock(),
        });
        const election = new Election();
        for (let i = 0; i < 100; i++) {
          const chosen = balancer.elect(undefined, election);
          assert.ok(chosen);
          balancer.began(chosen);
          balancer.finished(chosen, new Election(), 'served', 0, bytes);
        }
        const loads = balancer.members.map((each, i) => each.state.receivedBytes / factors[i]);
        assert.ok(Math.max(...loads) - Math.min(...loads) <= bytes / Math.min(...factors) + 1);
      },
    ),
    { numRuns: 100 },
  );
});

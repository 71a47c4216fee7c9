// What the status worker changes at run time lies over workers of mod_jk as over any balancer, and outlives a reload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BalancerConfig,
  defaultBalancer,
  defaultMember,
  defaultStickiness,
} from '../../../src/balancer/config.ts';
import type { LbConfig, LbMemberConfig } from '../../../src/balancer/lb-config.ts';
import {
  applyChanges,
  NO_CHANGES,
  NO_OVERLAY,
  pruneChanges,
  withChanges,
  withLb,
  withMember,
} from '../../../src/site/changes/overlay.ts';
import { reconcile, tellChanges } from '../../../src/site/changes/reconcile.ts';

const TRIES: LbMemberConfig['tries'] = {
  retries: 2,
  retryIntervalMs: 100,
  recoveryOptions: 0,
  failOnStatus: [],
  replyTimeoutMs: 0,
  connectPingMs: 0,
  prepostPingMs: 0,
  idlePingMs: 0,
  pingTimeoutMs: 10_000,
  busyLimit: 0,
};
const LB: LbConfig = {
  method: 'request',
  lock: 'optimistic',
  retries: 2,
  retryIntervalMs: 100,
  lbRetries: 2,
  recoverMs: 60_000,
  errorEscalationMs: 30_000,
  maxReplyTimeouts: 0,
  maintainMs: 60_000,
  setsCookie: false,
  cookie: { name: 'JSESSIONID', path: '/' },
  slowStartMs: 0,
};

function lb(activation: LbMemberConfig['activation'] = 'active', isSticky = true): BalancerConfig {
  const stickiness = defaultStickiness('JSESSIONID', { pathName: ';jsessionid' });
  // Both at one address: members of an lb worker go by their names.
  const members = ['a', 'b'].map((name) =>
    defaultMember(
      { url: 'ajp://t1:8009', scheme: 'ajp', host: 't1', port: 8009, path: '' },
      { route: name, lb: { name, type: 'ajp13', activation, factor: 1, domain: '', tries: TRIES } },
    ),
  );
  const choice = isSticky ? { stickiness } : { dormantStickiness: stickiness };
  return defaultBalancer('lb', members, { policy: 'mod_jk', lb: LB, ...choice });
}

const DRAINED = withMember(NO_CHANGES, 'a', { lb: { activation: 'disabled' }, flags: { drain: true } });

test('a change is that of one member, though another has the same address', () => {
  const { members } = applyChanges(lb(), DRAINED);
  assert.deepEqual(
    members.map((member) => [member.lb?.activation, member.flags.drain, member.lb?.tries]),
    [
      ['disabled', true, TRIES],
      ['active', false, TRIES],
    ],
  );
});

test('tries, pool, packet size and address change, and the URL goes with the address', () => {
  const changes = withMember(DRAINED, 'a', {
    tries: { retries: 5 },
    pool: { ttlMs: 1000 },
    ioBufferSize: 9216,
    address: { host: '::1' },
    lb: { factor: 3 },
  });
  const [a] = applyChanges(lb(), changes).members;
  assert.deepEqual(
    [a.lb?.tries.retries, a.pool.ttlMs, a.ioBufferSize, a.url, a.port, a.lb?.factor, a.lb?.activation],
    [5, 1000, 9216, 'ajp://[::1]:8009', 8009, 3, 'disabled'],
  );
});

test('an lb worker’s own values change', () => {
  const config = applyChanges(lb(), withLb(withLb(NO_CHANGES, { retries: 9 }), { method: 'busyness' }));
  assert.deepEqual([config.lb?.retries, config.lb?.method, config.lb?.recoverMs], [9, 'busyness', 60_000]);
});

test('stickiness is switched without forgetting its names, and other changes do not switch it', () => {
  assert.equal(applyChanges(lb(), { ...NO_CHANGES, isSticky: false }).stickiness, undefined);
  assert.equal(
    applyChanges(lb('active', false), { ...NO_CHANGES, isSticky: true }).stickiness?.cookieName,
    'JSESSIONID',
  );
  assert.equal(applyChanges(lb('active', false), DRAINED).stickiness, undefined);
  assert.equal(applyChanges(lb(), DRAINED).stickiness?.pathName, ';jsessionid');
});

test('what the file says anyway is no change', () => {
  const changes = withMember(withLb(NO_CHANGES, { retries: 2 }), 'a', {
    lb: { activation: 'active' },
    tries: { retries: 2 },
    pool: { ttlMs: 0 },
    address: { port: 8009 },
    flags: { drain: false },
  });
  assert.deepEqual(pruneChanges(lb(), { ...changes, isSticky: true }), NO_CHANGES);
});

test('a drain outlives a reload, unless the file changed the activation', () => {
  const overlay = withChanges(NO_OVERLAY, 'jk:lb', withLb(DRAINED, { retries: 5 }));
  const before = new Map([['jk:lb', lb()]]);
  assert.deepEqual(reconcile(before, before, overlay), { overlay, notes: [] });
  const { notes, overlay: kept } = reconcile(before, new Map([['jk:lb', lb('stopped')]]), overlay);
  assert.deepEqual(
    notes.map(({ member, parameter, before: was, now, changed }) => [member, parameter, was, now, changed]),
    [['a', 'lb activation', 'active', 'stopped', 'disabled']],
  );
  assert.deepEqual(kept.get('jk:lb')?.lb, { retries: 5 });
});

test('changes are told by the names of members and values', () => {
  const overlay = withChanges(NO_OVERLAY, 'jk:lb', withLb(DRAINED, { retries: 5 }));
  assert.deepEqual(
    tellChanges(new Map([['jk:lb', lb()]]), overlay).map(({ member, parameter, now, changed }) => [
      member,
      parameter,
      now,
      changed,
    ]),
    [
      [undefined, 'lb retries', '2', '5'],
      ['a', 'status drain', 'false', 'true'],
      ['a', 'lb activation', 'active', 'disabled'],
    ],
  );
});

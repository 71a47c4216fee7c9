// Defaults of members and balancers, and that configuration stays what it was.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultBalancer, defaultMember, defaultPort, defaultStickiness } from '../../../src/balancer/config.ts';
import * as published from '../../../src/balancer.ts';

const ADDRESS = { url: 'ajp://app1:8009', scheme: 'ajp', host: 'app1', port: 8009, path: '' };

test('a member has the defaults of httpd', () => {
  assert.deepEqual(defaultMember(ADDRESS), {
    ...ADDRESS,
    route: '',
    redirect: '',
    loadFactor: 100,
    set: 0,
    flags: {
      ignoreErrors: false,
      drain: false,
      disabled: false,
      stopped: false,
      inError: false,
      standby: false,
      spare: false,
      healthFailed: false,
    },
    retryMs: 60_000,
    pool: { min: 0, ttlMs: 0, disableReuse: false },
    pingMs: 0,
    tcpKeepAlive: false,
    flushPackets: 'off',
    flushWaitMs: 10,
    flusher: 'flush',
    receiveBufferSize: 0,
    responseFieldSize: 8192,
    secret: '',
    healthCheck: {
      method: 'NONE',
      intervalMs: 30_000,
      passes: 1,
      fails: 1,
      uri: '',
      expression: '',
      template: '',
    },
  });
});

test('choices override defaults, inside groups too', () => {
  const member = defaultMember(ADDRESS, { route: 'r', flags: { standby: true }, pool: { max: 4 } });
  assert.deepEqual(
    [member.route, member.flags.standby, member.flags.drain, member.pool.max, member.pool.min],
    ['r', true, false, 4, 0],
  );
});

test('a balancer has the defaults of httpd', () => {
  assert.deepEqual(defaultBalancer('c', []), {
    name: 'c',
    members: [],
    method: 'byrequests',
    timeoutMs: 0,
    failOnStatus: [],
    failOnTimeout: false,
    forceRecovery: true,
    growth: 0,
    probeMs: 0,
    policy: 'mod_proxy',
  });
  assert.deepEqual(defaultStickiness('S'), {
    cookieName: 'S',
    pathName: 'S',
    separator: '.',
    semicolonEnds: false,
    force: false,
  });
});

test('configuration is frozen all the way down, and can be posted to a thread', () => {
  const member = defaultMember(ADDRESS);
  const balancer = defaultBalancer('c', [member], { failOnStatus: [503], stickiness: defaultStickiness('S') });
  for (const part of [
    member,
    member.flags,
    member.pool,
    member.healthCheck,
    balancer,
    balancer.members,
    balancer.failOnStatus,
    balancer.stickiness,
  ])
    assert.ok(Object.isFrozen(part));
  assert.deepEqual(structuredClone(balancer), balancer);
});

test('ports have the defaults of their schemes', () => {
  assert.deepEqual(['ajp', 'http', 'https', 'ws', 'wss', 'fcgi'].map(defaultPort), [8009, 80, 443, 80, 443, undefined]);
});

test('the package exports a balancer that works', () => {
  const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel: () => {} }) };
  const config = published.defaultBalancer('c', [published.defaultMember(ADDRESS)]);
  const balancer = published.Balancer.from(config, { clock });
  assert.equal(balancer.elect(undefined, new published.Election())?.config.url, ADDRESS.url);
});

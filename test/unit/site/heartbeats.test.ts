// Directives of heartbeats, and what is probably not meant with them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSite } from '../../../src/site/check/check.ts';
import { load, site, told } from './support.ts';

const BALANCER =
  '<Proxy balancer://c>\nBalancerMember http://10.0.0.1\nBalancerMember http://name.test\nProxySet lbmethod=heartbeat\n</Proxy>\nProxyPass /x balancer://c/x';

test('HeartbeatListen, HeartbeatStorage and HeartbeatMaxServers say where heartbeats come from', () => {
  const kept = site('HeartbeatListen 239.0.0.1:27999\nHeartbeatMaxServers 20').server.heartbeat;
  assert.deepEqual(
    { ...kept, listen: { ...kept.listen, place: undefined } },
    {
      listen: { host: '239.0.0.1', port: 27999, place: undefined },
      storage: '/srv/logs/hb.dat',
      maxServers: 20,
      isKept: true,
    },
  );
  const read = site('DefaultRuntimeDir run\nHeartbeatStorage beats/hb.dat').server.heartbeat;
  assert.deepEqual([read.isKept, read.listen, read.storage], [false, undefined, '/srv/run/beats/hb.dat']);
  assert.equal(site('HeartbeatListen [ff02::1]:27999\nHeartbeatMaxServers 0').server.heartbeat.isKept, false);
  assert.equal(site('LoadModule heartmonitor_module m').server.heartbeat.isKept, true);
});

for (const text of [
  'HeartbeatListen 239.0.0.1',
  'HeartbeatListen :99',
  'HeartbeatListen 27999',
  'HeartbeatListen 239.0.0.1:0',
  'HeartbeatListen name.test:27999',
  'HeartbeatMaxServers 5',
  'HeartbeatMaxServers -1',
])
  test(`${text} is refused`, () => {
    assert.deepEqual(told(load(text)), ['error bad-value 1']);
  });

test('HeartbeatListen may stand only once', () => {
  assert.deepEqual(told(load('HeartbeatListen 239.0.0.1:1\nHeartbeatListen 239.0.0.2:1')), ['error bad-value 2']);
});

test('lbmethod=heartbeat is told when it can hear nobody, or not a member by its name', () => {
  const codes = (text: string) =>
    checkSite(site(`ProxyPreserveHost On\n${text}`)).map((one) => `${one.code} ${one.line - 4}`);
  assert.equal(site(BALANCER).balancers.get('balancer://c')?.method, 'heartbeat');
  assert.deepEqual(codes(BALANCER), []);
  assert.deepEqual(codes(`LoadModule heartmonitor_module m\n${BALANCER}`), ['heartbeat-silent 3']);
  assert.deepEqual(codes(`HeartbeatListen 239.0.0.1:27999\n${BALANCER}`), ['heartbeat-name 4']);
});

test('SetHandler heartbeat open to everybody is told', () => {
  const open = '<Location /HeartbeatListener>\nSetHandler heartbeat\n</Location>';
  assert.deepEqual(
    checkSite(site(open)).map(({ code }) => code),
    ['manager-open'],
  );
});

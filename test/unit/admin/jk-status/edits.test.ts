// What cmd=update makes of its parameters.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAttributeEdits, readLbEdits, readTomcatEdits } from '../../../../src/admin/jk-status/edits.ts';
import { readQuery } from '../../../../src/admin/jk-status/query.ts';
import { LB, SOLO } from './view.ts';

const [A, B] = LB.members;
const ofLb = (text: string) => readLbEdits(readQuery(text).parameters, LB);
const ofMember = (text: string, member: typeof A = B) =>
  readTomcatEdits(readQuery(text).parameters, member, isResolved);
const isResolved = (host: string) => host !== 'nowhere';

// vlr, vlri, vlt, vlee, vlx, vls, vlf, vlm, vll
test('all parameters of an lb worker are taken', () => {
  assert.deepEqual(ofLb('vlr=3&vlri=50&vlt=30&vlee=10&vlx=5&vls=0&vlf=1&vlm=2&vll=P'), {
    retries: 3,
    retryIntervalMs: 50,
    recoverSeconds: 30,
    escalationSeconds: 10,
    maxReplyTimeouts: 5,
    isSticky: false,
    isForced: true,
    method: 'busyness',
    lock: 'pessimistic',
  });
});

test('values of an lb worker that are out of range, or those in force, change nothing', () => {
  assert.deepEqual(ofLb('vlr=0&vlri=0&vlt=-1&vlee=0&vlx=-1&vls=maybe&vlf='), {});
  assert.deepEqual(ofLb('vlr=2&vlri=100&vlt=60&vls=1&vlm=R&vll=0'), {});
});

// vlm
test('methods go by their first letter or digit; what is none is Request', () => {
  const methods = ['0', 'T', '2', 'sessions', 'N'].map((text) => ofLb(`vlm=${text}`).method);
  assert.deepEqual(methods, [undefined, 'traffic', 'busyness', 'session', 'next']);
  const changed = { ...LB, method: 'next' as const };
  assert.equal(readLbEdits(readQuery('vlm=x').parameters, changed).method, 'request');
});

// vwa, vwf, vwn, vwr, vwc, vwd
test('all parameters of a member are taken', () => {
  assert.deepEqual(ofMember('vwa=d&vwf=5&vwn=newroute&vwr=a&vwc=dom&vwd=2').edits, {
    activation: 'disabled',
    factor: 5,
    route: 'newroute',
    redirect: 'a',
    domain: 'dom',
    distance: 2,
  });
});

// vahst, vaprt, vacpt, vapng, vact, vapt, vart, var, vari, vacpi, varo, vabl, vamps
test('all parameters of a connection are taken, of members and of ajp workers', () => {
  const text =
    'vahst=tomcat2&vaprt=9000&vacpt=1&vapng=2&vact=3&vapt=4&vart=6&var=7&vari=8&vacpi=9&varo=10&vabl=11&vamps=9000';
  const wanted = {
    host: 'tomcat2',
    port: 9000,
    poolTimeoutSeconds: 1,
    pingTimeoutMs: 2,
    connectTimeoutMs: 3,
    prepostTimeoutMs: 4,
    replyTimeoutMs: 6,
    retries: 7,
    retryIntervalMs: 8,
    pingIntervalSeconds: 9,
    recoveryOptions: 10,
    busyLimit: 11,
    maxPacketSize: 9216,
  };
  assert.deepEqual(ofMember(text), { edits: wanted, error: undefined });
  assert.deepEqual(readTomcatEdits(readQuery(`${text}&vwf=9`).parameters, SOLO, isResolved).edits, wanted);
});

test('values of a member that are out of range are passed over, and an activation that is none is active', () => {
  assert.deepEqual(
    ofMember('vwf=0&vwd=-1&vaprt=70000&var=0&vari=0&vacpi=0&varo=-1&vabl=-1&vamps=70000&vwa=9').edits,
    {},
  );
  assert.deepEqual(ofMember('vwa=9', LB.members[2]).edits, { activation: 'active' });
});

test('empty texts clear redirect and domain', () => {
  assert.deepEqual(ofMember('vwr=').edits, { redirect: '' });
  assert.deepEqual(ofMember('vwc=', A).edits, { domain: '' });
});

test('a member without a domain gets that of its new route', () => {
  assert.deepEqual(ofMember('vwn=east.b').edits, { route: 'east.b', domain: 'east' });
  assert.deepEqual(ofMember('vwn=east.a', A).edits, { route: 'east.a' });
  assert.deepEqual(ofMember('vwn=east.b&vwc=west').edits, { route: 'east.b', domain: 'west' });
});

test('a name of more than 60 octets is told, and the rest is done', () => {
  const long = 'x'.repeat(61);
  assert.deepEqual(ofMember(`vwf=9&vwn=${long}`), {
    edits: { factor: 9 },
    error: `Update failed (at least partially): new route '${long}' too long for sub worker 'b', see log file for details.`,
  });
  assert.deepEqual(ofMember(`vwn=${long.slice(1)}`).error, undefined);
});

test('a host without an address is told, and the member stays where it is', () => {
  assert.deepEqual(ofMember('vwf=9&vahst=nowhere'), {
    edits: { factor: 9 },
    error: "Update failed (at least partially): could not resolve address 'nowhere:18102' for sub worker 'b'.",
  });
});

// att, val0, val1
test('one attribute is set for all members by their order', () => {
  const edits = (text: string, name: string) => readAttributeEdits(readQuery(text).parameters, name, LB);
  assert.deepEqual(edits('val0=1&val1=2&val2=0', 'vwa'), [
    { activation: 'disabled' },
    { activation: 'stopped' },
    { activation: 'active' },
  ]);
  assert.deepEqual(edits('val0=7&val2=0', 'vwf'), [{ factor: 7 }, {}, {}]);
  assert.deepEqual(edits(`val0=${'x'.repeat(61)}&val1=r`, 'vwn'), [{}, { route: 'r' }, {}]);
  for (const name of ['vahst', 'vaprt', 'nope']) assert.deepEqual(edits('val0=1&val1=1', name), [{}, {}, {}]);
});

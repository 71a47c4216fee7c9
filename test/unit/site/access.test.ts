// Access rules: compiled from directives, judged for clients.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress, parseRange } from '../../../src/base/addresses.ts';
import { NO_SUBJECT } from '../../../src/config/expression/expression.ts';
import { type AccessFacts, isAllowed } from '../../../src/site/access.ts';
import { load, main, settingsAt, told } from './support.ts';

function facts(clientAddress: string, more: Partial<AccessFacts> & { env?: string[] } = {}): AccessFacts {
  return {
    clientAddress,
    serverAddress: '192.0.2.1',
    method: 'GET',
    hasEnv: (name) => more.env?.includes(name) ?? false,
    clientHost: () => (clientAddress === '127.0.0.1' || clientAddress === '::1' ? 'localhost' : ''),
    addressesOf: () => [],
    authenticate: () => ({ kind: 'refused' }),
    groupsOf: () => new Set(),
    subject: NO_SUBJECT,
    ...more,
  };
}

/** Whether a client enters /a under these lines. */
function enters(lines: string, client: AccessFacts): boolean {
  return isAllowed(settingsAt(main(`<Location /a>\n${lines}\n</Location>`), '/a').access, client);
}

for (const [lines, allowed, refused] of [
  ['', ['10.1.2.3', '::1'], []],
  ['Require all granted', ['10.1.2.3'], []],
  ['Require all denied', [], ['127.0.0.1', '::1']],
  ['Require ip 10.1', ['10.1.2.3', '::ffff:10.1.2.3'], ['10.2.0.1', '::1', '110.1.2.3', 'nonsense']],
  ['Require ip 10.1.2.0/23 2001:db8::/32', ['10.1.3.255', '2001:db8:1::5'], ['10.1.4.0', '2001:db9::1']],
  ['Require ip 10.0.0.0/255.0.255.0', ['10.9.0.1'], ['10.9.1.1']],
  ['Require ip 10.1.2.3\nRequire ip 10.1.2.4', ['10.1.2.3', '10.1.2.4'], ['10.1.2.5']],
  ['Require local', ['127.0.0.1', '127.9.9.9', '::1', '192.0.2.1'], ['10.0.0.1']],
  ['Require host localhost', ['127.0.0.1', '::1'], ['10.0.0.1']],
  ['Require method GET POST', ['10.0.0.1'], []],
  ['Require method POST', [], ['10.0.0.1']],
  ['<RequireAll>\nRequire ip 10\nRequire not ip 10.1\n</RequireAll>', ['10.2.0.1'], ['10.1.0.1', '11.0.0.1']],
  ['<RequireAny>\nRequire ip 10\nRequire ip 11\n</RequireAny>', ['10.2.0.1', '11.0.0.1'], ['12.0.0.1']],
  [
    '<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 10\nRequire ip 11\n</RequireNone>\n</RequireAll>',
    ['12.0.0.1'],
    ['10.0.0.1', '11.0.0.1'],
  ],
  [
    '<RequireAll>\n<RequireAny>\nRequire ip 10\nRequire ip 11\n</RequireAny>\nRequire not ip 10.1\n</RequireAll>',
    ['10.2.0.1'],
    ['10.1.0.1', '12.0.0.1'],
  ],
  ['Order deny,allow\nDeny from all\nAllow from 192.168.1.0/24', ['192.168.1.9'], ['192.168.2.1']],
  ['Order allow,deny\nAllow from all\nDeny from 10.1', ['10.2.0.1'], ['10.1.0.1']],
  ['Order allow,deny', [], ['10.0.0.1']],
  ['Order deny,allow', ['10.0.0.1'], []],
  ['Order mutual-failure\nAllow from 10\nDeny from 10.1', ['10.2.0.1'], ['10.1.0.1', '11.0.0.1']],
  ['Deny from 10.1 11', ['12.0.0.1'], ['10.1.0.1', '11.0.0.1']],
  ['Order deny,allow\nDeny from all\nAllow from localhost', ['127.0.0.1'], ['10.0.0.1']],
  ['Order deny,allow\nDeny from all\nRequire all granted', [], ['10.0.0.1']],
  ['Order deny,allow\nDeny from all\nAllow from 10\nRequire ip 10.1', ['10.1.0.1'], ['10.2.0.1', '11.0.0.1']],
  [
    'Satisfy any\nOrder deny,allow\nDeny from all\nAllow from 10\nRequire ip 11',
    ['10.0.0.1', '11.0.0.1'],
    ['12.0.0.1'],
  ],
] as const)
  test(`${JSON.stringify(lines)} lets in whom it should`, () => {
    for (const address of allowed) assert.equal(enters(lines, facts(address)), true, address);
    for (const address of refused) assert.equal(enters(lines, facts(address)), false, address);
  });

test('variables of the request let in and keep out', () => {
  assert.equal(enters('Require env OK NO', facts('10.0.0.1', { env: ['OK'] })), true);
  assert.equal(enters('Require env OK', facts('10.0.0.1')), false);
  const order = 'Order deny,allow\nDeny from all\nAllow from env=good';
  assert.equal(enters(order, facts('10.0.0.1', { env: ['good'] })), true);
  assert.equal(enters(order, facts('10.0.0.1')), false);
  assert.equal(enters('Order allow,deny\nAllow from all\nDeny from env=!good', facts('10.0.0.1')), false);
});

test('HEAD is allowed where GET is', () => {
  assert.equal(enters('Require method GET', facts('10.0.0.1', { method: 'HEAD' })), true);
});

for (const [lines, code] of [
  ['Require', 'argument-count'],
  ['Require all', 'bad-value'],
  ['Require ip', 'argument-count'],
  ['Require ip 10.0.0.0/33', 'bad-value'],
  ['Require ip 10.0.0.0/0', 'bad-value'],
  ['Require ip 10.1/16', 'bad-value'],
  ['Require ip 300.1', 'bad-value'],
  ['Require ip ::1/129', 'bad-value'],
  ['Require not ip 10.1', 'bad-value'],
  ['<RequireAny>\nRequire not ip 10.1\n</RequireAny>', 'bad-value'],
  ['<RequireAll>\nRequire not ip 10.1\n</RequireAll>', 'bad-value'],
  ['<RequireAll>\n</RequireAll>', 'bad-value'],
  ['<RequireAll>\nOrder deny,allow\n</RequireAll>', 'not-here'],
  ['<RequireAny>\n<RequireNone>\nRequire ip 10.1\n</RequireNone>\n</RequireAny>', 'bad-value'],
  ['<RequireNone>\nRequire ip 10.1\n</RequireNone>', 'bad-value'],
  ['Require method get', 'bad-value'],
  ['<Limit TRACE>\nRequire all denied\n</Limit>', 'bad-value'],
  ['<Limit GET>\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Limit>', 'bad-value'],
  ['<Limit GET>\n<Limit GET>\nRequire all denied\n</Limit>\n</Limit>', 'bad-value'],
  ['Require file-owner', 'restriction-not-honoured'],
  ['Require file-group', 'restriction-not-honoured'],
  ['Require ldap-user tom', 'restriction-not-honoured'],
  ['Require user %{ENV:WHO', 'bad-expression'],
  ['AuthType Digest', 'restriction-not-honoured'],
  ['AuthType Form', 'restriction-not-honoured'],
  ['AuthBasicProvider file ldap', 'restriction-not-honoured'],
  ['AuthBasicUseDigestAlgorithm MD5', 'restriction-not-honoured'],
  ['Order deny, allow', 'bad-value'],
  ['Allow all', 'argument-count'],
  ['Allow from', 'argument-count'],
  ['Allow from 10.0.0.0/99', 'bad-value'],
  ['Allow from #x', 'bad-value'],
  ['Satisfy some', 'bad-value'],
] as const)
  test(`${JSON.stringify(lines)} is refused as ${code}`, () => {
    const loaded = load(`<Location /a>\n${lines}\n</Location>`);
    assert.equal(loaded.snapshot, undefined);
    assert.match(told(loaded)[0], new RegExp(`^error ${code} `));
  });

test('addresses in all their spellings', () => {
  assert.deepEqual(parseAddress('::ffff:1.2.3.4'), [1, 2, 3, 4]);
  assert.equal(parseAddress('2001:db8::1')?.length, 16);
  assert.equal(parseAddress('fe80::1%eth0')?.length, 16);
  for (const text of ['', '1.2.3', '1.2.3.256', ':::', '1::2::3', 'g::1', '1:2:3:4:5:6:7:8:9', '::1.2.3', '1.2.3.4.5'])
    assert.equal(parseAddress(text), undefined, text);
  for (const text of ['', '10.1.2.3.4', '10..1', '10.1.2.3/x', '::1/255.0.0.0', '256'])
    assert.equal(parseRange(text), undefined, text);
});

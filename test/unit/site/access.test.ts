// Access rules: compiled from directives, judged for clients.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress, parseRange } from '../../../src/base/addresses.ts';
import { NO_SUBJECT } from '../../../src/config/expression/expression.ts';
import { type AccessFacts, type AccessVerdict, isAllowed, judgeAccess } from '../../../src/site/access/access.ts';
import { HostSettings } from '../../../src/site/settings.ts';
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

// --- users ----------------------------------------------------------------------------------------------------------

const USERS = { who: 'tom', groups: ['staff'] };

/** The verdict on a request of `who` (nobody: no credentials), whose password is right. */
function verdictOn(lines: string, who?: string, method = 'GET', path = '/a'): AccessVerdict {
  const host = main(lines.includes('<Location') ? lines : `<Location /a>\n${lines}\n</Location>`);
  const { access } = settingsAt(host, path);
  if (access === undefined) return 'in';
  return judgeAccess(
    access,
    facts('10.0.0.1', {
      method,
      authenticate: () => (who === undefined ? { kind: 'refused' } : { kind: 'user', user: who }),
      groupsOf: (user) => new Set(user === USERS.who ? USERS.groups : []),
    }),
  );
}

const BASIC = 'AuthType Basic\nAuthName x\nAuthUserFile users\nAuthGroupFile groups\n';

for (const [lines, nobody, tom, ann] of [
  [`${BASIC}Require valid-user`, 401, 'in', 'in'],
  [`${BASIC}Require user tom`, 401, 'in', 401],
  [`${BASIC}Require user ann tom`, 401, 'in', 'in'],
  [`${BASIC}Require group STAFF`, 401, 'in', 401],
  [`${BASIC}Require group none`, 401, 401, 401],
  [`${BASIC}Require user tom\nRequire ip 10`, 'in', 'in', 'in'],
  [`${BASIC}Require all denied`, 403, 403, 403],
  [`${BASIC}<RequireAll>\nRequire valid-user\nRequire not user tom\n</RequireAll>`, 401, 401, 'in'],
  [`${BASIC}<RequireAll>\nRequire valid-user\nRequire ip 11\n</RequireAll>`, 403, 403, 403],
  // AuthzSendForbiddenOnFailure
  [`${BASIC}Require user tom\nAuthzSendForbiddenOnFailure On`, 401, 'in', 403],
  // Satisfy
  [`${BASIC}Require user tom\nOrder deny,allow\nDeny from all\nSatisfy any`, 401, 'in', 401],
  [`${BASIC}Require user tom\nOrder allow,deny\nAllow from 10\nSatisfy any`, 'in', 'in', 'in'],
  [`${BASIC}Require user tom\nOrder allow,deny\nAllow from 11\nSatisfy all`, 403, 403, 403],
  // What is half said is never open.
  ['Require valid-user', 500, 500, 500],
  ['AuthType Basic\nRequire valid-user', 500, 500, 500],
  ['AuthType None\nAuthName x\nRequire valid-user', 500, 500, 500],
  [`${BASIC}`, 500, 500, 500],
  ['AuthType None\nAuthName x', 'in', 'in', 'in'],
  // AuthBasicUseDigestAlgorithm
  [`${BASIC}AuthBasicUseDigestAlgorithm Off\nRequire valid-user`, 401, 'in', 'in'],
] as const)
  test(`${JSON.stringify(lines.replace(BASIC, '… '))} decides about users as httpd does`, () => {
    assert.deepEqual([verdictOn(lines), verdictOn(lines, 'tom'), verdictOn(lines, 'ann')], [nobody, tom, ann]);
  });

// SSLUserName
test('whom a certificate names is not asked who he is, and is sent away where others are asked', () => {
  const ask = (lines: string, knownUser: string) => {
    const { access } = settingsAt(main(`<Location /a>\n${lines}\n</Location>`), '/a');
    assert.ok(access);
    return judgeAccess(access, facts('10.0.0.1', { knownUser }));
  };
  assert.equal(ask('Require valid-user', 'tom'), 'in');
  assert.equal(ask('Require user tom', 'tom'), 'in');
  assert.equal(ask('Require user tom', 'ann'), 403);
  assert.equal(ask(`${BASIC}Require user tom`, 'ann'), 403);
});

// <Limit>, <LimitExcept>
for (const [lines, get, head, post, brew] of [
  ['<Limit GET>\nRequire all denied\n</Limit>', 403, 403, 'in', 'in'],
  ['<Limit HEAD POST>\nRequire all denied\n</Limit>', 403, 403, 403, 'in'],
  ['<LimitExcept GET>\nRequire all denied\n</LimitExcept>', 'in', 'in', 403, 403],
  ['<LimitExcept POST>\nRequire all denied\n</LimitExcept>\nRequire all granted', 'in', 'in', 'in', 'in'],
  ['Require all denied\n<Limit POST>\nRequire all granted\n</Limit>', 403, 403, 'in', 403],
  ['<Limit GET POST>\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Limit>', 'in', 'in', 403, 'in'],
  [
    '<RequireAll>\nRequire all granted\n<Limit POST>\nRequire not ip 10\n</Limit>\n</RequireAll>',
    'in',
    'in',
    403,
    'in',
  ],
  ['<Limit POST>\nOrder deny,allow\nDeny from all\n</Limit>', 'in', 'in', 403, 'in'],
  ['Order allow,deny\n<LimitExcept POST>\nOrder deny,allow\n</LimitExcept>\nAllow from all', 'in', 'in', 'in', 'in'],
  ['Deny from all\n<Limit GET>\nSatisfy any\nRequire all granted\n</Limit>', 'in', 'in', 403, 403],
] as const)
  test(`${JSON.stringify(lines)} speaks of its methods`, () => {
    const verdicts = ['GET', 'HEAD', 'POST', 'BREW'].map((method) => verdictOn(lines, undefined, method));
    assert.deepEqual(verdicts, [get, head, post, brew]);
  });

// AuthMerging
for (const [outer, inner, expected] of [
  ['Require ip 10', 'Require ip 11', 403],
  ['Require ip 10', 'AuthMerging And\nRequire ip 11', 403],
  ['Require ip 10', 'AuthMerging And\nRequire all granted', 'in'],
  ['Require ip 11', 'AuthMerging And\nRequire all granted', 403],
  ['Require ip 10', 'AuthMerging Or\nRequire ip 11', 'in'],
  ['Require ip 11', 'AuthMerging Off', 'in'],
  ['Require ip 11', 'AuthMerging And', 403],
  ['Require ip 11', 'AuthName x', 403],
  ['Require all granted\nOrder deny,allow\nDeny from all', 'Order deny,allow', 'in'],
  ['Require all granted\nOrder deny,allow\nDeny from all', 'Satisfy all', 'in'],
] as const)
  test(`${JSON.stringify(inner)} within ${JSON.stringify(outer)}`, () => {
    const lines = `<Location /a>\n${outer}\n</Location>\n<Location /a/b>\n${inner}\n</Location>`;
    assert.equal(verdictOn(lines, undefined, 'GET', '/a/b'), expected);
  });

test('sections of one kind are merged with each other before they lie over others', () => {
  const text =
    '<Directory /srv/htdocs>\nRequire ip 11\n</Directory>\n' +
    '<Location /x>\nAuthMerging And\nRequire ip 10\n</Location>\n<Location /x/y>\nAuthMerging Or\nRequire ip 12\n</Location>';
  const { access } = new HostSettings(main(text)).forFile('/x/y', '/srv/htdocs/x/y', undefined);
  // (ip 10 or ip 12) or ip 11, as httpd joins them; one after the other it would be (ip 11 and ip 10) or ip 12.
  assert.deepEqual(
    ['10.0.0.1', '11.0.0.1', '12.0.0.1', '13.0.0.1'].map((client) => isAllowed(access, facts(client))),
    [true, true, true, false],
  );
});

// --- facts that take time -------------------------------------------------------------------------------------------

test('what is not known yet is waited for only where it could change the answer', () => {
  const waits = { clientHost: () => undefined, addressesOf: () => undefined };
  const ask = (lines: string, client = '10.0.0.1') => {
    const { access } = settingsAt(main(`<Location /a>\n${lines}\n</Location>`), '/a');
    assert.ok(access);
    return judgeAccess(access, facts(client, waits));
  };
  assert.equal(ask('Require host a.test'), 'wait');
  assert.equal(ask('Require forward-dns a.test'), 'wait');
  assert.equal(ask('Require ip 10\nRequire host a.test'), 'in');
  assert.equal(ask('<RequireAll>\nRequire ip 11\nRequire host a.test\n</RequireAll>'), 403);
  assert.equal(ask('Order allow,deny\nAllow from a.test'), 'wait');
  assert.equal(ask('Order allow,deny\nAllow from all\nDeny from 10'), 403);
  assert.equal(ask('Order deny,allow\nDeny from 11\nAllow from a.test'), 'in');
});

test('a host lies within a domain at a dot', () => {
  const of = (host: string) => facts('10.0.0.1', { clientHost: () => host });
  for (const [host, expected] of [
    ['good.test', true],
    ['www.good.test', true],
    ['nogood.test', false],
    ['test', false],
    ['', false],
  ] as const)
    for (const lines of ['Require host Good.TEST', 'Order allow,deny\nAllow from good.test'])
      assert.equal(enters(lines, of(host)), expected, `${host} ${lines}`);
  assert.equal(enters('Require host .good.test', of('www.good.test')), true);
  assert.equal(enters('Require host # good.test', of('good.test')), false);
  assert.equal(enters('Require host good.test# www.test', of('good.test')), true);
  assert.equal(
    enters('<RequireAll>\nRequire all granted\nRequire not host good.test\n</RequireAll>', of('a.good.test')),
    false,
  );
  const forward = facts('10.0.0.1', { addressesOf: (name) => (name === 'a.test' ? ['::ffff:10.0.0.1'] : []) });
  assert.equal(enters('Require forward-dns b.test A.test', forward), true);
  assert.equal(enters('Require forward-dns b.test', forward), false);
});

test('a password file is looked at beforehand: who cannot log in is told with the line', () => {
  const users = 'a:$apr1$salt$42GgRr8OmikkTsNrO.jqf0\nb:plain\nc:abHmYwzWPQJxg\n';
  const text = '<Location /a>\nAuthUserFile users\nAuthGroupFile groups\n</Location>';
  const { findings } = load(text, { '/srv/users': users, '/srv/groups': 'staff: a\n' });
  assert.deepEqual(
    findings.map(({ severity, code, file, line }) => `${severity} ${code} ${file}:${line}`),
    ['warning password-not-taken /srv/users:2', 'warning password-not-taken /srv/users:3'],
  );
  assert.deepEqual(told(load(text)), ['warning file-missing 2', 'warning file-missing 3']);
});

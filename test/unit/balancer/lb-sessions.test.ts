// Where lb workers of mod_jk find sessions, and where those lead: J-STK-* and J-ISO-*, recorded on mod_jk 1.2.48.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LbSessionFinder } from '../../../src/balancer/lb/session-ids.ts';
import { Session } from '../../../src/balancer/stickiness.ts';
import { cookieFields } from './lab.ts';
import { type Ask, cookie, jkMember, LbLab } from './lb-lab.ts';

const two = (): LbLab => new LbLab([jkMember('a'), jkMember('b')]);

/** Each on a fresh worker of a and b: to b by its session, or in turn. */
const ISOLATED: readonly (readonly [id: string, ask: Ask, recorded: string])[] = [
  ['J-ISO-two-cookies-1st-unknown', cookie('JSESSIONID=x.zzz; JSESSIONID=y.b'), 'bbbbbb'],
  ['J-ISO-two-cookies-a-then-b', cookie('JSESSIONID=x.b; JSESSIONID=y.a'), 'bbbbbb'],
  ['J-ISO-url-noroute-cookie-b', { path: '/x/p;jsessionid=q', cookies: ['JSESSIONID=q.b'] }, 'ababab'],
  ['J-ISO-url-unknown-cookie-b', { path: '/x/p;jsessionid=q.zzz', cookies: ['JSESSIONID=q.b'] }, 'ababab'],
  ['J-ISO-quoted', cookie('JSESSIONID="q.b"'), 'bbbbbb'],
  ['J-ISO-prefix-name', cookie('XJSESSIONID=q.b'), 'ababab'],
  ['J-ISO-suffix-name', cookie('JSESSIONIDX=q.b'), 'ababab'],
  ['J-ISO-value-contains-name', cookie('a=JSESSIONID=q.b'), 'ababab'],
  ['J-ISO-space-before-eq', cookie('JSESSIONID =q.b'), 'bbbbbb'],
  ['J-ISO-lowercase-cookie-name', cookie('jsessionid=q.b'), 'ababab'],
  ['J-ISO-path-then-slash', { path: '/x/p;jsessionid=q.b/more' }, 'bbbbbb'],
  ['J-ISO-path-then-semi', { path: '/x/p;jsessionid=q.b;v=1' }, 'bbbbbb'],
  ['J-ISO-path-upper', { path: '/x/p;JSESSIONID=q.b' }, 'ababab'],
  ['J-ISO-cookie-encoded-dot', cookie('JSESSIONID=q%2Eb'), 'ababab'],
  ['J-ISO-cookie-two-dots', cookie('JSESSIONID=q.r.b'), 'ababab'],
  ['J-ISO-comma-separated', cookie('a=1,JSESSIONID=q.b,c=2'), 'bbbbbb'],
  ['two Cookie fields', { cookies: ['JSESSIONID=x.zzz', 'JSESSIONID=y.b'] }, 'bbbbbb'],
];
for (const [id, ask, recorded] of ISOLATED) test(`${id}: ${recorded}`, () => two().expect(recorded, ask));

test('all cookies of the name count as one id, in order; an empty one alone is none', () => {
  const find = (cookies: string[]) => {
    const session = new Session();
    new LbSessionFinder({ cookieName: 'S', pathName: ';s' }).find('/x', cookieFields(cookies), session);
    return [session.id, ...session.routes];
  };
  assert.deepEqual(find(['S=1.a; S="2.b"', 'S=3']), ['1.a;2.b;3', 'a', 'b']);
  assert.deepEqual(find(['S=']), [undefined]);
  assert.deepEqual(find(['S=;']), [undefined]);
  assert.deepEqual(find(['T=1; S=1.']), ['1.', '']);
});

test('no more than 32 sessions of a request are looked at', () => {
  const session = new Session();
  const crowd = Array.from({ length: 100 }, (_, i) => `S=${i}.r${i}`).join(';');
  new LbSessionFinder({ cookieName: 'S', pathName: ';s' }).find('/x', cookieFields([crowd]), session);
  assert.equal(session.routes.length, 32);
});

test('tools are told of every session that a request names', () => {
  const found = new LbSessionFinder({ cookieName: 'S', pathName: ';s' }).findAll(
    '/x;s=1.a',
    cookieFields(['S=2.b; S=3.c']),
  );
  assert.deepEqual(
    found.map(({ source, route }) => `${source} ${route}`),
    ['url a', 'cookie b', 'cookie c'],
  );
});

// worker.<lb>.sticky_session
test('J-STK-06: without sticky_session the session is not looked at', () => {
  new LbLab([jkMember('a'), jkMember('b')], { sticky: false }).expect('ababab', cookie('JSESSIONID=q.b'));
});

// worker.<lb>.sticky_session_force
test('J-STK-07: sticky_session_force refuses unknown routes, ids without a route and sessions whose member is out', () => {
  const lab = new LbLab([jkMember('a'), jkMember('b')], { force: true });
  assert.equal(lab.ask(cookie('JSESSIONID=q.zzz')), '!503');
  assert.equal(lab.ask(), 'a');
  lab.mode('b', 'refuse');
  lab.expect('!503 !503', cookie('JSESSIONID=q.b'));
  lab.mode('b', 'normal');
  assert.equal(lab.ask(cookie('JSESSIONID=q.b')), 'b');
  assert.equal(lab.ask(cookie('JSESSIONID=noroute')), '!503');
  assert.equal(lab.election.reason, 'forced');
});

// worker.<member>.route
test('J-STK-11: sessions are found by the route, not by the name', () => {
  const lab = new LbLab([jkMember('a', { route: 'ra' }), jkMember('b', { route: 'rb' })]);
  lab.expect('bbbb', cookie('JSESSIONID=q.rb'));
  lab.expect('aaaa', cookie('JSESSIONID=q.b'));
  assert.equal(lab.election.lb.jvmRoute, 'ra');
});

// worker.<member>.activation
test('J-STK-12: a disabled member serves its sessions alone, a stopped one nobody', () => {
  const lab = new LbLab([
    jkMember('a'),
    jkMember('b', { activation: 'disabled' }),
    jkMember('c', { activation: 'stopped' }),
  ]);
  lab.expect('aaaaaa');
  lab.expect('bbbb', cookie('JSESSIONID=q.b'));
  assert.equal(lab.election.lb.activation, 'disabled');
  lab.expect('aaa', cookie('JSESSIONID=q.c'));
});

test('the activation of a rule comes before that of the member', () => {
  const lab = new LbLab([jkMember('a'), jkMember('b', { activation: 'stopped' })]);
  const activations = new Map([
    ['a', 'disabled'],
    ['b', 'active'],
  ] as const);
  lab.expect('bbb', { rules: { activations } });
  lab.expect('a', { rules: { activations }, cookies: ['JSESSIONID=1.a'] });
  lab.expect('aaa');
});

// worker.<member>.domain
test('J-STK-17: sessions of a member that is out stay in its domain, and are told the domain as their route', () => {
  const lab = new LbLab(['a', 'b', 'c', 'd'].map((name) => jkMember(name, { domain: name < 'c' ? 'd1' : 'd2' })));
  lab.expect('abcdabcd');
  lab.mode('c', 'refuse');
  lab.expect('dddddd', cookie('JSESSIONID=q.c'));
  assert.deepEqual([lab.election.reason, lab.election.lb.jvmRoute, lab.election.isSticky], ['domain', 'd2', false]);
  lab.expect('ababab', cookie('JSESSIONID=q.d1'));
  lab.expect('ab', cookie('JSESSIONID=q.d1.whatever'));
});

test('an exact route comes before a domain of that name', () => {
  const lab = new LbLab([jkMember('a', { domain: 'b' }), jkMember('b')]);
  lab.expect('bb', cookie('JSESSIONID=q.b'));
});

test('a route with a dot makes its beginning the domain', () => {
  const lab = new LbLab([
    jkMember('a', { route: 'east.1' }),
    jkMember('b', { route: 'west.1' }),
    jkMember('c', { route: 'west.2' }),
  ]);
  lab.mode('b', 'refuse');
  lab.expect('ccc', cookie('JSESSIONID=q.west.1'));
});

// worker.<member>.redirect
test('a redirect comes before the domain, and may lead to a disabled member', () => {
  const lab = new LbLab([
    jkMember('a', { domain: 'd', redirect: 'c' }),
    jkMember('b', { domain: 'd' }),
    jkMember('c', { activation: 'disabled' }),
  ]);
  lab.mode('a', 'refuse');
  lab.expect('ccc', cookie('JSESSIONID=q.a'));
  assert.equal(lab.election.reason, 'redirect');
});

test('J-STK-16: when nobody can be chosen, the first redirect leads to the hot standby, which gives back', () => {
  const lab = new LbLab([jkMember('a', { redirect: 'b' }), jkMember('b', { activation: 'disabled' })], {
    recoverMs: 1000,
    maintainMs: 1000,
  });
  lab.expect('aa');
  lab.mode('a', 'refuse');
  lab.expect('bb');
  assert.equal(lab.election.reason, 'standby');
  lab.mode('a', 'normal');
  lab.clock.advance(2500);
  lab.expect('aa');
});

test('J-STK-22: a disabled member alone serves its sessions and nobody else', () => {
  const lab = new LbLab([jkMember('a', { activation: 'disabled' })]);
  assert.equal(lab.ask(), '!503');
  assert.equal(lab.ask(cookie('JSESSIONID=q.a')), 'a');
});

test('a member alone takes every session as its own', () => {
  const lab = new LbLab([jkMember('a')], { force: true });
  assert.equal(lab.ask(cookie('JSESSIONID=q.zzz')), 'a');
  assert.equal(lab.election.isSticky, true);
});

test('J-STK-24: JK_ROUTE stands for a session, and is what the member is told', () => {
  const lab = two();
  lab.expect('bbbb', { route: 'b', cookies: ['JSESSIONID=q.a'] });
  assert.equal(lab.election.lb.jvmRoute, 'b');
});

// worker.<lb>.session_cookie, worker.<lb>.session_path
test('J-STK-26: a rule ignores sessions, or names its own cookie and path parameter', () => {
  const lab = two();
  lab.expect('abab', { cookies: ['JSESSIONID=q.b'], rules: { ignoresSessions: true } });
  const rules = { sessionCookie: 'SID', sessionPath: ';sid' };
  lab.expect('bbbb', { cookies: ['SID=q.b'], rules });
  lab.expect('bbbb', { path: '/c/p;sid=q.b', rules });
});

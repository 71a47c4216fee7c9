// Sessions at work: the sequences that httpd 2.4.71 gave (P-STK-*, P-ISO-*), and where its redirects and force lead.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultStickiness, type StickinessConfig } from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import { type Ask, Lab, member, sessionOf } from './lab.ts';

const JSESSIONID: StickinessConfig = defaultStickiness('JSESSIONID', { pathName: 'jsessionid' });

function labOfTwo(stickiness: Partial<StickinessConfig> = {}): Lab {
  return new Lab([member('a'), member('b')], { stickiness: { ...JSESSIONID, ...stickiness } });
}

const cookie = (...cookies: string[]): Ask => ({ cookies });
const url = (path: string, ...cookies: string[]): Ask => ({ url: path, cookies });

/** Each runs on a fresh balancer with members a and b; a step is a request and the sequence it gave. */
const RECORDED: readonly (readonly [
  id: string,
  stickiness: Partial<StickinessConfig>,
  ...steps: (readonly [Ask, string])[],
])[] = [
  ['P-STK-01', {}, [cookie('JSESSIONID=abc.b'), 'bbbbbb']],
  ['P-STK-03', {}, [url('/x/p;jsessionid=abc.b/more'), 'ababab'], [url('/x/p;jsessionid=abc.b;v=1'), 'ababab']],
  [
    'P-STK-05',
    {},
    [url('/x/p?jsessionid=abc.b'), 'bbbbbb'],
    [url('/x/p?q=1&jsessionid=abc.b&z=1'), 'bbbbbb'],
    [url('/x/p?xjsessionid=abc.b'), 'bbbbbb'],
  ],
  [
    'P-STK-06',
    {},
    [url('/x/p;jsessionid=abc.a', 'JSESSIONID=abc.b'), 'aaaaaa'],
    [url('/x/p;jsessionid=abc', 'JSESSIONID=abc.b'), 'bbbbbb'],
  ],
  ['P-STK-07', {}, [cookie('JSESSIONID=abc.zzz'), 'abababab']],
  ['P-STK-10', {}, [cookie('JSESSIONID="abc.b"'), 'ababab']],
  ['P-STK-13', { separator: '!' }, [cookie('JSESSIONID=abc!b'), 'bbbb'], [cookie('JSESSIONID=abc.b'), 'aaaa']],
  ['P-STK-17', {}, [cookie('JSESSIONID=abc.a'), 'aaaaaa'], [{}, 'bbbbbbabab']],
  [
    'P-STK-24',
    { cookieName: 'SID', pathName: 'SID' },
    [cookie('SID=1.b'), 'bbbb'],
    [url('/x/p;SID=1.b'), 'bbbb'],
    [url('/x/p?SID=1.b'), 'bbbb'],
  ],
  // The URL reaches the search decoded and encoded again, a cookie as it was sent.
  ['P-STK-25', {}, [url('/x/p;jsessionid=abc.b'), 'bbbb'], [cookie('JSESSIONID=abc%2Eb'), 'aaaa']],
  ['P-ISO-two-cookies-1st-noroute', {}, [cookie('JSESSIONID=x; JSESSIONID=y.b'), 'ababab']],
  ['P-ISO-two-cookies-a-then-b', {}, [cookie('JSESSIONID=x.b; JSESSIONID=y.a'), 'bbbbbb']],
  ['P-ISO-url-noroute-cookie-b', {}, [url('/x/p;jsessionid=q', 'JSESSIONID=q.b'), 'ababab']],
  ['P-ISO-url-b-cookie-a', {}, [url('/x/p;jsessionid=q.b', 'JSESSIONID=q.a'), 'bbbbbb']],
  ['P-ISO-url-unknown-cookie-b', {}, [url('/x/p;jsessionid=q.zzz', 'JSESSIONID=q.b'), 'ababab']],
  ['P-ISO-value-contains-name', {}, [cookie('a=JSESSIONID=q.b'), 'ababab']],
  ['P-ISO-query-param-prefixed', {}, [url('/x/p?xjsessionid=q.b'), 'bbbbbb']],
  ['P-ISO-path-then-slash', {}, [url('/x/p;jsessionid=q.b/more'), 'ababab']],
  ['P-ISO-path-upper', {}, [url('/x/p;JSESSIONID=q.b'), 'ababab']],
  ['P-ISO-path-param-encoded-dot', {}, [url('/x/p;jsessionid=q.b'), 'bbbbbb']],
  ['P-ISO-cookie-encoded-dot', {}, [cookie('JSESSIONID=q%2Eb'), 'ababab']],
  ['P-ISO-path-param-mid-segment', {}, [url('/x/a;jsessionid=q.b/c/d'), 'ababab']],
  ['P-ISO-comma-separated', {}, [cookie('a=1,JSESSIONID=q.b,c=2'), 'bbbbbb']],
];

for (const [id, stickiness, ...steps] of RECORDED) {
  test(`${id}: sessions lead where they were recorded to lead`, () => {
    const lab = labOfTwo(stickiness);
    for (const [ask, sequence] of steps) lab.expect(sequence, ask);
  });
}

test('P-STK-12: a route may hold the separator: it is all that follows the first one', () => {
  const lab = new Lab([member('a', { route: 'n.a' }), member('b', { route: 'n.b' })], { stickiness: JSESSIONID });
  lab.expect('bbbb', cookie('JSESSIONID=abc.n.b'));
  lab.expect('aaaa', cookie('JSESSIONID=a.b.n.b'));
});

test('P-STK-15: a request without a session, or with a foreign one, is told that its route changed', () => {
  const lab = new Lab([member('a'), member('b')], { stickiness: defaultStickiness('ROUTEID') });
  const asked = [[], [], ['ROUTEID=.b'], ['ROUTEID=.zzz']].map((cookies) => lab.ask({ cookies }));
  assert.deepEqual(
    asked.map(({ text, routeChanged }) => [text, routeChanged]),
    [
      ['a', true],
      ['b', true],
      ['b', false],
      ['a', true],
    ],
  );
});

test('a balancer that looks for no session never says that the route changed', () => {
  const lab = new Lab([member('a'), member('b')]);
  assert.equal(lab.ask(cookie('JSESSIONID=1.b')).routeChanged, false);
});

test('P-STK-21: a redirect to a disabled member leads nowhere', () => {
  const members = [member('a'), member('b', { redirect: 'c' }), member('c', { status: 'D' })];
  const lab = new Lab(members, { stickiness: JSESSIONID });
  lab.mode('b', 'refuse');
  lab.expect('aaaaaa', cookie('JSESSIONID=abc.b'));
});

test('a redirect takes over the sessions of a member that failed, and says that the route changed', () => {
  const lab = new Lab([member('a'), member('b', { redirect: 'c' }), member('c')], { stickiness: JSESSIONID });
  const standings = () => lab.balancer.members.map((each) => each.state.standing);
  lab.expect('b', cookie('JSESSIONID=1.b'));
  assert.deepEqual(standings(), [100, -200, 100]);
  lab.mode('b', 'refuse');
  const moved = lab.ask(cookie('JSESSIONID=1.b'));
  assert.deepEqual([moved.text, moved.routeChanged, moved.session.route], ['c', true, 'b']);
  // As on httpd 2.4.71: the failed attempt kept its books too.
  assert.deepEqual(standings(), [300, -400, 100]);
  lab.expect('cc', cookie('JSESSIONID=1.b'));
});

test('redirects are followed from member to member, and circles end', () => {
  const members = [
    member('a', { status: 'D', redirect: 'b' }),
    member('b', { status: 'D', redirect: 'c' }),
    member('c', { status: 'H' }),
    member('d'),
  ];
  const chain = new Lab(members, { stickiness: JSESSIONID });
  chain.expect('ccc', cookie('JSESSIONID=1.a'));
  const circle = new Lab([members[0], member('b', { status: 'D', redirect: 'a' }), member('d')], {
    stickiness: JSESSIONID,
  });
  circle.expect('ddd', cookie('JSESSIONID=1.a'));
});

test('many members of one route that redirect to themselves are searched once, not over and over', () => {
  const members = Array.from({ length: 26 }, (_, i) =>
    member(String.fromCharCode(97 + i), { route: 'r', redirect: 'r', status: 'D' }),
  );
  const lab = new Lab(members, { stickiness: JSESSIONID });
  assert.equal(lab.ask(cookie('JSESSIONID=1.r')).text, '!503');
});

test('P-STK-22: the route of a standby is honoured while others are up', () => {
  const lab = new Lab([member('a'), member('b', { status: 'H' })], { stickiness: JSESSIONID });
  lab.expect('aaaa');
  lab.expect('bbbb', cookie('JSESSIONID=abc.b'));
});

test('P-STK-23: disabled and stopped members lose their sessions, a drained one keeps them', () => {
  const members = [
    member('a'),
    member('b', { status: 'D' }),
    member('c', { status: 'S' }),
    member('d', { status: 'N' }),
  ];
  const lab = new Lab(members, { stickiness: JSESSIONID });
  lab.expect('aaaa');
  lab.expect('aaaa', cookie('JSESSIONID=abc.b'));
  lab.expect('aaaa', cookie('JSESSIONID=abc.c'));
  lab.expect('dddd', cookie('JSESSIONID=abc.d'));
});

test('the route of a member in a higher set is honoured', () => {
  const lab = new Lab([member('a'), member('b', { set: 1 })], { stickiness: JSESSIONID });
  lab.expect('bb', cookie('JSESSIONID=abc.b'));
  lab.expect('aa');
});

test('a request that follows its session lets every usable member earn: standby, spare, drained, of any set', () => {
  const members = [
    member('a'),
    member('b', { status: 'H' }),
    member('c', { status: 'R', set: 1 }),
    member('d', { status: 'N' }),
  ];
  const lab = new Lab(members, { stickiness: JSESSIONID });
  lab.expect('a', cookie('JSESSIONID=1.a'));
  assert.deepEqual(
    lab.balancer.members.map((each) => each.state.standing),
    [-300, 100, 100, 100],
  );
});

test('of several members with one route the first usable takes the session, standbys last', () => {
  const members = [
    member('a', { route: 'x', status: 'H' }),
    member('b', { route: 'x' }),
    member('c', { route: 'x' }),
    member('d'),
  ];
  const lab = new Lab(members, { stickiness: JSESSIONID });
  lab.expect('bbbb', cookie('JSESSIONID=1.x'));
  lab.mode('b', 'refuse');
  lab.expect('cccc', cookie('JSESSIONID=1.x'));
  lab.mode('c', 'refuse');
  lab.expect('aaaa', cookie('JSESSIONID=1.x'));
});

test('under nofailover the session of a failed member gets 503, and everybody else is served', () => {
  const lab = labOfTwo({ force: true });
  lab.mode('b', 'refuse');
  lab.expect('!503 !503', cookie('JSESSIONID=1.b'));
  lab.expect('aa', cookie('JSESSIONID=1.zzz'));
  lab.expect('aa');
  const election = new Election();
  assert.equal(lab.balancer.elect(sessionOf('b'), election), undefined);
  assert.deepEqual([election.reason, election.mayWait], ['forced', false]);
});

test('the session of a member that returned from error is served there again', () => {
  const lab = new Lab([member('a'), member('b', { retryMs: 1000 })], { stickiness: JSESSIONID });
  lab.mode('b', 'refuse');
  lab.expect('aa', cookie('JSESSIONID=1.b'));
  lab.mode('b', 'normal');
  lab.expect('a', cookie('JSESSIONID=1.b'));
  lab.clock.advance(1000);
  lab.expect('bb', cookie('JSESSIONID=1.b'));
});

test('an election tells how it came about', () => {
  const lab = new Lab([member('a'), member('b', { redirect: 'a', status: 'D' })], { stickiness: JSESSIONID });
  const election = new Election();
  const reasonFor = (route: string | undefined) => {
    lab.balancer.elect(sessionOf(route), election);
    return election.reason;
  };
  assert.deepEqual([undefined, '', 'a', 'b', 'z'].map(reasonFor), ['choice', 'choice', 'route', 'redirect', 'choice']);
});

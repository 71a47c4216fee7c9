// How lb workers distribute: the sequences of J-DIST-* and the load values of J-LBV-*, recorded on mod_jk 1.2.48.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multipliersOf } from '../../../src/balancer/lb/loads.ts';
import type { LbMethod } from '../../../src/balancer/lb-config.ts';
import { cookie, jkMember, type LbChoices, LbLab } from './lb-lab.ts';

function labOf(factors: readonly number[], choices: LbChoices = {}): LbLab {
  return new LbLab(
    factors.map((factor, i) => jkMember('abcd'[i], { factor })),
    choices,
  );
}

const DISTRIBUTIONS: readonly (readonly [
  id: string,
  method: LbMethod,
  factors: readonly number[],
  recorded: string,
])[] = [
  ['J-DIST-R-1-1', 'request', [1, 1], 'abababababababababababababababababababab'],
  ['J-DIST-R-1-2', 'request', [1, 2], 'abbabbabbabbabbabbabbabbabbabbabbabbabba'],
  ['J-DIST-S-1-9', 'session', [1, 9], 'abbbbbbbbbabbbbbbbbbabbbbbbbbbabbbbbbbbb'],
  ['J-DIST-S-3-7', 'session', [3, 7], 'abbbabbabbabbbabbabbabbbabbabbabbbabbabb'],
  ['J-DIST-T-1-2', 'traffic', [1, 2], 'abbabbabbabbabbabbabbabbabbabbabbabbabba'],
  ['J-DIST-T-3-7', 'traffic', [3, 7], 'abbbabbabbabbbabbabbabbbabbabbabbbabbabb'],
  ['J-DIST-B-1-2', 'busyness', [1, 2], 'abababababababababababababababababababab'],
  ['J-DIST-B-1-9', 'busyness', [1, 9], 'abababababababababababababababababababab'],
  ['J-DIST-N-1-1', 'next', [1, 1], 'abababababababababababababababababababab'],
  ['J-DIST-R-1-2-3', 'request', [1, 2, 3], 'abccbcabccbcabccbcabccbcabccbcabccbcabcc'],
];

// worker.<lb>.method, worker.<member>.lbfactor
for (const [id, method, factors, recorded] of DISTRIBUTIONS)
  test(`${id}: method ${method} with lbfactor ${factors.join(':')}`, () => labOf(factors, { method }).expect(recorded));

test('J-DIST-sess-R: requests of sessions count with method R, and others make up for them', () => {
  const lab = labOf([1, 1]);
  lab.expect('aaaaaa', cookie('JSESSIONID=1.a'));
  lab.expect('bbbbbbababab');
});

for (const method of ['session', 'next', 'busyness'] as const)
  test(`J-DIST-sess: requests of sessions do not count with method ${method}`, () => {
    const lab = labOf([1, 1], { method });
    lab.expect('aaaaaa', cookie('JSESSIONID=1.a'));
    lab.expect('abababababab');
  });

test('J-DIST-unkroute: sessions of nobody take turns, whatever the method', () => {
  for (const method of ['request', 'session', 'next'] as const)
    labOf([1, 1], { method }).expect('abababababab', cookie('JSESSIONID=1.zzz'));
});

// worker.maintain
test('J-DIST-decay: maintenance halves what is remembered', () => {
  const lab = labOf([1, 1], { maintainMs: 2000 });
  lab.expect('aaaaaaaaaa', cookie('JSESSIONID=1.a'));
  lab.clock.advance(2500);
  lab.expect('bbbbbabababa');
});

test('the first period of maintenance begins with the first request, not while the server starts', () => {
  const lab = labOf([1, 1], { maintainMs: 2000 });
  lab.clock.advance(1800);
  lab.balancer.maintain();
  lab.expect('aaaaaaaaaa', cookie('JSESSIONID=1.a'));
  lab.clock.advance(2500);
  lab.balancer.maintain();
  assert.equal(lab.figures('a').lbValue, 5);
});

test('maintenance halves once for each period that has passed, and keeps whole numbers', () => {
  const lab = labOf([1, 1], { maintainMs: 2000 });
  lab.expect('aaaaaaaaaa', cookie('JSESSIONID=1.a'));
  lab.clock.advance(4100);
  lab.balancer.maintain();
  assert.equal(lab.figures('a').lbValue, 2);
});

test('method N: maintenance takes from all what the least loaded usable member has', () => {
  const lab = new LbLab([jkMember('a'), jkMember('b'), jkMember('c', { activation: 'disabled' })], { method: 'next' });
  lab.expect('ababa');
  lab.clock.advance(60_000);
  lab.balancer.maintain();
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => lab.figures(name).lbValue),
    [1, 0, 0],
  );
});

test('method B is left alone by maintenance', () => {
  const lab = labOf([1, 1], { method: 'busyness' });
  const held = lab.hold();
  lab.clock.advance(600_000);
  lab.balancer.maintain();
  assert.equal(lab.figures(held.name).lbValue, 1);
});

test('J-DIST-stateless: stateless requests take turns and count as no session', () => {
  const lab = labOf([1, 1]);
  lab.expect('abababab', { rules: { isStateless: true } });
  assert.deepEqual([lab.figures('a').sessions, lab.figures('b').sessions], [0, 0]);
});

test('J-FO-30: with method B one long request sends the others elsewhere', () => {
  const lab = labOf([1, 1], { method: 'busyness' });
  const held = lab.hold();
  assert.equal(held.name, 'a');
  lab.expect('bbbb');
  held.end();
  assert.equal(lab.figures('a').lbValue, 0);
});

test('lb_mult is the least common multiple of all factors by the own', () => {
  assert.deepEqual(multipliersOf([3, 7]), [7, 3]);
  assert.deepEqual(multipliersOf([1, 2, 3]), [6, 3, 2]);
  assert.deepEqual(multipliersOf([4, 6]), [3, 2]);
  for (const mult of multipliersOf([99991, 99989, 99971, 99961, 99929]))
    assert.ok(Number.isSafeInteger(mult) && mult >= 1);
});

test('J-LBV-01: figures of members after three requests', () => {
  const lab = labOf([3, 7]);
  lab.expect('abb');
  const figures = (name: string) => {
    const { lbMult, lbValue, elected, sessions, transferred, read } = lab.figures(name);
    return { lbMult, lbValue, elected, sessions, transferred, read };
  };
  assert.deepEqual(figures('a'), { lbMult: 7, lbValue: 7, elected: 1, sessions: 1, transferred: 198, read: 1067 });
  assert.deepEqual(figures('b'), { lbMult: 3, lbValue: 6, elected: 2, sessions: 2, transferred: 396, read: 2134 });
});

test('J-LBV-02: method T adds octets both ways times lb_mult', () => {
  const lab = labOf([3, 7], { method: 'traffic' });
  lab.expect('abb');
  assert.deepEqual([lab.figures('a').lbValue, lab.figures('b').lbValue], [8855, 7590]);
});

// worker.<member>.distance
test('J-STK-20: a nearer member comes before load, and sessions of one that is out go to the next nearest', () => {
  const lab = new LbLab([jkMember('a'), jkMember('b', { distance: 1 }), jkMember('c', { distance: 2 })]);
  lab.expect('aaaa');
  lab.mode('a', 'refuse');
  lab.expect('bbbb', cookie('JSESSIONID=q.a'));
});

// catflap.<lb>.slow_start
test('with slow_start a member that came back gets a growing share', () => {
  const share = (lab: LbLab) => [...lab.sequence(40)].filter((name) => name === 'a').length;
  const lab = labOf([1, 1], { slowStartMs: 60_000, recoverMs: 1000, maintainMs: 1000 });
  lab.mode('a', 'refuse');
  lab.expect('b');
  lab.mode('a', 'normal');
  lab.clock.advance(2500);
  lab.ask();
  const first = share(lab);
  lab.clock.advance(30_000);
  lab.balancer.methodChanged();
  lab.clock.advance(60_000);
  lab.ask();
  const last = share(lab);
  assert.ok(first <= 6, `${first} of 40 at first`);
  assert.ok(last >= 18, `${last} of 40 at last`);
});

// Failures and what follows: the sequences of P-FO-*, on members that fail on command.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BalancerConfig } from '../../../src/balancer/config.ts';
import { type Ask, Lab, type Mode, member, type Scheme } from './lab.ts';

const SCHEMES: readonly Scheme[] = ['http', 'ajp'];

function labOf(scheme: Scheme, names: string, choices: Partial<BalancerConfig> = {}, retryMs = 60_000): Lab {
  return new Lab(
    [...names].map((name) => member(name, { retryMs }, scheme)),
    choices,
  );
}

for (const scheme of SCHEMES) {
  test(`P-FO-01-${scheme}: a member that refuses is left out for its retry time`, () => {
    const lab = labOf(scheme, 'ab');
    lab.mode('a', 'refuse');
    lab.expect('bbbb');
    lab.mode('a', 'normal');
    lab.expect('bbbb');
  });

  test(`P-FO-02-${scheme}: a POST whose member refuses goes to the next with its body`, () => {
    const lab = labOf(scheme, 'ab');
    lab.mode('a', 'refuse');
    lab.expect('bb', { method: 'POST', bodyBytes: 1000 });
  });

  test(`P-FO-06-${scheme}: a response that breaks off in its body is cut, and the member stays`, () => {
    const lab = labOf(scheme, 'ab');
    assert.equal(lab.ask({ on: { a: 'crash-in-body' } }).text, 'a!cut');
    lab.expect('baba');
  });

  test(`P-FO-08-${scheme}: failonstatus delivers the answer and then leaves the member out`, () => {
    const lab = labOf(scheme, 'ab', { failOnStatus: [503] });
    lab.mode('a', 503);
    lab.expect('a!503 b b b');
  });

  test(`P-FO-09-${scheme}: after the retry time one request probes; a member that is still down stays out`, () => {
    const lab = labOf(scheme, 'ab', {}, 1000);
    lab.mode('a', 'refuse');
    lab.expect('bbbb');
    lab.clock.advance(1300);
    lab.expect('bbbb');
    lab.mode('a', 'normal');
    lab.clock.advance(1300);
    lab.expect('baba');
  });

  test(`P-FO-10-${scheme}: with retry=0 every request is served while one member is down`, () => {
    const lab = labOf(scheme, 'ab', {}, 0);
    lab.mode('a', 'refuse');
    lab.expect('bbbbbb');
    lab.mode('a', 'normal');
    assert.match(lab.sequence(4), /^(ab|ba)+$/);
  });

  test(`P-FO-11-${scheme}: with every member down the answer is 503`, () => {
    const lab = labOf(scheme, 'ab');
    lab.mode('ab', 'refuse');
    lab.expect('!503 !503');
  });

  test(`P-FO-12-${scheme}: members that all failed are back as soon as they answer`, () => {
    const lab = labOf(scheme, 'ab');
    lab.mode('ab', 'refuse');
    lab.expect('!503');
    lab.mode('ab', 'normal');
    lab.expect('baba');
  });

  test(`P-FO-13-${scheme}: without forcerecovery they wait for their retry time`, () => {
    const lab = labOf(scheme, 'ab', { forceRecovery: false }, 2000);
    lab.mode('ab', 'refuse');
    lab.expect('!503');
    lab.mode('ab', 'normal');
    lab.expect('!503 !503');
    lab.clock.advance(2500);
    lab.expect('ba');
  });

  test(`P-FO-14-${scheme}: maxattempts=0 means no failover`, () => {
    const lab = labOf(scheme, 'abc', { maxAttempts: 0 });
    lab.mode('ab', 'refuse');
    lab.expect('!503 !503 c c c c');
  });

  test(`P-FO-15-${scheme}: maxattempts=1 means one more member`, () => {
    const lab = labOf(scheme, 'abc', { maxAttempts: 1 });
    lab.mode('ab', 'refuse');
    lab.expect('!503 c c c c c');
  });

  test(`P-FO-16-${scheme}: by default every member is tried once`, () => {
    const lab = labOf(scheme, 'abc');
    lab.mode('ab', 'refuse');
    lab.expect('cccccc');
  });

  test(`P-FO-27-${scheme}: a backend's own 500 is passed on, and the member stays`, () => {
    const lab = labOf(scheme, 'ab');
    lab.mode('a', 500);
    lab.expect('a!500 b a!500 b');
  });

  test(`P-FO-28-${scheme}: a member alone is tried again by every request, once`, () => {
    const lab = labOf(scheme, 'a');
    lab.mode('a', 'crash');
    const text = scheme === 'ajp' ? '!503' : '!502';
    assert.deepEqual([lab.ask().text, lab.hits.get('a')], [text, 1]);
    lab.mode('a', 'refuse');
    lab.expect('!503 !503');
    lab.mode('a', 'normal');
    lab.expect('a');
  });

  test(`a name without an address is answered with 500 and leaves its member out (${scheme})`, () => {
    const lab = labOf(scheme, 'ab');
    lab.mode('a', 'unknown-name');
    lab.expect('!500 b b b b');
  });
}

interface Broken {
  readonly id: string;
  readonly ask: Ask;
  readonly mode: Mode;
  readonly answer: string;
  /** What four plain requests get afterwards: `bbbb` shows that a is in error. */
  readonly after: string;
  readonly scheme: Scheme;
}

const BODY = { method: 'POST', bodyBytes: 1000 };
const STAYS = 'baba';
const LEAVES = 'bbbb';

/** One request that only member a breaks, on a fresh balancer of a and b. Those without an id were asked of httpd 2.4.71. */
const BROKEN: readonly Broken[] = [
  { id: 'P-FO-04-http', scheme: 'http', ask: BODY, mode: 'crash', answer: '!502', after: STAYS },
  { id: 'a POST, ajp', scheme: 'ajp', ask: BODY, mode: 'crash', answer: '!500', after: LEAVES },
  { id: 'P-FO-05-http', scheme: 'http', ask: {}, mode: 'crash-after-head', answer: 'a!cut', after: STAYS },
  { id: 'a GET after its head, ajp', scheme: 'ajp', ask: {}, mode: 'crash-after-head', answer: 'b', after: LEAVES },
  {
    id: 'a POST after its head, ajp',
    scheme: 'ajp',
    ask: BODY,
    mode: 'crash-after-head',
    answer: '!500',
    after: LEAVES,
  },
  { id: 'P-FO-17-http', scheme: 'http', ask: {}, mode: 'hang', answer: '!502', after: STAYS },
  { id: 'P-FO-17-ajp', scheme: 'ajp', ask: {}, mode: 'hang', answer: 'b', after: LEAVES },
  { id: 'P-FO-29-http', scheme: 'http', ask: { method: 'DELETE' }, mode: 'crash', answer: '!502', after: STAYS },
  { id: 'a DELETE, ajp', scheme: 'ajp', ask: { method: 'DELETE' }, mode: 'crash', answer: 'b', after: LEAVES },
  { id: 'P-FO-30-GETQ-http', scheme: 'http', ask: { url: '/x/p?q=1' }, mode: 'crash', answer: '!502', after: STAYS },
  { id: 'P-FO-30-GETQ-ajp', scheme: 'ajp', ask: { url: '/x/p?q=1' }, mode: 'crash', answer: '!500', after: LEAVES },
  { id: 'P-FO-30-HEAD-http', scheme: 'http', ask: { method: 'HEAD' }, mode: 'crash', answer: '!502', after: STAYS },
  { id: 'P-FO-30-HEAD-ajp', scheme: 'ajp', ask: { method: 'HEAD' }, mode: 'crash', answer: 'b', after: LEAVES },
  { id: 'P-FO-30-PUT-http', scheme: 'http', ask: { method: 'PUT' }, mode: 'crash', answer: '!502', after: STAYS },
  { id: 'a PUT, ajp', scheme: 'ajp', ask: { method: 'PUT' }, mode: 'crash', answer: 'b', after: LEAVES },
  {
    id: 'P-FO-30-OPTIONS-http',
    scheme: 'http',
    ask: { method: 'OPTIONS' },
    mode: 'crash',
    answer: '!502',
    after: STAYS,
  },
  { id: 'P-FO-30-OPTIONS-ajp', scheme: 'ajp', ask: { method: 'OPTIONS' }, mode: 'crash', answer: 'b', after: LEAVES },
  {
    id: 'P-FO-30-PROPFIND-http',
    scheme: 'http',
    ask: { method: 'PROPFIND' },
    mode: 'crash',
    answer: '!502',
    after: STAYS,
  },
  {
    id: 'P-FO-30-PROPFIND-ajp',
    scheme: 'ajp',
    ask: { method: 'PROPFIND' },
    mode: 'crash',
    answer: '!500',
    after: LEAVES,
  },
  { id: 'an unanswered CPING', scheme: 'ajp', ask: BODY, mode: 'no-cpong', answer: 'b', after: LEAVES },
  { id: 'an unanswered 100-continue', scheme: 'http', ask: BODY, mode: 'no-cpong', answer: 'b', after: LEAVES },
];

for (const { id, scheme, ask, mode, answer, after } of BROKEN) {
  test(`${id}: member a breaks ${ask.method ?? 'GET'} by ${mode}: ${answer}, then ${after}`, () => {
    const lab = labOf(scheme, 'ab');
    assert.equal(lab.ask({ ...ask, on: { a: mode } }).text, answer);
    lab.expect(after);
  });
}

const PINGED: readonly (readonly [id: string, Scheme, answer: string])[] = [
  ['P-FO-20-http', 'http', '!502'],
  ['P-FO-20-ajp', 'ajp', '!504'],
];
for (const [id, scheme, answer] of PINGED) {
  test(`${id}: a member that answered the ping and then is silent too long stays`, () => {
    const lab = new Lab([member('a', { pingMs: 1000 }, scheme), member('b', { pingMs: 1000 }, scheme)]);
    assert.equal(lab.ask({ on: { a: 'hang' } }).text, answer);
    lab.expect(STAYS);
  });
}

test('failontimeout leaves a silent HTTP member out', () => {
  const lab = labOf('http', 'ab', { failOnTimeout: true });
  assert.equal(lab.ask({ on: { a: 'hang' } }).text, '!502');
  lab.expect(LEAVES);
});

test('failontimeout does not count the 504 of a pinged AJP member', () => {
  const members = ['a', 'b'].map((name) => member(name, { pingMs: 1000 }, 'ajp'));
  const lab = new Lab(members, { failOnTimeout: true });
  assert.equal(lab.ask({ on: { a: 'hang' } }).text, '!504');
  lab.expect(STAYS);
});

test('failonstatus looks at our own answers too, and not at members that ignore errors', () => {
  const own = labOf('http', 'ab', { failOnStatus: [502] });
  assert.equal(own.ask({ on: { a: 'crash' } }).text, '!502');
  own.expect(LEAVES);
  const ignoring = new Lab([member('a', { status: 'I' }), member('b')], { failOnStatus: [503, 500] });
  ignoring.mode('a', 503);
  ignoring.expect('a!503 b a!503 b');
});

test('P-FO-40b: a direct target is asked on every request, once', () => {
  const lab = new Lab([member('a', { route: '', retryMs: 30_000 })], { policy: 'direct' });
  lab.mode('a', 'refuse');
  lab.expect('!503 !503 !503');
  assert.equal(lab.balancer.members[0].state.statusText, 'Init Ok ');
  lab.mode('a', 'normal');
  lab.expect('aaa');
});

test('P-FO-43: a direct target that is silent gives 502, over AJP 503, and 500 when a body was sent', () => {
  const http = new Lab([member('a')], { policy: 'direct' });
  http.mode('a', 'hang');
  http.expect('!502');
  const ajp = new Lab([member('a', {}, 'ajp')], { policy: 'direct' });
  ajp.mode('a', 'hang');
  ajp.expect('!503');
  ajp.expect('!500', BODY);
  assert.deepEqual(ajp.hits.get('a'), 2);
});

test('P-FO-47: no free connection in time counts as a refused one', () => {
  const lab = labOf('http', 'a');
  lab.expect('a');
  lab.mode('a', 'refuse');
  lab.expect('!503');
  assert.equal(lab.balancer.members[0].state.elected, 2);
});

test('a failure is told once, with its kind', () => {
  const lab = labOf('ajp', 'ab');
  assert.equal(lab.ask({ ...BODY, on: { a: 'crash' } }).text, '!500');
  lab.balancer.failed(lab.balancer.members[0], 'unavailable');
  assert.deepEqual(
    lab.log.events.map(({ event, fields }) => [event, fields.kind]),
    [['member-failed', 'broken']],
  );
});

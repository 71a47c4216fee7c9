// What failures do to lb workers of mod_jk and their members: J-FO-*, J-RO-*; states and times on the virtual clock.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Balancer } from '../../../src/balancer/balancer.ts';
import {
  activationsChanged,
  balancerFigures,
  recoverMember,
  resetBalancer,
  resetMember,
} from '../../../src/balancer/lb/figures.ts';
import { judgeLikeModJk } from '../../../src/balancer/lb/judging.ts';
import type { Outcome } from '../../../src/balancer/replay.ts';
import { cookie, jkMember, type LbChoices, LbLab, lbConfig, type Mode } from './lb-lab.ts';

const two = (choices: LbChoices = {}): LbLab => new LbLab([jkMember('a'), jkMember('b')], choices);

// worker.<lb>.recover_time
test('J-FO-01: a member in error stays out until recover_time is over and maintenance has looked', () => {
  const lab = two();
  lab.mode('a', 'refuse');
  lab.expect('bbbb');
  lab.mode('a', 'normal');
  lab.expect('bbbb');
  assert.deepEqual([lab.figures('a').timeToRecoverMin, lab.figures('a').timeToRecoverMax], [60, 120]);
  lab.clock.advance(60_000);
  lab.expect('bb');
  assert.equal(lab.figures('a').state, 'ERR');
  lab.clock.advance(60_000);
  assert.equal(lab.sequence(4).includes('a'), true);
  assert.equal(lab.figures('a').state, 'OK');
});

test('J-FO-26: while it is down it is tried again after each recover_time, by one request', () => {
  const lab = two({ recoverMs: 1000, maintainMs: 1000 });
  lab.mode('a', 'refuse');
  lab.expect('bbbb');
  lab.clock.advance(2500);
  lab.expect('bbbb');
  lab.mode('a', 'normal');
  lab.clock.advance(2500);
  lab.expect('ababab');
});

test('every state is reached: OK/IDLE, OK, OK/BUSY, ERR, ERR/REC, ERR/PRB, ERR/FRC', () => {
  const lab = new LbLab([jkMember('a', { tries: { busyLimit: 1 } }), jkMember('b')], {
    maintainMs: 1000,
    recoverMs: 1000,
  });
  assert.equal(lab.states, 'OK/IDLE OK/IDLE');
  lab.expect('ab');
  assert.equal(lab.states, 'OK OK');
  lab.clock.advance(1000);
  lab.balancer.maintain();
  lab.clock.advance(1000);
  lab.balancer.maintain();
  assert.equal(lab.states, 'OK/IDLE OK/IDLE');
  const held = lab.hold(cookie('JSESSIONID=1.a'));
  assert.equal(lab.ask(cookie('JSESSIONID=1.a')), 'b');
  assert.equal(lab.states, 'OK/BUSY OK');
  held.end();
  lab.mode('b', 'refuse');
  assert.equal(lab.ask(cookie('JSESSIONID=1.b')), 'a');
  assert.equal(lab.states, 'OK ERR');
  lab.clock.advance(2000);
  lab.balancer.maintain();
  assert.equal(lab.states, 'OK ERR/REC');
  const probing = lab.hold(cookie('JSESSIONID=1.b'));
  assert.equal(lab.states, 'OK ERR/PRB');
  assert.equal(lab.ask(cookie('JSESSIONID=1.b')), 'a', 'nobody else comes while it is probed');
  probing.end();
  assert.equal(lab.states, 'OK OK');
  lab.balancer.failed(lab.member('a'), 'unavailable');
  lab.balancer.failed(lab.member('b'), 'unavailable');
  lab.clock.advance(1000);
  lab.balancer.maintain();
  assert.equal(lab.states, 'ERR/FRC ERR/FRC', 'when nobody is left, maintenance forces all');
  lab.mode('b', 'normal');
  lab.expect('ba');
  assert.equal(lab.states, 'OK OK');
});

test('a probe whose request came to nothing does not keep the member out', () => {
  const lab = two({ maintainMs: 1000, recoverMs: 1000 });
  lab.balancer.failed(lab.member('a'), 'unavailable');
  lab.clock.advance(2000);
  lab.balancer.maintain();
  const election = lab.begin();
  const member = lab.balancer.elect(undefined, election);
  assert.ok(member);
  lab.balancer.began(member);
  assert.equal(lab.figures('a').state, 'ERR/PRB');
  lab.balancer.finished(member, election, 'outside', 0, 0);
  assert.deepEqual([lab.figures('a').state, lab.figures('a').elected], ['ERR/REC', 0]);
});

// worker.<lb>.retries, worker.<lb>.lb_retries, worker.<member>.retries
test('J-FO-21: all crash: each member is tried twice in each of two rounds, then 502', () => {
  const lab = two();
  lab.mode('ab', 'crash');
  const before = lab.clock.now();
  assert.equal(lab.ask(), '!502');
  assert.deepEqual([lab.hits.get('a'), lab.hits.get('b')], [4, 4]);
  // worker.<lb>.retry_interval, worker.<member>.retry_interval: four further tries and one further round.
  assert.equal(lab.clock.now() - before, 500);
});

test('J-FO-20: all refuse: 503, and they are back as soon as they answer', () => {
  const lab = two();
  lab.mode('ab', 'refuse');
  lab.expect('!503 !503');
  lab.mode('ab', 'normal');
  lab.expect('abab');
});

test('J-FO-50: one round reaches no more members than lb_retries; two rounds reach twice as many', () => {
  const four = (choices: LbChoices): LbLab => {
    const lab = new LbLab(
      ['a', 'b', 'c', 'd'].map((name) => jkMember(name)),
      choices,
    );
    lab.mode('abc', 'refuse');
    return lab;
  };
  assert.equal(four({ retries: 1 }).ask(), '!503');
  assert.equal(four({}).ask(), 'd');
  assert.equal(four({ retries: 1, lbRetries: 4 }).ask(), 'd');
});

// worker.<member>.fail_on_status
test('J-FO-13: fail_on_status puts the member in error; with a minus sign it stays, and another is asked all the same', () => {
  const lab = two();
  const failOnStatus = [{ status: 500, isSoft: false }];
  lab.mode('a', 500);
  lab.expect('bbbb', { rules: { failOnStatus } });
  assert.equal(lab.states, 'ERR OK');
  assert.equal(lab.hits.get('a'), 2);
  const soft = new LbLab([jkMember('a', { tries: { failOnStatus: [{ status: 503, isSoft: true }] } }), jkMember('b')]);
  soft.mode('a', 503);
  soft.expect('bbbb');
  assert.equal(soft.states, 'OK OK');
  soft.mode('b', 503);
  assert.equal(soft.ask(cookie('JSESSIONID=1.b')), 'b!503', 'only what is named fails');
});

// worker.<lb>.max_reply_timeouts, worker.<member>.reply_timeout
test('J-FO-15, J-FO-16: more reply timeouts than max_reply_timeouts put the member in error', () => {
  const lab = two();
  assert.equal(lab.ask({ on: { a: 'hang' } }), 'b');
  assert.deepEqual([lab.states, lab.figures('a').replyTimeouts], ['ERR OK', 2]);
  const patient = two({ maxReplyTimeouts: 2 });
  assert.equal(patient.ask({ on: { a: 'hang' } }), 'b');
  assert.equal(patient.states, 'OK OK');
  patient.expect('abab');
  patient.clock.advance(60_000);
  patient.balancer.maintain();
  assert.equal(patient.figures('a').replyTimeouts, 1, 'maintenance halves them');
});

test('J-FO-17: a reply timeout that may not be recovered from is 504', () => {
  const lab = new LbLab(['a', 'b'].map((name) => jkMember(name, { tries: { recoveryOptions: 3 } })));
  assert.equal(lab.ask({ on: { a: 'hang' } }), '!504');
});

// worker.<member>.busy_limit
test('J-FO-29: more requests than busy_limit go elsewhere, and the member is BUSY until it has room', () => {
  const lab = new LbLab([jkMember('a', { tries: { busyLimit: 1 } }), jkMember('b')]);
  const held = lab.hold();
  lab.expect('bbbbb');
  held.end();
  assert.match(lab.sequence(4), /a/);
});

// worker.<member>.connection_acquire_timeout
test('J-FO-32: no connection in time: BUSY, another member, or 503', () => {
  const lab = two();
  assert.equal(lab.ask({ on: { a: 'full' } }), 'b');
  assert.deepEqual([lab.states, lab.figures('a').elected, lab.figures('a').errors], ['OK/BUSY OK', 0, 0]);
  const alone = new LbLab([jkMember('a')]);
  assert.equal(alone.ask({ on: { a: 'full' } }), '!503');
});

// worker.<lb>.error_escalation_time
test('J-FO-34: a busy member that fails one request stays; for longer than error_escalation_time it does not', () => {
  const lab = two({ errorEscalationMs: 30_000 });
  const held = lab.hold();
  assert.equal(lab.ask({ cookies: ['JSESSIONID=1.a'], on: { a: 'crash' } }), 'b');
  assert.deepEqual([lab.states, lab.figures('a').errors], ['OK OK', 1]);
  lab.clock.advance(30_000);
  assert.equal(lab.ask({ cookies: ['JSESSIONID=1.a'], on: { a: 'crash' } }), 'b');
  assert.equal(lab.states, 'ERR OK');
  held.end();
  assert.equal(lab.states, 'OK OK', 'a request that ends well ends the error');
});

test('maintenance escalates too, when no further request has failed', () => {
  const lab = two({ errorEscalationMs: 30_000 });
  const held = lab.hold();
  lab.ask({ cookies: ['JSESSIONID=1.a'], on: { a: 'crash' } });
  lab.clock.advance(60_000);
  lab.balancer.maintain();
  assert.equal(lab.states, 'ERR OK');
  held.end();
});

test('the client that gives up is counted, and ends whatever was known against the member', () => {
  const lab = two();
  const election = lab.begin(cookie('JSESSIONID=1.a'));
  const [a] = lab.balancer.members;
  lab.balancer.elect(undefined, election);
  lab.balancer.began(a);
  lab.balancer.entered(a, election);
  lab.balancer.finished(a, election, 'client', 10, 20);
  assert.deepEqual([lab.figures('a').clientErrors, lab.figures('a').state], [1, 'OK']);
});

const SENT: Outcome = {
  protocol: 'ajp',
  phase: 'response-head',
  method: 'GET',
  hasQuery: false,
  requestBytesSent: 1,
  bodySent: false,
  bodyKept: true,
  reusedConnection: false,
  secondChance: false,
  timedOut: false,
  pinged: false,
  answered: false,
  hasHead: false,
  bodyAsked: false,
};

// worker.<member>.recovery_options
test('J-RO-*: bit 1 ends recovery once sent, bit 2 after the head; 8 and 16 lift bit 1 alone, and 8 hides 16', () => {
  const recovered = (options: number): string =>
    [false, true]
      .flatMap((hasHead) => ['GET', 'HEAD', 'POST'].map((method) => ({ hasHead, method })))
      .map((facts) => (judgeLikeModJk({ ...SENT, ...facts }, 'head-closed', options).isRecoverable ? '+' : '-'))
      .join('');
  const table: Readonly<Record<number, string>> = {
    0: '++++++',
    1: '---+++',
    2: '+++---',
    3: '------',
    8: '++++++',
    9: '-+-+++',
    11: '-+----',
    16: '++++++',
    17: '+--+++',
    19: '+-----',
    25: '-+-+++',
    27: '-+----',
  };
  for (const [options, expected] of Object.entries(table)) assert.equal(recovered(Number(options)), expected, options);
});

test('statuses of what went wrong (modjk.md §5.2)', () => {
  const status = (facts: Partial<Outcome>, code: string) => judgeLikeModJk({ ...SENT, ...facts }, code, 0).status;
  assert.equal(status({ phase: 'connect' }, 'connect-refused'), 503);
  assert.equal(status({ phase: 'resolve' }, 'backend-name-unknown'), 503);
  assert.equal(status({ phase: 'ping' }, 'ping-timeout'), 503);
  assert.equal(status({}, 'head-closed'), 502);
  assert.equal(status({ timedOut: true }, 'head-timeout'), 504);
  assert.equal(status({}, 'ajp-interim-head'), 500);
  assert.equal(status({}, 'ajp-bad-magic'), 502);
  assert.equal(status({ phase: 'connect' }, 'pool-exhausted'), 503);
});

test('J-FO-40: what a member has asked for of the body is not sent again', () => {
  const lab = two();
  assert.equal(lab.ask({ method: 'POST', on: { a: 'crash-asked' } }), '!502');
  assert.equal(lab.hits.get('b'), undefined);
});

test('what has begun to reach the client is never sent again, whatever recovery_options say', () => {
  const judgement = judgeLikeModJk(
    { ...SENT, phase: 'response-body', hasHead: true, answered: true },
    'body-closed',
    24,
  );
  assert.equal(judgement.isRecoverable, false);
});

test('a question before the request that a kept connection does not answer costs no try', () => {
  const lab = new LbLab([jkMember('a', { tries: { retries: 1 } })]);
  const election = lab.begin();
  const member = lab.balancer.elect(undefined, election);
  assert.ok(member);
  lab.balancer.began(member);
  lab.balancer.entered(member, election);
  const ping = { ...SENT, phase: 'ping' } as const;
  for (let i = 0; i < 5; i++)
    assert.equal(lab.balancer.judge(member, election, { ...ping, reusedConnection: true }).kind, 'same');
  assert.notEqual(lab.balancer.judge(member, election, ping).kind, 'same');
});

test('a worker without a balancer is tried as often as it says, and never left out', () => {
  const modes: readonly (readonly [Mode, string])[] = [
    ['refuse', '!503 !503'],
    ['crash', '!502 !502'],
    ['hang', '!504 !504'],
    ['garbage', '!500 !500'],
  ];
  for (const [mode, answers] of modes) {
    const lab = LbLab.direct({ retries: 3 });
    lab.mode('w', mode);
    lab.expect(answers);
    assert.deepEqual([lab.hits.get('w'), lab.figures('w').errors, lab.figures('w').state], [6, 2, 'ERR'], String(mode));
    lab.mode('w', 'normal');
    lab.expect('w');
    assert.equal(lab.figures('w').state, 'OK');
  }
});

test('a worker without a balancer answers 503 above its busy_limit, and to a status that it is to fail on', () => {
  const lab = LbLab.direct({ busyLimit: 1, failOnStatus: [{ status: 500, isSoft: false }] });
  const held = lab.hold();
  assert.equal(lab.ask(), '!503');
  held.end();
  lab.mode('w', 500);
  assert.equal(lab.ask(), '!503');
});

test('recover marks a member in error, and no other, for the next request', () => {
  const lab = two();
  lab.mode('a', 'refuse');
  lab.expect('bbb');
  assert.equal(recoverMember(lab.balancer, lab.member('b')), false);
  assert.equal(recoverMember(lab.balancer, lab.member('a')), true);
  assert.deepEqual([lab.figures('a').state, lab.figures('a').lbValue], ['ERR/REC', 3]);
  lab.mode('a', 'normal');
  assert.match(lab.sequence(2), /a/);
});

test('reset sets counters, load and states of the worker and its members to their beginnings', () => {
  const lab = two();
  lab.mode('a', 'refuse');
  lab.expect('bbb');
  lab.clock.advance(5000);
  resetBalancer(lab.balancer);
  for (const name of ['a', 'b']) {
    const { state, lbValue, elected, errors, sessions, maxBusy, lastResetAgo, errorAt } = lab.figures(name);
    assert.deepEqual([state, lbValue, elected, errors, sessions, maxBusy, lastResetAgo], ['OK/IDLE', 0, 0, 0, 0, 0, 0]);
    assert.equal(errorAt, undefined);
  }
  assert.equal(balancerFigures(lab.balancer).maxBusy, 0);
  lab.mode('a', 'normal');
  lab.expect('ab');
  resetMember(lab.balancer, lab.member('b'));
  assert.deepEqual([lab.figures('a').elected, lab.figures('b').elected], [1, 0]);
});

test('a changed activation lets load count from 0', () => {
  const lab = two();
  lab.expect('aaaa', cookie('JSESSIONID=1.a'));
  activationsChanged(lab.balancer);
  assert.equal(lab.figures('a').lbValue, 0);
});

test('figures tell of times in whole seconds', () => {
  const lab = two();
  lab.mode('a', 'refuse');
  lab.expect('b');
  lab.clock.advance(10_000);
  const { errorAgo, errorAt, lastResetAgo, timeToRecoverMin, timeToRecoverMax } = lab.figures('a');
  assert.deepEqual([errorAgo, lastResetAgo, timeToRecoverMin, timeToRecoverMax], [10, 10, 50, 110]);
  assert.equal(errorAt, Math.floor(lab.clock.wall() / 1000) - 10);
  const { timeToMaintenanceMin, timeToMaintenanceMax } = balancerFigures(lab.balancer);
  assert.deepEqual([timeToMaintenanceMin, timeToMaintenanceMax], [50, 110]);
});

test('a reload keeps states, load and turns of members with one address and different names', () => {
  const lab = two();
  lab.mode('a', 'refuse');
  lab.expect('bbb');
  const config = lbConfig([jkMember('b'), jkMember('a'), jkMember('c')]);
  lab.balancer = Balancer.from(config, { clock: lab.clock, log: lab.log }, lab.balancer);
  assert.equal(lab.states, 'OK ERR OK/IDLE');
  assert.equal(lab.figures('b').elected, 3);
});

test('a probe that passes takes a member back at once, level with the others', () => {
  const lab = two();
  lab.mode('a', 'refuse');
  lab.expect('bbb');
  lab.mode('a', 'normal');
  lab.balancer.probed(lab.member('a'));
  assert.equal(lab.states, 'OK OK');
  assert.equal(lab.figures('a').lbValue, 3);
  lab.expect('abab');
});

test('a rehearsal of an election changes nothing and tells why', () => {
  const lab = new LbLab([jkMember('a', { activation: 'disabled' }), jkMember('b'), jkMember('c')]);
  lab.mode('c', 'refuse');
  lab.expect('bb');
  const told: string[] = [];
  const copy = lab.balancer.rehearse({
    errorsForgotten: () => told.push('forgotten'),
    returned: ({ name }) => told.push(`${name} returned`),
    routed: ({ name }, route, isUsable) => told.push(`${name} routed ${route} ${isUsable}`),
    considered: ({ name }, verdict) => told.push(`${name} ${verdict}`),
  });
  assert.equal(copy.elect(undefined, lab.begin())?.name, 'b');
  assert.deepEqual(told.toSorted(), ['a drained', 'b offered', 'c unusable']);
  assert.deepEqual([lab.figures('b').elected, lab.figures('b').lbValue], [2, 2]);
});

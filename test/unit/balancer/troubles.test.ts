// What is kept of the troubles of a member, and how often it is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Balancer } from '../../../src/balancer/balancer.ts';
import { defaultBalancer, defaultMember, type MemberConfig } from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import { CAUSES_MAX, causeLine, Troubles } from '../../../src/balancer/troubles.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';

function member(name: string): MemberConfig {
  return defaultMember({ url: `http://${name}`, scheme: 'http', host: name, port: 80, path: '' });
}

function balancer(failOnStatus: readonly number[] = []) {
  const clock = new VirtualClock(1_000_000);
  const log = new MemoryLog();
  const config = defaultBalancer('c', [member('a'), member('b')], { failOnStatus });
  return { clock, log, config, balancer: Balancer.from(config, { clock, log }) };
}

const REFUSED = new Failure('connect-refused', 'upstream', 'http://a: connection refused');
const OUTCOME = {
  protocol: 'http',
  phase: 'connect',
  method: 'GET',
  hasQuery: false,
  requestBytesSent: 0,
  bodySent: false,
  bodyKept: true,
  reusedConnection: false,
  secondChance: false,
  timedOut: false,
  pinged: false,
  answered: false,
} as const;

test('a cause is kept once, with its count and its first and last time', () => {
  const troubles = new Troubles();
  troubles.add('x', 'connect', 'one', 10);
  troubles.add('x', 'connect', 'two', 30);
  assert.deepEqual(troubles.last, { code: 'x', phase: 'connect', text: 'two', firstAt: 10, lastAt: 30, count: 2 });
  assert.equal(causeLine(troubles.last), 'two (x, 2 times)');
  assert.equal(causeLine({ ...troubles.last, text: 'ajp://a:1: silent' }, 'ajp://a:1'), 'silent (x, 2 times)');
});

test('the same code in another phase is another cause', () => {
  const troubles = new Troubles();
  troubles.add('x', 'connect', 'one', 10);
  troubles.add('x', 'ping', 'one', 20);
  assert.deepEqual(
    troubles.causes.map(({ phase, count }) => [phase, count]),
    [
      ['ping', 1],
      ['connect', 1],
    ],
  );
});

test('only so many causes are kept: the one that is longest ago goes', () => {
  const troubles = new Troubles();
  for (let i = 0; i <= CAUSES_MAX; i++) troubles.add(`c${i}`, 'connect', '', i);
  troubles.add('c1', 'connect', '', 100);
  troubles.add('new', 'connect', '', 101);
  const codes = troubles.causes.map(({ code }) => code);
  assert.equal(codes.length, CAUSES_MAX);
  assert.deepEqual(codes.slice(0, 2), ['new', 'c1']);
  assert.ok(!codes.includes('c0') && !codes.includes('c2'));
});

test('a failed attempt leaves its cause with the member, and the event that puts it in error names it', () => {
  const { balancer: c, log } = balancer();
  const [a] = c.members;
  c.judge(a, new Election(), OUTCOME, REFUSED);
  assert.deepEqual([a.state.lastError?.code, a.state.lastError?.phase], ['connect-refused', 'connect']);
  assert.equal(c.members[1].state.lastError, undefined);
  assert.deepEqual(
    log.events.map(({ event, fields }) => [event, fields.code, fields.why]),
    [['member-failed', 'connect-refused', 'http://a: connection refused']],
  );
});

test('a cause that goes on is told once a minute, with how often it came', () => {
  const { balancer: c, log, clock } = balancer();
  const [a] = c.members;
  for (let i = 0; i < 100; i++) {
    c.judge(a, new Election(), { ...OUTCOME, phase: 'response-head', method: 'POST' }, REFUSED);
    clock.advance(1_000);
  }
  assert.deepEqual(
    log.events.map(({ event, fields }) => [event, fields.times]),
    [
      ['member-trouble', 1],
      ['member-trouble', 60],
    ],
  );
  assert.equal(a.state.lastError?.count, 100);
});

test('a kept connection that was closed for idleness is no trouble: a fresh one is tried first', () => {
  const { balancer: c, log } = balancer();
  c.judge(c.members[0], new Election(), { ...OUTCOME, phase: 'response-head', reusedConnection: true }, REFUSED);
  assert.equal(c.members[0].state.lastError, undefined);
  assert.deepEqual(log.events, []);
});

// failonstatus
test('failonstatus tells which status put the member in error', () => {
  const { balancer: c, log } = balancer([503]);
  c.answered(c.members[0], new Election(), 503);
  assert.match(c.members[0].state.lastError?.text ?? '', /answered 503, which failonstatus= names/);
  assert.equal(log.events.length, 1);
  assert.equal(log.events[0].fields.code, 'fail-on-status');
});

test('a failed health check is a cause, and is not told a second time', () => {
  const { balancer: c, log } = balancer();
  c.checked(c.members[0], false, 'status 500');
  assert.deepEqual(
    [c.members[0].state.lastError?.phase, c.members[0].state.lastError?.code],
    ['check', 'check-failed'],
  );
  assert.match(c.members[0].state.lastError?.text ?? '', /status 500/);
  assert.ok(log.events.every(({ event }) => event === 'member-unhealthy'));
});

test('a reload keeps the troubles of members that stay', () => {
  const { balancer: c, clock } = balancer();
  c.judge(c.members[0], new Election(), OUTCOME, REFUSED);
  const next = Balancer.from(defaultBalancer('c', [member('new'), member('a')]), { clock }, c);
  assert.deepEqual(
    next.members.map(({ state }) => state.lastError?.code),
    [undefined, 'connect-refused'],
  );
});

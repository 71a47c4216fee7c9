import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_SUBJECT } from '../../../src/config/expression/expression.ts';
import { applyEnvOps, applyEnvRules, spareClient } from '../../../src/frontend/environment.ts';
import { joinEnvOps } from '../../../src/site/env-rules.ts';
import type { EnvIfRule, EnvMatchRule } from '../../../src/site/model.ts';
import { Recorder, type RecorderOptions } from '../static/recorder.ts';

const place = { file: 'httpd.conf', line: 1 };

function rule(
  subject: EnvMatchRule['subject'] | string,
  regex: RegExp,
  ...actions: (readonly [name: string, value: string | undefined])[]
): EnvIfRule {
  return {
    kind: 'match',
    subject: typeof subject === 'string' ? { kind: 'header', name: subject } : subject,
    regex,
    isLiteral: false,
    actions: actions.map(([name, value]) => ({ name, value })),
    place,
  };
}

function envAfter(rules: readonly EnvIfRule[], options: RecorderOptions = {}, path = '/p'): Record<string, string> {
  const { exchange } = new Recorder(options);
  applyEnvRules(rules, exchange, path, { subject: NO_SUBJECT });
  return Object.fromEntries(exchange.env ?? []);
}

test('a header that matches sets variables, with groups filled in', () => {
  const rules = [rule('X-E', /^a(.)(.*)c$/, ['E1', '$1-$2-$0'], ['E2', '&-\\$1'], ['E6', '$3.'])];
  assert.deepEqual(envAfter(rules, { fields: { 'x-e': 'abXXc' } }), { E1: 'b-XX-abXXc', E2: '&-$1', E6: '.' });
  assert.deepEqual(envAfter(rules, { fields: { 'x-e': 'other' } }), {});
});

test('a missing header is an empty text', () => {
  const rules = [rule('X-Miss', /^$/, ['MISS', '1'])];
  assert.deepEqual(envAfter(rules), { MISS: '1' });
  assert.deepEqual(envAfter(rules, { fields: { 'X-Miss': 'x' } }), {});
});

test('where there is no such header, the variable of that name is looked at', () => {
  const rules = [rule('X-E', /b/, ['E1', 'b']), rule('E1', /b/, ['CHAIN', 'yes'])];
  assert.deepEqual(envAfter(rules, { fields: { 'X-E': 'b' } }), { E1: 'b', CHAIN: 'yes' });
});

test('a variable can be removed again', () => {
  const rules = [rule('X', /./, ['A', '1'], ['B', '1']), rule('X', /x/, ['A', undefined])];
  assert.deepEqual(envAfter(rules, { fields: { X: 'x' } }), { B: '1' });
});

test('several fields of a name are one list', () => {
  assert.deepEqual(envAfter([rule('X', /^1, 2$/, ['BOTH', '1'])], { fields: { X: ['1', '2'] } }), { BOTH: '1' });
});

test('a pattern of names takes the last name that matches, where it came first', () => {
  const rules = [rule({ kind: 'header-pattern', regex: /^X-N/i }, /fo(o)/i, ['NN', '$1'])];
  assert.deepEqual(envAfter(rules, { fields: { 'X-Na': 'bar', 'x-nb': 'foo', 'X-Nc': 'FOO' } }), { NN: 'O' });
  assert.deepEqual(envAfter(rules, { fields: { 'X-Na': 'foo', 'x-nb': 'bar' } }), {});
});

test('attributes of the request', () => {
  const names = ['uri', 'remote-host', 'remote-addr', 'server-addr', 'method', 'protocol'] as const;
  const rules = names.map((name) => rule({ kind: 'attribute', name }, /(.*)/, [name, '$1']));
  assert.deepEqual(envAfter(rules, {}, '/a b'), {
    uri: '/a b',
    'remote-host': '192.0.2.7',
    'remote-addr': '192.0.2.7',
    'server-addr': '192.0.2.1',
    method: 'GET',
    protocol: 'HTTP/1.1',
  });
});

test('nokeepalive ends the connection after the answer', () => {
  const { exchange } = new Recorder({ fields: { 'User-Agent': 'Mozilla/2' } });
  applyEnvRules([rule('User-Agent', /Mozilla\/2/, ['nokeepalive', '1'])], exchange, '/', { subject: NO_SUBJECT });
  spareClient(exchange);
  assert.equal(exchange.keepAlive, false);
});

test('SetEnv sets, and UnsetEnv leaves alone what SetEnvIf has set', () => {
  const { exchange } = new Recorder();
  applyEnvOps([{ kind: 'unset', name: 'A' }], exchange);
  assert.equal(exchange.env, undefined);
  exchange.setEnv('A', 'by rule');
  applyEnvOps(joinEnvOps([{ kind: 'set', name: 'B', value: '' }], [{ kind: 'unset', name: 'A' }]), exchange);
  assert.deepEqual(
    [...(exchange.env ?? [])],
    [
      ['A', 'by rule'],
      ['B', ''],
    ],
  );
});

test('the last SetEnv of a name counts, and none of them over SetEnvIf', () => {
  const { exchange } = new Recorder();
  exchange.setEnv('A', 'by rule');
  const ops = ['A', 'B', 'B'].map((name, i) => ({ kind: 'set', name, value: String(i) }) as const);
  applyEnvOps(ops, exchange);
  assert.deepEqual(Object.fromEntries(exchange.env ?? []), { A: 'by rule', B: '2' });
});

test('UnsetEnv takes back what SetEnv set before it, not after', () => {
  const [set, unset] = [
    { kind: 'set', name: 'A', value: '1' },
    { kind: 'unset', name: 'A' },
  ] as const;
  assert.deepEqual(joinEnvOps([set], [unset]), [unset]);
  assert.deepEqual(joinEnvOps([unset], [set]), [unset, set]);
});

test('without rules no environment is made', () => {
  const { exchange } = new Recorder();
  applyEnvRules(undefined, exchange, '/', { subject: NO_SUBJECT });
  applyEnvOps(undefined, exchange);
  assert.equal(exchange.env, undefined);
});

// The reference of directives finds the tests that show them, and says where none does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directivesPage } from '../../../scripts/directives.ts';
import { evidenceOf, Proofs } from '../../../scripts/proofs.ts';
import type { DirectiveRule } from '../../../src/config/httpd/directives.ts';

const TESTS = `
const CONF = 'ServerName x';

// ProxyVia
test('hops are named', () => {
  start('Timeout 5\\nKeepAlive Off');
});

test('ProxyTimeout ends a silent backend', () => {});
`;
const proofs = new Proofs(evidenceOf('test/unit/x.test.ts', TESTS));

function rule(name: string, more: Partial<DirectiveRule> = {}): DirectiveRule {
  const known = {
    module: 'core',
    isSection: false,
    standing: 'server',
    handling: 'honoured',
    consequence: '',
  } as const;
  return { name, ...known, ...more };
}

function rowOf(name: string): string {
  const { text } = directivesPage({ rules: [rule(name)], meanings: { [name]: 'it works' }, proofs });
  return text.split('\n').find((line) => line.startsWith(`| ${name} `)) ?? '';
}

test('a directive is shown by the test whose title, comment or configuration names it', () => {
  assert.equal(rowOf('ProxyTimeout').split(' | ').at(-1), '`unit/x.test.ts` ProxyTimeout ends a silent backend |');
  for (const name of ['ProxyVia', 'Timeout', 'KeepAlive'])
    assert.equal(rowOf(name).split(' | ').at(-1), '`unit/x.test.ts` hops are named |', name);
  assert.equal(rowOf('ServerName').split(' | ').at(-1), '`unit/x.test.ts` |');
});

test('a directive without a test, or without a meaning, is a fault', () => {
  const rules = [rule('Nobody'), rule('Timeout'), rule('Other')];
  const { faults } = directivesPage({ rules, meanings: { Nobody: 'it works', Other: 'no effect' }, proofs });
  const own = faults.filter((fault) => !/^\w+=/.test(fault));
  assert.deepEqual(own, [
    'Nobody: no test speaks of it',
    'Timeout: src/config/httpd/meanings.ts does not say what it does',
  ]);
  assert.ok(faults.includes('loadfactor=: no test speaks of it'));
});

test('what is accepted, ignored or refused is listed by name', () => {
  const rules = [rule('A', { handling: 'accepted' }), rule('B', { handling: 'restricts', isSection: true })];
  const { text } = directivesPage({ rules, meanings: {}, proofs });
  assert.match(text, /Accepted: A\./);
  assert.match(text, /Refused: `<B>`\./);
});

// uriworkermap.properties as text: lines, keys, values, what is told of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings } from '../../../src/config/finding.ts';
import { MAX_MAP_LINE, readUriWorkerMap, readWorkerText } from '../../../src/config/modjk/uriworkermap.ts';

function read(text: string, environment: Record<string, string> = {}) {
  const findings = new Findings();
  const rules = readUriWorkerMap(text, { file: '/u', findings, environment });
  return {
    rules: rules.map(
      ({ pattern, worker, isExclusion, isDisabled, place }) =>
        `${place.line}: ${isDisabled ? '-' : ''}${isExclusion ? '!' : ''}${pattern}=${worker}`,
    ),
    told: findings.list.map(({ code, line }) => `${code} ${line}`),
  };
}

test('modifiers stand before the pattern, minus before exclamation mark', () => {
  assert.deepEqual(read('/a=w\n!/b=w\n-/c=w\n-!/d=w\n').rules, ['1: /a=w', '2: !/b=w', '3: -/c=w', '4: -!/d=w']);
  assert.deepEqual(read('!-/r=w\n'), { rules: [], told: ['no-pattern 1'] });
});

test('A|B is A and AB, at the first bar', () => {
  assert.deepEqual(read('!/a|/*=w\n/s|t|u=w\n|/v=w\n').rules, [
    '1: !/a=w',
    '1: !/a/*=w',
    '2: /s=w',
    '2: /st|u=w',
    '3: /v=w',
  ]);
});

test('what stands behind # and white space around keys and values are nothing; the first equals sign parts them', () => {
  assert.deepEqual(read('  /a\t= w # x\r\n#/b=w\n\n/m==w\n').rules, ['1: /a=w', '4: /m==w']);
});

test('lines that are no rules are told and cost nothing else', () => {
  assert.deepEqual(read('/o/*:w1\n/l=\n=w\n/a=w\n'), {
    rules: ['4: /a=w'],
    told: ['no-rule 1', 'no-rule 2', 'no-rule 3'],
  });
  assert.deepEqual(read(`/${'x'.repeat(MAX_MAP_LINE)}=w\n/a=w`), { rules: ['2: /a=w'], told: ['line-too-long 1'] });
});

test('a key that stands twice has the later value, in the place of the first', () => {
  assert.deepEqual(read('/a=w1\n/b=w\n/a=w2\n'), { rules: ['3: /a=w2', '2: /b=w'], told: ['rule-again 3'] });
});

test('$(NAME) is an earlier key of the file, else a variable of the environment, else itself', () => {
  assert.deepEqual(read('v=w2\n/a=$(v)\n/b=$(ENV)\n/c=$(none)\n', { ENV: 'e' }), {
    rules: ['2: /a=w2', '3: /b=e', '4: /c=$(none)'],
    told: [],
  });
  assert.deepEqual(read('v=w2\n').told, ['no-pattern 1']);
});

test('values that repeat values do not grow without end', () => {
  const repeat = (name: string) => `$(${name})`.repeat(20);
  const text = `a=${'x'.repeat(8000)}\n/b=${repeat('a')}\n/c=${repeat('/b')}\n/d=${repeat('/c')}\n/e=w\n`;
  assert.deepEqual(read(text).told, ['value-too-long 2']);
  assert.deepEqual(read(text).rules.slice(-1), ['5: /e=w']);
  assert.ok(read(text).rules.every((rule) => rule.length < 10_000));
});

test('behind the worker stand extensions; session_path may begin with the separator itself', () => {
  assert.deepEqual(readWorkerText('w;a=1;b;c=x=y'), {
    worker: 'w',
    extensions: [
      { name: 'a', value: '1' },
      { name: 'b', value: '' },
      { name: 'c', value: 'x=y' },
    ],
  });
  for (const text of ['w;session_path=;sid', 'w;session_path=sid'])
    assert.deepEqual(readWorkerText(text).extensions, [{ name: 'session_path', value: ';sid' }]);
  // The blank belongs to the name: there is no such worker.
  assert.equal(readWorkerText('w ;x=1').worker, 'w ');
  assert.equal(readWorkerText(';w').worker, ';w');
});

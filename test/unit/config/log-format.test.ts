// The LogFormat language as trees.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileLogFormat, type LogField, PREDEFINED_FORMATS } from '../../../src/config/httpd/log-format.ts';

function fields(source: string): LogField[] {
  const compiled = compileLogFormat(source);
  assert.ok(compiled.ok, source);
  return compiled.format.filter((part) => part.kind === 'field');
}

const plain = { argument: undefined, statuses: undefined, request: undefined };

test('text and fields alternate', () => {
  const compiled = compileLogFormat('%h "%r" 100%%\\n\\t\\q');
  assert.deepEqual(compiled, {
    ok: true,
    format: [
      { kind: 'field', name: 'h', ...plain },
      { kind: 'text', text: ' "' },
      { kind: 'field', name: 'r', ...plain },
      { kind: 'text', text: '" 100%\n\t\\q' },
    ],
  });
});

test('modifiers come in any order', () => {
  assert.deepEqual(fields('%!400,501{X}i %<s %>s %{%Y-%m}t %^FB %{T}^ti %404!{Referer}i'), [
    { kind: 'field', name: 'i', argument: 'X', statuses: { codes: [400, 501], isNegated: true }, request: undefined },
    { kind: 'field', name: 's', ...plain, request: 'original' },
    { kind: 'field', name: 's', ...plain, request: 'final' },
    { kind: 'field', name: 't', ...plain, argument: '%Y-%m' },
    { kind: 'field', name: '^FB', ...plain },
    { kind: 'field', name: '^ti', ...plain, argument: 'T' },
    { kind: 'field', name: 'i', argument: 'Referer', statuses: { codes: [404], isNegated: true }, request: undefined },
  ]);
});

test('every letter of the documentation is known', () => {
  for (const letter of 'aBbCDefhHiklLmnopPqrRstTuUvVXIOSxc') assert.equal(fields(`%${letter}`).length, 1);
});

for (const [source, offset] of [
  ['%h %Z', 3],
  ['%{x', 0],
  ['a%', 1],
  ['%^xx', 0],
  ['% s', 0],
] as const)
  test(`${JSON.stringify(source)} is refused with its place`, () => {
    const compiled = compileLogFormat(source);
    assert.ok(!compiled.ok);
    assert.equal(compiled.offset, offset);
    assert.notEqual(compiled.problem, '');
  });

test('the names distributions define compile', () => {
  for (const [name, source] of PREDEFINED_FORMATS) assert.ok(compileLogFormat(source).ok, name);
});

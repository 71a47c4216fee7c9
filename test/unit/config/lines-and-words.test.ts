// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes variables so.
// Logical lines and words: what the language's first step makes of octets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLines } from '../../../src/config/httpd/lines.ts';
import { expandVariables, readWords } from '../../../src/config/httpd/words.ts';

function lines(text: string): { text: string; line: number }[] {
  const found: { text: string; line: number }[] = [];
  readLines(text, { line: (line) => found.push(line) > 0, commentContinues: () => {} });
  return found;
}

test('a backslash at the end joins lines, and the first number is kept', () => {
  assert.deepEqual(lines('\nA b \\\n  c \\\r\n  d\r\nE'), [
    { text: 'A b   c   d', line: 2 },
    { text: 'E', line: 5 },
  ]);
});

test('a backslash before white space joins nothing', () => {
  assert.deepEqual(
    lines('A \\ \nB').map((line) => line.text),
    ['A \\', 'B'],
  );
});

test('a number sign begins a comment only at the start of a line', () => {
  assert.deepEqual(
    lines('# a\n  # b\nC # d\n\n').map((line) => line.text),
    ['C # d'],
  );
});

test('a comment that ends in a backslash hides the next line, and says so', () => {
  const hidden: [number, string][] = [];
  const seen: string[] = [];
  readLines('# old \\\nProxyPass / http://h/\nListen 80', {
    line: (line) => seen.push(line.text) > 0,
    commentContinues: (line, text) => hidden.push([line, text]),
  });
  assert.deepEqual(seen, ['Listen 80']);
  assert.deepEqual(hidden, [[1, 'ProxyPass / http://h/']]);
});

test('a byte order mark is no part of the first word', () => {
  assert.deepEqual(lines('\u00ef\u00bb\u00bfListen 80'), [{ text: 'Listen 80', line: 1 }]);
});

test('quotes hold words together and lose their backslashes before themselves', () => {
  assert.deepEqual(readWords(`a "b c" 'd "e' "f\\"g" "h\\\\i" j\\\\k l\\m`), [
    'a',
    'b c',
    'd "e',
    'f"g',
    'h\\i',
    'j\\k',
    'l\\m',
  ]);
});

test('a quote left open runs to the end, and a quote within a word is part of it', () => {
  assert.deepEqual(readWords('a "b c'), ['a', 'b c']);
  assert.deepEqual(readWords('"/manager "balancer://t" x'), ['/manager ', 'balancer://t"', 'x']);
});

test('an empty quoted word is a word', () => {
  assert.deepEqual(readWords('a "" b'), ['a', '', 'b']);
});

test('variables are replaced once, unknown ones stay and are told', () => {
  const unknown: string[] = [];
  const known = new Map([['A', '${B} "x']]);
  const text = expandVariables(
    'p ${A} ${B} ${map:key} ${open',
    (name) => known.get(name),
    (name) => unknown.push(name),
  );
  assert.equal(text, 'p ${B} "x ${B} ${map:key} ${open');
  assert.deepEqual(unknown, ['B']);
});

// Wildcards and regular expressions as httpd writes them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGlob, hasWildcards } from '../../../src/config/httpd/glob.ts';
import { compileRegex } from '../../../src/config/httpd/regex.ts';

const globs: [pattern: string, options: object, yes: string[], no: string[]][] = [
  ['*.conf', { period: true }, ['a.conf', 'conf.conf'], ['.conf', 'a.conf~']],
  ['a?c', {}, ['abc', 'a/c'], ['ac', 'abbc']],
  ['/a/*/c', { pathname: true }, ['/a/b/c'], ['/a/b/b/c', '/a//b/c']],
  ['*', {}, ['http://h/x', ''], []],
  ['\\*', {}, ['*'], ['x', '']],
  ['[a-c]x', {}, ['ax', 'cx'], ['dx', 'x']],
  ['[!a]x', {}, ['bx'], ['ax']],
  ['[]]x', {}, [']x'], ['x']],
  ['[ab', {}, ['[ab'], ['a']],
  ['a.b', {}, ['a.b'], ['aXb']],
  ['[a/]b', { pathname: true }, ['ab'], ['/b']],
];

for (const [pattern, options, yes, no] of globs)
  test(`the wildcard ${pattern} ${JSON.stringify(options)} matches what apr_fnmatch would`, () => {
    const regex = compileGlob(pattern, options);
    for (const text of yes) assert.ok(regex.test(text), text);
    for (const text of no) assert.ok(!regex.test(text), text);
  });

test('an escaped wildcard is none, and a bracket needs its end', () => {
  assert.ok(hasWildcards('a*') && hasWildcards('a?') && hasWildcards('[a]'));
  assert.ok(!hasWildcards('\\*') && !hasWildcards('[a') && !hasWildcards('/plain'));
});

const regexes: [source: string, yes: string[], no: string[]][] = [
  ['(?i)^/ab', ['/AB'], ['/x']],
  ['^/a(?i)b', ['/aB'], ['/Ab']],
  ['^/(?<n>.*)$', ['/x'], ['x']],
  ['^/(?P<n>.)$', ['/x'], ['/xy']],
  ['[[:alpha:]_]+\\d\\z', ['a_1'], ['a_1x']],
  ['\\A/a', ['/a'], ['x/a']],
  ['a.b', ['a\nb'], ['ab']],
  ['a(?#note)b', ['ab'], ['a']],
  ['\\Qa.b\\E', ['a.b'], ['axb']],
  ['[]a]', [']', 'a'], ['b']],
];

for (const [source, yes, no] of regexes)
  test(`the pattern ${source} means what PCRE means by it`, () => {
    const compiled = compileRegex(source);
    assert.ok(compiled.ok);
    for (const text of yes) assert.ok(compiled.regex.test(text), text);
    for (const text of no) assert.ok(!compiled.regex.test(text), text);
  });

for (const source of ['a++', '(?>a)', '(', '[a', '\\K', 'a\\', '(?R)', '*'])
  test(`the pattern ${source} is refused, not read as something else`, () => {
    const compiled = compileRegex(source);
    assert.equal(compiled.ok, false);
  });

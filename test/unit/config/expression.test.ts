// Facts about expressions. Every row was asked of httpd 2.4.71, whose answer stands beside it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { NO_SUBJECT, parseExpression, parseText } from '../../../src/config/expression/expression.ts';
import { EXPRESSION_LIMITS } from '../../../src/config/expression/names.ts';
import { subjectOf } from '../../support/expression-subject.ts';

const SUBJECT = subjectOf({
  variables: {
    REQUEST_METHOD: 'GET',
    REQUEST_URI: '/l29',
    HTTPS: 'off',
    REMOTE_ADDR: '127.0.0.1',
    SSL_PROTOCOL: 'TLSv1.3',
    QUERY_STRING: 'q=1&b=two',
  },
  request: { host: 'www.Example.com:8080', 'x-a': 'alpha', 'x-n': '42' },
  response: { 'content-type': 'text/plain' },
  env: { X: 'of-request', BOTH: 'of-request' },
  notes: { BOTH: 'of-notes' },
  process: { PATH: '/bin', X: 'of-process' },
  lists: { 'peerextlist 1.2.3': ['one', 'two'] },
  client: '127.0.0.1',
  files: { '/etc': undefined, '/etc/passwd': 'root:x\n', '/empty': '', '/a.link': 'x' },
  reachable: ['url /index.html', 'file index.html'],
});

function ask(text: string): string {
  const parsed = parseExpression(text, { lists: new Set(['peerextlist']) });
  return parsed.ok ? String(parsed.expression.test(SUBJECT)) : 'refused';
}

function say(text: string): string {
  const parsed = parseText(text);
  return parsed.ok ? parsed.expression.text(SUBJECT) : `refused at ${parsed.offset}`;
}

const FACTS = readFileSync(new URL('../../data/expressions/facts.txt', import.meta.url), 'utf8');

for (const section of FACTS.split(/^# /m).slice(1)) {
  const [title, ...rows] = section.trim().split('\n');
  describe(title, () => {
    for (const row of rows) {
      const [text, answer] = row.split(/\s+=>\s+/);
      test(`${text} is ${answer}`, () => assert.equal(ask(text), answer));
    }
  });
}

describe('a text with variables', () => {
  const rows: readonly [text: string, answer: string][] = [
    ['', ''],
    ['plain', 'plain'],
    ['%{REQUEST_METHOD} of %{HTTP_HOST}', 'GET of www.Example.com:8080'],
    ['a%{tolower:ABC}b', 'aabcb'],
    ['a\\%{HTTP_HOST}', 'a%{HTTP_HOST}'],
    ['a%b%%c', 'a%b%%c'],
    ['it\'s "quoted"', 'it\'s "quoted"'],
    ['a$b$1c', 'a$bc'],
    ['x$1\\$1$$1', 'x$1$'],
    ['a}b', 'a}b'],
    ['%{nosuch}', 'refused at 0'],
    ['a%{tolower:x"}', 'refused at 12'],
    ['a\\', 'refused at 1'],
  ];
  for (const [text, answer] of rows) test(`"${text}" is "${answer}"`, () => assert.equal(say(text), answer));
});

describe('what is told of a wrong expression', () => {
  const rows: readonly [text: string, offset: number, problem: RegExp][] = [
    ["%{HTTP_X_A} == 'a'", 0, /no variable HTTP_X_A; write %\{HTTP:x-a\}/],
    ["-n 'a' && %{REQUEST_METOD} == 'a'", 10, /did you mean REQUEST_METHOD/],
    ["'a' =~ /a\\/b/", 10, /ends the regular expression even after a backslash; write m#…#/],
    ["tolwer('a') == 'a'", 0, /no function tolwer; did you mean tolower/],
    ['%{HTTPS}', 8, /ends too early; a word alone is no condition/],
    ["'a' == 'b", 7, /has no closing '/],
    ["'a' == b", 7, /"b" stands without quotes; write 'b'/],
    ["-R '10/8'", 3, /"10\/8" is no address or network/],
    ["'a' -foo 'b'", 4, /no operator -foo between words/],
    ["true 'a'", 5, /join conditions with && or \|\|/],
  ];
  for (const [text, offset, problem] of rows)
    test(`${text}: ${problem.source}`, () => {
      const parsed = parseExpression(text);
      assert.ok(!parsed.ok);
      assert.equal(parsed.offset, offset);
      assert.match(parsed.problem, problem);
    });
});

describe('limits', () => {
  test('an expression longer than its limit is refused', () => {
    const parsed = parseExpression(`true${' '.repeat(EXPRESSION_LIMITS.sourceBytes)}`);
    assert.ok(!parsed.ok && /longer than/.test(parsed.problem));
  });

  test('a text longer than its limit is refused, one as long as it is not', () => {
    const text = (length: number) => parseExpression(`-n '${'a'.repeat(length)}'`).ok;
    assert.ok(text(EXPRESSION_LIMITS.literalBytes));
    assert.ok(!text(EXPRESSION_LIMITS.literalBytes + 1));
  });

  for (const [name, open, inner, close] of [
    ['parentheses', '(', 'true', ')'],
    ['functions', 'tolower(', "'a'", ')'],
    ['variables', '%{tolower:', 'a', '}'],
  ])
    test(`${name} deeper than their limit are refused, however many there are`, () => {
      const text = (depth: number) => open.repeat(depth) + inner + close.repeat(depth);
      const whole = (depth: number) => (name === 'parentheses' ? text(depth) : `${text(depth)} == 'a'`);
      assert.ok(parseExpression(whole(EXPRESSION_LIMITS.depth)).ok);
      for (const depth of [EXPRESSION_LIMITS.depth + 1, 5000]) {
        const parsed = parseExpression(whole(depth));
        assert.ok(!parsed.ok && /levels/.test(parsed.problem));
      }
    });

  test('thousands of joined conditions take no depth', () => {
    const parsed = parseExpression(`${'false||'.repeat(8000)}true`);
    assert.ok(parsed.ok && parsed.expression.test(SUBJECT));
  });

  test('wildcards that come from a request cost no more than pattern times text', () => {
    const parsed = parseExpression('%{HTTP:a} -strmatch %{HTTP:b}');
    assert.ok(parsed.ok);
    const hostile = subjectOf({ request: { a: 'a'.repeat(4000), b: `${'*a'.repeat(2000)}b` } });
    assert.equal(parsed.expression.test(hostile), false);
  });
});

describe('what the users of expressions build on', () => {
  test('fields that an answer depended on are told, unless req_novary asks', () => {
    const varying: string[] = [];
    const parsed = parseExpression("%{HTTP_HOST} == 'x' || req_novary('A') == 'x' || req('B') == 'x'");
    assert.ok(parsed.ok);
    parsed.expression.test(subjectOf({}, varying));
    assert.deepEqual(varying, ['Host', 'B']);
  });

  test('fields in texts are not told: httpd does not vary by them', () => {
    const varying: string[] = [];
    const parsed = parseText('%{HTTP_REFERER}');
    assert.ok(parsed.ok);
    parsed.expression.text(subjectOf({}, varying));
    assert.deepEqual(varying, []);
  });

  test('a function that tells a list is refused where nobody provides it', () => {
    assert.ok(!parseExpression("'a' in PeerExtList('1.2')").ok);
  });

  test('where nothing is known every answer is empty or false', () => {
    const parsed = parseExpression(
      "%{HTTP_HOST}.%{QUERY_STRING}.resp('A').reqenv('A').note('A').osenv('A') == '' && !-R '10.0.0.0/8' && !-e '/' && !-U '/'",
    );
    assert.ok(parsed.ok && parsed.expression.test(NO_SUBJECT));
  });

  test('match tells the groups for what uses $1 beyond the expression', () => {
    const parsed = parseExpression('%{HTTP:A} =~ /x(.)/');
    assert.ok(parsed.ok);
    assert.equal(parsed.expression.match(subjectOf({ request: { a: 'xy' } }))?.[1], 'y');
    assert.equal(parsed.expression.match(subjectOf({ request: { a: 'z' } })), undefined);
  });

  test('names of their own are variables and functions like the others', () => {
    const names = { variables: new Set(['REQUEST_SIZE']), functions: new Set(['hc']) };
    const parsed = parseExpression("%{REQUEST_SIZE} -gt 5 && hc('body') =~ /ok/", names);
    assert.ok(parsed.ok);
    const subject = subjectOf({ variables: { REQUEST_SIZE: '6' }, functions: { hc: (what) => `${what} ok` } });
    assert.equal(parsed.expression.test(subject), true);
  });

  test('a file that cannot be read is a failure, not an answer', () => {
    const parsed = parseExpression("file('/nosuch') == 'x'");
    assert.ok(parsed.ok);
    assert.throws(() => parsed.expression.test(SUBJECT), { name: 'Failure', code: 'expression-failed' });
  });
});

// Reading parameters and writing numbers as httpd's pages do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leadingNumber, readParameters, refererHost } from '../../../src/admin/form.ts';
import { escapeLink, hundredths, shortSize } from '../../../src/admin/markup.ts';

test('values are decoded twice, names once, and the last of a name counts', () => {
  const read = readParameters('a=%2541&A=2%20+&%62=x&c&=z&&d=a=b&e=x%00y&f=%zz%4');
  assert.deepEqual(
    [...read],
    [
      ['a', '2 +'],
      ['b', 'x'],
      ['c', ''],
      ['d', 'a=b'],
      ['e', 'x'],
      ['f', '%zz%4'],
    ],
  );
});

test('where names are given, only these are taken, letter by letter', () => {
  assert.deepEqual([...readParameters('b=1&B=2&w_lf=3', new Set(['b']))], [['b', '1']]);
});

test('numbers are read as far as they go', () => {
  const texts = ['2', ' 3', '1e1', '0x10', '.5', '-5', 'abc', '', '1.5.2', '1e', '+7x'];
  assert.deepEqual(texts.map(leadingNumber), [2, 3, 10, 16, 0.5, -5, 0, 0, 1.5, 1, 7]);
});

test('the host of a Referer is what stands between // and port or path', () => {
  for (const [referer, host] of [
    ['http://A.test/x', 'a.test'],
    ['https://a.test:99', 'a.test'],
    ['//a.test?q', 'a.test'],
    ['http://u:p@a.test/', 'a.test'],
    ['http://[::1]:8/', '[::1]'],
    ['http://evil.test/@a.test', 'evil.test'],
    ['http://evil.test#@a.test', 'evil.test'],
    ['http://a.test:x/', undefined],
    ['http://', undefined],
    ['a.test', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)
    assert.equal(refererHost(referer), host, referer ?? 'none');
});

test('sizes take four columns', () => {
  const sizes = [0, 51, 972, 973, 1024, 2172, 9_999, 10_240, 972 * 1024, 973 * 1024, 5e9, 1e18];
  assert.deepEqual(sizes.map(shortSize), [
    '  0 ',
    ' 51 ',
    '972 ',
    '1.0K',
    '1.0K',
    '2.1K',
    '9.8K',
    ' 10K',
    '972K',
    '1.0M',
    '4.7G',
    '888P',
  ]);
  assert.equal(hundredths(114), '1.14');
});

test('a link is read back as what it was made of', () => {
  const text = 'http://h:1/a b?c&d=%e+\'"<>é';
  assert.equal(readParameters(`w=${escapeLink(escapeLink(text))}`).get('w'), text);
  assert.match(escapeLink(text), /^[\w$\-.!*(),:@/~;%]+$/);
});

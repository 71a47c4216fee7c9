// Request paths: what is decoded, resolved, merged, refused; what a backend gets literally.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedSlashes } from '../../../src/site/model.ts';
import { encodePath, newRequestPath, readPath, sealPath, undecodedPath } from '../../../src/site/path.ts';

function read(raw: string, allowEncodedSlashes: EncodedSlashes = 'off', mergeSlashes = true) {
  const path = newRequestPath();
  const isServed = readPath(raw, { allowEncodedSlashes, mergeSlashes }, path);
  return { isServed, ...path };
}

for (const [raw, decoded] of [
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['//a///b//', '/a/b/'],
  ['/a/./b/.', '/a/b/'],
  ['/a/../b', '/b'],
  ['/a/b/..', '/a/'],
  ['/a/%2e%2E/b', '/b'],
  ['/...', '/...'],
  ['/a/..b', '/a/..b'],
  ['/a%20b%41', '/a bA'],
  ['/caf%C3%A9', '/caf\u00c3\u00a9'],
  ['/a%25b', '/a%b'],
  ['/a%252Fb', '/a%2Fb'],
  ['/;p=1/..;/x', '/;p=1/..;/x'],
] as const)
  test(`${raw} is decoded to ${JSON.stringify(decoded)}`, () => {
    const path = read(raw);
    assert.equal(path.isServed, true);
    assert.equal(path.decoded, decoded);
    assert.equal(path.status, 0);
    assert.equal(path.raw, raw);
  });

for (const raw of ['/..', '/../x', '/a/../..', '/%2e%2e/x', '/a%zz', '/a%', '/a%4', 'x', '', '/a#f', '/a\0b'])
  test(`${JSON.stringify(raw)} is answered 400`, () => {
    const path = read(raw);
    assert.equal(path.isServed, false);
    assert.equal(path.status, 400);
    assert.equal(path.decoded, '');
  });

for (const raw of ['/a%00b', '/a%2Fb', '/a%2fb'])
  test(`${raw} is answered 404 unless a mapping takes the encoded form`, () => {
    const path = read(raw);
    assert.equal(path.isServed, true);
    assert.equal(path.status, 404);
    assert.equal(path.encoded, raw);
    assert.equal(path.decoded, '');
  });

test('a plain path comes back as the same string', () => {
  const raw = '/a/b;c=d/e+f';
  const path = read(raw);
  assert.ok(Object.is(path.decoded, raw) && Object.is(path.encoded, raw));
});

test('encoded slashes are decoded when on, and then resolved', () => {
  assert.equal(read('/a%2Fb', 'on').decoded, '/a/b');
  assert.equal(read('/a/..%2F..%2Fb', 'on').decoded, '/b');
  assert.equal(read('/a%2F..%2Fb', 'on').decoded, '/b');
});

test('encoded slashes stay when not decoded, and cannot be confused with the text %2F', () => {
  assert.equal(read('/a%2Fb%2fc', 'no-decode').decoded, '/a%2Fb%2fc');
  assert.equal(encodePath(read('/a%2Fb%2fc', 'no-decode').decoded, true), '/a%2Fb%2fc');
  assert.equal(encodePath(read('/a%252Fb', 'no-decode').decoded, true), '/a%252Fb');
  assert.equal(encodePath(read('/a%25b', 'no-decode').decoded, true), '/a%25b');
});

test('slashes stay apart when MergeSlashes is off', () => {
  assert.equal(read('/a//b', 'off', false).decoded, '/a//b');
});

test('the encoded form decodes unreserved characters only', () => {
  assert.equal(read('/%41%2D/%2e/a%20b%2Fc').encoded, '/A-/a%20b%2Fc');
});

test('a backend gets these characters literally and all others encoded', () => {
  const literal = "/AZaz09$-_.+!*'(),;:@&=~";
  assert.ok(Object.is(encodePath(literal, false), literal));
  assert.equal(
    encodePath('/a"<>[]^`{|}\\%#? \u00e9\n', false),
    '/a%22%3C%3E%5B%5D%5E%60%7B%7C%7D%5C%25%23%3F%20%E9%0A',
  );
});

test('a path that goes on as sent holds nothing a request line may not', () => {
  const clean = '/a%2Fb"|[]';
  assert.ok(Object.is(sealPath(clean), clean));
  assert.equal(sealPath('/a b\r\n\u00e9\u007f'), '/a%20b%0D%0A%E9%7F');
});

test('slashes at the very start are one, whatever MergeSlashes says', () => {
  const path = newRequestPath();
  assert.ok(readPath('//a//b', { allowEncodedSlashes: 'off', mergeSlashes: false }, path));
  assert.deepEqual([path.raw, path.decoded], ['//a//b', '/a//b']);
});

test('rules that run before the path is decoded see it as it was sent, but for slashes at its start', () => {
  for (const [sent, seen] of [
    ['//a//b/../%61', '/a//b/../%61'],
    ['////%2f/y', '/%2f/y'],
    ['//', '/'],
    ['/a//b', '/a//b'],
    ['/a/./b', '/a/./b'],
    ['/%zz', '/%zz'],
  ])
    for (const mergeSlashes of [true, false]) assert.equal(undecodedPath(read(sent, 'off', mergeSlashes)), seen, sent);
});

test('a percent sign without two digits is 400 even in a segment that ".." takes away', () => {
  assert.equal(read('/%zz/../a').status, 400);
});

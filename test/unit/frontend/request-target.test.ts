// Who is asked for what: host, path and query out of the request line and the Host field (RFC 9112 §3.2).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestHead } from '../../../src/base/head.ts';
import { RequestTarget } from '../../../src/frontend/request-target.ts';

interface Read {
  isServed: boolean;
  hostName: string | undefined;
  path: string;
  query: string | undefined;
  hostField: string | undefined;
}

const reused = new RequestTarget();

function read(target: string, host?: string, method = 'GET'): Read {
  const head = new RequestHead();
  head.method = method;
  head.target = target;
  if (host !== undefined) head.fields.add('Host', host);
  const isServed = reused.read(head);
  const { hostName, path, query } = reused;
  return { isServed, hostName, path, query, hostField: head.fields.get('Host') };
}

test('the path ends at the first question mark, and what follows is the query as sent', () => {
  const { isServed, path, query } = read('/a/b;c=1?x=1?y=%zz', 'h');
  assert.deepEqual([isServed, path, query], [true, '/a/b;c=1', 'x=1?y=%zz']);
  assert.equal(read('/a', 'h').query, undefined);
  assert.equal(read('/a?', 'h').query, '');
});

test('the name of the host is lower case and without port', () => {
  for (const [field, name] of [
    ['Www.Example.TEST', 'www.example.test'],
    ['www.example.test:8080', 'www.example.test'],
    ['[2001:DB8::1]:8080', '[2001:db8::1]'],
    ['[::1]', '[::1]'],
    ['www.example.test.', 'www.example.test'],
    ['www.example.test.:80', 'www.example.test'],
    ['10.0.0.1:80', '10.0.0.1'],
  ])
    assert.equal(read('/', field).hostName, name, field);
});

test('without a Host field, or with an empty one, no host is named', () => {
  assert.equal(read('/').hostName, undefined);
  assert.equal(read('/', '').hostName, undefined);
});

test('what one request named is not taken over by the next', () => {
  read('/a?q=1', 'first.test');
  const { hostName, path, query } = read('/b');
  assert.deepEqual([hostName, path, query], [undefined, '/b', undefined]);
  assert.equal(read('/', 'second.test').hostName, 'second.test');
});

test('an absolute target overrides the Host field, in the field too', () => {
  const { isServed, hostName, path, query, hostField } = read('http://Other.test:81/p?q', 'named.test');
  assert.deepEqual([isServed, hostName, path, query, hostField], [true, 'other.test', '/p', 'q', 'Other.test:81']);
  assert.equal(read('http://other.test', 'x').path, '/');
  assert.deepEqual([read('http://other.test?q', 'x').path, read('http://other.test?q', 'x').query], ['/', 'q']);
});

test('OPTIONS * names the server itself', () => {
  const { isServed, path, hostName } = read('*', 'h', 'OPTIONS');
  assert.deepEqual([isServed, path, hostName], [true, '*', 'h']);
});

test('a target without a form that is served here is refused', () => {
  assert.equal(read('h.test:443', 'h.test', 'CONNECT').isServed, false);
  assert.equal(read('*', 'h', 'GET').isServed, false);
  assert.equal(read('nonsense', 'h').isServed, false);
});

// `;jsessionid=` taken off request targets and put on links.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeURL, stripSessionId } from '../../../src/session/url.ts';

describe('a request target', () => {
  for (const [fact, target, url, id] of [
    ['without parameters stays as it is', '/a/b?c=d', '/a/b?c=d', undefined],
    ['loses the id at its end', '/a;jsessionid=X.r1', '/a', 'X.r1'],
    ['keeps its query', '/a;jsessionid=X?b=1;c=2', '/a?b=1;c=2', 'X'],
    ['may carry the id in a middle segment', '/a;jsessionid=X/b', '/a/b', 'X'],
    ['keeps other path parameters', '/a;v=1;jsessionid=X;w=2/b;u', '/a;v=1;w=2/b;u', 'X'],
    ['with two ids has the last', '/a;jsessionid=X/b;jsessionid=Y', '/a/b', 'Y'],
    ['with an id in the query has none', '/a?x=;jsessionid=X', '/a?x=;jsessionid=X', undefined],
    ['with another letter case has none', '/a;JSESSIONID=X', '/a;JSESSIONID=X', undefined],
    ['with an empty id has none, and loses the parameter', '/a;jsessionid=', '/a', undefined],
    ['may be the root', '/;jsessionid=X', '/', 'X'],
    ['with an overlong id has none', `/a;jsessionid=${'A'.repeat(257)}`, '/a', undefined],
  ] as const) {
    test(fact, () => assert.deepEqual(stripSessionId(target), { url, id }));
  }
});

describe('a link', () => {
  const scope = { origin: 'http://h.test:81', contextPath: '/app' };
  for (const [fact, url, expected] of [
    ['gets the id behind its path', '/app/a', '/app/a;jsessionid=I'],
    ['gets it before query and fragment', '/app/a?x=/1#f?', '/app/a;jsessionid=I?x=/1#f?'],
    ['may be relative', 'a/b?c', 'a/b;jsessionid=I?c'],
    ['may name the same origin', 'HTTP://h.test:81/app/a', 'HTTP://h.test:81/app/a;jsessionid=I'],
    ['never takes the id to another host', 'http://h.test:8181/app/a', 'http://h.test:8181/app/a'],
    ['never takes it to another scheme', 'https://h.test:81/app/a', 'https://h.test:81/app/a'],
    ['never takes it to a host without scheme', '//evil.test/app', '//evil.test/app'],
    ['never takes it out of the context', '/application/a', '/application/a'],
    ['to the context itself takes it', '/app', '/app;jsessionid=I'],
    ['of only a query or fragment stays', '?a=b', '?a=b'],
    ['of only a fragment stays', '#top', '#top'],
    ['of another kind stays', 'mailto:a@b.test', 'mailto:a@b.test'],
    ['with an older id gets the new one', '/app/a;jsessionid=OLD?x', '/app/a;jsessionid=I?x'],
  ] as const) {
    test(fact, () => assert.equal(encodeURL(url, 'I', scope), expected));
  }
});

// The session cookie, written and read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSessionCookie, readSessionIds } from '../../../src/session/cookie.ts';

test('the cookie of the root context looks like Tomcat’s', () => {
  // Recorded: Tomcat 10.1.60, JSESSIONID=917D….node1; Path=/; HttpOnly
  assert.equal(
    formatSessionCookie('917D7191F847DEF378A545AE50C2BC74.node1', '', false, {}),
    'JSESSIONID=917D7191F847DEF378A545AE50C2BC74.node1; Path=/; HttpOnly',
  );
});

test('the path is the context path, and TLS adds Secure', () => {
  assert.equal(formatSessionCookie('A', '/shop', true, {}), 'JSESSIONID=A; Path=/shop; Secure; HttpOnly');
});

test('every attribute can be chosen', () => {
  assert.equal(
    formatSessionCookie('A', '/shop', false, {
      name: 'SID',
      path: '/',
      domain: 'example.test',
      secure: true,
      httpOnly: false,
      sameSite: 'Lax',
      maxAgeSeconds: 60,
    }),
    'SID=A; Max-Age=60; Domain=example.test; Path=/; Secure; SameSite=Lax',
  );
  assert.equal(formatSessionCookie('A', '', true, { secure: false }), 'JSESSIONID=A; Path=/; HttpOnly');
});

test('ids are read from all cookies of the name, in order', () => {
  assert.deepEqual(readSessionIds('a=1; JSESSIONID=X.r1; b=2;JSESSIONID=Y'), ['X.r1', 'Y']);
});

test('quotes around an id are no part of it', () => {
  assert.deepEqual(readSessionIds('JSESSIONID="X.r1"'), ['X.r1']);
});

test('other letter case and longer names are other cookies', () => {
  assert.deepEqual(readSessionIds('jsessionid=a; XJSESSIONID=b; JSESSIONIDX=c; a=JSESSIONID'), []);
});

test('cookies of two fields that a front joined with a comma are both seen', () => {
  assert.deepEqual(readSessionIds('a=1, JSESSIONID=X'), ['X']);
});

test('overlong ids and more than eight are not looked at', () => {
  assert.deepEqual(readSessionIds(`JSESSIONID=${'A'.repeat(257)}; JSESSIONID=`), []);
  assert.equal(readSessionIds(Array.from({ length: 20 }, (_, i) => `JSESSIONID=${i}`).join('; ')).length, 8);
  assert.deepEqual(readSessionIds(undefined), []);
});

// Whom the status worker takes for a page of another site.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignPage } from '../../../../src/admin/jk-status/foreign-page.ts';

const NAMES = ['front.test', 'www.front.test'];

function isForeign(fields: Record<string, string>): boolean {
  return foreignPage({ get: (name) => fields[name] }, NAMES) !== undefined;
}

test('a script that says nothing of a page may change things', () => {
  assert.equal(isForeign({}), false);
  assert.equal(isForeign({ 'User-Agent': 'curl/8.0' }), false);
});

test('a browser says what it is about, and then nothing else counts', () => {
  const from = (site: string) => isForeign({ 'Sec-Fetch-Site': site, Referer: 'http://front.test/jkstatus' });
  assert.deepEqual(['same-origin', 'none', 'same-site', 'cross-site', 'odd'].map(from), [
    false,
    false,
    true,
    true,
    true,
  ]);
  assert.equal(isForeign({ 'Sec-Fetch-Site': 'same-origin', Referer: 'http://other.test/' }), false);
});

test('where it does not say so, Origin and then Referer name the page', () => {
  assert.equal(isForeign({ Referer: 'http://other.test/page' }), true);
  assert.equal(isForeign({ Referer: 'http://front.test/jkstatus?cmd=list' }), false);
  assert.equal(isForeign({ Referer: 'https://WWW.front.test:8443/' }), false);
  assert.equal(isForeign({ Origin: 'http://other.test', Referer: 'http://front.test/' }), true);
  assert.equal(isForeign({ Origin: 'http://front.test' }), false);
  assert.equal(isForeign({ Origin: 'null' }), true);
});

test('what cannot be read names no other page', () => {
  assert.equal(isForeign({ Referer: 'about:blank' }), false);
  assert.equal(isForeign({ Referer: '' }), false);
});

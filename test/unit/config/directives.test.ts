// The directive table: complete against the stories, consistent in itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allDirectives,
  findDirective,
  isKnownDirective,
  READING_DIRECTIVES,
  similarDirectives,
} from '../../../src/config/httpd/directives.ts';

test('names are found in any case and sections by their bracket', () => {
  assert.equal(findDirective('proxypass')?.handling, 'honoured');
  assert.equal(findDirective('<proxy')?.isSection, true);
  assert.equal(findDirective('<proxy')?.name, 'Proxy');
  assert.equal(findDirective('proxy'), undefined);
  assert.equal(findDirective('startservers')?.handling, 'accepted');
  assert.equal(findDirective('expiresactive')?.handling, 'ignored');
  assert.equal(findDirective('sslrequire')?.handling, 'restricts');
});

test('no directive stands in the table twice, and none that reading resolves', () => {
  const names = [...allDirectives()].map((rule) => `${rule.isSection ? '<' : ''}${rule.name.toLowerCase()}`);
  assert.equal(new Set(names).size, names.length);
  for (const name of READING_DIRECTIVES) assert.ok(!names.includes(name.toLowerCase()), name);
});

test('whoever ignores a directive says what that means', () => {
  for (const rule of allDirectives()) if (rule.handling === 'ignored') assert.notEqual(rule.consequence, '', rule.name);
});

test('the process directives of an ordinary httpd.conf are known', () => {
  for (const name of [
    'startservers',
    'serverlimit',
    'threadsperchild',
    'threadlimit',
    'minsparethreads',
    'maxsparethreads',
    'maxrequestworkers',
    'user',
    'group',
    'typesconfig',
    'loadmodule',
  ])
    assert.ok(isKnownDirective(name), name);
});

test('a misspelled name has a suggestion, nonsense has none', () => {
  assert.deepEqual(similarDirectives('proxypas'), ['ProxyPass']);
  assert.deepEqual(similarDirectives('foobar'), []);
});

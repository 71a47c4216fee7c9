// Rules of mod_jk: which comes first, what a pattern matches, what takes paths out again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings } from '../../../src/config/finding.ts';
import { MAX_MOUNT_PATH, MountTable, matchesGlob, servletPath } from '../../../src/site/jk/mounts.ts';
import { readMounts } from '../../../src/site/jk/read-mounts.ts';

function table(text: string, rejectsUnsafe = false): MountTable {
  const mounts = readMounts(text, '/u.properties', { findings: new Findings(), environment: {} });
  return new MountTable(mounts, new Map(), rejectsUnsafe);
}

/** The worker of each path, in order; '-' for none. */
function workers(text: string, ...paths: string[]): string {
  const rules = table(text);
  return paths.map((path) => rules.find(servletPath(path) ?? '')?.mount.worker ?? '-').join(' ');
}

test('a pattern without wildcards is one path; * goes across slashes; A|B is A and AB (J-MAP-01)', () => {
  const rules = '/e=w1\n/w/*=w1\n/p|/*=w2\n/*.jsp=w1\n/x/*.do=w2\n';
  assert.equal(workers(rules, '/e', '/e/', '/e/x', '/w', '/w/', '/w/x'), 'w1 - - - w1 w1');
  assert.equal(workers(rules, '/p', '/p/', '/p/x', '/px'), 'w2 w2 w2 -');
  assert.equal(workers(rules, '/a.jsp', '/d/a.jsp', '/a.jsp/x', '/a.jspx', '/a.JSP'), 'w1 w1 - - -');
  assert.equal(workers(rules, '/x/a.do', '/x/y/a.do'), 'w2 w2');
});

test('more slashes come first, then the longer pattern; ? is one character (J-MAP-02)', () => {
  const rules = '/*=w1\n/a/*=w2\n/a/b/*=w1\n/a/b/c=w2\n/q/?=w2\n';
  assert.equal(workers(rules, '/', '/z', '/a', '/a/x', '/a/b/x', '/a/b/c', '/q/1', '/q/12'), 'w1 w1 w1 w2 w1 w1 w2 w1');
  // Two that are equal in both stay as written: an exact one does not come first.
  assert.equal(workers('/a/*/c=w1\n/a/b/*=w2\n/*/z=w1\n', '/a/b/c', '/a/x/c', '/q/z', '/q/r/z'), 'w1 w1 w1 w1');
});

test('- switches a rule off, the later of two equal ones holds, an unknown worker is a match (J-MAP-04)', () => {
  const rules = '-/off/*=w1\n/dup/*=w1\n/dup/*=w2\n/unk/*=nope\n';
  assert.equal(workers(rules, '/off/x', '/dup/x', '/unk/x'), '- w2 nope');
  assert.equal(table(rules).find('/unk/x')?.target.worker, undefined);
});

test('! takes paths out of the rules of its worker, with * of all; after a match and not instead', () => {
  const rules = '/a/*=w1\n/b/*=w2\n!/*.gif=w1\n!/b/secret/*=*\n-!/a/kept/*=w1\n';
  assert.equal(workers(rules, '/a/x', '/a/x.gif', '/b/x.gif', '/b/secret/x', '/a/kept/x'), 'w1 - w2 - w1');
  // The rule with more slashes is taken out, and no other takes its place.
  assert.equal(workers('/*=w2\n/a/*=w1\n!/a/*=w1\n', '/a/x', '/x'), '- w2');
});

test('comments, white space and variables are read as in workers.properties (J-MAP-05)', () => {
  assert.equal(workers('# c\n  /sp/*  =  w1  # trailing\nvar=w2\n/v/*=$(var)\n', '/sp/x', '/v/x'), 'w1 w2');
});

test('parameters of segments are not looked at, hidden dots are resolved, what leaves the root is no path (J-MAP-07)', () => {
  assert.equal(servletPath('/s;jsessionid=1'), '/s');
  assert.equal(servletPath('/semi;v=1/x'), '/semi/x');
  assert.equal(servletPath('/a;x/'), '/a/');
  assert.equal(servletPath('/a//b'), '/a/b');
  assert.equal(servletPath('/a/b/..;x/c'), '/a/c');
  assert.equal(servletPath('/a/.;x'), '/a/');
  assert.equal(servletPath('/a/..;x'), '/');
  assert.equal(servletPath('/..;x/a'), undefined);
  const plain = '/nothing/to/do';
  assert.equal(servletPath(plain), plain);
});

test('a path longer than 4095 octets is nobody’s', () => {
  const rules = table('/*=w1\n');
  assert.ok(rules.find(`/${'x'.repeat(MAX_MOUNT_PATH - 1)}`));
  assert.equal(rules.find(`/${'x'.repeat(MAX_MOUNT_PATH)}`), undefined);
});

test('RejectUnsafeURI lets no rule take a path with a percent sign or a backslash', () => {
  const rules = table('/*=w1\n', true);
  assert.ok(rules.find('/plain'));
  assert.equal(rules.find('/a%b'), undefined);
  assert.equal(rules.find('/a\\b'), undefined);
});

test('a pattern of many stars is judged without trying every way', () => {
  const path = `/${'a'.repeat(4000)}`;
  assert.equal(matchesGlob(`/${'*a'.repeat(60)}*b`, path), false);
  assert.equal(matchesGlob('/*a*a*', path), true);
  for (const [pattern, text, expected] of [
    ['/a*', '/a', true],
    ['/a*?', '/a', false],
    ['/a*b', '/ab', true],
    ['/**', '/', true],
    ['/*x', '/yxzx', true],
    ['/?', '/', false],
  ] as const)
    assert.equal(matchesGlob(pattern, text), expected, `${pattern} ${text}`);
});

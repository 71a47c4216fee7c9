import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapePath, judgePath, mapToFile } from '../../../src/frontend/static/static-path.ts';
import type { AliasRule } from '../../../src/site/model.ts';

const place = { file: 'httpd.conf', line: 1 };

function prefix(path: string, to: string): AliasRule {
  return { kind: 'alias', pattern: { kind: 'prefix', path }, path: to, place };
}

function regex(source: string, to: string): AliasRule {
  return { kind: 'alias', pattern: { kind: 'regex', source, regex: new RegExp(source) }, path: to, place };
}

function fileOf(path: string, ...aliasRules: AliasRule[]): string | undefined {
  return mapToFile({ documentRoot: '/www', aliasRules }, path)?.file;
}

test('without an alias a path lies below DocumentRoot', () => {
  assert.equal(fileOf('/a/b.txt'), '/www/a/b.txt');
  assert.equal(mapToFile({ documentRoot: '/www/', aliasRules: [] }, '/a')?.file, '/www/a');
  assert.equal(mapToFile({ documentRoot: undefined, aliasRules: [] }, '/a'), undefined);
});

test('an alias covers its path and what lies below it, not names that begin alike', () => {
  const rule = prefix('/al', '/srv/al');
  assert.equal(fileOf('/al', rule), '/srv/al');
  assert.equal(fileOf('/al/', rule), '/srv/al/');
  assert.equal(fileOf('/al/a.txt', rule), '/srv/al/a.txt');
  assert.equal(fileOf('/alx', rule), '/www/alx');
});

test('an alias with a slash at its end wants it', () => {
  const rule = prefix('/als/', '/srv/als/');
  assert.equal(fileOf('/als', rule), '/www/als');
  assert.equal(fileOf('/als/a.txt', rule), '/srv/als/a.txt');
});

test('the first alias that matches decides', () => {
  assert.equal(fileOf('/a/b/x', prefix('/a', '/one'), prefix('/a/b', '/two')), '/one/b/x');
});

test('AliasMatch fills in its groups', () => {
  const rule = regex('^/am/(.*?)/(x.*)?$', '/srv/$2/$1');
  assert.equal(fileOf('/am/one/xtwo', rule), '/srv/xtwo/one');
  assert.equal(fileOf('/am/one/', rule), '/srv//one');
  assert.equal(mapToFile({ documentRoot: '/www', aliasRules: [rule] }, '/am/a/x')?.root, '/srv/');
});

test('octets of a URL name UTF-8 files', () => {
  assert.equal(fileOf('/\xc3\xa9.txt'), '/www/é.txt');
});

test('a path is judged by its names', () => {
  const verdicts: readonly (readonly [path: string, verdict: number])[] = [
    ['/', 0],
    ['/a.b/c..d/e.', 0],
    ['/.well-known/x', 0],
    ['/.git/config', 404],
    ['/a/.b', 404],
    ['/.htaccess', 403],
    ['/.git/.htpasswd', 403],
    ['/a/../b', 403],
    ['/..', 403],
    ['/a/...', 404],
    ['/x\0y', 404],
  ];
  for (const [path, verdict] of verdicts) assert.equal(judgePath(path), verdict, path);
});

test('what cannot stand in a path is escaped', () => {
  assert.equal(escapePath('/we"ird<b>& x;y=%\xe9\r\n'), '/we%22ird%3cb%3e&%20x;y=%25%e9%0d%0a');
});

// Mappings applied to paths: prefixes, groups, servlet and encoded forms, nocanon, exclusion, sections before the list.
// Beside the recordings these rows were compared with httpd 2.4.71 directly.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPattern, interpolate, matchPrefix, matchServlet, usesEncodedForm } from '../../../src/site/mapping.ts';
import { ask, main, site } from './support.ts';

for (const [prefix, path, length] of [
  ['/app', '/app', 4],
  ['/app', '/app/', 4],
  ['/app', '/apps', 0],
  ['/app', '/ap', 0],
  ['/app/', '/app', 0],
  ['/app/', '/app/', 5],
  ['/app/', '/app/x', 5],
  ['/', '/x', 1],
  ['/a//b', '/a/b/c', 4],
  ['/a/b', '/a//b', 5],
  ['', '/x', 0],
] as const)
  test(`the prefix ${prefix} takes ${length} of ${path}`, () => {
    assert.equal(matchPrefix(prefix, path), length);
  });

for (const [prefix, path, rest] of [
  ['/sv', '/sv;v=1/x', ';v=1/x'],
  ['/sv', '/sv;v=1', ''],
  ['/sv', '/sv', ''],
  ['/sv', '/sv/', '/'],
  ['/sv', '/sv;a/', '/'],
  ['/', '/;', ''],
  ['/a', '/a/;v/b', '/;v/b'],
  ['/a', '/a/b/c/..;v/d', '/b/c/..;v/d'],
  ['/a/b', '/a/x/..;v/b/c', '/c'],
  ['/app/', '/app/;v', ''],
  ['/app/', '/app;v', undefined],
  ['/sv', '/svx', undefined],
  ['/sv', '/sv/a/..;x/b;c', '/b;c'],
  ['/sv', '/sv/..;/x', undefined],
  ['/sv', '//sv//x', '/x'],
  ['/a/b/', '/a;x/b;y/c;z', 'c;z'],
  ['/a/b/', '/a/b', undefined],
  ['/', '/x;y', 'x;y'],
] as const)
  test(`for a servlet container ${prefix} leaves ${rest} of ${path}`, () => {
    assert.equal(matchServlet(prefix, path), rest);
  });

const http = 'http://127.0.0.1:8080';

for (const [text, path, expected] of [
  [`ProxyPass / ${http}/`, '/a%20b?q=%20', '/a%20b?q=%20'],
  [`ProxyPass / ${http}`, '/x', '/x'],
  [`ProxyPass /x/ ${http}`, '/x/y', '/y'],
  [`ProxyPass /x/ ${http}`, '/x/.evil.test/', '/.evil.test/'],
  [`ProxyPass /app ${http}/p%20q`, '/app/x', '/p%2520q/x'],
  [`ProxyPassMatch ^/(.*)$ ${http}/$1`, '/a/b', '/a/b'],
  [`ProxyPassMatch ^(/.*\\.gif)$ ${http}$1`, '/a/b.gif', '/a/b.gif'],
  [`ProxyPassMatch ^/n/.*\\.do$ ${http}`, '/n/a.do', '/n/a.do'],
  [`ProxyPassMatch ^/ab ${http}/zz`, '/abc', '/zz/abc'],
  [`ProxyPassMatch ^/a(p)(p)/(.*)$ ${http}/$2$1/$3/$9/$0`, '/app/x', '/pp/x///app/x'],
  [`ProxyPassMatch (?i)^/APP/(.*) ${http}/ci/$1`, '/app/x', '/ci/x'],
  [`ProxyPass ~ ^/t/(.*)$ ${http}/$1`, '/t/x', '/x'],
  [`ProxyPass / ${http}/ nocanon`, '/a//b/%2e%2e/c%20d', '/a//b/%2e%2e/c%20d'],
  [`ProxyPass /app ${http}/app nocanon`, '/%61pp/x%20', '/app/x%20'],
  [`ProxyPassMatch ^/x/(.*)$ ${http}/y/$1 nocanon`, '/x/a%20b', '/y/a%20b'],
  // With nocanon the query is part of what a pattern takes from, or leaves.
  [`ProxyPassMatch ^/x/(.*)$ ${http}/y/$1 nocanon`, '/x/a%20b?q=1', '/y/a%20b?q=1'],
  [`ProxyPassMatch ^/x/([^?]*) ${http}/y/$1 nocanon`, '/x/a%20b?q=1', '/y/a%20b'],
  [`ProxyPassMatch ^/x ${http}/y nocanon`, '/x/a%20b?q=1', '/y/x/a%20b?q=1'],
  [`ProxyPassMatch ^(/.*\\.gif)$ ${http}$1 nocanon`, '/a%2Db.gif?q=1', '/a-b.gif?q=1'],
  [`AllowEncodedSlashes On\nProxyPass / ${http}/`, '/a%2Fb', '/a/b'],
  [`AllowEncodedSlashes NoDecode\nProxyPass / ${http}/ nocanon`, '/a%2Fb', '/a%2Fb'],
  [`ProxyPass /a%20b ${http}/enc mapping=encoded`, '/a%20b/x%2Fy', '/enc/x%2Fy'],
  [`ProxyPass /sv ${http}/sv mapping=servlet`, '/sv;v=1/x', '/sv;v=1/x'],
  [`MergeSlashes Off\nProxyPass / ${http}/`, '/a//b', '/a//b'],
  [`<Location /l>\nProxyPass ${http}/m\n</Location>`, '/l/x', '/m/x'],
  [`<LocationMatch "^/lm/(?<n>.*)$">\nProxyPassMatch ${http}/got/$1\n</LocationMatch>`, '/lm/x/y', '/got/x/y'],
  [`ProxyPass /q ${http}/q?fixed=1`, '/q?a=1', '/q%3Ffixed=1?a=1'],
] as const)
  test(`${JSON.stringify(text)} asks for ${expected} when asked for ${path}`, () => {
    const answer = ask(site(text), path);
    assert.equal(answer.status, 200);
    assert.equal(answer.target, expected);
  });

test('a rule of a Location comes before the list, and its exclusion ends the search', () => {
  const snapshot = site(
    `ProxyPass / http://h:81/\n<Location /a>\nProxyPass http://h:82/\n</Location>\n<Location /a/no>\nProxyPass !\n</Location>`,
  );
  assert.equal(ask(snapshot, '/x').port, 81);
  assert.equal(ask(snapshot, '/a/x').port, 82);
  assert.equal(ask(snapshot, '/a/no/x').status, 404);
});

test('a Location whose rule does not match leaves the list its turn', () => {
  const snapshot = site(
    `ProxyPass / http://h:81/\n<LocationMatch ^/a>\nProxyPassMatch http://h:82/\n</LocationMatch>\n<Location /b>\nProxyPass http://h:83/ mapping=servlet\n</Location>`,
  );
  assert.equal(ask(snapshot, '/b/x').port, 83);
  assert.equal(ask(snapshot, '/c').port, 81);
});

test('ProxyPass in a section whose pattern has wildcards takes it for a regular expression, as httpd does', () => {
  const snapshot = site(
    `<LocationMatch ^/a/(.*)>\nProxyPass ${http}/in/$1\n</LocationMatch>\n<Location /six*>\nProxyPass ${http}/in/\n</Location>\n<LocationMatch ^/no/(.*)>\nProxyPass !\n</LocationMatch>\nProxyPass /no ${http}/no`,
  );
  assert.equal(ask(snapshot, '/a/x/y').target, '/in/x/y');
  assert.equal(ask(snapshot, '/sixty').target, '/in//sixty');
  assert.equal(ask(snapshot, '/no/x').status, 404);
  assert.deepEqual(snapshot.findings, []);
});

test('a prefix rule within LocationMatch without wildcards never matches, as in httpd, and is told', () => {
  const snapshot = site(`<LocationMatch ^/a>\nProxyPass ${http}/\n</LocationMatch>`);
  assert.equal(ask(snapshot, '/a/x').status, 404);
  assert.deepEqual(
    snapshot.findings.map((one) => one.code),
    ['prefix-in-match'],
  );
});

test('what is not served is answered, not passed over', () => {
  const snapshot = site(
    'ProxyPass /f fcgi://h/\nProxyPassMatch ^/d/(.*)$ http://$1/\nProxyPassMatch ^/e/(.*)$ http://x.$1/\nProxyPass / http://h/',
  );
  assert.equal(ask(snapshot, '/f/x').status, 500);
  assert.equal(ask(snapshot, '/d/evil.test').status, 500);
  assert.equal(ask(snapshot, '/e/evil.test').status, 500);
  assert.equal(ask(snapshot, '/x').status, 200);
});

test('variables are put in only where asked for and allowed', () => {
  const target = '$'.concat('{T}');
  const text = `ProxyPass /i ${http}/${target} interpolate`;
  assert.equal(ask(site(`ProxyPassInterpolateEnv On\n${text}`), '/i/x', undefined, { T: 'abc' }).target, '/abc/x');
  assert.equal(ask(site(text), '/i/x', undefined, { T: 'abc' }).target, '/$%7BT%7D/x');
  assert.equal(
    interpolate(`a${target}b`, () => undefined),
    'ab',
  );
});

test('only sites with such mappings look at the encoded form', () => {
  assert.equal(usesEncodedForm(main(`ProxyPass / ${http}/`)), false);
  assert.equal(usesEncodedForm(main(`ProxyPass / ${http}/ mapping=servlet`)), true);
  assert.equal(usesEncodedForm(main(`<Location /a>\nProxyPass ${http}/ mapping=encoded\n</Location>`)), true);
});

test('patterns serve aliases and redirects too', () => {
  assert.equal(applyPattern({ kind: 'prefix', path: '/a' }, '/srv/b', '/a/c'), '/srv/b/c');
  assert.equal(applyPattern({ kind: 'prefix', path: '/a' }, '/srv/b', '/ac'), undefined);
  assert.equal(applyPattern({ kind: 'regex', source: '', regex: /^\/(\d+)$/ }, '/n\\$1-$1', '/7'), '/n$1-7');
});

// Settings of a request: sections laid over each other in httpd's order, merged once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostSettings, hasOption, mergeSettings } from '../../../src/site/settings.ts';
import { load, main, settingsAt, site, told } from './support.ts';

const header = (name: string) => `Header set ${name} 1`;
const names = (settings: { headerOps?: readonly { name: string }[] }) =>
  (settings.headerOps ?? []).map((op) => op.name).join(' ');

test('a location holds for its path and all below, at segments', () => {
  const host = main(`<Location /a>\n${header('A')}\n</Location>\n<Location /b/>\n${header('B')}\n</Location>`);
  for (const [path, expected] of [
    ['/a', 'A'],
    ['/a/', 'A'],
    ['/a/x', 'A'],
    ['/ab', ''],
    ['/b', ''],
    ['/b/', 'B'],
    ['/b/x', 'B'],
  ])
    assert.equal(names(settingsAt(host, path)), expected, path);
});

test('wildcards hold for whole paths within segments, expressions anywhere', () => {
  const host = main(
    `<Location /a*/x>\n${header('G')}\n</Location>\n<LocationMatch \\.do$>\n${header('M')}\n</LocationMatch>\n<Location ~ ^/t>\n${header('T')}\n</Location>`,
  );
  assert.equal(names(settingsAt(host, '/abc/x')), 'G');
  assert.equal(names(settingsAt(host, '/abc/x/y')), '');
  assert.equal(names(settingsAt(host, '/t/x.do')), 'M T');
});

test('locations come in the order of the file, not of their length', () => {
  const host = main(
    '<Location /a/b>\nSetHandler server-status\n</Location>\n<Location /a>\nSetHandler none\n</Location>',
  );
  assert.equal(settingsAt(host, '/a/b').handler, 'none');
});

test('directories come shortest first, then files, then locations', () => {
  const host = main(
    [
      `<Location />\n${header('L')}\n</Location>`,
      `<Files *.html>\n${header('F')}\n</Files>`,
      `<DirectoryMatch ^/srv>\n${header('DM')}\n</DirectoryMatch>`,
      `<Directory /srv/htdocs/sub>\n${header('D3')}\n<Files "x.*">\n${header('DF')}\n</Files>\n</Directory>`,
      `<Directory />\n${header('D0')}\n</Directory>`,
      `<Directory /srv/*>\n${header('D2')}\n</Directory>`,
      header('S'),
    ].join('\n'),
  );
  const settings = new HostSettings(host);
  assert.equal(names(settings.forFile('/sub/x.html', '/srv/htdocs/sub/x.html', undefined)), 'S D0 D2 D3 DM DF F L');
  assert.equal(names(settings.forFile('/', '/srv/htdocs', undefined)), 'S D0 D2 DM L');
  assert.equal(names(settings.forFile('/sub/y.txt', '/srv/htdocs/sub/y.txt', undefined)), 'S D0 D2 D3 DM L');
  assert.equal(names(settings.forPath('/sub/x.html', undefined)), 'S L');
});

test('a directory section holds for the directory itself', () => {
  const host = main('<Directory /srv/htdocs/private>\nRequire all denied\n</Directory>');
  assert.ok(new HostSettings(host).forFile('/private', '/srv/htdocs/private', undefined).access);
});

test('Proxy sections take the place of directories, by the beginning of the proxied URL', () => {
  const host = main(
    `<Proxy *>\n${header('P')}\n</Proxy>\n<Proxy http://h/x>\n${header('X')}\n</Proxy>\n<ProxyMatch ^ajp>\n${header('M')}\n</ProxyMatch>\n<Proxy \\*>\n${header('N')}\n</Proxy>\n<Directory />\n${header('D')}\n</Directory>\n<Location />\n${header('L')}\n</Location>`,
  );
  const settings = new HostSettings(host);
  assert.equal(settings.needsProxiedUrl, true);
  assert.equal(names(settings.forProxied('/a', 'http://h/xy', undefined)), 'P X L');
  assert.equal(names(settings.forProxied('/a', 'http://h/y', undefined)), 'P L');
  assert.equal(names(settings.forProxied('/a', 'ajp://h/x', undefined)), 'P M L');
  assert.equal(new HostSettings(main('')).needsProxiedUrl, false);
});

test('the same set of sections is one object', () => {
  const host = main(`<Location /a>\n${header('A')}\n</Location>\n<Location /a/b>\n${header('B')}\n</Location>`);
  const settings = new HostSettings(host);
  assert.ok(Object.is(settings.forPath('/a/x', undefined), settings.forPath('/a/y', undefined)));
  assert.ok(Object.is(settings.forPath('/x', undefined), host.defaults));
  assert.ok(!Object.is(settings.forPath('/a/b', undefined), settings.forPath('/a', undefined)));
});

test('Require replaces what is inherited, unless AuthMerging joins', () => {
  const inner = (line: string) =>
    settingsAt(main(`<Location />\nRequire ip 10\n</Location>\n<Location /a>\n${line}\n</Location>`), '/a').access
      ?.requires;
  const replaced = inner('Require all granted');
  assert.ok(replaced?.kind === 'any-of');
  assert.deepEqual(
    replaced.children.map(({ kind, written }) => [kind, written?.text]),
    [['granted', 'Require all granted']],
  );
  assert.equal(inner('AuthMerging And\nRequire ip 10.1')?.kind, 'all-of');
  assert.equal(inner('AuthMerging Or\nRequire ip 11')?.kind, 'any-of');
  assert.equal(inner('Header set A b')?.kind, 'any-of');
});

test('any of Order, Allow, Deny replaces all of them, as in httpd', () => {
  const host = main(
    '<Location />\nOrder deny,allow\nDeny from all\n</Location>\n<Location /a>\nAllow from 10\n</Location>',
  );
  assert.deepEqual(settingsAt(host, '/a').access?.order?.deny, []);
  assert.equal(settingsAt(host, '/b').access?.order?.deny.length, 1);
});

test('rules that run in order are appended, single values replaced, tables laid over', () => {
  const base = main(
    'ErrorDocument 404 /a\nErrorDocument 500 /b\nAddType a/a .x\nDirectoryIndex one\nSetEnv A 1\nProxyPreserveHost On',
  ).defaults;
  const over = main(
    'ErrorDocument 404 /c\nAddType b/b .y\nDirectoryIndex two\nSetEnv B 2\nServerSignature On',
  ).defaults;
  const merged = mergeSettings(base, over);
  const document = (status: number) => {
    const found = merged.errorDocuments?.get(status);
    return found?.kind === 'path' ? found.text.source : undefined;
  };
  assert.deepEqual([document(404), document(500)], ['/c', '/b']);
  assert.deepEqual(
    [...(merged.mime?.types ?? [])],
    [
      ['x', 'a/a'],
      ['y', 'b/b'],
    ],
  );
  assert.deepEqual(merged.directoryIndex, ['two']);
  assert.deepEqual(
    merged.envOps?.map((op) => op.name),
    ['A', 'B'],
  );
  assert.equal(merged.preserveHost, true);
  assert.equal(merged.serverSignature, 'on');
});

test('options replace, or change what is inherited', () => {
  const at = (lines: string) =>
    settingsAt(
      main(`<Location />\nOptions Indexes FollowSymLinks\n</Location>\n<Location /a>\n${lines}\n</Location>`),
      '/a',
    );
  assert.equal(hasOption(at(''), 'Indexes'), true);
  assert.equal(hasOption(at('Options -Indexes'), 'Indexes'), false);
  assert.equal(hasOption(at('Options -Indexes'), 'FollowSymLinks'), true);
  assert.equal(hasOption(at('Options +ExecCGI'), 'Indexes'), true);
  assert.equal(hasOption(at('Options None'), 'FollowSymLinks'), false);
  assert.equal(hasOption(at('Options ExecCGI'), 'Indexes'), false);
  assert.equal(hasOption(main('').defaults, 'FollowSymLinks'), true);
  assert.equal(hasOption(main('Options -FollowSymLinks').defaults, 'FollowSymLinks'), false);
  assert.deepEqual(told(load('Options +Indexes ExecCGI')), ['error bad-value 1']);
});

test('a virtual host lies over the main server: own sections last, own list rules last', () => {
  const snapshot = site(
    `${header('M')}\n<Location />\n${header('ML')}\n</Location>\nProxyPass /m http://h/\nProxyPassReverse /m http://h/\n<VirtualHost *:18000>\n${header('V')}\n<Location />\n${header('VL')}\n</Location>\nProxyPass /v http://h/\nProxyPassReverse /v http://h/\n</VirtualHost>`,
  );
  const [host] = snapshot.hosts;
  assert.equal(names(settingsAt(host, '/x')), 'M V ML VL');
  assert.deepEqual(
    host.mappings.map(({ pattern }) => (pattern.kind === 'prefix' ? pattern.path : '')),
    ['/m', '/v'],
  );
  assert.deepEqual(
    host.defaults.reverseRules?.map((rule) => rule.external),
    ['/m', '/v'],
  );
});

test('a section whose own line is wrong is told once and kept nowhere', () => {
  for (const line of ['<Location>', '<Location /a b>', '<LocationMatch (>']) {
    const name = /\w+/.exec(line)?.[0];
    const loaded = load(`${line}\nFooBar\n</${name}>`);
    assert.equal(loaded.snapshot, undefined);
    assert.equal(told(loaded).length, 1, line);
  }
});

// Directives that change what one answer looks like: the same lines for the real httpd and for Catflap, the same questions,
// the same answers. Each case is named by the directives it shows.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchOnce } from '../support/client.ts';
import { Front, UNDER_TEST } from '../support/front.ts';
import { until } from '../support/port.ts';
import { type Case, sameAnswers } from '../support/same-answers.ts';

const PAGES = {
  'htdocs/a.html': '<p>a</p>\n',
  'htdocs/a.txt': 'a\n',
  'htdocs/a.css': 'a {}\n',
  'htdocs/doc.html.fr': '<p>fr</p>\n',
  'htdocs/doc.sjis.txt': 'x\n',
  'htdocs/x.tgz': 'gz\n',
  'htdocs/x.weird': 'weird\n',
  'htdocs/sub/index.html': 'sub index\n',
  'htdocs/sub/other.html': 'sub other\n',
};
const TYPE_FIELDS = ['Content-Type', 'Content-Encoding', 'Content-Language'];
const EVERY_PAGE = ['/a.html', '/a.txt', '/a.css', '/doc.html.fr', '/doc.sjis.txt', '/x.tgz', '/x.weird'];

const CASES: readonly Case[] = [
  {
    title: 'AddDefaultCharset reaches text and HTML only',
    conf: 'AddDefaultCharset On\n<Location /a.txt>\nAddDefaultCharset utf-8\n</Location>\n<Location /a.html>\nAddDefaultCharset Off\n</Location>',
    files: PAGES,
    ask: EVERY_PAGE,
    fields: TYPE_FIELDS,
    expect: /utf-8/,
  },
  {
    title: 'AddCharset, AddEncoding, AddLanguage and AddType go by the extension',
    conf: 'AddCharset Shift_JIS .sjis\nAddEncoding x-gzip .tgz\nAddLanguage fr .fr\nAddType text/x-weird .weird\nForceType None',
    files: PAGES,
    ask: EVERY_PAGE,
    fields: TYPE_FIELDS,
    expect: /Shift_JIS.*x-gzip.*text\/x-weird/i,
  },
  {
    title: 'RemoveCharset, RemoveEncoding, RemoveLanguage, RemoveType and RemoveHandler take back what was added',
    conf: `AddCharset Shift_JIS .sjis
AddEncoding x-gzip .tgz
AddLanguage fr .fr
AddType text/x-weird .weird
AddHandler no-such-handler .css
<Directory @DIR@/htdocs>
RemoveCharset sjis
RemoveEncoding .tgz
RemoveLanguage fr
RemoveType weird
RemoveHandler .css
</Directory>`,
    files: PAGES,
    ask: EVERY_PAGE,
    fields: TYPE_FIELDS,
    expect: /"text\/css"/,
  },
  {
    title: 'DirectorySlash Off leaves a folder without its slash alone',
    conf: '<Location /sub>\nDirectorySlash Off\n</Location>\n<Location /on>\nDirectorySlash On\n</Location>',
    files: { ...PAGES, 'htdocs/on/index.html': 'on\n' },
    ask: ['/sub', '/sub/', '/on', '/on?q=1', '/on/'],
    expect: /301/,
  },
  {
    title: 'DirectoryIndex takes the first that is there, and disabled takes none',
    conf: 'DirectoryIndex nope.html other.html index.html\n<Location /off/>\nDirectoryIndex disabled\n</Location>',
    files: { ...PAGES, 'htdocs/off/index.html': 'off\n' },
    ask: ['/sub/', '/', '/off/', '/off/index.html'],
    expect: /sub other/,
  },
  {
    title: 'ForceType holds whatever the extension',
    conf: '<Files "a.*">\nForceType application/x-forced\n</Files>',
    files: PAGES,
    ask: EVERY_PAGE,
    fields: TYPE_FIELDS,
    expect: /x-forced/,
  },
  {
    title: 'FilesMatch and Files choose by the name, case and all',
    conf: '<FilesMatch "\\.(txt|CSS)$">\nRequire all denied\n</FilesMatch>\n<Files "x.*">\nRequire all denied\n</Files>',
    files: PAGES,
    ask: EVERY_PAGE,
    expect: /403/,
  },
  {
    title: 'RequireNone turns away whom any of its lines names',
    conf: `<Location /a.txt>
<RequireAll>
Require all granted
<RequireNone>
Require method POST
Require env bad
</RequireNone>
</RequireAll>
</Location>
SetEnvIf X-Bad . bad`,
    files: PAGES,
    ask: ['/a.txt', { path: '/a.txt', headers: [['X-Bad', '1']] }, { path: '/a.txt', method: 'POST', body: 'x' }],
    expect: /200.*403/,
  },
  {
    title: 'BrowserMatch and BrowserMatchNoCase look at User-Agent',
    conf: `BrowserMatch "Old(\\d)" old=v$1 plain
BrowserMatchNoCase "old" any
Header set X-Old %{old}e
Header set X-Plain %{plain}e env=plain
Header set X-Any %{any}e env=any`,
    files: PAGES,
    ask: ['Old7', 'old7', 'New'].map((agent) => ({ path: '/a.txt', headers: [['User-Agent', agent]] as const })),
    fields: ['X-Old', 'X-Plain', 'X-Any'],
    expect: /v7/,
  },
  {
    title: 'SetEnvIf and SetEnvIfNoCase read fields, attributes and other variables',
    conf: `SetEnvIf X-Word "^(a+)(b*)$" word=$1-$2
SetEnvIfNoCase X-Word "^A" nocase !gone
SetEnvIf Request_Method POST method=post
SetEnvIf word "aa" chained=$0
SetEnvIf Remote_Addr "^127\\." local
SetEnvIf Request_URI "\\.(txt)$" ext=$1
SetEnvIf ^X-W(.*)$ "b" pattern
SetEnvIf X-Missing "^$" empty
Header set X-Env "%{word}e %{nocase}e %{method}e %{chained}e %{local}e %{ext}e %{pattern}e %{empty}e"`,
    files: PAGES,
    ask: [
      '/a.html',
      { path: '/a.txt', headers: [['X-Word', 'aab']] },
      { path: '/a.txt', headers: [['X-Word', 'AAB']] },
      { path: '/a.txt', method: 'POST', body: 'x', headers: [['X-Word', 'aaa']] },
    ],
    fields: ['X-Env'],
    expect: /aa-b 1/,
  },
  {
    title: 'SetEnv, UnsetEnv and PassEnv come after SetEnvIf',
    conf: `SetEnvIf Request_URI . early=1
SetEnv A one
SetEnv B
UnsetEnv early
PassEnv PATH
<Location /a.txt>
SetEnv A two
UnsetEnv B
</Location>
Header set X-Env "%{A}e|%{B}e|%{early}e"`,
    files: PAGES,
    ask: ['/a.html', '/a.txt'],
    fields: ['X-Env'],
    expect: /two\|\(null\)/,
  },
  {
    title: 'Alias and AliasMatch lead to files elsewhere',
    conf: `Alias /other @DIR@/other
AliasMatch "^/pick/(\\w+)$" @DIR@/other/$1.txt
<Directory @DIR@/other>
Require all granted
</Directory>`,
    files: { ...PAGES, 'other/one.txt': 'one\n', 'other/two.txt': 'two\n' },
    ask: ['/other/one.txt', '/others/one.txt', '/pick/two', '/pick/none', '/pick/one.txt', '/other'],
    expect: /two\\n/,
  },
  {
    title: 'Redirect, RedirectMatch, RedirectPermanent and RedirectTemp send away, with the rest of the path',
    conf: `Redirect /r http://else.test/x
Redirect 410 /gone
RedirectPermanent /p /q
RedirectTemp /t http://else.test
RedirectMatch 303 "^/m/(.*)\\.old$" /new/$1
<Location /l>
Redirect 308 http://else.test/fixed
</Location>`,
    files: PAGES,
    ask: ['/r', '/r/a?b=c', '/rr', '/gone/x', '/p/1', '/t/1?x', '/m/a/b.old?q', '/m/a', '/l/rest'],
    expect: /303/,
  },
  {
    title: 'FallbackResource answers what leads nowhere, and disabled does not',
    conf: '<Directory @DIR@/htdocs>\nFallbackResource /a.html\n</Directory>\n<Location /sub>\nFallbackResource disabled\n</Location>',
    files: PAGES,
    ask: ['/nothing', '/nothing/below', '/a.txt', '/sub/nothing', '/x.weird'],
    expect: /<p>a/,
  },
  {
    title: 'ErrorDocument answers with texts, pages and redirects',
    conf: `ErrorDocument 404 "nothing here"
ErrorDocument 403 /a.html
ErrorDocument 405 http://else.test/405
<Location /sub>
ErrorDocument 404 default
</Location>
<Location /a.css>
Require all denied
</Location>`,
    files: PAGES,
    ask: ['/nothing', '/a.css', { path: '/a.txt', method: 'DELETE' }],
    expect: /nothing here/,
  },
  {
    title: 'TraceEnable Off answers TRACE with 405',
    conf: 'TraceEnable Off',
    files: PAGES,
    ask: [{ path: '/a.txt', method: 'TRACE' }],
    expect: /405/,
  },
  {
    title: 'AllowEncodedSlashes and MergeSlashes say what a slash is',
    conf: 'AllowEncodedSlashes On\nMergeSlashes Off\n<Location /sub/other.html>\nHeader set X-At sub\n</Location>',
    files: PAGES,
    ask: ['/sub%2Fother.html', '/sub//other.html', '//sub/other.html', '/sub/other.html'],
    fields: ['X-At'],
    expect: /sub other/,
  },
  {
    title: 'LimitRequestLine, LimitRequestFieldsize and LimitRequestFields refuse what is too large',
    conf: 'LimitRequestLine 200\nLimitRequestFieldsize 100\nLimitRequestFields 5',
    files: PAGES,
    ask: [
      `/a.txt?${'x'.repeat(150)}`,
      `/a.txt?${'x'.repeat(250)}`,
      { path: '/a.txt', headers: [['X-Long', 'y'.repeat(80)]] },
      { path: '/a.txt', headers: [['X-Long', 'y'.repeat(120)]] },
      { path: '/a.txt', headers: [1, 2, 3].map((i) => [`X-${i}`, '1'] as const) },
      { path: '/a.txt', headers: [1, 2, 3, 4, 5, 6].map((i) => [`X-${i}`, '1'] as const) },
    ],
    expect: /414/,
  },
  {
    title: 'ServerAlias and ServerName choose the host, the first one takes the others',
    conf: `<VirtualHost *>
ServerName first.test
DocumentRoot @DIR@/one
</VirtualHost>
<VirtualHost *>
ServerName second.test:80
ServerAlias *.second.test alias?.test
DocumentRoot @DIR@/two
</VirtualHost>
<Directory @DIR@>
Require all granted
</Directory>`,
    files: { 'one/index.html': 'one\n', 'two/index.html': 'two\n' },
    ask: [
      'first.test',
      'second.test',
      'SECOND.test:99',
      'www.second.test',
      'alias1.test',
      'alias12.test',
      'x.test',
    ].map((host) => ({ path: '/index.html', host })),
    expect: /two/,
  },
  {
    title: 'Directory, DirectoryMatch, Location and LocationMatch come in their order',
    conf: `<Location /sub>
Header append X-Seen location
</Location>
<LocationMatch "other">
Header append X-Seen locationmatch
</LocationMatch>
<DirectoryMatch "/sub">
Header append X-Seen directorymatch
</DirectoryMatch>
<Directory @DIR@/htdocs>
Header append X-Seen directory
</Directory>
<Directory @DIR@/htdocs/sub>
Header append X-Seen subdirectory
</Directory>
<Files other.html>
Header append X-Seen files
</Files>`,
    files: PAGES,
    ask: ['/sub/other.html', '/sub/index.html', '/a.txt'],
    fields: ['X-Seen'],
    expect: /directory, subdirectory, directorymatch, files, location, locationmatch/,
  },
  {
    title: 'Options without FollowSymLinks stops at a link, and UseCanonicalName names the server',
    conf: '<Directory @DIR@/htdocs>\nOptions None\n</Directory>\nUseCanonicalName On',
    files: PAGES,
    ask: ['/sub', '/a.txt', { path: '/sub', host: 'else.test' }],
    expect: /www\.example\.test/,
  },
  {
    title: 'UseCanonicalPhysicalPort On names the port of the connection where none is named',
    conf: 'UseCanonicalPhysicalPort On',
    files: PAGES,
    ask: ['/sub', { path: '/sub', host: 'else.test:99' }, { path: '/sub', host: 'else.test:80' }],
    expect: /PORT/,
  },
  {
    title: '<Proxy> and <ProxyMatch> guard what is proxied, and nothing else',
    conf: `ProxyPass /one http://127.0.0.1:1/one
ProxyPass /two http://127.0.0.1:1/two
<Proxy http://127.0.0.1:1/one>
Require all denied
</Proxy>
<ProxyMatch "^http://.*/two/s[a-z]+$">
Require all denied
</ProxyMatch>`,
    files: PAGES,
    ask: ['/one', '/one/x', '/two', '/two/secret', '/two/s1', '/a.txt'],
    expect: /403.*503/,
  },
  {
    title: 'named groups of LocationMatch, DirectoryMatch, FilesMatch and ProxyMatch are variables',
    conf: `<LocationMatch "^/(?<site>[^/]+)/(?<Page>\\w+)?">
Header always set X-Location "%{MATCH_SITE}e %{MATCH_PAGE}e"
</LocationMatch>
<DirectoryMatch "htdocs/(?<folder>s[^/]+)">
Header always set X-Folder "%{MATCH_FOLDER}e"
</DirectoryMatch>
<FilesMatch "^(?<base>[^.]+)\\.(?<ext>.*)$">
Header always set X-File "%{MATCH_BASE}e %{MATCH_EXT}e"
</FilesMatch>
<ProxyMatch "^http://(?<backend>[^/]+)/">
Header always set X-Backend "%{MATCH_BACKEND}e"
</ProxyMatch>
ProxyPass /px http://127.0.0.1:1/px`,
    files: PAGES,
    ask: ['/sub/other.html', '/sub/', '/a.html', '/px/x', '/nothing/x'],
    fields: ['X-Location', 'X-Folder', 'X-File', 'X-Backend'],
    expect: /other html.*127\.0\.0\.1:1/,
  },
  {
    title: 'FileETag says what an ETag is made of',
    conf: 'FileETag None\n<Files a.txt>\nFileETag Size\n</Files>',
    files: PAGES,
    ask: ['/a.html', '/a.txt'],
    fields: ['ETag'],
    expect: /\\"2\\"/,
  },
  {
    title: 'SetHandler none takes back a handler, an unknown one sends no file',
    conf: '<Location /sub>\nSetHandler none\n</Location>\nAddHandler default-handler .css',
    files: PAGES,
    ask: ['/sub/index.html', '/a.css'],
    expect: /200/,
  },
];

sameAnswers(CASES);

test('ScriptAlias and ScriptAliasMatch never send the source of a script', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: `ScriptAlias /cgi-bin/ @DIR@/other/
ScriptAliasMatch "^/run/(.*)" @DIR@/other/$1
<Directory @DIR@/other>
Require all granted
</Directory>`,
    files: { 'other/secret.sh': 'echo secret\n' },
  });
  for (const path of ['/cgi-bin/secret.sh', '/run/secret.sh']) {
    const answer = await fetchOnce(front.port, { path });
    assert.equal(answer.status, 500);
    assert.ok(!answer.body.includes('echo'));
  }
});

test('GlobalLog takes the requests of every host, CustomLog those of its own', async () => {
  await using front = await Front.start(UNDER_TEST, {
    conf: `GlobalLog @DIR@/all "%v %U"
CustomLog @DIR@/main "%v %U"
<VirtualHost *>
ServerName one.test
CustomLog @DIR@/one "%v %U"
</VirtualHost>
<VirtualHost *>
ServerName two.test
</VirtualHost>`,
  });
  for (const host of ['one.test', 'two.test']) await fetchOnce(front.port, { path: `/${host}`, host });
  const lines = (log: string) => readFileSync(join(front.dir, log), 'latin1').trim().split('\n');
  await until(() => lines('all').length === 2, 3000);
  assert.deepEqual(lines('all'), ['one.test /one.test', 'two.test /two.test']);
  assert.deepEqual(lines('one'), ['one.test /one.test']);
  assert.deepEqual(lines('main'), ['two.test /two.test']);
});

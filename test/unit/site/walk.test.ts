// Directives find their story, their place is checked, and what is not honoured is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allDirectives } from '../../../src/config/httpd/directives.ts';
import { ACCESS_SECTIONS } from '../../../src/site/access/access-rules.ts';
import { isSettingsSection } from '../../../src/site/sections.ts';
import { HANDLERS, OTHER_SECTIONS } from '../../../src/site/walk.ts';
import { load, onlyMessage, told } from './support.ts';

test('every directive that is honoured or checked has a story, and every story a row in the table', () => {
  const compiled = [...allDirectives()].filter(({ handling }) => handling === 'honoured' || handling === 'checked');
  for (const rule of compiled) {
    const key = rule.name.toLowerCase();
    const isTold = rule.isSection
      ? isSettingsSection(key) || key in ACCESS_SECTIONS || OTHER_SECTIONS.includes(key)
      : HANDLERS.has(key);
    assert.ok(isTold, rule.name);
  }
  const names = new Set(compiled.filter((rule) => !rule.isSection).map((rule) => rule.name.toLowerCase()));
  for (const key of HANDLERS.keys()) assert.ok(names.has(key), key);
});

for (const [text, expected] of [
  ['FooBar on', 'error unknown-directive 1'],
  ['<FooBar>\n</FooBar>', 'error unknown-directive 1'],
  ['Location /a', 'error unknown-directive 1'],
  ['<ServerAdmin a>\n</ServerAdmin>', 'error unknown-directive 1'],
  ['<Directory /x>\nProxyPass http://h/\n</Directory>', 'error not-here 2'],
  ['<Files x>\nProxyPassMatch http://h/\n</Files>', 'error not-here 2'],
  ['<Location /x>\nDocumentRoot /srv\n</Location>', 'error not-here 2'],
  ['<Location /x>\n<Location /y>\n</Location>\n</Location>', 'error not-here 2'],
  ['<VirtualHost *:80>\nListen 81\n</VirtualHost>', 'error not-here 2'],
  ['<VirtualHost *:80>\n<VirtualHost *:80>\n</VirtualHost>\n</VirtualHost>', 'error not-here 2'],
  ['Require all denied', 'error not-here 1'],
  ['ServerAlias a', 'error not-here 1'],
  ['ExpiresActive On', 'warning not-honoured 1'],
  ['<If "true">\nProxyPass /a http://h/\n</If>', 'error not-here 2'],
  ['<If "true">\nAlias /a /b\n</If>', 'error not-here 2'],
  ['<If "true">\nDocumentRoot /a\n</If>', 'error not-here 2'],
  ['<If "true">\n<Location /a>\n</Location>\n</If>', 'error not-here 2'],
  ['<If "true">\n<Files x>\nHeader set A b\n</Files>\n</If>', 'warning not-honoured 2'],
  ['<If "tru">\n</If>', 'error bad-expression 1'],
  ['<If>\n</If>', 'error argument-count 1'],
  ["<If %{HTTPS} == 'on'>\n</If>", 'error argument-count 1'],
  ['<If true>\n</If>\n<Else x>\n</Else>', 'error argument-count 3'],
  ['<Else>\n</Else>', 'error else-without-if 1'],
  ['<If true>\n</If>\n<Else>\n</Else>\n<ElseIf true>\n</ElseIf>', 'error else-without-if 5'],
  ['<If true>\n</If>\n<Location /a>\n<Else>\n</Else>\n</Location>', 'error else-without-if 4'],
  ['<If "true">\n<Files x>\nDeny from all\n</Files>\n</If>', 'error restriction-not-honoured 3'],
  ['<Location /a>\nAuthType Digest\n</Location>', 'error restriction-not-honoured 2'],
  ['<Location /a>\n<Limit POST>\n<Files x>\n</Files>\n</Limit>\n</Location>', 'error not-here 3'],
  ['<Limit POST>\nRequire all denied\n</Limit>', 'error not-here 1'],
  ['<Location /a>\nRequire expr tru\n</Location>', 'error bad-expression 2'],
  ['<Location /a>\nSSLRequire %{SSL_CIPHER_USEKEYSIZE} >= 128\n</Location>', 'error restriction-not-honoured 2'],
  ['SSLOCSPEnable on', 'error restriction-not-honoured 1'],
  ['RewriteRule ^/x /y [T=text/plain]', 'warning not-honoured 1'],
  ['RewriteRule ^/x http://%{HTTP_HOST}/ [P]', 'warning dynamic-host 1'],
  ['RewriteEngine On\nRewriteRule ^/x balancer://none/ [P]', 'warning unknown-balancer 2'],
  ['RewriteRule ^/x /y [P]', 'warning proxy-to-itself 1'],
  ['RewriteRule ^/x fcgi://127.0.0.1:9000/ [P]', 'warning scheme-not-served 1'],
  ['RewriteRule ^/x %{BOGUS}', 'warning unknown-variable 1'],
  ['RewriteRule ^/x %{LA-U:REMOTE_USER}', 'error not-honoured 1'],
  ['RewriteRule ^/x( /y', 'error bad-regex 1'],
  ['RewriteRule ^/x', 'error argument-count 1'],
  ['RewriteRule ^/x /y [XX]', 'error bad-flags 1'],
  ['RewriteRule ^/x /y L', 'error bad-flags 1'],
  ['RewriteRule ^/x /y [R=600]', 'error bad-flags 1'],
  ['RewriteCond %{REQUEST_URI} x [L]', 'error bad-flags 1'],
  ['RewriteCond expr "%{BOGUS"', 'error bad-expression 1'],
  ['RewriteMap m prg:/bin/x', 'error not-honoured 1'],
  ['RewriteMap m int:reverse', 'error bad-value 1'],
  ['RewriteMap m txt:/nowhere', 'error file-missing 1'],
  ['RewriteOptions Sometimes', 'error bad-value 1'],
  ['RewriteBase x', 'error bad-value 1'],
  ['ProxyBlock evil.test', 'error restriction-not-honoured 1'],
  ['ProxyRequests On', 'warning forward-proxy 1'],
] as const)
  test(`${JSON.stringify(text)}: ${expected}`, () => {
    assert.deepEqual(told(load(text)), [expected]);
  });

for (const text of [
  'StartServers 1\nServerLimit 1\nThreadsPerChild 32\nThreadLimit 32\nMinSpareThreads 1\nMaxSpareThreads 32\nMaxRequestWorkers 32',
  'LoadModule proxy_module modules/mod_proxy.so\nUser www-data\nGroup www-data\nMutex default\nEnableSendfile on\nNameVirtualHost *:80',
  'IndexOptions FancyIndexing\nAddIcon /a.gif .x\nLanguagePriority en\nAcceptFilter http none',
  '<Location /a>\nAuthType None\n</Location>\nSSLVerifyClient none\nProxyRequests Off',
])
  test(`${JSON.stringify(text.slice(0, 40))}… is taken in silence`, () => {
    assert.deepEqual(told(load(text)), []);
  });

test('a misspelled directive names the near one', () => {
  assert.match(onlyMessage(load('ProxyPas /a http://h/')), /did you mean ProxyPass\?/);
});

test('a section written as a directive, and the other way round, is explained', () => {
  assert.match(onlyMessage(load('Location /a')), /section: write it with < and >/);
  assert.match(onlyMessage(load('<Listen 80>\n</Listen>')), /directive: write it without/);
});

test('a comment behind a directive is explained', () => {
  assert.match(onlyMessage(load('ServerAdmin me # him')), /a comment needs a line of its own/);
  assert.match(onlyMessage(load('ProxyPass /a http://h/ #x')), /a comment needs a line of its own/);
});

test('a site without Listen is refused', () => {
  const { snapshot, findings } = load('', { '/srv/httpd.conf': 'ServerName x' });
  assert.equal(snapshot, undefined);
  assert.deepEqual(
    findings.map((one) => one.code),
    ['no-listen'],
  );
});

test('all findings come at once, in the order of the files', () => {
  assert.deepEqual(told(load('FooBar\nExpiresActive On\nTimeout x')), [
    'error unknown-directive 1',
    'warning not-honoured 2',
    'error bad-value 3',
  ]);
});

test('text that is UTF-8 reads as such in messages', () => {
  assert.match(onlyMessage(load('Timeout caf\u00e9')), /"caf\u00e9"/);
});

test('missing files are errors, or warnings when files are assumed', () => {
  const text = 'TypesConfig /nope\nCustomLog /no/such/log common\nSSLCertificateFile /nope.pem\nDocumentRoot /gone';
  assert.deepEqual(
    told(load(text)),
    [1, 2, 3, 4].map((line) => `error file-missing ${line}`),
  );
  assert.deepEqual(
    told(load(text, {}, { assumeFiles: true })),
    [1, 2, 3, 4].map((line) => `warning file-missing ${line}`),
  );
});

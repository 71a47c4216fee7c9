// Directives that take expressions, beside the real httpd: sections on conditions, access, environment, fields, pages,
// redirects, aliases, logs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchOnce } from '../support/client.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { until } from '../support/port.ts';
import { type Case, sameAnswers } from '../support/same-answers.ts';

const QUERIES = ['/local.txt?a', '/local.txt?b', '/local.txt?ab', '/local.txt', '/nope?a', '/nope'];

/** Asked with `-U` and `-F` under sections, redirects, aliases and mappings. */
const REACHED = [
  "-U '/secret'",
  "-U '/secret/x'",
  "-A '/local.txt'",
  "-U '/nosuch'",
  "-U '/red'",
  "-U '/px/1'",
  "-U '/al'",
  "-U '/../x'",
  "-U '/%zz'",
  "-U '/a%2fb'",
  "-U 'local.txt'",
  "-U '/local.txt?x'",
  "-U '/denied'",
  "-F '@DIR@/htdocs/local.txt'",
  "-F '@DIR@/htdocs/nosuch'",
  "-F '@DIR@/htdocs'",
  "-F '@DIR@/shut/x'",
  "-F 'local.txt'",
  "-F ''",
];

const CASES: readonly Case[] = [
  {
    title: '<If>, <ElseIf> and <Else> at every level, merged after everything else',
    conf: `<If "%{QUERY_STRING} =~ /a/">
Header always append X-R server-a
<If "%{QUERY_STRING} =~ /b/">
Header always append X-R server-a-b
</If>
<Else>
Header always append X-R server-a-else
</Else>
</If>
<ElseIf "%{QUERY_STRING} == 'b'">
Header always append X-R server-b
</ElseIf>
<Else>
Header always append X-R server-else
</Else>
<Location /local.txt>
Header always append X-R location
<If "%{QUERY_STRING} == 'a'">
Header always append X-R location-a
</If>
</Location>
<Directory @DIR@/htdocs>
Header always append X-R directory
<If "-f %{REQUEST_FILENAME}">
Header always append X-R directory-file
</If>
<Else>
Header always append X-R directory-else
</Else>
</Directory>
<Files local.*>
<If "%{REQUEST_URI} =~ m#/local#">
Header always append X-R files
</If>
</Files>`,
    ask: QUERIES,
    fields: ['X-R'],
    expect: /directory, location, server-a, directory-file, files, location-a, server-a-else/,
  },
  {
    title: 'access rules in <If> close and open, over files and over ProxyPass',
    conf: `<If "%{QUERY_STRING} == 'a'">
Require all denied
</If>
<If "%{QUERY_STRING} == 'b'">
Order allow,deny
</If>
<Location /shut>
Require all denied
</Location>
<If "%{QUERY_STRING} == 'ab'">
Require all granted
</If>
ProxyPass /p http://127.0.0.1:1/
<Proxy *>
<If "req('X-In') == 'no'">
Require all denied
</If>
</Proxy>`,
    ask: [
      ...QUERIES,
      '/shut',
      '/shut?ab',
      '/p?a',
      '/p?b',
      '/p',
      { path: '/p', headers: [['X-In', 'no']] },
      { path: '/p?ab', headers: [['X-In', 'no']] },
    ],
    expect: /403.*503/,
  },
  {
    title: 'Redirect, ErrorDocument and DirectoryIndex within <If>',
    conf: `DirectoryIndex index.html
<If "%{QUERY_STRING} == 'a'">
ErrorDocument 404 "a: %{REQUEST_URI}"
DirectoryIndex local.txt
</If>
<ElseIf "%{QUERY_STRING} == 'b'">
Redirect permanent /nope http://b.test/
</ElseIf>
<Else>
ErrorDocument 404 else
</Else>`,
    ask: [...QUERIES, '/?a', '/', '/nope?b', '/nope/x?b'],
    expect: /a: \/nope.*b\.test/,
  },
  {
    title: 'ForceType and AddType within <If>',
    conf: `<If "%{QUERY_STRING} == 'a'">
ForceType text/x-a
</If>
<ElseIf "%{QUERY_STRING} == 'b'">
AddType text/x-b .txt
</ElseIf>`,
    ask: ['/local.txt?a', '/local.txt?b', '/local.txt'],
    fields: ['Content-Type'],
    expect: /x-a.*x-b.*plain/,
  },
  {
    title: 'Require expr, alone, in quotes, negated and within containers',
    conf: `<Location /local.txt>
Require expr "%{QUERY_STRING} == 'a'"
Require expr %{QUERY_STRING} == "b" && 'x' == "x"
</Location>
<Location /index.html>
<RequireAll>
Require all granted
Require not expr %{QUERY_STRING} =~ /a/
</RequireAll>
</Location>
<Location /broken>
Require expr file('/nosuch') == 'x'
</Location>`,
    ask: [...QUERIES, '/index.html?a', '/index.html', '/broken'],
    expect: /200.*403.*500/,
  },
  {
    title: 'SetEnvIfExpr sets, unsets and fills in groups, in order with SetEnvIf',
    conf: `SetEnvIfExpr "%{REQUEST_URI} =~ /(lo)(cal)/" A=$2-$1-$0 !B C
SetEnvIf Query_String x D=1
SetEnvIfExpr "reqenv('C') == '1' && %{QUERY_STRING} =~ /a/" D=two "E=a b"
<Location />
SetEnvIfExpr "reqenv('D') == 'two'" F
</Location>
Header always set X-R "%{A}e|%{C}e|%{D}e|%{E}e|%{F}e"`,
    ask: QUERIES,
    fields: ['X-R'],
    expect: /cal-lo-local\|1\|two\|a b/,
  },
  {
    title: 'Header and RequestHeader with expr= conditions and values, and Vary for what conditions asked',
    conf: `RequestHeader set X-Q "expr=%{REQUEST_METHOD}-%{QUERY_STRING}" "expr=%{QUERY_STRING} != ''"
Header set X-R "expr=%{req:X-Q}|%{resp:ETag}|%{REQUEST_STATUS}" "expr=-n resp('ETag')"
Header always set X-S y "expr=%{REQUEST_STATUS} -ge 400 && req('X-In') != 'no'"
Header always append X-T one "EXPR=%{HTTP_REFERER} == ''"
Header unset X-T "expr=%{QUERY_STRING} == 'b'"
Header set X-E abc
Header edit X-E b "expr=[%{tolower:ABC}]"`,
    ask: [
      ...QUERIES,
      {
        path: '/local.txt',
        headers: [
          ['X-In', 'no'],
          ['Referer', 'r'],
        ],
      },
    ],
    fields: ['X-S', 'X-T', 'X-E', 'Vary'],
    expect: /a\[abc\]c.*Referer/,
  },
  {
    title: 'Vary after <If> and Require expr, of a file but not of an error',
    conf: `<If "req('X-In') == 'x' || %{HTTP_ACCEPT} == 'y' || req_novary('X-Other') == 'z'">
Header set X-R y
</If>
<Location />
Require expr %{HTTP_USER_AGENT} == ''
</Location>`,
    ask: ['/local.txt', { path: '/local.txt', headers: [['X-In', 'x']] }, '/nope'],
    fields: ['X-R', 'Vary'],
    expect: /X-In,Accept,User-Agent/,
  },
  {
    title: 'expressions ask with -U, -A and -F what the client may have',
    conf: `<Location /secret>
Require all denied
</Location>
<Directory @DIR@/shut>
Require all denied
</Directory>
<If "%{REQUEST_URI} == '/denied' && %{IS_SUBREQ} == 'true'">
Require all denied
</If>
Redirect /red /x
Alias /al @DIR@/htdocs/index.html
ProxyPass /px http://127.0.0.1:1/
${REACHED.map((text, i) => `<Location /u${i}x>\nHeader always set X-R y "expr=${text}"\n</Location>`).join('\n')}`,
    files: { 'shut/x': 'x' },
    ask: [...REACHED.map((_, i) => `/u${i}x`), '/denied'],
    fields: ['X-R'],
    expect: /u2x",404,\[\],\["y"\].*u16x",404,\[\],\[\]/,
  },
  {
    title: 'ErrorDocument with variables in text, path and URL',
    conf: `ErrorDocument 404 "no \\"%{REQUEST_URI}\\" $1 %{REQUEST_STATUS} 100%"
<Location /page>
ErrorDocument 404 "/%{tolower:LOCAL}.txt"
</Location>
<Location /url>
ErrorDocument 404 "http://x.test%{REQUEST_URI}"
</Location>
<Location /broken>
ErrorDocument 404 "%{file:/nosuch}"
</Location>`,
    ask: ['/nope', '/page', '/url/z', '/broken'],
    expect: /no \\\\?"?\/?.*nope.* 404 100%.*local file.*x\.test\/url\/z/,
  },
  {
    title: 'Redirect without a path takes variables and escapes them',
    conf: `<Location /x>
Redirect "/a%{REQUEST_URI}?k=%{tolower:ABC}"
</Location>
<Location /y>
Redirect permanent "http://%{HTTP_HOST}/b c%20/%{QUERY_STRING}"
</Location>
<Location /z>
Redirect "%{reqenv:NOSUCH}"
</Location>
<Location /w>
Redirect 410
</Location>`,
    ask: ['/x/%20%25', '/x?q', '/y?q=1', '/y', '/z', '/w'],
    expect: /b%20c%2520/,
  },
  {
    title: 'Alias without a path names one file for all of a Location',
    conf: `Alias /al/deep @DIR@/htdocs/index.html
<Location /al>
Alias @DIR@/htdocs/%{tolower:LOCAL.TXT}
</Location>
<Location /dir>
Alias @DIR@/htdocs
</Location>
<Location /no>
Alias @DIR@/htdocs/nosuch
</Location>`,
    ask: ['/al', '/al/deep', '/al/x/y', '/dir/', '/no'],
    expect: /local file/,
  },
];

sameAnswers(CASES);

async function logged(kind: FrontKind): Promise<string[]> {
  await using front = await Front.start(kind, {
    conf: `CustomLog @DIR@/errors "%U %>s" "expr=%{REQUEST_STATUS} -ge 400"
CustomLog @DIR@/asked "%U" "expr=%{QUERY_STRING} == 'a' || resp('X-R') == 'y' || reqenv('E') == '1'"
CustomLog @DIR@/all "%U"
<Location /local.txt>
Header set X-R y
SetEnv E 1
</Location>`,
  });
  for (const path of [...QUERIES, '/last']) await fetchOnce(front.port, { path });
  const text = (log: string) => readFileSync(join(front.dir, log), 'latin1');
  await until(() => text('all').includes('/last') && text('errors').includes('/last'), 5000);
  return ['errors', 'asked', 'all'].map(text);
}

test('CustomLog with expr= writes the lines that its condition wants', needs('httpd'), async () => {
  const wanted = await logged('httpd');
  assert.match(wanted[0], /^\/nope 404\n\/nope 404\n\/last 404\n$/);
  assert.deepEqual(await logged(UNDER_TEST), wanted);
});

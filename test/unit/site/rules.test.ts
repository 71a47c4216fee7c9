// Rules compiled to data: environment, headers, pages, media types, aliases, redirects, reverse rules.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvCondition, HeaderOp } from '../../../src/site/model.ts';
import { load, main, settingsAt, site, told } from './support.ts';

// --- environment ----------------------------------------------------------------------------------------------------

test('SetEnvIf knows attributes, headers and patterns of header names', () => {
  const rules = main(
    'SetEnvIf Remote_Addr ^10 a=1 !b c=$0\nSetEnvIfNoCase host example d\nSetEnvIf ^X-.* 1 e\nBrowserMatch "MSIE [2-5]" nokeepalive downgrade-1.0\nSetEnvIf Request_URI "\\.gif$" img',
  ).earlyEnvRules;
  const matches = rules.filter((rule) => rule.kind === 'match');
  assert.deepEqual(
    matches.map((rule) => rule.subject.kind),
    ['attribute', 'header', 'header-pattern', 'header', 'attribute'],
  );
  assert.deepEqual(rules[0].actions, [
    { name: 'a', value: '1' },
    { name: 'b', value: undefined },
    { name: 'c', value: '$0' },
  ]);
  assert.ok(matches[1].regex.test('EXAMPLE.test'));
  assert.ok(!matches[0].regex.test('110'));
  assert.deepEqual(
    rules[3].actions.map((action) => action.name),
    ['nokeepalive', 'downgrade-1.0'],
  );
});

test('rules of a section stay with it', () => {
  const host = main('<Location /a>\nSetEnvIf Host x y\nSetEnv AJP_WEIRD x\nUnsetEnv Z\n</Location>');
  assert.equal(host.earlyEnvRules.length, 0);
  const settings = settingsAt(host, '/a');
  assert.equal(settings.envIfRules?.length, 1);
  assert.deepEqual(settings.envOps, [
    { kind: 'set', name: 'AJP_WEIRD', value: 'x' },
    { kind: 'unset', name: 'Z' },
  ]);
});

test('PassEnv takes what the process has, and tells what it has not', () => {
  const loaded = load('PassEnv A B', {}, { environment: { A: '1' } });
  assert.deepEqual(loaded.snapshot?.mainHost.defaults.envOps, [{ kind: 'set', name: 'A', value: '1' }]);
  assert.deepEqual(told(loaded), ['warning undefined-variable 1']);
});

// --- headers --------------------------------------------------------------------------------------------------------

function header(text: string): HeaderOp {
  const [op] = main(text).defaults.headerOps ?? [];
  assert.ok(op, text);
  return op;
}

test('the route cookie recipe compiles', () => {
  const op = header('Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/" env=BALANCER_ROUTE_CHANGED');
  assert.deepEqual(
    { ...op, place: 0 },
    {
      target: 'response',
      action: 'add',
      name: 'Set-Cookie',
      regex: undefined,
      value: [
        { kind: 'text', text: 'ROUTEID=.' },
        { kind: 'env', name: 'BALANCER_WORKER_ROUTE' },
        { kind: 'text', text: '; path=/' },
      ],
      condition: { name: 'BALANCER_ROUTE_CHANGED', isNegated: false },
      isEarly: false,
      place: 0,
    },
  );
});

for (const [text, check] of [
  ['RequestHeader set X-A 1', (op: HeaderOp) => op.target === 'request' && op.action === 'set'],
  ['RequestHeader unset X-Forwarded-Host early', (op: HeaderOp) => op.isEarly && op.action === 'unset'],
  ['Header always set X y', (op: HeaderOp) => op.target === 'response-always'],
  ['Header onsuccess merge X y', (op: HeaderOp) => op.target === 'response' && op.action === 'merge'],
  ['Header set X: y', (op: HeaderOp) => op.name === 'X'],
  ['Header edit X ^a b$1', (op: HeaderOp) => op.regex?.test('ab') === true && !op.regex.global],
  [
    'Header edit* X a b env=!c',
    (op: HeaderOp) => op.regex?.global === true && (op.condition as EnvCondition).isNegated,
  ],
  ['Header echo ^TS', (op: HeaderOp) => op.regex?.test('tsx') === true && op.value.length === 0],
  [
    'Header set X "%t %D %{A}s 100%% %"',
    (op: HeaderOp) => op.value.map((part) => part.kind).join() === 'received-at,text,duration,text,variable,text',
  ],
  [
    'Header set X "a\\\\nb"',
    (op: HeaderOp) => op.value.length === 1 && op.value[0].kind === 'text' && op.value[0].text === 'a\nb',
  ],
] as const)
  test(`${text} compiles`, () => {
    assert.ok(check(header(text)));
  });

for (const [text, expected] of [
  ['Header', 'error bad-value 1'],
  ['Header foo X y', 'error bad-value 1'],
  ['Header set', 'error argument-count 1'],
  ['Header set X', 'error argument-count 1'],
  ['Header set X y z', 'error argument-count 1'],
  ['Header edit X a', 'error argument-count 1'],
  ['Header edit X (a b', 'error bad-regex 1'],
  ['Header set X %q', 'error bad-value 1'],
  ['Header set X "expr=%{REQUEST_UR}"', 'error bad-expression 1'],
  ['Header set X y expr=tru', 'error bad-expression 1'],
  ['SetEnvIfExpr tru y', 'error bad-expression 1'],
  ['SetEnvIfExpr true', 'error argument-count 1'],
  ['ErrorDocument 404 "a %{"', 'error bad-expression 1'],
  ['SetEnv', 'error argument-count 1'],
  ['SetEnvIf Host x', 'error argument-count 1'],
  ['SetEnvIf Host ( y', 'error bad-regex 1'],
  ['SetEnvIf OID(1.2) x y', 'error not-honoured 1'],
] as const)
  test(`${text}: ${expected}`, () => {
    assert.deepEqual(told(load(text)), [expected]);
  });

// --- pages ----------------------------------------------------------------------------------------------------------

test('error documents are texts, paths, URLs or nothing', () => {
  const documents = main(
    'ErrorDocument 404 "local 404"\nErrorDocument 500 /e.html\nErrorDocument 503 http://h/x\nErrorDocument 403 default',
  ).defaults.errorDocuments;
  assert.deepEqual(
    [...(documents ?? [])].map(([status, document]) => [
      status,
      document.kind,
      document.kind === 'default' ? '' : document.text.source,
    ]),
    [
      [404, 'text', 'local 404'],
      [500, 'path', '/e.html'],
      [503, 'url', 'http://h/x'],
      [403, 'default', ''],
    ],
  );
  assert.deepEqual(told(load('ErrorDocument 404 a b')), ['error argument-count 1']);
  assert.deepEqual(told(load('ErrorDocument abc a')), ['error bad-value 1']);
});

test('pages and media types', () => {
  const { defaults } = main(
    'DirectoryIndex a b\nDirectoryIndex c\nDirectorySlash Off\nFallbackResource /i\nAddDefaultCharset Off\nAddType Text/X .x .Y\nAddType application/x-httpd-php .php\nAddEncoding gzip gz\nRemoveType .x\nForceType a/b\nLimitRequestBody 5\nFileETag None',
  );
  assert.deepEqual(defaults.directoryIndex, ['a', 'b', 'c']);
  assert.deepEqual(
    [...(defaults.mime?.types ?? [])],
    [
      ['x', ''],
      ['y', 'text/x'],
    ],
  );
  assert.deepEqual([...(defaults.mime?.handlers ?? [])], [['php', 'application/x-httpd-php']]);
  assert.deepEqual(
    [
      defaults.directorySlash,
      defaults.fallbackResource,
      defaults.defaultCharset,
      defaults.forceType,
      defaults.limitRequestBodyBytes,
      defaults.etag,
    ],
    [false, '/i', '', 'a/b', 5, []],
  );
});

test('a handler that nobody serves is kept and told, so that no file is sent instead', () => {
  const loaded = load('<Location /x>\nSetHandler Foo-Script\n</Location>');
  assert.equal(loaded.snapshot?.mainHost.sections.locations[0].settings.handler, 'foo-script');
  assert.deepEqual(told(loaded), ['warning handler-not-served 2']);
});

test('a .htaccess that is not read stops the start where it stands, and is told elsewhere', () => {
  const text = '<Directory /srv/htdocs>\nAllowOverride All\n</Directory>';
  assert.deepEqual(told(load(text)), ['warning not-honoured 2']);
  assert.deepEqual(told(load(text, { '/srv/htdocs/.htaccess': 'Require all denied' })), [
    'error restriction-not-honoured 2',
  ]);
  assert.deepEqual(told(load(text.replace('All\n', 'None\n'))), []);
  assert.deepEqual(told(load(text.replace('All\n', 'Foo\n'))), ['error bad-value 2']);
});

// --- aliases and redirects ------------------------------------------------------------------------------------------

test('aliases keep their order, own before the main server', () => {
  const { hosts } = site(
    'Alias /m htdocs\n<VirtualHost *:18000>\nAliasMatch ^/(v)$ /srv/$1\nAlias /d/ /srv/d/\n</VirtualHost>',
  );
  assert.deepEqual(
    hosts[0].aliasRules.map((rule) => [rule.pattern.kind, rule.path]),
    [
      ['regex', '/srv/$1'],
      ['prefix', '/srv/d/'],
      ['prefix', '/srv/htdocs'],
    ],
  );
});

for (const [text, status, url] of [
  ['Redirect /a http://h/', 302, 'http://h/'],
  ['Redirect permanent /a http://h/', 301, 'http://h/'],
  ['Redirect 308 /a /b', 308, '/b'],
  ['Redirect seeother /a /b', 303, '/b'],
  ['Redirect gone /a', 410, undefined],
  ['Redirect 404 /a', 404, undefined],
  ['RedirectPermanent /a /b', 301, '/b'],
  ['RedirectTemp /a /b', 302, '/b'],
  ['RedirectMatch 301 ^/a(.*)$ http://h$1', 301, 'http://h$1'],
  ['RedirectMatch 404 ^/a', 404, undefined],
] as const)
  test(`${text} is ${status} ${url ?? ''}`, () => {
    const [rule] = main(text).redirectRules;
    assert.deepEqual(
      [rule.status, rule.url, rule.pattern.kind],
      [status, url, text.includes('Match') ? 'regex' : 'prefix'],
    );
  });

test('a section redirects what it matches, or a path of its own', () => {
  const at = (line: string) => settingsAt(main(`<Location /a>\n${line}\n</Location>`), '/a');
  assert.deepEqual(
    [at('Redirect http://h/').redirect?.status, at('Redirect http://h/').redirect?.url?.source],
    [302, 'http://h/'],
  );
  assert.equal(at('Redirect permanent http://h/').redirect?.status, 301);
  assert.equal(at('Redirect 404').redirect?.status, 404);
  assert.equal(at('Redirect permanent /a/b http://h/').redirectRules?.length, 1);
});

for (const text of [
  'Redirect /a',
  'Redirect permanent /a',
  'Redirect gone /a http://h',
  'Redirect foo /a /b',
  'Redirect /a b',
  'RedirectMatch ( /b',
  'Alias /a',
  'AliasMatch ( /b',
])
  test(`${text} is refused`, () => {
    assert.equal(load(text).snapshot, undefined);
  });

// --- reverse rules --------------------------------------------------------------------------------------------------

test('reverse rules keep both spellings, and know their balancer', () => {
  const snapshot = site(
    'ProxyPass /x balancer://C/x\nProxyPassReverse /x balancer://C/x interpolate\nProxyPassReverseCookiePath /be /app\nProxyPassReverseCookieDomain be.internal www.example.test\n<Location /l>\nProxyPassReverse http://h/\n</Location>',
  );
  const rules = settingsAt(snapshot.mainHost, '/l').reverseRules ?? [];
  assert.deepEqual(
    rules.map((rule) => [rule.kind, rule.internal, rule.external, rule.balancer, rule.interpolate]),
    [
      ['url', 'balancer://C/x', '/x', 'balancer://c', true],
      ['cookie-path', '/be', '/app', undefined, false],
      ['cookie-domain', 'be.internal', 'www.example.test', undefined, false],
      ['url', 'http://h/', '/l', undefined, false],
    ],
  );
});

test('parameters on a reverse rule, as old texts have them, are told and ignored', () => {
  for (const text of [
    'ProxyPassReverse /x balancer://c/ stickysession=S',
    '<Location /x>\nProxyPassReverse balancer://c/ stickysession=S\n</Location>',
  ])
    assert.match(told(load(text))[0], /^warning parameter-ignored/);
  assert.deepEqual(told(load('<Location /x>\nProxyPassReverse /y http://h\n</Location>')), ['error path-in-section 2']);
  assert.deepEqual(told(load('ProxyPassReverse /x')), ['error argument-count 1']);
});

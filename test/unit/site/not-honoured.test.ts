// What is read and does not happen is told at its line, with what happens instead; what makes no difference is not.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatFinding } from '../../../src/config/finding.ts';
import { load, main, onlyMessage, site, told } from './support.ts';

const pem = { '/srv/c.pem': '', '/srv/ca/x': '', '/srv/httpd.d/x': '' };
const member = (text: string) => `<Proxy balancer://c>\nBalancerMember ${text}\n</Proxy>`;

for (const [text, line, message] of [
  // Targets and members.
  [member('ajp://h receivebuffersize=1024'), 2, /receivebuffersize= .* buffers/],
  [member('ajp://h flusher=mine'), 2, /flusher= .* pauses/],
  // Manners of the proxy.
  ['ProxyReceiveBufferSize 1024', 1, /buffers/],
  ['SetEnvIf User-Agent x proxy-nocanon=1', 1, /nocanon behind/],
  ['SetEnv proxy-noquery 1', 1, /the query goes on/],
  ['SetEnv proxy-sendextracrlf 1', 1, /behind a body/],
  ['MergeTrailers On', 1, /dropped/],
  // Hosts and the process.
  ['LimitRequestBody 1000', 1, /limit at the backend/],
  ['Protocols h2 http/1.1', 1, /h2 is not spoken/],
  ['UseCanonicalName DNS', 1, /works as Off/],
  ['HostnameLookups On', 1, /not looked up/],
  ['RequestReadTimeout body=10,MinRate=500', 1, /Timeout/],
  ['RequestReadTimeout header=0', 1, /40 s/],
  ['ErrorLog syslog:local1', 1, /standard error/],
  ['LogLevel warn proxy:debug', 1, /no levels of their own/],
  ['<Location /x>\nLogLevel debug\n</Location>', 2, /the main server's/],
  ['Header set X "%b"', 1, /100 and 0/],
  // Files.
  ['AddHandler type-map var', 1, /as they are/],
  ['LoadModule autoindex_module m\nOptions Indexes FollowSymLinks', 2, /not listed/],
  ['LoadModule autoindex_module m\nOptions All', 2, /not listed/],
  ['LoadModule negotiation_module m\nOptions +MultiViews', 2, /extensions/],
  ['FileETag Digest', 1, /inode, size and time/],
  ['<Directory /srv/htdocs>\nAllowOverrideList Redirect\n</Directory>', 2, /not read/],
  ['AcceptPathInfo On', 1, /not honoured/],
  ['DumpIOInput On', 1, /nothing is dumped/],
  // TLS.
  ['SSLEngine Optional', 1, /no TLS/],
  ['SSLUseStapling On', 1, /nothing here/],
  ['SSLOpenSSLConfCmd Curves X25519', 1, /nothing here/],
  ['SSLOptions +FakeBasicAuth', 1, /SSLUserName/],
  ['SSLPassPhraseDialog |/bin/prompt', 1, /exec:/],
] as const)
  test(`${JSON.stringify(text)} is told`, () => {
    const loaded = load(text, pem);
    assert.deepEqual(told(loaded), [`warning not-honoured ${line}`]);
    assert.match(onlyMessage(loaded), message);
  });

for (const text of [
  member('ajp://h min=0 receivebuffersize=0 flusher=flush upgrade=NONE hcmethod=NONE flushpackets=on flushwait=20'),
  member('http://h addressttl=30 ping=2 iobuffersize=1024'),
  'ProxyVia Off\nProxyMaxForwards -1\nProxyBadHeader IsError\nProxyReceiveBufferSize 0\nProxyStatus On',
  'Proxy100Continue Off\nProxyPassReverse /x http://h/ interpolate\nBalancerGrowth 3\nBalancerPersist Off',
  'LimitRequestBody 0\nProtocols http/1.1\nUseCanonicalName Off\nUseCanonicalPhysicalPort On\nHostnameLookups Off',
  'ServerTokens Prod\nServerSignature On\nServerAdmin a@b\nExtendedStatus On\nDefaultRuntimeDir run\nEnableSendfile On',
  'RequestReadTimeout header=20 body=0\nGracefulShutdownTimeout 5\nLogLevel debug\nErrorLog logs/e',
  'Options Indexes MultiViews Includes\nFileETag MTime Size\nTraceEnable On\nServerName http://www.example.test',
  '<Directory /srv/htdocs>\nAllowOverride None\nAllowOverrideList None\n</Directory>',
  'SSLProxyEngine Off\nSSLProxyVerify none\nSSLProxyCheckPeerName On\nSSLProtocol all -SSLv3\nServerName https://www.example.test',
  'SetEnv nokeepalive 1\nRedirect permanent /a http://h/\nListen 443',
  'LoadModule ssl_module m\nListen 443 http',
])
  test(`${JSON.stringify(text)} is nothing to tell`, () => {
    assert.deepEqual(told(load(text, pem)), []);
  });

test('handlers of files that are not here are told with the status of the answer', () => {
  for (const [text, status] of [
    ['<Location /i>\nSetHandler server-info\n</Location>', /501/],
    ['<Location /i>\nSetHandler cgi-script\n</Location>', /500/],
    ['AddHandler cgi-script .cgi', /500/],
    ['AddType application/x-httpd-php .php', /500/],
  ] as const) {
    const loaded = load(text);
    assert.match(told(loaded)[0], /^warning handler-not-served/);
    assert.match(onlyMessage(loaded), status);
  }
});

test('a rate of a request head is a note: its upper end holds', () => {
  const loaded = load('RequestReadTimeout header=20-40,MinRate=500');
  assert.deepEqual(told(loaded), ['note done-otherwise 1']);
  assert.match(onlyMessage(loaded), /40 s/);
});

test('a level within a section is not that of the host', () => {
  assert.equal(main('<Location /x>\nLogLevel debug\n</Location>').logLevel, 'warn');
});

test('parts of an ETag with a sign change what held before', () => {
  assert.deepEqual(main('FileETag -MTime').defaults.etag, ['Size']);
  assert.deepEqual(main('FileETag All').defaults.etag, ['INode', 'MTime', 'Size']);
  assert.deepEqual(main('FileETag Digest').defaults.etag, ['MTime', 'Size']);
  const host = main('FileETag INode\n<Directory /srv/htdocs>\nFileETag +Size\n</Directory>');
  assert.deepEqual(host.sections.directories[0].settings.etag, ['INode', 'Size']);
  assert.deepEqual(told(load('FileETag Inodes')), ['error bad-value 1']);
});

// --- virtual hosts --------------------------------------------------------------------------------------------------

const host = (lines: string, name = 'a') => `<VirtualHost *:18000>\nServerName ${name}\n${lines}\n</VirtualHost>`;

test('an error log and a level of a virtual host are told, unless they are those of the main server', () => {
  assert.deepEqual(told(load(host('ErrorLog logs/a\nLogLevel debug'))), [
    'warning not-honoured 3',
    'warning not-honoured 4',
  ]);
  assert.deepEqual(told(load(`${host('ErrorLog logs/a\nLogLevel info')}\nErrorLog logs/a\nLogLevel info`)), []);
});

test('connections follow the first host of an address, and the others are told', () => {
  const second = host('KeepAlive Off\nMaxKeepAliveRequests 7', 'b');
  assert.deepEqual(told(load(`${host('')}\n${second}`)), ['warning not-honoured 7', 'warning not-honoured 8']);
  assert.deepEqual(told(load(second)), []);
  assert.deepEqual(told(load(`${host('KeepAlive Off\nMaxKeepAliveRequests 7')}\n${second}`)), []);
});

test('members of a virtual host have its buffer size, shared ones are told', () => {
  const own = 'ProxyIOBufferSize 65536\nProxyPass /x ajp://h/';
  const { balancers } = site(host(own));
  assert.equal([...balancers.values()][0].members[0].ioBufferSize, 65_536);
  assert.deepEqual(told(load(host(own))), []);
  assert.deepEqual(told(load(`ProxyPass /y ajp://i/\n${host(own)}`)), ['warning not-honoured 4']);
});

// --- nothing is forgotten -------------------------------------------------------------------------------------------

/** Fields that nothing reads at run time: their directives are told above, or make no difference (docs/reference/frontend.md). */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  (
    'runtimeDir serverTokens serverAdmin minimumRateBytesPerSecond via ' +
    'receiveBufferSizeBytes maxForwards badHeader useCanonicalPhysicalPort hostnameLookups protocols ' +
    'serverSignature noquery healthExpressions ' +
    // For people, or told by another field too.
    'defines places parameterPlaces title isPipe isDirect ' +
    // Members and balancers.
    'flusher flushPackets flushWaitMs receiveBufferSize upgrade healthCheck intervalMs passes fails uri expression template nonce'
  ).split(' '),
);

function unread(fields: Iterable<string>, code: string): string[] {
  return [...fields].filter(
    (field) => !WITHOUT_EFFECT.has(field) && !new RegExp(`\\.${field}\\b|[{,] ${field}\\b`).test(code),
  );
}

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const textOfAll = (pattern: string) =>
  globSync(pattern, { cwd: PROJECT })
    .filter((file) => !file.endsWith('balancer/config.ts'))
    .map((file) => readFileSync(`${PROJECT}/${file}`, 'utf8'))
    .join('\n');

test('every field of a compiled site is read where requests are served, or known to have no effect', () => {
  const code = ['admin', 'frontend', 'listener', 'balancer', 'cli', 'link']
    .map((room) => textOfAll(`src/${room}/**/*.ts`))
    .join('\n');
  const judges = textOfAll(
    'src/site/{tls/tls-files,access/access,host,mapping,changes/overlay,path,reverse,settings}.ts',
  );
  const models = ['site/model.ts', 'site/model-rules.ts', 'site/model-tls.ts', 'balancer/config.ts'];
  const fields = models.flatMap((file) => [
    ...readFileSync(`${PROJECT}/src/${file}`, 'utf8').matchAll(/readonly (\w+)\??:/g),
  ]);
  const names = new Set(fields.map(([, name]) => name));
  assert.ok(names.size > 150);
  assert.deepEqual(unread(names, code + judges), []);
  assert.deepEqual(unread(['forgottenField'], code), ['forgottenField']);
});

test('the recorded warnings read as a compiler writes them', () => {
  const [finding] = load('HostnameLookups On').findings;
  assert.match(formatFinding(finding), /^\/srv\/httpd\.conf:4: warning: HostnameLookups: .+ \(not-honoured\)$/);
});

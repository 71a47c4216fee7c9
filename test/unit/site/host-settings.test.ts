// Settings of hosts and of the process: values, ranges, inheritance; logs; TLS as data.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, main, onlyMessage, site, told } from './support.ts';

test('what httpd assumes where nothing is said', () => {
  const host = main('');
  assert.deepEqual(
    {
      timeoutMs: host.timeoutMs,
      keepAlive: [host.keepAlive, host.keepAliveTimeoutMs, host.maxKeepAliveRequests],
      limits: host.limits,
      read: host.requestReadTimeout,
      slashes: [host.allowEncodedSlashes, host.mergeSlashes],
      proxy: [
        host.proxyTimeoutMs,
        host.via,
        host.ioBufferSizeBytes,
        host.receiveBufferSizeBytes,
        host.maxForwards,
        host.badHeader,
      ],
      others: [
        host.traceEnable,
        host.useCanonicalName,
        host.logLevel,
        host.documentRoot,
        host.errorLog,
        host.tls,
        host.accessLogs.length,
      ],
    },
    {
      timeoutMs: 60_000,
      keepAlive: [true, 5000, 100],
      limits: { lineBytes: 8190, fieldBytes: 8190, fieldCount: 100 },
      read: {
        handshake: undefined,
        header: { initialMs: 20_000, maximumMs: 40_000, minimumRateBytesPerSecond: 500 },
        body: { initialMs: 20_000, maximumMs: undefined, minimumRateBytesPerSecond: 500 },
      },
      slashes: ['off', true],
      proxy: [undefined, 'off', 8192, 0, undefined, 'is-error'],
      others: ['on', 'off', 'warn', '/srv/htdocs', undefined, undefined, 0],
    },
  );
});

test('what is said holds', () => {
  const host = main(
    'Timeout 10\nKeepAlive Off\nKeepAliveTimeout 300ms\nMaxKeepAliveRequests 0\nLimitRequestLine 100\nLimitRequestFieldSize 200\nLimitRequestFields 0\nRequestReadTimeout header=0 body=5,MinRate=10\nAllowEncodedSlashes nodecode\nMergeSlashes Off\nProxyTimeout 2mi\nProxyVia Full\nProxyIOBufferSize 65536\nProxyReceiveBufferSize 1024\nProxyMaxForwards 5\nProxyBadHeader StartBody\nTraceEnable extended\nUseCanonicalName DNS\nLogLevel info ssl:trace1\nServerAdmin a@b\nErrorLog logs/e\nProtocols h2 HTTP/1.1',
  );
  assert.equal(host.timeoutMs, 10_000);
  assert.deepEqual([host.keepAlive, host.keepAliveTimeoutMs, host.maxKeepAliveRequests], [false, 300, 0]);
  assert.deepEqual(host.limits, { lineBytes: 100, fieldBytes: 200, fieldCount: 0 });
  assert.deepEqual(host.requestReadTimeout, {
    handshake: undefined,
    header: undefined,
    body: { initialMs: 5000, maximumMs: undefined, minimumRateBytesPerSecond: 10 },
  });
  assert.deepEqual([host.allowEncodedSlashes, host.mergeSlashes], ['no-decode', false]);
  assert.deepEqual(
    [
      host.proxyTimeoutMs,
      host.via,
      host.ioBufferSizeBytes,
      host.receiveBufferSizeBytes,
      host.maxForwards,
      host.badHeader,
    ],
    [120_000, 'full', 65_536, 1024, 5, 'start-body'],
  );
  assert.deepEqual([host.traceEnable, host.useCanonicalName, host.logLevel], ['extended', 'dns', 'info']);
  assert.deepEqual([host.serverAdmin, host.errorLog, host.protocols], ['a@b', '/srv/logs/e', ['h2', 'http/1.1']]);
});

test('a virtual host inherits and overrides', () => {
  const { hosts } = site(
    'Timeout 10\nKeepAliveTimeout 7\n<VirtualHost *:18000>\nTimeout 20\nDocumentRoot /srv\n</VirtualHost>',
  );
  assert.deepEqual([hosts[0].timeoutMs, hosts[0].keepAliveTimeoutMs, hosts[0].documentRoot], [20_000, 7000, '/srv']);
});

test('settings of the process: User, Group, PidFile, ListenBacklog, GracefulShutdownTimeout, DefaultRuntimeDir', () => {
  const { server } = site(
    'User www-data\nGroup #33\nPidFile run/x.pid\nDefaultRuntimeDir rt\nServerTokens ProductOnly\nExtendedStatus Off\nListenBacklog 9\nGracefulShutdownTimeout 3\nDefine A b',
  );
  assert.deepEqual(
    [
      server.user,
      server.group,
      server.pidFile,
      server.runtimeDir,
      server.serverTokens,
      server.extendedStatus,
      server.listenBacklog,
      server.gracefulShutdownTimeoutMs,
    ],
    ['www-data', '#33', '/srv/run/x.pid', '/srv/rt', 'prod', false, 9, 3000],
  );
  assert.equal(server.defines.get('A'), 'b');
});

for (const text of [
  'Timeout x',
  'Timeout -1',
  'KeepAlive maybe',
  'KeepAliveTimeout -1',
  'MaxKeepAliveRequests x',
  'LimitRequestLine -1',
  'LimitRequestFields x',
  'LimitRequestBody -1',
  'AllowEncodedSlashes maybe',
  'MergeSlashes maybe',
  'ProxyTimeout 0',
  'ProxyTimeout 500ms',
  'ProxyVia maybe',
  'ProxyIOBufferSize 511',
  'ProxyReceiveBufferSize 1',
  'ProxyMaxForwards x',
  'ProxyBadHeader x',
  'TraceEnable x',
  'UseCanonicalName x',
  'LogLevel x',
  'LogLevel core:x',
  'ServerTokens x',
  'ServerSignature x',
  'ProxyPreserveHost 1',
  'ProxyErrorOverride maybe',
  'ProxyErrorOverride On 200',
  'ProxyErrorOverride Off 404',
  'ProxyStatus x',
  'BalancerGrowth 1001',
  'RequestReadTimeout header=x',
  'RequestReadTimeout foo=1',
  'RequestReadTimeout header=20-40',
  'RequestReadTimeout header=20-10,MinRate=5',
  'HostnameLookups x',
])
  test(`${text} is refused, and told how to mend it`, () => {
    const loaded = load(text);
    assert.deepEqual(told(loaded), ['error bad-value 1']);
    assert.match(onlyMessage(loaded), /must|not of the form|no status|no level|takes no|range/);
  });

test('proxy manners may differ by section', () => {
  const host = main(
    'ProxyPreserveHost On\n<Location /a>\nProxyPreserveHost Off\nProxyAddHeaders Off\nProxy100Continue Off\nProxyErrorOverride On 404 500\n</Location>',
  );
  assert.equal(host.defaults.preserveHost, true);
  const { settings } = host.sections.locations[0];
  assert.deepEqual(
    [settings.preserveHost, settings.addHeaders, settings.forwardsContinue, settings.errorOverride],
    [false, false, false, { on: true, statuses: [404, 500] }],
  );
});

// --- logs -----------------------------------------------------------------------------------------------------------

test('formats are found by name wherever they stand, and the well-known names without LogFormat', () => {
  const { accessLogs } = main(
    'CustomLog logs/a mine\nCustomLog logs/b combined env=!quiet\nCustomLog "|cat" "%h"\nLogFormat "%U" mine',
  );
  assert.deepEqual(
    accessLogs.map((log) => [log.target, log.isPipe, log.condition, log.format.length]),
    [
      ['/srv/logs/a', false, undefined, 1],
      ['/srv/logs/b', false, { name: 'quiet', isNegated: true }, 18],
      ['|cat', true, undefined, 1],
    ],
  );
});

test('a name that nobody defined is logged as it is, as in httpd', () => {
  assert.deepEqual(main('CustomLog logs/a nothing').accessLogs[0].format, [{ kind: 'text', text: 'nothing' }]);
});

test('a virtual host logs to its own, else to the main server, and global logs get all', () => {
  const { hosts } = site(
    'CustomLog logs/main common\nGlobalLog logs/all common\n<VirtualHost *:18000>\n</VirtualHost>\n<VirtualHost *:18000>\nServerName b\nCustomLog logs/own common\n</VirtualHost>',
  );
  assert.deepEqual(
    hosts.map((host) => host.accessLogs.map((log) => log.target)),
    [
      ['/srv/logs/main', '/srv/logs/all'],
      ['/srv/logs/own', '/srv/logs/all'],
    ],
  );
});

test('TransferLog takes the last format without a name', () => {
  const { accessLogs } = main('LogFormat "%U"\nTransferLog logs/t');
  assert.equal(accessLogs[0].format.length, 1);
  assert.ok(main('TransferLog logs/t').accessLogs[0].format.length > 5);
});

for (const [text, code] of [
  ['CustomLog logs/a "%Z"', 'bad-log-format'],
  ['LogFormat "%{x"', 'bad-log-format'],
  ['CustomLog logs/a', 'argument-count'],
  ['CustomLog logs/a common foo', 'bad-value'],
  ['CustomLog /none/a common', 'file-missing'],
] as const)
  test(`${text} is refused as ${code}`, () => {
    assert.deepEqual(told(load(text)), [`error ${code} 1`]);
  });

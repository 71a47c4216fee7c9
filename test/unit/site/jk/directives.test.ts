// Jk… directives: what each says, how it is refused, and what virtual hosts have of the main server's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_JK_INDICATORS, DEFAULT_JK_OPTIONS } from '../../../../src/site/jk/model-jk.ts';
import type { Host, JkHost, Snapshot } from '../../../../src/site/model.ts';
import { load, site } from '../support.ts';

const WORKERS = '/srv/w.properties';
const FILES = {
  [WORKERS]:
    'worker.list=w1,w2,st\nworker.w1.port=8101\nworker.w2.port=8102\nworker.w2.mount=/mw\nworker.st.type=status\n',
  '/srv/u.properties': '/mf/*=w1;reply_timeout=500\n',
  '/srv/own.properties': '/own/*=w2\n',
};

function jkSite(text: string): Snapshot {
  return site(`JkWorkersFile w.properties\n${text}`, FILES);
}

function jkOf(host: Host | undefined): JkHost {
  assert.ok(host?.jk);
  return host.jk;
}

function jk(text: string): JkHost {
  return jkOf(jkSite(text).mainHost);
}

/** Rules as `/pattern=worker`, exclusions with `!`, without those of the workers. */
function rules({ mounts, mountFile }: JkHost): string {
  return [...mounts, ...(mountFile?.mounts ?? [])]
    .map(({ pattern, worker, isExclusion }) => `${isExclusion ? '!' : ''}${pattern}=${worker}`)
    .sort()
    .join(' ');
}

/** Severity, code and line of what is told of `text`; its first line is 1. Notes are left out. */
function wrong(text: string): string[] {
  return load(`JkWorkersFile w.properties\n${text}`, FILES)
    .findings.filter(({ severity }) => severity !== 'note')
    .map(({ severity, code, line }) => `${severity} ${code} ${line - 4}`);
}

function messageOf(text: string): string {
  const [finding] = load(`JkWorkersFile w.properties\n${text}`, FILES).findings.filter(
    ({ severity }) => severity !== 'note',
  );
  return finding?.message ?? '';
}

test('a site without these directives has nothing of mod_jk', () => {
  const snapshot = site('ProxyPass /a http://127.0.0.1:1/');
  assert.equal(snapshot.jk, undefined);
  assert.equal(snapshot.mainHost.jk, undefined);
});

// JkWorkersFile, JkWorkerProperty
test('JkWorkersFile stands once and must be there; JkWorkerProperty lines are workers too', () => {
  assert.deepEqual([...(jkSite('').jk?.workers.keys() ?? [])], ['w1', 'w2', 'st']);
  const lines =
    'JkWorkerProperty worker.list=x\nJkWorkerProperty worker.x.host=127.0.0.1\nJkWorkerProperty worker.x.port=9';
  assert.deepEqual([...(site(lines).jk?.workers.keys() ?? [])], ['x']);
  assert.deepEqual(wrong('JkWorkersFile w.properties'), ['error directive-again 1']);
  assert.deepEqual(
    load('JkWorkersFile nofile.properties').findings.map(({ code }) => code),
    ['file-missing'],
  );
  assert.deepEqual(wrong('<VirtualHost *>\nJkWorkerProperty worker.list=x\n</VirtualHost>'), ['error not-here 2']);
});

// JkMount
test('JkMount takes a path and a worker; in a Location the path is its own', () => {
  assert.equal(rules(jk('JkMount /a/* w1\nJkMount /b|/* w2')), '/a/*=w1 /b/*=w2 /b=w2 /mw=w2');
  assert.equal(rules(jk('<Location /loc>\nJkMount w1\n</Location>')), '/loc=w1 /mw=w2');
  assert.equal(rules(jk('JkMount /a w1\nJkMount /a w2')), '/a=w2 /mw=w2');
  const [mount] = jk('JkMount /a/b/* "w1;stateless=1;disabled=w2"').mounts;
  assert.deepEqual([mount.source, mount.place], ['JkMount', { file: '/srv/httpd.conf', line: 5 }]);
  assert.deepEqual([mount.rules?.isStateless, mount.rules?.activations.get('w2')], [true, 'disabled']);
});

test('JkMount refuses what mod_jk refuses, and says how to mend it', () => {
  assert.deepEqual(wrong('JkMount w1'), ['error argument-count 1']);
  assert.match(messageOf('JkMount w1'), /write JkMount \/path\/\* w1/);
  assert.deepEqual(wrong('JkMount a/* w1'), ['error bad-value 1']);
  assert.deepEqual(wrong('<Location /x>\nJkMount /y w1\n</Location>'), ['error path-in-section 2']);
  assert.deepEqual(wrong('JkMount /x w1 w2'), ['error argument-count 1']);
  assert.deepEqual(wrong('<Location ~ "x$">\nJkMount w1\n</Location>'), ['error bad-value 2']);
});

test('an exact JkMount of a Location tells that what lies under it is not mounted', () => {
  const { findings } = load('JkWorkersFile w.properties\n<Location /loc>\nJkMount w1\n</Location>', FILES);
  assert.match(findings.find(({ line }) => line === 6)?.message ?? '', /write JkMount \/loc\|\/\* w1/);
});

test('an unknown rule extension is ignored with a warning, a worker that there is not is a rule (J-CFG-01, J-CFG-12)', () => {
  assert.deepEqual(wrong('JkMount /x/* w1;bogus=1'), ['warning unknown-extension 1']);
  assert.match(messageOf('JkMount /x/* "w1; stateless=1"'), /write "stateless" without white space/);
  assert.ok(rules(jk('JkMount /u/* nosuch')).includes('/u/*=nosuch'));
});

// JkUnMount
test('JkUnMount takes paths out again', () => {
  assert.equal(
    rules(jk('JkMount /a/* w1\nJkUnMount /a/x|.gif w1\nJkUnMount /b *')),
    '!/a/x.gif=w1 !/a/x=w1 !/b=* /a/*=w1 /mw=w2',
  );
  assert.deepEqual(wrong('JkUnMount /a'), ['error argument-count 1']);
});

const HOSTS = `JkMount /m/* w1
JkMount /both/* w1
JkMountFile u.properties
JkAutoAlias webapps
<VirtualHost *>
ServerName none.test
</VirtualHost>
<VirtualHost *>
ServerName own.test
JkMount /both/* w2
</VirtualHost>
<VirtualHost *>
ServerName on.test
JkMountCopy On
JkMount /both/* w2
</VirtualHost>
<VirtualHost *>
ServerName bare.test
JkMountCopy On
</VirtualHost>
<VirtualHost *>
ServerName off.test
JkMountCopy Off
</VirtualHost>
<VirtualHost *>
ServerName file.test
JkMountCopy On
JkMountFile own.properties
</VirtualHost>`;

// JkMountCopy, JkMountFile, JkAutoAlias
test('JkMountCopy brings the main server’s rules: all of them to a host without rules, its lines to one with some', () => {
  const of = (text: string) =>
    Object.fromEntries(jkSite(text).hosts.map((host) => [host.serverName.split('.')[0], rules(jkOf(host))]));
  const copied = {
    on: '/both/*=w2 /m/*=w1 /mf/*=w1',
    bare: '/both/*=w1 /m/*=w1 /mf/*=w1 /mw=w2',
    file: '/both/*=w1 /m/*=w1 /own/*=w2',
  };
  assert.deepEqual(of(HOSTS), { none: '', own: '/both/*=w2', off: '', ...copied });
  assert.deepEqual(of(`JkMountCopy All\n${HOSTS}`), {
    none: copied.bare,
    own: copied.on,
    off: '',
    ...copied,
  });
  const folders = jkSite(HOSTS).hosts.map((host) => jkOf(host).autoAlias);
  assert.deepEqual(folders, [undefined, undefined, '/srv/webapps', '/srv/webapps', undefined, '/srv/webapps']);
});

test('JkMountCopy is On, Off or All, and All stands outside hosts', () => {
  assert.deepEqual(wrong('JkMountCopy Maybe'), ['error bad-value 1']);
  assert.deepEqual(wrong('<VirtualHost *>\nJkMountCopy All\n</VirtualHost>'), ['error not-here 2']);
});

// JkMountFile, JkMountFileReload
test('JkMountFile names the map file, JkMountFileReload how often it is looked at', () => {
  const { mountFile } = jk('JkMountFile u.properties\nJkMountFileReload 5');
  assert.deepEqual([mountFile?.path, mountFile?.reloadMs], ['/srv/u.properties', 5000]);
  assert.equal(mountFile?.mounts[0].rules?.replyTimeoutMs, 500);
  assert.equal(mountFile?.mounts[0].place.file, '/srv/u.properties');
  assert.equal(jk('JkMountFile u.properties').mountFile?.reloadMs, 60_000);
  assert.equal(jk('JkMountFile u.properties\nJkMountFileReload 0').mountFile?.reloadMs, 0);
  assert.deepEqual(wrong('JkMountFile gone.properties'), ['error file-missing 1']);
  assert.deepEqual(wrong('JkMountFile u.properties\nJkMountFileReload soon'), ['warning bad-value 2']);
  assert.ok(jkSite('JkMountFile u.properties').files.includes('/srv/u.properties'));
});

// JkStripSession
test('JkStripSession cuts ;jsessionid, or the parameter it names; hosts inherit it', () => {
  assert.equal(jk('').stripSession, undefined);
  assert.equal(jk('JkStripSession On').stripSession, ';jsessionid');
  assert.equal(jk('JkStripSession on ;sid').stripSession, ';sid');
  const [host] = jkSite('JkStripSession On\n<VirtualHost *>\nJkStripSession Off\n</VirtualHost>').hosts;
  assert.equal(jkOf(host).stripSession, undefined);
  assert.deepEqual(wrong('JkStripSession yes'), ['error bad-value 1']);
  const [bare, ruled] = jkSite(
    'JkStripSession On\n<VirtualHost *>\nJkAutoAlias webapps\n</VirtualHost>\n<VirtualHost *>\nJkMount /x w1\n</VirtualHost>',
  ).hosts;
  // Files of a host without rules are no business of mod_jk's.
  assert.deepEqual(wrong('<VirtualHost *>\nJkAutoAlias webapps\nJkStripSession On\n</VirtualHost>'), [
    'warning no-rules 2',
    'warning no-rules 3',
  ]);
  assert.deepEqual([jkOf(bare).stripSession, jkOf(bare).autoAlias], [undefined, undefined]);
  assert.equal(jkOf(ruled).stripSession, ';jsessionid');
});

// JkWorkerIndicator
test('JkWorkerIndicator names the variable of the worker', () => {
  assert.equal(jk('').workerIndicator, 'JK_WORKER_NAME');
  assert.equal(jk('JkWorkerIndicator WHO').workerIndicator, 'WHO');
});

// JkEnvVar
test('JkEnvVar: the later of a name wins, and hosts add to those of the main server', () => {
  const [host] = jkSite('JkEnvVar A one\nJkEnvVar B\n<VirtualHost *>\nJkEnvVar a two\n</VirtualHost>').hosts;
  assert.deepEqual(jkOf(host).envVars, [
    { name: 'a', fallback: 'two' },
    { name: 'B', fallback: undefined },
  ]);
  assert.deepEqual(jk('JkEnvVar A one\nJkEnvVar A').envVars, [{ name: 'A', fallback: undefined }]);
  assert.deepEqual(jk('JkEnvVar A ""').envVars, [{ name: 'A', fallback: undefined }]);
});

// JkExtractSSL
test('JkExtractSSL is On unless somebody says Off', () => {
  assert.equal(jk('').extractsSsl, true);
  assert.equal(jk('JkExtractSSL Off').extractsSsl, false);
  assert.deepEqual(wrong('JkExtractSSL no'), ['error bad-value 1']);
});

// JkHTTPSIndicator, JkSSLPROTOCOLIndicator, JkCERTSIndicator, JkCIPHERIndicator, JkSESSIONIndicator, JkKEYSIZEIndicator,
// JkCERTCHAINPrefix, JkRemoteAddrIndicator, JkRemotePortIndicator, JkRemoteHostIndicator, JkRemoteUserIndicator,
// JkAuthTypeIndicator, JkLocalNameIndicator, JkLocalAddrIndicator, JkLocalPortIndicator, JkIgnoreCLIndicator
test('each indicator names a variable of its own', () => {
  assert.deepEqual(jk('').indicators, DEFAULT_JK_INDICATORS);
  const fields = {
    JkHTTPSIndicator: 'https',
    JkSSLPROTOCOLIndicator: 'sslProtocol',
    JkCERTSIndicator: 'cert',
    JkCIPHERIndicator: 'cipher',
    JkSESSIONIndicator: 'session',
    JkKEYSIZEIndicator: 'keySize',
    JkCERTCHAINPrefix: 'certChainPrefix',
    JkRemoteAddrIndicator: 'remoteAddr',
    JkRemotePortIndicator: 'remotePort',
    JkRemoteHostIndicator: 'remoteHost',
    JkRemoteUserIndicator: 'remoteUser',
    JkAuthTypeIndicator: 'authType',
    JkLocalNameIndicator: 'localName',
    JkLocalAddrIndicator: 'localAddr',
    JkLocalPortIndicator: 'localPort',
    JkIgnoreCLIndicator: 'ignoreCl',
  };
  for (const [directive, field] of Object.entries(fields))
    assert.deepEqual(jk(`${directive} MINE`).indicators, { ...DEFAULT_JK_INDICATORS, [field]: 'MINE' }, directive);
});

// JkOptions
test('JkOptions: one form of the URI at a time, the others are on or off', () => {
  assert.deepEqual(jk('').options, DEFAULT_JK_OPTIONS);
  for (const [name, forwardUri] of [
    ['ForwardURIProxy', 'proxy'],
    ['ForwardURICompat', 'compat'],
    ['ForwardURICompatUnparsed', 'compat-unparsed'],
    ['ForwardURIEscaped', 'escaped'],
  ])
    assert.deepEqual(jk(`JkOptions +ForwardURICompat +${name}`).options, { ...DEFAULT_JK_OPTIONS, forwardUri });
  for (const [name, option] of [
    ['ForwardDirectories', 'forwardDirectories'],
    ['ForwardLocalAddress', 'forwardLocalAddress'],
    ['ForwardPhysicalAddress', 'forwardPhysicalAddress'],
    ['FlushPackets', 'flushPackets'],
    ['FlushHeader', 'flushHeader'],
    ['DisableReuse', 'disableReuse'],
    ['ForwardSSLCertChain', 'forwardCertChain'],
    ['RejectUnsafeURI', 'rejectUnsafeUri'],
  ]) {
    assert.deepEqual(jk(`JkOptions ${name}`).options, { ...DEFAULT_JK_OPTIONS, [option]: true }, name);
    assert.deepEqual(jk(`JkOptions -${name} +${name}`).options, DEFAULT_JK_OPTIONS, `a minus sign wins: ${name}`);
  }
  assert.equal(jk('JkOptions -ForwardKeySize').options.forwardKeySize, false);
  assert.equal(jk('JkOptions +CollapseSlashesAll').options.forwardUri, 'proxy');
  const both = jk('JkOptions +ForwardLocalAddress +ForwardPhysicalAddress').options;
  assert.deepEqual([both.forwardLocalAddress, both.forwardPhysicalAddress], [false, true]);
});

test('JkOptions of the main server hold in hosts, unless either takes them back', () => {
  const [host] = jkSite(
    'JkOptions +FlushPackets +FlushHeader +ForwardURIEscaped\n<VirtualHost *>\nJkOptions -FlushHeader +DisableReuse\n</VirtualHost>',
  ).hosts;
  const { flushPackets, flushHeader, disableReuse, forwardUri, forwardKeySize } = jkOf(host).options;
  assert.deepEqual(
    [flushPackets, flushHeader, disableReuse, forwardUri, forwardKeySize],
    [true, false, true, 'escaped', true],
  );
});

test('JkOptions refuses what it does not know, and a form of the URI with a minus sign', () => {
  assert.deepEqual(wrong('JkOptions +Fly'), ['error bad-value 1']);
  assert.deepEqual(wrong('JkOptions -ForwardURICompat'), ['error bad-value 1']);
  assert.deepEqual(wrong('JkOptions -ForwardURINonsense'), ['error bad-value 1']);
});

// JkLogFile, JkLogLevel, JkLogStampFormat, JkRequestLogFormat
test('the log of mod_jk: where, from which level, how its lines begin, and what is said of requests', () => {
  assert.deepEqual(jk('').log, { file: undefined, level: 'info', stampFormat: '[%a %b %d %H:%M:%S.%Q %Y] ' });
  const text = 'JkLogFile logs/jk.log\nJkLogLevel Debug\nJkLogStampFormat "[%H]"\nJkRequestLogFormat "%w %T"';
  const { log, requestLogFormat } = jk(text);
  assert.deepEqual(log, { file: '/srv/logs/jk.log', level: 'debug', stampFormat: '[%H]' });
  assert.ok(requestLogFormat);
  assert.equal(jk('JkLogFile "|/bin/cat x"').log.file, '|/bin/cat x');
  assert.deepEqual(wrong('JkLogLevel loud'), ['warning bad-value 1']);
  assert.equal(jk('JkLogLevel loud').log.level, 'info');
  const [host] = jkSite(`${text}\n<VirtualHost *>\nJkLogLevel error\n</VirtualHost>`).hosts;
  assert.deepEqual(jkOf(host).log, { file: '/srv/logs/jk.log', level: 'error', stampFormat: '[%H]' });
});

// JkShmFile, JkShmSize
test('shared memory is ours: a note, no warning', () => {
  const told = load('JkWorkersFile w.properties\nJkShmFile rt/jk.shm\nJkShmSize 512', FILES).findings;
  assert.deepEqual(
    told.map(({ severity, line }) => [severity, line]),
    [
      ['note', 5],
      ['note', 6],
    ],
  );
});

// JkWatchdogInterval
test('JkWatchdogInterval is the period of maintenance in seconds', () => {
  assert.equal(jkSite('').jk?.watchdogMs, 0);
  assert.equal(jkSite('JkWatchdogInterval 60').jk?.watchdogMs, 60_000);
  assert.equal(jkSite('JkWatchdogInterval -1').jk?.watchdogMs, 0);
});

test('the rules of a host that has the main server’s follow the main server’s RejectUnsafeURI', () => {
  const [host] = jkSite(
    'JkMount /m/* w1\n<VirtualHost *>\nJkMountCopy On\nJkOptions +RejectUnsafeURI\n</VirtualHost>',
  ).hosts;
  assert.equal(jkOf(host).options.rejectUnsafeUri, false);
});

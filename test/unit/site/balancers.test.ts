// Balancers, members, direct targets and their parameters; sharing of workers; what virtual hosts see of the main server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BalancerConfig, MemberConfig } from '../../../src/balancer/config.ts';
import { parseWorkerUrl } from '../../../src/site/worker-url.ts';
import { ask, load, site, told } from './support.ts';

function balancer(text: string, key = 'balancer://c'): BalancerConfig {
  const found = site(text).balancers.get(key);
  assert.ok(found);
  return found;
}

function member(parameters: string): MemberConfig {
  return balancer(`<Proxy balancer://c>\nBalancerMember http://h:81 ${parameters}\n</Proxy>`).members[0];
}

test('parameters of a member keep their units', () => {
  const one = member(
    'LoadFactor=2.5 retry=7 ttl=60 min=1 max=9 smax=4 acquire=500 timeout=3 connectiontimeout=250ms ping=2 lbset=3 keepalive=On disablereuse=on flushpackets=auto flushwait=20 iobuffersize=4096 receivebuffersize=1024 responsefieldsize=16384 secret=s route=r redirect=q addressttl=30 upgrade=websocket hcmethod=get hcinterval=5 hcpasses=2 hcfails=3 hcuri=/up',
  );
  assert.deepEqual(
    {
      loadFactor: one.loadFactor,
      retryMs: one.retryMs,
      pool: one.pool,
      timeoutMs: one.timeoutMs,
      connectTimeoutMs: one.connectTimeoutMs,
      pingMs: one.pingMs,
      set: one.set,
      tcpKeepAlive: one.tcpKeepAlive,
      flush: [one.flushPackets, one.flushWaitMs],
      buffers: [one.ioBufferSize, one.receiveBufferSize, one.responseFieldSize],
      names: [one.secret, one.route, one.redirect, one.upgrade],
      ttl: one.addressTtlSeconds,
    },
    {
      loadFactor: 250,
      retryMs: 7000,
      pool: { min: 1, ttlMs: 60_000, disableReuse: true, max: 9, smax: 4, acquireMs: 500 },
      timeoutMs: 3000,
      connectTimeoutMs: 250,
      pingMs: 2000,
      set: 3,
      tcpKeepAlive: true,
      flush: ['auto', 20],
      buffers: [4096, 1024, 16_384],
      names: ['s', 'r', 'q', 'websocket'],
      ttl: 30,
    },
  );
  assert.deepEqual(one.healthCheck, {
    method: 'GET',
    intervalMs: 5000,
    passes: 2,
    fails: 3,
    uri: '/up',
    expression: '',
    template: '',
  });
});

for (const [parameter, read] of [
  ['retry=0', (one: MemberConfig) => one.retryMs === 0],
  ['max=0', (one: MemberConfig) => one.pool.max === undefined],
  ['flushwait=0', (one: MemberConfig) => one.flushWaitMs === 10],
  ['iobuffersize=0', (one: MemberConfig) => one.ioBufferSize === undefined],
  ['acquire=2s', (one: MemberConfig) => one.pool.acquireMs === 2000],
  ['ping=100ms', (one: MemberConfig) => one.pingMs === 100],
  ['timeout=5x', (one: MemberConfig) => one.timeoutMs === 5000],
  ['enablereuse=Off', (one: MemberConfig) => one.pool.disableReuse],
  ['loadfactor=1.005', (one: MemberConfig) => one.loadFactor === 100],
  ['status=+H-E', (one: MemberConfig) => one.flags.standby && !one.flags.inError],
  ['status=DN', (one: MemberConfig) => one.flags.disabled && one.flags.drain],
  ['status=+d-D', (one: MemberConfig) => !one.flags.disabled],
] as const)
  test(`${parameter} means what it means in httpd`, () => {
    assert.ok(read(member(parameter)));
  });

for (const parameter of [
  'loadfactor=0.99',
  'loadfactor=abc',
  'retry=-1',
  'ttl=0',
  'min=-1',
  'smax=-1',
  'max=-1',
  'acquire=0',
  'acquire=5m',
  'acquire=1S',
  'timeout=0',
  'ping=0',
  'ping=abc',
  'connectiontimeout=0',
  'lbset=-1',
  'keepalive=1',
  'enablereuse=yes',
  'flushpackets=maybe',
  'flushwait=-1',
  'iobuffersize=511',
  'receivebuffersize=1',
  'responsefieldsize=-1',
  'status=+',
  'status=X',
  'addressttl=-2',
  'addressttl=1.5',
  `route=${'x'.repeat(64)}`,
  `secret=${'x'.repeat(64)}`,
  `upgrade=${'x'.repeat(16)}`,
  `flusher=${'x'.repeat(16)}`,
  'hcmethod=FOO',
  'hcmethod=PROVIDER',
  'hcinterval=50ms',
  'hcpasses=-1',
  'hcexpr=none',
  'hctemplate=none',
  'stickysession=x',
  'nothing=x',
  'nothing',
])
  test(`${parameter} on a member is refused`, () => {
    assert.deepEqual(told(load(`<Proxy balancer://c>\nBalancerMember http://h ${parameter}\n</Proxy>`)), [
      'error bad-parameter 2',
    ]);
  });

test('parameters of a balancer', () => {
  const one = balancer(
    'ProxyPass /x balancer://c lbmethod=bybusyness stickysession=J|j stickysessionsep=! scolonpathdelim=On nofailover=On maxattempts=2 timeout=4 failonstatus=500,503 failontimeout=On forcerecovery=Off growth=3 nonce=none',
  );
  assert.equal(one.method, 'bybusyness');
  assert.deepEqual(one.stickiness, {
    cookieName: 'J',
    pathName: 'j',
    separator: '!',
    semicolonEnds: true,
    force: true,
  });
  assert.deepEqual(
    [one.maxAttempts, one.timeoutMs, one.failOnStatus, one.failOnTimeout, one.forceRecovery, one.growth, one.nonce],
    [2, 4000, [500, 503], true, false, 3, 'None'],
  );
});

for (const parameter of [
  'maxattempts=-1',
  'lbmethod=nope',
  'lbmethod=ByRequests',
  'stickysessionsep=ab',
  'stickysessionsep=',
  'nofailover=maybe',
  'failonstatus=abc',
  'failonstatus=99',
  'failonstatus=600',
  'bar=1',
  'scolonpathdelim=1',
  'forcerecovery=1',
  'failontimeout=1',
  'timeout=0',
  'growth=0',
  'growth=101',
  `nonce=${'x'.repeat(37)}`,
  `stickysession=${'x'.repeat(65)}`,
  'retry=1',
  'x',
])
  test(`${parameter} on a balancer is refused`, () => {
    assert.deepEqual(told(load(`ProxyPass /x balancer://c ${parameter}`)), ['error bad-parameter 1']);
  });

test('stickiness needs a name; the separator may be off', () => {
  assert.equal(balancer('ProxyPass /x balancer://c nofailover=On').stickiness, undefined);
  assert.equal(
    balancer('ProxyPass /x balancer://c stickysession=A stickysessionsep=Off').stickiness?.separator,
    undefined,
  );
});

test('the later line wins between ProxySet and ProxyPass, and what stands on <Proxy> comes last of its section', () => {
  const section = '<Proxy balancer://c nonce=p>\nProxySet stickysession=S nonce=s\n</Proxy>';
  const pass = 'ProxyPass /x balancer://c stickysession=P';
  assert.equal(balancer(`${section}\n${pass}`).stickiness?.cookieName, 'P');
  assert.equal(balancer(`${pass}\n${section}`).stickiness?.cookieName, 'S');
  assert.equal(balancer(section).nonce, 'p');
});

test('names of balancers know no letter case and no path, and several sections add up', () => {
  const one = balancer(
    '<Proxy balancer://C/>\nBalancerMember http://a\n</Proxy>\n<Proxy balancer://c/x>\nBalancerMember http://b\n</Proxy>\nBalancerMember BALANCER://C http://d',
  );
  assert.deepEqual(
    one.members.map((each) => each.url),
    ['http://a', 'http://b', 'http://d'],
  );
});

test('ProxySet outside a section needs what it names', () => {
  assert.deepEqual(told(load('ProxySet balancer://c lbmethod=byrequests')), ['error unknown-balancer 1']);
  assert.deepEqual(told(load('ProxySet http://h min=1')), ['error unknown-worker 1']);
  assert.equal(
    balancer('BalancerMember balancer://c http://h\nProxySet balancer://c stickysession=S').stickiness?.cookieName,
    'S',
  );
  assert.equal(balancer('<Proxy http://h>\nProxySet min=1\n</Proxy>', 'http://h').members[0].pool.min, 1);
});

test('a member whose URL another begins shares it, and its parameters are told as ignored', () => {
  const loaded = load(
    '<Proxy balancer://c>\nBalancerMember http://h/ route=a\nBalancerMember http://h/x route=b\nBalancerMember http://h route=c\n</Proxy>',
  );
  assert.deepEqual(told(loaded), ['warning worker-shared 3']);
  assert.deepEqual(
    loaded.snapshot?.balancers.get('balancer://c')?.members.map((each) => each.route),
    ['a', 'c'],
  );
});

test('direct targets share the worker whose URL begins theirs; later parameters are told as ignored', () => {
  const loaded = load(
    'ProxyPass /j ajp://h/ secret=one\nProxyPass /k ajp://h/x secret=two\nProxyPass /l ajp://h:8010/',
  );
  assert.deepEqual(told(loaded), ['warning worker-shared 2']);
  const { snapshot } = loaded;
  assert.ok(snapshot);
  assert.deepEqual([...snapshot.balancers.keys()], ['ajp://h/', 'ajp://h:8010/']);
  const [first, second] = snapshot.mainHost.mappings;
  assert.ok(first.target.kind === 'proxy' && second.target.kind === 'proxy');
  assert.equal(second.target.balancer, first.target.balancer);
  assert.equal(second.target.path, '/x');
  const direct = snapshot.balancers.get('ajp://h/');
  assert.equal(direct?.policy, 'direct');
  assert.equal(direct?.members[0].secret, 'one');
  assert.equal(direct?.members[0].path, '');
  assert.equal(direct?.members[0].port, 8009);
});

test('the longest URL serves a target', () => {
  const snapshot = site('ProxyPass /a http://h/a/b\nProxyPass /b http://h/a\nProxyPass /c http://h/a/b/c');
  const { target } = snapshot.mainHost.mappings[2];
  assert.ok(target.kind === 'proxy');
  assert.equal(target.balancer, 'http://h/a/b');
});

for (const [url, name, port] of [
  ['AJP://127.0.0.1', 'ajp://127.0.0.1', 8009],
  ['HTTP://LOCALHOST/Path', 'http://localhost/Path', 80],
  ['http://h:80/x', 'http://h/x', 80],
  ['https://h', 'https://h', 443],
  ['http://[::1]:81/', 'http://[::1]:81/', 81],
  ['unix:/run/x.sock|http://h/a', 'unix:/run/x.sock|http://h/a', 80],
  ['http://[name]/', 'http://[name]/', 80],
] as const)
  test(`${url} is the worker ${name} on port ${port}`, () => {
    const parsed = parseWorkerUrl(url);
    assert.ok(parsed.ok);
    assert.equal(parsed.address.url, name);
    assert.equal(parsed.address.port, port);
  });

test('a unix socket keeps its path', () => {
  const parsed = parseWorkerUrl('unix:/run/x.sock|http:');
  assert.ok(parsed.ok);
  assert.equal(parsed.address.unixSocket, '/run/x.sock');
  assert.equal(parsed.address.host, 'localhost');
});

for (const url of ['h:80', 'http:h/', '/x', 'http://', 'http:///x', 'http://h:x/', 'http://h:70000/', 'x'])
  test(`${url} is no worker URL`, () => {
    assert.equal(parseWorkerUrl(url).ok, false);
    assert.equal(load(`ProxyPass /a ${url}`).snapshot, undefined);
  });

test('user and password are dropped and told', () => {
  const loaded = load('ProxyPass /a http://u:p@h/');
  assert.deepEqual(told(loaded), ['warning credentials-ignored 1']);
  assert.deepEqual([...(loaded.snapshot?.balancers.keys() ?? [])], ['http://h/']);
});

test('a member that nobody can speak to is left out and told', () => {
  assert.deepEqual(told(load('<Proxy balancer://c>\nBalancerMember fcgi://h\n</Proxy>')), [
    'warning scheme-not-served 2',
  ]);
});

test('health expressions and templates count from their line on', () => {
  const snapshot = site(
    'ProxyHCExpr ok {%{REQUEST_STATUS} =~ /^[23]/}\nProxyHCTemplate t hcmethod=HEAD hcinterval=2 hcexpr=ok\n<Proxy balancer://c>\nBalancerMember http://h hctemplate=t hcfails=4\n</Proxy>',
  );
  assert.equal(snapshot.healthExpressions.get('ok'), '%{REQUEST_STATUS} =~ /^[23]/');
  assert.deepEqual(snapshot.balancers.get('balancer://c')?.members[0].healthCheck, {
    method: 'HEAD',
    intervalMs: 2000,
    passes: 1,
    fails: 4,
    uri: '',
    expression: 'ok',
    template: 't',
  });
  assert.deepEqual(told(load('ProxyHCExpr a')), ['error argument-count 1']);
  assert.deepEqual(told(load('ProxyHCExpr a {%{NOPE} == 1}')), ['error bad-expression 1']);
  assert.deepEqual(told(load('ProxyHCTemplate t hcmethod=X foo=1')), [
    'error bad-parameter 1',
    'error bad-parameter 1',
  ]);
});

test('two hosts may call different expressions the same', () => {
  const host = (text: string) =>
    `<VirtualHost *:18000>\nProxyHCExpr e {${text}}\n<Proxy balancer://c>\nBalancerMember http://h hcexpr=e\n</Proxy>\n</VirtualHost>`;
  const snapshot = site(`${host('true')}\n${host('false')}\n${host('true')}`);
  const used = [...snapshot.balancers.values()].map((one) =>
    snapshot.healthExpressions.get(one.members[0].healthCheck.expression),
  );
  assert.deepEqual(used, ['true', 'false', 'true']);
});

const mainAndHost = (host: string) =>
  site(
    `<Proxy balancer://c>\nBalancerMember http://h:81 route=a\n</Proxy>\n<VirtualHost *:18000>\nServerName www.example.test\n${host}\n</VirtualHost>`,
  );

test('a virtual host uses a balancer of the main server', () => {
  const snapshot = mainAndHost('ProxyPass /x balancer://c/x');
  assert.equal(ask(snapshot, '/x/y').port, 81);
  assert.deepEqual([...snapshot.balancers.keys()], ['balancer://c']);
  assert.deepEqual([...snapshot.hosts[0].balancers], [['c', 'balancer://c']]);
});

test('what a virtual host says of it holds there only', () => {
  const snapshot = mainAndHost('ProxyPass /x balancer://c/x stickysession=S');
  const own = snapshot.balancers.get('www.example.test:18000|balancer://c');
  assert.equal(own?.stickiness?.cookieName, 'S');
  assert.equal(own?.members[0].port, 81);
  assert.equal(snapshot.balancers.get('balancer://c')?.stickiness, undefined);
});

test('members it adds to it are never used, as in httpd, and that is told', () => {
  const snapshot = mainAndHost(
    '<Proxy balancer://c>\nBalancerMember http://h:82\n</Proxy>\nProxyPass /x balancer://c/x',
  );
  assert.equal(ask(snapshot, '/x/y').port, 81);
  assert.deepEqual(
    snapshot.findings.map((one) => one.code),
    ['members-hidden'],
  );
});

test('balancers of two virtual hosts are two, even if called the same', () => {
  const host = (name: string, port: number) =>
    `<VirtualHost *:18000>\nServerName ${name}\n<Proxy balancer://c>\nBalancerMember http://h:${port}\n</Proxy>\nProxyPass / balancer://c/\n</VirtualHost>`;
  const snapshot = site(`${host('a', 81)}\n${host('b', 82)}`);
  assert.equal(ask(snapshot, '/', 'a').port, 81);
  assert.equal(ask(snapshot, '/', 'b').port, 82);
});

test('a direct worker of the main server serves virtual hosts, unless they have a longer one', () => {
  const snapshot = site(
    'ProxyPass /m http://h/ timeout=1\n<VirtualHost *:18000>\nServerName www.example.test\nProxyPass /a http://h/a\nProxyPass /b http://h/ timeout=2\n</VirtualHost>',
  );
  const keys = snapshot.hosts[0].mappings.map(({ target }) => (target.kind === 'proxy' ? target.balancer : ''));
  assert.deepEqual(keys, ['http://h/', 'www.example.test:18000|http://h/a', 'http://h/']);
});

test('companion= names an HTTP connector, for AJP members only', () => {
  const [one] = balancer('<Proxy balancer://c>\nBalancerMember ajp://h companion=HTTP://H:8080/ctx\n</Proxy>').members;
  assert.deepEqual(one.companion, { url: 'http://h:8080/ctx', scheme: 'http', host: 'h', port: 8080, path: '/ctx' });
  for (const parameter of ['ajp://h companion=ajp://h', 'ajp://h companion=h:8080', 'http://h companion=http://h:8080'])
    assert.deepEqual(told(load(`<Proxy balancer://c>\nBalancerMember ${parameter}\n</Proxy>`)), [
      'error bad-parameter 2',
    ]);
});

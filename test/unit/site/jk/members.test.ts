// Properties of Tomcats: each of them by name, its default, its range, and what stands in its way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_LIMIT_MS } from '../../../../src/site/jk/worker-member.ts';
import { balancerIn, clean, lbOf, memberOf, onlyMessage, PAIR, told, workers } from './support.ts';

/** What a line about `a` leads to. */
function tries(line: string) {
  const { lb } = memberOf(line);
  assert.ok(lb);
  return lb.tries;
}

/** Codes that a line about `a`, line 6, brings. */
function codes(line: string): string[] {
  return told(workers(`${PAIR}${line}`)).map((one) => one.replace(/ 6$/, ''));
}

test('a worker about which only its name is known is a Tomcat here', () => {
  const [member] = balancerIn(workers('worker.list=x'), 'x').members;
  assert.equal(member.url, 'ajp://localhost:8009');
  assert.deepEqual(told(workers('worker.list=x')), ['warning undefined-worker 1']);
});

test('worker.<name>.host and worker.<name>.port are the address, in lower case', () => {
  const { url, host, port, scheme } = memberOf(
    'worker.a.host=Big.TEST\nworker.a.port=1234'.replace('worker.a.host=Big.TEST\n', ''),
  );
  assert.deepEqual(
    { url, host, port, scheme },
    { url: 'ajp://one.test:1234', host: 'one.test', port: 1234, scheme: 'ajp' },
  );
  assert.equal(balancerIn(clean('worker.list=x\nworker.x.host=Big.TEST'), 'x').members[0].host, 'big.test');
});

test('an IPv6 address stands with or without brackets', () => {
  for (const text of ['::1', '[::1]']) {
    const [{ url, host }] = balancerIn(clean(`worker.list=x\nworker.x.host=${text}`), 'x').members;
    assert.deepEqual([url, host], ['ajp://[::1]:8009', '::1']);
  }
});

test('host=name:port is understood, and noted since mod_jk answers 503', () => {
  for (const [text, url] of [
    ['one.test:9', 'ajp://one.test:9'],
    ['[::1]:9', 'ajp://[::1]:9'],
  ]) {
    const loaded = workers(`worker.list=x\nworker.x.host=${text}`);
    assert.deepEqual(told(loaded), ['note host-with-port 2']);
    assert.equal(balancerIn(loaded, 'x').members[0].url, url);
  }
  const both = workers('worker.list=x\nworker.x.host=h:1\nworker.x.port=2');
  assert.equal(balancerIn(both, 'x').members[0].port, 2);
});

test('a host that is none is told', () => {
  assert.match(onlyMessage(workers('worker.list=x\nworker.x.host=$TOMCAT')), /\$\(name\)/);
  assert.deepEqual(told(workers('worker.list=x\nworker.x.host=a b')), ['warning bad-host 2']);
});

test('a port that is none is an error', () => {
  for (const port of ['-1', '65536', '80k']) assert.deepEqual(codes(`worker.a.port=${port}`), ['error bad-port']);
});

// worker.<name>.port
test('port 0 stops a member, whatever its activation', () => {
  const member = memberOf('worker.a.port=0\nworker.a.activation=active');
  assert.equal(member.lb?.activation, 'stopped');
  assert.equal(member.flags.stopped, true);
});

// worker.<name>.type
test('ajp14 listens at 8011 and is spoken as ajp13', () => {
  const [member] = balancerIn(clean('worker.list=x\nworker.x.type=ajp14'), 'x').members;
  assert.deepEqual([member.port, member.lb?.type], [8011, 'ajp14']);
});

test('worker.<name>.source is the address to dial from; what is no address has no effect', () => {
  assert.equal(memberOf('worker.a.source=127.0.0.9').localAddress, '127.0.0.9');
  assert.deepEqual(codes('worker.a.source=front.test'), ['warning bad-address']);
});

test('worker.<name>.socket_timeout limits reads, writes and, without its own limit, connecting', () => {
  const member = memberOf('worker.a.socket_timeout=7');
  assert.deepEqual([member.timeoutMs, member.connectTimeoutMs], [7000, 7000]);
});

test('without limits there are none, whatever Timeout says', () => {
  const member = memberOf('');
  assert.deepEqual([member.timeoutMs, member.connectTimeoutMs], [NO_LIMIT_MS, NO_LIMIT_MS]);
});

test('worker.<name>.socket_connect_timeout limits connecting', () => {
  const member = memberOf('worker.a.socket_connect_timeout=250\nworker.a.socket_timeout=7');
  assert.deepEqual([member.connectTimeoutMs, member.timeoutMs], [250, 7000]);
});

test('worker.<name>.socket_keepalive', () => {
  assert.equal(memberOf('').tcpKeepAlive, false);
  assert.equal(memberOf('worker.a.socket_keepalive=1').tcpKeepAlive, true);
});

test('worker.<name>.ping_mode chooses when is asked, worker.<name>.ping_timeout for how long', () => {
  const of = (line: string) => {
    const { connectPingMs, prepostPingMs, idlePingMs } = tries(line);
    return [connectPingMs, prepostPingMs, idlePingMs];
  };
  assert.deepEqual(of(''), [0, 0, 0]);
  assert.deepEqual(of('worker.a.ping_mode=C'), [10_000, 0, 0]);
  assert.deepEqual(of('worker.a.ping_mode=p'), [0, 10_000, 0]);
  assert.deepEqual(of('worker.a.ping_mode=I'), [0, 0, 100_000]);
  assert.deepEqual(of('worker.a.ping_mode=A\nworker.a.ping_timeout=550'), [550, 550, 5000]);
  assert.deepEqual(codes('worker.a.ping_mode=X'), ['warning bad-ping-mode']);
});

// worker.<name>.connect_timeout, worker.<name>.prepost_timeout, worker.<name>.connection_ping_interval
test('worker.<name>.connect_timeout, prepost_timeout and connection_ping_interval overrule ping_timeout', () => {
  const { connectPingMs, prepostPingMs, idlePingMs, pingTimeoutMs } = tries(
    'worker.a.ping_mode=A\nworker.a.connect_timeout=1\nworker.a.prepost_timeout=2\nworker.a.connection_ping_interval=3',
  );
  assert.deepEqual([connectPingMs, prepostPingMs, idlePingMs, pingTimeoutMs], [1, 2, 3000, 10_000]);
  assert.equal(tries('worker.a.connect_timeout=5').connectPingMs, 5);
});

// worker.<name>.connection_pool_size, worker.<name>.connection_pool_minsize, worker.<name>.connection_pool_timeout, worker.<name>.connection_acquire_timeout
test('worker.<name>.connection_pool_size, connection_pool_minsize, connection_pool_timeout, connection_acquire_timeout', () => {
  assert.deepEqual(memberOf('').pool, { min: 0, smax: 0, ttlMs: 0, disableReuse: false, acquireMs: 200 });
  assert.deepEqual(
    memberOf('worker.a.connection_pool_size=7\nworker.a.connection_pool_timeout=9\nworker.a.retries=3').pool,
    { min: 4, smax: 4, max: 7, ttlMs: 9000, disableReuse: false, acquireMs: 300 },
  );
  const pool = memberOf('worker.a.connection_pool_minsize=2\nworker.a.connection_acquire_timeout=1').pool;
  assert.deepEqual([pool.min, pool.smax, pool.max, pool.acquireMs], [2, 2, undefined, 1]);
  assert.deepEqual(codes('worker.a.connection_pool_size=0'), ['warning out-of-range']);
});

test('worker.<name>.reply_timeout', () => {
  assert.equal(tries('').replyTimeoutMs, 0);
  assert.equal(tries('worker.a.reply_timeout=1500').replyTimeoutMs, 1500);
});

test('worker.<name>.retries is at least 1, and worker.<name>.retry_interval goes with it', () => {
  assert.deepEqual([tries('').retries, tries('').retryIntervalMs], [2, 100]);
  assert.equal(tries('worker.a.retries=5\nworker.a.retry_interval=7').retryIntervalMs, 7);
  const loaded = workers(`${PAIR}worker.a.retries=0`);
  assert.deepEqual(told(loaded), ['warning out-of-range 6']);
  assert.equal(balancerIn(loaded, 'lb').members[0].lb?.tries.retries, 1);
});

test('worker.<name>.recovery_options is a mask of five bits', () => {
  assert.equal(tries('worker.a.recovery_options=27').recoveryOptions, 27);
  assert.deepEqual(codes('worker.a.recovery_options=99'), ['warning unknown-bits']);
  const [odd] = balancerIn(workers(`${PAIR}worker.a.recovery_options=99`), 'lb').members;
  assert.equal(odd.lb?.tries.recoveryOptions, 99, '64 and 32 mean nothing and switch nothing on');
});

test('worker.<name>.fail_on_status is a list, with minus for soft ones', () => {
  assert.deepEqual(tries('worker.a.fail_on_status=500,-503 404\nworker.a.fail_on_status=-401').failOnStatus, [
    { status: 500, isSoft: false },
    { status: 503, isSoft: true },
    { status: 404, isSoft: false },
    { status: 401, isSoft: true },
  ]);
  assert.deepEqual(codes('worker.a.fail_on_status=5xx,99'), ['warning bad-status', 'warning bad-status']);
});

test('worker.<name>.max_packet_size is rounded up to whole KiB', () => {
  assert.equal(memberOf('').ioBufferSize, 8192);
  assert.equal(memberOf('worker.a.max_packet_size=8193').ioBufferSize, 9216);
  assert.equal(memberOf('worker.a.max_packet_size=64k').ioBufferSize, 65_536);
  assert.deepEqual(codes('worker.a.max_packet_size=1024'), ['warning out-of-range']);
});

test('worker.<name>.busy_limit', () => {
  assert.equal(tries('worker.a.busy_limit=3').busyLimit, 3);
});

test('worker.<name>.secret of an lb is for members without their own', () => {
  const { members } = lbOf('worker.lb.secret=lbs\nworker.b.secret=own');
  assert.deepEqual(
    members.map(({ secret }) => secret),
    ['lbs', 'own'],
  );
});

test('worker.<name>.lbfactor is at least 1', () => {
  assert.equal(memberOf('worker.a.lbfactor=7').lb?.factor, 7);
  assert.equal(memberOf('worker.a.lbfactor=7').loadFactor, 700);
  assert.deepEqual(codes('worker.a.lbfactor=0'), ['warning out-of-range']);
});

test('worker.<name>.route is the name of the worker when nothing else is said', () => {
  assert.equal(memberOf('').route, 'a');
  assert.equal(memberOf('worker.a.route=node1').route, 'node1');
});

test('worker.<name>.domain is the route up to a dot when nothing else is said', () => {
  assert.equal(memberOf('').lb?.domain, '');
  assert.equal(memberOf('worker.a.route=east.1').lb?.domain, 'east');
  assert.equal(memberOf('worker.a.route=east.1\nworker.a.domain=west').lb?.domain, 'west');
});

test('worker.<name>.redirect and worker.<name>.distance', () => {
  const { redirect, set } = memberOf('worker.a.redirect=b\nworker.a.distance=-2');
  assert.deepEqual([redirect, set], ['b', -2]);
});

test('worker.<name>.activation goes by its first letter or digit', () => {
  const of = (text: string) => memberOf(`worker.a.activation=${text}`).lb?.activation;
  assert.deepEqual(['A', 'd', 'Stopped', '0', '1', '2'].map(of), [
    'active',
    'disabled',
    'stopped',
    'active',
    'disabled',
    'stopped',
  ]);
  assert.deepEqual(codes('worker.a.activation=x'), ['warning bad-activation']);
});

test('what is disabled drains, what is stopped is stopped', () => {
  const flags = (text: string) => memberOf(`worker.a.activation=${text}`).flags;
  assert.equal(flags('disabled').drain, true);
  assert.equal(flags('stopped').stopped, true);
});

test('old names count and are told: jvm_route, cachesize, cache_timeout, disabled, stopped, balanced_workers', () => {
  const old = workers(
    'worker.list=lb\nworker.lb.type=lb\nworker.lb.balanced_workers=a,b,c\nworker.a.jvm_route=ra\nworker.a.cachesize=5\nworker.a.cache_timeout=6\nworker.b.disabled=1\nworker.c.stopped=yes\nworker.c.host=h',
  );
  assert.deepEqual(
    told(old),
    [3, 4, 5, 6, 7, 8].map((line) => `warning old-name ${line}`),
  );
  const [a, b, c] = balancerIn(old, 'lb').members;
  assert.deepEqual([a.route, a.pool.max, a.pool.ttlMs], ['ra', 5, 6000]);
  assert.deepEqual([b.lb?.activation, c.lb?.activation], ['disabled', 'stopped']);
});

test('a new name wins over the old one', () => {
  const both = workers(`${PAIR}worker.a.activation=a\nworker.a.stopped=1\nworker.a.route=n\nworker.a.jvm_route=o`);
  const [{ lb, route }] = balancerIn(both, 'lb').members;
  assert.deepEqual([lb?.activation, route], ['active', 'n']);
});

test('a worker that rules name is active and of no route, though it may be a member, too', () => {
  const loaded = clean(`${PAIR}worker.list=a\nworker.a.activation=stopped\nworker.a.distance=1\nworker.a.redirect=b`);
  const [direct] = balancerIn(loaded, 'a').members;
  assert.deepEqual([direct.lb?.activation, direct.set, direct.redirect], ['active', 0, '']);
  assert.equal(balancerIn(loaded, 'a').policy, 'mod_jk_direct');
  assert.equal(balancerIn(loaded, 'lb').members[0].lb?.activation, 'stopped');
});

test('numbers are read by their leading digits, as mod_jk does, and told', () => {
  const of = (text: string) => {
    const loaded = workers(`${PAIR}worker.a.reply_timeout=${text}`);
    return [balancerIn(loaded, 'lb').members[0].lb?.tries.replyTimeoutMs, told(loaded).join()];
  };
  assert.deepEqual(of('2k'), [2048, '']);
  assert.deepEqual(of('1m'), [1_048_576, '']);
  assert.deepEqual(of('10 s'), [10, 'warning bad-number 6']);
  assert.deepEqual(of('ten'), [0, 'warning bad-number 6']);
  assert.deepEqual(of('-5'), [0, 'warning out-of-range 6']);
  assert.deepEqual(of('99999999999')[1], 'warning bad-number 6');
});

test('booleans are read by their first letter; what is neither is the default and told', () => {
  const of = (text: string) => memberOf(`worker.a.socket_keepalive=${text}`).tcpKeepAlive;
  assert.deepEqual(['on', 'ON', 'True', 'yes', '1'].map(of), [true, true, true, true, true]);
  assert.deepEqual(['off', 'f', 'No', '0'].map(of), [false, false, false, false]);
  assert.deepEqual(codes('worker.a.socket_keepalive=2'), ['warning bad-boolean']);
});

test('texts for which mod_jk has no room are errors', () => {
  const long = 'r'.repeat(61);
  for (const name of ['route', 'domain', 'redirect'])
    assert.deepEqual(codes(`worker.a.${name}=${long}`), ['error too-long']);
});

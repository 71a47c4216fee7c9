// Workers of workers.properties as a whole: what there is, what is refused, what is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, site, told as siteTold } from '../support.ts';
import { balancerIn, clean, lbOf, onlyMessage, PAIR, told, workers } from './support.ts';

test('an lb becomes a balancer of its members under the rules of mod_jk', () => {
  const { jk, balancers } = clean(PAIR);
  const lb = jk.workers.get('lb');
  assert.deepEqual(lb, { kind: 'lb', name: 'lb', balancer: 'jk:lb', place: { file: '/srv/w.properties', line: 2 } });
  assert.deepEqual([...balancers.keys()], ['jk:lb']);
  const balancer = lbOf('');
  assert.equal(balancer.policy, 'mod_jk');
  assert.deepEqual(
    balancer.members.map(({ lb: of }) => of?.name),
    ['a', 'b'],
  );
  assert.deepEqual(balancer.lb, {
    method: 'request',
    lock: 'optimistic',
    retries: 2,
    retryIntervalMs: 100,
    lbRetries: 2,
    recoverMs: 60_000,
    errorEscalationMs: 30_000,
    maxReplyTimeouts: 0,
    maintainMs: 60_000,
    setsCookie: false,
    cookie: { name: 'JSESSIONID', path: '/' },
    slowStartMs: 0,
  });
});

// worker.list
test('only workers of worker.list may be named by rules; members need not be in it', () => {
  const { jk } = clean(`${PAIR}worker.list=st b\nworker.st.type=status`);
  assert.deepEqual(
    [...jk.workers].map(([name, { kind }]) => `${name} ${kind}`),
    ['lb lb', 'st status', 'b ajp'],
  );
});

test('without worker.list there is a worker called ajp13 and no other, even when nothing is said of it', () => {
  assert.deepEqual([...clean('worker.ajp13.host=h').jk.workers.keys()], ['ajp13']);
  assert.deepEqual([...clean('').jk.workers.keys()], ['ajp13']);
  const none = workers('worker.lb.type=lb\nworker.lb.balance_workers=a,b');
  assert.deepEqual([...none.jk.workers.keys()], ['ajp13']);
  assert.match(onlyMessage(none), /500.*worker\.list=lb$/);
});

// worker.maintain
test('worker.maintain is for all lb workers, and the first of several counts', () => {
  assert.equal(lbOf('worker.maintain=7').lb?.maintainMs, 7000);
  assert.equal(clean('worker.list=x\nworker.x.host=h\nworker.maintain=0').jk.maintainMs, 0);
  const twice = workers(`${PAIR}worker.maintain=7\nworker.maintain=9`);
  assert.equal(twice.jk.maintainMs, 7000);
  assert.deepEqual(told(twice), ['warning defined-twice 7']);
});

test('worker.<name>.method goes by its first letter or digit; what means nothing is R, and told', () => {
  const of = (text: string) => lbOf(`worker.lb.method=${text}`).lb?.method;
  assert.deepEqual(['R', 'Sessions', 't', 'Busyness', 'next'].map(of), [
    'request',
    'session',
    'traffic',
    'busyness',
    'next',
  ]);
  assert.deepEqual(['0', '1', '2', '3', '4'].map(of), ['request', 'traffic', 'busyness', 'session', 'next']);
  const unknown = workers(`${PAIR}worker.lb.method=weighted`);
  assert.equal(balancerIn(unknown, 'lb').lb?.method, 'request');
  assert.deepEqual(told(unknown), ['warning bad-choice 6']);
});

test('worker.<name>.lock', () => {
  assert.equal(lbOf('worker.lb.lock=P').lb?.lock, 'pessimistic');
  assert.deepEqual(told(workers(`${PAIR}worker.lb.lock=x`)), ['warning bad-choice 6']);
});

test('worker.<name>.retries, worker.<name>.retry_interval, worker.<name>.lb_retries of an lb', () => {
  const { lb } = lbOf('worker.lb.retries=3\nworker.lb.retry_interval=50\nworker.lb.lb_retries=4');
  assert.deepEqual([lb?.retries, lb?.retryIntervalMs, lb?.lbRetries], [3, 50, 4]);
  const least = workers(`${PAIR}worker.lb.lb_retries=0`);
  assert.deepEqual(told(least), ['warning out-of-range 6']);
  assert.equal(balancerIn(least, 'lb').lb?.lbRetries, 1);
});

test('worker.<name>.recover_time, of which worker.<name>.error_escalation_time is half', () => {
  const { lb } = lbOf('worker.lb.recover_time=31');
  assert.deepEqual([lb?.recoverMs, lb?.errorEscalationMs], [31_000, 15_000]);
  assert.equal(lbOf('worker.lb.error_escalation_time=2').lb?.errorEscalationMs, 2000);
  assert.deepEqual(told(workers(`${PAIR}worker.lb.recover_time=0`)), ['warning out-of-range 6']);
});

test('worker.<name>.max_reply_timeouts', () => {
  assert.equal(lbOf('worker.lb.max_reply_timeouts=3').lb?.maxReplyTimeouts, 3);
});

test('worker.<name>.sticky_session, worker.<name>.sticky_session_force', () => {
  assert.deepEqual(lbOf('').stickiness, {
    cookieName: 'JSESSIONID',
    pathName: ';jsessionid',
    separator: '.',
    semicolonEnds: true,
    force: false,
  });
  assert.equal(lbOf('worker.lb.sticky_session_force=1').stickiness?.force, true);
  const off = lbOf('worker.lb.sticky_session=off');
  assert.equal(off.stickiness, undefined);
  assert.equal(off.dormantStickiness?.cookieName, 'JSESSIONID');
});

test('worker.<name>.session_cookie, worker.<name>.session_path', () => {
  const { stickiness } = lbOf('worker.lb.session_cookie=SID\nworker.lb.session_path=;sid');
  assert.deepEqual([stickiness?.cookieName, stickiness?.pathName], ['SID', ';sid']);
});

test('worker.<name>.set_session_cookie, worker.<name>.session_cookie_path', () => {
  assert.equal(lbOf('worker.lb.set_session_cookie=1').lb?.setsCookie, true);
  const { lb } = lbOf('worker.lb.session_cookie_path=/c\nworker.lb.session_cookie=S');
  assert.deepEqual(lb?.cookie, { name: 'S', path: '/c' });
});

// worker.<name>.balance_workers
test('lists of members grow, and are divided by commas and blanks', () => {
  const loaded = clean(
    'worker.list=lb\nworker.lb.type=lb\nworker.lb.balance_workers=a, b\tc\nworker.lb.balance_workers=d\nworker.t.host=h\n' +
      [...'abcd'].map((name) => `worker.${name}.reference=worker.t`).join('\n'),
  );
  assert.deepEqual(
    balancerIn(loaded, 'lb').members.map(({ route }) => route),
    ['a', 'b', 'c', 'd'],
  );
});

test('members at one address are told apart by their names', () => {
  const { members } = lbOf('worker.c.reference=worker.a\nworker.lb.balance_workers=c');
  assert.deepEqual(
    members.map(({ url, lb }) => `${lb?.name} ${url}`),
    ['a ajp://one.test:8009', 'b ajp://two.test:8009', 'c ajp://one.test:8009'],
  );
});

test('an lb without members is an error', () => {
  assert.deepEqual(told(workers('worker.list=lb\nworker.lb.type=lb')), ['error lb-without-members 2']);
});

test('two members of one route are an error', () => {
  const loaded = workers(`${PAIR}worker.a.route=r\nworker.b.route=r`);
  assert.deepEqual(told(loaded), ['error same-route 3']);
  assert.match(onlyMessage(workers(`${PAIR}worker.lb.balance_workers=a`)), /twice/);
});

test('an lb or a status worker cannot be a member', () => {
  const loaded = workers(`${PAIR}worker.list=st\nworker.st.type=status\nworker.lb.balance_workers=st`);
  assert.deepEqual(told(loaded), ['error bad-member 8']);
});

test('an unknown property is an error that tells what looks like it', () => {
  assert.match(
    onlyMessage(workers(`${PAIR}worker.a.soket_timeout=1`)),
    /no property "soket_timeout"; did you mean .*socket_timeout/,
  );
});

test('an unknown type is an error that tells what looks like it', () => {
  const loaded = workers('worker.list=x\nworker.x.type=ajp');
  assert.match(onlyMessage(loaded), /did you mean ajp13/);
  assert.deepEqual(told(loaded), ['error unknown-type 2']);
  assert.match(onlyMessage(workers('worker.list=x\nworker.x.type=ajp12')), /write ajp13/);
});

test('the type of a worker that nobody names does not matter', () => {
  assert.deepEqual(told(workers(`${PAIR}worker.z.type=jni`)), ['note unlisted-worker 6']);
});

test('a worker that only others refer to is a template, and not told', () => {
  clean(`${PAIR}worker.t.socket_timeout=1\nworker.a.reference=worker.t`);
});

test('a property on a worker that has no use for it is noted', () => {
  assert.deepEqual(told(workers(`${PAIR}worker.lb.port=1\nworker.a.method=R\nworker.list=x\nworker.x.lbfactor=2`)), [
    'note property-without-effect 6',
    'note property-without-effect 7',
    'note property-without-effect 9',
  ]);
});

test('properties of former times without effect are told with what is there instead', () => {
  for (const name of 'recycle_timeout local_worker local_worker_only secretkey socket_buffer prefer_ipv6 sysprops stdout stderr mx ms class_path bridge jvm_lib ld_path cmd_line native_lib'.split(
    ' ',
  ))
    assert.deepEqual(told(workers(`${PAIR}worker.a.${name}=1`)), ['warning property-without-effect 6'], name);
});

test('a property of no worker, and a name that is not quite worker, are told', () => {
  assert.deepEqual(
    told(workers(`${PAIR}worker.port=1\nworker.a.list=b\nworkers.a.port=1\nWorker.a.host=h\napp.port=1`)),
    [
      'warning property-without-effect 6',
      'warning property-without-effect 7',
      'warning property-is-variable 8',
      'warning property-is-variable 9',
    ],
  );
});

test('of a property that comes twice the last counts, and both lines are named', () => {
  const loaded = workers('worker.list=x\nworker.x.host=h\nworker.x.port=1\nworker.x.port=2');
  assert.equal(balancerIn(loaded, 'x').members[0].port, 2);
  assert.deepEqual(told(loaded), ['warning defined-twice 4']);
  assert.match(onlyMessage(loaded), /line 3: this line counts, and "1" is forgotten/);
});

test('of a distance that comes twice the first counts, as in mod_jk', () => {
  const loaded = workers(`${PAIR}worker.a.distance=1\nworker.a.distance=2`);
  assert.equal(balancerIn(loaded, 'lb').members[0].set, 1);
  assert.match(onlyMessage(loaded), /line 6: that line counts/);
});

test('a host given twice among the lines of a worker without one was probably meant for that worker', () => {
  const loaded = workers(
    'worker.list=lb\nworker.lb.type=lb\nworker.lb.balance_workers=w1,w2\nworker.w1.host=h1\nworker.w2.type=ajp13\nworker.w1.host=h2',
  );
  assert.deepEqual(told(loaded), ['warning defined-twice 6']);
  assert.match(onlyMessage(loaded), /w2 is nowhere given a host.*probably worker\.w2\.host is meant/);
});

test('lines of JkWorkerProperty come before the file, and ServerRoot is a variable of the file', () => {
  const place = { file: '/srv/httpd.conf', line: 9 };
  const loaded = clean('worker.list=x\nworker.x.host=$(P)\nworker.x.source=::1\nroot=$(ServerRoot)', {
    lines: [{ text: 'P=h', place }],
  });
  assert.deepEqual(loaded.jk.dump, [
    'P=h',
    'ServerRoot=/srv',
    'worker.list=x',
    'worker.x.host=h',
    'worker.x.source=::1',
    'root=/srv',
  ]);
});

test('lines of JkWorkerProperty are enough', () => {
  const place = { file: '/srv/httpd.conf', line: 9 };
  const loaded = clean('', {
    file: undefined,
    lines: ['worker.list=x', 'worker.x.port=1'].map((text) => ({ text, place })),
  });
  assert.equal(balancerIn(loaded, 'x').members[0].port, 1);
  assert.equal(loaded.jk.file, undefined);
});

test('a JkWorkersFile that is not there is an error at its directive, and a warning where files are assumed', () => {
  assert.deepEqual(siteTold(load('JkWorkersFile none.properties')), ['error file-missing 1']);
  const assumed = load('JkWorkersFile none.properties', {}, { assumeFiles: true });
  assert.deepEqual(siteTold(assumed), ['warning file-missing 1']);
});

// JkWorkersFile, JkWorkerProperty
test('a site has the workers of its file and lines, their balancers, and the file among its files', () => {
  const { jk, balancers, files, mainHost } = site(
    'JkWorkersFile w.properties\nJkWorkerProperty worker.list=x\nJkWatchdogInterval 3\nCatflapProbe 5',
    { '/srv/w.properties': `${PAIR}worker.lb.mount=/app/*\nworker.x.port=1` },
  );
  assert.deepEqual([...(jk?.workers.keys() ?? [])], ['x', 'lb']);
  assert.deepEqual([jk?.file, jk?.watchdogMs], ['/srv/w.properties', 3000]);
  assert.deepEqual([...balancers.keys()], ['jk:x', 'jk:lb']);
  assert.equal(balancers.get('jk:lb')?.probeMs, 5000);
  assert.deepEqual(files, ['/srv/httpd.conf', '/srv/w.properties']);
  assert.deepEqual(
    mainHost.jk?.mounts.map(({ pattern }) => pattern),
    ['/app/*'],
  );
});

test('the file is one that a reload reads again', () => {
  assert.deepEqual(clean(PAIR).files, ['/srv/w.properties']);
});

test('the dump keeps the order of first lines, with inherited properties behind, and without secrets', () => {
  const { jk } = workers(
    'worker.list=a\nPW=geheim\nworker.t.secret=$(PW)\nworker.t.port=1\nworker.a.port=2\nworker.a.reference=worker.t\nworker.t.host=h\nworker.a.port=3',
  );
  assert.deepEqual(jk.dump, [
    'ServerRoot=/srv',
    'worker.list=a',
    'worker.t.port=1',
    'worker.a.port=3',
    'worker.a.reference=worker.t',
    'worker.t.host=h',
    'worker.a.host=h',
  ]);
});

// worker.<name>.mount
test('rules beside a worker of worker.list are for the main server', () => {
  const { mounts } = clean(`${PAIR}worker.lb.mount=/app/* /x /x/*\nworker.lb.mount=!/app/no -/old`);
  assert.deepEqual(
    mounts.map(
      ({ pattern, isExclusion, isDisabled, worker, source }) =>
        `${pattern} ${isExclusion} ${isDisabled} ${worker} ${source}`,
    ),
    [
      '/app/* false false lb worker definition',
      '/x false false lb worker definition',
      '/x/* false false lb worker definition',
      '/app/no true false lb worker definition',
      '/old false true lb worker definition',
    ],
  );
  assert.deepEqual(told(workers(`${PAIR}worker.lb.mount=app/*`)), ['error bad-pattern 6']);
  // No shorthand here: it is a path with a bar in it, as in mod_jk.
  const bar = workers(`${PAIR}worker.lb.mount=/x|/*`);
  assert.deepEqual([bar.mounts.map(({ pattern }) => pattern), told(bar)], [['/x|/*'], ['warning bar-in-mount 6']]);
});

// catflap.<lb>.probe, catflap.<lb>.slow_start
test('extras of ours are variables to mod_jk: probe and slow_start', () => {
  const balancer = lbOf('catflap.lb.probe=0.5\ncatflap.lb.slow_start=30');
  assert.deepEqual([balancer.probeMs, balancer.lb?.slowStartMs], [500, 30_000]);
  assert.equal(lbOf('', { probeMs: 2000 }).probeMs, 2000);
  assert.equal(lbOf('catflap.lb.probe=0', { probeMs: 2000 }).probeMs, 0);
});

test('an extra that is misspelled, of no lb, or no number has no effect and is told', () => {
  const message = (line: string) => {
    const loaded = workers(`${PAIR}${line}`);
    assert.deepEqual(told(loaded), ['warning bad-extra 6'], line);
    return onlyMessage(loaded);
  };
  assert.match(message('catflap.lb.prob=1'), /did you mean probe/);
  assert.match(message('catflap.lb1.probe=1'), /did you mean catflap\.lb\.probe/);
  assert.match(message('catflap.probe=1'), /did you mean catflap\.lb\.probe/);
  assert.match(message('catflap.lb.probe=often'), /no number of seconds/);
  assert.match(message('catflap.lb.probe=0.01'), /less than/);
});

test('places of properties are known, for messages', () => {
  assert.deepEqual(clean(PAIR).jk.places.get('worker.b.host'), { file: '/srv/w.properties', line: 5 });
});

// `catflap check` on the files of mod_jk: what loads and is probably not meant.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../../src/config/finding.ts';
import { checkSite } from '../../../../src/site/check/check.ts';
import { load, site } from '../support.ts';
import { PAIR } from './support.ts';

/** What check finds in a workers.properties, or in the directives beside it. */
function found(workers: string, directives = ''): readonly Finding[] {
  return checkSite(site(`JkWorkersFile w.properties\n${directives}`, { '/srv/w.properties': workers }));
}

/** The only finding, as `severity code line`, and its message. */
function only(findings: readonly Finding[]): [string, string] {
  assert.deepEqual(findings.length, 1, JSON.stringify(findings));
  const [{ severity, code, line, message, directive }] = findings;
  return [`${severity} ${code} ${line}`, `${directive}: ${message}`];
}

test('an lb of two that says nothing special is as it should be', () => {
  assert.deepEqual(found(PAIR), []);
});

test('a redirect to a route that nobody has is told, with what was probably meant', () => {
  const [where, message] = only(found(`${PAIR}worker.a.redirect=B`));
  assert.equal(where, 'warning redirect-to-nobody 6');
  assert.match(message, /^worker\.a\.redirect: .*did you mean b\? Letter case counts/);
  assert.match(only(found(`${PAIR}worker.a.redirect=other`))[1], /routes here are b$/);
  assert.match(only(found(`${PAIR}worker.a.redirect=a`))[1], /own route/);
  assert.deepEqual(found(`${PAIR}worker.a.redirect=b`), []);
});

test('a redirect to a worker by its name, when its route is another, is told', () => {
  const findings = found(`${PAIR}worker.b.route=rb\nworker.a.redirect=b`);
  const redirect = findings.filter(({ code }) => code === 'redirect-to-nobody');
  assert.match(only(redirect)[1], /a redirect names a route, and that of b is rb$/);
});

test('a route that is not the name of its worker is noted, since Tomcat must have it as jvmRoute', () => {
  const [where, message] = only(found(`${PAIR}worker.a.route=node1`));
  assert.equal(where, 'note route-is-not-name 6');
  assert.match(message, /jvmRoute="node1", not "a"/);
  const old = site('JkWorkersFile w.properties', { '/srv/w.properties': `${PAIR}worker.a.jvm_route=node1` });
  assert.match(only(checkSite(old))[1], /^worker\.a\.jvm_route/);
});

test('routes and domains that letter case alone tells apart are told', () => {
  const routes = found(`${PAIR}worker.a.route=node\nworker.b.route=Node`).filter(
    ({ severity }) => severity === 'warning',
  );
  assert.equal(only(routes)[0], 'warning route-letter-case 7');
  const domains = found(`${PAIR}worker.a.domain=east\nworker.b.domain=East`).map(({ code }) => code);
  assert.ok(domains.includes('domain-letter-case'));
});

test('a domain with one member is told', () => {
  const [where, message] = only(found(`${PAIR}worker.a.domain=east`));
  assert.equal(where, 'warning domain-without-peers 6');
  assert.match(message, /only member of the domain "east"/);
  assert.deepEqual(found(`${PAIR}worker.a.domain=east\nworker.b.domain=east`), []);
});

test('a dot in a route or in the name of a member makes a domain, and one without peers is told', () => {
  const routes = found(`${PAIR}worker.a.route=east.1`).filter(({ severity }) => severity === 'warning');
  assert.match(only(routes)[1], /route "east\.1" has a dot/);
  const names =
    'worker.list=lb\nworker.lb.type=lb\nworker.lb.balance_workers=app.1,b\nworker.app.1.host=h\nworker.b.host=h';
  assert.equal(only(found(names))[0], 'warning domain-without-peers 2');
  assert.deepEqual(
    found(`${PAIR}worker.a.route=east.1\nworker.b.route=east.2`).map(({ severity }) => severity),
    ['note', 'note'],
  );
});

test('fewer tries than members are told where they are written, and noted where they are the default', () => {
  const six = `${PAIR}worker.lb.balance_workers=c,d,e,f\n${[...'cdef'].map((name) => `worker.${name}.host=h\n`).join('')}`;
  assert.equal(only(found(six))[0], 'note too-few-tries 2');
  const [where, message] = only(found(`${six}worker.lb.lb_retries=1`));
  assert.equal(where, 'warning too-few-tries 11');
  assert.match(message, /2 of 6 members.*worker\.lb\.lb_retries=6$/);
  assert.deepEqual(found(`${six}worker.lb.retries=3`), []);
});

test('a recover_time that maintenance makes longer is noted', () => {
  const [where, message] = only(found(`${PAIR}worker.lb.recover_time=10`));
  assert.equal(where, 'note recovery-rounded-up 6');
  assert.match(message, /after 10 to 70 s/);
  assert.deepEqual(found(`${PAIR}worker.lb.recover_time=120`), []);
});

test('without maintenance nobody recovers', () => {
  assert.equal(only(found(`${PAIR}worker.maintain=0`))[0], 'warning never-recovers 2');
});

test('an lb without active members is told', () => {
  assert.equal(only(found(`${PAIR}worker.a.activation=d\nworker.b.activation=s`))[0], 'warning no-active-member 3');
});

test('a rule whose worker is not there is told: its requests are answered 500', () => {
  const [where, message] = only(found(PAIR, 'JkMount /x/* lb1'));
  assert.equal(where, 'warning unknown-worker 5');
  assert.match(message, /\/x\/\* with 500; did you mean lb\?/);
  assert.match(only(found(PAIR, 'JkMount /x/* a'))[1], /defined, but not in worker\.list/);
  assert.match(only(found(PAIR, 'JkUnMount /x/* other'))[1], /takes nothing out/);
  assert.deepEqual(found(PAIR, 'JkMount /x/* lb\nJkUnMount /x/y *'), []);
});

test('a map file is looked through, too, and what is switched off in it is not', () => {
  const files = { '/srv/w.properties': PAIR, '/srv/map': '/a=lb\n-/b=other\n/c=other\n' };
  const findings = checkSite(site('JkWorkersFile w.properties\nJkMountFile map', files));
  const [{ file, line }] = findings;
  assert.deepEqual([findings.length, file, line], [1, '/srv/map', 3]);
});

test('rules without any workers are told once; where the file of workers is assumed, nothing is said of them', () => {
  const [where] = only(checkSite(site('JkMount /x one\nJkMount /y two')));
  assert.equal(where, 'warning no-workers 4');
  assert.deepEqual(checkSite(site('JkMount /x ajp13')), []);
  const assumed = site('JkWorkersFile none\nJkMount /x one', {}, { assumeFiles: true });
  assert.deepEqual(checkSite(assumed), []);
});

const STATUS = `${PAIR}worker.list=st\nworker.st.type=status\n`;

test('a status worker that everybody may open is told, with what strangers can do', () => {
  const [where, message] = only(found(STATUS, 'JkMount /jk/* st'));
  assert.equal(where, 'warning status-worker-open 5');
  assert.match(message, /see all workers, and stop them.*<Location "\/jk\/">/);
  assert.match(only(found(`${STATUS}worker.st.read_only=1`, 'JkMount /jk st'))[1], /and their addresses/);
});

test('a status worker behind access rules or with users is as it should be', () => {
  const rules = '<Location /jk>\nRequire local\n</Location>';
  assert.deepEqual(found(STATUS, `JkMount /jk/* st\n${rules}`), []);
  assert.deepEqual(found(`${STATUS}worker.st.user=bob`, 'JkMount /jk/* st'), []);
  assert.deepEqual(found(STATUS, '<Location /jk>\nJkMount st\nRequire ip 127.0.0.1\n</Location>'), []);
});

test('a status worker of a virtual host, or of a map file, is looked at, too', () => {
  const host = '<VirtualHost *:18000>\nServerName v.test\nJkMount /jk st\n</VirtualHost>';
  assert.match(only(found(STATUS, host))[1], /virtual host v\.test/);
  const files = { '/srv/w.properties': STATUS, '/srv/map': '/jk=st\n' };
  assert.equal(
    only(checkSite(site('JkWorkersFile w.properties\nJkMountFile map', files)))[0],
    'warning status-worker-open 1',
  );
});

test("the first text's sample that gives no host to worker2 is told at the line where it was meant", () => {
  const text =
    'worker.balance1.type=lb\nworker.balance1.balance_workers=worker1, worker2\nworker.worker1.type=ajp13\nworker.worker1.host=myhost1\nworker.worker1.port=8009\nworker.worker2.type=ajp13\nworker.worker1.host=myhost2\nworker.worker1.port=8009';
  const { findings } = load('JkWorkersFile w.properties', { '/srv/w.properties': text });
  const [host, port, list] = findings;
  assert.deepEqual([host.file, host.line, host.code], ['/srv/w.properties', 7, 'defined-twice']);
  assert.match(host.message, /worker2 is nowhere given a host.*probably worker\.worker2\.host is meant/);
  assert.deepEqual([port.line, list.code], [8, 'no-worker-list']);
});

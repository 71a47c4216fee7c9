// Programs that know httpd's pages by heart, and Catflap's must be the same to them: a deployment tool in the manner of
// Ansible's apache2_mod_proxy, a plugin in the manner of Nagios and Centreon, an exporter (test/support/monitors.py).
// The same program runs against a live httpd and against Catflap, and sees the same.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchOnce, headerOf } from '../support/client.ts';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front, PROJECT, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';

const PROGRAM = join(PROJECT, 'test/support/monitors.py');
const LIMIT_MS = 60_000;

function configuration({ ports: { http } }: FakeBackends): string {
  return `LoadModule status_module /usr/lib/apache2/modules/mod_status.so
<Proxy balancer://app>
BalancerMember http://127.0.0.1:${http.a} route=a
BalancerMember http://127.0.0.1:${http.b} route=b loadfactor=2
BalancerMember http://127.0.0.1:${http.c}/ctx route=c status=+H
ProxySet stickysession=S|s timeout=9
</Proxy>
ProxyPass /x balancer://app/x
ProxyStatus On
ServerName localhost
<Location /bm>
SetHandler balancer-manager
</Location>
<Location /status>
SetHandler server-status
</Location>
`;
}

interface Outcome {
  readonly code: number;
  readonly text: string;
}

/** Runs the program against a front; what differs from front to front is made the same. */
function run(front: Front, command: string, page: string, ...more: string[]): Promise<Outcome> {
  const url = `http://127.0.0.1:${front.port}${page}`;
  return new Promise((resolve) => {
    execFile('/usr/bin/python3', [PROGRAM, command, url, ...more], { timeout: LIMIT_MS }, (error, stdout, stderr) => {
      const text = `${stdout}${stderr}`.replaceAll(String(front.port), 'PORT');
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), text });
    });
  });
}

async function both(fronts: readonly Front[], command: string, page: string, ...more: string[]): Promise<Outcome> {
  const [ours, theirs] = await Promise.all(fronts.map((front) => run(front, command, page, ...more)));
  assert.deepEqual(ours, theirs, `${command} ${more.join(' ')}`);
  return ours;
}

/** Members that answer so many requests, the same on both fronts. */
async function answering(fronts: readonly Front[], count: number, cookie?: string): Promise<string> {
  const headers: [string, string][] = cookie === undefined ? [] : [['Cookie', cookie]];
  const [ours, theirs] = await Promise.all(
    fronts.map(async (front) => {
      let members = '';
      for (let i = 0; i < count; i++)
        members += headerOf(await fetchOnce(front.port, { path: '/x/p', headers }), 'x-member') ?? '-';
      return members;
    }),
  );
  assert.equal(ours, theirs);
  return ours;
}

test('deployment tools and monitors see and do the same as with httpd', needs('httpd', 'python3'), async () => {
  await using backends = await FakeBackends.start();
  const { http } = backends.ports;
  const conf = configuration(backends);
  await using ours = await Front.start(UNDER_TEST, { conf });
  await using theirs = await Front.start('httpd', { conf });
  const fronts = [ours, theirs];
  const state = (port: number, wish: string) => both(fronts, 'state', '/bm', `127.0.0.1:${port}`, wish);
  const changed = async (port: number, wish: string) => JSON.parse((await state(port, wish)).text).changed;

  const members = JSON.parse((await both(fronts, 'members', '/bm')).text);
  assert.deepEqual(
    members.map(({ port, path, attributes }: { port: string; path: string; attributes: Record<string, string> }) => [
      Number(port),
      path,
      attributes.Route,
      attributes.Factor,
      attributes.Status,
    ]),
    [
      [http.a, '', 'a', '1.00', 'Init Ok '],
      [http.b, '', 'b', '2.00', 'Init Ok '],
      [http.c, '/ctx', 'c', '1.00', 'Init Stby Ok '],
    ],
  );

  // A rolling deployment: drain, wait for no sessions, take out, bring back.
  assert.match(await answering(fronts, 6), /^(?=.*a)(?=.*b)[ab]{6}$/);
  assert.equal(await changed(http.a, 'drained'), true);
  assert.equal(await changed(http.a, 'drained'), false);
  assert.equal(await answering(fronts, 3), 'bbb');
  assert.equal(await answering(fronts, 3, 'S=1.a'), 'aaa');
  const draining = await both(fronts, 'check', '/bm', '1', '2');
  assert.equal(draining.code, 1);
  assert.match(draining.text, /app: 2 of 3 in service, not http:\/\/127\.0\.0\.1:\d+"/);
  assert.equal(await changed(http.a, 'absent'), true);
  assert.equal(await answering(fronts, 3, 'S=1.a'), 'bbb');
  assert.equal(await changed(http.b, 'absent,ignore_errors'), true);
  assert.equal(await answering(fronts, 2), 'cc');
  assert.equal((await both(fronts, 'check', '/bm', '1', '2')).code, 2);
  await both(fronts, 'members', '/bm');
  for (const port of [http.a, http.b]) assert.equal(await changed(port, 'present'), true);
  assert.equal(await answering(fronts, 2, 'S=1.a'), 'aa');
  assert.equal((await both(fronts, 'check', '/bm', '1', '2')).code, 0);
  assert.match((await state(1, 'drained')).text, /no member/);

  // A member that dies.
  await backends.mode('b', 'refuse');
  assert.match(await answering(fronts, 4), /^a+$/);
  const died = await both(fronts, 'check', '/bm', '1', '2');
  assert.deepEqual([died.code, /"Init Err"/.test(died.text)], [1, true]);
});

interface Metrics {
  readonly names: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
  readonly balancers: Readonly<Record<string, unknown>>;
}

/** Told only when there is something to tell, or never by us. */
const SOMETIMES = new Set('Server Built,CPULoad,ReqPerSec,BytesPerSec,BytesPerReq,DurationPerReq'.split(','));

// ProxyStatus
test('exporters read server-status?auto as httpd’s', needs('httpd', 'python3'), async () => {
  await using backends = await FakeBackends.start();
  const conf = configuration(backends);
  await using ours = await Front.start(UNDER_TEST, { conf });
  await using theirs = await Front.start('httpd', { conf });
  const fronts = [ours, theirs];
  await answering(fronts, 9);
  await backends.mode('b', 'refuse');
  await answering(fronts, 2);
  const [one, other] = await Promise.all(
    fronts.map(async (front): Promise<Metrics> => {
      const { code, text } = await run(front, 'metrics', '/status');
      assert.equal(code, 0, text);
      return JSON.parse(text);
    }),
  );
  const always = ({ names }: Metrics) => names.filter((name) => !SOMETIMES.has(name));
  assert.deepEqual(always(one), always(other));
  assert.deepEqual(one.balancers, other.balancers);
  for (const name of ['ServerVersion', 'Total Accesses', 'BusyWorkers', 'Processes', 'ParentServerConfigGeneration'])
    assert.equal(one.numbers[name], other.numbers[name], name);
  assert.ok(one.numbers['Total kBytes'] > 0);
  const tables = async (front: Front) => {
    const page = (await fetchOnce(front.port, { path: '/status' })).body.toString('latin1');
    // Scrapers count tables: those of the balancers are at the end, after three others.
    assert.equal(page.slice(0, page.indexOf('<h1>Proxy')).split('<table').length - 1, 3);
    return page.slice(page.indexOf('<h1>Proxy'));
  };
  assert.equal(await tables(ours), await tables(theirs));
});

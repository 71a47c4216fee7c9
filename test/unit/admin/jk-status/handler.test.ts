// The status worker in a running frontend, asked over a socket as scripts and browsers ask it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NAMES_WAIT_MS } from '../../../../src/admin/jk-status/addresses.ts';
import { VirtualClock } from '../../../../src/base/clock.ts';
import type { Resolver } from '../../../../src/link/names.ts';
import { type HeaderLines, headerOf } from '../../../support/client.ts';
import { Manager } from '../manager.ts';

const LINES = [
  'list=lb,solo,st',
  'lb.type=lb',
  'lb.balance_workers=a,b',
  'a.host=10.0.0.1',
  'b.host=10.0.0.2',
  'solo.host=10.0.0.3',
  'solo.port=8010',
  'st.type=status',
];

function conf(lines: readonly string[] = LINES, more = ''): string {
  return [
    'LoadModule jk_module modules/mod_jk.so',
    ...lines.map((line) => `JkWorkerProperty worker.${line}`),
    'JkMount /x/* lb',
    'JkMount /jk st',
    more,
  ].join('\n');
}

async function ask(site: Manager, query: string, headers: HeaderLines = [], method = 'GET') {
  const answer = await site.ask(method, `/jk?${query}`, undefined, headers);
  return { ...answer, text: answer.body.toString('latin1') };
}

async function fact(site: Manager, worker: string, name: string, owner = worker): Promise<string | undefined> {
  const { text } = await ask(site, `cmd=show&w=${worker}&mime=prop`);
  return new RegExp(`^worker\\.${owner}\\.${name}=(.*)$`, 'm').exec(text)?.[1];
}

const DONE = 'Result: type=OK message="Action finished"\n';

test('a script reads and changes members with plain GETs', async () => {
  await using site = await Manager.open(conf());
  const list = await ask(site, 'cmd=list&mime=txt');
  assert.match(list.text, /^Member: name=a type=ajp13 host=10\.0\.0\.1 port=8009 address=10\.0\.0\.1:8009 /m);
  assert.equal(headerOf(list, 'Content-Type'), 'text/plain');
  assert.equal((await ask(site, 'cmd=update&w=lb&sw=a&vwa=d&vwf=3&mime=txt')).text, DONE);
  assert.deepEqual([await fact(site, 'lb', 'activation', 'a'), await fact(site, 'lb', 'lbmult', 'b')], ['DIS', '3']);
  assert.equal((await ask(site, 'cmd=update&w=lb&sw=*&vwa=s&mime=txt')).text, DONE);
  assert.equal(await fact(site, 'lb', 'bad'), '2');
  assert.equal((await ask(site, 'cmd=update&w=solo&var=5&vamps=16384&mime=txt')).text, DONE);
  assert.deepEqual([await fact(site, 'solo', 'retries'), await fact(site, 'solo', 'max_packet_size')], ['5', '16384']);
});

// JkRemoteUserIndicator
test('JS-13: the user may be one that rules name', async () => {
  const lines = [...LINES, 'st.user=bob'];
  const more = 'SetEnvIf X-User "(.+)" WHO=$1\nJkRemoteUserIndicator WHO';
  await using site = await Manager.open(conf(lines, more));
  const told = async (headers: HeaderLines) => (await ask(site, 'cmd=version&mime=txt', headers)).text;
  assert.match(await told([['X-User', 'bob']]), /type=OK/);
  assert.match(await told([['X-User', 'eve']]), /Access denied/);
  assert.match(await told([]), /Access denied/);
});

test('programs get the fields that mod_jk sends', async () => {
  await using site = await Manager.open(conf());
  const { headers } = await ask(site, '');
  const names = headers
    .map(([name]) => name.toLowerCase())
    .filter((name) => !['connection', 'date', 'server'].includes(name));
  assert.deepEqual(names.sort(), ['cache-control', 'content-length', 'content-type', 'pragma']);
});

test('pages in a browser are in no cache and no frame, and run no scripts', async () => {
  await using site = await Manager.open(conf());
  const answer = await ask(site, '', [['Accept', 'text/html,application/xhtml+xml;q=0.9']]);
  assert.equal(answer.status, 200);
  assert.notEqual(headerOf(await ask(site, '', [['Sec-Fetch-Mode', 'no-cors']]), 'x-frame-options'), undefined);
  assert.deepEqual(
    ['content-type', 'cache-control', 'pragma', 'x-frame-options'].map((name) => headerOf(answer, name)),
    ['text/html', 'no-cache', 'no-cache', 'DENY'],
  );
  assert.match(headerOf(answer, 'content-security-policy') ?? '', /script-src 'none'.*frame-ancestors 'none'/);
});

test('a page of another site changes nothing, whatever the command and format', async () => {
  await using site = await Manager.open(conf());
  const foreign: readonly HeaderLines[] = [
    [['Sec-Fetch-Site', 'cross-site']],
    [['Origin', 'http://evil.test']],
    [['Referer', 'http://evil.test/page']],
  ];
  for (const headers of foreign)
    for (const query of ['cmd=update&w=lb&vlr=9', 'cmd=reset&w=lb', 'cmd=recover&w=lb&sw=a']) {
      const { status, text } = await ask(site, `${query}&mime=txt`, headers);
      assert.equal(status, 200);
      assert.match(
        text,
        /^Result: type=ERROR message="The request comes from a page of another site \(.*\): nothing was changed\."\n$/,
      );
      assert.match(
        (await ask(site, query, headers, 'POST')).text,
        /Result: ERROR - The request comes from a page of another/,
      );
    }
  assert.equal(await fact(site, 'lb', 'retries'), '2');
  assert.match((await ask(site, 'cmd=list&mime=txt', foreign[0])).text, /Action finished/);
});

test('its own pages, bookmarks, and pages that a proxy before us serves under another name may change things', async () => {
  await using site = await Manager.open(conf());
  const own: readonly HeaderLines[] = [
    [['Sec-Fetch-Site', 'same-origin']],
    [['Sec-Fetch-Site', 'none']],
    [['Referer', 'http://front.test/jk?cmd=edit&w=lb']],
    [
      ['Referer', 'https://public.test/jk'],
      ['X-Forwarded-Host', 'public.test:443'],
    ],
  ];
  for (const headers of own) assert.equal((await ask(site, 'cmd=update&w=lb&vlr=3&mime=txt', headers)).text, DONE);
});

test('who changed what is in the log', async () => {
  await using site = await Manager.open(conf());
  await ask(site, 'cmd=update&w=lb&sw=a&vwa=d&mime=txt');
  await ask(site, 'cmd=recover&w=lb&sw=a&mime=txt');
  const told = site.log.events.filter(({ event }) => event === 'jk-worker-changed');
  assert.deepEqual(
    told.map(({ fields }) => [fields.command, fields.worker, fields.member, fields.asked, fields.refused]),
    [
      ['update', 'lb', 'a', 'vwa=d', undefined],
      ['recover', 'lb', 'a', undefined, 'Marking worker for recovery failed'],
    ],
  );
});

// J-RST-01
test('a drain outlives a graceful reload, unless the file changed the activation', async () => {
  await using site = await Manager.open(conf());
  await ask(site, 'cmd=update&w=lb&sw=a&vwa=d&mime=txt');
  await site.reload(conf());
  assert.equal(await fact(site, 'lb', 'activation', 'a'), 'DIS');
  await site.reload(conf([...LINES, 'a.activation=s']));
  assert.equal(await fact(site, 'lb', 'activation', 'a'), 'STP');
});

// JS-21
test('a member without a port is stopped, and stays so when it is given one', async () => {
  await using site = await Manager.open(conf([...LINES, 'b.port=0']));
  assert.deepEqual(
    [await fact(site, 'lb', 'activation', 'b'), await fact(site, 'lb', 'address', 'b')],
    ['STP', 'invalid'],
  );
  assert.equal((await ask(site, 'cmd=update&w=lb&sw=b&vaprt=8102&mime=txt')).text, DONE);
  assert.deepEqual([await fact(site, 'lb', 'activation', 'b'), await fact(site, 'lb', 'port', 'b')], ['STP', '8102']);
});

test('resets and recoveries are the engine’s', async () => {
  await using site = await Manager.open(conf());
  const running = site.server.site.balancer('jk:lb');
  const { balancer } = running ?? assert.fail();
  balancer.board.errors[balancer.members[0].state.row] = 7;
  assert.equal(await fact(site, 'lb', 'errors', 'a'), '7');
  assert.equal((await ask(site, 'cmd=reset&w=lb&sw=b&mime=txt')).text, DONE);
  assert.equal(await fact(site, 'lb', 'errors', 'a'), '7');
  assert.equal((await ask(site, 'cmd=reset&w=lb&mime=txt')).text, DONE);
  assert.equal(await fact(site, 'lb', 'errors', 'a'), '0');
});

test('a host is taken when it has an address, and told when it has none', async () => {
  await using site = await Manager.open(conf());
  const { text } = await ask(site, 'cmd=update&w=lb&sw=a&vahst=no.such.host.invalid&mime=txt');
  assert.match(text, /could not resolve address 'no\.such\.host\.invalid:8009' for sub worker 'a'/);
  assert.equal((await ask(site, 'cmd=update&w=lb&sw=a&vahst=10.0.0.9&mime=txt')).text, DONE);
  assert.equal(await fact(site, 'lb', 'address', 'a'), '10.0.0.9:8009');
});

test('nobody who may change nothing lets names be asked for', async () => {
  const asked: string[] = [];
  const resolver: Resolver = (name, answered) => {
    asked.push(name);
    answered(null, [{ address: '10.0.0.8', family: 4 }]);
  };
  await using site = await Manager.open(conf(), { resolver });
  await ask(site, 'cmd=update&w=lb&sw=a&vahst=one.test&mime=txt', [['Referer', 'http://evil.test/']]);
  await ask(site, 'cmd=update&w=lb&sw=q&vahst=two.test&mime=txt');
  await ask(site, 'cmd=list&vahst=three.test&mime=txt');
  assert.deepEqual(asked, []);
  assert.equal((await ask(site, 'cmd=update&w=lb&sw=a&vahst=four.test&mime=txt')).text, DONE);
  assert.deepEqual(asked, ['four.test']);
  assert.equal(await fact(site, 'lb', 'address', 'a'), '10.0.0.8:8009');
});

test('a page does not wait long for a name', async () => {
  const clock = new VirtualClock();
  let isAsked = () => {};
  const asking = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  await using site = await Manager.open(conf([...LINES, 'b.host=b.test']), { clock, resolver: () => isAsked() });
  const answer = ask(site, 'cmd=show&w=lb&mime=txt');
  await asking;
  clock.advance(NAMES_WAIT_MS);
  assert.match((await answer).text, / host=b\.test port=8009 address=unresolved /);
});

test('methods that have no meaning are refused', async () => {
  await using site = await Manager.open(conf());
  assert.equal((await ask(site, 'cmd=update&w=lb&vlr=9', [], 'DELETE')).status, 405);
  assert.equal(await fact(site, 'lb', 'retries'), '2');
});

test('rules of all hosts are shown, the main server’s first', async () => {
  const hosts =
    '<VirtualHost *:81>\nServerName one.test\nJkMount /one lb\n</VirtualHost>\n<VirtualHost 10.0.0.9:82>\nServerName two.test\nJkMount /two/* lb;active=a\n</VirtualHost>';
  await using site = await Manager.open(conf(LINES, hosts));
  const { text } = await ask(site, 'cmd=show&w=lb&mime=txt');
  const maps = text.split('\n').filter((line) => line.startsWith('Map:'));
  assert.deepEqual(
    maps.map((line) => /server="(.*?)" uri="(.*?)" type="(.*?)".* active="(.*?)"/.exec(line)?.slice(1)),
    [
      ['front.test', '/x/*', 'Wildchar', ''],
      ['two.test [10.0.0.9:82]', '/two/*', 'Wildchar', 'a'],
      ['one.test [*:81]', '/one', 'Exact', ''],
    ],
  );
});

test('asking it brings maintenance about, as any request for mod_jk does', async () => {
  const clock = new VirtualClock();
  await using site = await Manager.open(conf(['maintain=10', ...LINES]), { clock });
  assert.equal(await fact(site, 'lb', 'time_to_maintenance_min'), '10');
  clock.advance(25_000);
  assert.equal(await fact(site, 'lb', 'time_to_maintenance_min'), '10');
  assert.equal(await fact(site, 'lb', 'time_to_maintenance_max'), '20');
});

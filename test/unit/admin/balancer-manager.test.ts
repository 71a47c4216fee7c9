// The balancer-manager where it is ours, or must not go wrong: reasons, taking members out, escaping, fields, reloads.
// That it answers as httpd's does is held against httpd itself (test/peers/balancer-manager.test.ts).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CONF, headerOf, Manager, rowsOf } from './manager.ts';

const member = (host: string) => `w=http://${host}.test`;

test('each value that is not taken is named with the reason, and the others are taken', async () => {
  await using manager = await Manager.open();
  const { status, refused, page } = await manager.post(
    `${member('a')}&w_lf=101&w_ls=100&w_wr=z&w_rr=${'r'.repeat(64)}&w_hm=no&w_hi=5&w_hp=0&w_he=x&b_lbm=best&b_tmo=7201&b_max=100&b_ss=${'s'.repeat(63)}`,
  );
  assert.equal(status, 200);
  assert.deepEqual(refused, [
    'Not changed: w_lf=101: a load factor is a number from 1 to 100',
    'Not changed: w_ls=100: a set is a number from 0 to 99',
    'Not changed: w_rr has more than 63 characters and is empty now',
    'Not changed: w_hm=no: the methods are NONE, TCP, OPTIONS, HEAD, GET, CPING, OPTIONS11, HEAD11, GET11',
    'Not changed: w_he=x: no ProxyHCExpr is called so',
    'Not changed: w_hi=5: an interval is a time of at least 100 ms',
    'Not changed: w_hp=0: a number from 1 on',
    'Not changed: b_lbm=best: the methods are byrequests, bytraffic, bybusyness, heartbeat',
    'Not changed: b_tmo=7201: a number from 0 to 7200',
    'Not changed: b_max=100: a number from 0 to 99',
    'Not changed: b_ss has more than 62 characters',
  ]);
  assert.equal(rowsOf(page)[0][1], 'z');
});

// w_remove
test('a member is taken out, and makes room for another', async () => {
  await using manager = await Manager.open();
  const { status, page } = await manager.post(`${member('a')}&w_remove=1`);
  assert.equal(status, 200);
  assert.deepEqual(
    rowsOf(page).map(([url]) => url),
    ['http://b.test'],
  );
  assert.match(page, /<td>3 \[1 Used\]<\/td>/);
  const last = await manager.post(`${member('b')}&w_remove=1`);
  assert.equal(last.status, 400);
  assert.match(last.refused[0], /only member of balancer:\/\/c; disable it instead/);
  await manager.post('b_wyes=1&b_nwrkr=http://x.test');
  const back = await manager.post('b_wyes=1&b_nwrkr=http://a.test');
  assert.deepEqual(
    rowsOf(back.page).map(([url, route, , , , state]) => [url, route, state]),
    [
      ['http://a.test', 'a', 'Init Dis '],
      ['http://b.test', 'b', 'Init Ok '],
      ['http://x.test', '', 'Init Dis '],
    ],
  );
});

// growth, b_nwrkr, b_wyes
test('members are added while there is room, and the reason is told when there is none', async () => {
  await using manager = await Manager.open();
  const refusal = async (url: string) => {
    const { status, refused } = await manager.post(`b_wyes=1&b_nwrkr=${url}`);
    return `${status} ${refused[0] ?? ''}`;
  };
  assert.match(await refusal('bogus'), /^400 .*is no absolute URL/);
  assert.match(await refusal('fcgi://h:1/'), /^400 .*fcgi:\/\/ backends are not served/);
  assert.match(await refusal('http://a.test/below'), /^400 .*http:\/\/a.test is a member already/);
  assert.equal(await refusal('http://x.test'), '200 ');
  assert.match(await refusal('http://y.test'), /^400 .*room for 3 members; growth= /);
});

// nonce
test('who may not change is told why: token, Referer, nonce=None', async () => {
  await using manager = await Manager.open(CONF.replace('nonce=n', 'nonce=None'));
  assert.match((await manager.post(`${member('a')}&w_lf=5`)).refused[0], /nonce=None, so it takes no changes/);
  await manager.reload(CONF);
  const wrong = await manager.ask('POST', '/bm', `b=c&nonce=x&${member('a')}&w_lf=5`);
  assert.match(wrong.body.toString(), /the token \(nonce\) is not that of balancer:\/\/c/);
  const foreign = await manager.ask('POST', '/bm', `b=c&nonce=n&${member('a')}&w_lf=5`, [['Referer', 'http://evil/']]);
  assert.match(foreign.body.toString(), /no page of this server as its Referer/);
  assert.equal((await manager.rows())[0][3], '1.00');
});

test('random nonces stay the same over a reload', async () => {
  const conf = CONF.replace('nonce=n', '');
  await using manager = await Manager.open(conf);
  const nonce = /nonce=([0-9a-f-]{36})/.exec(await manager.get())?.[1];
  assert.ok(nonce);
  await manager.reload(conf);
  assert.ok((await manager.get()).includes(nonce));
});

// b_nwrkr
test('no member is added whose URL would end a line of what it is told', async () => {
  await using manager = await Manager.open();
  for (const url of ['http://x.test/a%250d%250aX-More:1', 'http://x%250d%250aX-More:1', 'http://x.test/a%2520b']) {
    const { status, refused } = await manager.post(`b_wyes=1&b_nwrkr=${url}`);
    assert.equal(status, 400, url);
    assert.match(refused.join(), /control octet/);
  }
});

test('whatever comes in is shown as text', async () => {
  const evil = '"><script>alert(1)</script>\'&';
  const encoded = encodeURIComponent(encodeURIComponent(evil)).replaceAll("'", '%2527');
  await using manager = await Manager.open(
    CONF.replace('route=a', "route='<i>&\"' hcmethod=GET").replace('SetHandler', 'SetHandler'),
  );
  for (const parameters of [
    `${member('a')}&w_wr=${encoded}&w_rr=${encoded}&w_hu=${encoded}&w_lf=${encoded}&w_hm=${encoded}&w_he=${encoded}&b_lbm=${encoded}&b_tmo=-1${encoded}`,
    `b_ss=${encoded}`,
    `b_wyes=1&b_nwrkr=http://x.test/${encoded}`,
    `b_wyes=1&b_nwrkr=${encoded}`,
  ]) {
    const { page } = await manager.post(parameters);
    for (const text of [
      page,
      await manager.get(),
      await manager.get('?xml=1'),
      await manager.get(`?b=c&${member('a')}`),
    ]) {
      assert.doesNotMatch(text, /<script|<i>/);
      assert.doesNotMatch(text, /="[^"]*"[^\s>/]/, 'no attribute ends early');
    }
  }
  const name = await manager.ask('GET', '/bm', undefined, [['Host', '<b>x</b>']]);
  assert.doesNotMatch(name.body.toString(), /<b>/);
  assert.doesNotMatch((await manager.ask('GET', '/bm/<b>"x?b=c')).body.toString(), /<b>/);
});

test('the page is kept by no cache, shown in no frame, and its forms send a Referer', async () => {
  await using manager = await Manager.open();
  const answer = await manager.ask('GET', '/bm');
  const fields = ['Cache-Control', 'X-Frame-Options', 'X-Content-Type-Options', 'Referrer-Policy'];
  assert.deepEqual(
    fields.map((name) => headerOf(answer, name)),
    ['no-store', 'DENY', 'nosniff', 'same-origin'],
  );
  assert.match(headerOf(answer, 'Content-Security-Policy') ?? '', /default-src 'none'/);
});

test('GET, HEAD, POST and OPTIONS are taken; others are 405 with Allow', async () => {
  await using manager = await Manager.open();
  for (const [method, status] of [
    ['GET', 200],
    ['HEAD', 200],
    ['POST', 200],
    ['OPTIONS', 200],
    ['PUT', 405],
    ['DELETE', 405],
  ] as const) {
    const answer = await manager.ask(method, '/bm', method === 'POST' ? 'x=1' : undefined);
    assert.equal(answer.status, status, method);
    if (status === 405) assert.equal(headerOf(answer, 'Allow'), 'GET,POST,OPTIONS,HEAD');
    if (method === 'HEAD') assert.ok(Number(headerOf(answer, 'Content-Length')) > 1000);
  }
});

test('a form of which nothing more comes than its first part is read as far as it counts', async () => {
  await using manager = await Manager.open();
  const form = `b=c&nonce=n&${member('a')}&w_lf=5&`;
  const answer = await manager.ask('POST', '/bm', form.padEnd(200_000, 'x'));
  assert.equal(answer.status, 200);
  assert.equal((await manager.rows())[0][3], '5.00');
});

test('a change outlives a reload, and ends when the file says something else about it', async () => {
  await using manager = await Manager.open();
  await manager.post(`${member('a')}&w_lf=5&w_ls=2`);
  await manager.reload(`${CONF}SetEnv x y\n`);
  assert.deepEqual((await manager.rows())[0].slice(3, 5), ['5.00', '2']);
  await manager.reload(CONF.replace('route=a', 'route=a loadfactor=7'));
  assert.deepEqual((await manager.rows())[0].slice(3, 5), ['7.00', '2']);
  assert.equal(manager.log.events.filter(({ event }) => event === 'run-time-change-ended').length, 1);
});

test('a form that says what is so already changes nothing, so that nothing outlives a reload', async () => {
  await using manager = await Manager.open();
  await manager.post(`${member('a')}&w_lf=1.00&w_ls=0&w_wr=a&w_rr=&w_status_D=0&b_tmo=0&b_lbm=byrequests`);
  assert.equal(manager.server.site.balancers.overlay.size, 0);
});

test('who changed what is in the log', async () => {
  await using manager = await Manager.open();
  await manager.post(`${member('a')}&w_status_D=1&w_lf=0`);
  const told = manager.log.events.find(({ event }) => event === 'balancer-changed');
  assert.deepEqual(told?.fields, {
    balancer: 'balancer://c',
    member: 'http://a.test',
    asked: 'w_status_d=1 w_lf=0',
    refused: 'w_lf=0: a load factor is a number from 1 to 100',
    client: '127.0.0.1',
    user: undefined,
  });
});

// BalancerInherit, ProxyPassInherit
test('a host sees the main server’s balancers, the same ones; both Off together hide them', async () => {
  const host = (more: string) =>
    `${CONF}<VirtualHost *:*>\nServerName front.test\n${more}\n<Proxy balancer://own>\nBalancerMember http://o.test\n</Proxy>\n</VirtualHost>\n`;
  await using manager = await Manager.open(host(''));
  const names = async () => [...(await manager.get()).matchAll(/>balancer:\/\/(\w+)</g)].map(([, name]) => name);
  assert.deepEqual(await names(), ['c', 'own']);
  for (const [more, seen] of [
    ['BalancerInherit Off', ['c', 'own']],
    ['ProxyPassInherit Off', ['c', 'own']],
    ['BalancerInherit Off\nProxyPassInherit Off', ['own']],
  ] as const) {
    await manager.reload(host(more));
    assert.deepEqual(await names(), seen, more);
    const isNot = more.startsWith('BalancerInherit') ? 'NOT ' : '';
    assert.ok((await manager.get()).includes(`Balancers are ${isNot}inherited from main server.`));
  }
  assert.equal((await manager.ask('GET', '/x')).status, 503);
});

test('what scrapers rely on: the first link is the balancer’s, all others are members’, the second table is theirs', async () => {
  await using manager = await Manager.open();
  for (const page of [await manager.get(), await manager.get('?b=c'), await manager.get(`?b=c&${member('a')}`)]) {
    const links = [...page.matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href.replaceAll('&amp;', '&'));
    assert.deepEqual(links, ['/bm?b=c&nonce=n', '/bm?b=c&w=http://a.test&nonce=n', '/bm?b=c&w=http://b.test&nonce=n']);
    assert.match(page, /Server Version: Apache\/2\.4\.\d+ \(\w+\)/);
    assert.match(page.split('<table>')[2], /^<tr><th>Worker URL<\/th><th>Route<\/th>/);
  }
});

test('what went wrong with a member last stands under its table', async () => {
  await using manager = await Manager.open(
    CONF.replace('http://b.test route=b loadfactor=3', 'http://127.0.0.1:1 retry=60'),
  );
  const [, b] = manager.server.site.balancer('balancer://c')?.balancer.members ?? [];
  assert.ok(b);
  await manager.post(`${member('a')}&w_status_D=1`);
  await manager.ask('GET', '/x');
  const page = await manager.get();
  assert.match(page, /<p class='trouble'>http:\/\/127\.0\.0\.1:1: .*refused.* \(1 times, last .* GMT\)<\/p>/i);
  assert.deepEqual(
    rowsOf(page).map((row) => row[5]),
    ['Init Dis ', 'Init Err '],
  );
});

test('a member whose URL has escapes or a default port is named as in httpd, and its form finds it again', async () => {
  await using manager = await Manager.open(
    CONF.replace('http://a.test', 'ajp://a.test:8009/A%20b/').replace('http://b.test', 'http://[::1]:80'),
  );
  assert.deepEqual(
    (await manager.rows()).map(([url]) => url),
    ['ajp://a.test/A%20b/', 'http://[::1]'],
  );
  for (const [index, link] of ['ajp://a.test/A%2520b/', 'http://%5b::1%5d'].entries()) {
    const page = await manager.get(`?b=c&w=${encodeURIComponent(link)}`);
    const value = /name='w' id='w' value="([^"]*)"/.exec(page)?.[1] ?? '';
    assert.equal(value, link);
    const { status } = await manager.post(`w=${encodeURIComponent(value)}&w_ls=7`);
    assert.equal(status, 200);
    assert.equal((await manager.rows())[index][4], '7');
  }
  await manager.post('w=ajp://a.test:8009/A%252520b/&w_ls=8');
  assert.equal((await manager.rows())[0][4], '8', 'the port may be written too');
});

// ErrorDocument
test('a manager that is the page of an error has the status of the error, and the query of its own', async () => {
  await using manager = await Manager.open(`${CONF}ErrorDocument 404 /bm?b=c\n`);
  const answer = await manager.ask('GET', '/nothing?b=other&xml=1');
  assert.equal(answer.status, 404);
  assert.match(answer.body.toString(), /Edit balancer settings for balancer:\/\/c</);
});

test('a form that was begun before a reload is carried out on what is in force after it', async () => {
  await using manager = await Manager.open();
  const body = `b=c&nonce=n&${member('a')}&w_lf=5`;
  const socket = connect(manager.port, '127.0.0.1');
  const answered = once(socket, 'data');
  socket.write(
    `POST /bm HTTP/1.1\r\nHost: front.test\r\nReferer: http://front.test/\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
  );
  while (manager.server.site.visitCount === 0) await turn();
  await manager.reload(CONF.replace('route=a', 'route=new'));
  socket.write(body.slice(9));
  const [answer] = await answered;
  socket.destroy();
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
  assert.deepEqual((await manager.rows())[0].slice(1, 4), ['new', '', '5.00']);
});

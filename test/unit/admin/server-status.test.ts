// The status page: what is counted, how numbers are written, and what ProxyStatus and ExtendedStatus show of it. That
// readers of httpd's page understand it is held against httpd itself (test/peers/monitors.test.ts).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuTime, general, spokenTime, statusDate } from '../../../src/admin/server-status-facts.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { fetchOnce } from '../../support/client.ts';
import { CONF, headerOf, Manager } from './manager.ts';

const PLACES = '<Location /status>\nSetHandler server-status\n</Location>\n';
const STATUS = `${CONF}ProxyStatus On\n${PLACES}`;

async function auto(manager: Manager, query = '?auto'): Promise<string> {
  return (await manager.ask('GET', `/status${query}`)).body.toString('latin1');
}

function value(page: string, name: string): string | undefined {
  return page
    .split('\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);
}

test('requests, octets and time are counted from the start, whatever became of them', async () => {
  const clock = new VirtualClock();
  await using manager = await Manager.open(`${STATUS}<Location /no>\nRequire all denied\n</Location>`, { clock });
  const first = await auto(manager);
  assert.equal(value(first, 'Total Accesses'), '0');
  assert.equal(value(first, 'Uptime'), '0');
  assert.equal(value(first, 'ReqPerSec'), undefined);
  for (let i = 0; i < 3; i++) await manager.ask('GET', '/no');
  clock.advance(10_000);
  const second = await auto(manager);
  assert.equal(value(second, 'Total Accesses'), '4');
  assert.equal(value(second, 'ServerUptimeSeconds'), '10');
  assert.match(second, /^ServerUptime: 10 seconds$/m);
  assert.equal(value(second, 'ReqPerSec'), '.4');
  const kBytes = Number(value(second, 'Total kBytes'));
  assert.ok(kBytes >= 1);
  assert.equal(value(second, 'BytesPerReq'), general((kBytes * 1024) / 4));
});

test('the request that asks is the one in progress, and a reload counts up', async () => {
  await using manager = await Manager.open(STATUS);
  const first = await auto(manager);
  assert.equal(value(first, 'BusyWorkers'), '1');
  assert.match(value(first, 'Scoreboard') ?? '', /^W_+$/);
  assert.equal(Number(value(first, 'IdleWorkers')) + 1, manager.server.connectionsMax);
  assert.equal(value(first, 'ParentServerConfigGeneration'), '1');
  await manager.reload(STATUS);
  const second = await auto(manager);
  assert.equal(value(second, 'ParentServerConfigGeneration'), '2');
  assert.equal(value(second, 'Total Accesses'), '1');
});

// ProxyStatus
test('balancers are shown where ProxyStatus is On or Full, of the host that is asked', async () => {
  const own = (status: string) => `${CONF}${PLACES}${status}
<VirtualHost *:*>
ServerName front.test
</VirtualHost>
<VirtualHost *:*>
ServerName other.test
<Proxy balancer://own>
BalancerMember ajp://d.test/ctx route=<i> status=+H
ProxySet stickysession=A|b timeout=7
</Proxy>
ProxyPass /own balancer://own/
ProxyStatus Full
</VirtualHost>`;
  await using manager = await Manager.open(own('ProxyStatus Off'));
  assert.doesNotMatch(await auto(manager), /ProxyBalancer/);
  assert.doesNotMatch(await auto(manager, ''), /LoadBalancer/);
  const ask = async (query: string) =>
    (await fetchOnce(manager.port, { path: `/status${query}`, host: 'other.test' })).body.toString('latin1');
  assert.match(
    await ask('?auto'),
    /^other\.test\n.*\nProxyBalancer\[0\]Name: balancer:\/\/c\n.*\nProxyBalancer\[1\]Name: balancer:\/\/own\nProxyBalancer\[1\]Worker\[0\]Name: ajp:\/\/d\.test\/ctx\nProxyBalancer\[1\]Worker\[0\]Status: Init Stby Ok \nProxyBalancer\[1\]Worker\[0\]Elected: 0\nProxyBalancer\[1\]Worker\[0\]Busy: 0\nProxyBalancer\[1\]Worker\[0\]Sent: 0K\nProxyBalancer\[1\]Worker\[0\]Rcvd: 0K\n$/s,
  );
  const page = await ask('');
  assert.match(page, /<tr><td>A \| b<\/td><td>7<\/td><td>byrequests<\/td>/);
  assert.match(
    page,
    /<td>ajp<\/td><td>d\.test<\/td><td>Init Stby Ok <\/td><td>&lt;i&gt;<\/td><td><\/td><td>1\.00<\/td>/,
  );
  await manager.reload(own('ProxyStatus On'));
  assert.match(await auto(manager), /ProxyBalancer\[0\]Worker\[1\]Name: http:\/\/b\.test\n/);
});

// ExtendedStatus
test('ExtendedStatus Off leaves counters and requests out', async () => {
  await using manager = await Manager.open(`${STATUS}ExtendedStatus Off`);
  const text = await auto(manager);
  assert.doesNotMatch(text, /^Total|CPU|PerReq|^Uptime/m);
  assert.equal(value(text, 'BusyWorkers'), '1');
  const page = await auto(manager, '');
  assert.doesNotMatch(page, /Total accesses|VHost/);
  assert.match(page, /<code>ExtendedStatus On<\/code>/);
});

test('requests in progress are in the table, with what clients sent made harmless', async () => {
  await using manager = await Manager.open(STATUS);
  const page = await auto(manager, '?%3Cb%3E&<script>&refresh=7');
  assert.match(page, /<td nowrap>GET \/status\?%3Cb%3E&amp;&lt;script&gt;&amp;refresh=7 HTTP\/1\.1<\/td>/);
  assert.match(page, /<td>127\.0\.0\.1<\/td><td>http\/1\.1<\/td><td nowrap>front\.test:\d+<\/td>/);
  assert.match(await auto(manager, '?notable'), /<h2>Server Details<\/h2>\n\n<b>0-0<\/b>/);
});

test('the page names its type and when to read it again, and takes no other methods', async () => {
  await using manager = await Manager.open(STATUS);
  const head = async (query: string) => {
    const answer = await manager.ask('HEAD', `/status${query}`);
    assert.equal(answer.body.length, 0);
    return [answer.status, headerOf(answer, 'content-type'), headerOf(answer, 'refresh')];
  };
  const [html, plain] = ['text/html; charset=ISO-8859-1', 'text/plain; charset=ISO-8859-1'];
  assert.deepEqual(await head(''), [200, html, undefined]);
  assert.deepEqual(await head('?auto'), [200, plain, undefined]);
  assert.deepEqual(await head('?refresh=5&auto'), [200, plain, '5']);
  for (const query of ['?refresh', '?refresh=0', '?refresh=-3']) assert.deepEqual(await head(query), [200, html, '10']);
  const put = await manager.ask('PUT', '/status', 'x');
  assert.deepEqual([put.status, headerOf(put, 'allow')], [405, 'GET,HEAD,OPTIONS']);
});

test('numbers, times and dates are written as httpd writes them', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [0.4, '.4'],
    [1843.2, '1843.2'],
    [0.548913, '.548913'],
    [0.0652174, '.0652174'],
    [3033.0434782, '3033.04'],
    [768, '768'],
    [1_000_000, '1e+06'],
    [123_456_789, '1.23457e+08'],
    [0.00001, '1e-05'],
    [0.0001, '.0001'],
    [999_999.7, '1e+06'],
  ];
  for (const [number, text] of cases) assert.equal(general(number), text);
  assert.equal(general(0.5777, 3), '.578');
  assert.equal(cpuTime(0.0149), '.01');
  assert.equal(spokenTime(0), '');
  assert.equal(spokenTime(90_061), ' 1 day 1 hour 1 minute 1 second');
  assert.equal(spokenTime(206), ' 3 minutes 26 seconds');
  assert.equal(statusDate(Date.UTC(2026, 10, 21, 16, 47, 43)), 'Saturday, 21-Nov-2026 16:47:43 UTC');
});

test('a status page of an error goes out with the status of the error', async () => {
  await using manager = await Manager.open(`${STATUS}ErrorDocument 404 /status`);
  const answer = await manager.ask('GET', '/nothing/there');
  assert.equal(answer.status, 404);
  assert.match(answer.body.toString(), /Apache Status/);
});

// Whose client it is: fields of proxies, believed as far as the configuration says. The lines come from httpd 2.4.71.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyRemoteIp } from '../../../src/frontend/access/remote-ip.ts';
import { main } from '../site/support.ts';
import { Recorder } from '../static/recorder.ts';

const FIELD = 'RemoteIPHeader X-Forwarded-For';
const BOTH = `${FIELD}\nRemoteIPProxiesHeader X-Forwarded-By`;

/** The client, what is left of the field, and the proxies passed on. */
function apply(configuration: string, from: string, value: string): string {
  const settings = main(configuration).remoteIp;
  assert.ok(settings);
  const { exchange } = new Recorder();
  exchange.clientAddress = from;
  exchange.clientPort = 4242;
  exchange.request.fields.add('X-Forwarded-For', value);
  applyRemoteIp(settings, exchange);
  const { fields } = exchange.request;
  const told = [exchange.clientAddress, fields.get('X-Forwarded-For') ?? '-', fields.get('X-Forwarded-By') ?? '-'];
  assert.equal(exchange.clientPort, exchange.clientAddress === from ? 4242 : 0);
  assert.equal(exchange.notes?.get('remoteip-proxy-ip-list') ?? '-', told[2]);
  return told.join(' | ');
}

for (const [configuration, from, value, expected] of [
  // RemoteIPHeader, RemoteIPProxiesHeader
  [BOTH, '192.0.2.1', '8.8.8.8', '8.8.8.8 | - | 192.0.2.1'],
  [BOTH, '192.0.2.1', '1.2.3.4, 8.8.8.8', '1.2.3.4 | - | 192.0.2.1, 8.8.8.8'],
  [BOTH, '192.0.2.1', '10.1.2.3', '192.0.2.1 | 10.1.2.3 | -'],
  [BOTH, '192.0.2.1', 'x, 8.8.8.8 ', '8.8.8.8 | x | 192.0.2.1'],
  [BOTH, '192.0.2.1', '8.8.8.8:99', '192.0.2.1 | 8.8.8.8:99 | -'],
  [BOTH, '192.0.2.1', '2001:DB8:0::1', '2001:db8::1 | - | 192.0.2.1'],
  [BOTH, '192.0.2.1', 'fe80::1', '192.0.2.1 | fe80::1 | -'],
  [BOTH, '192.0.2.1', ', 8.8.8.8', '8.8.8.8 |  | 192.0.2.1'],
  [BOTH, '192.0.2.1', '8.8.8.8,', '192.0.2.1 | 8.8.8.8, | -'],
  [BOTH, '192.0.2.1', '7.7.7.7,  , 8.8.8.8 ', '8.8.8.8 | 7.7.7.7,   | 192.0.2.1'],
  [BOTH, '192.0.2.1', '7.7.7.7, x  , 8.8.8.8', '8.8.8.8 | 7.7.7.7, x | 192.0.2.1'],
  // RemoteIPInternalProxy
  [`${BOTH}\nRemoteIPInternalProxy 192.0.2.0/24 10`, '192.0.2.1', '10.1.2.3', '10.1.2.3 | - | -'],
  [`${BOTH}\nRemoteIPInternalProxy 192.0.2.0/24`, '192.0.2.1', '9.9.9.9, 10.1.2.3', '10.1.2.3 | 9.9.9.9 | -'],
  [`${BOTH}\nRemoteIPInternalProxy 192.0.2.0/24`, '192.0.3.1', '10.1.2.3', '192.0.3.1 | 10.1.2.3 | -'],
  // RemoteIPTrustedProxy
  [`${BOTH}\nRemoteIPTrustedProxy 192.0.2.1`, '192.0.2.1', '10.1.2.3', '192.0.2.1 | 10.1.2.3 | -'],
  [`${BOTH}\nRemoteIPTrustedProxy 192.0.2.1`, '192.0.2.1', '7.7.7.7, 8.8.8.8', '8.8.8.8 | 7.7.7.7 | 192.0.2.1'],
  [
    `${BOTH}\nRemoteIPInternalProxy 10\nRemoteIPTrustedProxy 8.8.0.0/16`,
    '10.0.0.1',
    '7.7.7.7, 8.8.8.8, 10.0.0.2',
    '7.7.7.7 | - | 8.8.8.8',
  ],
  // An external proxy presents no internal one.
  [
    `${BOTH}\nRemoteIPInternalProxy 10 9.9.9.9\nRemoteIPTrustedProxy 8.8.0.0/16`,
    '10.0.0.1',
    '10.5.5.5, 9.9.9.9, 8.8.8.8',
    '9.9.9.9 | 10.5.5.5 | 8.8.8.8',
  ],
] as const)
  test(`${from} says "${value}" under ${JSON.stringify(configuration.replaceAll('RemoteIP', ''))}`, () => {
    assert.equal(apply(configuration, from, value), expected);
  });

test('an address that others may read in octal is none', () => {
  assert.equal(apply(FIELD, '192.0.2.1', '010.8.8.8'), '192.0.2.1 | 010.8.8.8 | -');
  assert.equal(apply(FIELD, '192.0.2.1', '2001:db8::1%eth0'), '192.0.2.1 | 2001:db8::1%eth0 | -');
});

test('several fields are one list', () => {
  const settings = main(FIELD).remoteIp;
  assert.ok(settings);
  const { exchange } = new Recorder();
  exchange.clientAddress = '192.0.2.1';
  exchange.request.fields.add('X-Forwarded-For', '8.8.8.8');
  exchange.request.fields.add('X-Forwarded-For', '9.9.9.9');
  applyRemoteIp(settings, exchange);
  assert.equal(exchange.clientAddress, '8.8.8.8');
  assert.equal(exchange.request.fields.get('X-Forwarded-For'), undefined);
});

test('a field full of blanks and addresses costs no more than its length', () => {
  const settings = main(FIELD).remoteIp;
  assert.ok(settings);
  const { exchange } = new Recorder();
  exchange.clientAddress = '192.0.2.1';
  const { fields } = exchange.request;
  for (let i = 0; i < 14; i++) fields.add('X-Forwarded-For', `a${' '.repeat(8000)}b`);
  fields.add('X-Forwarded-For', Array(30).fill('8.8.8.8').join(','));
  const before = process.cpuUsage().user;
  applyRemoteIp(settings, exchange);
  // Once per address over all blanks, and again from each of them, would be minutes.
  assert.ok(process.cpuUsage().user - before < 3_000_000);
  assert.equal(exchange.clientAddress, '8.8.8.8');
  assert.match(fields.get('X-Forwarded-For') ?? '', /^a {8000}b, .* {8000}b$/);
});

// mod_remoteip's directives as they are compiled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectsProxyProtocol } from '../../../src/site/access/proxy-protocol.ts';
import { load, main, site, told } from './support.ts';

// RemoteIPInternalProxyList, RemoteIPTrustedProxyList
test('lists of proxies come from files, remarks left out', () => {
  const files = { '/srv/in': '# ours\n10.0.0.0/8 192.168.1.1 # and\n\n', '/srv/out': '203.0.113.0/24\n2001:db8::/32' };
  const text = 'RemoteIPHeader X-F\nRemoteIPInternalProxyList in\nRemoteIPTrustedProxyList /srv/out';
  assert.deepEqual(
    site(text, files).mainHost.remoteIp?.proxies.map(({ range, isInternal }) => `${range.text} ${isInternal}`),
    ['10.0.0.0/8 true', '192.168.1.1 true', '203.0.113.0/24 false', '2001:db8::/32 false'],
  );
  assert.deepEqual(told(load('RemoteIPInternalProxyList missing')), ['error file-missing 1']);
});

test('a host takes from the main server what it does not say itself', () => {
  const text = `RemoteIPHeader X-A\nRemoteIPInternalProxy 10
<VirtualHost *:18000>\nServerName a\nRemoteIPProxiesHeader X-By\n</VirtualHost>
<VirtualHost *:18000>\nServerName b\nRemoteIPHeader X-B\nRemoteIPTrustedProxy 11 12\n</VirtualHost>`;
  const facts = site(text).hosts.map(
    ({ remoteIp }) =>
      `${remoteIp?.header} ${remoteIp?.proxiesHeader} ${remoteIp?.proxies.map(({ range }) => range.text)}`,
  );
  assert.deepEqual(facts, ['X-A X-By 10', 'X-B undefined 11,12']);
  assert.equal(main('RemoteIPInternalProxy 10').remoteIp, undefined);
});

for (const [text, expected] of [
  ['RemoteIPHeader "X F"', 'error bad-value 1'],
  ['RemoteIPInternalProxy 10.0.0.0/99', 'error bad-value 1'],
  ['RemoteIPTrustedProxy proxy.example.test', 'error restriction-not-honoured 1'],
  ['RemoteIPProxyProtocol maybe', 'error bad-value 1'],
  ['RemoteIPProxyProtocolExceptions here', 'error bad-value 1'],
  ['<Location /x>\nRemoteIPHeader X\n</Location>', 'error not-here 2'],
] as const)
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.deepEqual(told(load(text)), [expected]);
  });

function expects(text: string, remote: string, localPort = 18000, local = '127.0.0.1'): boolean {
  const { proxyProtocol } = site(text).server;
  return proxyProtocol !== undefined && expectsProxyProtocol(proxyProtocol, remote, local, localPort);
}

// RemoteIPProxyProtocol, RemoteIPProxyProtocolExceptions
test('connections begin with the PROXY protocol where it is on and the peer is no exception', () => {
  assert.equal(expects('', '10.0.0.1'), false);
  assert.equal(expects('RemoteIPProxyProtocol On', '10.0.0.1'), true);
  assert.equal(expects('RemoteIPProxyProtocol On\nRemoteIPProxyProtocol Off', '10.0.0.1'), false);
  const except = 'RemoteIPProxyProtocol On\nRemoteIPProxyProtocolExceptions 10.0.0.0/24 ::1';
  assert.deepEqual(
    ['10.0.0.1', '::1', '10.0.1.1'].map((peer) => expects(except, peer)),
    [false, false, true],
  );
});

test('a host speaks of its own addresses, and Off holds against On', () => {
  const host = (port: number, value: string) =>
    `<VirtualHost *:${port}>\nServerName h${port}\nRemoteIPProxyProtocol ${value}\n</VirtualHost>\n`;
  assert.equal(expects(host(18000, 'On'), '10.0.0.1'), true);
  assert.equal(expects(host(18000, 'On'), '10.0.0.1', 18001), false);
  assert.equal(expects(`RemoteIPProxyProtocol On\n${host(18000, 'Off')}`, '10.0.0.1'), false);
  assert.equal(expects(`RemoteIPProxyProtocol Off\n${host(18000, 'On')}`, '10.0.0.1'), false);
  assert.equal(expects(`RemoteIPProxyProtocol On\n${host(18000, 'Off')}`, '10.0.0.1', 18001), true);
});

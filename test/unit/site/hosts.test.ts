// Addresses and names: Listen, VirtualHost, ServerName, ServerAlias, and the choice among hosts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostChooser, hostName } from '../../../src/site/host.ts';
import type { Snapshot } from '../../../src/site/model.ts';
import { load, site, told } from './support.ts';

for (const [text, address, port, protocol] of [
  ['Listen 8080', undefined, 8080, 'http'],
  ['Listen *:8080', undefined, 8080, 'http'],
  ['Listen 10.0.0.1:8080', '10.0.0.1', 8080, 'http'],
  ['Listen [::1]:8080', '::1', 8080, 'http'],
  ['Listen 443', undefined, 443, 'https'],
  ['Listen 8443 HTTPS', undefined, 8443, 'https'],
  ['Listen named.host:81', '10.9.8.7', 81, 'http'],
  ['Listen localhost:81', '127.0.0.1', 81, 'http'],
] as const)
  test(`${text} is understood`, () => {
    const { listens } = site(text);
    assert.deepEqual({ ...listens[1], place: 0 }, { address, port, protocol, place: 0 });
    assert.deepEqual(listens[1].place, { file: '/srv/httpd.conf', line: 4 });
  });

for (const [text, code] of [
  ['Listen x', 'bad-value'],
  ['Listen 0', 'bad-value'],
  ['Listen 65536', 'bad-value'],
  ['Listen 127.0.0.1', 'bad-value'],
  ['Listen', 'argument-count'],
  ['Listen 80 http x', 'argument-count'],
  ['Listen 127.0.0.1:18000', 'listen-again'],
  ['ServerName a:b', 'bad-value'],
  ['ServerName a:99999', 'bad-value'],
  ['ServerName a b', 'argument-count'],
  ['<VirtualHost>\n</VirtualHost>', 'argument-count'],
  ['<VirtualHost *:0>\n</VirtualHost>', 'bad-value'],
  ['<VirtualHost *:99999>\n</VirtualHost>', 'bad-value'],
] as const)
  test(`${JSON.stringify(text)} is refused as ${code}`, () => {
    assert.deepEqual(told(load(text)), [`error ${code} 1`]);
  });

test('a name that is nowhere is left to the system for listening and matches nothing for a host', () => {
  assert.equal(site('Listen no.where:81').listens[1].address, 'no.where');
  const loaded = load('<VirtualHost no.where:18000>\n</VirtualHost>');
  assert.deepEqual(told(loaded), ['warning unresolved-name 1']);
  assert.deepEqual(loaded.snapshot?.hosts[0].addresses, []);
});

test('a port that is no number matches nothing, as in httpd', () => {
  const loaded = load('<VirtualHost *:x>\n</VirtualHost>');
  assert.deepEqual(told(loaded), ['warning unresolved-name 1']);
  assert.deepEqual(loaded.snapshot?.hosts[0].addresses, []);
});

test('ServerName may bring scheme and port', () => {
  const { mainHost } = site('ServerName HTTPS://Www.Example.Org:8443');
  assert.deepEqual(
    [mainHost.serverName, mainHost.serverPort, mainHost.serverScheme],
    ['www.example.org', 8443, 'https'],
  );
});

const names =
  '<VirtualHost *:18000>\nServerName one.test\nServerAlias uno.test *.one.test\n</VirtualHost>\n<VirtualHost *:18000>\nServerName two.test\nServerAlias t?o.test\n</VirtualHost>';

function chosen(snapshot: Snapshot, name: string | undefined, address = '127.0.0.1', port = 18_000): string {
  return new HostChooser(snapshot).choose(address, port, name).id;
}

for (const [name, expected] of [
  ['two.test', 'two.test:18000'],
  ['TWO.test:9', 'two.test:18000'],
  ['two.test.', 'two.test:18000'],
  ['tXo.test', 'two.test:18000'],
  ['uno.test', 'one.test:18000'],
  ['a.one.test', 'one.test:18000'],
  ['a.two.test', 'one.test:18000'],
  ['unknown', 'one.test:18000'],
  ['', 'one.test:18000'],
  [undefined, 'one.test:18000'],
  ['[::1]:80', 'one.test:18000'],
] as const)
  test(`a request for ${name} goes to ${expected}`, () => {
    assert.equal(chosen(site(names), name), expected);
  });

test('the most exact address decides before any name', () => {
  const host = (address: string, name: string) => `<VirtualHost ${address}>\nServerName ${name}\n</VirtualHost>`;
  const snapshot = site(
    [
      host('*', 'any'),
      host('*:81', 'port'),
      host('10.0.0.1', 'ip'),
      host('10.0.0.1:81', 'both'),
      host('[::1]:81', 'six'),
      host('_default_:82', 'default'),
    ].join('\n'),
  );
  assert.equal(chosen(snapshot, 'any', '10.0.0.1', 81), 'both:81');
  assert.equal(chosen(snapshot, 'any', '10.0.0.1', 82), 'ip:*');
  assert.equal(chosen(snapshot, 'any', '10.0.0.2', 81), 'port:81');
  assert.equal(chosen(snapshot, 'any', '10.0.0.2', 82), 'default:82');
  assert.equal(chosen(snapshot, 'x', '10.0.0.2', 83), 'any:*');
  assert.equal(chosen(snapshot, 'x', '0:0:0:0:0:0:0:1', 81), 'six:81');
  assert.equal(chosen(snapshot, 'any', '::ffff:10.0.0.1', 81), 'both:81');
});

test('where no virtual host is, the main server answers', () => {
  assert.equal(chosen(site(names), 'one.test', '127.0.0.1', 81), 'main');
  assert.equal(chosen(site(''), 'x'), 'main');
});

test('a host without a name of its own is called like the main server but not chosen by that name', () => {
  const snapshot = site(`${names}\n<VirtualHost *:18000>\n</VirtualHost>`);
  assert.equal(snapshot.hosts[2].serverName, 'www.example.test');
  assert.equal(chosen(snapshot, 'www.example.test'), 'one.test:18000');
});

test('hosts called the same have ids of their own', () => {
  const snapshot = site(
    '<VirtualHost *:18000>\nServerName a\n</VirtualHost>\n<VirtualHost *:18000>\nServerName a\n</VirtualHost>',
  );
  assert.deepEqual(
    snapshot.hosts.map((host) => host.id),
    ['a:18000', 'a:18000#2'],
  );
});

test('a name in a Host header', () => {
  assert.equal(hostName('A.b:80'), 'a.b');
  assert.equal(hostName('[::1]:80'), '::1');
  assert.equal(hostName('a.'), 'a');
  assert.equal(hostName(''), '');
});

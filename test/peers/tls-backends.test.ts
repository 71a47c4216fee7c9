// TLS towards backends beside the real httpd: the same configuration and certificates for both, and the same answers and
// requests to backends.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { get, TLS_FILES } from '../support/tls.ts';
import { endProperly, TlsBackends } from '../support/tls-backends.ts';
import { askPlain, LOADS } from '../support/tls-side-by-side.ts';

const options = needs('httpd');

describe('TLS to backends beside httpd', options, () => {
  /** Statuses and what the backends saw, for these lines and paths. */
  async function ask(lines: string, paths: readonly (string | [path: string, host: string])[], kind: FrontKind) {
    await using backends = new TlsBackends();
    const by = {
      ok: await backends.secure('www'),
      app: await backends.secure('app'),
      expired: await backends.secure('expired'),
      wants: await backends.secure('www', { requestCert: true, rejectUnauthorized: true }),
      old: await backends.secure('www', { maxVersion: 'TLSv1.2' }),
      plain: await backends.plain(),
      silent: await backends.silent(),
      closes: await backends.secure('www', {}, endProperly),
    };
    const rules = Object.entries(by).map(([name, { port }]) => `ProxyPass /${name} https://localhost:${port}/`);
    const balancer = `<Proxy balancer://c>\nBalancerMember https://localhost:${by.plain.port} route=a\nBalancerMember https://localhost:${by.ok.port}\n</Proxy>\nProxyPass /c balancer://c/`;
    const conf = `${LOADS}ProxyTimeout 2\n${rules.join('\n')}\n${balancer}\n${lines.replaceAll('@ok', `localhost:${by.ok.port}`)}`;
    await using front = await Front.start(kind, { conf });
    const told: string[] = [];
    for (const each of paths) {
      const [path, host] = typeof each === 'string' ? [each, 'www.example.test'] : each;
      const text = await askPlain(front.port, get(path, host));
      told.push(
        `${path} ${text.slice(9, 12)} ${text.startsWith('HTTP/1.1 200') ? text.split('\r\n\r\n')[1].trim() : ''}`,
      );
    }
    const seen = Object.values(by).map((backend) => backend.seen.filter((line) => line !== 'resumed'));
    return { told: told.map((line) => line.replace(/ 0*(\d)\r\n(\w+)\r\n0$/, ' $2')), seen };
  }

  for (const [title, lines, paths] of [
    ['without SSLProxyEngine requests are 500', '', ['/ok/a', '/c/a', '/c/b']],
    [
      'by default names and dates count, and nobody needs to have signed',
      'SSLProxyEngine on',
      ['/ok/a', '/ok/b', '/app/a', '/expired/a', '/wants/a', '/old/a', '/plain/a', '/silent/a', '/closes/a'],
    ],
    [
      'a handshake that fails puts a member into error, and no other is asked',
      'SSLProxyEngine on',
      ['/c/1', '/c/2', '/c/3'],
    ],
    // SSLProxyVerify, SSLProxyCACertificateFile
    [
      'a chain must lead to somebody known where SSLProxyVerify says so',
      `SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyCACertificateFile ${TLS_FILES}/ca.pem`,
      ['/ok/a', '/app/a', '/expired/a'],
    ],
    ['and fails where nobody is known', 'SSLProxyEngine on\nSSLProxyVerify require', ['/ok/a']],
    [
      'strangers are forgiven with optional_no_ca alone',
      `SSLProxyEngine on\nSSLProxyVerify optional_no_ca\nSSLProxyCACertificateFile ${TLS_FILES}/stranger.pem`,
      ['/ok/a'],
    ],
    [
      'and not with optional',
      `SSLProxyEngine on\nSSLProxyVerify optional\nSSLProxyCACertificateFile ${TLS_FILES}/stranger.pem`,
      ['/ok/a'],
    ],
    // SSLProxyMachineCertificateFile
    [
      'backends that ask are shown our certificate',
      `SSLProxyEngine on\nSSLProxyMachineCertificateFile ${TLS_FILES}/machine.pem`,
      ['/wants/a', '/ok/a'],
    ],
    // SSLProxyCheckPeerName, SSLProxyCheckPeerCN, SSLProxyCheckPeerExpire
    ['SSLProxyCheckPeerName Off', 'SSLProxyEngine on\nSSLProxyCheckPeerName off', ['/app/a', '/expired/a']],
    ['SSLProxyCheckPeerCN Off', 'SSLProxyEngine on\nSSLProxyCheckPeerCN off', ['/app/a']],
    [
      'SSLProxyCheckPeerName On, SSLProxyCheckPeerCN Off',
      'SSLProxyEngine on\nSSLProxyCheckPeerCN off\nSSLProxyCheckPeerName on',
      ['/app/a'],
    ],
    [
      'SSLProxyCheckPeerName Off, SSLProxyCheckPeerCN On',
      'SSLProxyEngine on\nSSLProxyCheckPeerCN on\nSSLProxyCheckPeerName off',
      ['/app/a', '/ok/a'],
    ],
    [
      'SSLProxyCheckPeerExpire Off',
      'SSLProxyEngine on\nSSLProxyCheckPeerExpire off\nSSLProxyCheckPeerName off',
      ['/expired/a'],
    ],
    // ProxyPreserveHost
    [
      'with ProxyPreserveHost the name of the request is asked for',
      'SSLProxyEngine on\nProxyPreserveHost on',
      [
        ['/ok/a', 'www.example.test'],
        ['/ok/b', 'app.example.test'],
        ['/app/a', 'app.example.test:81'],
        ['/ok/c', 'localhost'],
      ],
    ],
    // SSLProxyProtocol, SSLProxyCipherSuite
    ['SSLProxyProtocol TLSv1.3', 'SSLProxyEngine on\nSSLProxyProtocol TLSv1.3', ['/ok/a', '/old/a']],
    [
      'SSLProxyCipherSuite',
      'SSLProxyEngine on\nSSLProxyProtocol TLSv1.2\nSSLProxyCipherSuite ECDHE-RSA-AES128-GCM-SHA256',
      ['/ok/a', '/old/a'],
    ],
    // SSLProxyEngine
    [
      'a Proxy section switches TLS on for what it matches',
      '<Proxy https://@ok/>\nSSLProxyEngine on\n</Proxy>',
      ['/ok/a', '/app/a'],
    ],
    ['also for a balancer', '<Proxy balancer://c>\nSSLProxyEngine on\n</Proxy>', ['/c/1', '/c/2', '/ok/a']],
  ] as [string, string, (string | [string, string])[]][])
    test(title, async () => {
      const ours = await ask(lines, paths, UNDER_TEST);
      const theirs = await ask(lines, paths, 'httpd');
      assert.deepEqual(ours.told, theirs.told);
      assert.deepEqual(withoutRefused(ours.seen), withoutRefused(theirs.seen));
    });
});

/** httpd connects before it finds that TLS is off, and Catflap resumes sessions: only requests and names are compared. */
function withoutRefused(seen: readonly string[][]): string[][] {
  return seen.map((lines) => lines.filter((line) => line.startsWith('GET') || line.startsWith('client')));
}

// TLS towards clients beside the real httpd: the same configuration, certificates and questions for both, and the same
// answers: which host and certificate, which status, what backends and logs are told.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FakeBackends } from '../support/fake-backends.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { freePort, until } from '../support/port.ts';
import { askTls, get, identity, TLS_FILES, type TlsAnswer } from '../support/tls.ts';
import { askPlain, compare, LOADS, pair, type Question, start } from '../support/tls-side-by-side.ts';

const options = needs('httpd');

const HOSTS = (port: number, policy = '') => `${policy}
<VirtualHost *:${port}>
ServerName www.example.test
SSLEngine on
${pair('www')}
${pair('www-ec')}
Header set X-Host www
</VirtualHost>
<VirtualHost *:${port}>
ServerName app.example.test
SSLEngine on
${pair('app')}
Header set X-Host app
</VirtualHost>
<VirtualHost *:${port}>
ServerName same.example.test
SSLEngine on
${pair('www')}
${pair('www-ec')}
Header set X-Host same
</VirtualHost>
<VirtualHost *:${port}>
ServerName plain.example.test
Header set X-Host plain
</VirtualHost>
<VirtualHost *:${port}>
ServerName wild.test
ServerAlias *.wild.test
SSLEngine on
SSLProtocol TLSv1.2
${pair('wild')}
Header set X-Host wild
</VirtualHost>`;

const NAMES = ['www', 'app', 'same', 'plain', 'nobody'].map((name) => `${name}.example.test`);
const CROSSINGS: Question[] = [undefined, ...NAMES, 'x.wild.test'].flatMap((sni) =>
  [undefined, ...NAMES, 'x.wild.test'].map((host) => ({
    title: `handshake for ${sni ?? 'nobody'}, request for ${host ?? 'nobody'}`,
    ...(sni === undefined ? {} : { sni }),
    text: host === undefined ? 'GET / HTTP/1.0\r\n\r\n' : get('/', host),
  })),
);

describe('TLS beside httpd', options, () => {
  // SSLEngine, SSLVHostSNIPolicy
  for (const policy of ['', 'SSLVHostSNIPolicy strict', 'SSLVHostSNIPolicy authonly', 'SSLVHostSNIPolicy insecure'])
    test(`the name of the handshake chooses host and certificate, that of the request only its like: ${policy || 'by default'}`, async () => {
      await compare((port) => HOSTS(port, policy), CROSSINGS);
    });

  // SSLProtocol, SSLCipherSuite, SSLCertificateFile
  test('versions, kinds of keys and protocols are agreed on alike', async () => {
    const sni = 'www.example.test';
    const text = get('/', sni);
    await compare(HOSTS, [
      { title: 'RSA', sni, text, tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } },
      { title: 'EC', sni, text, tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } },
      { title: 'ALPN', sni, text, tls: { ALPNProtocols: ['h2', 'http/1.1'] } },
      { title: '1.3 to a host of 1.2', sni: 'x.wild.test', text, tls: { minVersion: 'TLSv1.3' } },
      { title: '1.1', sni, text, tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } },
    ]);
  });

  test('plain HTTP on a port for TLS is 400, as a question for the first host', async () => {
    const statuses: (string | undefined)[] = [];
    for (const kind of ['httpd', UNDER_TEST] as FrontKind[]) {
      const port = await freePort();
      const log = `CustomLog @DIR@/access.log "%v %>s %{HTTPS}x"\n`;
      await using front = await start(kind, port, `${log}${HOSTS(port)}`);
      const text = await askPlain(port, get('/', 'app.example.test'));
      await until(() => read(front, 'access.log') !== '', 5000);
      statuses.push(text.slice(0, 24), read(front, 'access.log'));
    }
    assert.deepEqual(statuses.slice(2), statuses.slice(0, 2));
    assert.match(statuses[0] ?? '', /^HTTP\/1\.1 400/);
  });

  // SSLStrictSNIVHostCheck
  test('a client that names nobody is turned away from strict hosts', async () => {
    const conf = (port: number) => `SSLStrictSNIVHostCheck on\n${HOSTS(port)}`;
    await compare(conf, [
      { title: 'named', sni: 'www.example.test', text: get('/', 'www.example.test') },
      { title: 'not named', text: get('/', 'www.example.test') },
      { title: 'unknown', sni: 'x.test', text: get('/', 'www.example.test') },
    ]);
  });

  // SSLVerifyClient, SSLVerifyDepth, SSLCACertificateFile, SSLCARevocationCheck, SSLCARevocationFile
  for (const lines of [
    'SSLVerifyClient require',
    'SSLVerifyClient optional',
    'SSLVerifyClient optional_no_ca',
    'SSLVerifyClient require\nSSLVerifyDepth 2',
    'SSLVerifyClient require\nSSLVerifyDepth 0',
    `SSLVerifyClient require\nSSLCARevocationCheck chain\nSSLCARevocationFile ${TLS_FILES}/revoked.crl`,
  ])
    test(`clients come in alike: ${lines.replaceAll('\n', ', ').replace(TLS_FILES, '')}`, async () => {
      const conf = (port: number) => `<VirtualHost *:${port}>
ServerName www.example.test
SSLEngine on
${pair('www')}
SSLCACertificateFile ${TLS_FILES}/ca.pem
${lines}
Header set X-Verify "%{SSL_CLIENT_VERIFY}s"
</VirtualHost>`;
      const text = get('/', 'www.example.test');
      const questions = (['client', 'deep', 'stranger'] as const).flatMap((name) =>
        (['TLSv1.2', 'TLSv1.3'] as const).map((version) => ({
          title: `${name} ${version}`,
          text,
          tls: { ...identity(name), maxVersion: version, minVersion: version },
        })),
      );
      await compare(
        conf,
        [{ title: 'nobody', text }, ...questions],
        ({ status, text: answer }) => `${status ?? 'no answer'} ${/^X-Verify: (.*)\r$/m.exec(answer)?.[1] ?? ''}`,
      );
    });

  // SSLOptions
  test('variables of TLS in headers, logs and the environment are those of mod_ssl', async () => {
    const names =
      'HTTPS SSL_PROTOCOL SSL_CIPHER SSL_CIPHER_EXPORT SSL_CIPHER_USEKEYSIZE SSL_CIPHER_ALGKEYSIZE SSL_COMPRESS_METHOD ' +
      'SSL_SECURE_RENEG SSL_SESSION_RESUMED SSL_TLS_SNI SSL_CLIENT_VERIFY SSL_CLIENT_S_DN SSL_CLIENT_I_DN SSL_CLIENT_S_DN_CN ' +
      'SSL_CLIENT_S_DN_OU SSL_CLIENT_S_DN_Email SSL_CLIENT_S_DN_ST SSL_CLIENT_S_DN_T SSL_CLIENT_I_DN_O SSL_CLIENT_M_SERIAL ' +
      'SSL_CLIENT_M_VERSION SSL_CLIENT_V_START SSL_CLIENT_V_END SSL_CLIENT_A_KEY SSL_CLIENT_A_SIG SSL_CLIENT_SAN_Email_0 ' +
      'SSL_CLIENT_SAN_DNS_0 SSL_CLIENT_SAN_DNS_1 SSL_CLIENT_CERT SSL_CLIENT_CERT_CHAIN_0 SSL_CLIENT_CERT_CHAIN_1 ' +
      'SSL_CLIENT_CERT_RFC4523_CEA SSL_SERVER_S_DN SSL_SERVER_I_DN SSL_SERVER_S_DN_CN SSL_SERVER_SAN_DNS_1 SSL_SERVER_A_KEY ' +
      'SSL_SERVER_M_SERIAL SSL_NOPE';
    const headers = names
      .split(' ')
      .flatMap((name) => [`Header set X-S-${name} "%{${name}}s"`, `Header set X-E-${name} "%{${name}}e"`]);
    const conf = (port: number) => `<VirtualHost *:${port}>
ServerName www.example.test
SSLEngine on
${pair('www')}
SSLCACertificateFile ${TLS_FILES}/ca.pem
SSLVerifyClient optional
SSLOptions +StdEnvVars
<Location /local.txt>
SSLOptions +ExportCertData -StdEnvVars
</Location>
${headers.join('\n')}
</VirtualHost>`;
    const sni = 'www.example.test';
    const tls = { ...identity('client'), maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' } as const;
    await compare(
      conf,
      [
        { title: 'with a certificate', sni, text: get('/', sni), tls },
        { title: 'without', sni, text: get('/', sni), tls: { ...tls, cert: undefined, key: undefined } },
        { title: 'another place', sni, text: get('/local.txt', sni), tls },
        { title: 'without a name', text: get('/', sni), tls },
      ],
      ({ text }) =>
        [...text.matchAll(/^X-[SE]-.*$/gm)]
          .map(([line]) => line)
          .sort()
          .join('\n'),
    );
  });

  test('a Tomcat behind AJP is told of TLS as by mod_proxy_ajp', async () => {
    await using backends = await FakeBackends.start();
    const conf = (port: number) => `<VirtualHost *:${port}>
ServerName www.example.test
SSLEngine on
${pair('www')}
SSLCACertificateFile ${TLS_FILES}/ca.pem
SSLVerifyClient optional
ProxyPass / ajp://127.0.0.1:${backends.ports.ajp.a}/
Redirect /away /there
</VirtualHost>`;
    const facts = ({ text }: TlsAnswer): string => {
      const seen = JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? '{}') as {
        is_ssl: number;
        attributes: [string, unknown][];
      };
      const kept = seen.attributes.filter(([name]) => !/REMOTE_PORT/.test(name));
      return JSON.stringify([
        seen.is_ssl,
        kept.map(([name, value]) =>
          name === 'ssl_session' ? [name, /^[0-9a-f]{64}$/.test(String(value))] : [name, value],
        ),
      ]);
    };
    const text = get('/x', 'www.example.test');
    const old = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const;
    await compare(
      conf,
      [
        { title: 'TLS 1.2', text, tls: old },
        { title: 'TLS 1.3', text },
        { title: 'a client with a certificate', text, tls: { ...old, ...identity('client') } },
      ],
      facts,
    );
    await compare(conf, [{ title: 'a redirect', text: get('/away', 'www.example.test') }], ({ text: answer }) =>
      String(/^Location: .*$/m.exec(answer)?.[0]),
    );
  });

  // SSLRequireSSL
  test('places that want TLS are 403 without', async () => {
    const statuses: string[] = [];
    for (const kind of ['httpd', UNDER_TEST] as FrontKind[]) {
      await using front = await Front.start(kind, {
        conf: `${LOADS}<Location /local.txt>\nSSLRequireSSL\n</Location>`,
      });
      for (const path of ['/', '/local.txt']) statuses.push((await askPlain(front.port, get(path, 'h'))).slice(0, 12));
    }
    assert.deepEqual(statuses, ['HTTP/1.1 200', 'HTTP/1.1 403', 'HTTP/1.1 200', 'HTTP/1.1 403']);
  });

  // Require
  test('Require ssl and ssl-verify-client ask for TLS and for a good certificate', async () => {
    const conf = (port: number) => `<VirtualHost *:${port}>
ServerName www.example.test
SSLEngine on
${pair('www')}
SSLCACertificateFile ${TLS_FILES}/ca.pem
SSLVerifyClient optional
<Location /local.txt>
Require ssl-verify-client
</Location>
<Location /index.html>
Require ssl
</Location>
</VirtualHost>`;
    const questions = ['/local.txt', '/index.html'].flatMap((path) => {
      const text = get(path, 'www.example.test');
      return [
        { title: path, text },
        { title: `${path} with a certificate`, text, tls: identity('client') },
      ];
    });
    await compare(conf, questions);
  });

  // SSLPassPhraseDialog
  test('an encrypted key opens with what a program says, which is told host and key', async () => {
    const words: string[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'passphrase-'));
    const program = join(folder, 'tell');
    writeFileSync(program, `#!/bin/sh\necho "$@" > ${folder}/asked\necho catflap\n`, { mode: 0o755 });
    for (const kind of ['httpd', UNDER_TEST] as FrontKind[]) {
      const port = await freePort();
      const conf = `SSLPassPhraseDialog exec:${program}\n<VirtualHost *:${port}>\nServerName www.example.test\nSSLEngine on\nSSLCertificateFile ${TLS_FILES}/www.pem\nSSLCertificateKeyFile ${TLS_FILES}/encrypted.key\n</VirtualHost>`;
      await using _front = await start(kind, port, conf);
      const answer = await askTls(port, get('/', 'www.example.test'));
      words.push(`${answer.status} ${readFileSync(join(folder, 'asked'), 'latin1')}`);
    }
    rmSync(folder, { recursive: true });
    assert.equal(words[1], words[0]);
    assert.match(words[0], /^200 /);
  });
});

function read(front: Front, file: string): string {
  try {
    return readFileSync(join(front.dir, file), 'latin1');
  } catch {
    return '';
  }
}

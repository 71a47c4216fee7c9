// TLS in a configuration: what is compiled, what is inherited, and which certificates and keys are refused with the line
// that names them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskFiles, type FileReader } from '../../../src/config/files.ts';
import { loadSite } from '../../../src/site/load.ts';
import { hasTlsOption } from '../../../src/site/settings.ts';
import { tlsText } from '../../support/tls.ts';
import { load, onlyMessage, settingsAt, site, told } from './support.ts';

const FILES = Object.fromEntries(
  (
    'www.pem www.key www-ec.pem www-ec.key app.pem app.key combined.pem chained.pem chained.key intermediate.pem ' +
    'expired.pem expired.key encrypted.key ca.pem revoked.crl machine.pem'
  )
    .split(' ')
    .map((name) => [`/srv/${name}`, tlsText(name)]),
);
const files = { ...FILES, '/srv/ca/one.pem': tlsText('ca.pem'), '/srv/pass': '', '/srv/ticket': 'x'.repeat(48) };
const PAIR = 'SSLCertificateFile www.pem\nSSLCertificateKeyFile www.key';

/** A virtual host with TLS; its lines begin at 4 of the text. */
const host = (lines: string, name = 'www.example.test', port = 18000) =>
  `<VirtualHost *:${port}>\nServerName ${name}\nSSLEngine On\n${lines}\n</VirtualHost>`;
const tlsOf = (text: string) => site(text, files).hosts[0].tls;

// SSLEngine, SSLCertificateFile, SSLCertificateKeyFile, SSLCertificateChainFile, SSLProtocol, SSLCipherSuite,
// SSLHonorCipherOrder, SSLSessionTickets, SSLSessionTicketKeyFile
test('a host has what its lines say', () => {
  const tls = tlsOf(
    host(
      `${PAIR}\nSSLCertificateFile www-ec.pem\nSSLCertificateKeyFile www-ec.key\nSSLCertificateChainFile intermediate.pem\n` +
        'SSLProtocol all -SSLv3 -TLSv1.2\nSSLCipherSuite HIGH:!aNULL\nSSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256\n' +
        'SSLHonorCipherOrder On\nSSLSessionTickets Off\nSSLSessionTicketKeyFile ticket',
    ),
  );
  assert.deepEqual(
    [tls?.certificates, tls?.keys].map((list) => list?.map(({ path }) => path)),
    [
      ['/srv/www.pem', '/srv/www-ec.pem'],
      ['/srv/www.key', '/srv/www-ec.key'],
    ],
  );
  assert.equal(tls?.certificates[1].place.line, 9);
  assert.equal(tls?.chain?.path, '/srv/intermediate.pem');
  assert.deepEqual(tls?.protocols, ['TLSv1.3']);
  assert.deepEqual(tls?.ciphers, { upTo12: 'HIGH:!aNULL', for13: 'TLS_AES_128_GCM_SHA256' });
  assert.deepEqual([tls?.honorCipherOrder, tls?.sessionTickets], [true, false]);
  assert.equal(tls?.ticketKey?.path, '/srv/ticket');
});

test('where nothing is said both versions are spoken, nobody is asked for a certificate, and tickets are given', () => {
  const tls = tlsOf(host(PAIR));
  assert.deepEqual(tls?.protocols, ['TLSv1.2', 'TLSv1.3']);
  assert.deepEqual(tls?.ciphers, { upTo12: undefined, for13: undefined });
  assert.deepEqual(
    [tls?.verifyClient, tls?.verifyDepth, tls?.sessionTickets, tls?.honorCipherOrder],
    ['none', 1, true, false],
  );
  assert.equal(site('', files).mainHost.tls, undefined);
});

test('a host without certificates of its own has those of the main server, and its own take their place', () => {
  const text = `SSLEngine On\n${PAIR}\n<VirtualHost *:18000>\nServerName www.example.test\n</VirtualHost>\n${host('SSLCertificateFile combined.pem', 'www.example.test', 18001)}`;
  const { mainHost, hosts } = site(text, files);
  assert.equal(mainHost.tls?.certificates.length, 1);
  assert.equal(hosts[0].tls?.certificates[0].path, '/srv/www.pem');
  assert.deepEqual(
    hosts[1].tls?.certificates.map(({ path }) => path),
    ['/srv/combined.pem'],
  );
});

test('an address that is listened to with https needs no SSLEngine where there is a certificate', () => {
  const one = (listen: string) =>
    site(`${listen}\n<VirtualHost *:18443>\nServerName www.example.test\n${PAIR}\n</VirtualHost>`, files).hosts[0].tls;
  assert.ok(one('Listen 18443 https'));
  assert.equal(one('Listen 18443'), undefined);
});

// --- SSLProtocol, SSLCipherSuite ----------------------------------------------------------------------------------

for (const [text, versions] of [
  ['all', ['TLSv1.2', 'TLSv1.3']],
  ['TLSv1.2', ['TLSv1.2']],
  ['-all +TLSv1.3', ['TLSv1.3']],
  ['all -TLSv1 -TLSv1.1 -TLSv1.3', ['TLSv1.2']],
  ['+TLSv1.2 +TLSv1.3', ['TLSv1.2', 'TLSv1.3']],
] as const)
  test(`SSLProtocol ${text} is ${versions.join(' and ')}`, () => {
    assert.deepEqual([...(tlsOf(host(`SSLProtocol ${text}\n${PAIR}`))?.protocols ?? [])].sort(), versions);
  });

test('a version without a sign takes the place of what stands before it, and is told', () => {
  const loaded = load(host(`SSLProtocol TLSv1.3 TLSv1.2\n${PAIR}`), files);
  assert.deepEqual(loaded.snapshot?.hosts[0].tls?.protocols, ['TLSv1.2']);
  assert.deepEqual(told(loaded), ['warning bad-value 4']);
});

for (const [text, code] of [
  ['SSLProtocol SSLv3', 'bad-value'],
  ['SSLProtocol Foo', 'bad-value'],
  ['SSLCipherSuite NOPE', 'bad-value'],
  ['SSLCipherSuite TLSv1.3 TLS_NOPE', 'bad-value'],
  ['SSLCipherSuite DTLS HIGH', 'bad-value'],
  ['SSLPassPhraseDialog nope', 'bad-value'],
  ['SSLPassPhraseDialog exec:/srv/nobody', 'file-missing'],
  ['SSLOptions +Nope', 'bad-value'],
  ['SSLVHostSNIPolicy maybe', 'bad-value'],
  ['SSLVerifyDepth -1', 'bad-value'],
  ['SSLSessionTicketKeyFile none', 'file-missing'],
] as const)
  test(`${text} is refused`, () => {
    const errors = load(text, files).findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map((one) => one.code),
      [code],
    );
  });

// --- files ----------------------------------------------------------------------------------------------------------

for (const [what, lines, found, message] of [
  ['no certificate', '', 'error certificate-missing 3', /no SSLCertificateFile/],
  ['a file that is not there', 'SSLCertificateFile none.pem', 'error file-missing 4', /none\.pem/],
  [
    'a key of another certificate',
    'SSLCertificateFile www.pem\nSSLCertificateKeyFile app.key',
    'error key-mismatch 5',
    /app\.key.*www\.pem/,
  ],
  ['a certificate without a key', 'SSLCertificateFile www.pem', 'error key-missing 4', /SSLCertificateKeyFile/],
  ['a key where the certificate belongs', 'SSLCertificateFile www.key', 'error certificate-unreadable 4', /PEM/],
  [
    'a key that needs a passphrase',
    'SSLCertificateFile www.pem\nSSLCertificateKeyFile encrypted.key',
    'error key-encrypted 5',
    /exec:.*openssl pkey/,
  ],
  ['a chain that is none', `${PAIR}\nSSLCertificateChainFile ticket`, 'error certificate-unreadable 6', /ticket/],
  ['a ticket key of a wrong size', `${PAIR}\nSSLSessionTicketKeyFile www.key`, 'error ticket-key 6', /openssl rand 48/],
  ['authorities that are none', `${PAIR}\nSSLCACertificateFile www.key`, 'error certificate-unreadable 6', /www\.key/],
  [
    'an expired certificate',
    'SSLCertificateFile expired.pem\nSSLCertificateKeyFile expired.key',
    'warning certificate-expired 4',
    /Feb {2}1 .*2020/,
  ],
] as const)
  test(`${what} is told at its line`, () => {
    const loaded = load(host(lines), files, { now: Date.UTC(2027, 0) });
    assert.deepEqual(told(loaded), [found]);
    assert.match(onlyMessage(loaded), message);
  });

test('a certificate that is not valid yet is a warning, one for another name a note', () => {
  assert.deepEqual(told(load(host(PAIR), files, { now: 0 })), ['warning certificate-not-yet-valid 4']);
  assert.deepEqual(told(load(host(PAIR, 'other.test'), files)), ['note certificate-other-name 4']);
});

test('a file may hold certificate, chain and key', () => {
  assert.deepEqual(told(load(host('SSLCertificateFile combined.pem'), files)), []);
});

// SSLPassPhraseDialog
test('a program for passphrases makes an encrypted key good enough, without being run', () => {
  const text = `SSLPassPhraseDialog exec:/srv/pass\n${host('SSLCertificateFile www.pem\nSSLCertificateKeyFile encrypted.key')}`;
  const loaded = load(text, files);
  assert.deepEqual(told(loaded), []);
  assert.equal(loaded.snapshot?.server.passPhraseProgram?.path, '/srv/pass');
  assert.deepEqual(told(load(`SSLPassPhraseDialog builtin\n${host(PAIR)}`, files)), []);
});

test('a key that this user may not read is a warning: another user may have read it before', () => {
  const forbidden: FileReader = {
    ...diskFiles,
    kind: (path) => (path.endsWith('.conf') || path.endsWith('.key') || path.endsWith('.pem') ? 'file' : 'directory'),
    read(path) {
      if (path.endsWith('.key')) throw Object.assign(new Error('no'), { code: 'EACCES' });
      return Buffer.from(
        path.endsWith('.pem') ? tlsText('www.pem') : `Listen 443\n${host(PAIR, 'www.example.test', 443)}`,
      );
    },
    list: () => [],
  };
  const loaded = loadSite({ file: '/srv/httpd.conf', files: forbidden, environment: {} });
  assert.deepEqual(
    loaded.findings.filter(({ code }) => code !== 'file-missing').map(({ code, severity }) => `${severity} ${code}`),
    ['warning file-forbidden'],
  );
  assert.ok(loaded.snapshot);
});

// --- certificates of clients --------------------------------------------------------------------------------------

// SSLVerifyClient, SSLVerifyDepth, SSLCACertificateFile, SSLCACertificatePath, SSLCARevocationCheck,
// SSLCARevocationFile, SSLCARevocationPath
test('clients are asked as the host says', () => {
  const lines = 'SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCACertificateFile ca.pem\nSSLCACertificatePath ca';
  const lists = 'SSLCARevocationFile revoked.crl\nSSLCARevocationPath ca';
  const tls = tlsOf(host(`${PAIR}\n${lines}\nSSLCARevocationCheck chain\n${lists}`));
  assert.deepEqual([tls?.verifyClient, tls?.verifyDepth], ['require', 3]);
  assert.deepEqual(
    tls?.authorities.map(({ path, kind }) => `${kind} ${path}`),
    ['file /srv/ca.pem', 'directory /srv/ca'],
  );
  assert.equal(tls?.revocationLists.length, 2);
  assert.deepEqual(
    tlsOf(host(`${PAIR}\nSSLCARevocationFile revoked.crl`))?.revocationLists,
    [],
    'nobody looks them up',
  );
  assert.equal(
    tlsOf(host(`${PAIR}\nSSLVerifyClient optional_no_ca\nSSLCACertificateFile ca.pem`))?.verifyClient,
    'optional-no-ca',
  );
});

test('clients that are asked where no authority is known are told of', () => {
  assert.deepEqual(told(load(host(`${PAIR}\nSSLVerifyClient require`), files)), ['warning no-authorities 1']);
});

test('a section that asks for more than its host stops the start, one that asks for as much does not', () => {
  const section = (outer: string, inner: string) =>
    told(
      load(
        host(
          `${PAIR}\nSSLCACertificateFile ca.pem\nSSLVerifyClient ${outer}\n<Location /a>\nSSLVerifyClient ${inner}\n</Location>`,
        ),
        files,
      ),
    );
  assert.deepEqual(section('none', 'require'), ['error restriction-not-honoured 9']);
  assert.deepEqual(section('optional', 'require'), ['error restriction-not-honoured 9']);
  assert.deepEqual(section('require', 'require'), []);
  assert.deepEqual(section('require', 'none'), []);
  assert.deepEqual(told(load('<Location /a>\nSSLVerifyClient require\n</Location>', files)), [], 'no TLS, no question');
});

for (const line of ['SSLCipherSuite HIGH', 'SSLVerifyDepth 2', 'SSLCACertificateFile ca.pem'])
  test(`${line} in a section stops the start`, () => {
    assert.deepEqual(told(load(`<Location /a>\n${line}\n</Location>`, files)), ['error restriction-not-honoured 2']);
  });

// --- hosts and requests ---------------------------------------------------------------------------------------------

// SSLVHostSNIPolicy, SSLStrictSNIVHostCheck
test('policies about names are those of the server and the host', () => {
  const snapshot = site(`SSLVHostSNIPolicy authonly\n${host(`${PAIR}\nSSLStrictSNIVHostCheck on`)}`, files);
  assert.equal(snapshot.server.sniPolicy, 'authonly');
  assert.deepEqual([snapshot.mainHost.strictSni, snapshot.hosts[0].strictSni], [false, true]);
  assert.equal(site('', files).server.sniPolicy, 'secure');
});

// SSLRequireSSL, SSLUserName, SSLOptions
test('sections want TLS, name the user by it, and give its facts to requests', () => {
  const { mainHost } = site(
    'SSLOptions +StdEnvVars\n<Location /a>\nSSLRequireSSL\nSSLUserName SSL_CLIENT_S_DN_CN\nSSLOptions +ExportCertData -StdEnvVars +StrictRequire\n</Location>\n<Location /b>\nSSLOptions StdEnvVars\n</Location>',
  );
  const [outer, a, b] = ['/', '/a', '/b'].map((path) => settingsAt(mainHost, path));
  assert.deepEqual([outer.requiresTls, a.requiresTls, a.tlsUser], [undefined, true, 'SSL_CLIENT_S_DN_CN']);
  const options = (at: typeof a) => [hasTlsOption(at, 'StdEnvVars'), hasTlsOption(at, 'ExportCertData')];
  assert.deepEqual([outer, a, b].map(options), [
    [true, false],
    [false, true],
    [true, false],
  ]);
});

test('an address whose first host has no TLS is told with the host that has', () => {
  const plain = '<VirtualHost *:18000>\nServerName plain.test\n</VirtualHost>';
  const mixed = load(`${plain}\n${host(PAIR)}`, files);
  assert.deepEqual(told(mixed), ['warning tls-mixed 4']);
  assert.deepEqual(told(load(`${host(PAIR)}\n${plain}`, files)), []);
});

test('a port for https without any certificate is told', () => {
  const loaded = load('LoadModule ssl_module m\nListen 443');
  assert.deepEqual(told(loaded), ['warning tls-missing 2']);
  assert.match(onlyMessage(loaded), /"Listen 443 http"/);
});

// RequestReadTimeout
test('handshakes have a limit of their own', () => {
  const { handshake } = site('RequestReadTimeout handshake=5').mainHost.requestReadTimeout;
  assert.equal(handshake?.initialMs, 5000);
  assert.equal(site('RequestReadTimeout handshake=0').mainHost.requestReadTimeout.handshake, undefined);
});

// --- towards backends -----------------------------------------------------------------------------------------------

// SSLProxyEngine, SSLProxyVerify, SSLProxyVerifyDepth, SSLProxyCheckPeerName, SSLProxyCheckPeerCN,
// SSLProxyCheckPeerExpire, SSLProxyCACertificateFile, SSLProxyCACertificatePath, SSLProxyCARevocationCheck,
// SSLProxyCARevocationFile, SSLProxyCARevocationPath, SSLProxyMachineCertificateFile,
// SSLProxyMachineCertificateChainFile, SSLProxyProtocol, SSLProxyCipherSuite
test('TLS towards backends is set for a host and overruled in Proxy sections', () => {
  const { hosts } = site(
    'SSLProxyEngine On\nSSLProxyVerify require\n<VirtualHost *:18000>\nServerName www.example.test\n' +
      'SSLProxyVerifyDepth 2\nSSLProxyCheckPeerName Off\nSSLProxyCheckPeerCN Off\nSSLProxyCheckPeerExpire off\n' +
      'SSLProxyCACertificateFile ca.pem\nSSLProxyCACertificatePath ca\nSSLProxyCARevocationCheck chain\n' +
      'SSLProxyCARevocationFile revoked.crl\nSSLProxyCARevocationPath ca\nSSLProxyMachineCertificateFile machine.pem\n' +
      'SSLProxyMachineCertificateChainFile ca.pem\nSSLProxyProtocol TLSv1.3\nSSLProxyCipherSuite HIGH\n' +
      '<Proxy https://h/>\nSSLProxyVerify none\nSSLProxyCheckPeerName On\n</Proxy>\n</VirtualHost>',
    files,
  );
  const { upstreamTls } = hosts[0].defaults;
  assert.deepEqual(
    { ...upstreamTls, authorities: 0, revocationLists: 0, certificate: 0, certificateChain: 0 },
    {
      isEnabled: true,
      verify: 'require',
      verifyDepth: 2,
      checkPeerName: false,
      checkPeerCn: false,
      checkPeerExpire: false,
      authorities: 0,
      checksRevocation: true,
      revocationLists: 0,
      certificate: 0,
      certificateChain: 0,
      protocols: ['TLSv1.3'],
      ciphers: { upTo12: 'HIGH', for13: undefined },
    },
  );
  assert.equal(upstreamTls?.authorities?.length, 2);
  assert.equal(upstreamTls?.certificate?.path, '/srv/machine.pem');
  assert.deepEqual(hosts[0].sections.proxies[0].settings.upstreamTls, { verify: 'none', checkPeerName: true });
});

test('what is for backends stands in no other section, and its files are looked at', () => {
  assert.deepEqual(told(load('<Location /a>\nSSLProxyEngine On\n</Location>')), ['error not-here 2']);
  assert.deepEqual(told(load('SSLProxyMachineCertificateFile www.pem', files)), ['error key-missing 1']);
  assert.deepEqual(told(load('SSLProxyCACertificateFile www.key', files)), ['error certificate-unreadable 1']);
});

// What Tomcat is told about a request under mod_jk (modjk.md §3, §5.4).

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { MemberConfig } from '../../../src/balancer/config.ts';
import { JkRequest } from '../../../src/frontend/jk/jk-request.ts';
import { ProxyRequest } from '../../../src/frontend/upstream/proxy-request.ts';
import { Visit } from '../../../src/frontend/visit.ts';
import { Exchange, type TlsFacts } from '../../../src/listener/exchange.ts';
import { DEFAULT_JK_INDICATORS, DEFAULT_JK_OPTIONS, type JkHost } from '../../../src/site/jk/model-jk.ts';
import { readPath } from '../../../src/site/path.ts';
import { encodeForwardRequest, ForwardRequest } from '../../../src/wire/ajp/forward-request.ts';
import { type ForwardedRequest, readForwardRequest } from '../../support/ajp-peer.ts';

const FIELD_CODED_LENGTH = '#A008:content-length';
const TLS: TlsFacts = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  keySize: 256,
  sessionId: 'abcd',
  clientCertificate: 'PEM\n',
};
/** One object for all, as in the product: nothing of a request may be left in the next. */
const forward = new ForwardRequest();
const jkRequest = new JkRequest();
let exchange: Exchange;
let visit: Visit;
let jk: JkHost;
let member: MemberConfig;

beforeEach(() => make());

function make({ tls, ...settings }: { tls?: TlsFacts; [setting: string]: unknown } = {}): void {
  const facts = { remoteAddress: '192.0.2.7', remotePort: 4711, localAddress: '127.0.0.9', localPort: 8080, tls };
  exchange = new Exchange(facts, undefined as never);
  exchange.reset();
  exchange.request.method = 'GET';
  exchange.request.fields.add('Host', 'www.test:8443');
  visit = new Visit();
  visit.exchange = exchange;
  visit.clientName = 'www.test';
  visit.host = { host: { serverName: 'own.test', useCanonicalName: 'off', serverPort: undefined } } as never;
  visit.settings = settings as never;
  readPath('/app/x', { allowEncodedSlashes: 'off', mergeSlashes: true }, visit.forms);
  visit.goal.path = visit.forms.decoded;
  jk = {
    options: DEFAULT_JK_OPTIONS,
    envVars: [],
    extractsSsl: true,
    indicators: DEFAULT_JK_INDICATORS,
  } as unknown as JkHost;
  member = { url: 'ajp://be:8009', secret: '' } as MemberConfig;
}

/** As the container reads it. */
function told(more: { query?: string; route?: string; hidesLength?: boolean } = {}): ForwardedRequest {
  const request = new ProxyRequest();
  request.exchange = exchange;
  request.query = more.query;
  request.hidesLength = more.hidesLength === true;
  jkRequest.begin(visit, jk);
  jkRequest.route = more.route;
  jkRequest.fill(forward, request, member);
  const out = Buffer.alloc(8192);
  const end = encodeForwardRequest(forward, out, 0, 8192);
  assert.ok(end > 0);
  return readForwardRequest(out.subarray(4, end));
}

function attributes(seen: ForwardedRequest): string[] {
  return seen.attributes.map(([name, value]) => `${name.replace('req_attribute:', '')}=${value}`);
}

test('a request is told with the port of its Host, and without a body with a length of 0', () => {
  exchange.request.fields.add('Connection', 'close, X-Hop');
  exchange.request.fields.add('TE', 'trailers');
  const seen = told();
  assert.deepEqual([seen.server_name, seen.server_port, seen.is_ssl, seen.uri], ['www.test', 8443, 0, '/app/x']);
  assert.deepEqual([seen.remote_addr, seen.remote_host], ['192.0.2.7', null]);
  assert.deepEqual(seen.headers, [
    ['#A00B:host', 'www.test:8443'],
    ['#A006:connection', 'close, X-Hop'],
    ['TE', 'trailers'],
    [FIELD_CODED_LENGTH, '0'],
  ]);
  assert.deepEqual(attributes(seen), ['AJP_REMOTE_PORT=4711', 'AJP_LOCAL_ADDR=127.0.0.9', 'JK_LB_ACTIVATION=ACT']);
});

test('a request with a body, or one that tells its length, gets no length of ours', () => {
  exchange.request.bodyLength = 5;
  exchange.request.fields.add('Content-Length', '5');
  assert.deepEqual(told().headers.slice(1), [[FIELD_CODED_LENGTH, '5']]);
  make();
  exchange.request.bodyLength = 0;
  exchange.request.fields.add('Content-Length', '0');
  assert.deepEqual(told().headers.slice(1), [[FIELD_CODED_LENGTH, '0']]);
});

test('attributes stand in the order of mod_jk', () => {
  make({ tls: TLS, tlsOptions: { isAbsolute: true, add: ['StdEnvVars', 'ExportCertData'], remove: [] } });
  member = { ...member, secret: 's3' };
  exchange.request.method = 'PATCH';
  exchange.user = 'anna';
  exchange.authType = 'Basic';
  exchange.setEnv('FOO', 'bar');
  jk = { ...jk, envVars: [{ name: 'FOO', fallback: undefined }] };
  const seen = told({ query: 'q=1', route: 'r1' });
  assert.equal(seen.is_ssl, 1);
  assert.deepEqual(attributes(seen), [
    'secret=s3',
    'remote_user=anna',
    'auth_type=Basic',
    'query_string=q=1',
    'jvm_route=r1',
    'ssl_cert=PEM\n',
    'ssl_cipher=TLS_AES_256_GCM_SHA384',
    'ssl_session=abcd',
    'ssl_key_size=256',
    'stored_method=PATCH',
    'AJP_SSL_PROTOCOL=TLSv1.3',
    'AJP_REMOTE_PORT=4711',
    'AJP_LOCAL_ADDR=127.0.0.9',
    'JK_LB_ACTIVATION=ACT',
    'FOO=bar',
  ]);
});

test('without SSLOptions only TLS itself is told, and with JkExtractSSL Off not even that', () => {
  // JkExtractSSL
  make({ tls: TLS });
  const seen = told();
  assert.equal(seen.is_ssl, 1);
  assert.deepEqual(attributes(seen).slice(0, -3), []);
  jk = { ...jk, extractsSsl: false };
  assert.equal(told().is_ssl, 0);
});

// JkHTTPSIndicator, JkSSLPROTOCOLIndicator, JkCERTSIndicator, JkCIPHERIndicator, JkSESSIONIndicator, JkKEYSIZEIndicator,
// JkCERTCHAINPrefix
test('other variables can stand for those of TLS', () => {
  for (const [name, value] of Object.entries({
    X_ON: 'On',
    X_PROTOCOL: 'TLSv9',
    X_CERT: 'A\n',
    X_CIPHER: 'C',
    X_SESSION: 'S',
    X_SIZE: '99x',
    X_CHAIN_0: 'B\n',
    x_chain_1: 'C\n',
  }))
    exchange.setEnv(name, value);
  jk = {
    ...jk,
    options: { ...DEFAULT_JK_OPTIONS, forwardCertChain: true },
    indicators: {
      ...DEFAULT_JK_INDICATORS,
      https: 'X_ON',
      sslProtocol: 'X_PROTOCOL',
      cert: 'X_CERT',
      cipher: 'X_CIPHER',
      session: 'X_SESSION',
      keySize: 'X_SIZE',
      certChainPrefix: 'X_CHAIN_',
    },
  };
  const seen = told();
  assert.equal(seen.is_ssl, 1);
  assert.deepEqual(attributes(seen).slice(0, 5), [
    'ssl_cert=A\nB\nC\n',
    'ssl_cipher=C',
    'ssl_session=S',
    'ssl_key_size=99',
    'AJP_SSL_PROTOCOL=TLSv9',
  ]);
  // JkOptions ForwardKeySize, ForwardSSLCertChain
  jk = { ...jk, options: { ...DEFAULT_JK_OPTIONS, forwardKeySize: false } };
  assert.deepEqual(attributes(told()).slice(0, 3), ['ssl_cert=A\n', 'ssl_cipher=C', 'ssl_session=S']);
});

// JkRemoteAddrIndicator, JkRemotePortIndicator, JkRemoteHostIndicator, JkRemoteUserIndicator, JkAuthTypeIndicator,
// JkLocalNameIndicator, JkLocalAddrIndicator, JkLocalPortIndicator
test('variables stand for what is known of the client and of us', () => {
  exchange.user = 'anna';
  const values = {
    remoteAddr: '9.9.9.9',
    remotePort: '99',
    remoteHost: 'rhost',
    remoteUser: 'ruser',
    authType: 'Basic',
    localName: 'lname',
    localAddr: '8.8.8.8',
    localPort: '77',
  } as const;
  for (const [field, value] of Object.entries(values)) exchange.setEnv(`X_${field}`, value);
  const names = Object.fromEntries(Object.keys(values).map((field) => [field, `X_${field}`]));
  jk = { ...jk, indicators: { ...DEFAULT_JK_INDICATORS, ...names } };
  const seen = told();
  assert.deepEqual(
    [seen.remote_addr, seen.remote_host, seen.server_name, seen.server_port],
    ['9.9.9.9', 'rhost', 'lname', 77],
  );
  assert.deepEqual(attributes(seen), [
    'remote_user=ruser',
    'auth_type=Basic',
    'AJP_REMOTE_PORT=99',
    'AJP_LOCAL_ADDR=8.8.8.8',
    'JK_LB_ACTIVATION=ACT',
  ]);
});

// JkOptions ForwardLocalAddress, ForwardPhysicalAddress
test('the address can be that of the proxy before us, or our own', () => {
  exchange.clientAddress = '203.0.113.5';
  exchange.clientPort = 0;
  assert.equal(told().remote_addr, '203.0.113.5');
  jk = { ...jk, options: { ...DEFAULT_JK_OPTIONS, forwardPhysicalAddress: true } };
  assert.equal(told().remote_addr, '192.0.2.7');
  assert.equal(attributes(told())[0], 'AJP_REMOTE_PORT=4711');
  jk = { ...jk, options: { ...jk.options, forwardLocalAddress: true } };
  assert.equal(told().remote_addr, '127.0.0.9');
  assert.equal(attributes(told())[0], 'AJP_REMOTE_PORT=0');
});

// JkEnvVar
test('a variable becomes an attribute: one of httpd, one that a rule has set, its default; else nothing', () => {
  exchange.request.fields.add('X-Own', 'yes');
  exchange.request.fields.add('Authorization', 'secret');
  exchange.setEnv('FOO', 'bar');
  const names = ['HTTP_X_OWN', 'HTTP_AUTHORIZATION', 'FOO', 'NOPE', 'REMOTE_ADDR', 'SERVER_PORT'];
  jk = { ...jk, envVars: [...names.map((name) => ({ name, fallback: undefined })), { name: 'DEF', fallback: 'd' }] };
  assert.deepEqual(attributes(told()).slice(3), [
    'HTTP_X_OWN=yes',
    'FOO=bar',
    'REMOTE_ADDR=192.0.2.7',
    'SERVER_PORT=8443',
    'DEF=d',
  ]);
});

// JkEnvVar
test('no other spelling of a field stands for it, and Proxy stands for nothing', () => {
  for (const [name, value] of ['X_User evil', 'X.User evil', 'Proxy evil', 'Proxy-Authorization evil'].map((text) =>
    text.split(' '),
  ))
    exchange.request.fields.add(name, value);
  const names = ['HTTP_X_USER', 'HTTP_PROXY', 'HTTP_PROXY_AUTHORIZATION'];
  jk = { ...jk, envVars: names.map((name) => ({ name, fallback: '-' })) };
  assert.deepEqual(
    attributes(told()).slice(3),
    names.map((name) => `${name}=-`),
  );
  exchange.request.fields.add('x-uSER', 'anna');
  assert.equal(attributes(told())[3], 'HTTP_X_USER=anna');
});

// JK_IGNORE_CL
test('a length that is hidden is not among the fields: a container that knew it would wait for the first octets', () => {
  exchange.request.bodyLength = 5;
  exchange.request.fields.add('Content-Length', '5');
  jk = { ...jk, envVars: [{ name: 'CONTENT_LENGTH', fallback: '-' }] };
  for (const _ of ['first try', 'second try']) {
    const seen = told({ hidesLength: true });
    assert.deepEqual(seen.headers.slice(1), []);
    assert.deepEqual(attributes(seen).slice(3), ['CONTENT_LENGTH=5']);
  }
});

test('a member that sessions alone may use is told so, and one that a rule has stopped', () => {
  jkRequest.begin(visit, jk);
  for (const [activation, text] of [
    ['disabled', 'DIS'],
    ['stopped', 'STP'],
  ] as const) {
    jkRequest.activation = activation;
    const request = new ProxyRequest();
    request.exchange = exchange;
    jkRequest.fill(forward, request, member);
    assert.equal(forward.attribute('JK_LB_ACTIVATION'), text);
  }
});

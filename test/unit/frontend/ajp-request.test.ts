// What an AJP backend is told about a request (ajp13.md §6).

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { MemberConfig } from '../../../src/balancer/config.ts';
import { fillForwardRequest } from '../../../src/frontend/upstream/ajp-request.ts';
import { ProxyRequest } from '../../../src/frontend/upstream/proxy-request.ts';
import { type Downstream, Exchange, type TlsFacts } from '../../../src/listener/exchange.ts';
import { encodeForwardRequest, ForwardRequest } from '../../../src/wire/ajp/forward-request.ts';
import { type ForwardedRequest, readForwardRequest } from '../../support/ajp-peer.ts';

const nobody: Downstream = {
  sendInterim() {},
  sendHead() {},
  sendBody() {},
  sendEnd() {},
  flush() {},
  pauseBody() {},
  resumeBody() {},
  breakOff() {},
  switchProtocols: () => false,
};
/** One object for all, as in the product: nothing of a request may be left in the next. */
const forward = new ForwardRequest();
let exchange: Exchange;
let request: ProxyRequest;
let member: MemberConfig;

beforeEach(() => {
  make(undefined);
});

function make(tls: TlsFacts | undefined): void {
  const facts = { remoteAddress: '192.0.2.7', remotePort: 4711, localAddress: '127.0.0.9', localPort: 8080, tls };
  exchange = new Exchange(facts, nobody);
  exchange.reset();
  exchange.request.method = 'GET';
  request = new ProxyRequest();
  request.exchange = exchange;
  request.path = '/app/x;v=1';
  request.serverName = 'www.test';
  request.serverPort = 8080;
  member = { scheme: 'ajp', host: 'be', port: 8009, path: '', secret: '' } as MemberConfig;
}

/** As the container reads it. */
function told(): ForwardedRequest {
  fillForwardRequest(forward, request, member);
  const out = Buffer.alloc(8192);
  const end = encodeForwardRequest(forward, out, 0, 8192);
  assert.ok(end > 0);
  return readForwardRequest(out.subarray(4, end));
}

function attribute(seen: ForwardedRequest, name: string): unknown {
  return seen.attributes.find(([each]) => each === name)?.[1];
}

test('line, addresses and ports are those of the client and of where it reached us', () => {
  const seen = told();
  assert.equal(seen.method, 'GET');
  assert.equal(seen.protocol, 'HTTP/1.1');
  assert.equal(seen.uri, '/app/x;v=1');
  assert.equal(seen.remote_addr, '192.0.2.7');
  assert.equal(seen.remote_host, null);
  assert.equal(seen.server_name, 'www.test');
  assert.equal(seen.server_port, 8080);
  assert.equal(seen.is_ssl, 0);
  assert.equal(attribute(seen, 'req_attribute:AJP_REMOTE_PORT'), '4711');
  assert.equal(attribute(seen, 'req_attribute:AJP_LOCAL_ADDR'), '127.0.0.9');
});

test("a member's own path stands before the request's", () => {
  member = { ...member, path: '/m1' };
  assert.equal(told().uri, '/m1/app/x;v=1');
});

test('behind a trusted proxy the client’s address is the one that was told', () => {
  exchange.clientAddress = '198.51.100.1';
  assert.equal(told().remote_addr, '198.51.100.1');
});

test('HTTP/1.0 stays HTTP/1.0, and a method without a code is told by name', () => {
  exchange.request.minorVersion = 0;
  exchange.request.method = 'PATCH';
  const seen = told();
  assert.equal(seen.protocol, 'HTTP/1.0');
  assert.equal(seen.method, 'STORED');
  assert.equal(attribute(seen, 'stored_method'), 'PATCH');
});

test('the query is told when there is one, even an empty one', () => {
  assert.equal(attribute(told(), 'query_string'), undefined);
  request.query = '';
  assert.equal(attribute(told(), 'query_string'), '');
  request.query = 'a=%zz&b';
  assert.equal(attribute(told(), 'query_string'), 'a=%zz&b');
});

test('secret, user and route are told, and not to the next one', () => {
  member = { ...member, secret: 's3cret' };
  exchange.user = 'ann';
  exchange.authType = 'Basic';
  request.sessionRoute = 'n1';
  const seen = told();
  assert.deepEqual(
    ['secret', 'remote_user', 'auth_type', 'jvm_route'].map((name) => attribute(seen, name)),
    ['s3cret', 'ann', 'Basic', 'n1'],
  );
  make(undefined);
  const next = told();
  assert.deepEqual(
    ['secret', 'remote_user', 'auth_type', 'jvm_route'].map((name) => attribute(next, name)),
    [undefined, undefined, undefined, undefined],
  );
});

test('fields go with their codes, repeated ones as one list, hop-by-hop ones too', () => {
  exchange.request.fields.add('Host', 'www.test');
  exchange.request.fields.add('Cookie', 'a=1');
  exchange.request.fields.add('X-Mine', '1');
  exchange.request.fields.add('cookie', 'b=2');
  exchange.request.fields.add('Connection', 'X-Mine');
  assert.deepEqual(told().headers, [
    ['#A00B:host', 'www.test'],
    ['#A009:cookie', 'a=1, b=2'],
    ['X-Mine', '1'],
    ['#A006:connection', 'X-Mine'],
  ]);
});

test('environment variables that begin with AJP_ are attributes, without it', () => {
  exchange.setEnv('AJP_FOO', 'bar');
  exchange.setEnv('OTHER', 'x');
  exchange.setEnv('AJP_', 'nameless');
  const seen = told();
  assert.equal(attribute(seen, 'req_attribute:FOO'), 'bar');
  assert.equal(
    seen.attributes.some(([name]) => String(name).includes('OTHER')),
    false,
  );
});

test('facts of TLS are told, and a plain request after it tells none', () => {
  make({ protocol: 'TLSv1.3', cipher: 'AES', keySize: 256, sessionId: 'abc', clientCertificate: 'PEM' });
  const seen = told();
  assert.equal(seen.is_ssl, 1);
  assert.deepEqual(
    ['ssl_cert', 'ssl_cipher', 'ssl_session', 'ssl_key_size', 'req_attribute:AJP_SSL_PROTOCOL'].map((name) =>
      attribute(seen, name),
    ),
    ['PEM', 'AES', 'abc', 256, 'TLSv1.3'],
  );
  make(undefined);
  const next = told();
  assert.equal(next.is_ssl, 0);
  assert.equal(
    next.attributes.some(([name]) => /ssl/i.test(String(name))),
    false,
  );
});

test('ports of different clients are not mixed up', () => {
  told();
  exchange.clientPort = 99;
  assert.equal(attribute(told(), 'req_attribute:AJP_REMOTE_PORT'), '99');
});

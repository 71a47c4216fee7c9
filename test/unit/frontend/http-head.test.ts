// Heads between a client and an HTTP backend (modproxy.md §10.1–2).

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { MemberConfig } from '../../../src/balancer/config.ts';
import { Fields } from '../../../src/base/fields.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../../../src/base/head.ts';
import {
  connectionTokens,
  dropHopByHop,
  fillHttpRequest,
  type HeadManners,
  passResponseHead,
} from '../../../src/frontend/upstream/http-head.ts';
import { CHAIN_AUTH } from '../../../src/frontend/upstream/manners.ts';
import { ProxyRequest } from '../../../src/frontend/upstream/proxy-request.ts';
import type { Downstream } from '../../../src/listener/exchange.ts';
import { Exchange } from '../../../src/listener/exchange.ts';
import type { Host } from '../../../src/site/model.ts';

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
const facts = {
  remoteAddress: '192.0.2.7',
  remotePort: 4711,
  localAddress: '127.0.0.1',
  localPort: 80,
  tls: undefined,
};
const out = new Fields();
let exchange: Exchange;
let request: ProxyRequest;
let member: MemberConfig;

beforeEach(() => {
  exchange = new Exchange(facts, nobody);
  exchange.reset();
  request = new ProxyRequest();
  request.exchange = exchange;
  request.host = { serverName: 'front.test', via: 'off' } as Host;
  member = { scheme: 'http', host: 'be.test', port: 8080, path: '' } as MemberConfig;
});

/** What goes out for these client fields, as lines. */
function sent(client: readonly [string, string][], manners: Partial<HeadManners> = {}): string[] {
  for (const [name, value] of client) exchange.request.fields.add(name, value);
  request.bodyLength = exchange.request.bodyLength;
  const { preserveHost } = request;
  fillHttpRequest(out, request, member, {
    keepAlive: true,
    expect: 'pass',
    isOld: false,
    upgrade: undefined,
    preserveHost,
    ...manners,
  });
  return out.entries().map(([name, value]) => `${name}: ${value}`);
}

test('Host comes first and names the backend, without the port that goes without saying', () => {
  assert.equal(sent([['Host', 'www.test']])[0], 'Host: be.test:8080');
  member = { ...member, port: 80 };
  assert.equal(sent([])[0], 'Host: be.test');
  member = { ...member, host: '::1', port: 81 };
  assert.equal(sent([])[0], 'Host: [::1]:81');
});

test("ProxyPreserveHost sends the client's Host, where it has one", () => {
  request.preserveHost = true;
  assert.equal(sent([])[0], 'Host: be.test:8080');
  assert.equal(sent([['Host', 'www.test:81']])[0], 'Host: www.test:81');
});

test('what speaks of the client’s connection is not passed on, in whichever Connection field it is named', () => {
  const lines = sent([
    ['Connection', 'close, X-One'],
    ['X-One', '1'],
    ['connection', 'x-two'],
    ['X-Two', '2'],
    ['Keep-Alive', '5'],
    ['TE', 'trailers'],
    ['Trailer', 'X'],
    ['Upgrade', 'websocket'],
    ['Proxy-Connection', 'x'],
    ['X-Three', '3'],
  ]);
  assert.deepEqual(
    lines.filter((line) => !/^(Host|X-Forwarded-\w+|Connection):/.test(line)),
    ['X-Three: 3'],
  );
  assert.equal(lines.at(-1), 'Connection: Keep-Alive');
});

test('fields keep their order and spelling; repeated ones become one list', () => {
  const lines = sent([
    ['x-b', '1'],
    ['Accept', 'a'],
    ['X-B', '2'],
    ['Cookie', 'a=1'],
    ['accept', 'b'],
    ['Cookie', 'b=2'],
  ]);
  assert.deepEqual(lines.slice(1, 4), ['x-b: 1, 2', 'Accept: a, b', 'Cookie: a=1, b=2']);
});

test('X-Forwarded fields tell who asked for what, after those who said so before', () => {
  const lines = sent([
    ['Host', 'www.test'],
    ['X-Forwarded-For', '1.2.3.4'],
    ['X-Forwarded-Host', 'outer.test'],
    ['X-Forwarded-Server', 'outer'],
  ]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('X-Forwarded')),
    [
      'X-Forwarded-For: 1.2.3.4, 192.0.2.7',
      'X-Forwarded-Host: outer.test, www.test',
      'X-Forwarded-Server: outer, front.test',
    ],
  );
});

test('two X-Forwarded-For of a client become one list', () => {
  const lines = sent([
    ['X-Forwarded-For', '1.1.1.1'],
    ['X-Forwarded-For', '2.2.2.2'],
  ]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('X-Forwarded-For')),
    ['X-Forwarded-For: 1.1.1.1, 2.2.2.2, 192.0.2.7'],
  );
});

test('ProxyAddHeaders Off adds none of them, and leaves those of the client alone', () => {
  request.addForwarded = false;
  assert.ok(sent([['X-Forwarded-Host', 'outer.test']]).includes('X-Forwarded-Host: outer.test'));
  exchange.reset();
  assert.equal(
    sent([['Host', 'www.test']]).some((line) => line.startsWith('X-Forwarded')),
    false,
  );
});

test('the framing is written anew, exactly once', () => {
  exchange.request.bodyLength = 5;
  const known = sent([['Content-Length', '5']]);
  assert.deepEqual(
    known.filter((line) => /length|encoding/i.test(line)),
    ['Content-Length: 5'],
  );
  exchange.request.bodyLength = UNKNOWN_LENGTH;
  const chunked = sent([]);
  assert.deepEqual(
    chunked.filter((line) => /length|encoding/i.test(line)),
    ['Transfer-Encoding: chunked'],
  );
});

test('an empty body is announced when the client announced it', () => {
  exchange.request.bodyLength = 0;
  assert.equal(sent([]).includes('Content-Length: 0'), false);
  assert.equal(sent([['Content-Length', '0']]).includes('Content-Length: 0'), true);
});

test('a chunked body that was read whole is announced with its length, even an empty one', () => {
  exchange.request.bodyLength = 0;
  assert.ok(sent([['Transfer-Encoding', 'chunked']]).includes('Content-Length: 0'));
});

test('Expect goes out where it came in, or when the backend is to be asked first, and then only', () => {
  exchange.request.bodyLength = 5;
  const lines = sent([
    ['Expect', '100-continue'],
    ['X-A', '1'],
  ]);
  assert.equal(lines[1], 'Expect: 100-continue');
  assert.equal(sent([], { expect: 'drop' }).join().includes('Expect'), false);
  exchange.reset();
  assert.equal(sent([], { expect: 'add' }).filter((line) => line === 'Expect: 100-Continue').length, 1);
});

test('a connection that is not to be kept says so, one of HTTP/1.0 says nothing', () => {
  assert.equal(sent([], { keepAlive: false }).at(-1), 'Connection: close');
  assert.equal(sent([], { isOld: true }).join().includes('Connection'), false);
});

// ProxyVia
test('Via names this hop behind those before, before the fields about the client', () => {
  request.via = '1.1 front.test:81';
  assert.deepEqual(sent([['Via', '1.0 up']]).slice(1, 3), [
    'Via: 1.0 up, 1.1 front.test:81',
    'X-Forwarded-For: 192.0.2.7',
  ]);
  exchange.reset();
  assert.equal(sent([['X-A', '1']])[2], 'Via: 1.1 front.test:81');
});

// ProxyVia Block
test('ProxyVia Block takes every Via away', () => {
  request.host = { serverName: 'front.test', via: 'block' } as Host;
  assert.equal(
    sent([['Via', '1.0 up']])
      .join()
      .includes('Via'),
    false,
  );
});

// Proxy-Chain-Auth
test('Proxy-Authorization is for whoever authenticated the user: here it ends, unless proxy-chain-auth lets it go on', () => {
  const field: [string, string] = ['Proxy-Authorization', 'Basic eDp5'];
  assert.ok(sent([field]).includes('Proxy-Authorization: Basic eDp5'));
  exchange.user = 'x';
  assert.equal(sent([]).join().includes('Proxy-Authorization'), false);
  request.manners = CHAIN_AUTH;
  assert.ok(sent([]).includes('Proxy-Authorization: Basic eDp5'));
});

test('an upgrade is asked for with the name that the client gave it', () => {
  const lines = sent([['Upgrade', 'WebSocket']], { upgrade: 'WebSocket' });
  assert.deepEqual(lines.slice(-2), ['Connection: Upgrade', 'Upgrade: WebSocket']);
});

function response(status: number, length: number, fields: readonly [string, string][]): ResponseHead {
  const head = new ResponseHead();
  head.status = status;
  head.bodyLength = length;
  for (const [name, value] of fields) head.fields.add(name, value);
  const to = new ResponseHead();
  to.fields.add('Left', 'over');
  passResponseHead(head, to);
  return to;
}

test('a response loses what speaks of the backend’s connection and keeps the rest', () => {
  const to = response(200, 3, [
    ['Server', 'be'],
    ['Connection', 'X-Hop'],
    ['X-Hop', '1'],
    ['Keep-Alive', '5'],
    ['Content-Length', '3'],
    ['Connection', 'X-Other'],
    ['x-other', '1'],
    ['Set-Cookie', 'a'],
    ['Set-Cookie', 'b'],
  ]);
  assert.deepEqual(
    to.fields.entries().map(([name, value]) => `${name}: ${value}`),
    ['Server: be', 'Content-Length: 3', 'Set-Cookie: a', 'Set-Cookie: b'],
  );
  assert.equal(to.bodyLength, 3);
});

test('a response without body tells the length that its head tells, or none', () => {
  assert.equal(response(200, 0, [['Content-Length', '77']]).bodyLength, 77);
  assert.equal(response(304, 0, []).bodyLength, UNKNOWN_LENGTH);
  assert.equal(response(200, 0, [['Content-Length', '0']]).bodyLength, 0);
  assert.equal(response(200, UNKNOWN_LENGTH, []).bodyLength, UNKNOWN_LENGTH);
});

test('the usual tokens of Connection name no field', () => {
  for (const value of ['close', 'keep-alive', 'Keep-Alive', ' Close , KEEP-ALIVE,, ']) {
    const fields = new Fields();
    fields.add('Connection', value);
    assert.deepEqual(connectionTokens(fields), []);
  }
  assert.deepEqual(connectionTokens(new Fields()), []);
});

test('hop-by-hop fields of an interim response go too', () => {
  const fields = new Fields();
  fields.add('Link', '</a>');
  fields.add('Connection', 'X-Mine');
  fields.add('X-Mine', '1');
  fields.add('Transfer-Encoding', 'chunked');
  dropHopByHop(fields);
  assert.deepEqual(fields.entries(), [['Link', '</a>']]);
});

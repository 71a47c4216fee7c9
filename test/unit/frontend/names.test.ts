// Names of backends: every address is tried, addressttl= decides when a name is asked for again, and a change of address
// leaves requests in progress alone. Facts without another source were measured on httpd 2.4.71.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resolver } from '../../../src/link/names.ts';
import { FakeBackend, Lab, turns, until } from './lab.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\nConnection: close\r\n\r\n';

/** A resolver that says what it is told, and counts. */
class Book {
  readonly addresses = new Map<string, string[]>();
  asked = 0;
  readonly resolver: Resolver = (name, answered) => {
    this.asked++;
    const found = this.addresses.get(name);
    if (found === undefined) answered(Object.assign(new Error(name), { code: 'ENOTFOUND' }), []);
    else
      answered(
        null,
        found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
}

/** The same port at two addresses, and a member under a name. */
async function place(parameters: string, addresses: string[] | undefined) {
  const second = new FakeBackend();
  const book = new Book();
  if (addresses !== undefined) book.addresses.set('tomcat.test', addresses);
  const conf = `<Proxy balancer://c>\nBalancerMember http://tomcat.test:@1 ${parameters}\n</Proxy>\nProxyPass / balancer://c/`;
  const lab = await Lab.open(conf, 1, book.resolver);
  const [first] = lab.backends;
  await second.listen('127.0.0.2', first.port);
  for (const [backend, body] of [
    [first, 'one'],
    [second, 'two'],
  ] as const)
    backend.onLine = (line) =>
      line.socket.on('data', (bytes: Buffer) => {
        if (!bytes.includes('/slow')) line.send(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${body}`);
      });
  const ask = async (): Promise<string> => {
    const client = lab.ask(GET);
    await until(() => client.isOver, 'an answer');
    const { status, body } = client.heard();
    return status === 200 ? body : String(status);
  };
  return {
    lab,
    book,
    first,
    second,
    ask,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      second.close();
    },
  };
}

test('when one address of a name refuses, the next is tried for the same request', async () => {
  await using at = await place('', ['127.0.0.9', '127.0.0.2']);
  assert.equal(await at.ask(), 'two');
  assert.equal(at.lab.members[0].member.state.isInError, false);
});

test('a member is in error only when all its addresses refuse', async () => {
  await using at = await place('', ['127.0.0.8', '127.0.0.9']);
  assert.equal(await at.ask(), '503');
  assert.equal(at.lab.members[0].member.state.isInError, true);
});

test('a name without address is 500, and the member is in error', async () => {
  await using at = await place('', undefined);
  assert.equal(await at.ask(), '500');
  assert.equal(at.lab.members[0].member.state.isInError, true);
});

test('addressttl= seconds after the last answer the name is asked for again, and idle connections follow it', async () => {
  await using at = await place('addressttl=30', ['127.0.0.1']);
  assert.equal(await at.ask(), 'one');
  at.book.addresses.set('tomcat.test', ['127.0.0.2']);
  at.lab.clock.advance(29_000);
  assert.equal(await at.ask(), 'one');
  at.lab.clock.advance(1_001);
  assert.equal(await at.ask(), 'two');
  await until(() => at.first.lines[0].hasEnded || at.first.lines[0].isClosed, 'the old connection is closed');
  assert.equal(at.book.asked, 2);
});

test('addressttl= keeps connections to an address that the name still has', async () => {
  await using at = await place('addressttl=30', ['127.0.0.1']);
  assert.equal(await at.ask(), 'one');
  at.book.addresses.set('tomcat.test', ['127.0.0.2', '127.0.0.1']);
  at.lab.clock.advance(31_000);
  assert.equal(await at.ask(), 'one');
  assert.equal(at.first.lines.length, 1);
});

test('a request in progress is left alone when the address changes, its connection is not used again', async () => {
  await using at = await place('addressttl=30', ['127.0.0.1']);
  const slow = at.lab.ask(GET.replace('/x', '/slow'));
  await until(() => at.first.lines.length === 1 && at.first.lines[0].text !== '', 'it is under way');
  at.book.addresses.set('tomcat.test', ['127.0.0.2']);
  at.lab.clock.advance(31_000);
  await turns();
  assert.equal(at.book.asked, 2);
  at.first.lines[0].send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
  await until(() => slow.isOver, 'its answer');
  assert.equal(slow.heard().body, 'old');
  await until(() => at.first.lines[0].hasEnded || at.first.lines[0].isClosed, 'its connection is closed');
  assert.equal(await at.ask(), 'two');
});

test('addressttl= asks nobody while there are no connections', async () => {
  await using at = await place('addressttl=1', ['127.0.0.1']);
  at.lab.clock.advance(60_000);
  await turns();
  assert.equal(at.book.asked, 0);
});

test('addressttl=0 asks for every request, on a connection of its own; addressttl=-1 once', async () => {
  await using each = await place('addressttl=0', ['127.0.0.1']);
  assert.equal(await each.ask(), 'one');
  each.book.addresses.set('tomcat.test', ['127.0.0.2']);
  assert.equal(await each.ask(), 'two');
  await using once = await place('addressttl=-1 disablereuse=On', ['127.0.0.1']);
  assert.equal(await once.ask(), 'one');
  once.book.addresses.set('tomcat.test', ['127.0.0.2']);
  once.lab.clock.advance(1_000_000);
  assert.equal(await once.ask(), 'one');
  assert.equal(once.book.asked, 1);
});

test('without addressttl= an answer serves new connections for 10 s, and open ones are kept', async () => {
  await using at = await place('', ['127.0.0.1']);
  assert.equal(await at.ask(), 'one');
  at.book.addresses.set('tomcat.test', ['127.0.0.2']);
  at.lab.clock.advance(60_000);
  assert.equal(await at.ask(), 'one');
  at.first.lines[0].socket.destroy();
  await until(() => at.lab.members[0].backend.pool.open === 0, 'it is gone');
  assert.equal(await at.ask(), 'two');
});

test('while the resolver is down, what it said last is used', async () => {
  await using at = await place('addressttl=30 disablereuse=On', ['127.0.0.1']);
  assert.equal(await at.ask(), 'one');
  at.book.addresses.delete('tomcat.test');
  at.lab.clock.advance(31_000);
  assert.equal(await at.ask(), 'one');
  assert.equal(at.book.asked, 2);
});

test('an IPv6 address is a member like any other, in brackets in Host', async () => {
  const backend = new FakeBackend();
  await backend.listen('::1');
  await using lab = await Lab.open(
    `<Proxy balancer://c>\nBalancerMember http://[::1]:${backend.port} addressttl=1\n</Proxy>\nProxyPass / balancer://c/`,
  );
  backend.onLine = (line) => line.socket.on('data', () => line.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const client = lab.ask(GET);
  await until(() => client.isOver, 'an answer');
  assert.equal(client.heard().status, 200);
  assert.match(backend.lines[0].text, new RegExp(`\r\nHost: \\[::1\\]:${backend.port}\r\n`));
  backend.close();
});

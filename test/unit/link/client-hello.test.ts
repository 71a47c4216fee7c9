// The first octets of a connection: the name in a real client's hello, at every split; and whatever else may come.

import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { HELLO_BYTES_MAX, readFirstOctets } from '../../../src/link/client-hello.ts';
import { randomFrom } from '../../support/random.ts';

/** What Node's client sends first. */
function hello(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(octets: Buffer, _encoding, done) {
        resolve(octets);
        done();
      },
    });
    connect({ socket: wire, ...options }).on('error', () => {});
  });
}

const nameIn = (octets: Buffer): string | undefined => {
  const found = readFirstOctets(octets);
  assert.equal(found.kind, 'hello');
  return found.kind === 'hello' ? found.serverName : undefined;
};

/** The same message in records of so many octets. */
function inRecords(octets: Buffer, size: number): Buffer {
  const message = octets.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    const head = Buffer.from([22, 3, 1, 0, 0]);
    head.writeUInt16BE(part.length, 3);
    records.push(head, part);
  }
  return Buffer.concat(records);
}

test('the name is found when the last octet has come, and not before', async () => {
  const octets = await hello({ servername: 'Www.Example.test' });
  for (let end = 0; end < octets.length; end++)
    assert.deepEqual(readFirstOctets(octets.subarray(0, end)), { kind: 'more' });
  assert.equal(nameIn(octets), 'www.example.test');
  assert.equal(nameIn(Buffer.concat([octets, Buffer.from('more')])), 'www.example.test');
});

test('a hello in several records is one', async () => {
  const octets = await hello({ servername: 'a.test', ALPNProtocols: ['http/1.1'] });
  for (const size of [1, 3, 4, 5, 100, 1000]) {
    const split = inRecords(octets, size);
    assert.equal(nameIn(split), 'a.test');
    assert.equal(readFirstOctets(split.subarray(0, split.length - 1)).kind, 'more');
  }
});

test('a hello without a name is one all the same', async () => {
  assert.equal(nameIn(await hello({})), undefined);
});

test('letters are plain text, other octets are unknown', () => {
  assert.equal(readFirstOctets(Buffer.from('G')).kind, 'plain');
  assert.equal(readFirstOctets(Buffer.from('post / HTTP/1.1')).kind, 'plain');
  for (const octet of [0, 0x0d, 0x15, 0x80, 0xff])
    assert.equal(readFirstOctets(Buffer.from([octet, 1, 2])).kind, 'unknown');
});

test('a handshake that begins otherwise is left to OpenSSL, one without end is refused', () => {
  assert.equal(nameIn(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])), undefined);
  assert.equal(nameIn(Buffer.from([22, 3, 1, 0, 0])), undefined);
  const endless = Buffer.alloc(HELLO_BYTES_MAX + 1);
  Buffer.from([22, 3, 1, 0xff, 0xff, 1, 0xff, 0xff, 0xff]).copy(endless);
  assert.equal(readFirstOctets(endless).kind, 'unknown');
});

test('names that are none are not taken: with blanks, empty, too long', async () => {
  const octets = await hello({ servername: 'name-of-sixteen-' });
  const at = octets.indexOf('name-of-sixteen-');
  for (const [text, expected] of [
    ['name of sixteen ', undefined],
    ['NAME-OF-SIXTEEN.', 'name-of-sixteen'],
    ['name\u0000of-sixteen-', undefined],
  ] as const) {
    const changed = Buffer.from(octets);
    changed.write(text, at, 'latin1');
    assert.equal(nameIn(changed), expected);
  }
});

test('octets by chance never break it', async () => {
  const random = randomFrom(7);
  const octets = await hello({ servername: 'a.test' });
  for (let i = 0; i < 3000; i++) {
    const changed = Buffer.from(octets);
    for (let n = 0; n < 3; n++) changed[random.int(changed.length)] = random.int(256);
    assert.ok(['more', 'hello', 'plain', 'unknown'].includes(readFirstOctets(changed).kind));
  }
});

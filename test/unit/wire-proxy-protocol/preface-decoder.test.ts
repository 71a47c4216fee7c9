// The PROXY protocol octet by octet: what names a client, what speaks for the proxy alone, what ends the connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PrefaceDecoder, REST_MAX_OCTETS } from '../../../src/wire/proxy-protocol/preface-decoder.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const REQUEST = Buffer.from('GET / HTTP/1.1\r\n\r\n');

function binary(command: number, family: number, rest: Buffer): Buffer {
  return Buffer.concat([SIGNATURE, Buffer.from([command, family, rest.length >> 8, rest.length & 255]), rest]);
}

const FOUR = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0, 80]);
const SIX = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.alloc(16),
  Buffer.from([0, 5, 0, 80]),
]);
const MAPPED = Buffer.concat([
  Buffer.from('00000000000000000000ffffc0000207', 'hex'),
  Buffer.alloc(16),
  Buffer.from([0, 5, 0, 80]),
]);

/** What came out, and how many octets were left of what followed. */
function decode(header: Buffer, splits: readonly number[] = []): string {
  const bytes = Buffer.concat([header, REQUEST]);
  const decoder = new PrefaceDecoder();
  let at = 0;
  for (const end of [...splits, bytes.length]) {
    if (at < end) at = decoder.take(bytes, at, end);
    if (decoder.state !== 'more') break;
  }
  const client = decoder.client === undefined ? 'itself' : `${decoder.client.address} ${decoder.client.port}`;
  return decoder.state === 'done' && at === header.length ? client : decoder.state;
}

const UNDERSTOOD: readonly (readonly [string, Buffer, string])[] = [
  ['TCP4', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\r\n'), '192.0.2.7 4660'],
  ['TCP6', Buffer.from('PROXY TCP6 2001:DB8::7 ::1 5 80\r\n'), '2001:db8::7 5'],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), 'itself'],
  ['UNKNOWN with anything', Buffer.from('PROXY UNKNOWN ffff::1 x 1 2 3\r\n'), 'itself'],
  ['binary TCP over IPv4', binary(0x21, 0x11, FOUR), '192.0.2.7 4660'],
  ['binary TCP over IPv6', binary(0x21, 0x21, SIX), '2001:db8::7 5'],
  ['an IPv4 address in IPv6', binary(0x21, 0x21, MAPPED), '192.0.2.7 5'],
  ['binary LOCAL', binary(0x20, 0, Buffer.alloc(0)), 'itself'],
  ['binary LOCAL with addresses', binary(0x20, 0x11, FOUR), 'itself'],
  ['binary without a family', binary(0x21, 0, Buffer.alloc(0)), 'itself'],
  [
    'further facts behind the addresses',
    binary(0x21, 0x11, Buffer.concat([FOUR, Buffer.alloc(500, 4)])),
    '192.0.2.7 4660',
  ],
];

for (const [name, header, expected] of UNDERSTOOD)
  test(`${name} is understood at every split, and what follows is left alone`, () => {
    for (let first = 0; first <= header.length; first++) assert.equal(decode(header, [first]), expected, `at ${first}`);
    assert.equal(
      decode(
        header,
        Array.from({ length: header.length }, (_, i) => i),
      ),
      expected,
    );
  });

for (const [name, header] of [
  ['no header', Buffer.from('')],
  ['small letters', Buffer.from('proxy TCP4 192.0.2.7 198.51.100.1 4660 80\r\n')],
  ['a bare LF', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\n')],
  ['two blanks', Buffer.from('PROXY  TCP4 192.0.2.7 198.51.100.1 4660 80\r\n')],
  ['a family that is none', Buffer.from('PROXY UDP4 192.0.2.7 198.51.100.1 4660 80\r\n')],
  ['an address of another family', Buffer.from('PROXY TCP4 2001:db8::7 ::1 4660 80\r\n')],
  ['another family in the second address', Buffer.from('PROXY TCP6 2001:db8::7 192.0.2.7 4660 80\r\n')],
  ['an octet above 255', Buffer.from('PROXY TCP4 192.0.2.256 198.51.100.1 4660 80\r\n')],
  ['a leading zero', Buffer.from('PROXY TCP4 192.0.02.7 198.51.100.1 4660 80\r\n')],
  ['a zone', Buffer.from('PROXY TCP6 fe80::1%eth0 ::1 4660 80\r\n')],
  ['a port above 65535', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 65536 80\r\n')],
  ['a port with a leading zero', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 04660 80\r\n')],
  ['a port that is missing', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 4660\r\n')],
  ['a word too many', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 4660 80 1\r\n')],
  ['a line of more than 107 octets', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['binary version 1', binary(0x11, 0x11, FOUR)],
  ['an unknown command', binary(0x22, 0x11, FOUR)],
  ['UDP', binary(0x21, 0x12, FOUR)],
  ['a unix socket', binary(0x21, 0x31, Buffer.alloc(216))],
  ['addresses that are cut short', binary(0x21, 0x11, FOUR.subarray(0, 11))],
  ['IPv6 addresses that are cut short', binary(0x21, 0x21, SIX.subarray(0, 35))],
  ['too much behind the addresses', binary(0x21, 0x11, Buffer.alloc(REST_MAX_OCTETS + 1))],
  ['a broken signature', Buffer.concat([SIGNATURE.subarray(0, 11), Buffer.from([0x0b]), Buffer.alloc(20)])],
] as const)
  test(`${name} is refused`, () => {
    assert.equal(decode(header), 'failed');
  });

test('a line of exactly 107 octets is taken', () => {
  assert.equal(decode(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`)), 'itself');
});

test('whatever the octets, it ends within its bound and throws nothing', () => {
  const start = fc.constantFrom(Buffer.alloc(0), SIGNATURE, Buffer.from('PROXY '), Buffer.from('PROXY TCP4 1.2.3.4 '));
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 400 }), (head, tail) => {
      const bytes = Buffer.concat([head, tail, Buffer.alloc(REST_MAX_OCTETS + 200)]);
      const decoder = new PrefaceDecoder();
      const at = decoder.take(bytes, 0, bytes.length);
      assert.notEqual(decoder.state, 'more');
      assert.ok(at <= 16 + REST_MAX_OCTETS);
    }),
  );
});

import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../../src/base/addresses.ts';

test('addresses are written as RFC 5952 wants them', () => {
  for (const [text, written] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['10:0:0:100::', '10:0:0:100::'],
  ])
    assert.equal(formatAddress(parseAddress(text) ?? []), written);
});

test('what is written reads as the same address', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 0, 1, 0x10, 255), { minLength: 16, maxLength: 16 }), (bytes) => {
      const text = formatAddress(bytes);
      assert.ok(isIPv6(text) || bytes.slice(0, 10).every((byte) => byte === 0));
      assert.deepEqual(parseAddress(text), parseAddress(text)?.length === 4 ? bytes.slice(12) : bytes);
    }),
  );
});

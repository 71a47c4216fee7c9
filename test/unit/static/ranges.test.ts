import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_RANGE_OVERLAPS, MAX_RANGES, parseRanges } from '../../../src/frontend/static/static-ranges.ts';

/** `whole`, `unsatisfiable`, or the parts as a Range field would write them. */
function said(field: string, size = 36): string {
  const verdict = parseRanges(field, size);
  return verdict.kind === 'parts'
    ? verdict.parts.map((part) => `${part.start}-${part.end - 1}`).join(',')
    : verdict.kind;
}

// What httpd 2.4.71 answered for a file of 36 octets.
const RECORDED: readonly (readonly [field: string, answer: string])[] = [
  ['bytes=0-0', '0-0'],
  ['bytes=0-', '0-35'],
  ['bytes=-5', '31-35'],
  ['bytes=-0', 'whole'],
  ['bytes=5-2', 'whole'],
  ['bytes=36-', 'unsatisfiable'],
  ['bytes=35-', '35-35'],
  ['bytes=0-100', '0-35'],
  ['bytes=-100', '0-35'],
  ['bytes=0 - 1', 'whole'],
  ['bytes=0-1,2-3', '0-3'],
  ['bytes=0-1,1-3', '0-3'],
  ['bytes=0-1,100-200', '0-1'],
  ['bytes=100-200,300-400', 'unsatisfiable'],
  ['bytes=0-0,', '0-0'],
  ['bytes=', 'whole'],
  ['bytes=,', 'whole'],
  ['bytes=a-b', 'whole'],
  ['items=0-1', 'whole'],
  ['Bytes=0-1', '0-1'],
  ['bytes=0-1;x', 'whole'],
  ['bytes=1-0,2-3', 'whole'],
  ['bytes=5-6,0-1', '5-6,0-1'],
  ['bytes=0-34,35-35', '0-35'],
  ['bytes=99999999999999999999-', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=--1', 'whole'],
  ['bytes=+1-2', 'whole'],
  ['bytes=0-1,0-1', '0-1'],
  ['bytes=0-20,10-30', '0-30'],
  ['bytes=20-35,5-10,0-30', 'whole'],
  ['bytes=30-35,0-20', '30-35,0-20'],
  ['bytes=10-20,0-12', '0-20'],
  ['bytes=0-0,35-35,-1', '0-0,35-35'],
  ['bytes=-1,-2,-3', '33-35'],
  ['bytes=0-1,5-4', 'whole'],
  ['bytes=40-50,0-1', '0-1'],
  ['bytes=0-1,,5-6', '0-1,5-6'],
  ['bytes=036-040', 'unsatisfiable'],
  ['bytes=00-01', '0-1'],
];

for (const [field, answer] of RECORDED) {
  test(`"${field}" of 36 octets is ${answer}`, () => assert.equal(said(field), answer));
}

test('white space around commas is allowed', () => assert.equal(said('bytes=0-1, 5-6 ,-2'), '0-1,5-6,34-35'));

test('an empty file has no ranges', () => {
  for (const field of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) assert.equal(said(field, 0), 'whole');
});

test('more overlaps than the limit get the whole file', () => {
  const repeated = (count: number) => `bytes=${Array(count).fill('1-1').join(',')}`;
  assert.equal(said(repeated(MAX_RANGE_OVERLAPS + 1)), '1-1');
  assert.equal(said(repeated(MAX_RANGE_OVERLAPS + 2)), 'whole');
});

test('more ranges than the limit get the whole file', () => {
  const scattered = (count: number) =>
    `bytes=${Array.from({ length: count }, (_, i) => `${i * 2}-${i * 2}`).join(',')}`;
  assert.equal(parseRanges(scattered(MAX_RANGES), 10_000).kind, 'parts');
  assert.equal(parseRanges(scattered(MAX_RANGES + 1), 10_000).kind, 'whole');
});

test('whatever is asked, parts lie in the file and are not more than the file', () => {
  const spec = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => `${a}-${b}`);
  const suffix = fc.nat(60).map((n) => `-${n}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(spec, suffix, fc.string()), { maxLength: 30 }), fc.nat(50), (specs, size) => {
      const verdict = parseRanges(`bytes=${specs.join(',')}`, size);
      if (verdict.kind !== 'parts') return true;
      const total = verdict.parts.reduce((sum, part) => sum + part.end - part.start, 0);
      return (
        total <= size &&
        verdict.parts.length > 0 &&
        verdict.parts.every((p) => p.start >= 0 && p.start < p.end && p.end <= size)
      );
    }),
  );
});

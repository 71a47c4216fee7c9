import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields } from '../../../src/base/fields.ts';
import { judgeConditions, parseHttpDate, rangeApplies } from '../../../src/frontend/static/static-conditions.ts';

const ETAG = '"24-60dedc0582f35"';
const DATE = 'Tue, 02 Jan 2024 03:04:05 GMT';
const MODIFIED = Date.UTC(2024, 0, 2, 3, 4, 5) / 1000;
const STATE = { etag: ETAG, modifiedSeconds: MODIFIED };
const NOW = Date.UTC(2026, 0, 1) / 1000;

function table(fields: Readonly<Record<string, string>>): Fields {
  const result = new Fields();
  for (const [name, value] of Object.entries(fields)) result.add(name, value);
  return result;
}

function judge(fields: Readonly<Record<string, string>>, method = 'GET'): string {
  return judgeConditions(method, table(fields), STATE, NOW);
}

// Recorded on httpd 2.4.71; `x` is another tag.
const NONE_MATCH: readonly (readonly [list: string, verdict: string])[] = [
  [ETAG, 'not-modified'],
  [`W/${ETAG}`, 'not-modified'],
  ['*', 'not-modified'],
  ['"x"', 'proceed'],
  [`"x", ${ETAG}`, 'not-modified'],
  [`"x",W/${ETAG}`, 'not-modified'],
  [`${ETAG}x`, 'proceed'],
  [`x${ETAG}`, 'proceed'],
  ['24-60dedc0582f35', 'proceed'],
  ['""', 'proceed'],
  [`"x" ${ETAG}`, 'proceed'],
  [` , ${ETAG}`, 'not-modified'],
];
for (const [list, verdict] of NONE_MATCH) {
  test(`If-None-Match ${list} means ${verdict}`, () => assert.equal(judge({ 'If-None-Match': list }), verdict));
}

const MODIFIED_SINCE: readonly (readonly [date: string, verdict: string])[] = [
  [DATE, 'not-modified'],
  ['Tue, 02 Jan 2024 03:04:04 GMT', 'proceed'],
  ['Tue, 02 Jan 2024 03:04:06 GMT', 'not-modified'],
  ['Tue, 02 Jan 2034 03:04:06 GMT', 'proceed'], // not yet
  ['Tuesday, 02-Jan-24 03:04:05 GMT', 'not-modified'],
  ['Tue Jan  2 03:04:05 2024', 'not-modified'],
  ['garbage', 'proceed'],
  [`${DATE}; length=36`, 'not-modified'],
  ['Tue, 02 Jan 2024 03:04:05', 'proceed'],
  ['Wed, 02 Jan 2024 03:04:05 GMT', 'not-modified'],
  ['Tue, 2 Jan 2024 03:04:05 GMT', 'not-modified'],
  ['2024-01-02T03:04:05Z', 'proceed'],
  ['0', 'proceed'],
];
for (const [date, verdict] of MODIFIED_SINCE) {
  test(`If-Modified-Since ${date} means ${verdict}`, () => assert.equal(judge({ 'If-Modified-Since': date }), verdict));
}

test('If-None-Match alone decides when both are there', () => {
  assert.equal(judge({ 'If-None-Match': '"x"', 'If-Modified-Since': DATE }), 'proceed');
  assert.equal(judge({ 'If-None-Match': ETAG, 'If-Modified-Since': 'Tue, 02 Jan 2020 03:04:05 GMT' }), 'not-modified');
});

test('If-Match compares strongly and comes first', () => {
  assert.equal(judge({ 'If-Match': ETAG }), 'proceed');
  assert.equal(judge({ 'If-Match': '*' }), 'proceed');
  assert.equal(judge({ 'If-Match': `W/${ETAG}` }), 'failed');
  assert.equal(judge({ 'If-Match': '"x"' }), 'failed');
  assert.equal(judge({ 'If-Match': `"x", ${ETAG}` }), 'proceed');
  assert.equal(judge({ 'If-Match': '"x"', 'If-None-Match': ETAG }), 'failed');
  assert.equal(judge({ 'If-Match': ETAG, 'If-None-Match': ETAG }), 'not-modified');
});

test('If-Unmodified-Since counts only without If-Match', () => {
  assert.equal(judge({ 'If-Unmodified-Since': DATE }), 'proceed');
  assert.equal(judge({ 'If-Unmodified-Since': 'Tue, 02 Jan 2024 03:04:04 GMT' }), 'failed');
  assert.equal(judge({ 'If-Unmodified-Since': 'garbage' }), 'proceed');
  assert.equal(judge({ 'If-Unmodified-Since': 'Tue, 02 Jan 2020 03:04:05 GMT', 'If-Match': ETAG }), 'proceed');
});

test('a matching If-None-Match fails requests that are no reads', () => {
  assert.equal(judge({ 'If-None-Match': ETAG }, 'POST'), 'failed');
  assert.equal(judge({ 'If-Modified-Since': DATE }, 'POST'), 'proceed');
});

test('with a range a weak match is no match', () => {
  assert.equal(judge({ 'If-None-Match': `W/${ETAG}`, Range: 'bytes=0-1' }), 'proceed');
  assert.equal(judge({ 'If-None-Match': ETAG, Range: 'bytes=0-1' }), 'not-modified');
});

test('If-Range wants exactly this state of the file', () => {
  const applies = (value: string, state = STATE) => rangeApplies(table({ 'If-Range': value }), state);
  assert.equal(applies(ETAG), true);
  assert.equal(applies(`W/${ETAG}`), false);
  assert.equal(applies('"x"'), false);
  assert.equal(applies(DATE), true);
  assert.equal(applies('Tue, 02 Jan 2024 03:04:06 GMT'), false);
  assert.equal(applies('garbage'), false);
  assert.equal(applies(`W/${ETAG}`, { etag: `W/${ETAG}`, modifiedSeconds: MODIFIED }), false);
  assert.equal(rangeApplies(new Fields(), STATE), true);
});

test('dates of the three forms are read, impossible ones are not', () => {
  for (const text of [DATE, 'Tuesday, 02-Jan-24 03:04:05 GMT', 'Tue Jan  2 03:04:05 2024']) {
    assert.equal(parseHttpDate(text), MODIFIED);
  }
  assert.equal(parseHttpDate('Sun, 06-Nov-94 08:49:37 GMT'), Date.UTC(1994, 10, 6, 8, 49, 37) / 1000);
  for (const text of [
    'Tue, 32 Jan 2024 03:04:05 GMT',
    'Tue, 02 Xyz 2024 03:04:05 GMT',
    'Tue, 02 Jan 2024 25:04:05 GMT',
    '',
  ]) {
    assert.equal(parseHttpDate(text), undefined);
  }
});

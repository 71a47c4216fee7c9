// The comparison of recorded with given answers is proved by differences planted in an answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../support/scenario-runner.ts';

const recorded = {
  status: 200,
  member: 'a',
  headers: [
    ['Location', 'http://h:<port>/x'],
    ['X-A', '1'],
  ],
  backend_saw: { target: '/x', 'h:cookie': null, 'a:AJP_REMOTE_PORT': '4711' },
  seconds: 2,
};
const same = {
  status: 200,
  member: 'a',
  headers: [
    ['x-a', '1'],
    ['location', 'http://h:<port>/x'],
  ],
  backend_saw: { target: '/x', 'h:cookie': undefined, 'a:AJP_REMOTE_PORT': '1' },
  seconds: 2.5,
};

test('an answer as recorded does not differ: order of headers, volatile facts and small delays do not count', () => {
  assert.equal(compare(recorded, same, ''), undefined);
});

for (const [what, change] of [
  ['another status', { status: 503 }],
  ['another member', { member: 'b' }],
  ['a missing header', { headers: [['X-A', '1']] }],
  ['a header more', { headers: [...same.headers, ['X-B', '1']] }],
  ['another view of the backend', { backend_saw: { ...same.backend_saw, target: '/y' } }],
  ['a header the backend should not see', { backend_saw: { ...same.backend_saw, 'h:cookie': 'c' } }],
  ['a delay', { seconds: 4 }],
  ['no delay', { seconds: undefined }],
  ['a truncated body', { truncated: true }],
] as const) {
  test(`${what} differs`, () => {
    assert.notEqual(compare(recorded, { ...same, ...change }, ''), undefined);
  });
}

test('the text of an error page may differ, the text of a page may not', () => {
  assert.equal(compare({ status: 503, body_start: 'theirs' }, { status: 503, body_start: 'ours' }, ''), undefined);
  assert.notEqual(compare({ status: 200, body_start: 'theirs' }, { status: 200, body_start: 'ours' }, ''), undefined);
});

test('a placeholder stands for any text, within the rest', () => {
  assert.equal(compare('port <port> of h', 'port 80 of h', ''), undefined);
  assert.notEqual(compare('port <port> of h', 'port 80 of g', ''), undefined);
});

test('sequences of another length differ', () => {
  assert.notEqual(compare(['a', 'b'], ['a'], ''), undefined);
});

// What becomes of a line of a response head that is no field (ProxyBadHeader), wherever chunks are cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BadHeader, defaultResponseHeadLimits } from '../../../src/wire/http1/limits.ts';
import { DONE, FAILED, MORE } from '../../../src/wire/http1/parse-state.ts';
import { ResponseHeadParser } from '../../../src/wire/http1/response-head.ts';

/** Fields and the octets behind the head, when the head comes in two chunks; undefined when it is refused. */
function read(
  text: string,
  cut: number,
  badHeader: BadHeader,
): { fields: [string, string][]; rest: string } | undefined {
  const parser = new ResponseHeadParser({ ...defaultResponseHeadLimits, badHeader });
  parser.begin('GET');
  const bytes = Buffer.from(text, 'latin1');
  for (const [start, end] of [
    [0, cut],
    [cut, bytes.length],
  ]) {
    const chunk = Buffer.from(bytes.subarray(start, end));
    const state = parser.parse(chunk, 0, chunk.length);
    if (state === FAILED) return undefined;
    if (state === MORE) continue;
    assert.equal(state, DONE);
    const rest = (parser.surplus ?? Buffer.alloc(0)).toString('latin1') + chunk.toString('latin1', parser.consumed);
    return { fields: parser.head.fields.entries(), rest: rest + bytes.toString('latin1', end) };
  }
  return assert.fail('the head never ended');
}

const HEAD = 'HTTP/1.1 200 OK\r\nA: 1\r\n';
const A: [string, string] = ['A', '1'];
const B: [string, string] = ['B', '2'];

for (const [badHeader, text, expected] of [
  ['is-error', `${HEAD}no field\r\nB: 2\r\n\r\nrest`, undefined],
  ['is-error', `${HEAD}nofield\r\nB: 2\r\n\r\nrest`, undefined],
  ['ignore', `${HEAD}no field\r\nB: 2\r\n\r\nrest`, { fields: [A, B], rest: 'rest' }],
  ['ignore', `${HEAD}nofield\r\n<x>\r\nB: 2\r\nlast\r\n\r\nrest`, { fields: [A, B], rest: 'rest' }],
  ['ignore', `${HEAD}no field: x\r\nB: 2\r\n\r\nrest`, undefined],
  ['ignore', `${HEAD}B : 2\r\n\r\nrest`, undefined],
  ['ignore', `${HEAD}no\x00field\r\n\r\nrest`, undefined],
  ['ignore', `${HEAD}no field\nB: 2\r\n\r\nrest`, undefined],
  ['start-body', `${HEAD}no field\r\nB: 2\r\n\r\nrest`, { fields: [A], rest: 'no field\r\nB: 2\r\n\r\nrest' }],
  ['start-body', `${HEAD}nofield\r\n\r\nrest`, { fields: [A], rest: 'nofield\r\n\r\nrest' }],
  ['start-body', `${HEAD}B: 2\r\n\r\nrest`, { fields: [A, B], rest: 'rest' }],
] as const)
  test(`with ${badHeader} ${JSON.stringify(text.slice(HEAD.length))} comes to the same at every cut`, () => {
    for (let cut = 0; cut <= text.length; cut++)
      assert.deepEqual(read(text, cut, badHeader), expected, `cut at ${cut}`);
  });

test('a line that is left out counts towards the limits of a head', () => {
  const long = `${HEAD}${'x '.repeat(5_000)}\r\n\r\n`;
  assert.equal(read(long, 0, 'ignore'), undefined);
  const many = `${HEAD}${'no field\r\n'.repeat(30_000)}\r\n`;
  assert.equal(read(many, 0, 'ignore'), undefined);
});

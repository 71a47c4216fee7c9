// Every case of the specification files, whole, octet by octet and at every split.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSpec, parseSpec, replay, type SpecCase } from './spec.ts';
import { type Reader, readRequests, readResponses } from './transcript.ts';

const spec = loadSpec();

for (const item of spec) {
  test(`${item.file}: ${item.title}`, () => {
    const wrong = replay(item, item.role === 'requests' ? readRequests : readResponses);
    if (wrong !== undefined) assert.fail(wrong);
  });
}

/** Titles of the short cases that a reader fails. */
function failing(reader: Reader, role: SpecCase['role']): string[] {
  return spec
    .filter((item) => item.role === role && item.bytes.length < 200 && replay(item, reader) !== undefined)
    .map((item) => item.title);
}

test('the specification has cases of both roles and no title twice in a file', () => {
  assert.ok(spec.filter((item) => item.role === 'requests').length > 250);
  assert.ok(spec.filter((item) => item.role === 'responses').length > 70);
  const names = spec.map((item) => `${item.file}: ${item.title}`);
  assert.equal(new Set(names).size, names.length);
});

test('planted fault: a reader that takes a bare LF for a line end is found out', () => {
  const lenient: Reader = (pieces, options) => {
    const fixed = Buffer.concat(pieces)
      .toString('latin1')
      .replace(/(?<!\r)\n/g, '\r\n');
    return readRequests([Buffer.from(fixed, 'latin1')], options);
  };
  assert.ok(failing(lenient, 'requests').includes('a bare LF after a field'));
});

test('planted fault: a reader that trims the space before a colon is found out', () => {
  const lenient: Reader = (pieces, options) => {
    const fixed = Buffer.concat(pieces).toString('latin1').replace(/ +: /g, ': ');
    return readResponses([Buffer.from(fixed, 'latin1')], options);
  };
  assert.ok(failing(lenient, 'responses').includes('refused: a space before the colon'));
});

test('planted fault: a reader that loses an octet at a split is found out', () => {
  const careless: Reader = (pieces, options) =>
    readRequests(
      pieces.map((piece, i) => (i > 0 && piece.length > 40 ? piece.subarray(1) : piece)),
      options,
    );
  assert.ok(failing(careless, 'requests').includes('pipelined requests'));
});

test('planted fault: a reader that is late to refuse is found out', () => {
  const late: Reader = (pieces, options) => {
    const bytes = Buffer.concat(pieces);
    return bytes.length > 60 ? readRequests([bytes], options) : readRequests([Buffer.alloc(0)], options);
  };
  const endless = spec.find((item) => item.title === 'an endless line is refused at the limit') as SpecCase;
  assert.match(replay(endless, late) ?? '', /split|octet/);
});

test('planted fault: a wrong expectation is found out', () => {
  const text = '### x\n\n```http requests\nGET / HTTP/1.1\nHost: a\n\n```\n\n```events\nmore\n```\n';
  assert.match(replay(parseSpec('x.md', text)[0], readRequests) ?? '', /^read whole:\nrequest GET/);
});

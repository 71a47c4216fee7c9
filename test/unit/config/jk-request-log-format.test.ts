// JkRequestLogFormat (documentation of mod_jk).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileJkRequestLogFormat } from '../../../src/config/modjk/request-log-format.ts';

/** As LogFormat would be written. */
function spelled(source: string): string {
  const compiled = compileJkRequestLogFormat(source);
  if (!compiled.ok) return `${compiled.offset}: ${compiled.problem}`;
  return compiled.format
    .map((part) =>
      part.kind === 'text' ? part.text : `%${part.argument === undefined ? '' : `{${part.argument}}`}${part.name}`,
    )
    .join('');
}

// JkRequestLogFormat
test('its letters are those of LogFormat, and three that read notes', () => {
  assert.equal(spelled('%r%U%s%b%B%V%v%p%H%m%q'), '%r%U%s%b%B%V%v%p%H%m%q');
  assert.equal(spelled('%w:%R %T'), '%{JK_WORKER_NAME}n:%{JK_WORKER_ROUTE}n %{JK_REQUEST_DURATION}n');
});

test('backslashes stand for a line end, a tab and themselves', () => {
  assert.equal(spelled('a\\tb\\nc\\\\d\\e'), 'a\tb\nc\\d\\e');
});

test('any other letter is refused, two percent signs among them', () => {
  assert.equal(spelled('x %h'), '2: %h is not a directive of JkRequestLogFormat');
  assert.equal(spelled('%%'), '0: %% is not a directive of JkRequestLogFormat');
  assert.equal(spelled('%'), '0: % is not a directive of JkRequestLogFormat');
});

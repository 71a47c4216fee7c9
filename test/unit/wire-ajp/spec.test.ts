// The specification in spec/*.md, case by case. Every number of the protocol that the codec knows stands there.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AJP_FAILURE_CODES } from '../../../src/wire/ajp/failures.ts';
import {
  calls,
  checkCall,
  checkRequest,
  checkResponse,
  checkTables,
  requestCases,
  responseCases,
  specFiles,
} from './support/check.ts';
import type { Case } from './support/spec-file.ts';

function runAll(cases: readonly Case[], check: (one: Case) => string[]): void {
  for (const file of new Set(cases.map((one) => one.file))) {
    describe(file, () => {
      for (const one of cases.filter((other) => other.file === file)) {
        test(one.name, () => assert.deepEqual(check(one), []));
      }
    });
  }
}

runAll(responseCases, checkResponse);
runAll(requestCases, checkRequest);

describe('encode-packets.md', () => {
  for (const call of calls) test(call.name, () => assert.deepEqual(checkCall(call), []));
});

test('the code tables are those of the specification, both ways and completely', () => {
  assert.deepEqual(checkTables(), []);
});

test('every specification file is run', () => {
  const run = new Set([...responseCases, ...requestCases, ...calls].map((one) => one.file));
  assert.deepEqual(specFiles().sort(), [...run, 'README.md', 'code-tables.md'].sort());
});

test('every declared failure is shown by a case', () => {
  const shown = new Set<string>();
  for (const one of [...responseCases, ...requestCases]) {
    for (const line of one.events) if (line.startsWith('failed ')) shown.add(line.split(' ')[1] ?? '');
  }
  assert.deepEqual(
    AJP_FAILURE_CODES.filter((code) => !shown.has(code)),
    [],
  );
});

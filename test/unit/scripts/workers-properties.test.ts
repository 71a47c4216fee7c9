// The reference of worker properties finds the tests that show them, and says where none does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evidenceOf, Proofs } from '../../../scripts/proofs.ts';
import { workersPage } from '../../../scripts/workers-properties.ts';

function pageWith(source: string) {
  return workersPage(new Proofs(evidenceOf('test/unit/x.test.ts', source)));
}

test('a property without a test that names it is told', () => {
  const { faults } = pageWith("test('something', () => {});");
  assert.ok(faults.includes('socket_timeout: no test speaks of it'));
});

test('a test shows a property that its title or the comment above it names', () => {
  const { text, faults } = pageWith(
    "test('worker.<name>.socket_timeout is kept', () => {});\n\n// worker.<name>.port\ntest('it listens', () => {});\n",
  );
  assert.match(text, /\| socket_timeout \|.*worker\.<name>\.socket_timeout is kept \|/);
  assert.match(text, /\| port \|.* it listens \|/);
  assert.ok(!faults.some((fault) => /^(socket_timeout|port):/.test(fault)));
});

test('a longer name is not taken for a shorter one', () => {
  assert.ok(
    pageWith("test('worker.<name>.session_path', () => {});").faults.includes('session_cookie: no test speaks of it'),
  );
  assert.ok(pageWith("test('worker.<name>.retries_x', () => {});").faults.includes('retries: no test speaks of it'));
});

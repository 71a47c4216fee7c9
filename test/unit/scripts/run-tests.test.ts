// The counter of tests is proved by files that pass, fail, break and hang.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const RUNNER = new URL('../../../scripts/run-tests.ts', import.meta.url).href;
const MIXED = `import { test } from 'node:test';
test('passes', () => {});
test('holds others', async (t) => { await t.test('inside', () => {}); });
test('fails', () => { throw new Error('on purpose'); });
test('is left out', { skip: 'needs nothing' }, () => {});
`;

/** What the runner says of files with these texts, run in a process without the marks of the runner around us. */
function outcomeOf(files: Record<string, string>, limitMs = 60_000): Promise<{ count: unknown; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tests-'));
  const paths = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
  const program = `const { runTests, countLine } = await import(${JSON.stringify(RUNNER)});
    const count = await runTests(${JSON.stringify(paths)}, { limitMs: ${limitMs} });
    console.log(countLine(count)); console.log(JSON.stringify(count)); process.exit();`;
  writeFileSync(join(folder, 'program.mjs'), program);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(folder, 'program.mjs')], { env, timeout: 60_000 }, (failure, said) => {
      rmSync(folder, { recursive: true });
      if (failure !== null) return reject(failure);
      return resolve({ count: JSON.parse(said.trim().split('\n').at(-1) ?? ''), said });
    });
  });
}

test('passed, failed and skipped tests are counted, and the skipped are named', async () => {
  const { count, said } = await outcomeOf({ 'mixed.test.mjs': MIXED });
  assert.partialDeepStrictEqual(count, { passed: 3, failed: 1 });
  assert.match(said, /"skipped":\["[^"]*mixed\.test\.mjs: is left out \(needs nothing\)"\]/);
  assert.match(said, /on purpose/);
  assert.match(said, /^3 passed, 1 failed, 1 skipped$/m);
});

test('a file that cannot be loaded is a failure', async () => {
  const { count } = await outcomeOf({ 'broken.test.mjs': "import './missing.mjs';\n" });
  assert.partialDeepStrictEqual(count, { passed: 0, failed: 1 });
});

test('a file that ends its process in the middle is a failure', async () => {
  const { count } = await outcomeOf({
    'exits.test.mjs': "import { test } from 'node:test';\ntest('ends', () => process.exit(3));\n",
  });
  assert.partialDeepStrictEqual(count, { failed: 1 });
});

test('what hangs is ended at the limit and is a failure', async () => {
  const { count, said } = await outcomeOf(
    {
      'hangs.test.mjs':
        "import { test } from 'node:test';\ntest('hangs', () => new Promise(() => setInterval(() => {}, 1e6)));\n",
    },
    1500,
  );
  assert.ok((count as { failed: number }).failed >= 1, said);
});

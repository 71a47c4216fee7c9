// `npm test`: the static checks, then every test there is. `--long` gives the tests their long forms; file names or parts
// of them run only those. Skipped tests are listed by name, and are failures where CI=true. The last line counts.

import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT, staticChecks } from './check.ts';
import { countLine, runTests, type TestCount } from './run-tests.ts';

const LIMIT_MS = 20 * 60_000;
const LONG_LIMIT_MS = 4 * 60 * 60_000;
/** Folders in the order they run. Servers are started by the later ones: two files at a time are enough for two cores. */
const FOLDERS = [
  { pattern: 'test/unit/**/*.test.ts' },
  { pattern: 'test/system/**/*.test.ts', concurrency: 2 },
  { pattern: 'test/peers/**/*.test.ts', concurrency: 2 },
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { long: { type: 'boolean', default: false } },
});
if (values.long) process.env.CATFLAP_LONG = '1';
// Hundreds of servers are started: what Node makes of the sources is kept, which takes most of the time of a start.
process.env.NODE_COMPILE_CACHE ??= join(PROJECT, 'node_modules/.cache/compile');
const end = performance.now() + (values.long ? LONG_LIMIT_MS : LIMIT_MS);
const fileLimit = values.long ? { fileLimitMs: LONG_LIMIT_MS } : {};

const total: TestCount = { passed: 0, failed: 0, skipped: [] };
if (positionals.length === 0) {
  const { passed, failed } = await staticChecks();
  total.passed += passed;
  total.failed += failed.length;
}
for (const { pattern, ...options } of FOLDERS) {
  const all = globSync(pattern, { cwd: PROJECT }).sort();
  const files = positionals.length === 0 ? all : all.filter((file) => positionals.some((part) => file.includes(part)));
  const { passed, failed, skipped } = await runTests(files, {
    ...options,
    ...fileLimit,
    limitMs: end - performance.now(),
  });
  total.passed += passed;
  total.failed += failed;
  total.skipped.push(...skipped);
}

if (total.skipped.length > 0) {
  console.log('skipped:');
  for (const name of total.skipped) console.log(`  ${name}`);
}
const mayNotSkip = process.env.CI === 'true';
if (mayNotSkip && total.skipped.length > 0) console.log('CI=true: a skipped test is a failure');
console.log(countLine(total));
process.exitCode = total.failed > 0 || (mayNotSkip && total.skipped.length > 0) ? 1 : 0;

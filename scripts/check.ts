// `npm run check`: form, types, dead code, the floors, and the unit tests; about a minute. `staticChecks` alone is the
// part of it that `npm test` begins with.

import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countLine, runTests } from './run-tests.ts';

export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

const CHECKS: readonly { name: string; command: readonly [string, ...string[]] }[] = [
  { name: 'floors', command: [process.execPath, join(PROJECT, 'scripts/tidy.ts')] },
  { name: 'format and lint', command: [tool('biome'), 'ci', '--colors=off', '.'] },
  { name: 'dead code', command: [tool('knip'), '--no-progress'] },
  { name: 'types', command: [tool('tsc'), '--noEmit', '-p', '.'] },
];
const CHECK_LIMIT_MS = 180_000;

/** Runs every check, two at a time, and prints what the failing ones said. @returns the names of those that failed */
export async function staticChecks(): Promise<{ passed: number; failed: string[] }> {
  const failed: string[] = [];
  const waiting = [...CHECKS];
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const started = performance.now();
      const { isSound, said } = await runCheck(check.command);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${isSound ? '✔' : '✖'} ${check.name} (${seconds} s)`);
      if (isSound) continue;
      console.log(said);
      failed.push(check.name);
    }
  };
  await Promise.all([lane(), lane()]);
  return { passed: CHECKS.length - failed.length, failed };
}

function runCheck([program, ...words]: readonly [string, ...string[]]): Promise<{ isSound: boolean; said: string }> {
  return new Promise((resolve) => {
    const said: string[] = [];
    const child = spawn(program, words, { cwd: PROJECT, timeout: CHECK_LIMIT_MS, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => said.push(String(text)));
    child.on('error', (failure) => resolve({ isSound: false, said: failure.message }));
    child.on('close', (code, signal) =>
      resolve({ isSound: code === 0, said: said.join('') + (signal === null ? '' : `ended by ${signal}\n`) }),
    );
  });
}

function tool(name: string): string {
  return join(PROJECT, 'node_modules/.bin', name);
}

if (import.meta.main) {
  const checks = await staticChecks();
  const tests = await runTests(globSync('test/unit/**/*.test.ts', { cwd: PROJECT }).sort(), { limitMs: 120_000 });
  tests.passed += checks.passed;
  tests.failed += checks.failed.length;
  console.log(countLine(tests));
  process.exitCode = tests.failed > 0 ? 1 : 0;
}

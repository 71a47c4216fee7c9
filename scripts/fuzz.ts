// `npm run fuzz`: runs the fuzzers of test/fuzz in turn, with new seeds, for a given time. A failure prints its seed;
// `--seed N` repeats it. Options: --seconds N (default 60), --iterations N per seed, --only PART-OF-NAME.

import { randomInt } from 'node:crypto';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { PROJECT } from './check.ts';

/** A fuzzer exports `run`: it throws when the code under test does what it must not. */
interface Fuzzer {
  run(seed: number, iterations: number): void | Promise<void>;
}

/** Between two lines that tell of the seeds just used; a failure is told at once. */
const PROGRESS_MS = 5000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    iterations: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const iterations = Number(values.iterations);
const files = globSync('test/fuzz/*.ts', { cwd: PROJECT })
  .filter((file) => basename(file).includes(values.only))
  .sort();
if (files.length === 0) throw new Error(`no fuzzer has ${JSON.stringify(values.only)} in its name`);

const end = performance.now() + Number(values.seconds) * 1000;
let toldAt = performance.now();
for (let round = 1; round === 1 || (values.seed === undefined && performance.now() < end); round++) {
  const seeds: string[] = [];
  for (const file of files) {
    const fuzzer: Fuzzer = await import(pathToFileURL(join(PROJECT, file)).href);
    const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
    seeds.push(`${basename(file, '.ts')} ${seed}`);
    try {
      await fuzzer.run(seed, iterations);
    } catch (failure) {
      console.log(`✖ ${file}: --only ${basename(file)} --seed ${seed} --iterations ${iterations}`);
      throw failure;
    }
  }
  if (round > 1 && performance.now() - toldAt < PROGRESS_MS) continue;
  toldAt = performance.now();
  console.log(`✔ round ${round}, ${iterations} iterations each: ${seeds.join(', ')}`);
}

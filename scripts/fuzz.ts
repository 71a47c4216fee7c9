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
for (let round = 0; round === 0 || (values.seed === undefined && performance.now() < end); round++) {
  for (const file of files) {
    const fuzzer: Fuzzer = await import(pathToFileURL(join(PROJECT, file)).href);
    const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
    const started = performance.now();
    try {
      await fuzzer.run(seed, iterations);
    } catch (failure) {
      console.log(`✖ ${file}: seed ${seed}, ${iterations} iterations`);
      throw failure;
    }
    console.log(`✔ ${file}: seed ${seed}, ${iterations} iterations, ${Math.round(performance.now() - started)} ms`);
  }
}

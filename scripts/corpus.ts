// Loads every configuration below the given folders as `catflap check --assume-files` does, and says what became of each:
// node scripts/corpus.ts FOLDER…   prints those that are refused with the first reason, then how many load. Files of the
// field are looked for in the world, not kept here: *.conf, workers.properties and uriworkermap files (*.properties).

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfiguration } from '../src/cli/configuration.ts';
import { formatFinding } from '../src/config/finding.ts';

export type CorpusKind = 'httpd' | 'workers' | 'mounts';

export interface CorpusOutcome {
  readonly file: string;
  readonly kind: CorpusKind;
  /** The first error; undefined when it loads. */
  readonly refusal: string | undefined;
  readonly warningCount: number;
}

/** Every `*.conf` and `*.properties` below a folder, in the order of their names. */
export function loadCorpus(folder: string): CorpusOutcome[] {
  return globSync('**/*.{conf,properties}', { cwd: folder })
    .sort()
    .map((name) => load(join(folder, name)));
}

function load(file: string): CorpusOutcome {
  const kind = kindOf(file);
  const { findings } = loadConfiguration(
    {
      file: kind === 'httpd' ? file : undefined,
      serverRoot: '/',
      ...(kind === 'workers' ? { workers: file } : {}),
      ...(kind === 'mounts' ? { mounts: file } : {}),
      // Most are a part of a site.
      listen: ['8080'],
    },
    true,
  );
  const error = findings.find(({ severity }) => severity === 'error');
  return {
    file,
    kind,
    refusal: error && formatFinding(error),
    warningCount: findings.filter(({ severity }) => severity === 'warning').length,
  };
}

/** The two kinds of properties are told apart by name, or by the first line that says something. */
function kindOf(file: string): CorpusKind {
  if (file.endsWith('.conf')) return 'httpd';
  if (file.includes('uriworkermap')) return 'mounts';
  const lines = readFileSync(file, 'latin1').split('\n');
  return /^[!-]*\//.test(lines.find((line) => /^\s*[^#\s]/.test(line))?.trim() ?? '') ? 'mounts' : 'workers';
}

/** One line for each kind: how many there are, load, and are refused. */
export function countCorpus(outcomes: readonly CorpusOutcome[]): string[] {
  return (['httpd', 'workers', 'mounts'] as const).flatMap((kind) => {
    const own = outcomes.filter((outcome) => outcome.kind === kind);
    if (own.length === 0) return [];
    const refused = own.filter(({ refusal }) => refusal !== undefined);
    const warned = own.filter(({ refusal, warningCount }) => refusal === undefined && warningCount > 0);
    const loaded = own.length - refused.length;
    return `${kind}: ${own.length} files, ${loaded} load (${warned.length} with warnings), ${refused.length} refused`;
  });
}

if (import.meta.main) {
  const outcomes = process.argv.slice(2).flatMap(loadCorpus);
  for (const { refusal } of outcomes) if (refusal !== undefined) console.log(refusal);
  for (const line of countCorpus(outcomes)) console.log(line);
}

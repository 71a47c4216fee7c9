// Writes the table of worker properties (docs/reference/workers-properties.md) from the table in the code, each with a test
// that shows it. Fails by name where a test is missing. `--write` writes the file.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  OLD_NAMES,
  OWN_PROPERTIES,
  WITHOUT_EFFECT,
  WORKER_PROPERTIES,
  type WorkerProperty,
} from '../src/site/jk/worker-properties.ts';
import { PROJECT } from './check.ts';
import { type Page, proofText } from './directives.ts';
import { Proofs } from './proofs.ts';

const PAGE = 'docs/reference/workers-properties.md';

const INTRODUCTION = `# workers.properties

Every property of mod_jk's workers.properties, what it does here, and a test that shows it. Made from the table in the code by \`node scripts/workers-properties.ts --write\`. What is answered otherwise than by mod_jk 1.2.48 stands in [differences.md](differences.md#mod_jk); \`catflap check --workers workers.properties\` says what is probably not meant so in a file.

## The file

- A line is \`name=value\`; white space around both does not count, \`#\` ends a line wherever it stands, nothing continues a line.
- \`$(name)\` stands for a name that a line before has defined, or for a variable of the environment; \`$(ServerRoot)\` is there. A name that does not begin with \`worker.\` is such a variable.
- Lists grow when they come again; their items are divided by commas and blanks. Of other properties the last line counts, and of \`distance\` and \`worker.maintain\` the first, with a warning that names both lines.
- \`worker.x.reference=worker.y\` takes over what y has and x has not.
- Numbers may end in \`k\` or \`m\` (1024, 1048576). Booleans: \`on\`, \`1\`, or what begins with t or y; \`off\`, \`0\`, or what begins with f or n.
- Unknown properties and types, an lb without members, two members with one route, and references in a loop or to nothing stop the start, with file and line.
- JkWorkerProperty lines come before the file, wherever they stand.

*Of*: **A** a Tomcat that rules name (it is in \`worker.list\`), **M** a member of an lb, **L** an lb, **T** a status worker, **G** the file as a whole (\`worker.list\`, \`worker.maintain\`).

## Properties
`;

const EXTRAS = `## Ours

mod_jk takes these for variables, so that the same file serves both. They are written \`catflap.<lb>.<name>\`.
`;

/** The page for what `proofs` holds. */
export function workersPage(proofs: Proofs): Page {
  const faults: string[] = [];
  const table = (rows: readonly WorkerProperty[], prefix: string): string => {
    const lines = rows.map((row) => {
      const owner = row.of === 'G' ? 'worker\\.' : prefix;
      const pattern = new RegExp(`(?<![\\w.])${owner}${row.name}(?!\\w)`);
      const proof = proofs.of(pattern, pattern);
      if (proof === undefined) faults.push(`${row.name}: no test speaks of it`);
      const cells = [row.name, row.of, row.unit, row.byDefault, row.range, row.meaning, proof ? proofText(proof) : ''];
      return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
    });
    return `| Property | Of | Unit | Default | Range | Here | Test |\n|---|---|---|---|---|---|---|\n${lines.join('\n')}\n`;
  };
  const old = [...OLD_NAMES].map(([name, now]) => `| ${name} | ${now} |`).join('\n');
  const idle = [...WITHOUT_EFFECT].map(([name, why]) => `| ${name} | ${why} |`).join('\n');
  const text = [
    INTRODUCTION,
    table(WORKER_PROPERTIES, 'worker\\.<name>\\.'),
    EXTRAS,
    table(OWN_PROPERTIES, 'catflap\\.<lb>\\.'),
    `## Old names\n\nThey count, with a warning; a new name beside one wins.\n\n| Old | New |\n|---|---|\n${old}\n`,
    `## Without effect\n\nKnown to mod_jk, and told with a warning.\n\n| Property | Why |\n|---|---|\n${idle}\n`,
  ].join('\n');
  return { text, faults };
}

/** The page of this project. */
export function ownWorkersPage(): Page {
  return workersPage(Proofs.ofProject());
}

/** The page as it stands in the documents. */
export function writtenWorkersPage(): string {
  return readFileSync(join(PROJECT, PAGE), 'utf8');
}

if (import.meta.main) {
  const { text, faults } = ownWorkersPage();
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else if (process.argv.includes('--write')) writeFileSync(join(PROJECT, PAGE), text);
  else process.stdout.write(text);
}

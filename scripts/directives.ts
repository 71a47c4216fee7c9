// Writes the table of directives and parameters (docs/reference/httpd-directives.md) from the tables in the code, each
// honoured one with a test that shows it. Fails by name where a meaning or a test is missing. `--write` writes the file.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allDirectives, type DirectiveRule, READING_DIRECTIVES } from '../src/config/httpd/directives.ts';
import { MEANINGS } from '../src/config/httpd/meanings.ts';
import { BALANCER_PARAMETER_ROWS, type ParameterRow, WORKER_PARAMETER_ROWS } from '../src/site/parameter-table.ts';
import { PROJECT } from './check.ts';
import { type Proof, Proofs } from './proofs.ts';

const PAGE = 'docs/reference/httpd-directives.md';
/** Without effect, and the meaning says so: there is nothing that a test could show. */
const NO_EFFECT = /^no effect\b/;

export interface Directives {
  readonly rules: Iterable<DirectiveRule>;
  readonly meanings: Readonly<Record<string, string>>;
  readonly proofs: Proofs;
}

export interface Page {
  readonly text: string;
  /** What is missing: one line each. */
  readonly faults: readonly string[];
}

/** As `Proofs.of` takes them. */
type Patterns = readonly [named: RegExp, used: RegExp];

const INTRODUCTION = `# Directives of httpd

Every directive that is known, what it does here, and a test that shows it. Made from the tables in the code by \`node scripts/directives.ts --write\`. What is answered otherwise than by httpd stands in [differences.md](differences.md).

**Honoured** ones have a test. **Accepted** ones tune what is not here and are silently without effect. **Ignored** ones are warned of, with file and line. **Refused** ones keep somebody out and are not honoured: they stop the start.
`;

/** The page for what `directives` holds. */
export function directivesPage({ rules, meanings, proofs }: Directives): Page {
  const faults: string[] = [];
  const meaningOf = (name: string): string => {
    const meaning = meanings[name];
    if (meaning === undefined) faults.push(`${name}: src/config/httpd/meanings.ts does not say what it does`);
    return meaning ?? '';
  };
  const proofOf = (name: string, [named, used]: Patterns, meaning: string): string => {
    if (NO_EFFECT.test(meaning)) return '';
    const proof = proofs.of(named, used);
    if (proof === undefined) faults.push(`${name}: no test speaks of it`);
    return proof === undefined ? '' : proofText(proof);
  };
  const modules = new Map<string, DirectiveRule[]>();
  for (const rule of rules) modules.set(rule.module, [...(modules.get(rule.module) ?? []), rule]);
  const parts = [INTRODUCTION];
  for (const [module, all] of [...modules].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const told = all.filter(({ handling }) => handling === 'honoured' || handling === 'checked').sort(byName);
    parts.push(`## ${module}\n`);
    if (told.length > 0) {
      const lines = told.map((rule) => {
        const meaning = meaningOf(rule.name);
        return `| ${nameOf(rule)} | ${placeOf(rule)} | ${meaning} | ${proofOf(rule.name, patternsOf(rule), meaning)} |`;
      });
      parts.push(`| Directive | Where | Here | Test |\n|---|---|---|---|\n${lines.join('\n')}\n`);
    }
    for (const handling of ['accepted', 'ignored', 'restricts'] as const) {
      const names = all.filter((rule) => rule.handling === handling).sort(byName);
      if (names.length === 0) continue;
      const word = handling === 'restricts' ? 'Refused' : handling === 'ignored' ? 'Ignored' : 'Accepted';
      parts.push(`${word}: ${names.map(nameOf).join(', ')}.\n`);
    }
  }
  const reading = READING_DIRECTIVES.map((name) => (name.startsWith('<') ? `\`${name}>\`` : name)).join(', ');
  parts.push(`## Reading\n\nCarried out while the configuration is read: ${reading}.\n`);
  parts.push('## Parameters of members and direct targets\n', parameterTable(WORKER_PARAMETER_ROWS));
  parts.push('## Parameters of balancers\n', parameterTable(BALANCER_PARAMETER_ROWS));
  return { text: parts.join('\n'), faults };

  function parameterTable(rows: readonly ParameterRow[]): string {
    const lines = rows.map(({ key, unit, byDefault, range, meaning }) => {
      const pattern = new RegExp(`(?<![\\w])${key}=`, 'i');
      const proof = proofOf(`${key}=`, [pattern, pattern], meaning);
      return `| ${[key, unit, byDefault, range, meaning].map(cell).join(' | ')} | ${proof} |`;
    });
    return `| Parameter | Unit | Default | Range | Here | Test |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`;
  }
}

/** By name in words; in a configuration at the start of a line or of a text. */
function patternsOf({ name, isSection }: DirectiveRule): Patterns {
  const mark = isSection ? '<' : '';
  return [
    new RegExp(`(?<![\\w<.-])${mark}${name}(?![\\w.(:-])`),
    new RegExp(`(?:^|[\\n'"\`])[ \\t]*${mark}${name}(?![\\w])`, 'i'),
  ];
}

/** A proof as the pages name it. */
export function proofText({ file, title }: Proof): string {
  const where = `\`${file.replace(/^test\//, '')}\``;
  return title === undefined ? where : `${where} ${cell(title)}`;
}

function nameOf({ name, isSection }: DirectiveRule): string {
  return isSection ? `\`<${name}>\`` : name;
}

const PLACES: Readonly<Record<DirectiveRule['standing'], string>> = {
  global: 'server',
  server: 'server, host',
  anywhere: 'anywhere',
  section: 'sections',
};

function placeOf({ standing }: DirectiveRule): string {
  return PLACES[standing];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function byName(one: DirectiveRule, other: DirectiveRule): number {
  return one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1;
}

/** The page of this project. */
export function ownPage(): Page {
  return directivesPage({ rules: allDirectives(), meanings: MEANINGS, proofs: Proofs.ofProject() });
}

/** The page as it stands in the documents. */
export function writtenPage(): string {
  return readFileSync(join(PROJECT, PAGE), 'utf8');
}

if (import.meta.main) {
  const { text, faults } = ownPage();
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else if (process.argv.includes('--write')) writeFileSync(join(PROJECT, PAGE), text);
  else process.stdout.write(text);
}

// The directives that are honoured, as the reference shows them, and those that are only checked, which it must name. As
// a program: `--write` puts the table into the reference; without it, prints it.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allDirectives, READING_DIRECTIVES } from '../../../src/config/httpd/directives.ts';

const REFERENCE = fileURLToPath(new URL('../../../docs/reference/frontend.md', import.meta.url));
const BEGIN = '<!-- directives: node test/unit/docs/directive-tables.ts --write -->';
const WITHOUT_EFFECT = '## Directives and parameters without effect';
const END = '<!-- end of directives -->';

/** One row per module, its directives in alphabetical order. */
export function directiveTable(): string {
  const byModule = new Map<string, string[]>();
  for (const { name, module, isSection, handling } of allDirectives()) {
    if (handling !== 'honoured') continue;
    const names = byModule.get(module) ?? [];
    names.push(isSection ? `\`<${name.replace(/^</, '')}>\`` : name);
    byModule.set(module, names);
  }
  byModule.set(
    '(reading)',
    READING_DIRECTIVES.map((name) => (name.startsWith('<') ? `\`${name}>\`` : name)),
  );
  const rows = [...byModule].map(([module, names]) => `| ${module} | ${names.sort(byLetters).join(', ')} |`);
  return `| Module | Directives |\n|---|---|\n${rows.sort().join('\n')}\n`;
}

/** What stands in the reference between the marks. */
export function documentedTable(): string {
  const { text, from, to } = marked();
  return text.slice(from, to);
}

/** Directives that are checked and have no effect, and that the reference does not say so of. */
export function unexplainedDirectives(text = readFileSync(REFERENCE, 'utf8')): string[] {
  const table = text.slice(text.indexOf(WITHOUT_EFFECT));
  return [...allDirectives()]
    .filter(({ handling }) => handling === 'checked')
    .map(({ name, isSection }) => (isSection ? `<${name}>` : name))
    .filter((name) => !new RegExp(`(?<![\\w])${name}(?![\\w])`).test(table));
}

function marked(): { text: string; from: number; to: number } {
  const text = readFileSync(REFERENCE, 'utf8');
  const from = text.indexOf(BEGIN) + BEGIN.length + 1;
  return { text, from, to: text.indexOf(END) };
}

function byLetters(one: string, other: string): number {
  const [a, b] = [one, other].map((name) => name.replace(/\W/g, '').toLowerCase());
  return a < b ? -1 : a > b ? 1 : 0;
}

if (import.meta.main) {
  if (process.argv.includes('--write')) {
    const { text, from, to } = marked();
    writeFileSync(REFERENCE, `${text.slice(0, from)}${directiveTable()}${text.slice(to)}`);
  } else process.stdout.write(directiveTable());
}

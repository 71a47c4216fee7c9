// Directives that are checked and have no effect, and that the reference of the frontend must name with what happens.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allDirectives } from '../../../src/config/httpd/directives.ts';

const REFERENCE = fileURLToPath(new URL('../../../docs/reference/frontend.md', import.meta.url));
const WITHOUT_EFFECT = '## Directives and parameters without effect';

/** Directives that are checked and have no effect, and that the reference does not say so of. */
export function unexplainedDirectives(text = readFileSync(REFERENCE, 'utf8')): string[] {
  const table = text.slice(text.indexOf(WITHOUT_EFFECT));
  return [...allDirectives()]
    .filter(({ handling }) => handling === 'checked')
    .map(({ name, isSection }) => (isSection ? `<${name}>` : name))
    .filter((name) => !new RegExp(`(?<![\\w])${name}(?![\\w])`).test(table));
}

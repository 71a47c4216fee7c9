// The documents hold what they promise: links lead somewhere, generated tables are those of the code, and what the code
// cites is there.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { directiveTable, documentedTable } from './directive-tables.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md'], { cwd: PROJECT });

/** Anchors as the hosting site makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, title]) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Links of a document that lead nowhere. */
function deadLinks(document: string, text: string): string[] {
  const dead: string[] = [];
  for (const [, target] of text.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const file = path === '' ? document : join(dirname(document), path);
    if (!existsSync(join(PROJECT, file))) dead.push(target);
    else if (anchor !== undefined && !anchorsOf(readFileSync(join(PROJECT, file), 'utf8')).has(anchor))
      dead.push(target);
  }
  return dead;
}

for (const document of DOCUMENTS) {
  test(`${document}: every link leads somewhere`, () => {
    assert.deepEqual(deadLinks(document, readFileSync(join(PROJECT, document), 'utf8')), []);
  });
}

test('a dead link is found', () => {
  assert.deepEqual(deadLinks('README.md', '[a](docs/nope.md) [b](#nope) [c](LICENSE)'), ['docs/nope.md', '#nope']);
});

test('the directives in the reference are those that are honoured', () => {
  assert.equal(documentedTable(), directiveTable());
});

test('every section of a reference that the code cites is there', () => {
  const missing: string[] = [];
  for (const file of globSync('{src,test,bench,scripts}/**/*.ts', { cwd: PROJECT })) {
    const text = readFileSync(join(PROJECT, file), 'utf8');
    for (const [, name, sections] of text.matchAll(/\b([\w-]+\.md) ((?:§\d+(?:[.–-]\d+)*(?:, )?)+)/g)) {
      const reference = join(PROJECT, 'docs/reference', name);
      const headings = existsSync(reference) ? readFileSync(reference, 'utf8') : '';
      for (const [, section] of sections.matchAll(/§(\d+)/g)) {
        if (!new RegExp(`^## ${section}\\. `, 'm').test(headings)) missing.push(`${file}: ${name} §${section}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

test('the README shows commands that package.json has', () => {
  const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const { scripts, engines } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  for (const [, name] of readme.matchAll(/npm (start|test|run \w+)/g))
    assert.ok(scripts[name.replace('run ', '')], name);
  assert.ok(readme.includes(`Node ${engines.node.replace('>=', '')}`));
});

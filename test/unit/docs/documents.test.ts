// The documents hold what they promise: links lead somewhere, generated tables are those of the code, examples import what
// is exported, and what is cited is there.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ownPage, writtenPage } from '../../../scripts/directives.ts';
import { ownWorkersPage, writtenWorkersPage } from '../../../scripts/workers-properties.ts';
import { KNOWN_PROPERTIES } from '../../../src/site/jk/worker-properties.ts';
import { unexplainedDirectives } from './directive-tables.ts';

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

/** Paths in backquotes that are not there. */
function missingPaths(text: string): string[] {
  const paths = [...text.matchAll(/`((?:src|test|scripts|docs|bin)\/[\w./-]*)`/g)].map(([, path]) => path);
  return paths.filter((path) => !existsSync(join(PROJECT, path)));
}

test('the files that the architecture names are there', () => {
  assert.deepEqual(missingPaths(readFileSync(join(PROJECT, 'ARCHITECTURE.md'), 'utf8')), []);
});

test('a file that is not there is found', () => {
  assert.deepEqual(missingPaths('`src/nope.ts` and `src/site/`'), ['src/nope.ts']);
});

test('the reference of directives is that of the tables: node scripts/directives.ts --write', () => {
  const { text, faults } = ownPage();
  assert.deepEqual(faults, []);
  assert.ok(text === writtenPage(), 'docs/reference/httpd-directives.md is out of date');
});

test('the reference of worker properties is that of the table: node scripts/workers-properties.ts --write', () => {
  const { text, faults } = ownWorkersPage();
  assert.deepEqual(faults, []);
  assert.ok(text === writtenWorkersPage(), 'docs/reference/workers-properties.md is out of date');
});

/** Properties that are taken and that a text has no row for. */
function untoldProperties(text: string): string[] {
  return [...KNOWN_PROPERTIES].filter((name) => !text.includes(`\n| ${name} |`));
}

test('every property that is taken has a row in the reference', () => {
  assert.deepEqual(untoldProperties(writtenWorkersPage()), []);
  assert.ok(untoldProperties('\n| host |').includes('port'));
});

test('the reference says what becomes of every directive that has no effect', () => {
  assert.deepEqual(unexplainedDirectives(), []);
  assert.ok(unexplainedDirectives('## Directives and parameters without effect\nServerTokens').includes('ServerAdmin'));
});

test('the index of decisions names each with its title', () => {
  const index = readFileSync(join(PROJECT, 'docs/decisions/README.md'), 'utf8');
  for (const file of globSync('docs/decisions/[0-9]*.md', { cwd: PROJECT, exclude: ['**/000-*'] })) {
    const [, number, title] = /^# (\d+): (.+)$/m.exec(readFileSync(join(PROJECT, file), 'utf8')) ?? [];
    assert.ok(index.includes(`| [${number}](${basename(file)}) | ${title} |`), file);
  }
});

/** Events that the frontend's rooms log, and that a text does not name. */
function unnamedEvents(text: string): string[] {
  const events = new Set<string>();
  for (const file of globSync('src/{admin,balancer,cli,frontend,link,listener}/**/*.ts', { cwd: PROJECT })) {
    if (/listener\/ajp/.test(file)) continue;
    const source = readFileSync(join(PROJECT, file), 'utf8');
    for (const [, event] of source.matchAll(/\blog\.(?:warn|error|info)\(\s*'([a-z-]+)'/g)) events.add(event);
  }
  return [...events].filter((event) => !text.includes(`\`${event}\``)).sort();
}

test('the reference of logs names every event of the frontend', () => {
  assert.deepEqual(unnamedEvents(readFileSync(join(PROJECT, 'docs/reference/logs.md'), 'utf8')), []);
});

test('an event without a word about it is found', () => {
  assert.ok(unnamedEvents('').includes('member-failed'));
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

/** Names that examples import from the package and that it does not export. */
async function unknownImports(text: string): Promise<string[]> {
  const unknown: string[] = [];
  for (const [, names, path] of text.matchAll(/import \{([^}]+)\} from 'catflap(?:\/(\w+))?'/g)) {
    const exported = await import(join(PROJECT, 'src', `${path ?? 'index'}.ts`));
    for (const name of names.split(',').map((each) => each.trim())) {
      if (name !== '' && !(name in exported)) unknown.push(`${name} of ${path ?? 'catflap'}`);
    }
  }
  return unknown;
}

for (const document of DOCUMENTS) {
  test(`${document}: examples import what the package exports`, async () => {
    assert.deepEqual(await unknownImports(readFileSync(join(PROJECT, document), 'utf8')), []);
  });
}

test('an import of something that is not exported is found', async () => {
  assert.deepEqual(await unknownImports("import { Balancer, Nope } from 'catflap/balancer'"), ['Nope of balancer']);
});

/** Scenarios that a text cites and nobody recorded. */
function unknownScenarios(text: string, recorded: ReadonlySet<string>): string[] {
  const cited = text.matchAll(/(?<![\w-])[PJT]-(?:[A-Z]+-)?\d\d[\w-]*/g);
  return [...new Set([...cited].map(([id]) => id))].filter((id) => !recorded.has(id));
}

const recordings = globSync('test/data/behaviours/*.json', { cwd: PROJECT }).flatMap(
  (file): { id: string }[] => JSON.parse(readFileSync(join(PROJECT, file), 'utf8')).scenarios,
);
const RECORDED: ReadonlySet<string> = new Set(recordings.map(({ id }) => id));

test('every scenario that the differences cite was recorded', () => {
  const text = readFileSync(join(PROJECT, 'docs/reference/differences.md'), 'utf8');
  assert.ok(RECORDED.size > 400);
  assert.deepEqual(unknownScenarios(text, RECORDED), []);
});

test('a scenario that nobody recorded is found', () => {
  assert.deepEqual(unknownScenarios('as P-HDR-26 and T-24, not P-HDR-99', RECORDED), ['P-HDR-99']);
});

test('the README shows commands that package.json has', () => {
  const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const { scripts, engines } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  for (const [, name] of readme.matchAll(/npm (start|test|run \w+)/g))
    assert.ok(scripts[name.replace('run ', '')], name);
  assert.ok(readme.includes(`Node ${engines.node.replace('>=', '')}`));
});

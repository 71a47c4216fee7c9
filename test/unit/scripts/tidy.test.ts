// The checker of the house is proved by faults planted in a small house.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findFaults, floorPicture, type House, importsOf, pictureFaults } from '../../../scripts/tidy.ts';

const house: House = {
  rooms: [
    { name: 'base', floor: 1, column: 'shared', meaning: 'ground' },
    { name: 'wire/ajp', floor: 2, column: 'shared', meaning: 'bytes' },
    { name: 'wire/http1', floor: 2, column: 'shared', meaning: 'bytes' },
    { name: 'link', floor: 2, column: 'shared', meaning: 'sockets' },
    { name: 'cluster', floor: 3, column: 'application', meaning: 'group' },
    { name: 'frontend', floor: 4, column: 'front', meaning: 'proxy' },
    { name: 'cli', floor: 6, column: 'whole', meaning: 'programs' },
    { name: '', floor: 7, column: 'whole', meaning: 'exports' },
  ],
  kept: [{ modules: ['net', 'tls'], rooms: ['link', 'cli'] }],
  longestFile: 5,
  longFiles: { 'src/base/long.ts': 'a table' },
};

const sound = {
  'src/base/clock.ts': 'export const now = 1;\n',
  'src/base/long.ts': '\n'.repeat(9),
  'src/wire/ajp/codec.ts': "import { now } from '../../base/clock.ts';\nimport { x } from './other.ts';\n",
  'src/link/dial.ts': "import { connect } from 'node:net';\n",
  'src/frontend/upstream/proxy.ts':
    "import type { Codec } from '../wire/ajp/codec.ts';\nimport { dial } from '../link/dial.ts';\n",
  'src/cli/main.ts': "import '../frontend/proxy.ts';\nimport '../cluster/group.ts';\n",
  'src/cluster/group.ts': "import { readFile } from 'node:fs/promises';\n",
  'src/index.ts': "export * from './frontend/proxy.ts';\n",
  'test/unit/proxy.test.ts': "test('a fact', () => {});\n",
};

function faultsOf(planted: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'house-'));
  try {
    for (const [file, text] of Object.entries({ ...sound, ...planted })) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    return findFaults(root, house);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('a sound house has no faults', () => {
  assert.deepEqual(faultsOf({}), []);
});

for (const [what, file, text, expected] of [
  ['an arrow up', 'src/base/a.ts', "import { x } from '../link/dial.ts';\n", 'src/base/a.ts:1: an arrow up'],
  [
    'an arrow up by type',
    'src/base/a.ts',
    "\nimport type { X } from '../link/dial.ts';\n",
    'src/base/a.ts:2: an arrow up',
  ],
  [
    'an arrow up by re-export',
    'src/base/a.ts',
    "export { x } from '../link/dial.ts';\n",
    'src/base/a.ts:1: an arrow up',
  ],
  [
    'an arrow up over lines',
    'src/base/a.ts',
    "import {\n  x,\n} from '../link/dial.ts';\n",
    'src/base/a.ts:1: an arrow up',
  ],
  ['a late arrow up', 'src/base/a.ts', "const x = await import('../link/dial.ts');\n", 'src/base/a.ts:1: an arrow up'],
  [
    'a worker upstairs',
    'src/base/a.ts',
    "new URL('../cli/main.ts', import.meta.url);\n",
    'src/base/a.ts:1: an arrow up',
  ],
  ['an import of the exports', 'src/cli/a.ts', "import '../index.ts';\n", 'src/cli/a.ts:1: an arrow up'],
  ['an arrow sideways', 'src/wire/ajp/a.ts', "import '../http1/head.ts';\n", 'src/wire/ajp/a.ts:1: an arrow sideways'],
  ['an arrow across', 'src/frontend/a.ts', "import '../cluster/group.ts';\n", 'src/frontend/a.ts:1: an arrow across'],
  [
    'a socket elsewhere',
    'src/frontend/a.ts',
    "import { connect } from 'node:net';\n",
    'only link and cli may import node:net',
  ],
  [
    'a socket type elsewhere',
    'src/frontend/a.ts',
    "import type { Socket } from 'net';\n",
    'only link and cli may import',
  ],
  ['an unknown room', 'src/attic/a.ts', '\n', 'src/attic/a.ts:1: stands in no room'],
  [
    'an import out of the house',
    'src/base/a.ts',
    "import '../../test/a.ts';\n",
    'src/base/a.ts:1: imports ../../test/a.ts',
  ],
  [
    'the package by name',
    'src/cli/a.ts',
    "import { x } from 'catflap/ajp';\n",
    'src/cli/a.ts:1: imports the package by its name',
  ],
  ['a long file', 'src/link/a.ts', '\n'.repeat(6), 'src/link/a.ts:5: has 6 lines'],
  ['an excuse nobody needs', 'src/base/long.ts', '\n', 'src/base/long.ts:1: is excused'],
  ['unfinished work', 'src/link/a.ts', `// ${'TO'}${'DO'}: later\n`, 'src/link/a.ts:1: marks unfinished work'],
  [
    'a test that stands alone',
    'test/unit/a.test.ts',
    `test.${'only'}('x', f);\n`,
    'test/unit/a.test.ts:1: a test that',
  ],
] as const) {
  test(`${what} is found`, () => {
    const faults = faultsOf({ [file]: text });
    assert.equal(faults.length, 1, faults.join('\n'));
    assert.ok(faults[0]?.includes(expected), faults[0]);
  });
}

test('a word that only looks like an import is none', () => {
  assert.deepEqual(importsOf("const a = 'important';\n// imports from 'x'\nexport const b = 1;\n"), []);
});

test('an old picture of the floors is found', () => {
  const root = mkdtempSync(join(tmpdir(), 'house-'));
  const write = (picture: string) =>
    writeFileSync(
      join(root, 'ARCHITECTURE.md'),
      `# A\n\n<!-- floors: printed by scripts/tidy.ts -->\n\n${picture}\n\n<!-- end of floors -->\n`,
    );
  try {
    mkdirSync(join(root, 'src/link'), { recursive: true });
    writeFileSync(join(root, 'src/link/dial.ts'), '');
    assert.equal(pictureFaults(root, house).length, 1);
    write(floorPicture(root, house));
    assert.deepEqual(pictureFaults(root, house), []);
    write(floorPicture(root, house).replace('sockets', 'plugs'));
    assert.equal(pictureFaults(root, house).length, 1);
  } finally {
    rmSync(root, { recursive: true });
  }
});

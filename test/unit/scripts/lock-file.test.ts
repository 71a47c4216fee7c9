// `npm ci` refuses a lock file that leaves out packages of other platforms, which a registry without them brings about.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Lock {
  packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
}

const lock: Lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'));

function missing({ packages }: Lock): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        packages[`${path}/node_modules/${name}`] === undefined && packages[`node_modules/${name}`] === undefined,
    ),
  );
}

test('the lock file names the optional packages of every platform', () => {
  assert.deepEqual(missing(lock), []);
});

test('a package of another platform that was left out is noticed', () => {
  const packages = { ...lock.packages };
  delete packages['node_modules/@biomejs/cli-darwin-arm64'];
  assert.deepEqual(missing({ packages }), ['@biomejs/cli-darwin-arm64']);
});

test('the lock file belongs to package.json', () => {
  const own = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const { dependencies, devDependencies, engines } = lock.packages[''] as typeof own;
  assert.deepEqual(
    { dependencies, devDependencies, engines },
    { dependencies: own.dependencies, devDependencies: own.devDependencies, engines: own.engines },
  );
});

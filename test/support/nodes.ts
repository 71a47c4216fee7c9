// Other versions of Node for tests, from the npm package `node`; installed once and kept in the user's cache.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { mustRun, runCommand } from './command.ts';
import { PROJECT } from './front.ts';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'catflap-tests');
const INSTALL_LIMIT_MS = 180_000;

/** The lowest Node that the package supports, such as `24.21`. */
export function lowestSupported(): string {
  const { engines } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  return engines.node.replace('>=', '');
}

/** Path of a `node` of this version (`24.21`, `20`); asks the npm registry when it is not here yet. */
export async function nodeOfVersion(version: string): Promise<string> {
  const folder = join(CACHE, `node-${version}`);
  const program = join(folder, 'node_modules/node/bin/node');
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const about = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(about));
    await mustRun(['npm', 'install', '--no-audit', '--no-fund'], { cwd: folder, limitMs: INSTALL_LIMIT_MS });
  }
  const { stdout } = await mustRun([program, '--version']);
  if (!stdout.startsWith(`v${version}.`)) throw new Error(`${program} is ${stdout.trim()}, not ${version}`);
  return program;
}

/** A Node that is too old for the package: the machine's, if it is, else version 20. */
export async function tooOldNode(): Promise<string> {
  const [major, minor] = lowestSupported().split('.').map(Number);
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const program = join(folder, 'node');
    if (folder.includes('node_modules') || !existsSync(program)) continue;
    const { stdout } = await runCommand([program, '--version']);
    const [, ofMajor, ofMinor] = /^v(\d+)\.(\d+)/.exec(stdout) ?? [];
    if (Number(ofMajor) < major || (Number(ofMajor) === major && Number(ofMinor) < minor)) return program;
  }
  return nodeOfVersion('20');
}

/** An environment in which `node` is this one. */
export function withNode(program: string): Record<string, string> {
  return { PATH: `${dirname(program)}:/usr/local/bin:/usr/bin:/bin` };
}

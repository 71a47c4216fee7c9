// Holds the shape of the house as data and checks the source against it: which room may import which, who may touch
// sockets, how long a file may be. As a program: no option checks everything, `--print` prints the picture of the floors,
// `--write` puts it between its marks in ARCHITECTURE.md.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `application` and `front` know nothing of each other; both stand on `shared`, and `whole` stands on both. */
type Column = 'application' | 'front' | 'shared' | 'whole';

export interface Room {
  /** Folder below `src`. */
  name: string;
  floor: number;
  column: Column;
  meaning: string;
}

export interface House {
  rooms: readonly Room[];
  /** Modules that only these rooms may import. */
  kept: readonly { modules: readonly string[]; rooms: readonly string[] }[];
  /** Lines a file in `src` may have. */
  longestFile: number;
  /** Files that may be longer, each with the reason. */
  longFiles: Readonly<Record<string, string>>;
}

export const HOUSE: House = {
  rooms: [
    { name: 'base', floor: 1, column: 'shared', meaning: 'header tables, heads, failures, clock, log' },
    { name: 'wire/ajp', floor: 2, column: 'shared', meaning: 'AJP 1.3: bytes to events and back, both roles' },
    { name: 'wire/http1', floor: 2, column: 'shared', meaning: 'HTTP/1: bytes to events and back, both roles' },
    {
      name: 'wire/proxy-protocol',
      floor: 2,
      column: 'shared',
      meaning: 'the PROXY protocol: who the client of a proxy is',
    },
    {
      name: 'link',
      floor: 2,
      column: 'shared',
      meaning: 'sockets: accepting, dialling, one-write output, pool, deadlines, datagrams',
    },
    {
      name: 'config',
      floor: 2,
      column: 'shared',
      meaning: "text of a server's configuration to trees with file and line",
    },
    {
      name: 'credentials',
      floor: 2,
      column: 'front',
      meaning: 'password and group files, passwords verified off the loop',
    },
    { name: 'balancer', floor: 2, column: 'shared', meaning: 'members, methods, stickiness, scoreboard' },
    { name: 'control', floor: 2, column: 'shared', meaning: 'registry of what an operator may see and do' },
    { name: 'cluster', floor: 3, column: 'application', meaning: 'channel, membership, transport, replicated map' },
    { name: 'listener', floor: 3, column: 'shared', meaning: 'HTTP and AJP listeners, Exchange, access log' },
    { name: 'site', floor: 3, column: 'front', meaning: 'configuration trees and balancer to model to Snapshot' },
    { name: 'session', floor: 4, column: 'application', meaning: 'session managers, stores, middleware' },
    { name: 'frontend', floor: 4, column: 'front', meaning: 'mappings, access, handlers, proxy, upstreams, health' },
    { name: 'appserver', floor: 5, column: 'application', meaning: 'Node applications where Tomcats ran' },
    { name: 'admin', floor: 5, column: 'front', meaning: 'pages over what rooms registered' },
    { name: 'cli', floor: 6, column: 'whole', meaning: 'the programs: arguments, signals, the real clock and network' },
    { name: '', floor: 7, column: 'whole', meaning: "the package's exports, one file each" },
  ],
  kept: [
    { modules: ['net', 'tls'], rooms: ['link', 'cli'] },
    // The cluster's membership, and link for what the front hears: heartbeats.
    { modules: ['dgram'], rooms: ['link', 'cluster'] },
  ],
  longestFile: 400,
  longFiles: {},
};

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const PICTURE_FILE = 'ARCHITECTURE.md';
const PICTURE_START = '<!-- floors: printed by scripts/tidy.ts -->';
const PICTURE_END = '<!-- end of floors -->';
/** Put together so that this file does not hold the words it looks for. */
const UNFINISHED = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`);
const FOCUSED = new RegExp(
  `\\b(?:test|it|describe|suite)\\.(?:${['on' + 'ly', 'to' + 'do', 'sk' + 'ip'].join('|')})\\(`,
);

/** Everything wrong with the tree at `root`, one line each, as `file:line: what`. */
export function findFaults(root: string, house: House = HOUSE): string[] {
  const faults: string[] = [];
  for (const file of sourceFiles(root, 'src')) {
    const text = readFileSync(join(root, file), 'utf8');
    faults.push(...importFaults(file, text, house), ...lengthFaults(file, text, house));
  }
  for (const folder of ['src', 'test', 'scripts', 'bench'])
    for (const file of sourceFiles(root, folder))
      faults.push(...wordFaults(file, readFileSync(join(root, file), 'utf8')));
  for (const file of Object.keys(house.longFiles))
    if (!existsSync(join(root, file)))
      faults.push(`${file}:1: excused from the limit of lines, but there is no such file`);
  return faults;
}

/** Fault of the picture in ARCHITECTURE.md, if any. */
export function pictureFaults(root: string, house: House = HOUSE): string[] {
  const text = existsSync(join(root, PICTURE_FILE)) ? readFileSync(join(root, PICTURE_FILE), 'utf8') : '';
  const between = text.split(PICTURE_START)[1]?.split(PICTURE_END)[0];
  if (between === undefined) return [`${PICTURE_FILE}:1: has no picture between ${PICTURE_START} and ${PICTURE_END}`];
  if (between.trim() === floorPicture(root, house).trim()) return [];
  return [`${PICTURE_FILE}:1: its picture of the floors is old; run node scripts/tidy.ts --write`];
}

/** The floors from top to bottom, as a table in Markdown. Rooms that nobody has built yet are left out. */
export function floorPicture(root: string, house: House = HOUSE): string {
  const built = house.rooms.filter(({ name }) => sourceFiles(root, join('src', name)).length > 0);
  const floors = [...new Set(built.map(({ floor }) => floor))].sort((a, b) => b - a);
  const cell = (floor: number, ...columns: Column[]) =>
    built
      .filter((room) => room.floor === floor && columns.includes(room.column))
      .map(({ name, meaning }) => `\`${name === '' ? 'src/*.ts' : name}\` ${meaning}`)
      .join('<br>');
  const rows = floors.map(
    (floor) =>
      `| ${floor} | ${cell(floor, 'application')} | ${cell(floor, 'shared', 'whole')} | ${cell(floor, 'front')} |`,
  );
  return ['| floor | application tier | for both | front |', '|---|---|---|---|', ...rows].join('\n');
}

function importFaults(file: string, text: string, house: House): string[] {
  const faults: string[] = [];
  const from = roomOf(file, house);
  if (from === undefined) return [`${file}:1: stands in no room of the house`];
  for (const { specifier, line } of importsOf(text)) {
    const fault = (what: string) => faults.push(`${file}:${line}: ${what}`);
    if (specifier === 'catflap' || specifier.startsWith('catflap/'))
      fault(`imports the package by its name (${specifier})`);
    const module = specifier.replace(/^node:/, '');
    for (const { modules, rooms } of house.kept)
      if (modules.includes(module) && !rooms.includes(from.name))
        fault(`only ${rooms.join(' and ')} may import node:${module}`);
    if (!specifier.startsWith('.')) continue;
    const target = posix.normalize(posix.join(posix.dirname(file), specifier));
    const to = target.startsWith('src/') ? roomOf(target, house) : undefined;
    if (to === undefined) fault(`imports ${specifier}, which stands in no room of the house`);
    else if (to !== from) {
      const arrow = `${nameOf(from)} (floor ${from.floor}) imports ${nameOf(to)} (floor ${to.floor})`;
      if (to.floor > from.floor) fault(`an arrow up: ${arrow}`);
      else if (to.floor === from.floor) fault(`an arrow sideways: ${arrow}`);
      else if (to.column !== from.column && to.column !== 'shared' && from.column !== 'whole')
        fault(`an arrow across: ${nameOf(from)} (${from.column}) imports ${nameOf(to)} (${to.column})`);
    }
  }
  return faults;
}

function lengthFaults(file: string, text: string, house: House): string[] {
  const lines = text.split('\n').length - 1;
  const isExcused = (house.longFiles[file] ?? '') !== '';
  if (lines <= house.longestFile)
    return isExcused ? [`${file}:1: is excused from the limit of lines and no longer needs to be`] : [];
  return isExcused ? [] : [`${file}:${house.longestFile}: has ${lines} lines; ${house.longestFile} are the limit`];
}

function wordFaults(file: string, text: string): string[] {
  const faults: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (UNFINISHED.test(line)) faults.push(`${file}:${i + 1}: marks unfinished work`);
    if (file.startsWith('test/') && FOCUSED.test(line))
      faults.push(`${file}:${i + 1}: a test that is left out or stands alone`);
  }
  return faults;
}

/** Statements stand at the start of a line: the formatter sees to that. */
const IMPORTS = [
  /^(?:import|export)\b[^;'"]*?\bfrom\s+['"]([^'"]+)['"]/gm,
  /^import\s+['"]([^'"]+)['"]/gm,
  /\b(?:import|require|getBuiltinModule)\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]/g,
];

/** Every module a source text names: imported, re-exported, imported later, or started as a worker. */
export function importsOf(text: string): { specifier: string; line: number }[] {
  return IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)])
    .map((match) => ({ specifier: match[1] ?? '', line: text.slice(0, match.index).split('\n').length }))
    .sort((a, b) => a.line - b.line);
}

function roomOf(file: string, house: House): Room | undefined {
  const inside = file.slice('src/'.length);
  if (!inside.includes('/')) return house.rooms.find(({ name }) => name === '');
  return house.rooms.find(({ name }) => name !== '' && inside.startsWith(`${name}/`));
}

function nameOf(room: Room): string {
  return room.name === '' ? "the package's exports" : room.name;
}

function sourceFiles(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('test/data/'))
    .sort();
}

function main(mode: string | undefined): void {
  if (mode === '--print') {
    console.log(floorPicture(PROJECT));
    return;
  }
  if (mode === '--write') {
    const file = join(PROJECT, PICTURE_FILE);
    const [before, after] = readFileSync(file, 'utf8').split(new RegExp(`${PICTURE_START}[^]*?${PICTURE_END}`));
    if (after === undefined) throw new Error(`${PICTURE_FILE} has no marks ${PICTURE_START} and ${PICTURE_END}`);
    writeFileSync(file, `${before}${PICTURE_START}\n\n${floorPicture(PROJECT)}\n\n${PICTURE_END}${after}`);
    return;
  }
  const faults = [...findFaults(PROJECT), ...pictureFaults(PROJECT)];
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

if (import.meta.main) main(process.argv[2]);

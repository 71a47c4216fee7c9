// `npm run bench`: Catflap beside httpd (mod_proxy_ajp, mod_jk) and HAProxy (HTTP to HTTP) on the same backend; Catflap
// with the configuration of either. First compares the bytes of their answers, then drives them in interleaved rounds,
// and prints medians.
// Options: --case NAME,… --front NAME,… --rounds N (5) --seconds N (3) --connections N (10000, idle) --json

import { parseArgs } from 'node:util';
import { residentBytes } from '../test/support/child.ts';
import { fetchOnce, headerOf } from '../test/support/client.ts';
import { needs } from '../test/support/peers.ts';
import { sleep } from '../test/support/port.ts';
import { cpuMicroseconds, median } from './accounts.ts';
import { CASES, type Case, IDLE } from './cases.ts';
import { type BenchFront, Field, FRONTS, type FrontName } from './fronts.ts';
import { drive, type LoadResult, openIdle } from './load.ts';

const MIB = 1024 * 1024;
const WARM_UP_SECONDS = 2;
const SETTLE_MS = 200;

interface Round extends LoadResult {
  cpuMicroseconds: number;
}

interface Figures {
  case: string;
  front: FrontName;
  /** Median of the rounds, and the lowest and highest of them; microseconds. */
  cpuPerRequest: number;
  cpuSpread: readonly [number, number];
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  rssMib: number;
  errors: number;
  rounds: Round[];
}

const { values } = parseArgs({
  options: {
    case: { type: 'string', default: [...CASES, IDLE].map(({ name }) => name).join() },
    front: { type: 'string', default: FRONTS.join() },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: String(IDLE.connections) },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const wanted = new Set(values.case.split(','));
const say = (line: string) => (values.json ? console.error(line) : console.log(line));

const missing = needs('wrk').skip;
if (missing !== false) throw new Error(missing);

const field = new Field();
try {
  await field.startBackend();
  const fronts: BenchFront[] = [];
  for (const name of FRONTS.filter((each) => values.front.split(',').includes(each))) {
    const front = await field.startFront(name);
    if (front === undefined) say(`${name} is not here and is left out`);
    else fronts.push(front);
  }

  const all: Figures[] = [];
  const idle: Awaited<ReturnType<typeof measureIdle>>[] = [];
  for (const each of CASES.filter(({ name }) => wanted.has(name))) {
    const able = fronts.filter(({ name }) => !each.without.includes(name));
    await compareAnswers(each, able);
    const figures = await measure(each, able);
    all.push(...figures);
    say(table(each, figures));
  }
  if (wanted.has(IDLE.name)) {
    const count = Number(values.connections);
    for (const front of fronts) idle.push(await measureIdle(await field.restart(front), count));
    say(idleTable(count, idle));
  }
  if (values.json) console.log(JSON.stringify({ cases: all, idle }, undefined, 1));
} finally {
  await field.stop();
}

/** All fronts must give the same answer before it is asked how fast. @throws when one differs */
async function compareAnswers(each: Case, fronts: readonly BenchFront[]): Promise<void> {
  let first: { name: string; facts: string; body: Buffer } | undefined;
  for (const { name, port } of fronts) {
    const answer = await fetchOnce(port, {
      method: each.method,
      path: each.bodyBytes > 0 ? `${each.path}?hash` : each.path,
      headers: each.headers,
      ...(each.bodyBytes > 0 ? { body: 'abcdefgh'.repeat(each.bodyBytes / 8) } : {}),
    });
    const type = headerOf(answer, 'content-type')?.toLowerCase();
    const facts = `status ${answer.status}, type ${type}, complete ${answer.isComplete ?? true}, ${answer.body.length} bytes`;
    first ??= { name, facts, body: answer.body };
    if (answer.status !== 200 || facts !== first.facts || !answer.body.equals(first.body))
      throw new Error(`${each.name}: ${first.name} answers ${first.facts}; ${name} answers ${facts}`);
  }
}

async function measure(each: Case, fronts: readonly BenchFront[]): Promise<Figures[]> {
  const results = new Map<FrontName, Round[]>(fronts.map(({ name }) => [name, []]));
  for (const { port } of fronts) await drive(each, port, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < fronts.length; i++) {
      const { name, port, child } = fronts[(i + round) % fronts.length] as BenchFront;
      await sleep(SETTLE_MS);
      const before = cpuMicroseconds(child.pid);
      const result = await drive(each, port, seconds);
      results.get(name)?.push({ ...result, cpuMicroseconds: cpuMicroseconds(child.pid) - before });
    }
  }
  return fronts.map(({ name, child }) => {
    const own = results.get(name) ?? [];
    const middle = (value: (round: Round) => number) => median(own.map(value));
    return {
      case: each.name,
      front: name,
      cpuPerRequest: middle(cpuPerRequest),
      cpuSpread: [Math.min(...own.map(cpuPerRequest)), Math.max(...own.map(cpuPerRequest))],
      requestsPerSecond: middle((round) => round.requests / round.seconds),
      p50Ms: middle(({ p50Ms }) => p50Ms),
      p99Ms: middle(({ p99Ms }) => p99Ms),
      rssMib: residentBytes(child.pid) / MIB,
      errors: own.reduce((sum, { errors }) => sum + errors, 0),
      rounds: own,
    };
  });
}

function cpuPerRequest(round: Round): number {
  return round.cpuMicroseconds / round.requests;
}

async function measureIdle(
  { name, port, child }: BenchFront,
  count: number,
): Promise<{ front: FrontName; beforeMib: number; afterMib: number; kibEach: number }> {
  for (const connection of await openIdle(port, 100)) connection.close();
  await sleep(SETTLE_MS);
  const before = residentBytes(child.pid);
  const open = await openIdle(port, count);
  await sleep(2000);
  const after = residentBytes(child.pid);
  const alive = open.filter(({ isClosed }) => !isClosed).length;
  for (const connection of open) connection.close();
  if (alive < count) throw new Error(`${name} closed ${count - alive} of ${count} idle connections`);
  return { front: name, beforeMib: before / MIB, afterMib: after / MIB, kibEach: (after - before) / 1024 / count };
}

function table(each: Case, figures: readonly Figures[]): string {
  const base = figures.find(({ front }) => front === 'httpd')?.cpuPerRequest;
  const rows = figures.map((row) => [
    row.front,
    row.cpuPerRequest.toFixed(1),
    row.cpuSpread.map((value) => value.toFixed(1)).join('–'),
    base === undefined ? '' : (row.cpuPerRequest / base).toFixed(2),
    row.requestsPerSecond.toFixed(0),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.rssMib.toFixed(0),
    row.errors === 0 ? '' : `${row.errors} errors`,
  ]);
  const title = `${each.name}: ${each.title}; ${each.connections} connections, ${rounds} rounds of ${seconds} s, medians`;
  return `\n${title}\n${aligned([['front', 'CPU µs/request', 'from–to', '× httpd', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MiB', ''], ...rows])}`;
}

function idleTable(count: number, idle: readonly Awaited<ReturnType<typeof measureIdle>>[]): string {
  const rows = idle.map(({ front, beforeMib, afterMib, kibEach }) => [
    front,
    beforeMib.toFixed(0),
    afterMib.toFixed(0),
    kibEach.toFixed(1),
  ]);
  return `\nidle: ${count} idle connections\n${aligned([['front', 'RSS MiB before', 'with them', 'KiB each'], ...rows])}`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}

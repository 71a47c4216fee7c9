// Runs test files, each in a process of its own, and counts what they say.

import { readFileSync } from 'node:fs';
import { availableParallelism, uptime } from 'node:os';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** No file of tests takes longer, unless something hangs. */
const FILE_LIMIT_MS = 300_000;
/** Grace after that. Node was seen to turn in circles while it exits, with all tests done: it heeds no SIGTERM then. */
const KILL_AFTER_MS = 30_000;
/** So often the files that take long are named. */
const HEARTBEAT_MS = 60_000;

export interface TestCount {
  passed: number;
  failed: number;
  /** Names of the tests that were left out, with the reason. */
  skipped: string[];
}

export interface RunOptions {
  /** Files at the same time; default one per core. */
  concurrency?: number;
  /** Everything still running by then is ended and counts as failed. */
  limitMs: number;
  /** A file still running by then is ended and counts as failed. Default five minutes. */
  fileLimitMs?: number;
}

/** Runs the files and prints a line for each, and each failure in full. */
export async function runTests(files: readonly string[], options: RunOptions): Promise<TestCount> {
  const count: TestCount = { passed: 0, failed: 0, skipped: [] };
  if (files.length === 0) return count;
  const short = (file: string | undefined) => (file ?? '').replace(PROJECT, '');

  /** By file: the test it has come to, and since when. */
  const running = new Map<string, { since: number; test: string }>();
  const heartbeat = setInterval(() => {
    for (const [file, { since, test }] of running) {
      const seconds = Math.round((performance.now() - since) / 1000);
      if (seconds * 1000 >= HEARTBEAT_MS) console.log(`… ${file} is at "${test}" after ${seconds} s`);
    }
  }, HEARTBEAT_MS);
  const fileLimitMs = options.fileLimitMs ?? FILE_LIMIT_MS;
  let killed = 0;
  const reaper = setInterval(() => {
    killed += killChildrenOlderThan(fileLimitMs + KILL_AFTER_MS);
  }, KILL_AFTER_MS);
  /** Files all of whose tests have passed. */
  const passedFiles = new Set<string>();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), Math.max(0, options.limitMs));
  const events = run({
    cwd: PROJECT,
    files: [...files],
    concurrency: options.concurrency ?? availableParallelism(),
    timeout: fileLimitMs,
    signal: limit.signal,
  });
  for await (const event of events) {
    if (event.type === 'test:dequeue' || event.type === 'test:complete') {
      const { name, file } = event.data;
      const isFile = name === file;
      if (event.type === 'test:complete') running.delete(short(file));
      else running.set(short(file), { since: performance.now(), test: isFile ? 'its beginning' : name });
    } else if (event.type === 'test:pass') {
      const { name, file, skip, details } = event.data;
      if (details.type === 'suite') continue;
      if (skip !== undefined && skip !== false) {
        count.skipped.push(`${short(file)}: ${name}${typeof skip === 'string' && skip !== '' ? ` (${skip})` : ''}`);
        continue;
      }
      count.passed++;
    } else if (event.type === 'test:fail') {
      const { name, file, line, details } = event.data;
      if (killed > 0 && short(name) === short(file) && passedFiles.has(short(file))) {
        killed--;
        console.log(`  ${short(file)}: its tests have passed; its process did not end by itself`);
        continue;
      }
      count.failed++;
      console.log(`✖ ${short(file)}:${line ?? 0}: ${name}`);
      console.log(`${causeOf(details.error)}`.replace(/^/gm, '    '));
    } else if (event.type === 'test:diagnostic') {
      // Seeds and measurements; the runner's own counts have no file.
      const { file, message } = event.data;
      if (file !== undefined) console.log(`  ${short(file)}: ${message}`);
    } else if (event.type === 'test:stderr') process.stderr.write(event.data.message);
    else if (event.type === 'test:summary' && event.data.file !== undefined) {
      const file = short(event.data.file);
      // Tests that a support file makes are counted here with the file that asked for them.
      const { tests, passed } = event.data.counts;
      if (event.data.success) passedFiles.add(file);
      const mark = event.data.success ? '✔' : '✖';
      console.log(`${mark} ${file}: ${passed} of ${tests} (${Math.round(event.data.duration_ms)} ms)`);
    }
  }
  clearTimeout(timer);
  clearInterval(heartbeat);
  clearInterval(reaper);
  if (limit.signal.aborted) {
    console.log(`✖ the tests took longer than ${Math.round(options.limitMs / 1000)} s`);
    count.failed++;
  }
  return count;
}

/** Children of this process, on Linux; elsewhere nothing. @returns how many */
function killChildrenOlderThan(ms: number): number {
  let killed = 0;
  let pids: string;
  try {
    pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1');
  } catch {
    return 0;
  }
  for (const pid of pids.split(' ').filter((text) => text !== '')) {
    try {
      if (ageMs(pid) < ms) continue;
      console.log(`  process ${pid} does not end: killed`);
      process.kill(Number(pid), 'SIGKILL');
      killed++;
    } catch {
      // It has ended meanwhile.
    }
  }
  return killed;
}

/** proc(5): the time at which a process began is the 20th word behind its name, in hundredths of a second since the boot. */
function ageMs(pid: string): number {
  const words = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ');
  return 1000 * uptime() - 10 * Number(words?.[19]);
}

export function countLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}

/** The runner wraps what a test threw. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

// A server program started for a test: its own process group, its output kept, its end certain.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from './port.ts';

const living = new Set<Child>();
process.on('exit', () => {
  for (const child of living) child.signal('SIGKILL');
});

export interface ChildOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** File that takes standard output and standard error. */
  log: string;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #log: string;
  #hasEnded = false;

  private constructor(process: ChildProcess, log: string) {
    this.#process = process;
    this.#log = log;
    living.add(this);
    process.on('exit', () => {
      this.#hasEnded = true;
      living.delete(this);
    });
    process.on('error', () => {
      this.#hasEnded = true;
      living.delete(this);
    });
  }

  static start(command: readonly [program: string, ...rest: string[]], options: ChildOptions): Child {
    const [program, ...rest] = command;
    const log = openSync(options.log, 'w');
    const process_ = spawn(program, rest, {
      detached: true,
      stdio: ['ignore', log, log],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    closeSync(log);
    process_.unref();
    return new Child(process_, options.log);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Exit code, or the name of the signal that ended it; undefined while it lives. */
  get end(): number | string | undefined {
    return this.#process.exitCode ?? this.#process.signalCode ?? undefined;
  }

  output(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Signals the whole group. */
  signal(name: NodeJS.Signals): void {
    if (this.pid === 0) return;
    try {
      process.kill(-this.pid, name);
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== 'ESRCH') throw failure;
    }
  }

  /** Asks the group to end, and ends it after `patienceMs`. @returns whether it ended when asked */
  async stop(patienceMs = 8000): Promise<boolean> {
    if (this.#hasEnded) return true;
    this.signal('SIGTERM');
    const obeyed = await until(() => this.#hasEnded, patienceMs);
    this.signal('SIGKILL');
    await until(() => this.#hasEnded, 5000);
    return obeyed;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await until(() => this.#hasEnded, 5000);
  }
}

/** The process and all its descendants. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const tree = [pid];
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  return tree;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** Resident memory of the process and its descendants, in bytes; shared pages are counted once per process. */
export function residentBytes(pid: number): number {
  let sum = 0;
  for (const each of processTree(pid)) {
    try {
      const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/status`, 'latin1'));
      sum += Number(line?.[1] ?? 0) * 1024;
    } catch {
      // it ended meanwhile
    }
  }
  return sum;
}

/** Sockets that the process and its descendants hold open, listeners included. */
export function openSockets(pid: number): number {
  let count = 0;
  for (const each of processTree(pid))
    count += descriptors(each).filter((target) => target.startsWith('socket:')).length;
  return count;
}

/** What the descriptors of a process lead to: paths, `socket:[…]`, `pipe:[…]`. */
export function descriptors(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((number) => {
      try {
        return [readlinkSync(`${folder}/${number}`)];
      } catch {
        return []; // closed meanwhile
      }
    });
  } catch {
    return []; // it ended meanwhile
  }
}

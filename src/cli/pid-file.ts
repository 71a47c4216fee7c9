// PidFile: the number of this process in a file, as service managers and `-k` want it, from when it listens until it
// ends. A number that is nobody's, or another program's, is stale.

import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Log } from '../base/log.ts';
import { explain } from './explain.ts';

/** What a PidFile says. */
export type PidState =
  | { readonly kind: 'none' }
  /** The process that wrote it is gone. */
  | { readonly kind: 'stale'; readonly pid: number | undefined }
  | { readonly kind: 'running'; readonly pid: number };

/** Looks whose number is in the file. Our own counts as stale: in a container every life has the same. */
export function readPidFile(path: string): PidState {
  let text: string;
  try {
    text = readFileSync(path, 'latin1').trim();
  } catch {
    return { kind: 'none' };
  }
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  if (pid === undefined || pid < 1 || pid === process.pid || !isCatflap(pid)) return { kind: 'stale', pid };
  return { kind: 'running', pid };
}

/** A living process whose command line names this program, as far as the system tells. */
function isCatflap(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('catflap');
  } catch {
    return true; // no /proc here: there is a process, and nothing more is known
  }
}

/** A file that cannot be written is told in the log and costs nothing else. */
export function writePidFile(path: string, log: Log): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    log.warn('pid-file-unwritten', { file: path, error: explain(error) });
  }
}

/** Removes the file if it is still ours. A user without rights to its folder leaves it behind, and says so. */
export function removePidFile(path: string, log: Log): void {
  try {
    if (holdsPid(path, process.pid)) rmSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn('pid-file-left', { file: path, error: explain(error) });
  }
}

/** Whether this number stands in the file. @throws what the system throws, unless nothing is there */
export function holdsPid(path: string, pid: number): boolean {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  return readFileSync(path, 'utf8').trim() === String(pid);
}

// PidFile: the number of this process in a file, as service managers want it, from when it listens until it ends.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Log } from '../base/log.ts';
import { explain } from './explain.ts';

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
    if (readFileSync(path, 'utf8').trim() === String(process.pid)) rmSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn('pid-file-left', { file: path, error: explain(error) });
  }
}

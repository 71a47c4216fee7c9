// Where the octets of a log file go: a descriptor of this process, or whoever may open what this process may not.

import { close, openSync, write, writeSync } from 'node:fs';
import { Failure } from '../base/failure.ts';

export interface LogOutput {
  /** Appends octets from `at` on, and tells how many it took. One call at a time. */
  write(bytes: Buffer, at: number, done: (error: NodeJS.ErrnoException | null, count: number) => void): void;
  /** The same, blocking. @returns how many it took @throws what the system says, or when it cannot block */
  writeSync(bytes: Buffer, at: number): number;
  close(): void;
}

/** Opens logs for a process that may not; undefined when nobody may. @param path absolute */
export type OpenLogInstead = (path: string) => LogOutput | undefined;

/** Names of descriptors the process was started with; opening them anew fails for sockets and after a change of user. */
const INHERITED: ReadonlyMap<string, number> = new Map([
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
  ['/dev/fd/1', 1],
  ['/dev/fd/2', 2],
  ['/proc/self/fd/1', 1],
  ['/proc/self/fd/2', 2],
]);

/** Mode of a log that is made, before the umask: httpd's. */
export const LOG_MODE = 0o644;

/**
 * Opens a file for appending, and makes it if it is not there.
 * @param openInstead asked when this process may not
 * @throws Failure `log-open-failed`
 */
export function openLogFile(path: string, openInstead?: OpenLogInstead): LogOutput {
  const inherited = INHERITED.get(path);
  if (inherited !== undefined) return new Descriptor(inherited, false);
  try {
    return new Descriptor(openSync(path, 'a', LOG_MODE), true);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const instead = code === 'EACCES' || code === 'EPERM' ? openInstead?.(path) : undefined;
    if (instead !== undefined) return instead;
    throw new Failure('log-open-failed', 'internal', `${path} cannot be opened for writing`, { cause });
  }
}

class Descriptor implements LogOutput {
  readonly #fd: number;
  readonly #isOwn: boolean;

  constructor(fd: number, isOwn: boolean) {
    this.#fd = fd;
    this.#isOwn = isOwn;
  }

  write(bytes: Buffer, at: number, done: (error: NodeJS.ErrnoException | null, count: number) => void): void {
    write(this.#fd, bytes, at, bytes.length - at, null, done);
  }

  writeSync(bytes: Buffer, at: number): number {
    return writeSync(this.#fd, bytes, at);
  }

  close(): void {
    if (this.#isOwn) close(this.#fd, () => {});
  }
}

// Where log lines go, as whoever writes them sees it. Place in the picture: access and error logs write to it; files and
// programs implement it.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { OpenLogInstead } from './log-output.ts';

/** Takes whole lines. Never throws and never waits: what cannot be written in time is dropped, counted and reported. */
export interface LogSink {
  /** @param line octets (latin1 view) without the newline */
  write(line: string): void;
  /** Opens the target anew, after a log was moved away. Lines that still wait go to the new one. */
  reopen(): void;
  /** Writes all that is pending at once, blocking: for the end of the process. */
  flushSync(): void;
  /** Writes what is pending and gives the target back. */
  close(): Promise<void>;
  readonly droppedCount: number;
}

export interface LogSinkOptions {
  readonly clock: Clock;
  /** Hears of trouble with this sink. Must not write to it. */
  readonly log: Log;
  /** Longest a line waits for company. Default 250 ms. */
  readonly flushAfterMs?: number;
  /** Most octets that wait for a slow disk or program; beyond it lines are dropped. Default 8 MiB. */
  readonly pendingBytes?: number;
  /** Asked for files that this process may not open. Default: nobody. */
  readonly openInstead?: OpenLogInstead | undefined;
}

export const DEFAULT_FLUSH_AFTER_MS = 250;
export const DEFAULT_PENDING_BYTES: number = 8 * 1024 * 1024;

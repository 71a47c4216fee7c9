// The open logs of a process by target, in the spelling that CustomLog and ErrorLog share: a path, or `|command`.

import { LogFile } from './log-file.ts';
import { LogPipe } from './log-pipe.ts';
import type { LogSink, LogSinkOptions } from './log-sink.ts';

/**
 * Opens a log: an absolute path, or `|command` for a program that reads lines.
 * @throws Failure `log-open-failed` when the file cannot be opened
 */
export function openLog(target: string, options: LogSinkOptions): LogSink {
  return target.startsWith('|') ? new LogPipe(target, options) : new LogFile(target, options);
}

/** Sinks by target: hosts that name the same file share one, so that their lines keep their order. */
export class LogSinks {
  readonly #options: LogSinkOptions;
  readonly #sinks = new Map<string, LogSink>();

  constructor(options: LogSinkOptions) {
    this.#options = options;
  }

  /** @throws Failure `log-open-failed` */
  open(target: string): LogSink {
    let sink = this.#sinks.get(target);
    if (sink === undefined) {
      sink = openLog(target, this.#options);
      this.#sinks.set(target, sink);
    }
    return sink;
  }

  /** Lines dropped so far, by target, where there are any. */
  get dropped(): { target: string; count: number }[] {
    return [...this.#sinks]
      .map(([target, sink]) => ({ target, count: sink.droppedCount }))
      .filter(({ count }) => count > 0);
  }

  reopen(): void {
    for (const sink of this.#sinks.values()) sink.reopen();
  }

  flushSync(): void {
    for (const sink of this.#sinks.values()) sink.flushSync();
  }

  /** Closes all sinks but those of `keep`, after a reload. */
  async retain(keep: ReadonlySet<string>): Promise<void> {
    const unused = [...this.#sinks].filter(([target]) => !keep.has(target));
    for (const [target] of unused) this.#sinks.delete(target);
    await Promise.all(unused.map(([, sink]) => sink.close()));
  }

  close(): Promise<void> {
    return this.retain(new Set());
  }
}

// A log file: appended in large asynchronous writes, one at a time, so that lines of several writers never mix; opened
// anew on demand. A disk that blocks costs lines, never memory or requests.

import { LogBatch } from './log-batch.ts';
import { type LogOutput, openLogFile } from './log-output.ts';
import { DEFAULT_FLUSH_AFTER_MS, DEFAULT_PENDING_BYTES, type LogSink, type LogSinkOptions } from './log-sink.ts';

/** Pause before writing again to a pipe or terminal that was full. */
const RETRY_MS = 50;
/** Trouble of one file is reported at most this often. */
const REPORT_EVERY_MS = 60_000;

export class LogFile implements LogSink {
  readonly #path: string;
  readonly #options: LogSinkOptions;
  readonly #batch: LogBatch;
  readonly #flush = (): void => {
    this.#isTimed = false;
    this.#writeNext();
  };
  #output: LogOutput;
  #isTimed = false;
  #isWriting = false;
  #inHand: Buffer | undefined = undefined;
  #mustReopen = false;
  #isClosing = false;
  #dropped = 0;
  #reportedDropped = 0;
  #nextReportAt = 0;
  #onIdle: (() => void)[] = [];

  /** @throws Failure `log-open-failed` */
  constructor(path: string, options: LogSinkOptions) {
    this.#path = path;
    this.#options = options;
    this.#batch = new LogBatch(options.pendingBytes ?? DEFAULT_PENDING_BYTES);
    this.#output = openLogFile(path, options.openInstead);
  }

  get droppedCount(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#isClosing || !this.#batch.add(line)) {
      this.#dropped++;
      return;
    }
    if (this.#batch.isFull) this.#writeNext();
    else if (!this.#isTimed && !this.#isWriting) {
      this.#isTimed = true;
      this.#options.clock.after(this.#options.flushAfterMs ?? DEFAULT_FLUSH_AFTER_MS, this.#flush);
    }
  }

  reopen(): void {
    this.#mustReopen = true;
    this.#writeNext();
  }

  flushSync(): void {
    // A write in progress may still land; its octets are written again rather than lost.
    for (let bytes = this.#inHand ?? this.#batch.take(); bytes !== undefined; bytes = this.#batch.take()) {
      try {
        for (let at = 0; at < bytes.length; ) at += this.#output.writeSync(bytes, at);
      } catch {
        return;
      }
      this.#inHand = undefined;
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#writeNext();
    if (this.#isWriting) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    this.#output.close();
  }

  #writeNext(): void {
    if (this.#isWriting) return;
    if (this.#mustReopen) this.#reopenNow();
    const bytes = this.#batch.take();
    if (bytes !== undefined) {
      this.#isWriting = true;
      this.#inHand = bytes;
      this.#writeFrom(bytes, 0);
    } else for (const each of this.#onIdle.splice(0)) each();
  }

  #writeFrom(bytes: Buffer, at: number): void {
    this.#output.write(bytes, at, (error, count) => {
      if (error?.code === 'EAGAIN' && !this.#isClosing) {
        this.#options.clock.after(RETRY_MS, () => this.#writeFrom(bytes, at));
        return;
      }
      if (error === null && at + count < bytes.length) {
        this.#writeFrom(bytes, at + count);
        return;
      }
      if (error !== null) this.#dropped += countLines(bytes, at);
      this.#isWriting = false;
      this.#inHand = undefined;
      this.#report(error);
      this.#writeNext();
    });
  }

  /** A file that cannot be opened anew keeps being written under its old name. */
  #reopenNow(): void {
    this.#mustReopen = false;
    try {
      const fresh = openLogFile(this.#path, this.#options.openInstead);
      if (fresh !== this.#output) this.#output.close();
      this.#output = fresh;
    } catch (error) {
      this.#options.log.error('log-reopen-failed', { path: this.#path, cause: error });
    }
  }

  #report(error: Error | null): void {
    const now = this.#options.clock.now();
    if ((error === null && this.#dropped === this.#reportedDropped) || now < this.#nextReportAt) return;
    this.#nextReportAt = now + REPORT_EVERY_MS;
    this.#options.log.warn('log-lines-dropped', {
      path: this.#path,
      count: this.#dropped - this.#reportedDropped,
      ...(error === null ? {} : { cause: error }),
    });
    this.#reportedDropped = this.#dropped;
  }
}

function countLines(bytes: Buffer, from: number): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a, from); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}

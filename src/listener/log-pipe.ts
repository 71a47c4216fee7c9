// A log given to a program (`|command`): lines go to its standard input. A program that ends is started again, slower
// each time; lines wait for it within the sink's bound. Spelling as in httpd: `|` and `||` start the program itself,
// `|$` asks a shell.

import { type ChildProcess, spawn } from 'node:child_process';
import { LogBatch } from './log-batch.ts';
import { DEFAULT_FLUSH_AFTER_MS, DEFAULT_PENDING_BYTES, type LogSink, type LogSinkOptions } from './log-sink.ts';

/** Pause before a program that ended is started again; doubles up to the maximum while it keeps ending. */
const RESTART_MS = 1000;
const RESTART_MAX_MS = 60_000;
/** A program that ran this long is not ending at once. */
const STEADY_MS = 60_000;
/** Time a program has to end after its input ended, before it is killed. */
const GOODBYE_MS = 5000;

export class LogPipe implements LogSink {
  readonly #target: string;
  readonly #options: LogSinkOptions;
  readonly #batch: LogBatch;
  readonly #flush = (): void => {
    this.#isTimed = false;
    this.#writeNext();
  };
  #child: ChildProcess | undefined = undefined;
  #startedAt = 0;
  #restartMs = RESTART_MS;
  #isTimed = false;
  #isWriting = false;
  #isClosing = false;
  #dropped = 0;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(target: string, options: LogSinkOptions) {
    this.#target = target;
    this.#options = options;
    this.#batch = new LogBatch(options.pendingBytes ?? DEFAULT_PENDING_BYTES);
    this.#start();
  }

  get droppedCount(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (!this.#batch.add(line)) {
      this.#dropped++;
      return;
    }
    if (this.#batch.isFull) this.#writeNext();
    else if (!this.#isTimed && !this.#isWriting) {
      this.#isTimed = true;
      this.#options.clock.after(this.#options.flushAfterMs ?? DEFAULT_FLUSH_AFTER_MS, this.#flush);
    }
  }

  /** The program has its own way to rotate. */
  reopen(): void {}

  /** A pipe cannot be written to while the process waits: what is pending is lost when it ends without `close`. */
  flushSync(): void {}

  async close(): Promise<void> {
    this.#isClosing = true;
    const child = this.#child;
    if (child === undefined) return;
    const hasEnded = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (this.#batch.pendingBytes > 0 || this.#isWriting) {
      await Promise.race([hasEnded, new Promise<void>((resolve) => this.#whenEmpty(resolve))]);
    }
    child.stdin?.end();
    const timer = this.#options.clock.after(GOODBYE_MS, () => child.kill('SIGKILL'));
    await hasEnded;
    timer.cancel();
  }

  #whenEmpty(done: () => void): void {
    this.#onEmpty = done;
    this.#writeNext();
  }

  #start(): void {
    const { file, args, shell } = parseCommand(this.#target);
    const child = spawn(file, args, { shell, stdio: ['pipe', 'inherit', 'inherit'] });
    this.#child = child;
    this.#startedAt = this.#options.clock.now();
    let isOver = false;
    const over = (cause: unknown): void => {
      if (isOver) return;
      isOver = true;
      this.#ended(cause);
    };
    child.on('error', over);
    child.on('exit', (code, signal) => over(signal ?? code));
    child.stdin?.on('error', () => {}); // its exit tells the rest
    child.unref();
    this.#writeNext();
  }

  #ended(cause: unknown): void {
    this.#child = undefined;
    this.#isWriting = false;
    if (this.#isClosing) return;
    const { clock, log } = this.#options;
    if (clock.now() - this.#startedAt >= STEADY_MS) this.#restartMs = RESTART_MS;
    log.error('log-program-ended', { command: this.#target, cause, restartMs: this.#restartMs });
    clock.after(this.#restartMs, () => {
      if (!this.#isClosing) this.#start();
    });
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MAX_MS);
  }

  #writeNext(): void {
    const child = this.#child;
    if (this.#isWriting || child?.stdin === null || child === undefined) return;
    const bytes = this.#batch.take();
    if (bytes === undefined) {
      this.#onEmpty?.();
      return;
    }
    this.#isWriting = true;
    child.stdin.write(bytes, (error) => {
      // What a program had not read when it ended is lost: it cannot be told how much that was.
      if (error !== null && error !== undefined) this.#dropped += countLines(bytes);
      if (this.#child !== child) return;
      this.#isWriting = false;
      if (error === null || error === undefined) this.#writeNext();
    });
  }
}

/** Words of a command line: quotes of both kinds group, a backslash takes the next character as it is. */
export function parseCommand(target: string): { file: string; args: string[]; shell: boolean } {
  if (target.startsWith('|$')) return { file: target.slice(2).trim(), args: [], shell: true };
  const words: string[] = [];
  for (const match of target.replace(/^\|\|?/, '').matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/gs)) {
    words.push(
      match[0].replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, (_, double?: string, single?: string, one?: string) =>
        double !== undefined ? double.replace(/\\(.)/gs, '$1') : (single ?? one ?? ''),
      ),
    );
  }
  const [file = '', ...args] = words;
  return { file, args, shell: false };
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (const octet of bytes) if (octet === 0x0a) count++;
  return count;
}

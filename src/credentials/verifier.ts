// Verifies passwords one after the other in a thread of its own, behind a bounded queue, and remembers for a while which
// were right. Nothing it keeps tells a password: keys are hashes under a secret of this process.

import { createHmac, randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import type { VerifyTask } from './verify-worker.ts';

/** Requests that wait for the thread; one more is turned away with `busy`. */
export const WAITING_MAX = 256;
/** Right passwords remembered; one more lets the oldest go. */
export const REMEMBERED_MAX = 4096;
/** How long a right password is remembered. A changed password file is another question, so it counts at once. */
export const REMEMBERED_MS = 300_000;

/** `busy`: too many wait. `broken`: the thread ended; the next question starts another. */
export type Verification = 'right' | 'wrong' | 'busy' | 'broken';

/** The thread as the verifier sees it; tests bring their own. */
export interface VerifyThread {
  post(task: VerifyTask): void;
  /** `undefined`: the thread is gone. */
  onAnswer(listener: (isRight: boolean | undefined) => void): void;
  close(): void;
}

interface Job {
  readonly key: string;
  readonly task: VerifyTask;
  /** A question whose answer is not believed: it is asked for the time it takes. */
  readonly isDecoy: boolean;
  readonly askers: Set<(verification: Verification) => void>;
}

export class PasswordVerifier {
  readonly #clock: Clock;
  readonly #startThread: () => VerifyThread;
  readonly #secret = randomBytes(32);
  readonly #right = new Map<string, number>();
  readonly #waiting: Job[] = [];
  #thread: VerifyThread | undefined = undefined;
  #current: Job | undefined = undefined;

  constructor(clock: Clock, startThread: () => VerifyThread = startWorker) {
    this.#clock = clock;
    this.#startThread = startThread;
  }

  /**
   * Answers later, or at once when it is remembered or too many wait.
   * @param isDecoy verified for the time it takes; the answer is `wrong`, whatever comes out
   * @returns takes the question back
   */
  verify(
    password: Buffer,
    stored: string,
    isDecoy: boolean,
    answered: (verification: Verification) => void,
  ): () => void {
    const key = createHmac('sha256', this.#secret).update(`${stored}\0${isDecoy}\0`).update(password).digest('base64');
    if (this.#isRemembered(key)) {
      answered('right');
      return () => {};
    }
    const same = this.#current?.key === key ? this.#current : this.#waiting.find((job) => job.key === key);
    if (same !== undefined) return this.#join(same, answered);
    if (this.#waiting.length >= WAITING_MAX) {
      answered('busy');
      return () => {};
    }
    const job: Job = { key, task: { stored, password: Uint8Array.from(password) }, isDecoy, askers: new Set() };
    this.#waiting.push(job);
    const takeBack = this.#join(job, answered);
    if (this.#current === undefined) this.#next();
    return takeBack;
  }

  /** Ends the thread; who waits hears `broken`. */
  close(): void {
    this.#thread?.close();
    this.#broke();
  }

  #join(job: Job, answered: (verification: Verification) => void): () => void {
    job.askers.add(answered);
    return () => {
      job.askers.delete(answered);
      const place = this.#waiting.indexOf(job);
      if (job.askers.size === 0 && place >= 0) this.#waiting.splice(place, 1);
    };
  }

  #isRemembered(key: string): boolean {
    const until = this.#right.get(key);
    if (until === undefined) return false;
    if (this.#clock.now() < until) return true;
    this.#right.delete(key);
    return false;
  }

  #next(): void {
    const job = this.#waiting.shift();
    this.#current = job;
    if (job === undefined) return;
    if (this.#thread === undefined) {
      const thread = this.#startThread();
      this.#thread = thread;
      thread.onAnswer((isRight) => {
        if (this.#thread !== thread) return;
        if (isRight === undefined) this.#broke();
        else this.#answer(isRight);
      });
    }
    this.#thread.post(job.task);
  }

  #answer(isRight: boolean): void {
    const job = this.#current;
    if (job === undefined) return;
    if (isRight && !job.isDecoy) {
      this.#right.delete(job.key);
      if (this.#right.size >= REMEMBERED_MAX) this.#right.delete(this.#right.keys().next().value as string);
      this.#right.set(job.key, this.#clock.now() + REMEMBERED_MS);
    }
    this.#next();
    for (const answered of job.askers) answered(isRight && !job.isDecoy ? 'right' : 'wrong');
  }

  #broke(): void {
    const jobs = this.#current === undefined ? this.#waiting : [this.#current, ...this.#waiting];
    const askers = jobs.flatMap((job) => [...job.askers]);
    this.#thread = undefined;
    this.#current = undefined;
    this.#waiting.length = 0;
    for (const answered of askers) answered('broken');
  }
}

/** The package is run as it was written, or compiled. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './verify-worker.ts' : './verify-worker.js', import.meta.url);

function startWorker(): VerifyThread {
  // Flags of the main thread, such as inspectors, are none of its business.
  const worker = new Worker(WORKER, { execArgv: [], name: 'passwords' });
  worker.unref();
  return {
    post: (task) => worker.postMessage(task),
    onAnswer(listener) {
      worker.on('message', (isRight: boolean) => listener(isRight));
      worker.on('error', () => listener(undefined));
      worker.on('exit', () => listener(undefined));
    },
    close: () => void worker.terminate(),
  };
}

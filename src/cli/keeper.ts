// The frontend's side of its keeper: starts it while it is root itself, and asks it for what User may not do. When the
// keeper is gone, the frontend serves on and does what User may.

import { type ChildProcess, fork } from 'node:child_process';
import { Server } from 'node:net';
import { resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { diskFiles, type FileReader } from '../config/files.ts';
import type { LogOutput } from '../listener/log-output.ts';
import type { Snapshot } from '../site/model.ts';
import { namedIn } from './keeper-named.ts';
import { type Answer, READY_ID, type Refusal, type Word } from './keeper-words.ts';
import { RecordedFiles } from './kept-files.ts';
import type { ServingOptions } from './serving.ts';
import type { SwitchedLog } from './switched-log.ts';

/** A keeper that does not answer for this long, behind a disk that hangs perhaps, is not waited for. */
const PATIENCE_MS = 30_000;
/** Time it has to end when it was told to. */
const GOODBYE_MS = 5000;

type Asked = Extract<Word, { id: number }>;
/** What is asked, without its number: one of each kind. */
type Question = { [K in Asked['kind']]: Omit<Extract<Asked, { kind: K }>, 'id'> }[Asked['kind']];
type Heard = (answer: Answer | undefined, server?: Server) => void;

export class Keeper {
  readonly #clock: Clock;
  readonly #log: SwitchedLog;
  readonly #startLog: Log;
  readonly #process: ChildProcess;
  readonly #gone = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, Heard>();
  /** What neither may read is told of; what this process may, is not. */
  readonly #files = new RecordedFiles({
    ...diskFiles,
    read: (path) => this.#orTell(path, () => diskFiles.read(path)),
    list: (path) => this.#orTell(path, () => diskFiles.list(path)),
  });
  readonly #outputs = new Map<string, KeptOutput>();
  #nextId = READY_ID + 1;
  readonly #loaded: Promise<Answer | undefined>;
  #isThere = true;
  #hasBegun = false;
  #isEnding = false;
  #logs: ReadonlySet<string> = new Set();
  #refused: ReadonlyMap<string, Refusal> = new Map();

  /**
   * Starts it as the user that this process is now: root. It lives until `end`.
   * @param startLog hears of its end too: the keeper may be who writes `log`
   */
  constructor(clock: Clock, log: SwitchedLog, startLog: Log) {
    this.#startLog = startLog;
    this.#clock = clock;
    this.#log = log;
    this.#process = fork(process.argv[1], ['keeper'], { cwd: '/', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#process.on('message', (answer: Answer, server) => this.#heard(answer, server));
    this.#loaded = this.#patiently((heard) => this.#waiting.set(READY_ID, heard));
    this.#process.once('error', (error) => this.#ended(error));
    this.#process.once('exit', (code, signal) => this.#ended(signal ?? code));
  }

  /** Undefined when it is gone. */
  get pid(): number | undefined {
    return this.#isThere ? this.#process.pid : undefined;
  }

  /** Files as it has read them last, while a reload goes on; the machine's otherwise. */
  get files(): FileReader {
    return this.#files;
  }

  /** Resolves when it is loaded, or when it will not be. Never rejects. */
  async ready(): Promise<void> {
    await this.#loaded;
  }

  /** This process has become who it will be. @param snapshot what it serves @param controlPath of its control socket */
  begin(snapshot: Snapshot, options: ServingOptions, isDetached: boolean, controlPath: string | undefined): void {
    this.#hasBegun = true;
    const user = { uid: process.getuid?.() ?? 0, groups: [process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])] };
    this.#say({
      kind: 'begin',
      pid: process.pid,
      options,
      user,
      isDetached,
      named: namedIn(snapshot, options.pidFile),
      ...(controlPath === undefined ? {} : { controlPath: resolve(controlPath) }),
    });
  }

  /** Lets it read the configuration and open logs anew; resolves when `files` and logs are those. Never rejects. */
  async read(): Promise<void> {
    // Until then this process is root itself.
    if (!this.#hasBegun) return;
    const answer = await this.#patiently((heard) => this.#send({ kind: 'read' }, heard));
    if (answer?.kind !== 'read') return;
    this.#files.record = answer.files;
    this.#logs = new Set(answer.logs);
    this.#refused = new Map(answer.refused);
  }

  /** The reload is over, for good or ill. */
  forget(): void {
    this.#files.record = undefined;
  }

  /** What was read last is in force, and PidFile as far as this process may write it. */
  inForce(): void {
    if (this.#hasBegun) this.#say({ kind: 'in-force' });
  }

  /** For `LogSinks`. */
  readonly openLog = (path: string): LogOutput | undefined => {
    const refusal = this.#refused.get(path);
    if (refusal !== undefined) tellRefused(this.#startLog, path, refusal);
    if (refusal !== undefined || !this.#isThere || !this.#logs.has(path)) return undefined;
    let output = this.#outputs.get(path);
    if (output === undefined) {
      output = new KeptOutput(
        (octets, heard) => this.#send({ kind: 'write', path, octets }, heard),
        () => {
          this.#outputs.delete(path);
          this.#say({ kind: 'close', path });
        },
      );
      this.#outputs.set(path, output);
    }
    return output;
  };

  /** For `Link`. Rejects with what the system said to the keeper. */
  readonly listen = (address: string | undefined, port: number, backlog: number): Promise<Server | undefined> =>
    new Promise((resolve, reject) => {
      this.#send({ kind: 'listen', address: address ?? null, port, backlog }, (answer, server) => {
        if (answer?.kind === 'listen' && answer.refusal !== undefined) reject(asError(answer.refusal));
        else resolve(server);
      });
    });

  /** Ends it; it removes PidFile and the control socket. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (!this.#say({ kind: 'end' })) return;
    const timer = this.#clock.after(GOODBYE_MS, () => this.#process.kill('SIGKILL'));
    await this.#gone.promise;
    timer.cancel();
  }

  #orTell<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const refusal = this.#refused.get(path);
      if (refusal !== undefined) tellRefused(this.#log, path, refusal);
      throw error;
    }
  }

  #patiently(ask: (heard: Heard) => void): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(PATIENCE_MS, () => {
        this.#log.error('keeper-silent', { seconds: PATIENCE_MS / 1000 });
        resolve(undefined);
      });
      ask((answer) => {
        timer.cancel();
        resolve(answer);
      });
    });
  }

  /** @param heard called once, later; without an answer when the keeper is gone */
  #send(question: Question, heard: Heard): void {
    const id = this.#nextId++;
    this.#waiting.set(id, heard);
    if (this.#say({ ...question, id } as Asked)) return;
    this.#waiting.delete(id);
    process.nextTick(heard, undefined);
  }

  #say(word: Word): boolean {
    if (!this.#isThere || !this.#process.connected) return false;
    this.#process.send(word, () => {}); // its end tells of trouble
    return true;
  }

  #heard(answer: Answer, handle: unknown): void {
    const heard = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    heard?.(answer, handle instanceof Server ? handle : undefined);
  }

  #ended(cause: unknown): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    this.#outputs.clear();
    if (!this.#isEnding) {
      const facts = { cause, mend: 'restart the frontend before its logs are rotated' };
      this.#log.error('keeper-ended', facts);
      if (this.#log.target !== this.#startLog) this.#startLog.error('keeper-ended', facts);
    }
    for (const heard of [...this.#waiting.values()]) heard(undefined);
    this.#waiting.clear();
    this.#gone.resolve();
  }
}

/** A log that the keeper writes. */
class KeptOutput implements LogOutput {
  readonly #send: (octets: string, heard: Heard) => void;
  readonly close: () => void;

  constructor(send: (octets: string, heard: Heard) => void, close: () => void) {
    this.#send = send;
    this.close = close;
  }

  write(bytes: Buffer, at: number, done: (error: NodeJS.ErrnoException | null, count: number) => void): void {
    this.#send(bytes.toString('latin1', at), (answer) => {
      if (answer?.kind !== 'write') done(asError({ code: 'EPIPE', why: 'the keeper is gone' }), 0);
      else done(answer.refusal === undefined ? null : asError(answer.refusal), answer.count);
    });
  }

  writeSync(): number {
    throw asError({ code: 'EAGAIN', why: 'the keeper writes this log' });
  }
}

function tellRefused(log: Log, path: string, { code, why }: Refusal): void {
  log.warn('keeper-refused', { path, code, why });
}

function asError({ code, why }: { code: string; why: string }): NodeJS.ErrnoException {
  return Object.assign(new Error(why), { code });
}

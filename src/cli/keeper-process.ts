// The keeper: the process that stays root when a frontend becomes User, as httpd's parent does. It reads the
// configuration anew, writes logs and binds ports for the frontend, and only what the configuration on disk names. It
// has no connections, sees no requests, and ends with the frontend.

import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { diskFiles, type FileReader } from '../config/files.ts';
import { LOG_MODE } from '../listener/log-output.ts';
import type { Snapshot } from '../site/model.ts';
import { loadToServe } from './configuration.ts';
import { forBackground } from './detach.ts';
import { guardedContent, guardedPath } from './keeper-guard.ts';
import { addressKey, type Named, namedIn } from './keeper-named.ts';
import { type Answer, READY_ID, type Refusal, refusalOf, type Word } from './keeper-words.ts';
import { RecordingFiles } from './kept-files.ts';
import { holdsPid } from './pid-file.ts';
import type { OnSignal } from './signals.ts';

/** Logs, and addresses, that configurations have named since it runs; beyond it the oldest is forgotten. */
const NAMED_MAX = 10_000;
/** Refusals that are told of one reading. */
const REFUSALS_TOLD = 50;

/** Serves the process that started it until that one ends. @returns the exit code */
export async function runKeeper(onSignal: OnSignal): Promise<number> {
  if (process.send === undefined || process.getuid?.() !== 0) {
    process.stderr.write('catflap: a keeper is started by `catflap front` alone\n');
    return 1;
  }
  // Signals for the whole group are the frontend's: it still has lines to write when it stops.
  onSignal(() => {});
  const ended = Promise.withResolvers<void>();
  let keeper: Keeper | undefined;
  process.on('message', (word: Word) => {
    if (word.kind === 'begin') keeper ??= new Keeper(word);
    else if (word.kind === 'end') ended.resolve();
    else keeper?.obey(word);
  });
  process.once('disconnect', () => ended.resolve());
  if (process.connected) tell({ kind: 'ready', id: READY_ID });
  else ended.resolve();
  await ended.promise;
  keeper?.clearUp();
  if (process.connected) process.disconnect?.();
  return 0;
}

type Begin = Extract<Word, { kind: 'begin' }>;
type Wish = Exclude<Word, { kind: 'begin' | 'end' }>;

class Keeper {
  readonly #begin: Begin;
  readonly #logs = new Set<string>();
  readonly #addresses = new Set<string>();
  /** Logs of the last configuration that was right. */
  #current: ReadonlySet<string> = new Set();
  /** Logs that are open: those that were written to since the last reading. */
  readonly #open = new Map<string, number>();
  /** Of what was read last, and of what is in force. */
  #nextPidFile: string | undefined;
  #pidFile: string | undefined;
  /** The control socket as it was opened. */
  readonly #socket: Stats | undefined;

  constructor(begin: Begin) {
    this.#begin = begin;
    this.#learn(begin.named);
    this.#pidFile = begin.named.pidFile;
    this.#socket = this.#statControl();
  }

  obey(word: Wish): void {
    switch (word.kind) {
      case 'read':
        tell(this.#read(word.id));
        return;
      case 'write':
        tell(this.#write(word.id, word.path, word.octets));
        return;
      case 'listen':
        this.#listen(word);
        return;
      case 'close':
        this.#close(word.path);
        return;
      case 'in-force':
        this.#movePidFile();
    }
  }

  /** Removes what the frontend could not. */
  clearUp(): void {
    this.#removePidFile();
    this.#removeControl();
  }

  /** If its number is still the frontend's. */
  #removePidFile(): void {
    const { pid, user } = this.#begin;
    try {
      if (this.#pidFile !== undefined && holdsPid(this.#pidFile, pid)) rmSync(guardedPath(this.#pidFile, user));
    } catch (error) {
      complain(`PidFile is left: ${(error as Error).message}`);
    }
  }

  /** If it is still the one that the frontend opened. */
  #removeControl(): void {
    const { controlPath, user } = this.#begin;
    const socket = this.#socket;
    if (controlPath === undefined || socket === undefined) return;
    try {
      const left = this.#statControl();
      if (left?.isSocket() === true && left.ino === socket.ino && left.dev === socket.dev)
        rmSync(guardedPath(controlPath, user));
    } catch (error) {
      complain(`the control socket is left: ${(error as Error).message}`);
    }
  }

  #statControl(): Stats | undefined {
    const { controlPath } = this.#begin;
    return controlPath === undefined ? undefined : lstatSync(controlPath, { throwIfNoEntry: false });
  }

  // --- the configuration --------------------------------------------------------------------------------------------

  /** A wrong configuration is handed over too: the frontend tells what is wrong with it. */
  #read(id: number): Answer {
    const refused = new Map<string, Refusal>();
    const files = new RecordingFiles(this.#guarded(refused));
    const { snapshot } = this.#load(files);
    for (const path of [...this.#open.keys()]) this.#close(path);
    if (snapshot !== undefined) {
      this.#learn(namedIn(snapshot, this.#begin.options.pidFile));
      for (const { typesConfig } of [snapshot.mainHost, ...snapshot.hosts])
        if (typesConfig !== undefined) attempt(() => files.read(typesConfig));
    }
    for (const path of this.#logs)
      attempt(
        () => this.#lookAtLog(path),
        (why) => refused.set(path, why),
      );
    const logs = [...this.#logs].filter((path) => !refused.has(path));
    return { kind: 'read', id, files: files.record, logs, refused: [...refused].slice(0, REFUSALS_TOLD) };
  }

  /** As httpd does it: a log is there from the moment on when a configuration names it. Others may still be drained. */
  #lookAtLog(path: string): void {
    if (!this.#current.has(path)) guardedPath(path, this.#begin.user);
    else if (!this.#open.has(path)) this.#openLog(path);
  }

  #load(files: FileReader): { readonly snapshot: Snapshot | undefined } {
    const { options, isDetached } = this.#begin;
    const { snapshot } = loadToServe(options, files);
    return { snapshot: snapshot !== undefined && isDetached ? forBackground(snapshot) : snapshot };
  }

  #learn({ logs, addresses, pidFile }: Named): void {
    this.#nextPidFile = pidFile;
    this.#current = new Set(logs);
    for (const path of logs) remember(path, this.#logs);
    for (const address of addresses) remember(address, this.#addresses);
  }

  #guarded(refused: Map<string, Refusal>): FileReader {
    const { user } = this.#begin;
    const guarded = (path: string): string => {
      try {
        return guardedContent(path, user);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EACCES') refused.set(path, refusalOf(error));
        throw error;
      }
    };
    return {
      kind: diskFiles.kind,
      read: (path) => readFileSync(guarded(path)),
      list: (path) => readdirSync(guarded(path)),
    };
  }

  // --- logs ---------------------------------------------------------------------------------------------------------

  /** Blocking: lines that a slow disk keeps waiting wait in the frontend, within its bounds. */
  #write(id: number, path: string, octets: string): Answer {
    let count = 0;
    try {
      const bytes = Buffer.from(octets, 'latin1');
      const fd = this.#open.get(path) ?? this.#openLog(path);
      while (count < bytes.length) count += writeSync(fd, bytes, count);
      return { kind: 'write', id, count };
    } catch (error) {
      return { kind: 'write', id, count, refusal: refusalOf(error) };
    }
  }

  #openLog(path: string): number {
    if (!this.#logs.has(path)) throw Object.assign(new Error(`no configuration names ${path}`), { code: 'EACCES' });
    const plain = guardedPath(path, this.#begin.user);
    // Opening a pipe that nobody reads would wait for ever.
    if (lstatSync(plain, { throwIfNoEntry: false })?.isFile() === false)
      throw Object.assign(new Error(`${path} is not a file`), { code: 'EACCES' });
    const fd = openSync(plain, 'a', LOG_MODE);
    this.#open.set(path, fd);
    return fd;
  }

  #close(path: string): void {
    const fd = this.#open.get(path);
    if (fd === undefined) return;
    this.#open.delete(path);
    closeSync(fd);
  }

  // --- addresses, PidFile -------------------------------------------------------------------------------------------

  #listen({ id, address, port, backlog }: Extract<Wish, { kind: 'listen' }>): void {
    const refuse = (error: unknown): void => tell({ kind: 'listen', id, refusal: refusalOf(error) });
    if (!this.#addresses.has(addressKey({ address: address ?? undefined, port }))) {
      refuse(Object.assign(new Error(`no configuration names port ${port}`), { code: 'EACCES' }));
      return;
    }
    const server = createServer({ pauseOnConnect: true });
    server.once('error', refuse);
    server.listen({ port, backlog, ...(address === null ? {} : { host: address }) }, () => {
      // Given away and closed within one turn: no connection is accepted here.
      process.send?.({ kind: 'listen', id } satisfies Answer, server, {}, () => server.close());
    });
  }

  #movePidFile(): void {
    const { pid, user } = this.#begin;
    const next = this.#nextPidFile;
    if (next === this.#pidFile) return;
    this.#removePidFile();
    this.#pidFile = next;
    try {
      if (next !== undefined && !holdsPid(next, pid)) writeFileSync(guardedPath(next, user), `${pid}\n`);
    } catch (error) {
      complain(`PidFile is not written: ${(error as Error).message}`);
    }
  }
}

function remember(each: string, known: Set<string>): void {
  known.delete(each);
  known.add(each);
  if (known.size <= NAMED_MAX) return;
  const [oldest] = known;
  known.delete(oldest);
}

function attempt(what: () => unknown, failed: (why: Refusal) => void = () => {}): void {
  try {
    what();
  } catch (error) {
    failed(refusalOf(error));
  }
}

function tell(answer: Answer): void {
  // Whoever is not there any more needs no answer.
  if (process.connected) process.send?.(answer, () => {});
}

function complain(what: string): void {
  process.stderr.write(`catflap keeper: ${what}\n`);
}

// Small files kept in memory, bounded in octets and number, least recently confirmed first out. An entry answers for a
// short time after its file was last looked at; then the first request looks again and the others wait for it, so no
// answer is older than that time. A file that cannot be trusted yet (see UNSETTLED_MS) is not kept.

import { type BigIntStats, stat } from 'node:fs';
import type { DirectorySettings } from '../../site/model.ts';
import { isSameState, isSettled, type Representation } from './static-representation.ts';

export interface HotFilesLimits {
  /** Octets of all files kept. At the limit the entries confirmed longest ago go. Default 64 MiB. */
  readonly totalBytes: number;
  /** Largest file kept; larger ones are streamed. Default 256 KiB. */
  readonly fileBytes: number;
  /** Entries kept. Default 4096. */
  readonly entryCount: number;
  /** How long an entry answers after its file was looked at. Default 20 ms. */
  readonly trustMs: number;
}

export const DEFAULT_HOT_FILES_LIMITS: HotFilesLimits = {
  totalBytes: 64 * 1024 * 1024,
  fileBytes: 256 * 1024,
  entryCount: 4096,
  trustMs: 20,
};

export interface HotFile {
  readonly file: string;
  readonly body: Buffer;
  readonly representation: Representation;
  /** The settings it was made under; under others it must be made again. */
  readonly settings: DirectorySettings;
  readonly state: BigIntStats;
  confirmedAt: number;
  waiting: ((isCurrent: boolean) => void)[] | undefined;
}

export class HotFiles {
  readonly limits: HotFilesLimits;
  readonly #entries = new Map<string, HotFile>();
  #totalBytes = 0;

  constructor(limits: Partial<HotFilesLimits> = {}) {
    this.limits = { ...DEFAULT_HOT_FILES_LIMITS, ...limits };
  }

  get count(): number {
    return this.#entries.size;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** The entry for a file made under these settings, current or not; see `isCurrent`. */
  find(file: string, settings: DirectorySettings): HotFile | undefined {
    const entry = this.#entries.get(file);
    return entry !== undefined && entry.settings === settings ? entry : undefined;
  }

  isCurrent(entry: HotFile, now: number): boolean {
    return now - entry.confirmedAt < this.limits.trustMs;
  }

  /** Looks at the file again and tells whether the entry still shows it; a stale entry is dropped. */
  confirm(entry: HotFile, now: number, done: (isCurrent: boolean) => void): void {
    if (entry.waiting !== undefined) {
      entry.waiting.push(done);
      return;
    }
    entry.waiting = [done];
    stat(entry.file, { bigint: true }, (error, state) => {
      const waiting = entry.waiting ?? [];
      entry.waiting = undefined;
      const isCurrent = error === null && isSameState(state, entry.state);
      if (isCurrent) entry.confirmedAt = now;
      if (this.#entries.get(entry.file) === entry) {
        this.#drop(entry);
        if (isCurrent) this.#insert(entry); // now the youngest
      }
      for (const each of waiting) each(isCurrent);
    });
  }

  /** Keeps a file that was just read, if it may be kept. `now` is when it was opened. */
  keep(
    file: string,
    body: Buffer,
    representation: Representation,
    settings: DirectorySettings,
    state: BigIntStats,
    now: number,
    wallMs: number,
  ): void {
    if (body.length > this.limits.fileBytes || !isSettled(state, wallMs)) return;
    const old = this.#entries.get(file);
    if (old !== undefined) this.#drop(old);
    this.#insert({ file, body, representation, settings, state, confirmedAt: now, waiting: undefined });
  }

  #insert(entry: HotFile): void {
    this.#entries.set(entry.file, entry);
    this.#totalBytes += entry.body.length;
    for (const oldest of this.#entries.values()) {
      if (this.#totalBytes <= this.limits.totalBytes && this.#entries.size <= this.limits.entryCount) break;
      this.#drop(oldest);
    }
  }

  #drop(entry: HotFile): void {
    if (this.#entries.get(entry.file) !== entry) return;
    this.#entries.delete(entry.file);
    this.#totalBytes -= entry.body.length;
  }
}

// The file in which changes made at run time outlive the process (BalancerPersist): read at the start and after a
// restart, written whole after each change, never half. Whatever is wrong with it costs the changes, not the start.

import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { NO_OVERLAY, type Overlay } from '../site/changes/overlay.ts';
import { tellChanges } from '../site/changes/reconcile.ts';
import { persistentKeys, restoreChanges, saveChanges } from '../site/changes/saved-changes.ts';
import type { Snapshot } from '../site/model.ts';

/** Name of the file in the runtime folder (DefaultRuntimeDir, else `logs` below ServerRoot). */
export const CHANGES_FILE = 'balancer-changes.json';
/** A larger file is not read. */
export const CHANGES_FILE_BYTES_MAX: number = 16 * 1024 * 1024;

export class ChangesFile {
  readonly #log: Log;
  #hasFailed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** What was saved for a configuration; nothing when it keeps nothing, or when nothing can be read. */
  load(snapshot: Snapshot): Overlay {
    const keys = persistentKeys(snapshot);
    if (keys.size === 0) return NO_OVERLAY;
    const file = fileOf(snapshot);
    let text: string;
    try {
      const { size } = statSync(file);
      if (size > CHANGES_FILE_BYTES_MAX) return this.#setAside(file, `${size} octets are too many`);
      text = readFileSync(file, 'utf8');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#log.warn('saved-changes-unread', { file, why: message });
      return NO_OVERLAY;
    }
    try {
      const overlay = restoreChanges(text, snapshot.balancers, keys);
      for (const { balancer, member, parameter, now, changed } of tellChanges(snapshot.balancers, overlay))
        this.#log.warn('saved-change-in-force', {
          balancer,
          member,
          parameter,
          configured: now,
          inForce: changed,
          file,
        });
      return overlay;
    } catch (error) {
      return this.#setAside(file, (error as Failure).message);
    }
  }

  /** Saves what is in force; nothing when the configuration keeps nothing. */
  save(snapshot: Snapshot, overlay: Overlay): void {
    const keys = persistentKeys(snapshot);
    if (keys.size === 0) return;
    const file = fileOf(snapshot);
    const isSaved = [...overlay.keys()].some((key) => keys.has(key));
    try {
      if (isSaved) {
        const fresh = `${file}.${process.pid}`;
        writeFileSync(fresh, saveChanges(snapshot.balancers, overlay, keys), { mode: 0o644, flush: true });
        renameSync(fresh, file);
      } else rmSync(file, { force: true });
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      const mend = 'let the user of this process write to the folder, or name another with DefaultRuntimeDir';
      this.#log.error('changes-not-saved', { file, why: (error as Error).message, mend });
    }
  }

  /** Whether changes can be saved: the last could, and the folder is there and may be written to. */
  canSave({ server }: Snapshot): boolean {
    if (this.#hasFailed) return false;
    try {
      accessSync(server.runtimeDir, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  /** A file that makes no sense is kept beside for whoever wants to look at it. */
  #setAside(file: string, why: string): Overlay {
    this.#log.warn('saved-changes-broken', { file, why, setAside: `${file}.broken` });
    try {
      renameSync(file, `${file}.broken`);
    } catch {
      // It is overwritten by the next change then.
    }
    return NO_OVERLAY;
  }
}

function fileOf({ server }: Snapshot): string {
  return join(server.runtimeDir, CHANGES_FILE);
}

// uriworkermap.properties while it serves: looked at again and again, read when it has changed and stands still, so that no
// request waits for it and none sees half of it. What cannot be used leaves the old rules in force.

import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { Findings, formatFinding } from '../../config/finding.ts';
import { readMounts } from '../../site/jk/read-mounts.ts';
import type { JkMount, JkMountFile } from '../../site/model.ts';

/** A larger file is not read. */
export const MAP_FILE_MAX_BYTES = 4 * 1024 * 1024;
/** A file must have stood still for so long: who is writing it has ended. */
const SETTLE_MS = 50;
/** Lines that are wrong are told one by one, up to here. */
const FINDINGS_MAX = 20;

/** The file system, for tests. */
export interface MapFileSource {
  /** Changes with every write. @throws what the system throws */
  stamp(path: string): Promise<{ readonly text: string; readonly sizeBytes: number }>;
  read(path: string): Promise<Buffer>;
}

const diskSource: MapFileSource = {
  async stamp(path) {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return { text: `${mtimeNs} ${size} ${ino}`, sizeBytes: Number(size) };
  },
  read: (path) => readFile(path),
};

export class MapFile {
  readonly #file: JkMountFile;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #source: MapFileSource;
  readonly #changed: (mounts: readonly JkMount[]) => void;
  /** Of what is in force; undefined until the first look. */
  #stamp: string | undefined = undefined;
  /** Why the last look came to nothing: told once. */
  #trouble = '';
  #timer: Timer | undefined = undefined;
  #isStopped = false;

  /** @param changed hears of new rules, sorted */
  constructor(
    file: JkMountFile,
    clock: Clock,
    log: Log,
    changed: (mounts: readonly JkMount[]) => void,
    source: MapFileSource = diskSource,
  ) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
    this.#changed = changed;
    this.#source = source;
  }

  /** Begins to look every JkMountFileReload seconds. The first look compares with what the site was loaded from. */
  start(): void {
    if (this.#file.reloadMs > 0) this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    if (this.#isStopped) return;
    this.#timer = this.#clock.after(this.#file.reloadMs, () => {
      void this.look().finally(() => this.#wait());
    });
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    const { path } = this.#file;
    try {
      const before = await this.#source.stamp(path);
      if (before.text === this.#stamp || this.#isStopped) return;
      if (before.sizeBytes > MAP_FILE_MAX_BYTES) throw new Error(`it has more than ${MAP_FILE_MAX_BYTES} octets`);
      await new Promise<void>((resolve) => {
        this.#clock.after(SETTLE_MS, resolve);
      });
      const octets = await this.#source.read(path);
      const after = await this.#source.stamp(path);
      // Somebody is writing: the next look will see what it comes to.
      if (after.text !== before.text || octets.length !== after.sizeBytes || this.#isStopped) return;
      this.#take(octets.toString('latin1'));
      this.#stamp = after.text;
      this.#trouble = '';
    } catch (error) {
      this.#tell((error as NodeJS.ErrnoException).code, (error as Error).message);
    }
  }

  /** @throws Error when there are lines and no rule in them */
  #take(octets: string): void {
    const findings = new Findings();
    const mounts = readMounts(octets, this.#file.path, { findings, environment: process.env });
    if (mounts.length === 0 && findings.list.length > 0) throw new Error('no line of it is a rule');
    if (isSame(mounts, this.#file.mounts) && this.#stamp === undefined) return;
    for (const finding of findings.list.slice(0, FINDINGS_MAX))
      this.#log.warn('mount-file-finding', { text: formatFinding(finding) });
    this.#changed(mounts);
    this.#log.info('mount-file-reloaded', { file: this.#file.path, rules: mounts.length });
  }

  #tell(code: string | undefined, why: string): void {
    const trouble = `${code} ${why}`;
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    const hint =
      code === 'EACCES'
        ? 'the user that serves may not read it: give it to User, or reload when it has changed'
        : undefined;
    this.#log.warn('mount-file-unusable', {
      file: this.#file.path,
      error: why,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Places count too: they are told. */
function isSame(some: readonly JkMount[], others: readonly JkMount[]): boolean {
  return JSON.stringify(some.map(plain)) === JSON.stringify(others.map(plain));
}

function plain(mount: JkMount): unknown {
  return [mount, [...(mount.rules?.activations ?? [])]];
}

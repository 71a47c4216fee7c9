// Files as the keeper has read them, carried over to the frontend: one side records what a reading of the configuration
// asks for, the other answers the same questions from the record, and from the disk what is not in it.

import type { FileKind, FileReader } from '../config/files.ts';

/** Octets of one record; files beyond it the frontend reads itself. */
const RECORD_BYTES_MAX = 64 * 1024 * 1024;

/** By path. What could not be read is not in it: whoever asks finds out by itself. */
export interface FilesRecord {
  /** null: nothing is there. */
  readonly kinds: readonly (readonly [path: string, kind: FileKind | null])[];
  readonly contents: readonly (readonly [path: string, base64: string])[];
  readonly lists: readonly (readonly [path: string, names: readonly string[]])[];
}

/** Reads, and keeps what was read. */
export class RecordingFiles implements FileReader {
  readonly #files: FileReader;
  readonly #kinds = new Map<string, FileKind | null>();
  readonly #contents = new Map<string, Uint8Array>();
  readonly #lists = new Map<string, readonly string[]>();
  #bytes = 0;

  constructor(files: FileReader) {
    this.#files = files;
  }

  get record(): FilesRecord {
    const contents = [...this.#contents].map(
      ([path, octets]) => [path, Buffer.from(octets).toString('base64')] as const,
    );
    return { kinds: [...this.#kinds], contents, lists: [...this.#lists] };
  }

  kind(path: string): FileKind | undefined {
    const kind = this.#files.kind(path);
    this.#kinds.set(path, kind ?? null);
    return kind;
  }

  /** One file is read once, so that all who ask see the same. */
  read(path: string): Uint8Array {
    const known = this.#contents.get(path);
    if (known !== undefined) return known;
    const octets = this.#files.read(path);
    if (this.#bytes + octets.length > RECORD_BYTES_MAX) return octets;
    this.#bytes += octets.length;
    this.#contents.set(path, octets);
    return octets;
  }

  list(path: string): readonly string[] {
    const names = this.#files.list(path);
    this.#lists.set(path, names);
    return names;
  }
}

/** Answers from the record that is put in; without one, and for what it does not hold, others answer. */
export class RecordedFiles implements FileReader {
  readonly #files: FileReader;
  #kinds: ReadonlyMap<string, FileKind | null> = new Map();
  #contents: ReadonlyMap<string, string> = new Map();
  #lists: ReadonlyMap<string, readonly string[]> = new Map();

  /** @param files for what is not in the record */
  constructor(files: FileReader) {
    this.#files = files;
  }

  /** @param record undefined: what was read before is forgotten, keys among it */
  set record(record: FilesRecord | undefined) {
    this.#kinds = new Map(record?.kinds);
    this.#contents = new Map(record?.contents);
    this.#lists = new Map(record?.lists);
  }

  kind(path: string): FileKind | undefined {
    const kind = this.#kinds.get(path);
    return kind === undefined ? this.#files.kind(path) : (kind ?? undefined);
  }

  read(path: string): Uint8Array {
    const base64 = this.#contents.get(path);
    return base64 === undefined ? this.#files.read(path) : Buffer.from(base64, 'base64');
  }

  list(path: string): readonly string[] {
    return this.#lists.get(path) ?? this.#files.list(path);
  }
}

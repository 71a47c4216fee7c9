// Reading files as an argument: configuration rooms ask a FileReader, only the programs pick the disk. Place in the
// picture: floor 2. Names given here are file system names (UTF-8), not octets.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';

export type FileKind = 'file' | 'directory';

/** All calls are synchronous: a configuration is read before anything is served, or on its own at a reload. */
export interface FileReader {
  /** What stands at this path (links followed); undefined when nothing does. Pipes and devices count as files. */
  kind(path: string): FileKind | undefined;
  /** The octets of a file. Throws what the system throws. */
  read(path: string): Uint8Array;
  /** Names in a directory, in no order, without `.` and `..`. Throws what the system throws. */
  list(path: string): readonly string[];
}

/** The machine's files. */
export const diskFiles: FileReader = {
  kind(path) {
    try {
      return statSync(path).isDirectory() ? 'directory' : 'file';
    } catch {
      // Not there, or not ours to see: to a configuration that is the same.
      return undefined;
    }
  },
  read: (path) => readFileSync(path),
  list: (path) => readdirSync(path),
};

/** Files that exist only here, for tests and for texts that came over another way. */
export class MemoryFiles implements FileReader {
  readonly #files: Map<string, Uint8Array>;

  /** @param files absolute path to content */
  constructor(files: Readonly<Record<string, string | Uint8Array>>) {
    this.#files = new Map(
      Object.entries(files).map(([path, text]) => [path, typeof text === 'string' ? Buffer.from(text) : text]),
    );
  }

  kind(path: string): FileKind | undefined {
    const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
    if (this.#files.has(clean)) return 'file';
    const prefix = clean === '/' ? '/' : `${clean}/`;
    return [...this.#files.keys()].some((file) => file.startsWith(prefix)) ? 'directory' : undefined;
  }

  read(path: string): Uint8Array {
    const content = this.#files.get(posix.normalize(path));
    if (content === undefined) throw new Error(`ENOENT: no such file: ${path}`);
    return content;
  }

  list(path: string): readonly string[] {
    const prefix = path === '/' ? '/' : `${posix.normalize(path).replace(/\/$/, '')}/`;
    const names = new Set<string>();
    for (const file of this.#files.keys())
      if (file.startsWith(prefix)) names.add(file.slice(prefix.length).split('/')[0]);
    return [...names];
  }
}

/** Octets of a configuration text (latin1 view) as the file name or message they spell in UTF-8. */
export function textOf(octets: string): string {
  for (let i = 0; i < octets.length; i++)
    if (octets.charCodeAt(i) > 0x7f) return Buffer.from(octets, 'latin1').toString('utf8');
  return octets;
}

/** The octets (latin1 view) that spell this text in UTF-8. */
export function octetsOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

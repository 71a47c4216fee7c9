// A file whose content is always that of now, without being read for every request: looked at each time, read again when
// it has changed. What cannot be read has no content, whatever it had before.

import { type BigIntStats, readFile, stat } from 'node:fs';

/** A larger file is not read. */
export const FILE_MAX_BYTES = 16 * 1024 * 1024;

/** `undefined`: it cannot be read. */
export type Read<T> = (content: T | undefined, error: Error | undefined) => void;

export class FreshFile<T> {
  readonly path: string;
  readonly #parse: (octets: string) => T;
  #content: T | undefined = undefined;
  #stamp = '';
  /** Who waits for the read in progress; a request that comes meanwhile waits for its end, too. */
  #readers: Read<T>[] = [];
  #isReading = false;

  /** @param parse gets the octets of the file (latin1 view) */
  constructor(path: string, parse: (octets: string) => T) {
    this.path = path;
    this.#parse = parse;
  }

  read(done: Read<T>): void {
    this.#readers.push(done);
    if (!this.#isReading) this.#look();
  }

  #look(): void {
    this.#isReading = true;
    stat(this.path, { bigint: true }, (error, state) => {
      if (error !== null) this.#fail(error);
      else if (state.size > FILE_MAX_BYTES)
        this.#fail(new Error(`${this.path} has more than ${FILE_MAX_BYTES} octets`));
      else if (stampOf(state) === this.#stamp) this.#answer(undefined);
      else this.#load(stampOf(state));
    });
  }

  #load(stamp: string): void {
    readFile(this.path, 'latin1', (error, octets) => {
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#content = this.#parse(octets);
      this.#stamp = stamp;
      this.#answer(undefined);
    });
  }

  #fail(error: Error): void {
    this.#content = undefined;
    this.#stamp = '';
    this.#answer(error);
  }

  #answer(error: Error | undefined): void {
    const readers = this.#readers;
    this.#readers = [];
    this.#isReading = false;
    for (const done of readers) done(this.#content, error);
  }
}

/** Changes with every write: times in nanoseconds, and the inode for files that are moved into place. */
function stampOf(state: BigIntStats): string {
  return `${state.mtimeNs} ${state.ctimeNs} ${state.size} ${state.ino} ${state.dev}`;
}

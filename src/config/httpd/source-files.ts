// The files of one configuration: read within bounds, remembered by name, and told when they are missing. Place in the
// picture: floor 2, part of reading; `read.ts` asks for texts and knows nothing of how they are had.

import type { FileReader } from '../files.ts';
import type { Findings, Place } from '../finding.ts';
import { CONFIG_LIMITS, LimitReached } from '../limits.ts';

export class SourceFiles {
  readonly #files: FileReader;
  readonly #findings: Findings;
  readonly #assumeFiles: boolean;
  readonly #names = new Set<string>();
  #count = 0;

  /** @param assumeFiles files that are missing are warnings instead of errors */
  constructor(files: FileReader, findings: Findings, assumeFiles: boolean) {
    this.#files = files;
    this.#findings = findings;
    this.#assumeFiles = assumeFiles;
  }

  /** Every file that was read, in order of first reading. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  /**
   * The octets of a file as text (latin1 view); undefined, with a finding, when they cannot be had.
   * @param from the Include that asked for it; undefined for the main file, which nobody may assume
   * @throws LimitReached when there are too many files
   */
  read(path: string, from: Place | undefined): string | undefined {
    const place = from ?? { file: path, line: 0 };
    if (++this.#count > CONFIG_LIMITS.files)
      throw new LimitReached(
        place,
        `more than ${CONFIG_LIMITS.files} files are included; look for files that include each other`,
      );
    let octets: Uint8Array;
    try {
      octets = this.#files.read(path);
    } catch (error) {
      const directive = from === undefined ? '' : 'Include';
      this.missing(place, directive, `cannot read ${path}: ${reason(error)}`, from !== undefined);
      return undefined;
    }
    this.#names.add(path);
    if (octets.length > CONFIG_LIMITS.fileBytes) {
      this.#findings.error(place, 'Include', 'config-limit', `${path} has more than ${CONFIG_LIMITS.fileBytes} octets`);
      return undefined;
    }
    return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
  }

  /** Missing files are errors, unless the caller of the reading said to assume them. */
  missing(place: Place, directive: string, message: string, mayAssume: boolean): void {
    if (mayAssume && this.#assumeFiles) this.#findings.warn(place, directive, 'file-missing', message);
    else this.#findings.error(place, directive, 'file-missing', message);
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return REASONS.get((error as NodeJS.ErrnoException).code ?? '') ?? error.message;
}

/** What the system says, in words for people. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'it does not exist'],
  ['ENOTDIR', 'it does not exist'],
  ['EISDIR', 'it is a directory'],
  ['EACCES', 'this user may not read it'],
]);

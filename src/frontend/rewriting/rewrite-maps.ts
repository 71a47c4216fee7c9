// RewriteMap at work: files of keys and values, kept in memory and read anew when they change, and httpd's own functions.
// Source: documentation of RewriteMap; how lines are read as observed on httpd 2.4.71.

import { readFileSync, statSync } from 'node:fs';
import type { Log } from '../../base/log.ts';
import type { RewriteMap } from '../../site/model.ts';
import { escapePath } from '../static/static-path.ts';

/** A larger file is not read; its keys are not found then, and that is told. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

interface MapFile {
  readonly stamp: string;
  readonly values: ReadonlyMap<string, string>;
}

export class RewriteMaps {
  readonly #log: Log;
  readonly #random: () => number;
  /** At most one per file in the configuration. */
  readonly #files = new Map<string, MapFile>();

  constructor(log: Log, random: () => number) {
    this.#log = log;
    this.#random = random;
  }

  /** Undefined when the map has no such key. */
  lookUp(map: RewriteMap, key: string): string | undefined {
    if (map.kind === 'function') return FUNCTIONS[map.name](key);
    const value = this.#values(map.file).get(key);
    if (value === undefined || !map.isRandom) return value;
    const choices = value.split('|');
    return choices[Math.floor(this.#random() * choices.length)];
  }

  #values(file: string): ReadonlyMap<string, string> {
    const known = this.#files.get(file);
    let stamp = 'unread';
    try {
      const { mtimeMs, size, ino } = statSync(file);
      stamp = `${mtimeMs} ${size} ${ino}`;
      if (known?.stamp === stamp) return known.values;
      if (size > FILE_BYTES_MAX) throw new Error(`it has ${size} octets, more than ${FILE_BYTES_MAX}`);
      const values = readMap(readFileSync(file).toString('latin1'));
      this.#files.set(file, { stamp, values });
      return values;
    } catch (error) {
      if (known?.stamp !== stamp) {
        this.#log.error('rewrite-map-unread', { file, error: (error as Error).message });
        this.#files.set(file, { stamp, values: NO_VALUES });
      }
      return NO_VALUES;
    }
  }
}

const NO_VALUES: ReadonlyMap<string, string> = new Map();

/** Key and value are the first two words of a line; the first line of a key counts. Lines that begin with `#` or a blank are none. */
function readMap(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const words = /^([^#\s]\S*)[ \t\v\f\r]+(\S+)/.exec(line);
    if (words !== null && !values.has(words[1])) values.set(words[1], words[2]);
  }
  return values;
}

const FUNCTIONS: Readonly<Record<Extract<RewriteMap, { kind: 'function' }>['name'], (text: string) => string>> = {
  toupper: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  tolower: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  escape: escapePath,
  // A wrong escape leaves the text as it is; what stands for a slash or a zero octet does not become one.
  unescape: (text) =>
    /%(?![0-9A-Fa-f]{2})/.test(text)
      ? text
      : text.replace(/%([0-9A-Fa-f]{2})/g, (whole, digits: string) =>
          digits === '00' ? whole : String.fromCharCode(Number.parseInt(digits, 16)),
        ),
};

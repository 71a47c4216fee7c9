// Files of certificates and keys as serving needs them: read while the process is still allowed to, and remembered, so
// that a reload under another user goes on with what was read before. Passphrases are asked for once per key.

import { spawnSync } from 'node:child_process';
import { Failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { FileReader } from '../../config/files.ts';
import type { Host, PassPhraseProgram, PlacedFile } from '../../site/model.ts';
import { TlsFileProblem } from '../../site/tls/tls-files.ts';

/** How long the program that tells a passphrase may take. */
const PROGRAM_PATIENCE_MS = 30_000;
const PASSPHRASE_BYTES_MAX = 4096;
/** What the program is told of the first keys of a host (httpd numbers kinds of keys so). */
const KEY_KINDS = ['RSA', 'DSA', 'ECC'];

export class TlsStore {
  readonly #log: Log;
  readonly #files: FileReader;
  readonly #octets = new Map<string, Uint8Array>();
  readonly #names = new Map<string, readonly string[]>();
  readonly #passphrases = new Map<string, string>();

  constructor(files: FileReader, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  /** The files, with what was read before in place of what may not be read any more. */
  get files(): FileReader {
    return {
      kind: (path) => this.#files.kind(path) ?? (this.#octets.has(path) ? 'file' : undefined),
      read: (path) => this.#remembered(path, this.#octets, () => this.#files.read(path)),
      list: (path) => this.#remembered(path, this.#names, () => this.#files.list(path)),
    };
  }

  /** The same files as they were read last: for clients of TLS that are made while requests are served. */
  get held(): FileReader {
    const { files } = this;
    return {
      kind: files.kind,
      read: (path) => this.#octets.get(path) ?? files.read(path),
      list: (path) => this.#names.get(path) ?? files.list(path),
    };
  }

  /** Asks the program of SSLPassPhraseDialog. @throws TlsFileProblem when it does not tell */
  askPassphrase(program: PassPhraseProgram | undefined, host: Host, key: PlacedFile, number: number): string {
    if (program === undefined)
      throw new TlsFileProblem('key-encrypted', key, `the key in ${key.path} needs a passphrase, and nobody is asked`);
    const known = this.#passphrases.get(`${program.path} ${key.path}`);
    if (known !== undefined) return known;
    const words = [`${host.serverName}:${host.serverPort ?? 443}`, KEY_KINDS[number] ?? String(number)];
    const { status, signal, stdout, error } = spawnSync(program.path, words, {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: PROGRAM_PATIENCE_MS,
      maxBuffer: PASSPHRASE_BYTES_MAX,
      encoding: 'utf8',
    });
    if (error !== undefined || status !== 0) {
      const why = error?.message ?? (status === null ? `ended by ${signal}` : `ended with ${status}`);
      throw new TlsFileProblem('passphrase-untold', program, `${program.path} ${words.join(' ')}: ${why}`);
    }
    const passphrase = stdout.split('\n')[0];
    this.#passphrases.set(`${program.path} ${key.path}`, passphrase);
    return passphrase;
  }

  #remembered<T>(path: string, known: Map<string, T>, read: () => T): T {
    try {
      const found = read();
      known.set(path, found);
      return found;
    } catch (error) {
      const before = known.get(path);
      const { code } = error as NodeJS.ErrnoException;
      if (before === undefined || (code !== 'EACCES' && code !== 'EPERM')) throw error;
      this.#log.warn('tls-file-kept', { file: path, reason: code });
      return before;
    }
  }
}

/** What stands in the way of TLS, as the reason for which a server does not start. */
export function tlsFailure(error: unknown, directive: string): Failure {
  if (!(error instanceof TlsFileProblem)) throw error;
  const { place } = error.at;
  const name = error.code === 'passphrase-untold' ? 'SSLPassPhraseDialog' : directive;
  const message = `${place.file}:${place.line}: ${name}: ${error.message}`;
  return new Failure(error.code, 'internal', message, { cause: error });
}

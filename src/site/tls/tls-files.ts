// Certificates and keys out of their files, and what is wrong with them: read once for `check`, and once more for
// serving, by the same rules. Place in the picture: floor 3; nothing here keeps a key.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { FileReader } from '../../config/files.ts';
import type { PlacedFile, PlacedSource, TlsSettings } from '../model.ts';

/** A file of certificates or keys is never longer; what is longer is refused unread. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
/** Files looked at in a folder of certificates. */
const FOLDER_FILES_MAX = 10_000;
/** Octets of SSLSessionTicketKeyFile. */
const TICKET_KEY_BYTES = 48;

/** What is wrong with a file, at the line that names it. */
export class TlsFileProblem extends Error {
  readonly code: string;
  readonly at: PlacedFile;

  constructor(code: string, at: PlacedFile, message: string) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

/** Files of what is shown to a peer. */
export type TlsIdentity = Pick<TlsSettings, 'certificates' | 'keys' | 'chain'>;

/** A certificate with its chain, and its key; the passphrase is not in it, an encrypted key comes out decrypted. */
export interface TlsPair {
  /** PEM, the host's own certificate first. */
  readonly certificates: string;
  /** PEM. */
  readonly key: string;
  readonly leaf: X509Certificate;
  readonly file: PlacedFile;
}

/**
 * Tells the passphrase of an encrypted key. @param number counts the host's keys from 0
 * @returns undefined when nobody knows it now: then the key is left out of the comparison
 */
export type AskPassphrase = (key: PlacedFile, number: number) => string | undefined;

/** Certificates with their keys. @throws TlsFileProblem */
export function readPairs(settings: TlsIdentity, files: FileReader, ask: AskPassphrase): TlsPair[] {
  const chain = settings.chain === undefined ? '' : readCertificates(settings.chain, files).join('');
  return settings.certificates.map((file, number) => {
    const own = readCertificates(file, files);
    const leaf = parseCertificate(own[0], file);
    const key = readKey(settings.keys[number], file, files, () => ask(settings.keys[number] ?? file, number));
    if (key !== undefined && !leaf.checkPrivateKey(key)) throw mismatch(settings, file, number);
    return {
      certificates: own.join('') + chain,
      key: key === undefined ? '' : (key.export({ type: 'pkcs8', format: 'pem' }) as string),
      leaf,
      file,
    };
  });
}

function mismatch(settings: TlsIdentity, file: PlacedFile, number: number): TlsFileProblem {
  const key = settings.keys[number] ?? file;
  const why = `the key in ${key.path} does not belong to the certificate in ${file.path}; the first key is for the first certificate, and so on`;
  return new TlsFileProblem('key-mismatch', key, why);
}

/** The key of its own file, else the one beside the certificate. */
function readKey(
  own: PlacedFile | undefined,
  certificate: PlacedFile,
  files: FileReader,
  ask: () => string | undefined,
): KeyObject | undefined {
  const file = own ?? certificate;
  const [text] = blocks(readText(file, files), /(?:[A-Z0-9]+ )*PRIVATE KEY/);
  if (text === undefined) {
    const mend = own === undefined ? '; name its file with SSLCertificateKeyFile' : '';
    throw new TlsFileProblem('key-missing', file, `there is no private key in ${file.path}${mend}`);
  }
  const isEncrypted = /ENCRYPTED/.test(text);
  const passphrase = isEncrypted ? ask() : undefined;
  if (isEncrypted && passphrase === undefined) return undefined;
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const why = isEncrypted ? 'the passphrase does not fit' : reason(error);
    throw new TlsFileProblem('key-unreadable', file, `the private key in ${file.path} cannot be read: ${why}`);
  }
}

/** Whether the key that a certificate would be used with asks for a passphrase. */
export function needsPassphrase(settings: TlsIdentity, number: number, files: FileReader): boolean {
  const file = settings.keys[number] ?? settings.certificates[number];
  return /ENCRYPTED/.test(readText(file, files));
}

/** PEM texts of all certificates of a file. @throws TlsFileProblem when there is none or one is broken */
export function readCertificates(file: PlacedFile, files: FileReader): string[] {
  const found = blocks(readText(file, files), /(?:TRUSTED )?CERTIFICATE/);
  if (found.length === 0)
    throw new TlsFileProblem('certificate-unreadable', file, `there is no certificate in PEM form in ${file.path}`);
  for (const text of found) parseCertificate(text, file);
  return found;
}

function parseCertificate(text: string, file: PlacedFile): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    const why = `a certificate in ${file.path} cannot be read: ${reason(error)}`;
    throw new TlsFileProblem('certificate-unreadable', file, why);
  }
}

/** PEM texts of certificates of others, or of lists of revoked ones, out of files and folders; each once. */
export function readSources(
  sources: readonly PlacedSource[],
  what: 'certificates' | 'revocation lists',
  files: FileReader,
): string[] {
  const label = what === 'certificates' ? /(?:TRUSTED )?CERTIFICATE/ : /X509 CRL/;
  const texts = new Set<string>();
  for (const source of sources) {
    const found = sourceFiles(source, files).flatMap((path) => blocks(readText({ ...source, path }, files), label));
    if (found.length === 0 && source.kind === 'file') {
      const form = what === 'certificates' ? 'certificate' : 'revocation list';
      throw new TlsFileProblem('certificate-unreadable', source, `there is no ${form} in PEM form in ${source.path}`);
    }
    for (const text of found) {
      if (what === 'certificates') parseCertificate(text, source);
      texts.add(text);
    }
  }
  return [...texts];
}

/** In a folder httpd takes files that are called by the hash of a name; here all are looked at. */
function sourceFiles(source: PlacedSource, files: FileReader): string[] {
  if (source.kind === 'file') return [source.path];
  const names = [...attempt(source, () => files.list(source.path))].toSorted().slice(0, FOLDER_FILES_MAX);
  return names.map((name) => `${source.path}/${name}`).filter((path) => files.kind(path) === 'file');
}

/** The octets that encrypt session tickets. */
export function readTicketKey(file: PlacedFile, files: FileReader): Buffer {
  const octets = readOctets(file, files);
  if (octets.length === TICKET_KEY_BYTES) return octets;
  const mend = `write it with: openssl rand ${TICKET_KEY_BYTES}`;
  throw new TlsFileProblem('ticket-key', file, `${file.path} must hold ${TICKET_KEY_BYTES} octets; ${mend}`);
}

function readText(file: PlacedFile, files: FileReader): string {
  return readOctets(file, files).toString('latin1');
}

function readOctets(file: PlacedFile, files: FileReader): Buffer {
  const octets = Buffer.from(attempt(file, () => files.read(file.path)));
  if (octets.length <= FILE_BYTES_MAX) return octets;
  throw new TlsFileProblem('file-too-large', file, `${file.path} has more than ${FILE_BYTES_MAX} octets`);
}

/** Reads something; what the system throws becomes a problem at the line that names the file. */
function attempt<T>(file: PlacedFile, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isForbidden = code === 'EACCES' || code === 'EPERM';
    const why = `${file.path}: ${reason(error)}`;
    throw new TlsFileProblem(isForbidden ? 'file-forbidden' : 'file-unreadable', file, why);
  }
}

/** PEM blocks of a kind, in order. */
function blocks(text: string, label: RegExp): string[] {
  const pattern = new RegExp(`-----BEGIN (${label.source})-----[^-]*-----END \\1-----`, 'g');
  return [...text.matchAll(pattern)].map(([block]) => `${block.replace(/\r/g, '')}\n`);
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

// TLS in the compiled site: what a host shows to clients, and what is asked of backends. Files are named, not read: the
// Snapshot holds no keys. Part of the model (`model.ts`).

import type { Place } from '../config/finding.ts';

/** A file and the line that names it. */
export interface PlacedFile {
  /** Absolute. */
  readonly path: string;
  readonly place: Place;
}

/** Certificates that others' are measured with, or lists of revoked ones: a file, or a folder of files. */
export interface PlacedSource extends PlacedFile {
  readonly kind: 'file' | 'directory';
}

/** Whether certificates are asked for, and what is done about bad ones. */
export type VerifyMode = 'none' | 'optional' | 'require' | 'optional-no-ca';

/** `TLSv1.2`, `TLSv1.3`. */
export type TlsVersionName = 'TLSv1.2' | 'TLSv1.3';

export interface CipherSuites {
  /** OpenSSL's list for TLS 1.2; undefined takes the usual ones. */
  readonly upTo12: string | undefined;
  /** Suites of TLS 1.3. */
  readonly for13: string | undefined;
}

/** SSLEngine On: what a TLS listener of this host needs. */
export interface TlsSettings {
  readonly certificates: readonly PlacedFile[];
  readonly keys: readonly PlacedFile[];
  readonly chain: PlacedFile | undefined;
  readonly protocols: readonly TlsVersionName[];
  readonly ciphers: CipherSuites;
  readonly honorCipherOrder: boolean;
  readonly sessionTickets: boolean;
  readonly ticketKey: PlacedFile | undefined;
  readonly verifyClient: VerifyMode;
  readonly verifyDepth: number;
  readonly authorities: readonly PlacedSource[];
  readonly revocationLists: readonly PlacedSource[];
}

/** SSLProxy…: TLS toward backends. What is undefined is inherited, or httpd's default (`upstream-tls-settings.ts`). */
export interface UpstreamTlsSettings {
  readonly isEnabled?: boolean;
  readonly verify?: VerifyMode;
  readonly verifyDepth?: number;
  readonly checkPeerName?: boolean;
  readonly checkPeerCn?: boolean;
  readonly checkPeerExpire?: boolean;
  readonly authorities?: readonly PlacedSource[];
  readonly revocationLists?: readonly PlacedSource[];
  readonly checksRevocation?: boolean;
  /** Certificate and key that backends are shown, in one file. */
  readonly certificate?: PlacedFile;
  readonly certificateChain?: PlacedFile;
  readonly protocols?: readonly TlsVersionName[];
  readonly ciphers?: CipherSuites;
}

/** SSLOptions that matter here. */
export type TlsOptionName = 'StdEnvVars' | 'ExportCertData';

/** SSLVHostSNIPolicy: which hosts a connection may ask for beside the one of its handshake. */
export type SniPolicy = 'strict' | 'secure' | 'authonly' | 'insecure';

/**
 * SSLPassPhraseDialog `exec:`: a program that prints the passphrase of a key. It is given `name:port` of the host, and
 * RSA, DSA, ECC or the number for the first, second, third or a later key.
 */
export type PassPhraseProgram = PlacedFile;

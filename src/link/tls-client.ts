// TLS towards backends: what we offer, what we show, and how a backend's certificate is measured. mod_ssl's rules, which
// differ from a browser's: nobody needs to have signed it unless the configuration says so (`verify`), and names and dates
// are looked at all the same.

import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { CHAIN_ERRORS, chainOf, issuersIn, UNKNOWN_ISSUER } from './tls-chain.ts';
import { type CipherChoice, cipherList } from './tls-ciphers.ts';
import { type TlsVersion, versionRange } from './tls-versions.ts';

/** All texts are PEM. */
export interface TlsClientOptions {
  readonly versions: readonly TlsVersion[];
  readonly ciphers: CipherChoice;
  readonly authorities: readonly string[];
  readonly revocationLists: readonly string[];
  /** Shown to backends that ask for it. */
  readonly identity: { readonly certificates: string; readonly key: string } | undefined;
  readonly verify: 'none' | 'optional' | 'require' | 'optional-no-ca';
  /** Issuers above the backend's certificate. */
  readonly depth: number;
  /** What of the certificate must name the backend: any of its names, its common name, or nothing. */
  readonly namedBy: 'any-name' | 'common-name' | 'nothing';
  readonly checksDates: boolean;
}

/** Sessions remembered for a quicker next handshake; one more lets the oldest go. */
const SESSIONS_MAX = 256;

/** A resumed connection shows no certificate: that of the first one counts on, as long as it is valid. */
interface Remembered {
  readonly ticket: Buffer;
  readonly validUntil: number;
}

export class TlsClient {
  readonly context: SecureContext;
  readonly #options: TlsClientOptions;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Remembered>();
  /** When the certificate of a connection ends. */
  readonly #validUntil = new WeakMap<TLSSocket, number>();

  /** @param now wall time, ms since 1970 @throws Error of OpenSSL when a text or a list is wrong */
  constructor(options: TlsClientOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.context = createSecureContext({
      ...versionRange(options.versions),
      ciphers: cipherList(options.ciphers),
      // Without this Node trusts whom browsers trust; httpd trusts nobody of itself.
      ca: [...options.authorities],
      ...(options.revocationLists.length === 0 ? {} : { crl: [...options.revocationLists] }),
      ...(options.identity === undefined ? {} : { cert: options.identity.certificates, key: options.identity.key }),
    });
  }

  /** What is wrong with the backend's certificate; undefined when it will do. @param name what it is called by us */
  problemOf(socket: TLSSocket, name: string): string | undefined {
    // It was measured when the session began, under the same name and settings.
    if (socket.isSessionReused()) return undefined;
    const chain = chainOf(socket);
    const [leaf] = chain;
    if (leaf === undefined) return 'it shows no certificate';
    this.#validUntil.set(socket, Date.parse(leaf.validTo));
    const { verify, depth, checksDates } = this.#options;
    if (verify !== 'none') {
      const error = socket.authorized ? undefined : String(socket.authorizationError);
      const isForgiven = error === undefined || (verify === 'optional-no-ca' && UNKNOWN_ISSUER.has(error));
      if (!isForgiven) return CHAIN_ERRORS.get(error) ?? error;
      if (error === undefined && issuersIn(chain) > depth)
        return `its chain has more than ${depth} issuers (SSLProxyVerifyDepth)`;
    }
    if (checksDates && Date.parse(leaf.validTo) < this.#now()) return `its certificate has expired: ${leaf.validTo}`;
    if (checksDates && Date.parse(leaf.validFrom) > this.#now())
      return `its certificate is not valid before ${leaf.validFrom}`;
    return this.#isNamed(leaf, name) ? undefined : `its certificate does not name ${name}`;
  }

  /** The session of an earlier connection under this key. */
  recall(key: string): Buffer | undefined {
    const session = this.#sessions.get(key);
    if (session === undefined || this.#now() < session.validUntil) return session?.ticket;
    this.#sessions.delete(key);
    return undefined;
  }

  /** A connection that will do has got a ticket. */
  remember(key: string, ticket: Buffer, socket: TLSSocket): void {
    const validUntil = this.#validUntil.get(socket) ?? this.#sessions.get(key)?.validUntil;
    if (validUntil === undefined) return;
    this.#sessions.delete(key);
    if (this.#sessions.size >= SESSIONS_MAX) this.#sessions.delete(this.#sessions.keys().next().value as string);
    this.#sessions.set(key, { ticket, validUntil });
  }

  #isNamed(leaf: X509Certificate, name: string): boolean {
    switch (this.#options.namedBy) {
      case 'nothing':
        return true;
      case 'common-name':
        return isCommonName(leaf, name);
      case 'any-name':
        if (isIpAddress(name)) return leaf.checkIP(name) !== undefined || isCommonName(leaf, name);
        return leaf.checkHost(name, { subject: 'always', partialWildcards: false }) !== undefined;
    }
  }
}

function isCommonName(leaf: X509Certificate, name: string): boolean {
  const wanted = name.toLowerCase();
  return leaf.subject
    .split('\n')
    .filter((line) => line.startsWith('CN='))
    .some((line) => {
      const common = line.slice(3).toLowerCase();
      return common === wanted || (common.startsWith('*.') && common.slice(1) === wanted.slice(wanted.indexOf('.')));
    });
}

/** Addresses are no server names: none is sent for them (RFC 6066 §3). */
export function isIpAddress(name: string): boolean {
  return isIP(name) !== 0;
}

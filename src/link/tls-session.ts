// What is known of one TLS connection: version, cipher, names and certificates, each asked of the socket when somebody
// reads it first. Nothing is computed for a request that does not ask.

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { chainOf } from './tls-chain.ts';

export class TlsSession {
  readonly #socket: TLSSocket;
  /** Name of the host whose settings led the handshake. */
  readonly hostId: string;
  /** What that host asked of clients. */
  readonly setup: string;
  /** What mod_ssl calls SSL_CLIENT_VERIFY: NONE, SUCCESS, GENEROUS or `FAILED:reason`. */
  readonly clientVerify: string;
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  readonly isResumed: boolean;
  /** Server name that the client asked for (SNI). */
  readonly serverName: string | undefined;
  #sessionId: string | undefined = undefined;
  #hasSessionId = false;
  #clientChain: readonly X509Certificate[] | undefined = undefined;
  #clientPem: string | undefined = undefined;
  #server: X509Certificate | undefined = undefined;

  constructor(socket: TLSSocket, host: { readonly hostId: string; readonly setup: string }, clientVerify: string) {
    this.#socket = socket;
    this.hostId = host.hostId;
    this.setup = host.setup;
    this.clientVerify = clientVerify;
    // Asked for at once: a closed socket has forgotten it, and the access log comes last.
    this.protocol = socket.getProtocol() ?? undefined;
    this.cipher = socket.getCipher()?.name;
    this.isResumed = socket.isSessionReused();
    const { servername } = socket as { servername?: unknown };
    this.serverName = typeof servername === 'string' && servername !== '' ? servername : undefined;
  }

  /** Effective bits of the cipher's key. */
  get keySize(): number | undefined {
    return this.cipher === undefined ? undefined : cipherBits(this.cipher);
  }

  /** In hex; TLS 1.2 has none while sessions are kept in tickets. */
  get sessionId(): string | undefined {
    if (!this.#hasSessionId) {
      const session = this.#socket.getSession();
      this.#sessionId = session === undefined || session === null ? undefined : sessionIdOf(session);
      this.#hasSessionId = true;
    }
    return this.#sessionId;
  }

  /** PEM of the client's certificate; undefined when none was presented. */
  get clientCertificate(): string | undefined {
    if (this.clientVerify === 'NONE') return undefined;
    this.#clientPem ??= this.clientChain[0]?.toString();
    return this.#clientPem;
  }

  /** The client's certificate and those of its issuers as far as they are known. */
  get clientChain(): readonly X509Certificate[] {
    if (this.clientVerify === 'NONE') return NO_CERTIFICATES;
    this.#clientChain ??= chainOf(this.#socket);
    return this.#clientChain;
  }

  /** The certificate that was shown to the client. */
  get serverCertificate(): X509Certificate | undefined {
    this.#server ??= this.#socket.getX509Certificate();
    return this.#server;
  }
}

const NO_CERTIFICATES: readonly X509Certificate[] = [];
/** Bits of a cipher's key by its OpenSSL name. */
export function cipherBits(name: string): number | undefined {
  if (/CHACHA20|AES_?256|CAMELLIA_?256|ARIA_?256/.test(name)) return 256;
  if (/AES_?128|CAMELLIA_?128|ARIA_?128|SEED/.test(name)) return 128;
  return /3DES|DES-CBC3/.test(name) ? 112 : undefined;
}

/**
 * The session id out of OpenSSL's serialised session: SEQUENCE of version, TLS version, cipher, id, … (the format that
 * `i2d_SSL_SESSION` documents). Undefined when it is empty or the octets are something else.
 */
export function sessionIdOf(session: Buffer): string | undefined {
  const FIELDS_BEFORE = 3;
  let at = enter(session, 0, 0x30);
  for (let i = 0; i < FIELDS_BEFORE && at !== undefined; i++) at = skip(session, at);
  if (at === undefined) return undefined;
  const start = enter(session, at, 0x04);
  const length = start === undefined ? 0 : session[start - 1];
  if (start === undefined || length === 0 || length > 32) return undefined;
  return session.toString('hex', start, start + length);
}

/** Where the content of an element with this tag begins. */
function enter(octets: Buffer, at: number, tag: number): number | undefined {
  if (octets[at] !== tag) return undefined;
  const first = octets[at + 1];
  return first < 0x80 ? at + 2 : at + 2 + (first & 0x7f);
}

/** Where the element after this short one begins. */
function skip(octets: Buffer, at: number): number | undefined {
  const length = octets[at + 1];
  return length === undefined || length >= 0x80 ? undefined : at + 2 + length;
}

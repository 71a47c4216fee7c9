// TLS as one host shows it: its certificates, versions, ciphers, and what it asks of clients' certificates. It listens to
// nothing: handshakes come from a `TlsDoor`, one socket at a time. Differences to mod_ssl: docs/reference/differences.md.

import { constants, createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { CHAIN_ERRORS, chainOf, issuersIn, UNKNOWN_ISSUER } from './tls-chain.ts';
import { type CipherChoice, cipherList } from './tls-ciphers.ts';
import { TlsSession } from './tls-session.ts';
import { type TlsVersion, versionRange } from './tls-versions.ts';

/** All texts are PEM. */
export interface TlsServerOptions {
  /** Stable name of the host, for whoever asks whose settings led the handshake. */
  readonly hostId: string;
  /** What the host asked of clients then, in words of the caller's: what it asks later may be something else. */
  readonly setup: string;
  /** A certificate with its chain, and its key; one for each kind of key. */
  readonly pairs: readonly { readonly certificates: string; readonly key: string }[];
  readonly versions: readonly TlsVersion[];
  readonly ciphers: CipherChoice;
  readonly honorCipherOrder: boolean;
  readonly tickets: boolean;
  /** 48 octets that servers share which take each other's tickets; undefined: secret to this process. */
  readonly ticketKey?: Buffer | undefined;
  readonly clients: ClientVerification;
}

/** Whether clients are asked for certificates, and which are good. */
export interface ClientVerification {
  readonly mode: 'none' | 'optional' | 'require' | 'optional-no-ca';
  /** Issuers above the client's certificate; 0 takes self-signed ones only. */
  readonly depth: number;
  readonly authorities: readonly string[];
  readonly revocationLists: readonly string[];
}

/** What became of a handshake. */
export type Handshaken =
  | { readonly kind: 'secure'; readonly socket: TLSSocket; readonly session: TlsSession }
  | { readonly kind: 'failed'; readonly reason: string };

/** Protocols offered to clients that ask by ALPN (RFC 7301). */
const PROTOCOLS = ['http/1.1', 'http/1.0'];

export class TlsServer {
  readonly #options: TlsServerOptions;
  readonly #clients: ClientVerification;
  readonly #server: Server;
  /** Handshakes in progress, by the addresses of both ends. */
  readonly #waiting = new Map<string, (outcome: Handshaken) => void>();

  /** @throws Error of OpenSSL when a text, a cipher list or a pair of certificate and key is wrong */
  constructor(options: TlsServerOptions) {
    const { pairs, clients } = options;
    this.#options = options;
    this.#clients = clients;
    this.#server = createServer({
      cert: pairs.map(({ certificates }) => certificates),
      key: pairs.map(({ key }) => key),
      ...versionRange(options.versions),
      ciphers: cipherList(options.ciphers),
      honorCipherOrder: options.honorCipherOrder,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (options.tickets ? 0 : constants.SSL_OP_NO_TICKET),
      ...(options.ticketKey === undefined ? {} : { ticketKeys: options.ticketKey }),
      ...(clients.mode === 'none' ? {} : { ca: [...clients.authorities] }),
      ...(clients.revocationLists.length === 0 ? {} : { crl: [...clients.revocationLists] }),
      requestCert: clients.mode !== 'none',
      rejectUnauthorized: clients.mode === 'require',
      ALPNProtocols: PROTOCOLS,
      sessionIdContext: contextOf(clients),
      // The door has a limit of its own.
      handshakeTimeout: 0,
    });
    this.#server.on('secureConnection', (socket: TLSSocket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) =>
      this.#end(endsOf(socket), { kind: 'failed', reason: error.code ?? error.message }),
    );
  }

  /** The same, for a host that has no certificate of its own. */
  inNameOf(hostId: string, setup: string): TlsServer {
    return new TlsServer({ ...this.#options, hostId, setup });
  }

  /** Leads the handshake on a socket; what was read of it must have been put back. The outcome comes once. */
  shake(socket: Socket, outcome: (outcome: Handshaken) => void): void {
    const ends = endsOf(socket);
    this.#waiting.set(ends, outcome);
    socket.once('close', () => this.#end(ends, { kind: 'failed', reason: 'closed' }));
    this.#server.emit('connection', socket);
  }

  #secured(socket: TLSSocket): void {
    const ends = endsOf(socket);
    const verdict = this.#verify(socket);
    if (verdict.isWelcome && this.#waiting.has(ends)) {
      this.#end(ends, {
        kind: 'secure',
        socket,
        session: new TlsSession(socket, this.#options, verdict.result),
      });
      return;
    }
    socket.on('error', () => {});
    socket.destroy();
    this.#end(ends, { kind: 'failed', reason: verdict.result });
  }

  #end(ends: string, outcome: Handshaken): void {
    const tell = this.#waiting.get(ends);
    if (tell === undefined) return;
    this.#waiting.delete(ends);
    tell(outcome);
  }

  /** What mod_ssl makes of a client's certificate, and whether the client may come in with it. */
  #verify(socket: TLSSocket): { readonly isWelcome: boolean; readonly result: string } {
    const { mode, depth } = this.#clients;
    const chain = mode === 'none' ? [] : chainOf(socket);
    if (chain.length === 0) return { isWelcome: mode !== 'require', result: 'NONE' };
    const error = socket.authorized ? undefined : String(socket.authorizationError);
    if (error !== undefined)
      return {
        isWelcome: mode === 'optional-no-ca' && UNKNOWN_ISSUER.has(error),
        result: forgiven(socket, error),
      };
    return issuersIn(chain) > depth
      ? { isWelcome: false, result: 'FAILED:CERT_CHAIN_TOO_LONG' }
      : { isWelcome: true, result: 'SUCCESS' };
  }
}

/**
 * Hosts may share the key of their tickets, and what one of them has made of a client's certificate holds only where the
 * same is asked of clients: elsewhere the handshake is a whole one. Stable, so that servers can share tickets. 32 octets
 * at most.
 */
function contextOf(clients: ClientVerification): string {
  return createHash('sha256').update(JSON.stringify(clients)).digest('base64').slice(0, 32);
}

/** As observed on httpd: in TLS 1.2 a chain that is forgiven counts as such, in 1.3 its error is told. */
function forgiven(socket: TLSSocket, error: string): string {
  return socket.getProtocol() === 'TLSv1.2' ? 'GENEROUS' : `FAILED:${CHAIN_ERRORS.get(error) ?? error}`;
}

function endsOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}

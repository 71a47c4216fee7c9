// The hosts of a Snapshot as TLS servers, and which of them leads a handshake: that of the name the client asks for, or
// the first at the address. Built when a configuration is put in force, before privileges are dropped.

import { Failure } from '../../base/failure.ts';
import type { TlsChooser } from '../../link/tls-door.ts';
import { TlsServer } from '../../link/tls-server.ts';
import { HostChooser } from '../../site/host.ts';
import type { Host, Snapshot, TlsSettings } from '../../site/model.ts';
import { mixedHost } from '../../site/tls/assemble-tls.ts';
import { readPairs, readSources, readTicketKey } from '../../site/tls/tls-files.ts';
import { type TlsStore, tlsFailure } from './tls-store.ts';

export class TlsHosts {
  readonly #chooser: HostChooser;
  readonly #servers = new Map<Host, TlsServer>();
  /** Hosts without TLS of their own that names lead to: the first host shows its certificate for them. */
  readonly #borrowed = new Map<Host, Map<TlsServer, TlsServer>>();

  /** @throws Failure when a file cannot be used, with its line */
  constructor(snapshot: Snapshot, store: TlsStore) {
    this.#chooser = new HostChooser(snapshot);
    for (const host of [snapshot.mainHost, ...snapshot.hosts])
      if (host.tls !== undefined) this.#servers.set(host, serverOf(host, host.tls, snapshot, store));
  }

  get isEmpty(): boolean {
    return this.#servers.size === 0;
  }

  /** For one listener. @param handshakeTimeoutMs from the first octet to the end of the handshake */
  chooser(handshakeTimeoutMs: number): TlsChooser {
    return {
      handshakeTimeoutMs,
      spokenAt: (address, port) => this.#spokenAt(address, port),
      choose: (address, port, name) => this.#choose(address, port, name),
    };
  }

  #spokenAt(address: string, port: number): 'tls' | 'plain' | 'nothing' {
    if (this.#chooser.choose(address, port, undefined).tls !== undefined) return 'tls';
    return mixedHost(this.#chooser, { address, port }) === undefined ? 'plain' : 'nothing';
  }

  #choose(address: string, port: number, name: string | undefined): TlsServer {
    const first = this.#servers.get(this.#chooser.choose(address, port, undefined)) as TlsServer;
    if (name === undefined) return first;
    const host = this.#chooser.choose(address, port, name);
    return this.#servers.get(host) ?? this.#borrow(host, first);
  }

  #borrow(host: Host, first: TlsServer): TlsServer {
    let known = this.#borrowed.get(host);
    if (known === undefined) {
      known = new Map();
      this.#borrowed.set(host, known);
    }
    let server = known.get(first);
    if (server === undefined) {
      server = first.inNameOf(host.id, likenessOf(host.tls).clients);
      known.set(first, server);
    }
    return server;
  }
}

function serverOf(host: Host, tls: TlsSettings, snapshot: Snapshot, store: TlsStore): TlsServer {
  const { files } = store;
  const program = snapshot.server.passPhraseProgram;
  try {
    const pairs = readPairs(tls, files, (key, number) => store.askPassphrase(program, host, key, number));
    return new TlsServer({
      hostId: host.id,
      setup: likenessOf(tls).clients,
      pairs,
      versions: tls.protocols,
      ciphers: tls.ciphers,
      honorCipherOrder: tls.honorCipherOrder,
      tickets: tls.sessionTickets,
      ticketKey: tls.ticketKey === undefined ? undefined : readTicketKey(tls.ticketKey, files),
      clients: {
        mode: tls.verifyClient,
        depth: tls.verifyDepth,
        authorities: readSources(tls.authorities, 'certificates', files),
        revocationLists: readSources(tls.revocationLists, 'revocation lists', files),
      },
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_') === true) {
      const { file, line } = tls.certificates[0].place;
      const message = `${file}:${line}: SSLCertificateFile: OpenSSL does not take it: ${code}`;
      throw new Failure('tls-refused', 'internal', message, { cause: error });
    }
    throw tlsFailure(error, 'SSLCertificateFile');
  }
}

/** Settings that two hosts must share for a connection of one to carry requests for the other, by SSLVHostSNIPolicy. */
export interface TlsLikeness {
  /** Everything: certificates, versions, ciphers, certificates of clients. */
  readonly whole: string;
  /** What is asked of clients' certificates alone. */
  readonly clients: string;
}

export function likenessOf(tls: TlsSettings | undefined): TlsLikeness {
  if (tls === undefined) return { whole: '', clients: 'none' };
  const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path);
  const clients = JSON.stringify([
    tls.verifyClient,
    tls.verifyDepth,
    paths(tls.authorities),
    paths(tls.revocationLists),
  ]);
  const own = [paths(tls.certificates), paths(tls.keys), tls.chain?.path, tls.protocols, tls.ciphers];
  return { whole: JSON.stringify([own, tls.honorCipherOrder, clients]), clients };
}

// Accepting: a listening socket whose connections read into the shared buffer, which saves a fifth of a read's CPU. Where
// Node does not let go of an accepted socket's handle, plain `data` events are the fallback.

import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Connection, type ConnectionEvents, plainAddress, type Secured } from './connection.ts';
import { moveHandle } from './handle.ts';
import type { Link } from './link.ts';
import { type ClaimedPeer, type Preface, PrefaceReader } from './preface.ts';
import { type TlsChooser, TlsDoor } from './tls-door.ts';
import type { TlsSession } from './tls-session.ts';

/** Connections that wait to be accepted: httpd's ListenBackLog. */
const BACKLOG = 511;

export interface AcceptOptions {
  /** Undefined listens on all addresses. */
  readonly address: string | undefined;
  readonly port: number;
  readonly backlog?: number;
  /** Test hook: never move handles. */
  readonly plainReads?: boolean;
}

export interface AcceptEvents {
  /** Returns the owner of the new connection, undefined to refuse it. */
  accepted(connection: Connection): ConnectionEvents | undefined;
  /** Accepting failed for lack of descriptors or the like; it goes on by itself. */
  acceptFailed(error: Error): void;
  /** False: no preface is expected of any connection, and its addresses need not be looked up. */
  expectsPrefaces?(): boolean;
  /** What a connection between these addresses must begin with; undefined, and by default: with its protocol. */
  preface?(remoteAddress: string, localAddress: string, localPort: number): Preface | undefined;
  /** A connection was closed for what it began with. */
  prefaceRefused?(remoteAddress: string, reason: string): void;
  /** Who leads TLS handshakes at the moment. Default, and where it is undefined: plain text is spoken. */
  tls?(): TlsChooser | undefined;
  /** A TLS handshake came to nothing. */
  handshakeFailed?(remoteAddress: string, reason: string): void;
}

const placeholderEvents: ConnectionEvents = { received() {}, peerEnded() {}, drained() {}, closed() {} };

/** A listening socket. */
export class Acceptor {
  readonly #server: Server;
  readonly #link: Link;
  readonly #options: AcceptOptions;
  readonly #events: AcceptEvents;
  readonly #prefaces: PrefaceReader;
  readonly #door: TlsDoor;
  /** Clients that proxies have named, by the connection they came over. */
  readonly #claims = new WeakMap<Socket, ClaimedPeer>();
  #movesHandles: boolean;

  constructor(link: Link, options: AcceptOptions, events: AcceptEvents) {
    this.#link = link;
    this.#options = options;
    this.#events = events;
    this.#movesHandles = options.plainReads !== true;
    this.#prefaces = new PrefaceReader(link, (address, reason) => events.prefaceRefused?.(address, reason));
    this.#door = new TlsDoor(link, {
      secured: (socket, raw, session) => this.#secured(socket, raw, session),
      spokePlain: (socket) => this.#spokePlain(socket),
      handshakeFailed: (remoteAddress, reason) => events.handshakeFailed?.(remoteAddress, reason),
    });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.#accept(socket),
    );
    this.#server.maxConnections = Number.POSITIVE_INFINITY;
  }

  /** Binds and listens, also anew after `close`. Rejects with Node's error (EADDRINUSE, EACCES, …). */
  async listen(): Promise<void> {
    const { address, port, backlog = BACKLOG } = this.#options;
    try {
      await this.#listenAt({ port, ...(address === undefined ? {} : { host: address }), backlog });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
      const bound = await this.#link.listenInstead?.(address, port, backlog);
      if (bound === undefined) throw error;
      await this.#listenAt(bound, backlog);
    }
  }

  #listenAt(...where: [ListenOptions] | [Server, number]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const listening = (): void => {
        this.#server.off('error', reject);
        this.#server.removeAllListeners('error').on('error', (error) => this.#events.acceptFailed(error));
        resolve();
      };
      if (where.length === 1) this.#server.listen(where[0], listening);
      else this.#server.listen(where[0], where[1], listening);
    });
  }

  /** Address and port in force; the port matters when 0 was asked for. */
  get address(): { address: string; port: number } {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return { address: '', port: 0 };
    return { address: bound.address, port: bound.port };
  }

  /** TLS handshakes in progress. */
  get handshakeCount(): number {
    return this.#door.count;
  }

  /**
   * Stops accepting, at once; open connections stay, handshakes in progress are cut. Resolves when all are gone, unless
   * it listens again before.
   */
  close(): Promise<void> {
    this.#prefaces.close();
    this.#door.close();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(accepted: Socket): void {
    if (this.#events.expectsPrefaces?.() === false) {
      this.#begin(accepted);
      return;
    }
    const remoteAddress = plainAddress(accepted.remoteAddress);
    const preface = this.#events.preface?.(remoteAddress, plainAddress(accepted.localAddress), accepted.localPort ?? 0);
    if (preface === undefined) {
      this.#begin(accepted);
      return;
    }
    const remotePort = accepted.remotePort ?? 0;
    this.#prefaces.read(accepted, preface, (client) => {
      this.#claims.set(accepted, client ?? { address: remoteAddress, port: remotePort });
      this.#begin(accepted);
    });
  }

  /** Begins what is spoken here; in front of it a proxy may have named its client. */
  #begin(accepted: Socket): void {
    const chooser = this.#events.tls?.();
    if (chooser !== undefined) {
      const localAddress = plainAddress(accepted.localAddress);
      const spoken = chooser.spokenAt(localAddress, accepted.localPort ?? 0);
      if (spoken === 'tls') this.#door.enter(accepted, chooser, localAddress);
      else if (spoken === 'nothing') accepted.destroy();
      if (spoken !== 'plain') return;
    }
    const claimed = this.#claims.get(accepted);
    // What was read behind the proxy's words is in the socket, and would stay there without its handle.
    const connection = this.#movesHandles && claimed === undefined ? this.#adopt(accepted) : undefined;
    this.#welcome(connection ?? this.#listenTo(accepted), claimed);
  }

  #secured(socket: TLSSocket, raw: Socket, session: TlsSession): void {
    this.#welcome(this.#listenTo(socket, { session, raw }), this.#claims.get(raw));
  }

  #spokePlain(socket: Socket): void {
    const connection = this.#listenTo(socket);
    connection.isPlainAtTls = true;
    this.#welcome(connection, this.#claims.get(socket));
  }

  #welcome(connection: Connection, claimed?: ClaimedPeer): void {
    connection.claimed = claimed;
    // A client that is gone already has no address any more.
    const isGone = connection.socket.destroyed || connection.remoteAddress === '';
    const owner = isGone ? undefined : this.#ownerOf(connection);
    if (owner === undefined) connection.destroy();
    else connection.events = owner;
  }

  #ownerOf(connection: Connection): ConnectionEvents | undefined {
    try {
      return this.#events.accepted(connection);
    } catch (error) {
      this.#link.fault(error);
      return undefined;
    }
  }

  /** The connection over the moved handle; undefined if Node has changed. */
  #adopt(accepted: Socket): Connection | undefined {
    const link = this.#link;
    const socket = moveHandle(accepted, {
      buffer: link.readBuffer,
      callback: (length) => connection.receive(link.readBuffer, length),
    });
    if (socket === undefined) {
      if (!accepted.destroyed) this.#movesHandles = false;
      return undefined;
    }
    const connection = new Connection(socket, link, placeholderEvents);
    return connection;
  }

  #listenTo(socket: Socket, secured?: Secured): Connection {
    const connection = new Connection(socket, this.#link, placeholderEvents, secured);
    socket.on('data', (bytes: Buffer) => {
      if (!connection.receive(bytes, bytes.length)) socket.pause();
    });
    socket.resume();
    return connection;
  }
}

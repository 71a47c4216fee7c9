// Accepting: a listening socket whose connections read into the shared buffer, which saves a fifth of a read's CPU. Where
// Node does not let go of an accepted socket's handle, plain `data` events are the fallback.

import { createServer, type Server, type Socket } from 'node:net';
import { Connection, type ConnectionEvents, plainAddress } from './connection.ts';
import { moveHandle } from './handle.ts';
import type { Link } from './link.ts';
import { type Preface, PrefaceReader } from './preface.ts';

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
  /** What a connection between these addresses must begin with; undefined, and by default: with its protocol. */
  preface?(remoteAddress: string, localAddress: string, localPort: number): Preface | undefined;
  /** A connection was closed for what it began with. */
  prefaceRefused?(remoteAddress: string, reason: string): void;
}

const placeholderEvents: ConnectionEvents = { received() {}, peerEnded() {}, drained() {}, closed() {} };

/** A listening socket. */
export class Acceptor {
  readonly #server: Server;
  readonly #link: Link;
  readonly #options: AcceptOptions;
  readonly #events: AcceptEvents;
  readonly #prefaces: PrefaceReader;
  #movesHandles: boolean;

  constructor(link: Link, options: AcceptOptions, events: AcceptEvents) {
    this.#link = link;
    this.#options = options;
    this.#events = events;
    this.#movesHandles = options.plainReads !== true;
    this.#prefaces = new PrefaceReader(link, (address, reason) => events.prefaceRefused?.(address, reason));
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.#accept(socket),
    );
    this.#server.maxConnections = Number.POSITIVE_INFINITY;
  }

  /** Binds and listens, also anew after `close`. Rejects with Node's error (EADDRINUSE, EACCES, …). */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(
        {
          port: this.#options.port,
          ...(this.#options.address === undefined ? {} : { host: this.#options.address }),
          backlog: this.#options.backlog ?? 511,
        },
        () => {
          this.#server.off('error', reject);
          this.#server.removeAllListeners('error').on('error', (error) => this.#events.acceptFailed(error));
          resolve();
        },
      );
    });
  }

  /** Address and port in force; the port matters when 0 was asked for. */
  get address(): { address: string; port: number } {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return { address: '', port: 0 };
    return { address: bound.address, port: bound.port };
  }

  /** Stops accepting, at once; open connections stay. Resolves when they are gone, unless it listens again before. */
  close(): Promise<void> {
    this.#prefaces.close();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(accepted: Socket): void {
    const remoteAddress = plainAddress(accepted.remoteAddress);
    const preface = this.#events.preface?.(remoteAddress, plainAddress(accepted.localAddress), accepted.localPort ?? 0);
    if (preface === undefined) {
      this.#begin(accepted);
      return;
    }
    const remotePort = accepted.remotePort ?? 0;
    this.#prefaces.read(accepted, preface, (client) => {
      const connection = this.#listenTo(accepted);
      connection.claimed = client ?? { address: remoteAddress, port: remotePort };
      this.#welcome(connection);
    });
  }

  #begin(accepted: Socket): void {
    const connection = this.#movesHandles ? this.#adopt(accepted) : undefined;
    this.#welcome(connection ?? this.#listenTo(accepted));
  }

  #welcome(connection: Connection): void {
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

  #listenTo(socket: Socket): Connection {
    const connection = new Connection(socket, this.#link, placeholderEvents);
    socket.on('data', (bytes: Buffer) => {
      if (!connection.receive(bytes, bytes.length)) socket.pause();
    });
    socket.resume();
    return connection;
  }
}

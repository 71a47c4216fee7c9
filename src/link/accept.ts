// Accepting: a listening socket whose connections read into the shared buffer. `net.Server` offers no `onread` for
// accepted sockets, so their handle is moved to a socket of our own: Node's private surface, kept in this file, with a
// self-check at the first connection and plain `data` events as the fallback. Saves a fifth of a read's CPU.

import { createServer, type Server, Socket } from 'node:net';
import { Connection, type ConnectionEvents } from './connection.ts';
import type { Link } from './link.ts';

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
}

const placeholderEvents: ConnectionEvents = { received() {}, peerEnded() {}, drained() {}, closed() {} };

/** A listening socket and the connections that came through it. */
export class Acceptor {
  readonly #server: Server;
  readonly #link: Link;
  readonly #options: AcceptOptions;
  readonly #events: AcceptEvents;
  readonly connections: Set<Connection> = new Set();
  #movesHandles: boolean;

  constructor(link: Link, options: AcceptOptions, events: AcceptEvents) {
    this.#link = link;
    this.#options = options;
    this.#events = events;
    this.#movesHandles = options.plainReads !== true;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.#accept(socket),
    );
    this.#server.maxConnections = Number.POSITIVE_INFINITY;
  }

  /** Binds and listens. Rejects with Node's error (EADDRINUSE, EACCES, …). */
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
          this.#server.on('error', (error) => this.#events.acceptFailed(error));
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

  /** Stops accepting; open connections stay. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(accepted: Socket): void {
    const connection = this.#movesHandles ? this.#adopt(accepted) : undefined;
    this.#welcome(connection ?? this.#listenTo(accepted));
  }

  #welcome(connection: Connection): void {
    if (connection.socket.destroyed || connection.remoteAddress === '') {
      connection.destroy();
      return;
    }
    const owner = this.#events.accepted(connection);
    if (owner === undefined) {
      connection.destroy();
      return;
    }
    this.connections.add(connection);
    connection.socket.on('close', () => this.connections.delete(connection));
    connection.events = owner;
  }

  /** Moves the handle of an accepted socket to one that reads into the shared buffer; undefined if Node has changed. */
  #adopt(accepted: Socket): Connection | undefined {
    const handle = (accepted as unknown as { _handle?: { readStart?: unknown } | null })._handle;
    if (handle === null || handle === undefined || typeof handle.readStart !== 'function') {
      this.#movesHandles = false;
      return undefined;
    }
    const link = this.#link;
    (accepted as unknown as { _handle: unknown })._handle = null;
    const options = {
      handle,
      allowHalfOpen: true,
      onread: {
        buffer: link.readBuffer,
        callback: (length: number): boolean => connection.receive(link.readBuffer, length),
      },
    };
    const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
    const connection = new Connection(socket, link, placeholderEvents);
    accepted.destroy();
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

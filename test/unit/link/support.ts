// Real loopback sockets for the tests of this room: a listening link, and raw peers on the other side of it.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { Acceptor } from '../../../src/link/accept.ts';
import type { Connection, ConnectionEvents } from '../../../src/link/connection.ts';
import { Link } from '../../../src/link/link.ts';
import type { TlsChooser } from '../../../src/link/tls-door.ts';

/** Keeps what a connection's owner hears. */
export class Owner implements ConnectionEvents {
  text = '';
  hasPeerEnded = false;
  drainedCount = 0;
  closings: (Error | undefined)[] = [];
  /** Thrown by the next call of this name. */
  faultIn: keyof ConnectionEvents | undefined = undefined;

  received(bytes: Buffer, start: number, end: number): void {
    this.#mayFail('received');
    this.text += bytes.toString('latin1', start, end);
  }

  peerEnded(): void {
    this.#mayFail('peerEnded');
    this.hasPeerEnded = true;
  }

  drained(): void {
    this.#mayFail('drained');
    this.drainedCount++;
  }

  closed(error: Error | undefined): void {
    this.closings.push(error);
    this.#mayFail('closed');
  }

  #mayFail(name: keyof ConnectionEvents): void {
    if (this.faultIn === name) throw new Error(`planted in ${name}`);
  }
}

/** A raw socket that keeps what it hears. */
export class Peer {
  readonly socket: Socket;
  text = '';
  byteCount = 0;
  hasEnded = false;
  isClosed = false;
  error: Error | undefined = undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.byteCount += bytes.length;
      if (this.text.length < 1_000_000) this.text += bytes.toString('latin1');
    });
    socket.on('end', () => {
      this.hasEnded = true;
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
  }
}

/** A listening link on a virtual clock. */
export class Place implements AsyncDisposable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: MemoryLog = new MemoryLog();
  readonly link: Link = new Link(this.clock, this.log);
  readonly connections: Connection[] = [];
  readonly owners: Owner[] = [];
  readonly peers: Peer[] = [];
  readonly acceptor: Acceptor;
  /** Given to the next connections; undefined refuses them. */
  makeOwner: () => Owner | undefined = () => new Owner();

  /** Who leads TLS handshakes; undefined speaks plain text. */
  tls: TlsChooser | undefined = undefined;
  /** Why handshakes came to nothing. */
  readonly failedHandshakes: string[] = [];

  private constructor(plainReads: boolean) {
    this.acceptor = new Acceptor(
      this.link,
      { address: '127.0.0.1', port: 0, plainReads },
      {
        accepted: (connection) => {
          const owner = this.makeOwner();
          if (owner === undefined) return undefined;
          this.connections.push(connection);
          this.owners.push(owner);
          return owner;
        },
        acceptFailed: (error) => assert.fail(error),
        tls: () => this.tls,
        handshakeFailed: (_, reason) => this.failedHandshakes.push(reason),
      },
    );
  }

  static async open(plainReads = false): Promise<Place> {
    const place = new Place(plainReads);
    await place.acceptor.listen();
    return place;
  }

  /** A raw client. */
  peer(): Peer {
    const peer = new Peer(connect({ port: this.acceptor.address.port, host: '127.0.0.1', allowHalfOpen: true }));
    this.peers.push(peer);
    return peer;
  }

  /** A client that speaks TLS and takes any certificate. */
  securePeer(options: ConnectionOptions = {}): Peer {
    const to = { port: this.acceptor.address.port, host: '127.0.0.1', allowHalfOpen: true, rejectUnauthorized: false };
    const peer = new Peer(connectTls({ ...to, ...options } as ConnectionOptions));
    this.peers.push(peer);
    return peer;
  }

  /** Such a client and our side of its connection. */
  async securePair(options: ConnectionOptions = {}): Promise<{ peer: Peer; connection: Connection; owner: Owner }> {
    const count = this.connections.length;
    const peer = this.securePeer(options);
    await until(() => this.connections.length > count, 'the connection');
    return { peer, connection: this.connections[count], owner: this.owners[count] };
  }

  /** A raw client and our side of its connection. */
  async pair(): Promise<{ peer: Peer; connection: Connection; owner: Owner }> {
    const count = this.connections.length;
    const peer = this.peer();
    await until(() => this.connections.length > count, 'the connection');
    return { peer, connection: this.connections[count], owner: this.owners[count] };
  }

  /** Puts text into the scratch for a connection. */
  put(connection: Connection, text: string): void {
    const at = connection.reserve(text.length);
    connection.commit(at + this.link.scratch.buffer.write(text, at, 'latin1'));
  }

  /** Writes until the connection is congested; the peer must not be reading. @returns octets written */
  congest(connection: Connection): number {
    let count = 0;
    const piece = 'z'.repeat(64 * 1024);
    while (!connection.isCongested) {
      this.put(connection, piece);
      connection.flush();
      count += piece.length;
      assert.ok(count < 500_000_000, 'the socket takes everything');
    }
    return count;
  }

  get faults(): string[] {
    return this.log.events.filter(({ event }) => event === 'internal-fault').map(({ fields }) => String(fields.error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer.socket.destroy();
    for (const connection of this.connections) connection.destroy();
    await this.acceptor.close();
  }
}

/** Lets sockets work until the fact holds; fails when it does not come to hold. */
export async function until(fact: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (!fact()) {
    if (performance.now() > end) assert.fail(`never came true: ${what}`);
    await turn();
  }
}

/** Lets sockets work for a while. */
export async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

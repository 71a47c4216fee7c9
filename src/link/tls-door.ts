// Connections on their way in through TLS: the first octets are looked at to find the host, then that host's settings
// lead the handshake. Every step has a limit, and so has the number of handshakes in progress.

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { readFirstOctets } from './client-hello.ts';
import { Deadline } from './deadlines.ts';
import type { Link } from './link.ts';
import type { TlsServer } from './tls-server.ts';
import type { TlsSession } from './tls-session.ts';

/** Handshakes in progress at one listener; one more cuts the oldest. */
export const HANDSHAKES_MAX = 1024;

/** Who leads handshakes at a listener. */
export interface TlsChooser {
  /** From the first octet to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** What is spoken at this local address of ours; with nothing, connections are closed at once. */
  spokenAt(localAddress: string, localPort: number): 'tls' | 'plain' | 'nothing';
  /** @param serverName in lower case; undefined when the client named none */
  choose(localAddress: string, localPort: number, serverName: string | undefined): TlsServer;
}

export interface TlsDoorEvents {
  /** The handshake is done. @param raw the socket below */
  secured(socket: TLSSocket, raw: Socket, session: TlsSession): void;
  /** Somebody speaks HTTP without TLS; what was read has been put back. */
  spokePlain(socket: Socket): void;
  /** A handshake came to nothing; for the log. */
  handshakeFailed(remoteAddress: string, reason: string): void;
}

export class TlsDoor {
  readonly link: Link;
  readonly events: TlsDoorEvents;
  readonly #inProgress = new Set<Entering>();

  constructor(link: Link, events: TlsDoorEvents) {
    this.link = link;
    this.events = events;
  }

  /** Takes an accepted, paused socket. */
  enter(socket: Socket, chooser: TlsChooser, localAddress: string): void {
    if (this.#inProgress.size >= HANDSHAKES_MAX) {
      const [oldest] = this.#inProgress;
      oldest.fail('too many handshakes at once');
    }
    this.#inProgress.add(new Entering(this, socket, chooser, localAddress));
  }

  /** Handshakes in progress. */
  get count(): number {
    return this.#inProgress.size;
  }

  /** Cuts what is in progress. */
  close(): void {
    for (const entering of this.#inProgress) entering.fail('the server stops');
  }

  forget(entering: Entering): void {
    this.#inProgress.delete(entering);
  }
}

/** One connection that is not a connection yet. */
class Entering {
  readonly #door: TlsDoor;
  readonly #socket: Socket;
  readonly #chooser: TlsChooser;
  readonly #localAddress: string;
  readonly #remoteAddress: string;
  readonly #deadline: Deadline;
  readonly #take = (octets: Buffer): void => this.#look(octets);
  #octets: Buffer = NOTHING;
  #isOver = false;

  constructor(door: TlsDoor, socket: Socket, chooser: TlsChooser, localAddress: string) {
    this.#door = door;
    this.#socket = socket;
    this.#chooser = chooser;
    this.#localAddress = localAddress;
    this.#remoteAddress = socket.remoteAddress ?? '';
    this.#deadline = new Deadline(() => this.fail('it took too long'));
    door.link.deadlines.arm(this.#deadline, chooser.handshakeTimeoutMs);
    socket.on('error', ignore);
    socket.on('data', this.#take);
    socket.once('end', () => this.fail('the client left'));
    socket.once('close', () => this.fail('the client left'));
    socket.resume();
  }

  fail(reason: string): void {
    if (this.#isOver) return;
    this.#leave();
    this.#socket.destroy();
    this.#door.events.handshakeFailed(this.#remoteAddress, reason);
  }

  #look(octets: Buffer): void {
    if (this.#isOver) return;
    this.#octets = this.#octets.length === 0 ? octets : Buffer.concat([this.#octets, octets]);
    const found = readFirstOctets(this.#octets);
    if (found.kind === 'more') return;
    if (found.kind === 'unknown') {
      this.fail('neither TLS nor HTTP');
      return;
    }
    const socket = this.#socket;
    socket.off('data', this.#take);
    socket.pause();
    socket.unshift(this.#octets);
    this.#octets = NOTHING;
    if (found.kind === 'plain') {
      this.#leave();
      this.#door.events.spokePlain(socket);
    } else this.#shake(found.serverName);
  }

  #shake(serverName: string | undefined): void {
    const socket = this.#socket;
    const server = this.#chooser.choose(this.#localAddress, socket.localPort ?? 0, serverName);
    server.shake(socket, (outcome) => {
      if (this.#isOver) {
        if (outcome.kind === 'secure') outcome.socket.destroy();
      } else if (outcome.kind === 'failed') this.fail(outcome.reason);
      else {
        this.#leave();
        this.#door.events.secured(outcome.socket, socket, outcome.session);
      }
    });
  }

  #leave(): void {
    this.#isOver = true;
    this.#door.link.deadlines.disarm(this.#deadline);
    this.#door.forget(this);
  }
}

const NOTHING = Buffer.alloc(0);

function ignore(): void {
  // `close` follows and says all there is to say.
}

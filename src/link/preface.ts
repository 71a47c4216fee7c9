// What a connection begins with before it speaks its protocol: read off the socket up to its last octet, within a time and
// a number of connections; what follows it is put back for whoever comes next.

import type { Socket } from 'node:net';
import { Deadline } from './deadlines.ts';
import type { Link } from './link.ts';

/** For a whole preface: proxies send it at once. */
const PATIENCE_MS = 10_000;
/** Connections whose preface is being read; one more is closed. */
const AT_ONCE_MAX = 4096;

/** Understands a preface; a new one for each connection. */
export interface Preface {
  /** Takes octets. @returns the position after the last one that belongs to the preface */
  take(bytes: Buffer, start: number, end: number): number;
  readonly state: 'more' | 'done' | 'failed';
  /** The client that it names; undefined when it names none. */
  readonly client: ClaimedPeer | undefined;
}

export interface ClaimedPeer {
  readonly address: string;
  readonly port: number;
}

export class PrefaceReader {
  readonly #link: Link;
  readonly #refused: (remoteAddress: string, reason: string) => void;
  readonly #open = new Set<Socket>();

  /** @param refused hears of connections that are closed for their preface */
  constructor(link: Link, refused: (remoteAddress: string, reason: string) => void) {
    this.#link = link;
    this.#refused = refused;
  }

  /** Reads the preface of a paused socket, and leaves the socket paused again. */
  read(socket: Socket, preface: Preface, done: (client: ClaimedPeer | undefined) => void): void {
    if (this.#open.size >= AT_ONCE_MAX) {
      this.#refused(socket.remoteAddress ?? '', 'too many connections have not said yet who their client is');
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    const { deadlines } = this.#link;
    const deadline = new Deadline(() => refuse('its client was not named in time'));
    const leave = (): void => {
      this.#open.delete(socket);
      deadlines.disarm(deadline);
      socket.off('data', received).off('end', ended).off('error', ended).off('close', ended);
    };
    const refuse = (reason: string): void => {
      leave();
      this.#refused(socket.remoteAddress ?? '', reason);
      destroy(socket);
    };
    const ended = (): void => {
      leave();
      destroy(socket);
    };
    const received = (bytes: Buffer): void => {
      const at = preface.take(bytes, 0, bytes.length);
      if (preface.state === 'failed') refuse('what it began with is no PROXY header');
      if (preface.state !== 'done') return;
      leave();
      socket.pause();
      if (at < bytes.length) socket.unshift(bytes.subarray(at));
      done(preface.client);
    };
    socket.on('data', received).on('end', ended).on('error', ended).on('close', ended);
    deadlines.arm(deadline, PATIENCE_MS);
    socket.resume();
  }

  /** Closes the connections whose preface is being read. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** Nobody listens to it any more. */
function destroy(socket: Socket): void {
  socket.on('error', () => {});
  socket.destroy();
}

// One TCP connection, either direction: bytes come in through one shared buffer per thread and are borrowed until the
// callback returns; bytes go out through the scratch in one write; what the socket cannot take is counted as congestion.

import type { Socket } from 'node:net';
import { Deadline } from './deadlines.ts';
import type { Link } from './link.ts';
import type { ScratchOwner } from './scratch.ts';

/** What the owner of a connection hears. `closed` is the last call and comes exactly once. */
export interface ConnectionEvents {
  /** Octets `[start, end)` arrived; borrowed until return. */
  received(bytes: Buffer, start: number, end: number): void;
  /** The peer will send no more; it may still read (RFC 9112 §9.6). */
  peerEnded(): void;
  /** Everything written has left; said only after `isCongested` was true. */
  drained(): void;
  closed(error: Error | undefined): void;
}

/** A frame being written whose head must be completed before its octets leave (an HTTP/1 chunk). */
export interface OpenFrame {
  /** Completes the frame in the scratch; room for its end was reserved when it was opened. */
  seal(): void;
}

/** How long and how much a lingering close reads on before it cuts the connection. */
const LINGER_MS = 2_000;
const LINGER_BYTES_MAX = 8 * 1024 * 1024;

export class Connection implements ScratchOwner {
  readonly socket: Socket;
  readonly #link: Link;
  events: ConnectionEvents;
  remoteAddress: string;
  remotePort: number;
  localAddress: string;
  localPort: number;
  /** Facts of the TLS session; undefined on a plain connection. */
  tls: undefined = undefined;
  isClosed = false;
  bytesIn = 0;
  bytesOut = 0;
  /** True while written octets wait in the process: stop producing. */
  isCongested = false;
  /** Sealed before every write; the writer sets it when it opens a frame, `seal` must clear it. */
  openFrame: OpenFrame | undefined = undefined;
  /** The writing side was ended. */
  hasEnded = false;
  #error: Error | undefined = undefined;
  #isPaused = false;
  #lentBuffers: Buffer[] = noBuffers;
  #lingerBytes = -1;
  #linger: Deadline | undefined = undefined;

  constructor(socket: Socket, link: Link, events: ConnectionEvents) {
    this.socket = socket;
    this.#link = link;
    this.events = events;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
    socket.on('end', () => this.#peerEnded());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#closed());
  }

  /** For `connect` events of dialled sockets: addresses are known only then. */
  learnAddresses(): void {
    this.remoteAddress = plainAddress(this.socket.remoteAddress);
    this.remotePort = this.socket.remotePort ?? 0;
    this.localAddress = plainAddress(this.socket.localAddress);
    this.localPort = this.socket.localPort ?? 0;
  }

  /** The socket's read callback. @returns false when reading must stop */
  receive(bytes: Buffer, length: number): boolean {
    this.bytesIn += length;
    if (this.#lingerBytes >= 0) {
      this.#lingerBytes += length;
      if (this.#lingerBytes > LINGER_BYTES_MAX) this.destroy();
      return true;
    }
    try {
      this.events.received(bytes, 0, length);
    } catch (error) {
      this.#link.fault(error);
      this.destroy();
    }
    return !this.#isPaused;
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (!this.isClosed) this.socket.resume();
  }

  /**
   * Makes room in the scratch for `size` octets and returns where to put them; the caller writes into
   * `link.scratch.buffer` from there and then says `commit(end)`.
   */
  reserve(size: number): number {
    const scratch = this.#link.scratch;
    scratch.claim(this, size);
    return scratch.used;
  }

  /** Octets up to `end` of the scratch now count as output. */
  commit(end: number): void {
    this.#link.scratch.used = end;
  }

  /** True when this connection has octets in the scratch. */
  get hasPending(): boolean {
    return this.#link.scratch.isOwnedBy(this) && this.#link.scratch.used > 0;
  }

  /** Writes what stands in the scratch for this connection. */
  flush(): void {
    if (this.#link.scratch.isOwnedBy(this)) this.flushScratch();
  }

  flushScratch(): void {
    const scratch = this.#link.scratch;
    if (this.openFrame !== undefined) this.openFrame.seal();
    const length = scratch.used;
    if (length === 0 || this.isClosed || this.hasEnded) {
      scratch.release();
      return;
    }
    this.bytesOut += length;
    const socket = this.socket;
    if (this.isCongested) {
      // The socket already holds a buffer: a copy of the right size costs less memory than another scratch.
      const copy = Buffer.allocUnsafeSlow(length);
      scratch.buffer.copy(copy, 0, 0, length);
      scratch.release();
      socket.write(copy);
      return;
    }
    if (socket.destroyed) {
      // The peer is gone and `closed` is on its way: whoever produces in a loop must stop now to hear it.
      this.isCongested = true;
      scratch.release();
      return;
    }
    socket.write(length === scratch.buffer.length ? scratch.buffer : scratch.buffer.subarray(0, length));
    if (socket.writableLength === 0) {
      scratch.release();
      return;
    }
    this.isCongested = true;
    if (this.#lentBuffers === noBuffers) this.#lentBuffers = [];
    this.#lentBuffers.push(scratch.giveAway());
    this.#markEnd();
  }

  /** Writes the pending octets and ends our side. */
  end(): void {
    if (this.isClosed || this.hasEnded) return;
    this.flush();
    this.hasEnded = true;
    this.socket.end();
  }

  /**
   * Ends our side and reads on for a while: a peer that is still sending must be able to read our answer before a
   * reset reaches it (RFC 9112 §9.6).
   */
  endLingering(): void {
    if (this.isClosed || this.#lingerBytes >= 0) return;
    this.end();
    this.#lingerBytes = 0;
    this.resume();
    this.#link.deadlines.arm(this.#lingerDeadline(), LINGER_MS);
  }

  /** Cuts the connection; unsent octets are lost. */
  destroy(): void {
    if (this.isClosed) return;
    this.#dropPending();
    this.socket.destroy();
  }

  /** Cuts the connection with a reset, so that the peer cannot take it for a proper end. */
  reset(): void {
    if (this.isClosed) return;
    this.#dropPending();
    this.socket.resetAndDestroy();
  }

  #dropPending(): void {
    this.openFrame = undefined;
    if (this.#link.scratch.isOwnedBy(this)) this.#link.scratch.release();
  }

  #lingerDeadline(): Deadline {
    this.#linger ??= new Deadline(() => this.destroy());
    return this.#linger;
  }

  #peerEnded(): void {
    if (this.#lingerBytes >= 0) this.destroy();
    else this.events.peerEnded();
  }

  /** `drain` comes only above the high-water mark; an empty write is called back when all before it have left. */
  #markEnd(): void {
    this.socket.write(NOTHING, () => this.#drained());
  }

  #drained(): void {
    if (this.isClosed) return;
    if (this.socket.writableLength !== 0) {
      this.#markEnd();
      return;
    }
    for (const buffer of this.#lentBuffers) this.#link.scratch.giveBack(buffer);
    this.#lentBuffers = noBuffers;
    if (!this.isCongested) return;
    this.isCongested = false;
    if (this.#lingerBytes < 0) this.events.drained();
  }

  #closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.#linger !== undefined) this.#link.deadlines.disarm(this.#linger);
    this.#dropPending();
    this.#lentBuffers = noBuffers;
    this.events.closed(this.#error);
  }
}

const noBuffers: Buffer[] = [];
const NOTHING = Buffer.alloc(0);

/** IPv4-mapped IPv6 addresses are written as the IPv4 address they are. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

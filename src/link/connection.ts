// One TCP connection, either direction: bytes come in through one shared buffer per thread and are borrowed until the
// callback returns; bytes go out through the scratch in one write; what the socket cannot take is counted as congestion.

import type { Socket } from 'node:net';
import { unsentMark } from './handle.ts';
import { Linger } from './linger.ts';
import type { Link } from './link.ts';
import type { ClaimedPeer } from './preface.ts';
import type { ScratchOwner } from './scratch.ts';
import type { TlsSession } from './tls-session.ts';

/** What the owner of a connection hears. `closed` is the last call and comes exactly once. */
export interface ConnectionEvents {
  /** Octets `[start, end)` arrived; borrowed until return. */
  received(bytes: Buffer, start: number, end: number): void;
  /** The peer will send no more; it may still read (RFC 9112 §9.6). */
  peerEnded(): void;
  /** Everything written has left; said only after `isCongested` was true, and not of a connection that was ended. */
  drained(): void;
  closed(error: Error | undefined): void;
}

/** A frame being written whose head must be completed before its octets leave (an HTTP/1 chunk). */
export interface OpenFrame {
  /** Completes the frame in the scratch; room for its end was reserved when it was opened. */
  seal(): void;
}

/** Makes a connection a TLS one. */
export interface Secured {
  readonly session: TlsSession | undefined;
  /** The socket below, which carries the octets as they are on the wire; undefined when it is the same. */
  readonly raw: Socket | undefined;
}

/** Largest piece that is copied for the TLS layer; a larger one is lent to it. */
const SECURE_COPY_BYTES = 16 * 1024;
/**
 * The TLS layer keeps what it is given until the next turn of the event loop, even when the kernel has taken it all: so
 * much may wait there before that counts as congestion.
 */
const SECURE_WAITING_BYTES = 128 * 1024;
/** For how long octets may wait after `endLingering` while the peer takes none of them. */
const DELIVERY_PATIENCE_MS = 60_000;

export class Connection implements ScratchOwner {
  readonly socket: Socket;
  readonly #link: Link;
  events: ConnectionEvents;
  remoteAddress: string;
  remotePort: number;
  localAddress: string;
  localPort: number;
  /** Facts of the TLS session; undefined on a plain connection. */
  readonly tls: TlsSession | undefined;
  /** HTTP without TLS, at an address where TLS is spoken. */
  isPlainAtTls = false;
  /** The peer has ended the connection without ending TLS on it: what came may not be all. */
  isTruncated = false;
  /** The client whom a proxy named before its octets; undefined where no proxy had to. */
  claimed: ClaimedPeer | undefined = undefined;
  /** No octet comes or goes any more; `events.closed` has been called or will be. */
  isClosed = false;
  bytesIn = 0;
  bytesOut = 0;
  /** True while written octets wait in the process, and for good once the connection is closed: stop producing. */
  isCongested = false;
  /** Nothing is read until `resume`. */
  isPaused = false;
  /** Sealed before every write; the writer sets it when it opens a frame, `seal` must clear it. */
  openFrame: OpenFrame | undefined = undefined;
  /** The writing side was ended. */
  hasEnded = false;
  #error: Error | undefined = undefined;
  #lentBuffers: Buffer[] = noBuffers;
  /** How much waited when that was last looked at. */
  #unsentMark = 0;
  #linger: Linger | undefined = undefined;
  /** The socket below a TLS socket. */
  readonly #raw: Socket;
  /** Told of every write to a TLS socket; undefined on a plain connection. */
  readonly #written: ((error?: Error | null) => void) | undefined;

  constructor(socket: Socket, link: Link, events: ConnectionEvents, secured?: Secured) {
    this.socket = socket;
    this.tls = secured?.session;
    this.#raw = secured?.raw ?? socket;
    this.#written = secured === undefined ? undefined : (error) => this.#secureWritten(error);
    this.#link = link;
    this.events = events;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
    socket.on('end', () => this.#peerEnded());
    socket.on('error', (error) => {
      this.#error = error;
      this.#shut();
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
    if (this.isClosed) return false;
    this.bytesIn += length;
    if (this.#linger !== undefined) {
      this.#linger.received();
      return true;
    }
    try {
      this.events.received(bytes, 0, length);
    } catch (error) {
      this.#fault(error);
    }
    return !this.isPaused;
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (!this.isClosed) this.socket.resume();
  }

  /**
   * Makes room in the scratch for `size` octets and returns where to put them; the caller writes into
   * `link.scratch.buffer` from there and then says `commit(end)`. @param size at most SCRATCH_BYTES
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

  /** Writes octets that do not fit into the scratch, after what stands there. The buffer is the socket's from now on. */
  send(bytes: Buffer): void {
    this.flush();
    if (this.isClosed || this.hasEnded) return;
    this.bytesOut += bytes.length;
    if (this.#written !== undefined) {
      this.#writeSecure(bytes);
      return;
    }
    this.socket.write(bytes);
    if (!this.isCongested && this.socket.writableLength > 0) this.#congest();
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
    if (this.#written !== undefined) {
      this.#writeSecure(length > SECURE_COPY_BYTES ? this.#lend(length) : this.#copy(length));
      return;
    }
    if (this.isCongested) {
      // The socket already holds a buffer: a copy of the right size costs less memory than another scratch.
      socket.write(this.#copy(length));
      return;
    }
    socket.write(length === scratch.buffer.length ? scratch.buffer : scratch.buffer.subarray(0, length));
    if (socket.writableLength === 0) {
      scratch.release();
      // The peer is gone and `closed` is on its way: whoever produces in a loop must stop now to hear it.
      if (socket.destroyed) this.#shut();
    } else {
      this.#lend(length);
      this.#congest();
    }
  }

  /** What stands in the scratch, as a buffer of its own. */
  #copy(length: number): Buffer {
    const { scratch } = this.#link;
    // What may wait for long must not hold a shared slab.
    const copy = this.isCongested ? Buffer.allocUnsafeSlow(length) : Buffer.allocUnsafe(length);
    scratch.buffer.copy(copy, 0, 0, length);
    scratch.release();
    return copy;
  }

  /** What stands in the scratch, with the buffer itself, until the socket is done with it. */
  #lend(length: number): Buffer {
    if (this.#lentBuffers === noBuffers) this.#lentBuffers = [];
    const buffer = this.#link.scratch.giveAway();
    this.#lentBuffers.push(buffer);
    return buffer.subarray(0, length);
  }

  #writeSecure(bytes: Buffer): void {
    const { socket } = this;
    socket.write(bytes, this.#written);
    if (socket.destroyed) this.#shut();
    else if (!this.isCongested && socket.writableLength > SECURE_WAITING_BYTES) {
      this.isCongested = true;
      this.#unsentMark = this.#mark();
    }
  }

  /** A write has left the TLS layer, and the kernel has it. */
  #secureWritten(error: Error | null | undefined): void {
    if (error === null || error === undefined) this.#drained();
  }

  #mark(): number {
    return unsentMark(this.#raw) + (this.#raw === this.socket ? 0 : this.socket.writableLength);
  }

  /** Whether the peer has taken any of the octets that wait since this was last asked, or since congestion began. */
  hasProgressed(): boolean {
    const mark = this.#mark();
    const isSame = mark === this.#unsentMark;
    this.#unsentMark = mark;
    return !isSame;
  }

  /** Writes the pending octets and ends our side. */
  end(): void {
    if (this.isClosed || this.hasEnded) return;
    this.flush();
    this.hasEnded = true;
    this.socket.end();
  }

  /**
   * Ends our side once everything written has left, and reads on for a while: a peer that is still sending must be able
   * to read our answer before a reset reaches it (RFC 9112 §9.6). Nothing is heard of the connection any more but `closed`.
   * @param patienceMs for how long the peer may take nothing of what waits
   */
  endLingering(patienceMs: number = DELIVERY_PATIENCE_MS): void {
    if (this.isClosed || this.#linger !== undefined) return;
    this.end();
    this.#linger = new Linger(this, this.#link, patienceMs);
    this.resume();
  }

  /** The peer takes no more: what is written from now on is forgotten, what it has sent is still read. */
  writeFailed(): void {
    this.hasEnded = true;
    this.resume();
  }

  /** Cuts the connection; unsent octets are lost. */
  destroy(): void {
    if (this.isClosed) return;
    this.#shut();
    this.socket.destroy();
  }

  /** Cuts the connection with a reset, so that the peer cannot take it for a proper end. */
  reset(): void {
    if (this.isClosed) return;
    this.#shut();
    // After an end a reset fails, and Node would leave the descriptor open; a unix socket knows none.
    if (this.hasEnded || this.#raw.remotePort === undefined || this.#isTopOnly) this.socket.destroy();
    else this.#raw.resetAndDestroy();
  }

  /** A TLS socket without one below it that could be reset. A loss is seen without: no TLS end was sent. */
  get #isTopOnly(): boolean {
    return this.#written !== undefined && this.#raw === this.socket;
  }

  #shut(): void {
    this.isClosed = true;
    this.isCongested = true;
    this.openFrame = undefined;
    if (this.#link.scratch.isOwnedBy(this)) this.#link.scratch.release();
  }

  #congest(): void {
    this.isCongested = true;
    this.#unsentMark = this.#mark();
    this.#markEnd();
  }

  /** `drain` comes only above the high-water mark; an empty write is called back when all before it have left. */
  #markEnd(): void {
    this.socket.write(NOTHING, (error) => {
      if (error === null || error === undefined) this.#drained();
    });
  }

  #drained(): void {
    if (this.isClosed) return;
    if (this.socket.writableLength !== 0) {
      // More was written behind the mark. After the end nothing may be written, and nobody waits for the word.
      if (!this.hasEnded && this.#written === undefined) this.#markEnd();
      return;
    }
    for (const buffer of this.#lentBuffers) this.#link.scratch.giveBack(buffer);
    this.#lentBuffers = noBuffers;
    if (!this.isCongested) return;
    this.isCongested = false;
    if (this.hasEnded) return;
    try {
      this.events.drained();
    } catch (error) {
      this.#fault(error);
    }
  }

  #peerEnded(): void {
    if (this.#linger !== undefined || this.isClosed) return;
    try {
      this.events.peerEnded();
    } catch (error) {
      this.#fault(error);
    }
  }

  #closed(): void {
    this.#shut();
    this.#linger?.stop();
    this.#lentBuffers = noBuffers;
    try {
      this.events.closed(this.#error);
    } catch (error) {
      this.#link.fault(error);
    }
  }

  #fault(error: unknown): void {
    this.#link.fault(error);
    this.destroy();
  }
}

const noBuffers: Buffer[] = [];
const NOTHING = Buffer.alloc(0);

/** IPv4-mapped IPv6 addresses are written as the IPv4 address they are. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

// The buffer in which every response and request of a thread is built before its one write. It belongs to one output
// at a time; a socket that cannot take its bytes at once keeps the buffer until it has, and gives it back.

/** Room for one full read of body octets plus a large head. */
export const SCRATCH_BYTES: number = 96 * 1024;
/** Buffers kept for reuse after slow sockets have given them back. */
const SPARE_BUFFERS_MAX = 16;

/** Whoever fills the scratch: told to write when another needs it. */
export interface ScratchOwner {
  flushScratch(): void;
}

export class Scratch {
  buffer: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  used = 0;
  #owner: ScratchOwner | undefined = undefined;
  readonly #spares: Buffer[] = [];

  /** Makes the scratch this owner's, with room for `size` octets at `used`. @throws RangeError beyond SCRATCH_BYTES */
  claim(owner: ScratchOwner, size: number): void {
    if (size > SCRATCH_BYTES) throw new RangeError(`${size} octets do not fit into ${SCRATCH_BYTES}`);
    if (this.#owner !== owner) {
      if (this.#owner !== undefined) this.#owner.flushScratch();
      this.#owner = owner;
    }
    if (this.used + size > this.buffer.length) {
      owner.flushScratch();
      this.#owner = owner;
    }
  }

  isOwnedBy(owner: ScratchOwner): boolean {
    return this.#owner === owner;
  }

  /** The owner has written `[0, used)` and the buffer is free again. */
  release(): void {
    this.used = 0;
    this.#owner = undefined;
  }

  /** The owner has written `[0, used)` to a socket that still holds the buffer. */
  giveAway(): Buffer {
    const given = this.buffer;
    this.buffer = this.#spares.pop() ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    this.release();
    return given;
  }

  /** The socket is done with a buffer that was given away. */
  giveBack(buffer: Buffer): void {
    if (this.#spares.length < SPARE_BUFFERS_MAX) this.#spares.push(buffer);
  }
}

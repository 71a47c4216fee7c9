// Keeps the pieces of one payload that came in several reads. Only packets that must be seen whole pass through here;
// bodies do not. Bounded by the largest payload its decoder accepts.

/** A buffer larger than this is let go after its packet. */
const KEPT_BYTES = 16 * 1024;
const FIRST_BYTES = 512;
const NOTHING = Buffer.alloc(0);

export class Gathering {
  bytes: Buffer = NOTHING;
  /** Octets that have come so far. */
  used = 0;

  /**
   * Takes what it needs of `[start, end)` toward a payload of `size` octets.
   * @returns the position after what was taken; the payload is complete when `used === size`
   */
  take(from: Buffer, start: number, end: number, size: number): number {
    const taken = Math.min(size - this.used, end - start);
    this.#reserve(this.used + taken, size);
    from.copy(this.bytes, this.used, start, start + taken);
    this.used += taken;
    return start + taken;
  }

  /** The payload was read: forget it. */
  clear(): void {
    this.used = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = NOTHING;
  }

  /** Grows with what really came, not with what was announced. */
  #reserve(needed: number, size: number): void {
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(FIRST_BYTES, needed * 2), Math.max(size, FIRST_BYTES)));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }
}

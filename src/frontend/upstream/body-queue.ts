// Octets of a request body that wait for the backend to ask for them. Holds at most one read of the client's socket and
// a little: the client is not read further while anything waits.

import type { Buffer as Octets } from 'node:buffer';

/** Buffers kept for the next uploads. */
const SPARE_BUFFERS_MAX = 16;
const BUFFER_BYTES = 64 * 1024;
const spares: Octets[] = [];

export class BodyQueue {
  #buffer: Octets | undefined = undefined;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Copies octets to the end. */
  add(bytes: Octets, start: number, end: number): void {
    const size = end - start;
    if (size === 0) return;
    this.#buffer ??= spares.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    if (this.#end + size > this.#buffer.length) this.#makeRoom(size);
    bytes.copy(this.#buffer, this.#end, start, end);
    this.#end += size;
  }

  /** Moves up to `size` octets from the front to `out` and returns how many there were. */
  take(out: Octets, at: number, size: number): number {
    const count = Math.min(size, this.length);
    if (count === 0 || this.#buffer === undefined) return 0;
    this.#buffer.copy(out, at, this.#start, this.#start + count);
    this.#start += count;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    return count;
  }

  /** Forgets everything and gives the buffer back. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
    if (this.#buffer !== undefined && this.#buffer.length === BUFFER_BYTES && spares.length < SPARE_BUFFERS_MAX) {
      spares.push(this.#buffer);
    }
    this.#buffer = undefined;
  }

  #makeRoom(size: number): void {
    const old = this.#buffer as Octets;
    const needed = this.length + size;
    const target = needed > old.length ? Buffer.allocUnsafeSlow(needed * 2) : old;
    old.copy(target, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = target;
  }
}

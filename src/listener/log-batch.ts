// Lines gathered into buffers until somebody takes them: the memory of a log, bounded.

const BUFFER_BYTES = 64 * 1024;

export class LogBatch {
  readonly #limitBytes: number;
  readonly #full: Buffer[] = [];
  #fullBytes = 0;
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;

  /** @param limitBytes most octets kept; a line that does not fit is refused */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get pendingBytes(): number {
    return this.#fullBytes + this.#used;
  }

  /** True when a buffer is full and should be taken now. */
  get isFull(): boolean {
    return this.#full.length > 0;
  }

  /** Adds a line and its newline. @returns false when there is no room */
  add(line: string): boolean {
    const size = line.length + 1;
    if (this.#fullBytes + this.#used + size > this.#limitBytes) return false;
    if (this.#used + size > this.#buffer.length) this.#seal(Math.max(BUFFER_BYTES, size));
    this.#used += this.#buffer.write(line, this.#used, 'latin1');
    this.#buffer[this.#used++] = 0x0a;
    return true;
  }

  /** Takes the oldest octets, whole lines; undefined when there are none. They are the taker's. */
  take(): Buffer | undefined {
    if (this.#full.length === 0 && this.#used > 0) this.#seal(BUFFER_BYTES);
    const oldest = this.#full.shift();
    if (oldest !== undefined) this.#fullBytes -= oldest.length;
    return oldest;
  }

  #seal(nextSize: number): void {
    if (this.#used > 0) {
      this.#full.push(this.#buffer.subarray(0, this.#used));
      this.#fullBytes += this.#used;
    }
    this.#buffer = Buffer.allocUnsafeSlow(nextSize);
    this.#used = 0;
  }
}

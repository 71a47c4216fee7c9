// The beginning of a request body of unknown length, read before a backend is looked for: a small body goes on with its
// length, as mod_proxy_http sends it, and what was read can be given to another member when the first cannot be reached.

import { Failure } from '../../base/failure.ts';

/** Octets that are read ahead, as mod_proxy_http does; a longer body goes on in chunks. */
const READ_AHEAD_BYTES = 16 * 1024;
/** mod_proxy_http stops waiting so many octets before that. */
const NEARLY = 80;
/** Largest body kept whole for `proxy-sendcl` and HTTP/1.0 backends; a longer one is 413. */
const SPOOL_BYTES_MAX = 16 * 1024 * 1024;
/** Octets that all such bodies may take at once; who comes when they are taken is told 503. */
const SPOOLS_BYTES_MAX = 128 * 1024 * 1024;
const FIRST_BYTES = 4 * 1024;

let spooledBytes = 0;

/** Who takes the body in the end. */
export interface BodyTaker {
  requestBody(bytes: Buffer, start: number, end: number): void;
  requestEnd(): void;
}

export class ReadAhead {
  #bytes: Buffer | undefined = undefined;
  #wantsAll = false;
  #enoughBytes = 0;
  length = 0;
  /** The whole body has come. */
  isWhole = false;
  /** The attempt in progress has it. */
  isDelivered = false;

  /** @param wantsAll the body must be read to its end, whatever its length @param enoughBytes otherwise so much is enough */
  begin(wantsAll: boolean, enoughBytes: number = READ_AHEAD_BYTES - NEARLY): void {
    this.length = 0;
    this.#wantsAll = wantsAll;
    this.#enoughBytes = enoughBytes;
    this.isWhole = false;
    this.isDelivered = false;
  }

  /** Enough was read to go on without the rest. */
  get isEnough(): boolean {
    return this.isWhole || (!this.#wantsAll && this.length >= this.#enoughBytes);
  }

  /** Copies octets to the end. @returns why they cannot be kept, undefined when they are */
  add(bytes: Buffer, start: number, end: number): Failure | undefined {
    const length = this.length + end - start;
    if (this.#wantsAll && length > SPOOL_BYTES_MAX) {
      const why = `a body that must be sent with its length is longer than ${SPOOL_BYTES_MAX} octets`;
      return new Failure('body-too-long-to-keep', 'downstream', why, { status: 413 });
    }
    if (length > (this.#bytes?.length ?? 0) && !this.#grow(length)) {
      const why = `bodies that must be sent with their length take ${SPOOLS_BYTES_MAX} octets already`;
      return new Failure('bodies-kept-at-limit', 'internal', why, { status: 503 });
    }
    bytes.copy(this.#bytes as Buffer, this.length, start, end);
    this.length = length;
    return undefined;
  }

  /** Gives what there is to an attempt. */
  deliver(taker: BodyTaker): void {
    this.isDelivered = true;
    if (this.#bytes !== undefined && this.length > 0) taker.requestBody(this.#bytes, 0, this.length);
    if (this.isWhole) taker.requestEnd();
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    spooledBytes -= this.#bytes?.length ?? 0;
    this.#bytes = undefined;
    this.length = 0;
  }

  #grow(length: number): boolean {
    const before = this.#bytes?.length ?? 0;
    const size = Math.max(FIRST_BYTES, length, 2 * before);
    if (this.#wantsAll && spooledBytes + size - before > SPOOLS_BYTES_MAX) return false;
    const grown = Buffer.allocUnsafeSlow(size);
    this.#bytes?.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
    spooledBytes += size - before;
    return true;
  }
}

// Octets of an AJP response that wait for company until there are enough of them, the container asks for a flush, the
// response ends, or, where a pause counts, nothing has come for so long. Which of it holds is the dialect's: with mod_proxy
// `flushpackets=` and `flushwait=` say it (modproxy.md §10.4). A connection where nothing waits has none of these.

import { Deadline } from '../../link/deadlines.ts';
import type { Link } from '../../link/link.ts';
import type { HoldingMs } from './ajp-dialect.ts';

/** Octets that wait at most: so many httpd gathers before it writes. */
const HELD_BYTES_MAX = 8000;

/** Who gets the octets in the end. */
export interface HeldOctetsTaker {
  passBody(bytes: Buffer, start: number, end: number): void;
  /** A pause has lasted long enough: what was passed is to reach the client. */
  pauseIsLong(): void;
}

export class HeldOctets {
  readonly #link: Link;
  readonly #taker: HeldOctetsTaker;
  /** Undefined: a pause of any length changes nothing. */
  readonly #waitMs: number | undefined;
  readonly #deadline: Deadline;
  #bytes: Buffer | undefined = undefined;
  #length = 0;

  private constructor(link: Link, waitMs: number | undefined, taker: HeldOctetsTaker) {
    this.#link = link;
    this.#taker = taker;
    this.#waitMs = waitMs;
    this.#deadline = new Deadline(() => {
      this.release();
      taker.pauseIsLong();
    });
  }

  /** For one connection; undefined when nothing waits there. */
  static for(holdingMs: HoldingMs, link: Link, taker: HeldOctetsTaker): HeldOctets | undefined {
    if (holdingMs === 'none') return undefined;
    return new HeldOctets(link, holdingMs === 'any' ? undefined : holdingMs, taker);
  }

  /** Octets that wait. */
  get length(): number {
    return this.#length;
  }

  /** Keeps octets, or passes them on with those that waited, when there are enough of them. */
  add(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (this.#length + size > HELD_BYTES_MAX) this.release();
    if (size > HELD_BYTES_MAX) {
      this.#taker.passBody(bytes, start, end);
      return;
    }
    this.#bytes ??= Buffer.allocUnsafeSlow(HELD_BYTES_MAX);
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length += size;
    if (this.#waitMs !== undefined) this.#link.deadlines.arm(this.#deadline, this.#waitMs);
  }

  /** Passes on what waits. */
  release(): void {
    this.#link.deadlines.disarm(this.#deadline);
    const length = this.#length;
    this.#length = 0;
    if (length > 0 && this.#bytes !== undefined) this.#taker.passBody(this.#bytes, 0, length);
  }

  /** The attempt is over: what waits is for nobody. */
  drop(): void {
    this.#link.deadlines.disarm(this.#deadline);
    this.#length = 0;
  }
}

// The body of the request in progress: held back until the handler asks for it, then handed on in place; read and
// forgotten, within reason, when the answer was complete before it (RFC 9112 §9.3).

import type { Failure } from '../base/failure.ts';
import type { Fields } from '../base/fields.ts';
import { UNKNOWN_LENGTH } from '../base/head.ts';
import { BodyDecoder, type BodySink } from '../wire/http1/body.ts';
import type { Exchange } from './exchange.ts';

/** Most octets of an unwanted body that are read so that the connection can be kept. */
const UNWANTED_BYTES_MAX = 1024 * 1024;

export type BodyStage =
  /** Nobody has asked for it, or whoever takes it wants no more for now. */
  | 'held'
  | 'flowing'
  /** The response is complete: what still comes is forgotten. */
  | 'unwanted'
  /** It has ended, or there is none. */
  | 'complete';

/** Part of a request reader: one object serves many requests. */
export class RequestBody implements BodySink {
  readonly #exchange: Exchange;
  readonly #decoder = new BodyDecoder();
  stage: BodyStage = 'complete';
  /** `requestEnd` was said, or is not to be said. */
  hasSaidEnd = true;
  /** The client holds the body back until it hears `100 (Continue)`. */
  awaitsContinue = false;
  /** The connection has become a tunnel: everything that still comes is the body. */
  isTunnel = false;
  /** As the head announced it, whatever a handler makes of the head. */
  #length = 0;
  #unwantedBytes = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** No body is expected, and nobody is to be told of its end. */
  reset(): void {
    this.stage = 'complete';
    this.hasSaidEnd = true;
    this.awaitsContinue = false;
    this.isTunnel = false;
  }

  /** Starts the body of the request whose head is complete. */
  begin(): void {
    const { bodyLength, expectsContinue, minorVersion } = this.#exchange.request;
    this.hasSaidEnd = false;
    this.awaitsContinue = expectsContinue && minorVersion >= 1;
    this.#length = bodyLength;
    this.#unwantedBytes = 0;
    if (bodyLength === 0) this.stage = 'complete';
    else {
      this.stage = 'held';
      this.#decoder.begin(bodyLength);
    }
  }

  /** Starts anew as one side of a tunnel. */
  beginTunnel(): void {
    this.isTunnel = true;
    this.hasSaidEnd = false;
    this.stage = 'held';
    this.#decoder.begin(UNKNOWN_LENGTH, true);
  }

  /** What is wrong with the body; undefined while nothing is. */
  get failure(): Failure | undefined {
    return this.#decoder.failure;
  }

  /** Takes octets off the connection. @returns the position after the last one that belongs to the body */
  decode(bytes: Buffer, start: number, end: number): number {
    return this.#decoder.decode(bytes, start, end, this);
  }

  /** The response is complete. @returns false when the rest of the body is too much to be read for nothing */
  forsake(): boolean {
    this.stage = 'unwanted';
    return this.#length === UNKNOWN_LENGTH || this.#length - this.#exchange.requestBodyBytes <= UNWANTED_BYTES_MAX;
  }

  /** More of an unwanted body has come than is read for nothing. */
  get isTooMuch(): boolean {
    return this.#unwantedBytes > UNWANTED_BYTES_MAX;
  }

  // --- what the decoder finds ---------------------------------------------------------------------------------------

  body(bytes: Buffer, start: number, end: number): void {
    switch (this.stage) {
      case 'held': // since this very read: what was read is handed on
      case 'flowing':
        this.#exchange.requestBodyBytes += end - start;
        this.#exchange.sink.requestBody(bytes, start, end);
        break;
      case 'unwanted':
        this.#unwantedBytes += end - start;
        break;
      case 'complete': // the exchange has ended within this read
        break;
    }
  }

  /** The connection looks at `stage` when the decoder has returned: nothing leads back into it from here. */
  bodyEnd(_trailers: Fields | undefined): void {
    this.stage = 'complete';
  }
}

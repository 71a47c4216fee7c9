// Request and response heads, free of any protocol: what decoders fill, what handlers read, what encoders write.

import { Fields } from './fields.ts';

/** Body length of a message whose end is told by its framing, not by a number. */
export const UNKNOWN_LENGTH = -1;

/** The head of a request as it was received. One object serves many requests: reset it, do not keep it. */
export class RequestHead {
  /** Method token as sent (`GET`); never lower-cased. */
  method = '';
  /** Request target as sent: origin, absolute, authority or asterisk form (RFC 9112 §3.2); latin1 view. */
  target = '';
  /** Minor version of HTTP/1: 0 or 1. */
  minorVersion = 1;
  readonly fields: Fields = new Fields();
  /** Octets of the request body: 0 for none, `UNKNOWN_LENGTH` when chunked. */
  bodyLength = 0;
  /** The client asked for `100 (Continue)` and has a body (RFC 9110 §10.1.1). */
  expectsContinue = false;
  /** The client wants the connection kept after this exchange. */
  keepAlive = false;

  reset(): void {
    this.method = '';
    this.target = '';
    this.minorVersion = 1;
    this.fields.reset();
    this.bodyLength = 0;
    this.expectsContinue = false;
    this.keepAlive = false;
  }
}

/** The head of a response. One object serves many responses: reset it, do not keep it. */
export class ResponseHead {
  status = 0;
  /** Reason phrase as received; '' means "the standard one". */
  reason = '';
  /** Minor version of HTTP/1 that the sender spoke; 1 for AJP. */
  minorVersion = 1;
  readonly fields: Fields = new Fields();
  /** Octets of the response body when told by the head, `UNKNOWN_LENGTH` otherwise. */
  bodyLength: number = UNKNOWN_LENGTH;

  reset(): void {
    this.status = 0;
    this.reason = '';
    this.minorVersion = 1;
    this.fields.reset();
    this.bodyLength = UNKNOWN_LENGTH;
  }
}

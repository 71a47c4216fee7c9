// The limits of the HTTP/1 codec: everything here that can grow, and what happens when it does. Numbers of lines and
// fields follow httpd 2.4 (LimitRequestLine, LimitRequestFieldSize, LimitRequestFields, responsefieldsize).

export interface RequestHeadLimits {
  /** LimitRequestLine: a request line may have one octet more, without its CRLF (as httpd counts); longer is 414. */
  readonly requestLineBytes: number;
  /** LimitRequestFieldSize: a field line may have one octet more, without its CRLF (as httpd counts); longer is 400. */
  readonly fieldBytes: number;
  /** LimitRequestFields: one more is 400. At most 32,000. */
  readonly fieldCount: number;
  /** Octets of the head from the method to the last field line, without its CRLF; more is 431. httpd has no such limit. */
  readonly headBytes: number;
  /** Octets of the method; more is 400. */
  readonly methodBytes: number;
  /** Empty lines taken before a request line (RFC 9112 §2.2); one more is 400. httpd takes ten. */
  readonly emptyLineCount: number;
  /**
   * Takes a request with Content-Length and `Transfer-Encoding: chunked` as chunked, as httpd does, and closes the
   * connection after it (RFC 9112 §6.3). Default false: 400, since one of the two is a lie.
   */
  readonly allowContentLengthWithChunked: boolean;
}

export const defaultRequestHeadLimits: RequestHeadLimits = {
  requestLineBytes: 8190,
  fieldBytes: 8190,
  fieldCount: 100,
  headBytes: 131_072,
  methodBytes: 64,
  emptyLineCount: 10,
  allowContentLengthWithChunked: false,
};

/**
 * What becomes of a line of a response head that is no field, as with httpd's ProxyBadHeader. `is-error`: 502. `ignore`:
 * it is left out if it has no colon, and 502 otherwise. `start-body`: the head ends before it.
 */
export type BadHeader = 'is-error' | 'ignore' | 'start-body';

export interface ResponseHeadLimits {
  /** responsefieldsize: the status line and every field line must be shorter, without CRLF; otherwise 502. */
  readonly responseFieldSize: number;
  /** One more field is 502. At most 32,000. httpd has no such limit. */
  readonly fieldCount: number;
  /** Octets of the head from the version to the last field line, without its CRLF; more is 502. httpd has none. */
  readonly headBytes: number;
  /** Interim (1xx) responses before a final one; one more is 502. httpd takes ten. */
  readonly interimCount: number;
  /** As in a request: takes the response as chunked and does not keep the connection. Default false: 502. */
  readonly allowContentLengthWithChunked: boolean;
  readonly badHeader: BadHeader;
}

export const defaultResponseHeadLimits: ResponseHeadLimits = {
  responseFieldSize: 8192,
  fieldCount: 1000,
  headBytes: 262_144,
  interimCount: 10,
  allowContentLengthWithChunked: false,
  badHeader: 'is-error',
};

export interface BodyLimits {
  /** Octets of all chunk extensions of one body; more is 413 (RFC 9112 §7.1.1). */
  readonly chunkExtensionBytes: number;
  /** Octets of one trailer line without its CRLF; longer is 400. */
  readonly trailerFieldBytes: number;
  /** Trailer fields; one more is 400. */
  readonly trailerFieldCount: number;
  /** Octets of the trailer section up to the last line, without its CRLF; more is 431. */
  readonly trailerBytes: number;
}

export const defaultBodyLimits: BodyLimits = {
  chunkExtensionBytes: 16_384,
  trailerFieldBytes: 8190,
  trailerFieldCount: 100,
  trailerBytes: 65_536,
};

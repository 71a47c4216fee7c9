// Every way in which the HTTP/1 codec refuses bytes, with the status that httpd 2.4 answers for it on the request side.
// A bad response of a backend is 502 whatever is wrong with it; what an application gave us to write is 500.

import { Failure } from '../../base/failure.ts';

interface Facts {
  readonly status: number;
  readonly message: string;
}

const FACTS = {
  'http-bad-method': { status: 400, message: 'the method is not a token or is too long' },
  'http-bad-target': { status: 400, message: 'the request target has no valid form or holds a forbidden octet' },
  'http-bad-version': { status: 400, message: 'the start line does not end in an HTTP/1 version' },
  'http-unsupported-version': { status: 505, message: 'the major version of HTTP is not 1' },
  'http-bad-status-line': { status: 400, message: 'the status line is malformed' },
  'http-bad-line-end': { status: 400, message: 'a line does not end in CR LF' },
  'http-too-many-empty-lines': { status: 400, message: 'too many empty lines before the request line' },
  'http-start-line-too-long': { status: 414, message: 'the start line is longer than allowed' },
  'http-bad-field-name': { status: 400, message: 'a field name is not a token followed by a colon' },
  'http-bad-field-value': { status: 400, message: 'a field value holds a control octet' },
  'http-folded-field': { status: 400, message: 'a field value is folded over two lines' },
  'http-field-too-long': { status: 400, message: 'a field line is longer than allowed' },
  'http-too-many-fields': { status: 400, message: 'there are more fields than allowed' },
  'http-head-too-long': { status: 431, message: 'the head is longer than allowed' },
  'http-missing-host': { status: 400, message: 'the Host field is missing' },
  'http-repeated-host': { status: 400, message: 'the Host field stands more than once' },
  'http-bad-host': { status: 400, message: 'the Host field does not hold a host and port' },
  'http-bad-content-length': { status: 400, message: 'Content-Length is not one decimal number' },
  'http-repeated-content-length': { status: 400, message: 'Content-Length stands more than once' },
  'http-bad-transfer-encoding': { status: 400, message: 'Transfer-Encoding is anything but chunked, once' },
  'http-transfer-encoding-in-1-0': { status: 400, message: 'Transfer-Encoding stands in an HTTP/1.0 message' },
  'http-two-framings': { status: 400, message: 'Content-Length and Transfer-Encoding stand together' },
  'http-too-many-interim': { status: 502, message: 'too many interim responses before the final one' },
  'http-bad-chunk': { status: 400, message: 'the chunked coding is broken' },
  'http-chunk-too-large': { status: 413, message: 'a chunk size is larger than can be counted' },
  'http-chunk-extensions-too-long': {
    status: 413,
    message: 'the chunk extensions of the body are longer than allowed',
  },
  'http-truncated': { status: 400, message: 'the connection ended inside a message' },
  'http-unwritable-start-line': { status: 500, message: 'method, target or reason cannot stand in a start line' },
  'http-unwritable-field': {
    status: 500,
    message: 'a field name or value cannot be written without breaking the head',
  },
} satisfies Record<string, Facts>;

export type Http1FailureCode = keyof typeof FACTS;

/** Builds the failure for `code`; the status follows from the code and from who sent the bytes. */
export function http1Failure(code: Http1FailureCode, source: 'downstream' | 'upstream' | 'internal'): Failure {
  const { status, message } = FACTS[code];
  return new Failure(code, source, message, { status: source === 'upstream' ? 502 : status });
}

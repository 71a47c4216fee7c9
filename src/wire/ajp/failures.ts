// Everything that can go wrong while AJP is decoded, by name. Both decoders report these and nothing else, whatever the
// bytes. Inside the room a failure travels as a small negative number, so that the reading functions need no objects.

import { Failure, type FailureSource } from '../../base/failure.ts';

interface FailureKind {
  readonly message: string;
  /**
   * Status that a container answers a request with. Without one it closes the connection and says nothing. Toward a
   * client, every failure of a container is a 502 until a dialect says otherwise.
   */
  readonly status?: number;
}

// Statuses as Tomcat 10.1.60 answers them; 400 where it is lenient and we are not (docs/reference/differences.md).
const KINDS = {
  'ajp-bad-magic': { message: 'the packet does not begin with the AJP magic' },
  'ajp-packet-too-large': { message: 'the packet is larger than the packet size', status: 400 },
  'ajp-empty-packet': { message: 'the packet is empty', status: 500 },
  'ajp-unknown-packet': { message: 'the packet has a code that this direction does not know' },
  'ajp-unexpected-packet': { message: 'the packet comes when none of its kind is due' },
  'ajp-truncated-packet': { message: 'the payload ends before what it announces', status: 500 },
  'ajp-bad-string': { message: 'a string does not end in a zero octet', status: 500 },
  'ajp-unknown-field-code': { message: 'a coded header name is not in the table', status: 500 },
  'ajp-bad-field-name': { message: 'a header name is not a token', status: 400 },
  'ajp-bad-field-value': { message: 'a header value holds CR, LF or NUL', status: 400 },
  'ajp-bad-content-length': { message: 'Content-Length is not a number, or stands twice', status: 400 },
  'ajp-chunk-length': { message: 'the body octets of a packet do not match their count', status: 500 },
  'ajp-body-too-long': { message: 'the body goes on after Content-Length octets', status: 400 },
  'ajp-bad-status': { message: 'the status is not between 100 and 999' },
  'ajp-bad-reason': { message: 'the reason phrase holds CR, LF or NUL' },
  'ajp-interim-head': { message: 'a head with a 1xx status: AJP has no interim responses' },
  'ajp-headers-twice': { message: 'a second head for the same request' },
  'ajp-body-before-headers': { message: 'body octets before the head' },
  'ajp-end-before-headers': { message: 'the response ends before its head' },
  'ajp-closed-before-headers': { message: 'the container closed the connection instead of answering' },
  'ajp-closed-in-response': { message: 'the container closed the connection inside a response' },
  'ajp-closed-before-pong': { message: 'the container closed the connection instead of answering a CPING' },
  'ajp-unknown-method': { message: 'the method code is not in the table', status: 500 },
  'ajp-bad-method': { message: 'the stored method is missing or is not a token', status: 400 },
  'ajp-unknown-attribute': { message: 'the attribute code is not in the table', status: 500 },
  'ajp-bad-attribute': { message: 'a request attribute has no name', status: 500 },
  'ajp-bad-text': { message: 'a text of the request line holds CR, LF or NUL', status: 400 },
  'ajp-bad-uri': { message: 'the request has no URI', status: 400 },
  'ajp-too-many-fields': { message: 'the request has more header fields than allowed', status: 500 },
  'ajp-conflicting-length': { message: 'the request has both Content-Length and Transfer-Encoding', status: 400 },
  'ajp-closed-in-request': { message: 'the front end closed the connection inside a request' },
} as const satisfies Record<string, FailureKind>;

/** Stable code of a failure. */
export type AjpFailureCode = keyof typeof KINDS;

/** All codes that decoders may report. */
export const AJP_FAILURE_CODES = Object.keys(KINDS) as readonly AjpFailureCode[];

/** Makes the failure of this code, with what is known beyond it: an `upstream` one when a container caused it, a `downstream` one for a front end. */
export function ajpFailure(code: AjpFailureCode, source: FailureSource, detail = ''): Failure {
  const kind: FailureKind = KINDS[code];
  const status = source === 'upstream' ? 502 : kind.status;
  return new Failure(code, source, `AJP: ${kind.message}${detail}`, status === undefined ? {} : { status });
}

/** Numbers below this one are failures; `UNKNOWN_LENGTH` is not. */
const FIRST_NUMBER = -2;

/** The number under which the room's reading functions return a failure: always below -1. */
export function numberOf(code: AjpFailureCode): number {
  return FIRST_NUMBER - AJP_FAILURE_CODES.indexOf(code);
}

/** The code behind a number from `numberOf`. */
export function codeOf(number: number): AjpFailureCode {
  return AJP_FAILURE_CODES[FIRST_NUMBER - number] as AjpFailureCode;
}

export const TRUNCATED: number = numberOf('ajp-truncated-packet');
export const BAD_STRING: number = numberOf('ajp-bad-string');

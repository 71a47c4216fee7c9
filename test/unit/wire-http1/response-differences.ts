// Every way in which the codec and Node's own client differ over a response; see request-differences.ts.

import type { Difference } from './differential.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const AFTER_TAB = /transfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r\n/i;
const LATER =
  'the framing fields are judged together at the end of the head, Node judges each at once; refused in the end';

export const responseDifferences: readonly Difference[] = [
  // The codec takes more.
  {
    ours: 'accepted',
    node: 'HPE_INVALID_VERSION',
    shape: /HTTP\/1\.[2-9]/,
    reason: 'a higher minor version is to be read as the highest known (RFC 9110 §2.5), as httpd does',
    example: 'HTTP/1.2 200 OK\r\n\r\n',
  },
  {
    ours: 'accepted',
    node: 'otherwise',
    shape: /HTTP\/1\.\d \d\d\d ?\r\n/,
    reason: 'an empty reason stands for the standard one',
    example: 'HTTP/1.1 200 \r\n\r\n',
  },
  {
    ours: 'accepted',
    node: 'HPE_INVALID_CHUNK_SIZE',
    shape: /\n[0-9a-f]+[ \t]+(;|$)/i,
    reason: 'bad white space around a chunk extension must be parsed (RFC 9112 §7.1.1); the size is the same to both',
    example: `${OK}Transfer-Encoding: chunked\r\n\r\n1 ; a\r\na\r\n0\r\n\r\n`,
  },
  {
    ours: 'accepted',
    node: 'HPE_STRICT',
    shape: /\n[0-9a-f]+[^\r\n]*;[^\r\n]*[ \t]/i,
    reason: 'bad white space around a chunk extension must be parsed (RFC 9112 §7.1.1); the size is the same to both',
    example: `${OK}Transfer-Encoding: chunked\r\n\r\n1; a\r\na\r\n0\r\n\r\n`,
  },
  {
    ours: 'accepted',
    node: 'otherwise',
    shape: AFTER_TAB,
    reason: 'a tab after a value is white space (RFC 9112 §5); Node does not take this one for chunked',
    example: `${OK}Transfer-Encoding: chunked\t\r\n\r\n1\r\na\r\n0\r\n\r\n`,
  },
  {
    ours: 'http-bad-chunk',
    node: 'accepted',
    shape: AFTER_TAB,
    reason: 'a tab after a value is white space (RFC 9112 §5); Node does not take this one for chunked',
    example: `${OK}Transfer-Encoding: chunked\t\r\n\r\nx`,
  },
  {
    ours: 'http-truncated',
    node: 'accepted',
    shape: AFTER_TAB,
    reason: 'a tab after a value is white space (RFC 9112 §5); Node does not take this one for chunked',
    example: `${OK}Transfer-Encoding: chunked\t\r\n\r\n1\r\n`,
    isEnded: true,
  },
  {
    ours: 'http-bad-line-end',
    node: 'accepted',
    shape: AFTER_TAB,
    reason: 'a tab after a value is white space (RFC 9112 §5); Node does not take this one for chunked',
    example: `${OK}Transfer-Encoding: chunked\t\r\n\r\n1\n`,
  },
  {
    ours: 'waiting',
    node: 'HPE_INVALID_CONTENT_LENGTH',
    shape: /content-length:/i,
    reason: LATER,
    example: `${OK}Content-Length: x\r\nX:`,
  },
  {
    ours: 'waiting',
    node: 'HPE_UNEXPECTED_CONTENT_LENGTH',
    shape: /content-length:/i,
    reason: LATER,
    example: `${OK}Content-Length: 5\r\nContent-Length: 5\r\nX:`,
  },
  {
    ours: 'waiting',
    node: 'HPE_INVALID_TRANSFER_ENCODING',
    shape: /content-length:[\s\S]*transfer-encoding:/i,
    reason: LATER,
    example: `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\nX:`,
  },

  // Node takes more.
  {
    ours: 'http-bad-status-line',
    node: 'accepted',
    shape: /HTTP\/(2\.0|0\.9)|HTTP\/1\.\d 0/,
    reason: 'only HTTP/1 with a status from 100 to 999 can be passed on',
    example: 'HTTP/1.1 099 X\r\n\r\n',
  },
  {
    ours: 'http-bad-status-line',
    node: 'accepted',
    shape: (text) =>
      Array.from(text.slice(13, text.indexOf('\r\n'))).some((letter) => letter < ' ' || letter === '\x7f'),
    reason: 'a reason holds no control octets (RFC 9112 §4); httpd replaces such a reason',
    example: 'HTTP/1.1 200 a\x01\r\n\r\n',
  },
  {
    ours: 'http-bad-status-line',
    node: 'accepted',
    shape: /(^|\n)[\r\n]+HTTP/,
    reason: 'only a server skips empty lines before a start line (RFC 9112 §2.2); httpd skips them here too',
    example: '\r\nHTTP/1.1 200 OK\r\n\r\n',
  },
  {
    ours: 'http-bad-status-line',
    node: 'accepted',
    shape: /^[IR]/,
    reason: 'HTTP is the only protocol here; Node waits to see whether it is one of its relatives (ICE, RTSP)',
    example: 'I',
  },
  {
    ours: 'http-bad-transfer-encoding',
    node: 'accepted',
    shape: /transfer-encoding:/i,
    reason: 'chunked is the only coding we undo, and to pass on a body without saying its coding would spoil it',
    example: `${OK}Transfer-Encoding: gzip\r\n\r\nabc`,
  },
  {
    ours: 'http-transfer-encoding-in-1-0',
    node: 'accepted',
    shape: /HTTP\/1\.0[\s\S]*transfer-encoding:/i,
    reason: 'HTTP/1.0 has no transfer codings: the framing is faulty (RFC 9112 §6.1)',
    example: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    ours: 'http-field-too-long',
    node: 'accepted',
    shape: /[^\r\n]{8192}/,
    reason: 'responsefieldsize',
    example: `${OK}X: ${'a'.repeat(8190)}\r\n\r\n`,
  },
  {
    ours: 'http-too-many-interim',
    node: 'accepted',
    shape: /(HTTP\/1\.1 103[\s\S]*){11}/,
    reason: 'interim responses are bounded, as in httpd',
    example: 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(11),
  },
  {
    ours: 'http-bad-chunk',
    node: 'accepted',
    shape: /\n[0-9a-f]+[^\r\n]*;[^\r\n]*/i,
    reason: 'an extension has a name, and a value after the equals sign (RFC 9112 §7.1.1)',
    example: `${OK}Transfer-Encoding: chunked\r\n\r\n1;=b\r\na\r\n0\r\n\r\n`,
  },
  {
    ours: 'http-chunk-too-large',
    node: 'accepted',
    shape: /\n[0-9a-f]{14,}/i,
    reason: 'a chunk beyond 2^53 - 1 cannot be counted, and a size has at most 16 digits',
    example: `${OK}Transfer-Encoding: chunked\r\n\r\n20000000000000\r\na`,
  },
];

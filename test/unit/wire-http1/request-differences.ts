// Every way in which the codec and Node's own server differ over a request, each with its reason. An entry that no
// longer holds fails the tests, as does a difference without an entry.

import { METHODS } from 'node:http';
import type { Difference } from './differential.ts';

const HOST = 'Host: a\r\n';
const CHUNKED = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;

function get(line: string, fields = HOST): string {
  return `${line}\r\n${fields}\r\n`;
}

/** Some line begins with a word that is no method of Node's, nor the beginning of one. */
function beginsOddly(text: string): boolean {
  const words = Array.from(text.matchAll(/(?:^|\n)([^ \r\n]+)(?= |$)/g), (match) => match[1]);
  return words.some((word) => !METHODS.some((method) => method === word));
}

export const requestDifferences: readonly Difference[] = [
  // The codec takes more.
  {
    ours: 'accepted',
    node: 'HPE_INVALID_METHOD',
    shape: beginsOddly,
    reason: 'any token is a method (RFC 9110 §9.1) and httpd passes unknown ones on; Node knows a fixed list',
    example: get('BREW / HTTP/1.1'),
  },
  {
    ours: 'accepted',
    node: 'HPE_INVALID_URL',
    shape: /^[^ \r\n]+ [^ \r\n]*[\x80-\xff]/m,
    reason: 'httpd takes octets above 7F in a target, and clients send them',
    example: get('GET /\xe9 HTTP/1.1'),
  },
  {
    ours: 'accepted',
    node: 'HPE_INVALID_VERSION',
    shape: /HTTP\/1\.[2-9]/,
    reason: 'a higher minor version is to be read as the highest known (RFC 9110 §2.5), as httpd does',
    example: get('GET / HTTP/1.2'),
  },
  {
    ours: 'accepted',
    node: 'HPE_INVALID_CHUNK_SIZE',
    shape: /\n[0-9a-f]+[ \t]+(;|$)/i,
    reason: 'bad white space around a chunk extension must be parsed (RFC 9112 §7.1.1); the size is the same to both',
    example: `${CHUNKED}1 ; a\r\na\r\n0\r\n\r\n`,
  },
  {
    ours: 'accepted',
    node: 'HPE_STRICT',
    shape: /\n[0-9a-f]+[^\r\n]*;[^\r\n]*[ \t]/i,
    reason: 'bad white space around a chunk extension must be parsed (RFC 9112 §7.1.1); the size is the same to both',
    example: `${CHUNKED}1; a\r\na\r\n0\r\n\r\n`,
  },
  {
    ours: 'accepted',
    node: 'HPE_INVALID_TRANSFER_ENCODING',
    shape: /transfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r\n/i,
    reason: 'a tab after a value is white space (RFC 9112 §5); Node does not take this one for chunked',
    example: CHUNKED.replace('chunked', 'chunked\t'),
  },
  {
    ours: 'accepted',
    node: 'HPE_INVALID_CONTENT_LENGTH',
    shape: /\n0[^\r\n]*\r\n(.*\r\n)*?content-length:/i,
    reason: 'a trailer cannot change the framing: it is dropped (RFC 9110 §6.5.1), as in httpd',
    example: `${CHUNKED}0\r\nContent-Length: 1\r\n\r\n`,
  },
  {
    ours: 'accepted',
    node: 'otherwise',
    shape: /\n0[^\r\n]*\r\n(.*\r\n)*?(host|cookie|authorization|expect|te):/i,
    reason: 'trailers that could change routing or trust are dropped (RFC 9110 §6.5.1); Node hands them on',
    example: `${CHUNKED}0\r\nHost: b\r\nX: 1\r\n\r\n`,
  },
  {
    ours: 'accepted',
    node: 'HPE_CLOSED_CONNECTION',
    shape: /connection:.*close|HTTP\/1\.0/i,
    reason: 'what follows the last request is not looked at, by either; Node calls it an error',
    example: `${get('GET / HTTP/1.1', `${HOST}Connection: close\r\n`)}GET /`,
  },
  {
    ours: 'waiting',
    node: 'HPE_INVALID_CONTENT_LENGTH',
    shape: /content-length:/i,
    reason:
      'the framing fields are judged together at the end of the head, Node judges each at once; refused in the end',
    example: `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x5\r\nX:`,
  },
  {
    ours: 'waiting',
    node: 'HPE_INVALID_TRANSFER_ENCODING',
    shape: /content-length:[\s\S]*transfer-encoding:/i,
    reason:
      'the framing fields are judged together at the end of the head, Node judges each at once; refused in the end',
    example: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\nX:`,
  },
  {
    ours: 'waiting',
    node: 'HPE_UNEXPECTED_CONTENT_LENGTH',
    shape: /content-length:[\s\S]*content-length:/i,
    reason:
      'the framing fields are judged together at the end of the head, Node judges each at once; refused in the end',
    example: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 5\r\nX:`,
  },
  {
    ours: 'waiting',
    node: 'HPE_INVALID_URL',
    shape: /[A-Z]+ [^/ ][^\r\n]*\r?$/,
    reason: 'the form of a target is judged at the end of its line, Node judges its first octet; refused in the end',
    example: 'GET a HT',
  },
  {
    ours: 'accepted',
    node: 'otherwise',
    shape: /connection:.*upgrade/i,
    reason: 'who upgrades is not the codec to decide: it reads on, Node lets the rest of the connection be',
    example: `${get('GET / HTTP/1.1', `${HOST}Connection: upgrade\r\nUpgrade: x\r\n`)}${get('GET /2 HTTP/1.1')}`,
  },
  {
    ours: 'accepted',
    node: 'otherwise',
    shape: /HTTP\/1\.0[\s\S]*(close[\s\S]*keep-alive|keep-alive[\s\S]*close)/i,
    reason: 'close wins over keep-alive (RFC 9112 §9.3), in Node the other way round for HTTP/1.0',
    example: `${get('GET / HTTP/1.0', 'Connection: close, keep-alive\r\n')}${get('GET /2 HTTP/1.1')}`,
  },

  // Node takes more.
  {
    ours: 'http-unsupported-version',
    node: 'accepted',
    shape: /HTTP\/2\.0/,
    reason: 'HTTP/2 has no request line; 505',
    example: get('GET / HTTP/2.0'),
  },
  {
    ours: 'http-bad-version',
    node: 'accepted',
    shape: /HTTP\/0\.9/,
    reason: 'HTTP/0.9 is refused; httpd refuses it with a version too',
    example: get('GET / HTTP/0.9'),
  },
  {
    ours: 'http-bad-version',
    node: 'accepted',
    shape: /[A-Z]+ [^ \r\n]+ ?\r?\n/,
    reason: 'HTTP/0.9 is refused; Node waits for more',
    example: 'GET /\r\n',
  },
  {
    ours: 'http-bad-target',
    node: 'accepted',
    shape: /^[A-Z]+ {2,}/m,
    reason: 'one space stands between the parts of a request line (RFC 9112 §3), as in httpd',
    example: get('GET  / HTTP/1.1'),
  },
  {
    ours: 'http-bad-version',
    node: 'accepted',
    shape: /^[A-Z]+ [^ \r\n]+ {2,}/m,
    reason: 'one space stands between the parts of a request line (RFC 9112 §3), as in httpd',
    example: get('GET /  HTTP/1.1'),
  },
  {
    ours: 'http-bad-target',
    node: 'accepted',
    shape: /[A-Z]+ [^ \r\n]*#/,
    reason: 'a request target has no fragment (RFC 9112 §3.2), as in httpd',
    example: get('GET /a#b HTTP/1.1'),
  },
  {
    ours: 'http-bad-target',
    node: 'accepted',
    shape: /[A-Z]+ [a-z]+:\/\//i,
    reason: 'the absolute form must be http or https with a valid host and no user (RFC 9110 §4.2)',
    example: get('GET http://u@b.test/ HTTP/1.1'),
  },
  {
    ours: 'http-bad-target',
    node: 'accepted',
    shape: /[A-Z]+ \*/,
    reason: 'the asterisk form is for OPTIONS, alone (RFC 9112 §3.2.4), as in httpd',
    example: get('GET * HTTP/1.1'),
  },
  {
    ours: 'http-bad-target',
    node: 'accepted',
    shape: /^CONNECT /m,
    reason: 'CONNECT takes host and port (RFC 9112 §3.2.3)',
    example: get('CONNECT /a HTTP/1.1'),
  },
  {
    ours: 'http-bad-method',
    node: 'accepted',
    shape: /(^|\n\r?)\n/,
    reason: 'a bare LF is no empty line before a request (RFC 9112 §2.2), as in httpd',
    example: `\n${get('GET / HTTP/1.1')}`,
  },
  {
    ours: 'http-bad-line-end',
    node: 'accepted',
    shape: /(^|\n)\r(?!\n)/,
    reason: 'a bare CR is no empty line before a request (RFC 9112 §2.2), as in httpd',
    example: `\r${get('GET / HTTP/1.1')}`,
  },
  {
    ours: 'http-too-many-empty-lines',
    node: 'accepted',
    shape: /(\r\n){11}/,
    reason: 'empty lines before a request are bounded, as in httpd',
    example: `${'\r\n'.repeat(11)}${get('GET / HTTP/1.1')}`,
  },
  {
    ours: 'http-start-line-too-long',
    node: 'accepted',
    shape: /[^\r\n]{8192}/,
    reason: 'LimitRequestLine',
    example: get(`GET /${'a'.repeat(8192)} HTTP/1.1`),
  },
  {
    ours: 'http-field-too-long',
    node: 'accepted',
    shape: /[^\r\n]{8192}/,
    reason: 'LimitRequestFieldSize',
    example: get('GET / HTTP/1.1', `${HOST}X: ${'a'.repeat(8192)}\r\n`),
  },
  {
    ours: 'http-too-many-fields',
    node: 'accepted',
    shape: /(.+: .*\r\n){100}/,
    reason: 'LimitRequestFields',
    example: get('GET / HTTP/1.1', HOST + 'X: 1\r\n'.repeat(100)),
  },
  {
    ours: 'http-head-too-long',
    node: 'accepted',
    shape: /[\s\S]{131072}/,
    reason: 'the whole head has a limit; the Node server of this test has been given a larger one',
    example: get('GET / HTTP/1.1', HOST + `X: ${'a'.repeat(8000)}\r\n`.repeat(20)),
  },
  {
    ours: 'http-repeated-host',
    node: 'accepted',
    shape: /host:[\s\S]*\nhost:/i,
    reason: 'more than one Host field must be refused (RFC 9112 §3.2); Node takes the first',
    example: get('GET / HTTP/1.1', 'Host: a\r\nHost: b\r\n'),
  },
  {
    ours: 'http-bad-host',
    node: 'accepted',
    shape: /^host:/im,
    reason: 'an invalid Host field must be refused (RFC 9112 §3.2), by the alphabet of httpd; Node does not look',
    example: get('GET / HTTP/1.1', 'Host: a b\r\n'),
  },
  {
    ours: 'http-bad-content-length',
    node: 'accepted',
    shape: /content-length: *[0-9]{16,}/i,
    reason: 'a length beyond 2^53 - 1 cannot be counted',
    example: get('POST / HTTP/1.1', `${HOST}Content-Length: 9007199254740992\r\n`),
  },
  {
    ours: 'http-bad-transfer-encoding',
    node: 'accepted',
    shape: /transfer-encoding:[^\r\n]*,/i,
    reason: 'chunked is the only coding we undo; httpd refuses the others too',
    example: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    ours: 'http-bad-transfer-encoding',
    node: 'accepted',
    shape: /connection:.*upgrade/i,
    reason: 'with an upgrade asked for, Node does not look at the framing of the body',
    example: `${get('POST / HTTP/1.1', `${HOST}Transfer-Encoding: gzip\r\nConnection: upgrade\r\nUpgrade: x\r\n`)}`,
  },
  {
    ours: 'http-transfer-encoding-in-1-0',
    node: 'accepted',
    shape: /HTTP\/1\.0[\s\S]*transfer-encoding:/i,
    reason: 'HTTP/1.0 has no transfer codings: the framing is faulty (RFC 9112 §6.1)',
    example: `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    ours: 'http-chunk-too-large',
    node: 'accepted',
    shape: /\n[0-9a-f]{14,}/i,
    reason: 'a chunk beyond 2^53 - 1 cannot be counted, and a size has at most 16 digits',
    example: `${CHUNKED}20000000000000\r\na`,
  },
  {
    ours: 'http-bad-chunk',
    node: 'accepted',
    shape: /\n[0-9a-f]+[^\r\n]*;[^\r\n]*/i,
    reason: 'an extension has a name, and a value after the equals sign (RFC 9112 §7.1.1)',
    example: `${CHUNKED}1;=b\r\na\r\n0\r\n\r\n`,
  },
];

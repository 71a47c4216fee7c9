// Makes requests and responses that are nearly right: parts of messages put together, then some octets spoiled.
// The same seed makes the same bytes.

/** Numbers from 0 up to 1, from a 32-bit seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

export type Random = () => number;

export function pick<T>(from: readonly T[], next: Random): T {
  return from[Math.floor(next() * from.length)];
}

const METHODS = ['GET', 'GET', 'POST', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND', 'BREW', 'get'];
const TARGETS = [
  '/',
  '/a',
  '/a/b?c=d',
  '/?x',
  '//a',
  'http://b.test/x',
  'http://b.test:81',
  '*',
  'a',
  '/%41;v=1',
  '/a#b',
  '/\xe9',
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0'];
const FIELDS = [
  'Host: a',
  'X: 1',
  'x-y_z:2',
  'X:  padded \t',
  'Accept: text/html, */*;q=0.8',
  'Cookie: a=b; c=d',
  'Connection: close',
  'Connection: keep-alive, X',
  'Upgrade: x',
  'X:',
  'X: \xe9\xff',
  'Expect: 100-continue',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
  'Host: b',
  'X : 1',
  ' X: 1',
  'X: a\x01',
  'X: a\rb',
  'X: a\nY: b',
  'XY',
  ': 1',
  'TE: trailers',
  'Trailer: X',
  'X"Y: 1',
];
const FRAMINGS = [
  [''],
  [''],
  ['Content-Length: 5'],
  ['Content-Length: 5'],
  ['Content-Length: 0'],
  ['Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked'],
  ['Content-Length: 5', 'Transfer-Encoding: chunked'],
  ['Content-Length: 5', 'Content-Length: 5'],
  ['Content-Length: 5, 5'],
  ['Content-Length: +5'],
  ['Transfer-Encoding: gzip, chunked'],
  ['Transfer-Encoding: identity'],
  ['Transfer-Encoding: xchunked'],
  ['transfer-encoding: Chunked'],
  ['Content-Length: 0x5'],
  ['Transfer-Encoding:\tchunked'],
];
const CHUNKS = [
  '5\r\nabcde\r\n',
  '1\r\na\r\n',
  '00A\r\n0123456789\r\n',
  '1;x\r\na\r\n',
  '1;x=y\r\na\r\n',
  '1;x="y;z"\r\na\r\n',
  '1 \r\na\r\n',
  '1;\r\na\r\n',
  '5\nabcde\r\n',
  '5\r\nabcde\n',
  '5\r\nabcdef\r\n',
  '0x1\r\na\r\n',
  '-1\r\na\r\n',
  '\r\n',
  '1 ;x\r\na\r\n',
  '1;x y\r\na\r\n',
  '1;x\ny\r\na\r\n',
  '1;x\ry\r\na\r\n',
];
const TRAILERS = ['', '', '', 'X: 1\r\n', 'X: 1\r\nY: 2\r\n', 'X Y: 1\r\n', 'X: 1\r\n 2\r\n', 'X: 1\n'];
const STATUSES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 404 Not Found',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 200 ',
  'HTTP/1.1 200',
  'HTTP/1.1 200 \xe9',
  'HTTP/1.1 99 X',
  'HTTP/1.1 2000 X',
  'HTTP/1.2 200 OK',
  'ICY 200 OK',
  'HTTP/1.1  200 OK',
  'HTTP/1.1 103 Early Hints',
];
/** Octets that have brought parsers down. */
const SPOILERS = [
  '\0',
  '\n',
  '\r',
  '\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  'a',
  '\x0b',
  '\x85',
  '"',
  '#',
];

function some(from: readonly string[], most: number, next: Random): string[] {
  const list: string[] = [];
  for (let i = Math.floor(next() * (most + 1)); i > 0; i--) list.push(pick(from, next));
  return list;
}

function bodyFor(framing: readonly string[], next: Random): string {
  if (framing.some((field) => /chunked/i.test(field))) {
    // Mostly good chunks, so that the end is reached now and then.
    const good = CHUNKS.slice(0, 6);
    const chunks = some(next() < 0.65 ? good : CHUNKS, 3, next).join('');
    return `${chunks}0\r\n${pick(TRAILERS, next)}\r\n`;
  }
  return framing.some((field) => /[1-9]/.test(field)) ? 'abcde' : '';
}

function message(start: string, next: Random): string {
  const framing = pick(next() < 0.5 ? FRAMINGS.slice(0, 7) : FRAMINGS, next).filter((field) => field !== '');
  const plain = FIELDS.slice(0, 14);
  const fields = [...framing, ...some(next() < 0.75 ? plain : FIELDS, 4, next)];
  if (next() < 0.95) fields.unshift('Host: a');
  const isUnique = next() < 0.85;
  const unique = fields.filter(
    (field, i) =>
      fields.findIndex((other) => sameName(other, field)) === i || !(isUnique ? /^(host|conn)/i : /^conn/i).test(field),
  );
  return `${start}\r\n${unique.map((field) => `${field}\r\n`).join('')}\r\n${bodyFor(framing, next)}`;
}

function sameName(left: string, right: string): boolean {
  return left.split(':')[0].toLowerCase() === right.split(':')[0].toLowerCase();
}

function spoil(text: string, next: Random): string {
  let spoiled = text;
  while (next() < 0.25) {
    const at = Math.floor(next() * spoiled.length);
    const cut = next() < 0.5 ? 1 : 0;
    const put = next() < 0.7 ? pick(SPOILERS, next) : '';
    spoiled = spoiled.slice(0, at) + put + spoiled.slice(at + cut);
  }
  return next() < 0.1 ? spoiled.slice(0, Math.floor(next() * spoiled.length)) : spoiled;
}

/** One to three requests on one connection. */
export function requestBytes(next: Random): Buffer {
  let text = next() < 0.05 ? '\r\n' : '';
  do {
    const target = next() < 0.7 ? pick(TARGETS.slice(0, 5), next) : pick(TARGETS, next);
    const version = next() < 0.9 ? pick(VERSIONS.slice(0, 5), next) : pick(VERSIONS, next);
    text += message(`${pick(next() < 0.7 ? METHODS.slice(0, 9) : METHODS, next)} ${target} ${version}`, next);
  } while (next() < 0.25);
  return Buffer.from(spoil(text, next), 'latin1');
}

/** One response, perhaps with interim ones before it. */
export function responseBytes(next: Random): Buffer {
  let text = '';
  while (next() < 0.1) text += 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
  text += message(next() < 0.6 ? STATUSES[0] : pick(STATUSES, next), next);
  return Buffer.from(spoil(text, next), 'latin1');
}

/** The bytes cut at random places; empty pieces come too. */
export function cut(bytes: Buffer, next: Random): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const to = Math.min(bytes.length, at + Math.floor(next() ** 3 * 60));
    pieces.push(bytes.subarray(at, to));
    at = to;
  }
  return pieces;
}

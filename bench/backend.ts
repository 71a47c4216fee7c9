// The backend of the benchmark, a process of its own: answers AJP on some ports and HTTP on others with prepared bytes,
// as fast as it can. Its own CPU is not counted. Arguments: ajp=PORT,… http=PORT,…

import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { endResponse, getBodyChunk, sendBodyChunk, sendHeaders } from '../test/support/ajp-peer.ts';

const KIB = 1024;
/** By path: the bytes of a page, letters so that a difference shows. */
const PAGES: Readonly<Record<string, number>> = { '/1k': KIB, '/1m': KIB * KIB, '/upload': 16 };
const AJP_CHUNK = 8184;
const AJP_BODY_CHUNK = 8186;

const pages = new Map(Object.entries(PAGES).map(([path, size]) => [path, preparePage(size)]));
const missing = preparePage(9, 404);

interface Page {
  ajp: Buffer;
  http: Buffer;
}

function preparePage(size: number, status = 200): Page {
  const body = Buffer.from(Array.from({ length: size }, (_, i) => 97 + ((i * 7 + (i >> 8)) % 26)));
  return prepareAnswer(body, status);
}

function prepareAnswer(body: Buffer, status: number): Page {
  const headers: [string, string][] = [
    ['Content-Type', 'text/html;charset=UTF-8'],
    ['Content-Length', String(body.length)],
  ];
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += AJP_CHUNK) chunks.push(sendBodyChunk(body.subarray(at, at + AJP_CHUNK)));
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return {
    ajp: Buffer.concat([sendHeaders(status, 'OK', headers), ...chunks, endResponse(1)]),
    http: Buffer.concat([Buffer.from(`HTTP/1.1 ${status} OK\r\n${lines}\r\n`), body]),
  };
}

/** Where a path leads; `/upload?hash` answers with the hash of what was sent, for the comparison of fronts. */
function answerTo(path: string, wantsHash: boolean, sent: readonly Buffer[]): Page {
  if (!wantsHash) return pages.get(path) ?? missing;
  return prepareAnswer(Buffer.from(createHash('sha1').update(Buffer.concat(sent)).digest('hex')), 200);
}

function serveAjp(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let path = '';
  let wantsHash = false;
  let sent: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (piece: Buffer) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (rest.length >= 4) {
      const end = 4 + rest.readUInt16BE(2);
      if (rest.length < end) return;
      packet(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
  });

  const packet = (payload: Buffer) => {
    if (left > 0) {
      const size = payload.length < 2 ? 0 : payload.readUInt16BE(0);
      if (wantsHash) sent.push(Buffer.from(payload.subarray(2, 2 + size)));
      left -= size;
      if (size === 0) left = 0;
      if (left > 0) socket.write(getBodyChunk(AJP_BODY_CHUNK));
      else answer();
      return;
    }
    if (payload[0] === 10) {
      socket.write(CPONG);
      return;
    }
    // 02, method, protocol string, path string
    const pathAt = 2 + 2 + payload.readUInt16BE(2) + 1;
    const pathEnd = pathAt + 2 + payload.readUInt16BE(pathAt);
    path = payload.toString('latin1', pathAt + 2, pathEnd);
    left = ajpContentLength(payload, pathEnd + 1);
    wantsHash = left > 0 && payload.includes('hash');
    sent = [];
    if (left === 0) answer();
  };

  const answer = () => socket.write(answerTo(path, wantsHash, sent).ajp);
}

const CPONG = Buffer.from([0x41, 0x42, 0, 1, 9]);
const AJP_CONTENT_LENGTH = 0xa008;

/** Walks over the strings between the path and the headers, then over the headers. */
function ajpContentLength(payload: Buffer, from: number): number {
  let at = from;
  const text = () => {
    const length = payload.readUInt16BE(at);
    at += length === 0xffff ? 2 : length + 3;
    return length;
  };
  for (let i = 0; i < 3; i++) text();
  at += 3;
  const count = payload.readUInt16BE(at);
  at += 2;
  for (let i = 0; i < count; i++) {
    const code = payload.readUInt16BE(at);
    if (code >> 8 === 0xa0) at += 2;
    else text();
    const value = at + 2;
    const length = text();
    if (code === AJP_CONTENT_LENGTH) return Number(payload.toString('latin1', value, value + length));
  }
  return 0;
}

function serveHttp(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let target = '';
  let sent: Buffer[] = [];
  socket.on('error', () => {});
  const answer = () => {
    const [path = '', query = ''] = target.split('?');
    socket.write(answerTo(path, query.includes('hash'), sent).http);
  };
  socket.on('data', (piece: Buffer) => {
    let bytes: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (bytes.length > 0) {
      if (left > 0) {
        const part = bytes.subarray(0, left);
        if (target.includes('hash')) sent.push(Buffer.from(part));
        left -= part.length;
        bytes = bytes.subarray(part.length);
        if (left === 0) answer();
        continue;
      }
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) break;
      const head = bytes.toString('latin1', 0, end);
      target = head.split(' ', 2)[1] ?? '';
      left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      sent = [];
      bytes = bytes.subarray(end + 4);
      if (left === 0) answer();
    }
    rest = bytes;
  });
}

for (const argument of process.argv.slice(2)) {
  const [protocol, ports = ''] = argument.split('=');
  for (const port of ports.split(','))
    createServer({ noDelay: true }, protocol === 'ajp' ? serveAjp : serveHttp).listen(Number(port), '127.0.0.1', 4096);
}

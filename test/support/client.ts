// A plain HTTP/1 client over sockets, for tests: sends exactly the bytes it is told, shows exactly what came back. One
// parser serves both `converse` (write, then read until the server closes) and `HttpConnection` (many requests on one).

import { connect, type Socket } from 'node:net';

export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface Answer {
  /** Undefined when no whole response head arrived. */
  status: number | undefined;
  reason: string;
  minorVersion: number;
  headers: [name: string, value: string][];
  body: Buffer;
  /** False when the body ended before its framing said so; undefined when the framing does not say. */
  isComplete: boolean | undefined;
  /** Responses 1xx that came first. */
  interim: { status: number; headers: [string, string][] }[];
  /** Bytes after the end of the response. */
  surplus: number;
}

export interface RequestText {
  method?: string;
  path?: string;
  version?: string;
  /** Value of the Host header; `null` for none. Default `www.example.test`. */
  host?: string | null;
  headers?: HeaderLines;
  body?: string | Buffer;
  /** Sends the body in these chunks. */
  chunked?: readonly (string | Buffer)[];
}

/** Head and body of a request. Adds Host, Content-Length or Transfer-Encoding unless the headers have them. */
export function requestBytes(request: RequestText): { head: Buffer; body: Buffer } {
  const { method = 'GET', path = '/', version = 'HTTP/1.1', host = 'www.example.test', headers = [] } = request;
  const has = (name: string) => headers.some(([each]) => each.toLowerCase() === name);
  const lines = [`${method} ${path} ${version}`];
  if (host !== null && host !== '' && !has('host')) lines.push(`Host: ${host}`);
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  let body: Buffer = Buffer.alloc(0);
  if (request.chunked !== undefined) {
    if (!has('transfer-encoding')) lines.push('Transfer-Encoding: chunked');
    body = Buffer.concat([...request.chunked.map(chunkBytes), Buffer.from('0\r\n\r\n')]);
  } else if (request.body !== undefined) {
    body = bytesOf(request.body);
    if (!has('content-length')) lines.push(`Content-Length: ${body.length}`);
  }
  return { head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body };
}

export function chunkBytes(data: string | Buffer): Buffer {
  const bytes = bytesOf(data);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** Value of the last header of this name. */
export function headerOf(answer: Pick<Answer, 'headers'>, name: string): string | undefined {
  return answer.headers.findLast(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
}

/** Takes the bytes of one response, at any split. */
export class AnswerParser {
  readonly answer: Answer = {
    status: undefined,
    reason: '',
    minorVersion: 1,
    headers: [],
    body: Buffer.alloc(0),
    isComplete: undefined,
    interim: [],
    surplus: 0,
  };
  /** True when the framing has told the end. */
  isDone = false;
  readonly #method: string;
  readonly #onBody: (piece: Buffer) => void;
  readonly #kept: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  /** `head`, then how the body is told: by length, by chunks, by the end of the connection. */
  #phase: 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'trailer' | 'close' | 'done' = 'head';
  #left = 0;

  /** @param onBody takes the body as it comes; without it the body is kept in `answer.body` */
  constructor(method: string, onBody?: (piece: Buffer) => void) {
    this.#method = method;
    this.#onBody = onBody ?? ((piece) => this.#kept.push(Buffer.from(piece)));
  }

  feed(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    while (this.#step());
    if (this.#phase !== 'done') return;
    this.isDone = true;
    this.answer.surplus += this.#rest.length;
    this.#rest = Buffer.alloc(0);
  }

  /** No more bytes will come. */
  finish(): Answer {
    if (this.#phase !== 'head' && this.#phase !== 'close') this.answer.isComplete = this.#phase === 'done';
    this.answer.body = Buffer.concat(this.#kept);
    return this.answer;
  }

  /** Bytes that are not part of anything understood yet. */
  get unread(): Buffer {
    return this.#rest;
  }

  #step(): boolean {
    switch (this.#phase) {
      case 'head':
        return this.#head();
      case 'length':
      case 'chunk-data': {
        if (this.#rest.length === 0) return false;
        const piece = this.#rest.subarray(0, this.#left);
        this.#onBody(piece);
        this.#rest = this.#rest.subarray(piece.length);
        this.#left -= piece.length;
        if (this.#left > 0) return false;
        this.#phase = this.#phase === 'length' ? 'done' : 'chunk-size';
        return true;
      }
      case 'chunk-size': {
        const line = this.#line();
        if (line === undefined) return false;
        if (line === '') return true; // the end of the chunk before
        this.#left = Number.parseInt(line, 16);
        if (!(this.#left >= 0)) throw new Error(`bad chunk size ${JSON.stringify(line)}`);
        this.#phase = this.#left === 0 ? 'trailer' : 'chunk-data';
        return true;
      }
      case 'trailer': {
        const line = this.#line();
        if (line === undefined) return false;
        if (line === '') this.#phase = 'done';
        return true;
      }
      case 'close':
        if (this.#rest.length > 0) this.#onBody(this.#rest);
        this.#rest = Buffer.alloc(0);
        return false;
      case 'done':
        return false;
    }
  }

  #line(): string | undefined {
    const at = this.#rest.indexOf('\r\n');
    if (at < 0) return undefined;
    const line = this.#rest.toString('latin1', 0, at);
    this.#rest = this.#rest.subarray(at + 2);
    return line;
  }

  #head(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [first = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n');
    const match = /^HTTP\/1\.(\d) (\d+) ?(.*)$/.exec(first);
    if (match === null) return false;
    this.#rest = this.#rest.subarray(end + 4);
    const status = Number(match[2]);
    const headers = lines.map((line): [string, string] => {
      const at = line.indexOf(':');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
    });
    if (status >= 100 && status < 200 && status !== 101) {
      this.answer.interim.push({ status, headers });
      return true;
    }
    Object.assign(this.answer, { status, reason: match[3], minorVersion: Number(match[1]), headers });
    const length = headerOf(this.answer, 'content-length');
    if (this.#method === 'HEAD' || status === 204 || status === 304) this.#phase = 'done';
    else if (headerOf(this.answer, 'transfer-encoding')?.toLowerCase() === 'chunked') this.#phase = 'chunk-size';
    else if (length !== undefined) {
      this.#left = Number(length);
      this.#phase = this.#left === 0 ? 'done' : 'length';
    } else this.#phase = 'close';
    return true;
  }
}

export interface Conversation extends Answer {
  /** The server broke the connection instead of ending it. */
  wasReset: boolean;
  /** The server neither ended the connection nor answered in time. */
  timedOut: boolean;
  ms: number;
  /** The first 200 bytes of what came, when no response was understood in it. */
  start: string;
  /** With `waitFor100`: the first line that came before the body was sent, and whether none came in 5 s. */
  firstLine: string | undefined;
  noInterim: boolean;
}

export interface ConverseOptions {
  port: number;
  /** Bytes to send first. */
  head: Buffer;
  /** Bytes to send then; with `waitFor100` only after the server has said something other than 4xx or 5xx. */
  body?: Buffer;
  waitFor100?: boolean;
  /** For the framing of the answer. Default GET. */
  method?: string;
  timeoutMs?: number;
}

/** Opens a connection, sends, and reads until the server closes it. */
export function converse(options: ConverseOptions): Promise<Conversation> {
  const { port, head, body = Buffer.alloc(0), waitFor100 = false, method = 'GET', timeoutMs = 30_000 } = options;
  return new Promise((resolve) => {
    const started = performance.now();
    const parser = new AnswerParser(method);
    const first: Buffer[] = [];
    let firstSize = 0;
    let wasReset = false;
    let timedOut = false;
    let noInterim = false;
    let firstLine: string | undefined;
    let isWaiting = waitFor100;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });

    const goOn = () => {
      isWaiting = false;
      clearTimeout(patience);
      const said = Buffer.concat(first).toString('latin1');
      firstLine = said === '' ? undefined : said.split('\r\n')[0];
      if (!/^HTTP\/1\.1 [45]/.test(said)) socket.write(body);
    };
    const patience = setTimeout(
      () => {
        noInterim = true;
        goOn();
      },
      waitFor100 ? 5000 : 0x7fffffff,
    );
    const limit = setTimeout(() => {
      timedOut = true;
      socket.destroy();
    }, timeoutMs);

    socket.once('connect', () => socket.write(isWaiting ? head : Buffer.concat([head, body])));
    socket.on('data', (piece: Buffer) => {
      if (firstSize < 200) first.push(piece);
      firstSize += piece.length;
      if (isWaiting) goOn();
      parser.feed(piece);
    });
    socket.on('error', () => {
      wasReset = true;
    });
    socket.on('close', () => {
      clearTimeout(limit);
      clearTimeout(patience);
      const start = Buffer.concat(first).toString('latin1', 0, 200);
      const ms = performance.now() - started;
      resolve({ ...parser.finish(), wasReset, timedOut, ms, start, firstLine, noInterim });
    });
  });
}

/** As `converse`, for a request in parts; asks the server to close unless the headers say otherwise. */
export function fetchOnce(port: number, request: RequestText, timeoutMs?: number): Promise<Conversation> {
  const headers = request.headers ?? [];
  const asks = headers.some(([name]) => name.toLowerCase() === 'connection');
  const { head, body } = requestBytes({ ...request, headers: asks ? headers : [...headers, ['Connection', 'close']] });
  return converse({
    port,
    head,
    body,
    method: request.method ?? 'GET',
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

/** One kept connection; requests go one after another. */
export class HttpConnection {
  readonly socket: Socket;
  #parser: AnswerParser | undefined;
  #settle: ((answer: Answer) => void) | undefined;
  #isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.#parser?.feed(piece);
      if (this.#parser?.isDone) this.#finish();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#finish();
    });
  }

  /** @param from the client's own address, such as 127.0.0.2 */
  static open(port: number, from?: string): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const localAddress = from === undefined ? {} : { localAddress: from };
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...localAddress });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends a request and waits for its whole answer. A broken connection gives an answer without status or complete body. */
  async request(request: RequestText, onBody?: (piece: Buffer) => void): Promise<Answer> {
    const { head, body } = requestBytes(request);
    return this.exchange(request.method ?? 'GET', [Buffer.concat([head, body])], onBody);
  }

  /** Sends the bytes as fast as the server takes them, and waits for the answer to a request of this method. */
  async exchange(
    method: string,
    bytes: Iterable<Buffer> | AsyncIterable<Buffer>,
    onBody?: (piece: Buffer) => void,
  ): Promise<Answer> {
    const parser = new AnswerParser(method, onBody);
    this.#parser = parser;
    if (this.#isClosed) return parser.finish();
    const answered = new Promise<Answer>((resolve) => {
      this.#settle = resolve;
    });
    for await (const piece of bytes) {
      if (this.#isClosed || parser.isDone) break;
      if (!this.socket.write(piece)) await this.#drained(answered);
    }
    return answered;
  }

  close(): void {
    this.socket.destroy();
  }

  async #drained(answered: Promise<unknown>): Promise<void> {
    let wake = () => {};
    const drained = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.socket.once('drain', wake);
    await Promise.race([drained, answered]);
    this.socket.off('drain', wake);
  }

  #finish(): void {
    if (this.#parser === undefined) return;
    const answer = this.#parser.finish();
    this.#parser = undefined;
    this.#settle?.(answer);
  }
}

function bytesOf(data: string | Buffer): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data, 'latin1');
}

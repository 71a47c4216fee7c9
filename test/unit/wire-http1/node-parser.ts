// Node's own HTTP parser as a second opinion: bytes go in through an in-memory stream, what it read comes out in the
// shape of `Verdict`. No sockets, no ports.

import http from 'node:http';
import { Duplex } from 'node:stream';

export interface Message {
  /** `GET /x` or `200 OK`. */
  readonly start: string;
  readonly minorVersion: number;
  /** Name, value, name, value as received. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly isComplete: boolean;
  readonly trailers: readonly string[];
}

export interface Verdict {
  readonly messages: Message[];
  /** Why the bytes were refused; '' when they were not, or not yet. */
  readonly refusal: string;
  /** The bytes end inside a head. Only told by the codec. */
  readonly isWaiting?: boolean;
  /** Where a complete response ends: what follows is nobody's answer. Only told by the codec. */
  readonly end?: number;
}

/** A stream whose other end is the test. */
class Wire extends Duplex {
  written = '';

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1');
    done();
  }

  // What node:http asks of a socket beyond a stream.
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

interface Open {
  start: string;
  minorVersion: number;
  incoming: http.IncomingMessage;
  body: string;
}

function follow(incoming: http.IncomingMessage, start: string): Open {
  const open: Open = { start, minorVersion: incoming.httpVersionMinor, incoming, body: '' };
  incoming.on('data', (chunk: Buffer) => {
    open.body += chunk.toString('latin1');
  });
  incoming.on('error', () => {});
  return open;
}

function close({ start, minorVersion, incoming, body }: Open): Message {
  const { complete, rawHeaders, rawTrailers } = incoming;
  return { start, minorVersion, fields: rawHeaders, body, isComplete: complete, trailers: rawTrailers };
}

/** Lets everything that the streams have put off run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Reads requests as an `http.Server` does. */
export class NodeServer {
  readonly #server: http.Server;
  #open: Open[] = [];
  #refusal = '';

  constructor() {
    const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      this.#take(request);
      response.on('error', () => {});
      response.writeHead(200, { 'Content-Length': 0 }).end();
    };
    this.#server = http.createServer({ maxHeaderSize: 1 << 20, requireHostHeader: true }, answer);
    this.#server.maxHeadersCount = 0;
    this.#server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
      // Without it Node closes the connection after this response.
      response.writeContinue();
      answer(request, response);
    });
    this.#server.on('checkExpectation', answer);
    this.#server.on('connect', (request: http.IncomingMessage) => this.#take(request));
    this.#server.on('clientError', (error: NodeJS.ErrnoException) => {
      this.#refusal = error.code ?? 'error';
    });
  }

  async read(bytes: Buffer): Promise<Verdict> {
    this.#open = [];
    this.#refusal = '';
    const wire = new Wire();
    wire.on('error', () => {});
    this.#server.emit('connection', wire);
    wire.push(bytes);
    await settle();
    const messages = this.#open.map(close);
    // A missing Host is answered by the server, not reported as an error.
    const refusal = this.#refusal === '' && wire.written.includes(' 400 ') ? 'MISSING_HOST' : this.#refusal;
    wire.destroy();
    return { messages, refusal };
  }

  close(): void {
    this.#server.close();
  }

  #take(request: http.IncomingMessage): void {
    this.#open.push(follow(request, `${request.method} ${request.url}`));
  }
}

/** Reads the response to one request with this method as an `http.ClientRequest` does. */
export async function nodeClientRead(bytes: Buffer, method: string, isEnded: boolean): Promise<Verdict> {
  const wire = new Wire();
  let refusal = '';
  const open: Open[] = [];
  const request = http.request({ method, createConnection: () => wire, maxHeaderSize: 1 << 20 });
  wire.on('error', () => {});
  const refuse = (error: NodeJS.ErrnoException): void => {
    // A parser's verdict stays; that the response was cut off follows from it.
    if (!refusal.startsWith('HPE_')) refusal = error.code ?? 'error';
  };
  request.on('error', refuse);
  request.on('information', (info: http.InformationEvent) => {
    const incoming = Object.assign(Object.create(null) as http.IncomingMessage, { rawTrailers: [] });
    Object.assign(incoming, { complete: true, rawHeaders: info.rawHeaders });
    open.push({
      start: `${info.statusCode} ${info.statusMessage}`,
      minorVersion: info.httpVersionMinor,
      incoming,
      body: '',
    });
  });
  request.on('continue', () => {});
  const take = (response: http.IncomingMessage): void => {
    response.on('error', refuse);
    open.push(follow(response, `${response.statusCode} ${response.statusMessage}`));
  };
  request.on('response', take);
  request.on('upgrade', take);
  request.on('connect', take);
  request.end();
  await settle();
  wire.push(bytes);
  await settle();
  if (isEnded) wire.push(null);
  await settle();
  const messages = open.map(close);
  request.destroy();
  wire.destroy();
  return { messages, refusal };
}

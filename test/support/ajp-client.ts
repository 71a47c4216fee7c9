// AJP 1.3 as a front end's side of it, for tests: sends requests and bodies, reads packets one by one or whole
// responses. Shares no line with the product's codec, because it is what that codec is judged by.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const METHODS = 'OPTIONS GET HEAD POST PUT DELETE TRACE PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK'.split(' ');
const REQUEST_CODES = (
  'accept accept-charset accept-encoding accept-language authorization connection content-type content-length cookie ' +
  'cookie2 host pragma referer user-agent'
).split(' ');
const RESPONSE_NAMES = (
  'Content-Type Content-Language Content-Length Date Last-Modified Location Set-Cookie Set-Cookie2 Servlet-Engine ' +
  'Status WWW-Authenticate'
).split(' ');
const ATTRIBUTE_CODES: Record<string, number> = {
  context: 1,
  servlet_path: 2,
  remote_user: 3,
  auth_type: 4,
  query_string: 5,
  jvm_route: 6,
  ssl_cert: 7,
  ssl_cipher: 8,
  ssl_session: 9,
  secret: 12,
  stored_method: 13,
};

/** What a FORWARD_REQUEST says. Names in `attributes` that AJP codes are coded, others become request attributes. */
export interface AjpRequest {
  method?: string;
  methodCode?: number;
  protocol?: string;
  uri?: string;
  query?: string;
  remoteAddress?: string | null;
  serverName?: string | null;
  serverPort?: number;
  isSecure?: boolean;
  headers?: Record<string, string> | [string, string][];
  attributes?: Record<string, string> | [string, string][];
  keySize?: number;
}

export function text(value: string | null): Buffer {
  if (value === null) return Buffer.from([0xff, 0xff]);
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([word(bytes.length), bytes, Buffer.from([0])]);
}

export function word(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

export function packet(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x12, 0x34]), word(payload.length), payload]);
}

export function dataPacket(body: Buffer): Buffer {
  return packet(Buffer.concat([word(body.length), body]));
}

/** The two ways to say that a body ends: mod_jk's and mod_proxy_ajp's. */
export const EMPTY_PACKET: Buffer = packet(Buffer.alloc(0));
export const ZERO_DATA: Buffer = packet(word(0));
export const CPING: Buffer = packet(Buffer.from([10]));

export function forwardPayload(request: AjpRequest): Buffer {
  const method = request.method ?? 'GET';
  const known = METHODS.indexOf(method) + 1;
  const code = request.methodCode ?? (known > 0 ? known : 0xff);
  const headers = Array.isArray(request.headers) ? request.headers : Object.entries(request.headers ?? {});
  const attributes = Array.isArray(request.attributes) ? request.attributes : Object.entries(request.attributes ?? {});
  if (request.query !== undefined) attributes.push(['query_string', request.query]);
  if (code === 0xff && !attributes.some(([name]) => name === 'stored_method'))
    attributes.push(['stored_method', method]);
  const parts = [
    Buffer.from([2, code]),
    text(request.protocol ?? 'HTTP/1.1'),
    text(request.uri ?? '/'),
    text(request.remoteAddress === undefined ? '10.1.2.3' : request.remoteAddress),
    text(null),
    text(request.serverName === undefined ? 'www.example.test' : request.serverName),
    word(request.serverPort ?? 80),
    Buffer.from([request.isSecure ? 1 : 0]),
    word(headers.length),
  ];
  for (const [name, value] of headers) {
    const index = REQUEST_CODES.indexOf(name.toLowerCase());
    parts.push(index >= 0 ? Buffer.from([0xa0, index + 1]) : text(name), text(value));
  }
  for (const [name, value] of attributes) {
    const attribute = ATTRIBUTE_CODES[name];
    if (attribute === undefined) parts.push(Buffer.from([10]), text(name), text(value));
    else parts.push(Buffer.from([attribute]), text(value));
  }
  if (request.keySize !== undefined) parts.push(Buffer.from([11]), word(request.keySize));
  parts.push(Buffer.from([0xff]));
  return Buffer.concat(parts);
}

export type AjpPacket =
  | { kind: 'headers'; status: number; reason: string; headers: [string, string][] }
  | { kind: 'chunk'; body: Buffer; trailer: number }
  | { kind: 'ask'; length: number }
  | { kind: 'end'; reuse: boolean }
  | { kind: 'pong' }
  | { kind: 'closed' };

export interface AjpAnswer {
  status: number;
  reason: string;
  headers: [string, string][];
  body: Buffer;
  reuse: boolean;
  /** What came, in order: `headers`, `chunk(5)`, `ask(8186)`, `end(1)`. */
  packets: string[];
}

export interface Exchange {
  /** The request body: all of it, or one piece per call until undefined. Sent as the container asks. */
  body?: Buffer | ((max: number) => Buffer | undefined);
  /** Most octets per DATA packet. Default 8186. */
  chunk?: number;
  /** Takes body octets instead of collecting them. */
  onBody?: (bytes: Buffer) => void | Promise<void>;
}

export class AjpClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      if (this.#received.length > 256 * 1024) socket.pause();
      this.#wake();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
    socket.on('end', () => {
      this.#isClosed = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<AjpClient> {
    const socket = connect({ port, host, noDelay: true });
    await once(socket, 'connect');
    return new AjpClient(socket);
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  forward(request: AjpRequest): void {
    this.send(packet(forwardPayload(request)));
  }

  /** The next packet; `closed` when the container has ended the connection. */
  async next(): Promise<AjpPacket> {
    for (;;) {
      const length = this.#received.length >= 4 ? this.#received.readUInt16BE(2) : -1;
      if (length >= 0 && this.#received.length >= 4 + length) {
        const frame = this.#received;
        this.#received = frame.subarray(4 + length);
        if (this.#received.length < 128 * 1024) this.socket.resume();
        if (frame[0] !== 0x41 || frame[1] !== 0x42) throw new Error(`bad magic ${frame.toString('hex', 0, 4)}`);
        return read(frame.subarray(4, 4 + length));
      }
      if (this.#isClosed) return { kind: 'closed' };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends a request with its body as a front end does, and reads the response. */
  async exchange(request: AjpRequest, { body, chunk = 8186, onBody }: Exchange = {}): Promise<AjpAnswer> {
    const pieces = typeof body === 'function' ? body : slices(body ?? Buffer.alloc(0));
    const headers = Array.isArray(request.headers) ? request.headers : Object.entries(request.headers ?? {});
    const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
    const sendData = () => {
      const piece = pieces(chunk);
      this.send(piece === undefined ? ZERO_DATA : dataPacket(piece));
    };
    this.forward(request);
    if (length !== undefined && Number(length) > 0) sendData();
    const answer: AjpAnswer = { status: 0, reason: '', headers: [], body: Buffer.alloc(0), reuse: false, packets: [] };
    const collected: Buffer[] = [];
    for (;;) {
      const next = await this.next();
      switch (next.kind) {
        case 'headers':
          answer.packets.push('headers');
          Object.assign(answer, { status: next.status, reason: next.reason, headers: next.headers });
          break;
        case 'chunk':
          answer.packets.push(`chunk(${next.body.length})`);
          if (next.trailer !== 0) throw new Error('a body chunk ends in no zero octet');
          if (onBody === undefined) collected.push(Buffer.from(next.body));
          else await onBody(next.body);
          break;
        case 'ask':
          answer.packets.push(`ask(${next.length})`);
          sendData();
          break;
        case 'end':
          answer.packets.push(`end(${next.reuse ? 1 : 0})`);
          answer.reuse = next.reuse;
          answer.body = Buffer.concat(collected);
          return answer;
        case 'pong':
          answer.packets.push('pong');
          break;
        case 'closed':
          answer.packets.push('closed');
          answer.body = Buffer.concat(collected);
          return answer;
      }
    }
  }

  /** @returns whether a CPONG came */
  async ping(): Promise<boolean> {
    this.send(CPING);
    return (await this.next()).kind === 'pong';
  }

  close(): void {
    this.socket.destroy();
  }
}

/** One request over a connection of its own. */
export async function ajp(port: number, request: AjpRequest, exchange: Exchange = {}): Promise<AjpAnswer> {
  const client = await AjpClient.connect(port);
  try {
    return await client.exchange(request, exchange);
  } finally {
    client.close();
  }
}

export function header(answer: AjpAnswer, name: string): string | undefined {
  return answer.headers.find(([given]) => given.toLowerCase() === name.toLowerCase())?.[1];
}

export function headerAll(answer: AjpAnswer, name: string): string[] {
  return answer.headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

function slices(body: Buffer): (max: number) => Buffer | undefined {
  let at = 0;
  return (max) => {
    if (at >= body.length) return undefined;
    at += max;
    return body.subarray(at - max, at);
  };
}

function read(payload: Buffer): AjpPacket {
  let at = 1;
  const u16 = () => {
    at += 2;
    return payload.readUInt16BE(at - 2);
  };
  const string = () => {
    const length = u16();
    at += length + 1;
    return payload.toString('latin1', at - length - 1, at - 1);
  };
  switch (payload[0]) {
    case 3: {
      const length = u16();
      return { kind: 'chunk', body: payload.subarray(3, 3 + length), trailer: payload[3 + length] };
    }
    case 4: {
      const status = u16();
      const reason = string();
      const headers: [string, string][] = [];
      for (let count = u16(); count > 0; count--) {
        const coded = payload[at] === 0xa0;
        const name = coded ? (RESPONSE_NAMES[payload[at + 1] - 1] ?? '?') : string();
        if (coded) at += 2;
        headers.push([name, string()]);
      }
      return { kind: 'headers', status, reason, headers };
    }
    case 5:
      return { kind: 'end', reuse: payload[1] === 1 };
    case 6:
      return { kind: 'ask', length: u16() };
    case 9:
      return { kind: 'pong' };
    default:
      throw new Error(`unknown packet ${payload[0]}`);
  }
}

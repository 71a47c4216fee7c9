// Four backends on one leash: members a, b, c, d, each speaking AJP and HTTP, which answer with what they were asked and
// fail on command. Path segments drive a response (`/on:a/do:crash/`), a mode drives a whole member. They stand outside
// the product on purpose: what they do was recorded with, so they are the measure.

import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import {
  CPING,
  cpong,
  endResponse,
  FORWARD_REQUEST,
  getBodyChunk,
  type NameValue,
  REQUEST_CHUNK,
  RESPONSE_CHUNK,
  readForwardRequest,
  SHUTDOWN,
  sendBodyChunk,
  sendHeaders,
} from './ajp-peer.ts';
import { ByteReader, EndOfBytes, write } from './byte-reader.ts';
import { freePorts } from './port.ts';

export const MEMBERS = ['a', 'b', 'c', 'd'] as const;
export type Member = (typeof MEMBERS)[number];
type Protocol = 'ajp' | 'http';
export type Ports = Record<Member, number>;

/** What a member was asked; the body of its answer, as JSON. AJP adds the fields of `ForwardedRequest`. */
export interface Seen {
  method: string;
  uri: string;
  headers: NameValue[];
  attributes?: NameValue[];
  /** HTTP only: the request target, and the text after its `?`. */
  target?: string;
  query?: string | null;
  member?: Member;
  body_len?: number;
  body_sha1?: string | null;
  /** AJP only: bytes in each body packet. */
  body_packets?: number[];
  [fact: string]: unknown;
}

export interface MemberState {
  /**
   * `normal`; `refuse` (does not listen); `crash` (closes after the request head); `hang`; `nocpong`; `crashhdr`,
   * `crashbodyout` (close after the response head, or 100 bytes of its body); a number: the status of every answer.
   */
  mode: string;
  /** Requests, connections so far, connections open now, CPINGs. */
  hits: number;
  conns: number;
  open: number;
  cpings: number;
  /** The last requests seen. */
  log: Seen[];
}

/** Stands in the way of one request: answers it on its own terms and returns true, or leaves it alone. */
export type Interception = (at: {
  member: Member;
  protocol: Protocol;
  request: Seen;
  socket: Socket;
  reader: ByteReader;
}) => Promise<boolean> | boolean;

/** Closes the connection, as a dying server does. */
class Close extends Error {}

const LOG_SIZE = 50;
const FOREVER_SECONDS = 3600;
const REASONS: Record<number, string> = {
  200: 'OK',
  302: 'Found',
  304: 'Not Modified',
  404: 'Not Found',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export class FakeBackends {
  readonly ports: Record<Protocol, Ports>;
  intercept: Interception | undefined;
  /** Hears of every FORWARD_REQUEST, as it came. */
  forwarded: ((payload: Buffer) => void) | undefined;
  readonly #states = perMember<MemberState>(fresh);
  readonly #servers = new Map<string, Server>();
  readonly #connections = perMember<Set<Socket>>(() => new Set());

  private constructor(ports: Record<Protocol, Ports>) {
    this.ports = ports;
  }

  /** Starts all members, on free ports unless told. */
  static async start(given?: Record<Protocol, Ports>): Promise<FakeBackends> {
    const numbers = given === undefined ? await freePorts(2 * MEMBERS.length) : [];
    const backends = new FakeBackends(
      given ?? { ajp: perMember((_, i) => numbers[i]), http: perMember((_, i) => numbers[i + MEMBERS.length]) },
    );
    for (const member of MEMBERS) await backends.#up(member);
    return backends;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async stop(): Promise<void> {
    for (const member of MEMBERS) await this.#down(member);
  }

  state(member: Member): MemberState {
    return this.#states[member];
  }

  /** Gives members (`a`, `a+b`) a mode; any but `refuse` makes them listen. */
  async mode(members: string, mode: string): Promise<void> {
    for (const member of membersIn(members)) {
      this.#states[member].mode = mode;
      if (mode === 'refuse') await this.#down(member);
      else await this.#up(member);
    }
  }

  /** Breaks all open connections of members; they go on listening. */
  drop(members: string): void {
    for (const member of membersIn(members)) for (const socket of this.#connections[member]) socket.destroy();
  }

  /** Forgets counters and logs. */
  clear(): void {
    for (const member of MEMBERS) Object.assign(this.#states[member], { hits: 0, conns: 0, cpings: 0, log: [] });
  }

  /** Everything back to normal, counters at zero. Open connections stay. */
  async reset(): Promise<void> {
    this.intercept = undefined;
    this.clear();
    await this.mode(MEMBERS.join('+'), 'normal');
  }

  /** The commands as recordings spell them: `mode/a+b/refuse`, `drop/a`, `clear`, `reset`. */
  async control(command: string): Promise<void> {
    const [verb, members = '', mode = ''] = command.split('/');
    if (verb === 'mode') await this.mode(members, mode);
    else if (verb === 'drop') this.drop(members);
    else if (verb === 'clear') this.clear();
    else if (verb === 'reset') await this.reset();
    else throw new Error(`unknown command ${command}`);
  }

  async #up(member: Member): Promise<void> {
    for (const protocol of ['ajp', 'http'] as const) {
      const key = `${member} ${protocol}`;
      if (this.#servers.has(key)) continue;
      const serve = protocol === 'ajp' ? this.#serveAjp : this.#serveHttp;
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        void this.#accept(member, socket, serve);
      });
      this.#servers.set(key, server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(this.ports[protocol][member], '127.0.0.1', 1024, resolve);
      });
    }
  }

  async #down(member: Member): Promise<void> {
    const closing = (['ajp', 'http'] as const).map((protocol) => {
      const server = this.#servers.get(`${member} ${protocol}`);
      this.#servers.delete(`${member} ${protocol}`);
      return new Promise<void>((resolve) => {
        if (server === undefined) resolve();
        else server.close(() => resolve());
      });
    });
    this.drop(member);
    await Promise.all(closing);
  }

  async #accept(member: Member, socket: Socket, serve: (at: Place) => Promise<void>): Promise<void> {
    const state = this.#states[member];
    state.conns++;
    state.open++;
    this.#connections[member].add(socket);
    socket.on('close', () => {
      state.open--;
      this.#connections[member].delete(socket);
    });
    const at = { member, state, socket, reader: new ByteReader(socket) };
    try {
      await serve.call(this, at);
    } catch (failure) {
      if (!(failure instanceof Close || failure instanceof EndOfBytes || failure instanceof RangeError)) throw failure;
    } finally {
      socket.destroySoon();
    }
  }

  async #serveAjp(at: Place): Promise<void> {
    const { member, state, socket, reader } = at;
    const next = async (): Promise<Buffer> => {
      const head = await reader.exactly(4);
      if (head.readUInt16BE(0) !== 0x1234) throw new Close();
      return reader.exactly(head.readUInt16BE(2));
    };
    const bodyPiece = async (): Promise<Buffer> => {
      const payload = await next();
      return payload.length < 2 ? Buffer.alloc(0) : payload.subarray(2, 2 + payload.readUInt16BE(0));
    };

    for (;;) {
      const payload = await next();
      if (payload.length === 0) continue;
      if (payload[0] === CPING) {
        state.cpings++;
        if (state.mode === 'nocpong') await pause(at, FOREVER_SECONDS);
        await write(socket, cpong());
        continue;
      }
      if (payload[0] === SHUTDOWN) continue;
      if (payload[0] !== FORWARD_REQUEST) throw new Close();

      this.forwarded?.(payload);
      const request: Seen = { ...readForwardRequest(payload) };
      if (await this.#begin(at, 'ajp', request)) continue;
      const actions = actionsOf(member, request.uri);
      await actOnHead(at, actions);

      const length = Number(header(request, 'content-length') ?? 0);
      const isChunked = header(request, 'transfer-encoding') !== undefined;
      const body = new BodyAccount();
      const mayRead = !actions.has('noread');
      if (length > 0) {
        body.add(await bodyPiece());
        if (actions.has('crashbody')) throw new Close();
      }
      while (mayRead && (length > 0 ? body.size < length : isChunked)) {
        await write(socket, getBodyChunk(REQUEST_CHUNK));
        const piece = await bodyPiece();
        body.add(piece);
        if (actions.has('crash2') && length > 0) throw new Close();
        if (piece.length === 0) break;
      }
      request.body_len = body.size;
      request.body_sha1 = body.sha1();
      request.body_packets = body.pieces;
      await respond(at, request, actions, ajpVoice);
      if (actions.has('closeafter')) throw new Close();
    }
  }

  async #serveHttp(at: Place): Promise<void> {
    const { member, socket, reader } = at;
    for (;;) {
      const parts = (await reader.line()).split(/\s+/).filter((part) => part !== '');
      if (parts.length !== 3) return;
      const [method, target, protocol] = parts as [string, string, string];
      const [uri, query] = cut(target, '?');
      const request: Seen = { method, target, protocol, uri, query: query ?? null, headers: [] };
      for (;;) {
        const line = (await reader.line()).replace(/[\r\n]+$/, '');
        if (line === '') break;
        const [name, value] = cut(line, ':');
        request.headers.push([name, (value ?? '').trim()]);
      }
      if (await this.#begin(at, 'http', request)) continue;
      const actions = actionsOf(member, uri);
      await actOnHead(at, actions);

      if (header(request, 'expect') && !actions.has('no100'))
        await write(socket, Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
      const length = header(request, 'content-length');
      const body = new BodyAccount();
      if (length !== undefined) {
        for (let left = Number(length); left > 0; ) {
          const piece = await reader.exactly(Math.min(left, 65536));
          body.add(piece);
          left -= piece.length;
        }
      } else if (header(request, 'transfer-encoding') !== undefined) {
        for (;;) {
          const size = Number.parseInt(await reader.line(), 16);
          body.add(await reader.exactly(size));
          await reader.line();
          if (size === 0) break;
        }
      }
      request.body_len = body.size;
      request.body_sha1 = body.sha1();
      if (actions.has('crashbody')) throw new Close();
      await respond(at, request, actions, httpVoice);
      if (header(request, 'connection')?.toLowerCase() === 'close' || actions.has('closeafter')) return;
    }
  }

  /** Counts and logs a request. @returns true when an interception has answered it */
  async #begin({ member, state, socket, reader }: Place, protocol: Protocol, request: Seen): Promise<boolean> {
    state.hits++;
    request.member = member;
    state.log.push(request);
    if (state.log.length > LOG_SIZE) state.log.shift();
    return (await this.intercept?.({ member, protocol, request, socket, reader })) ?? false;
  }
}

/** One connection of one member. */
interface Place {
  member: Member;
  state: MemberState;
  socket: Socket;
  reader: ByteReader;
}

/** What differs between the two protocols when an answer is spoken. */
interface Voice {
  early(at: Place, status: number): Promise<void>;
  /** Sends the head and as many of the first `stopAfter` body bytes; `end` only when nothing stops it. */
  answer(at: Place, answer: Answer): Promise<void>;
}

interface Answer {
  status: number;
  reason: string;
  headers: [string, string][];
  body: Buffer;
  /** Bytes in a body packet (AJP). */
  chunk: number;
  reuse: number;
  /** Body bytes after which the answer breaks off; undefined to finish it. */
  stopAfter: number | undefined;
}

const ajpVoice: Voice = {
  async early({ socket }, status) {
    await write(socket, sendHeaders(status, 'Early', [['Link', '</s.css>; rel=preload']]));
  },
  async answer({ socket }, { status, reason, headers, body, chunk, reuse, stopAfter }) {
    await write(socket, sendHeaders(status, reason, headers));
    const sent = body.subarray(0, stopAfter ?? body.length);
    for (let at = 0; at < sent.length; at += chunk) await write(socket, sendBodyChunk(sent.subarray(at, at + chunk)));
    if (stopAfter !== undefined && (stopAfter === 0 || body.length > 0)) return;
    await write(socket, endResponse(reuse));
    if (reuse === 0) throw new Close();
  },
};

const httpVoice: Voice = {
  async early({ socket }, status) {
    await write(socket, Buffer.from(`HTTP/1.1 ${status} Early\r\nLink: </s.css>; rel=preload\r\n\r\n`));
  },
  async answer({ socket }, { status, reason, headers, body, stopAfter }) {
    const hasLength = headers.some(([name]) => name.toLowerCase() === 'content-length');
    const isChunked = !hasLength && status !== 204 && status !== 304;
    const lines = [`HTTP/1.1 ${status} ${reason}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
    if (isChunked) lines.push('Transfer-Encoding: chunked');
    await write(socket, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    if (stopAfter !== undefined) await write(socket, body.subarray(0, stopAfter));
    else if (!isChunked) await write(socket, body);
    else {
      const chunk =
        body.length === 0 ? [] : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')];
      await write(socket, Buffer.concat([...chunk, Buffer.from('0\r\n\r\n')]));
    }
  },
};

/** Actions and mode that strike before the body is read. */
async function actOnHead(at: Place, actions: Map<string, string>): Promise<void> {
  const mode = at.state.mode;
  if (mode === 'crash' || actions.has('crash')) throw new Close();
  if (mode === 'hang' || actions.has('hang')) await pause(at, Number(actions.get('hang') || FOREVER_SECONDS));
  if (actions.has('sleep')) await pause(at, Number(actions.get('sleep')));
}

async function respond(at: Place, request: Seen, actions: Map<string, string>, voice: Voice): Promise<void> {
  const { member, state } = at;
  const query = new URLSearchParams(request.query ?? attribute(request, 'query_string') ?? '');
  const asked = (name: string) => query.getAll(name).filter((value) => value !== '');
  let status = 200;
  if (/^\d+$/.test(state.mode)) status = Number(state.mode);
  if (actions.has('status')) status = Number(actions.get('status'));

  const headers: [string, string][] = [['X-Member', member]];
  const [location] = asked('loc');
  if (location !== undefined) {
    headers.push(['Location', location]);
    if (status === 200) status = 302;
  }
  const [contentLocation] = asked('cloc');
  if (contentLocation !== undefined) headers.push(['Content-Location', contentLocation]);
  for (const cookie of asked('setcookie')) headers.push(['Set-Cookie', cookie]);
  for (const line of asked('rh')) {
    const [name, value] = cut(line, ':');
    headers.push([name, value ?? '']);
  }
  if (actions.has('route')) headers.push(['Set-Cookie', `JSESSIONID=SESS${state.hits}.${member}; Path=/`]);
  if (actions.has('bighdr')) headers.push(['X-Big', 'h'.repeat(Number(actions.get('bighdr')))]);

  const big = actions.get('big');
  const full = actions.has('nobody') ? '' : big === undefined ? `${echo(request)}\n` : member.repeat(Number(big));
  const isBodiless = status === 204 || status === 304;
  if (!isBodiless) {
    headers.push(['Content-Type', big === undefined ? 'application/json' : 'text/plain']);
    if (!actions.has('nocl')) headers.push(['Content-Length', String(full.length)]);
  }

  const early = actions.get('early');
  if (early !== undefined) for (const each of early.split('+')) await voice.early(at, Number(each));
  const breaks = (way: string) => state.mode === way || actions.has(way);
  const stopAfter = breaks('crashhdr') ? 0 : breaks('crashbodyout') || actions.has('slowbody') ? 100 : undefined;
  await voice.answer(at, {
    status,
    reason: REASONS[status] ?? `Status${status}`,
    headers,
    body: Buffer.from(isBodiless || request.method === 'HEAD' ? '' : full, 'latin1'),
    chunk: Number(actions.get('chunk') ?? RESPONSE_CHUNK),
    reuse: actions.has('reuse0') ? 0 : 1,
    stopAfter,
  });
  if (stopAfter === undefined) return;
  if (stopAfter > 0 && actions.has('slowbody')) await pause(at, Number(actions.get('slowbody')));
  throw new Close();
}

/** Waits, but no longer than the connection lives. */
async function pause({ socket }: Place, seconds: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.off('close', gone);
      resolve();
    }, seconds * 1000);
    const gone = () => {
      clearTimeout(timer);
      reject(new EndOfBytes());
    };
    socket.once('close', gone);
  });
}

/** Counts a body and hashes it, without keeping it. */
class BodyAccount {
  size = 0;
  readonly pieces: number[] = [];
  readonly #hash = createHash('sha1');

  add(piece: Buffer): void {
    this.size += piece.length;
    this.pieces.push(piece.length);
    this.#hash.update(piece);
  }

  sha1(): string | null {
    return this.size === 0 ? null : this.#hash.digest('hex');
  }
}

/** The actions in a path that concern this member: `/do:NAME:ARGUMENT/`, limited by `/on:a+b/`. */
function actionsOf(member: Member, path: string): Map<string, string> {
  const segments = path.split('/');
  const only = segments.find((segment) => segment.startsWith('on:'))?.slice(3);
  const actions = new Map<string, string>();
  if (only !== undefined && !only.split('+').includes(member)) return actions;
  for (const segment of segments) {
    if (!segment.startsWith('do:')) continue;
    const [, name = '', argument = ''] = segment.split(':');
    actions.set(name, argument);
  }
  return actions;
}

export function header(request: Seen, name: string): string | undefined {
  const found = request.headers.find(([spelled]) => spelled.replace(/^#[^:]*:/, '').toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : undefined;
}

function attribute(request: Seen, name: string): string | undefined {
  const found = request.attributes?.findLast(([each]) => each === name)?.[1];
  return typeof found === 'string' ? found : undefined;
}

/** JSON in pure ASCII, so that octets above 127 survive any view of the bytes. */
function echo(request: Seen): string {
  return JSON.stringify(request, undefined, 1).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function cut(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function membersIn(list: string): Member[] {
  return list.split('+').map((name) => {
    const member = MEMBERS.find((each) => each === name);
    if (member === undefined) throw new Error(`no member ${name}`);
    return member;
  });
}

function perMember<T>(make: (member: Member, index: number) => T): Record<Member, T> {
  return Object.fromEntries(MEMBERS.map((member, index) => [member, make(member, index)])) as Record<Member, T>;
}

function fresh(): MemberState {
  return { mode: 'normal', hits: 0, conns: 0, open: 0, cpings: 0, log: [] };
}

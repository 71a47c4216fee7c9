// Node's private surface for hosting requests that no HTTP parser has read: real IncomingMessage and ServerResponse
// objects over a facade socket. All of it is in this file, proved by a self-check before it is used (`nodeSurface`);
// when Node has changed, the connector falls back to its public API (reparse.ts). Measured: a third of the CPU.

import { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { REMOVED } from '../base/fields.ts';
import { RequestHead } from '../base/head.ts';
import type { ConnectionFacts, ForwardedFacts } from '../listener/exchange.ts';
import { FacadeSocket, type SocketOwner } from './facade-socket.ts';

/** What the owner of a hosted response hears of it. */
export interface HostOwner extends SocketOwner {
  /** The head is final: status line and fields as HTTP/1 text, checked by Node. */
  head(text: string): void;
  /** `end` was called and the last octets were written. */
  ending(): void;
}

/** A facade socket with the marks that OutgoingMessage and IncomingMessage leave on sockets. */
export class HostedSocket extends FacadeSocket {
  readonly owner: HostOwner;
  readonly server: unknown;
  _httpMessage: ServerResponse | null = null;
  _paused = false;
  readonly _writableState: { corked: number; errored: null } = { corked: 0, errored: null };

  constructor(
    connection: ConnectionFacts,
    facts: ForwardedFacts | undefined,
    owner: HostOwner,
    server: unknown,
    clock: Clock,
  ) {
    super(connection, facts, owner, clock);
    this.owner = owner;
    this.server = server;
  }

  get writableCorked(): number {
    return this._writableState.corked;
  }

  cork(): void {
    this._writableState.corked++;
  }

  uncork(): void {
    if (this._writableState.corked > 0) this._writableState.corked--;
  }
}

/** What is private in a request. */
interface HostedRequest {
  _addHeaderLines(raw: string[], count: number): void;
  _dump(): void;
  readonly _consuming: boolean;
  readonly _dumped: boolean;
  readonly _readableState: { readonly resumeScheduled: boolean };
}

/** What is private in a response. */
interface HostedResponse {
  _storeHeader(firstLine: string, headers: unknown): void;
  _header: string;
  _headerSent: boolean;
  _closed: boolean;
  chunkedEncoding: boolean;
  readonly writableLength: number;
}

/** A real request with the head that was received. */
export function hostRequest(socket: HostedSocket, head: RequestHead): IncomingMessage {
  const req = new IncomingMessage(socket as unknown as IncomingMessage['socket']);
  req.httpVersionMajor = 1;
  req.httpVersionMinor = head.minorVersion;
  req.httpVersion = head.minorVersion === 0 ? '1.0' : '1.1';
  req.method = head.method;
  req.url = head.target;
  (req as { upgrade?: boolean }).upgrade = false;
  const { fields } = head;
  const raw: string[] = [];
  for (let i = 0; i < fields.count; i++) if (fields.idAt(i) !== REMOVED) raw.push(fields.nameAt(i), fields.valueAt(i));
  privateRequest(req)._addHeaderLines(raw, raw.length);
  return req;
}

/** A real response whose head goes to the socket's owner as text, and whose body octets go there unframed. */
export function hostResponse(req: IncomingMessage, socket: HostedSocket): ServerResponse {
  const res = new ServerResponse(req);
  const own = res as unknown as Record<string, unknown>;
  // Own properties: frameworks replace the prototype of responses.
  own._storeHeader = storeHeader;
  own.writeContinue = ignoreInterim;
  own.writeProcessing = ignoreInterim;
  own.writeEarlyHints = ignoreInterim;
  own.writeInformation = ignoreInterim;
  res.on('prefinish', prefinished);
  res.assignSocket(socket as unknown as Parameters<ServerResponse['assignSocket']>[0]);
  return res;
}

/** The request body is complete; or nothing more of it will come and nobody shall wait for it. */
export function completeRequest(req: IncomingMessage): void {
  if (req.complete) return;
  req.complete = true;
  if (!req.destroyed) req.push(null);
}

/** As Node after a response: a body that nobody read is thrown away, so that `end` and `close` are emitted. */
export function dumpUnread(req: IncomingMessage): void {
  const { _consuming, _readableState } = privateRequest(req);
  if (!_consuming && !_readableState.resumeScheduled) privateRequest(req)._dump();
}

/** True when body octets are of no use to the request any more. */
export function isDumped(req: IncomingMessage): boolean {
  return req.destroyed || privateRequest(req)._dumped;
}

/** The response is over, well or not: takes it off its socket. */
export function detachResponse(res: ServerResponse, socket: HostedSocket): void {
  if (socket._httpMessage === res) res.detachSocket(socket as unknown as Parameters<ServerResponse['detachSocket']>[0]);
}

export function emitClose(res: ServerResponse): void {
  const own = privateResponse(res);
  if (own._closed) return;
  res.destroyed = true;
  own._closed = true;
  res.emit('close');
}

/** Lets a response that has seen `write` return false go on. */
export function emitDrain(res: ServerResponse): void {
  const marks = res as unknown as Record<symbol, boolean>;
  if (res.writableEnded || !marks[needDrain] || privateResponse(res).writableLength > 0) return;
  marks[needDrain] = false;
  res.emit('drain');
}

const originalStoreHeader = privateResponse(ServerResponse.prototype)._storeHeader;
const needDrain: symbol = findSymbol('kNeedDrain');

function privateRequest(req: IncomingMessage): HostedRequest {
  return req as unknown as HostedRequest;
}

function privateResponse(res: ServerResponse): HostedResponse {
  return res as unknown as HostedResponse;
}

/** Node composes and checks the head; then it is ours to send, and the body leaves without chunk framing. */
function storeHeader(this: HostedResponse & ServerResponse, firstLine: string, headers: unknown): void {
  originalStoreHeader.call(this, firstLine, headers);
  this.chunkedEncoding = false;
  this._headerSent = true;
  (this.socket as unknown as HostedSocket | null)?.owner.head(this._header);
}

function prefinished(this: ServerResponse): void {
  (this.socket as unknown as HostedSocket | null)?.owner.ending();
}

/** AJP has no interim responses: the front end has dealt with Expect, hints are lost. */
function ignoreInterim(...args: unknown[]): boolean {
  const callback = args.at(-1);
  if (typeof callback === 'function') process.nextTick(callback as () => void);
  return true;
}

function findSymbol(description: string): symbol {
  const sample = new ServerResponse(new IncomingMessage(null as never));
  for (const symbol of Object.getOwnPropertySymbols(sample)) if (symbol.description === description) return symbol;
  return Symbol(description);
}

/** Whether this Node still has the surface that this file uses; the reason why not. Checked once. */
export function nodeSurface(clock: Clock): 'fits' | { readonly mismatch: string } {
  surface ??= checkSurface(clock);
  return surface;
}

let surface: ReturnType<typeof nodeSurface> | undefined;

function checkSurface(clock: Clock): 'fits' | { readonly mismatch: string } {
  try {
    const mismatch = trySurface(clock);
    return mismatch === undefined ? 'fits' : { mismatch };
  } catch (error) {
    return { mismatch: error instanceof Error ? error.message : String(error) };
  }
}

/** One request and response from end to end, without a connection. */
function trySurface(clock: Clock): string | undefined {
  if (typeof originalStoreHeader !== 'function') return '_storeHeader is gone';
  const heard: string[] = [];
  const owner: HostOwner = {
    head: (text) => heard.push(text),
    write: (bytes, callback) => {
      heard.push(bytes.toString('latin1'));
      if (callback) callback();
      return heard.length === 3;
    },
    ending: () => heard.push('ending'),
    resume: () => heard.push('resume'),
    pause() {},
    destroy() {},
    timedOut() {},
  };
  const nowhere = { remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0, tls: undefined };
  const socket = new HostedSocket(nowhere, undefined, owner, undefined, clock);
  const head = new RequestHead();
  head.method = 'POST';
  head.target = '/';
  head.fields.add('X-Probe', 'a');
  const req = hostRequest(socket, head);
  if (req.headers['x-probe'] !== 'a' || req.rawHeaders[0] !== 'X-Probe') return 'request fields are lost';
  const res = hostResponse(req, socket);
  res.sendDate = false;
  res.setHeader('X-Own', 'b');
  // The third thing heard is the second piece of the body: `write` says no for the first and yes for it.
  if (res.write('one')) return 'back-pressure is not passed on';
  let hasDrained = false;
  res.on('drain', () => {
    hasDrained = true;
  });
  emitDrain(res);
  if (!hasDrained) return 'drain is not emitted';
  res.end('two');
  if (!heard[0]?.startsWith('HTTP/1.1 200 OK\r\nX-Own: b\r\n')) return 'the head is not passed on';
  if (heard.slice(1).join() !== 'one,two,ending') return `the body is framed or its end is not told: ${heard.join()}`;
  req.resume();
  completeRequest(req);
  return undefined;
}

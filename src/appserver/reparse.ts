// The fallback of the connector, by Node's public API alone: each exchange becomes HTTP/1 text in a Duplex that is
// handed to an http.Server as a connection, and the text that Node answers becomes the response again. One connection
// per exchange: the text says `Connection: close`, which the application does not see.

import type { IncomingMessage, Server } from 'node:http';
import { Duplex } from 'node:stream';
import type { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import { REMOVED } from '../base/fields.ts';
import { type RequestHead, UNKNOWN_LENGTH } from '../base/head.ts';
import type { Log } from '../base/log.ts';
import type { Link } from '../link/link.ts';
import type { Exchange, ExchangeSink, Handler } from '../listener/exchange.ts';
import { BodyDecoder, type BodySink } from '../wire/http1/body.ts';
import { FacadeSocket, type SocketOwner } from './facade-socket.ts';
import { FORWARDED, type ForwardedRequest } from './facts.ts';
import { fillResponseHead } from './response-text.ts';

/** Longest head an application may compose; a larger one breaks the exchange off. */
const HEAD_BYTES_MAX = 256 * 1024;
/** Octets taken from the application before others may run. */
const TURN_BYTES = 64 * 1024;
const HEAD_END = '\r\n\r\n';
const STATUS_AT = 9;

export class ReparseHandler implements Handler {
  readonly #server: Server;
  readonly #link: Link;
  readonly #log: Log;

  constructor(server: Server, link: Link, log: Log) {
    this.#server = server;
    this.#link = link;
    this.#log = log;
    server.prependListener('request', (req) => {
      if (req.socket instanceof TextSocket) req.socket.begins(req);
    });
  }

  handle(exchange: Exchange): void {
    const socket = new TextSocket(exchange, this.#link, this.#log);
    exchange.sink = socket;
    this.#server.emit('connection', socket);
  }
}

/** No octets go through the socket that only knows the answers about addresses and TLS. */
const noOwner: Omit<SocketOwner, 'timedOut'> = { write: () => true, resume() {}, pause() {}, destroy() {} };

type Done = (error?: Error | null) => void;

class TextSocket extends Duplex implements ExchangeSink, BodySink {
  /** Undefined once it is over: it serves another request then. */
  #exchange: Exchange | undefined;
  readonly #log: Log;
  readonly #facts: FacadeSocket;
  readonly #isChunked: boolean;
  /** The client's Connection field, which the text replaces. */
  readonly #connectionField: string | undefined;
  #headText: Buffer | undefined;
  #req: IncomingMessage | undefined = undefined;
  #hasEnded = false;
  /** The response's head as far as it has come. */
  #head = '';
  #isInBody = false;
  /** Takes off the framing of bodies whose length Node did not know. */
  #chunks: BodyDecoder | undefined = undefined;
  #turnBytes = 0;
  #waitsForDrain: Done | undefined = undefined;
  #waitsForRequest: Done | undefined = undefined;

  constructor(exchange: Exchange, link: Link, log: Log) {
    super({ allowHalfOpen: true });
    this.#exchange = exchange;
    this.#log = log;
    const owner = { ...noOwner, timedOut: () => void this.emit('timeout') };
    this.#facts = new FacadeSocket(exchange.connection, exchange.forwarded, owner, link.clock);
    const { request } = exchange;
    this.#isChunked = request.bodyLength === UNKNOWN_LENGTH;
    this.#connectionField = request.fields.getKnown(FIELD.Connection);
    this.#headText = Buffer.from(headText(request, this.#isChunked), 'latin1');
  }

  /** Node has parsed the head and is about to emit `request`. */
  begins(req: IncomingMessage): void {
    this.#req = req;
    const raw = req.rawHeaders;
    const at = raw.length - 2;
    if (this.#connectionField === undefined) {
      delete req.headers.connection;
      raw.length = at;
    } else {
      req.headers.connection = this.#connectionField;
      raw[at + 1] = this.#connectionField;
    }
  }

  // --- the request: exchange to text --------------------------------------------------------------------------------

  override _read(): void {
    if (this.#headText !== undefined) {
      const head = this.#headText;
      this.#headText = undefined;
      this.push(head);
    }
    this.#exchange?.resumeBody();
  }

  requestBody(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    const kept = this.#isChunked
      ? Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), bytes.subarray(start, end), Buffer.from('\r\n')])
      : Buffer.from(bytes.subarray(start, end));
    this.#facts.touch();
    if (!this.push(kept)) this.#exchange?.pauseBody();
  }

  requestEnd(): void {
    this.#hasEnded = true;
    if (this.#isChunked) this.push('0\r\n\r\n');
    this.#waitsForRequest?.();
  }

  // --- the response: text to exchange -------------------------------------------------------------------------------

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#take(chunk);
    this.#settle(done);
  }

  /** Head and body, when Node hands them over together, go on together. */
  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    for (const { chunk } of chunks) this.#take(chunk);
    this.#settle(done);
  }

  #take(chunk: Buffer): void {
    this.#facts.touch();
    this.#turnBytes += chunk.length;
    const rest = this.#isInBody ? chunk : this.#takeHead(chunk);
    if (rest.length === 0) return;
    if (this.#chunks === undefined) this.body(rest, 0, rest.length);
    else this.#chunks.decode(rest, 0, rest.length, this);
  }

  #settle(done: Done): void {
    const exchange = this.#exchange;
    if (this.#isInBody && !this.writableEnded) exchange?.flush();
    if (exchange?.congested) this.#waitsForDrain = done;
    else if (this.#turnBytes < TURN_BYTES) done();
    else {
      // A peer that takes octets as fast as they are made would never let the event loop turn.
      this.#turnBytes = 0;
      setImmediate(done);
    }
  }

  /** @returns what follows the head, nothing while it is incomplete */
  #takeHead(chunk: Buffer): Buffer {
    this.#head += chunk.toString('latin1');
    for (let end = this.#head.indexOf(HEAD_END); end >= 0; end = this.#head.indexOf(HEAD_END)) {
      const text = this.#head.slice(0, end + HEAD_END.length);
      const rest = this.#head.slice(end + HEAD_END.length);
      const status = Number(text.slice(STATUS_AT, STATUS_AT + 3));
      this.#head = rest;
      if (status < 200) continue;
      this.#head = '';
      this.#isInBody = true;
      this.#sendHead(text, status);
      return Buffer.from(rest, 'latin1');
    }
    if (this.#head.length > HEAD_BYTES_MAX) this.destroy();
    return NOTHING;
  }

  #sendHead(text: string, status: number): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    fillResponseHead(text, status, exchange.response);
    if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(text)) {
      this.#chunks = new BodyDecoder('upstream');
      this.#chunks.begin(UNKNOWN_LENGTH);
    }
    exchange.sendHead();
  }

  body(bytes: Buffer, start: number, end: number): void {
    this.#exchange?.sendBody(bytes, start, end);
  }

  bodyEnd(): void {}

  /** Node ends the connection with the response; a request body that is being read is waited for. */
  override _final(done: Done): void {
    const end = (): void => {
      const exchange = this.#exchange;
      if (exchange?.stage === 'head-sent') exchange.sendEnd();
      else exchange?.breakOff();
      done();
      // Nobody ends the readable side; Node keeps a parser for it until the connection closes.
      process.nextTick(() => this.destroy());
    };
    if (this.#hasEnded || this.#req === undefined || this.#req.complete || !isReading(this.#req)) end();
    else this.#waitsForRequest = end;
  }

  // --- ends -----------------------------------------------------------------------------------------------------------

  drained(): void {
    const done = this.#waitsForDrain;
    this.#waitsForDrain = undefined;
    done?.();
  }

  aborted(failure: Failure): void {
    this.#exchange = undefined;
    this.#log.debug('request-aborted', { code: failure.code });
    this.destroy();
  }

  ended(): void {
    this.#exchange = undefined;
    this.drained();
    if (!this.#hasEnded && this.#req !== undefined && !this.#req.complete) this.destroy();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#facts.shut(error ?? undefined);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    // A head that Node could not parse is answered by Node itself before it destroys the connection.
    if (exchange?.stage === 'head-sent' && this.#req === undefined) exchange.sendEnd();
    else exchange?.breakOff();
    done(error);
  }

  // --- what applications ask of sockets -------------------------------------------------------------------------------

  get [FORWARDED](): ForwardedRequest | undefined {
    return this.#facts[FORWARDED];
  }

  get remoteAddress(): string | undefined {
    return this.#facts.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#facts.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#facts.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#facts.localAddress;
  }

  get localPort(): number | undefined {
    return this.#facts.localPort;
  }

  get encrypted(): true | undefined {
    return this.#facts.encrypted;
  }

  get authorized(): boolean {
    return this.#facts.authorized;
  }

  address(): object {
    return this.#facts.address();
  }

  setTimeout(ms: number, callback?: () => void): this {
    if (callback !== undefined) this.once('timeout', callback);
    this.#facts.setTimeout(ms);
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  getPeerCertificate(): object {
    return this.#facts.getPeerCertificate();
  }

  getPeerX509Certificate(): unknown {
    return this.#facts.getPeerX509Certificate();
  }

  getCipher(): unknown {
    return this.#facts.getCipher();
  }

  getProtocol(): string | null {
    return this.#facts.getProtocol();
  }
}

const NOTHING = Buffer.alloc(0);

function isReading(req: IncomingMessage): boolean {
  return !req.destroyed && (req.listenerCount('data') > 0 || req.listenerCount('readable') > 0);
}

/** The head as HTTP/1 text; our Connection field is the last one. */
function headText(request: RequestHead, isChunked: boolean): string {
  const { fields } = request;
  let text = `${request.method} ${request.target} HTTP/1.${request.minorVersion}\r\n`;
  for (let i = 0; i < fields.count; i++) {
    const id = fields.idAt(i);
    if (id === REMOVED || id === FIELD.Connection) continue;
    text += `${fields.nameAt(i)}: ${fields.valueAt(i)}\r\n`;
  }
  if (isChunked && !fields.hasKnown(FIELD['Transfer-Encoding'])) text += 'Transfer-Encoding: chunked\r\n';
  return `${text}Connection: close\r\n\r\n`;
}

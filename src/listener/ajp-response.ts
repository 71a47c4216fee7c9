// Writes one AJP response into the connection's scratch: SEND_HEADERS, body chunks, END_RESPONSE. Guards the announced
// length: a front end passes on what it gets, so an octet too many would open the client's next response.

import { STATUS_CODES } from 'node:http';
import { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../base/head.ts';
import type { Connection } from '../link/connection.ts';
import type { Link } from '../link/link.ts';
import {
  CHUNK_HEADER_BYTES,
  CHUNK_TRAILER_BYTES,
  chunkBytesMax,
  dataBytesMax,
  PACKET_SIZE_MAX,
} from '../wire/ajp/constants.ts';
import {
  CONTROL_PACKET_BYTES,
  encodeBodyChunkHeader,
  encodeBodyChunkTrailer,
  encodeCpong,
  encodeEndResponse,
  encodeFlushChunk,
  encodeGetBodyChunk,
  encodeSendHeaders,
} from '../wire/ajp/response-encoder.ts';
import type { Exchange } from './exchange.ts';

/** Fields of one hop; AJP frames bodies itself (RFC 9110 §7.6.1). */
const HOP_FIELDS = [
  FIELD.Connection,
  FIELD['Keep-Alive'],
  FIELD['Transfer-Encoding'],
  FIELD.Trailer,
  FIELD.Upgrade,
  FIELD['Proxy-Connection'],
];

const FLUSH_CHUNK_BYTES = CHUNK_HEADER_BYTES + CHUNK_TRAILER_BYTES;

export class AjpResponse {
  readonly #connection: Connection;
  readonly #link: Link;
  readonly #packetSize: number;
  /** Body octets are sent at all: not for HEAD, 204, 304. */
  #hasBody = false;
  /** Octets still owed under a Content-Length, `UNKNOWN_LENGTH` without one. */
  #owed = UNKNOWN_LENGTH;
  /** Something was written that the front end may hold back until it is told to pass it on. */
  #isUnflushed = false;

  constructor(connection: Connection, link: Link, packetSize: number) {
    this.#connection = connection;
    this.#link = link;
    this.#packetSize = packetSize;
  }

  /** Writes the head. @returns why nothing was written: no status of AJP, or more than a packet */
  head(exchange: Exchange): Failure | undefined {
    const { request, response } = exchange;
    const { fields, status, bodyLength } = response;
    if (status < 200 || status > 999)
      return new Failure('ajp-bad-status', 'internal', `a response cannot have the status ${status}`);
    for (const id of HOP_FIELDS) if (fields.hasKnown(id)) fields.removeKnown(id);
    const isBodiless = status === 204 || status === 304;
    if (bodyLength === UNKNOWN_LENGTH || status === 204) fields.removeKnown(FIELD['Content-Length']);
    else if (!isBodiless && !fields.hasKnown(FIELD['Content-Length']))
      fields.addKnown(FIELD['Content-Length'], String(bodyLength));
    if (response.reason === '') response.reason = STATUS_CODES[status] ?? '';
    this.#hasBody = !isBodiless && request.method !== 'HEAD';
    this.#owed = this.#hasBody ? bodyLength : UNKNOWN_LENGTH;
    this.#isUnflushed = this.#hasBody;
    const needed = this.#sendHeaders(response);
    if (needed === 0) return undefined;
    const sizes = `the response head takes ${needed} octets, a packet ${this.#packetSize}`;
    return new Failure('ajp-head-too-large', 'internal', sizes);
  }

  /** @returns 0, or the octets that the head takes when it does not fit */
  #sendHeaders(head: ResponseHead): number {
    const at = this.#connection.reserve(this.#packetSize);
    const to = encodeSendHeaders(head, this.#link.scratch.buffer, at, this.#packetSize);
    if (to < 0) return neededBytes(head);
    this.#connection.commit(to);
    return 0;
  }

  /** Adds body octets. @returns false when they exceed the announced length: the surplus is not sent */
  body(exchange: Exchange, bytes: Buffer, start: number, end: number): boolean {
    if (!this.#hasBody) return true;
    let stop = end;
    if (this.#owed !== UNKNOWN_LENGTH) {
      stop = Math.min(end, start + this.#owed);
      this.#owed -= stop - start;
    }
    exchange.responseBodyBytes += stop - start;
    this.#chunks(bytes, start, stop);
    return stop === end;
  }

  #chunks(bytes: Buffer, start: number, end: number): void {
    const max = chunkBytesMax(this.#packetSize);
    for (let from = start; from < end; from += max) {
      const length = Math.min(max, end - from);
      const at = this.#connection.reserve(CHUNK_HEADER_BYTES + length + CHUNK_TRAILER_BYTES);
      const out = this.#link.scratch.buffer;
      const to = encodeBodyChunkHeader(out, at, length);
      bytes.copy(out, to, from, from + length);
      this.#connection.commit(encodeBodyChunkTrailer(out, to + length));
    }
    this.#isUnflushed = true;
  }

  /** True when the body is shorter than was announced: the connection must be broken then. */
  get isShort(): boolean {
    return this.#owed > 0;
  }

  /** Tells the front end to pass on what it holds: it may wait for a full buffer otherwise (Tomcat's ajpFlush). */
  passOn(): void {
    if (!this.#isUnflushed) return;
    this.#isUnflushed = false;
    const at = this.#connection.reserve(FLUSH_CHUNK_BYTES);
    this.#connection.commit(encodeFlushChunk(this.#link.scratch.buffer, at));
  }

  end(reuse: boolean): void {
    const at = this.#connection.reserve(CONTROL_PACKET_BYTES);
    this.#connection.commit(encodeEndResponse(this.#link.scratch.buffer, at, reuse));
  }

  /** A whole response of our own: status and a page that says no more than its name. */
  page(status: number, withBody: boolean, reuse: boolean): void {
    this.pageHead(status, withBody);
    this.end(reuse);
  }

  /** As `page`, without the end. */
  pageHead(status: number, withBody: boolean): void {
    const name = STATUS_CODES[status] ?? 'Error';
    const page = Buffer.from(`<!doctype html><title>${status} ${name}</title><h1>${name}</h1>\n`, 'latin1');
    const head = new ResponseHead();
    head.status = status;
    head.reason = name;
    head.fields.addKnown(FIELD['Content-Type'], 'text/html;charset=utf-8');
    head.fields.addKnown(FIELD['Content-Length'], String(page.length));
    this.#sendHeaders(head);
    this.#hasBody = false;
    this.#owed = UNKNOWN_LENGTH;
    if (withBody) this.#chunks(page, 0, page.length);
    this.#isUnflushed = false;
  }

  askForBody(): void {
    const at = this.#connection.reserve(CONTROL_PACKET_BYTES);
    this.#connection.commit(encodeGetBodyChunk(this.#link.scratch.buffer, at, dataBytesMax(this.#packetSize)));
  }

  pong(): void {
    const at = this.#connection.reserve(CONTROL_PACKET_BYTES);
    this.#connection.commit(encodeCpong(this.#link.scratch.buffer, at));
  }
}

/** What a head that does not fit would take; for the log, so that an operator knows which packetSize would do. */
function neededBytes(head: ResponseHead): number {
  const room = Buffer.allocUnsafe(PACKET_SIZE_MAX);
  const size = encodeSendHeaders(head, room, 0, PACKET_SIZE_MAX);
  return size < 0 ? PACKET_SIZE_MAX + 1 : size;
}

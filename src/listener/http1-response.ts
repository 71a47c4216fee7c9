// Writes one HTTP/1 response into the connection's scratch: status line, fields, framing (RFC 9112 §6), body. Head and
// first body octets leave in one write; a chunk is opened at the first octet and sealed when the write happens.

import { FIELD } from '../base/field-names.ts';
import type { Fields } from '../base/fields.ts';
import { UNKNOWN_LENGTH } from '../base/head.ts';
import type { Connection, OpenFrame } from '../link/connection.ts';
import type { Link } from '../link/link.ts';
import { SCRATCH_BYTES } from '../link/scratch.ts';
import {
  CHUNK_END_BYTES,
  CHUNK_HEADER_BYTES,
  CONTINUE_BYTES,
  fieldsSize,
  LAST_CHUNK_BYTES,
  writeChunkEnd,
  writeChunkHeader,
  writeEnd,
  writeField,
  writeFields,
  writeLastChunk,
  writeStatusLine,
} from '../wire/http1/write.ts';
import type { Exchange } from './exchange.ts';
import type { ServerFields } from './server-fields.ts';

type Framing = 'none' | 'length' | 'chunked' | 'until-close' | 'tunnel';

/** Room for a status line, Date, Server, framing and connection fields. */
const HEAD_EXTRA_BYTES = 512;
/** Room for the status line and the empty line of an interim response. */
const INTERIM_EXTRA_BYTES = 128;
/** Where the minor version stands in `HTTP/1.1`. */
const MINOR_VERSION_AT = 7;
const ZERO = 0x30;
const CONNECTION_CLOSE = Buffer.from('Connection: close\r\n', 'latin1');
/** HTTP/1.0 clients must be told that the connection stays (RFC 9112 §9.3). */
const CONNECTION_KEEP_ALIVE = Buffer.from('Connection: Keep-Alive\r\n', 'latin1');
const CONNECTION_UPGRADE = Buffer.from('Connection: Upgrade\r\n', 'latin1');
const CHUNKED = Buffer.from('Transfer-Encoding: chunked\r\n', 'latin1');

/** What became of a piece of the response. */
export type WriteResult = 'fine' | 'too-long' | 'too-short';

export class Http1Response implements OpenFrame {
  #connection: Connection;
  readonly #link: Link;
  #framing: Framing = 'none';
  /** Octets still owed under a Content-Length. */
  #owed = 0;
  /** Where the open chunk's head stands in the scratch; -1 when no chunk is open. */
  #chunkAt = -1;

  constructor(connection: Connection, link: Link) {
    this.#connection = connection;
    this.#link = link;
  }

  /** Writes the next response to this connection. */
  attach(connection: Connection): void {
    this.#connection = connection;
    this.#framing = 'none';
    this.#chunkAt = -1;
  }

  /** The response ends with the connection: the client cannot tell its end from a loss. */
  get endsWithConnection(): boolean {
    return this.#framing === 'until-close';
  }

  /** Writes an interim response, at once. */
  interim(status: number, fields: Fields): void {
    const size = INTERIM_EXTRA_BYTES + fieldsSize(fields);
    if (size > SCRATCH_BYTES) return; // hints of that size help nobody
    let at = this.#connection.reserve(size);
    const out = this.#link.scratch.buffer;
    at = writeStatusLine(out, at, status, '');
    at = writeFields(out, at, fields);
    this.#connection.commit(writeEnd(out, at));
    this.#connection.flush();
  }

  /** Writes the head of a `101`, at once; what follows is not HTTP any more. */
  switchProtocols({ response }: Exchange): void {
    this.interim(response.status, response.fields);
    this.#framing = 'tunnel';
  }

  /** Asks for the body, at once. */
  continue(): void {
    const at = this.#connection.reserve(CONTINUE_BYTES.length);
    CONTINUE_BYTES.copy(this.#link.scratch.buffer, at);
    this.#connection.commit(at + CONTINUE_BYTES.length);
    this.#connection.flush();
  }

  /** @returns whether the connection can carry another exchange after this response */
  head(exchange: Exchange, server: ServerFields, keepAlive: boolean): boolean {
    const { request, response } = exchange;
    const fields = response.fields;
    const isBodiless = response.status === 204 || response.status === 304;
    const isOld = request.minorVersion < 1 || exchange.isDowngraded;
    let stays = keepAlive && !(isOld && exchange.saysOldVersion);
    if (isBodiless || request.method === 'HEAD') this.#framing = 'none';
    else if (response.bodyLength !== UNKNOWN_LENGTH) this.#framing = 'length';
    else if (!isOld) this.#framing = 'chunked';
    else {
      this.#framing = 'until-close';
      stays = false;
    }
    this.#owed = response.bodyLength;
    this.#chunkAt = -1;

    fields.removeKnown(FIELD['Transfer-Encoding']);
    fields.removeKnown(FIELD.Connection);
    fields.removeKnown(FIELD['Keep-Alive']);
    const saysLength = response.bodyLength !== UNKNOWN_LENGTH && response.status !== 204;
    if (!saysLength) fields.removeKnown(FIELD['Content-Length']);

    const size = fieldsSize(fields) + response.reason.length + HEAD_EXTRA_BYTES;
    const isLarge = size > SCRATCH_BYTES;
    let at = isLarge ? 0 : this.#connection.reserve(size);
    const out = isLarge ? Buffer.allocUnsafeSlow(size) : this.#link.scratch.buffer;
    const start = at;
    at = writeStatusLine(out, at, response.status, response.reason);
    if (isOld && exchange.saysOldVersion) out[start + MINOR_VERSION_AT] = ZERO;
    at = server.write(out, at, exchange.startedWall, !fields.hasKnown(FIELD.Date), !fields.hasKnown(FIELD.Server));
    at = writeFields(out, at, fields);
    if (saysLength && !fields.hasKnown(FIELD['Content-Length'])) {
      at = writeField(out, at, 'Content-Length', String(response.bodyLength));
    }
    if (this.#framing === 'chunked') at = copyBytes(CHUNKED, out, at);
    if (!stays) at = copyBytes(CONNECTION_CLOSE, out, at);
    else if (isOld) at = copyBytes(CONNECTION_KEEP_ALIVE, out, at);
    // Whoever names a protocol to change to must say so in Connection (RFC 9110 §7.8).
    if (fields.hasKnown(FIELD.Upgrade)) at = copyBytes(CONNECTION_UPGRADE, out, at);
    at = writeEnd(out, at);
    if (isLarge) this.#connection.send(out.subarray(0, at));
    else this.#connection.commit(at);
    return stays;
  }

  /** Adds body octets; `too-long` when they exceed the announced length (the surplus is not sent). */
  body(exchange: Exchange, bytes: Buffer, start: number, end: number): WriteResult {
    let stop = end;
    let result: WriteResult = 'fine';
    if (this.#framing === 'none') return 'fine';
    if (this.#framing === 'length') {
      if (end - start > this.#owed) {
        stop = start + this.#owed;
        result = 'too-long';
      }
      this.#owed -= stop - start;
    }
    exchange.responseBodyBytes += stop - start;
    const scratch = this.#link.scratch;
    let from = start;
    while (from < stop) {
      if (this.#framing === 'chunked' && this.#chunkAt < 0) this.#openChunk();
      let at = this.#connection.reserve(1 + CHUNK_END_BYTES);
      if (this.#framing === 'chunked' && this.#chunkAt < 0) {
        this.#openChunk();
        at = scratch.used;
      }
      const room = scratch.buffer.length - at - CHUNK_END_BYTES;
      const size = Math.min(room, stop - from);
      bytes.copy(scratch.buffer, at, from, from + size);
      this.#connection.commit(at + size);
      from += size;
      if (from < stop) this.#connection.flush();
    }
    return result;
  }

  /** Ends the body; `too-short` when a Content-Length is still owed: the connection must be broken off then. */
  end(exchange: Exchange, trailers: Fields | undefined): WriteResult {
    if (this.#framing === 'length' && this.#owed > 0) return 'too-short';
    if (this.#framing === 'chunked') {
      if (this.#chunkAt >= 0) this.seal();
      const sent = exchange.request.minorVersion < 1 || exchange.isDowngraded ? undefined : trailers;
      const at = this.#connection.reserve(LAST_CHUNK_BYTES + (sent === undefined ? 0 : fieldsSize(sent)));
      this.#connection.commit(writeLastChunk(this.#link.scratch.buffer, at, sent));
    }
    return 'fine';
  }

  /** Completes the open chunk: its length is known only now. Room for the line end was kept. */
  seal(): void {
    const scratch = this.#link.scratch;
    writeChunkHeader(scratch.buffer, this.#chunkAt, scratch.used - this.#chunkAt - CHUNK_HEADER_BYTES);
    scratch.used = writeChunkEnd(scratch.buffer, scratch.used);
    this.#chunkAt = -1;
    this.#connection.openFrame = undefined;
  }

  #openChunk(): void {
    this.#chunkAt = this.#connection.reserve(CHUNK_HEADER_BYTES + 1 + CHUNK_END_BYTES);
    this.#connection.commit(this.#chunkAt + CHUNK_HEADER_BYTES);
    this.#connection.openFrame = this;
  }
}

function copyBytes(bytes: Buffer, out: Buffer, at: number): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i];
  return at + bytes.length;
}

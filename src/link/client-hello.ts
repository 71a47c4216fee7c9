// The first octets of a connection to a TLS port, before TLS has them: whether it is TLS at all, and the server name the
// client asks for (RFC 8446 §4.1.2, RFC 6066 §3). OpenSSL checks the rest; here nothing is believed but the name.

/** Octets of a ClientHello with its record heads; browsers send less than 2 KiB. A longer one is refused. */
export const HELLO_BYTES_MAX: number = 16 * 1024;

export type FirstOctets =
  /** Not enough yet. */
  | { readonly kind: 'more' }
  /** A ClientHello; the name in lower case, undefined when there is none or it is no name. */
  | { readonly kind: 'hello'; readonly serverName: string | undefined }
  /** Letters, as in the first word of an HTTP request. */
  | { readonly kind: 'plain' }
  | { readonly kind: 'unknown' };

const MORE: FirstOctets = { kind: 'more' };
const NAMELESS: FirstOctets = { kind: 'hello', serverName: undefined };
const UNKNOWN: FirstOctets = { kind: 'unknown' };

const HANDSHAKE_RECORD = 22;
const RECORD_HEAD_BYTES = 5;
const CLIENT_HELLO = 1;
const MESSAGE_HEAD_BYTES = 4;
/** Version and random. */
const FIXED_BYTES = 2 + 32;
const SERVER_NAME_EXTENSION = 0;
const HOST_NAME = 0;
/** RFC 1035 §2.3.4. */
const NAME_BYTES_MAX = 255;

/** Looks at everything that has come so far. */
export function readFirstOctets(octets: Buffer): FirstOctets {
  if (octets.length === 0) return MORE;
  if (octets[0] !== HANDSHAKE_RECORD)
    return /[A-Za-z]/.test(String.fromCharCode(octets[0])) ? { kind: 'plain' } : UNKNOWN;
  const message = gather(octets);
  if (message === 'broken') return NAMELESS; // OpenSSL finds the words for it
  if (message === undefined) return octets.length > HELLO_BYTES_MAX ? UNKNOWN : MORE;
  return { kind: 'hello', serverName: serverNameOf(message) };
}

/** The handshake message out of its records; undefined while it is not complete. */
function gather(octets: Buffer): Buffer | 'broken' | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  let wanted = MESSAGE_HEAD_BYTES;
  for (let at = 0; length < wanted; ) {
    if (at + RECORD_HEAD_BYTES > octets.length) return undefined;
    const size = octets.readUInt16BE(at + 3);
    if (octets[at] !== HANDSHAKE_RECORD || size === 0) return 'broken';
    const part = octets.subarray(at + RECORD_HEAD_BYTES, at + RECORD_HEAD_BYTES + size);
    parts.push(part);
    length += part.length;
    if (length >= MESSAGE_HEAD_BYTES) {
      const head = parts.length === 1 ? part : Buffer.concat(parts);
      if (head[0] !== CLIENT_HELLO) return 'broken';
      wanted = MESSAGE_HEAD_BYTES + head.readUIntBE(1, 3);
    }
    if (part.length < size && length < wanted) return undefined;
    at += RECORD_HEAD_BYTES + size;
  }
  return Buffer.concat(parts).subarray(MESSAGE_HEAD_BYTES, wanted);
}

/** A place in a message that never reads beyond its end. */
class Cursor {
  readonly #octets: Buffer;
  #at = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#octets.length;
  }

  /** @returns 0 beyond the end */
  number(bytes: 1 | 2): number {
    const end = this.#at + bytes;
    const value = end > this.#octets.length ? 0 : this.#octets.readUIntBE(this.#at, bytes);
    this.#at = end;
    return value;
  }

  /** What is left of so many octets. */
  take(length: number): Buffer {
    const taken = this.#octets.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}

function serverNameOf(hello: Buffer): string | undefined {
  const cursor = new Cursor(hello);
  cursor.take(FIXED_BYTES);
  cursor.take(cursor.number(1)); // session id
  cursor.take(cursor.number(2)); // cipher suites
  cursor.take(cursor.number(1)); // compression methods
  const extensions = new Cursor(cursor.take(cursor.number(2)));
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.take(extensions.number(2));
    if (type === SERVER_NAME_EXTENSION) return hostNameOf(content);
  }
  return undefined;
}

function hostNameOf(content: Buffer): string | undefined {
  const list = new Cursor(content);
  list.number(2); // its length
  if (list.number(1) !== HOST_NAME) return undefined;
  const name = list.take(list.number(2));
  if (name.length === 0 || name.length > NAME_BYTES_MAX) return undefined;
  const text = name.toString('latin1').toLowerCase();
  return /^[\x21-\x7e]+$/.test(text) ? text.replace(/\.$/, '') : undefined;
}

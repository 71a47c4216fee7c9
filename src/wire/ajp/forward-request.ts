// FORWARD_REQUEST: what a front end tells a container about one request, as a reusable object of facts, and its
// encoding straight into the output buffer. The decoder of the other side fills the same object (request-decoder.ts).

import { FIELD } from '../../base/field-names.ts';
import { Fields } from '../../base/fields.ts';
import {
  ATTRIBUTE_AUTH_TYPE,
  ATTRIBUTE_CONTEXT,
  ATTRIBUTE_JVM_ROUTE,
  ATTRIBUTE_NAMED,
  ATTRIBUTE_QUERY_STRING,
  ATTRIBUTE_REMOTE_USER,
  ATTRIBUTE_SECRET,
  ATTRIBUTE_SERVLET_PATH,
  ATTRIBUTE_SSL_CERT,
  ATTRIBUTE_SSL_CIPHER,
  ATTRIBUTE_SSL_KEY_SIZE,
  ATTRIBUTE_SSL_SESSION,
  ATTRIBUTE_STORED_METHOD,
  ATTRIBUTES_DONE,
  FIELD_CODE_MARK,
  FORWARD_REQUEST,
  FRAME_BYTES,
  methodCode,
  PACKET_SIZE_MAX,
  REQUEST_FIELD_CODES,
  REQUEST_MAGIC,
  STORED_METHOD,
} from './constants.ts';
import { writeFields } from './field-writer.ts';
import { readWord, writeText, writeTextOrNull, writeWord } from './octets.ts';

/** `content-length: 0`: code, length of the value, value, end of text. */
const ZERO_LENGTH = Buffer.from([
  FIELD_CODE_MARK,
  REQUEST_FIELD_CODES.codeById[FIELD['Content-Length']],
  0,
  1,
  0x30,
  0,
]);

/** Attribute texts kept between requests; a list that grew beyond is let go. */
const KEPT_ATTRIBUTES = 32;

/**
 * The facts of one forwarded request. Texts are latin1: one character, one octet. One object serves many requests:
 * `reset` it and fill it again.
 */
export class ForwardRequest {
  method = 'GET';
  /** As in the request line: `HTTP/1.1`, `HTTP/1.0`. */
  protocol = 'HTTP/1.1';
  /** Path without query, percent-encoded as the container shall see it. */
  uri = '';
  remoteAddress: string | undefined = undefined;
  /** Name of the client; normally undefined, then containers use the address. */
  remoteHost: string | undefined = undefined;
  serverName: string | undefined = undefined;
  serverPort = 80;
  isSecure = false;
  /** May be set to a table that belongs to someone else: it is only read. */
  fields: Fields;
  /** Encode one field for each name, values joined by ", ", as httpd does (also Cookie). Default false. */
  mergeRepeats = false;
  /** Encode `content-length: 0` after the fields, as mod_jk does for requests that have neither length nor body. */
  addsZeroLength = false;

  context: string | undefined = undefined;
  servletPath: string | undefined = undefined;
  secret: string | undefined = undefined;
  remoteUser: string | undefined = undefined;
  authType: string | undefined = undefined;
  /** Without the question mark; '' is sent, undefined is not. */
  queryString: string | undefined = undefined;
  jvmRoute: string | undefined = undefined;
  /** Client certificate chain in PEM. */
  sslCert: string | undefined = undefined;
  sslCipher: string | undefined = undefined;
  sslSession: string | undefined = undefined;
  /** Bits of the cipher's key. */
  sslKeySize: number | undefined = undefined;

  /** Named request attributes, flat: name, value, name, value. Only the first `attributeCount` pairs mean anything. */
  readonly attributes: string[] = [];
  attributeCount = 0;

  constructor(fields: Fields = new Fields()) {
    this.fields = fields;
  }

  /** Forgets the request but for its table of fields, which whoever owns it resets. */
  reset(): void {
    this.method = 'GET';
    this.protocol = 'HTTP/1.1';
    this.uri = '';
    this.remoteAddress = undefined;
    this.remoteHost = undefined;
    this.serverName = undefined;
    this.serverPort = 80;
    this.isSecure = false;
    this.mergeRepeats = false;
    this.addsZeroLength = false;
    this.context = undefined;
    this.servletPath = undefined;
    this.secret = undefined;
    this.remoteUser = undefined;
    this.authType = undefined;
    this.queryString = undefined;
    this.jvmRoute = undefined;
    this.sslCert = undefined;
    this.sslCipher = undefined;
    this.sslSession = undefined;
    this.sslKeySize = undefined;
    this.attributeCount = 0;
    if (this.attributes.length > 2 * KEPT_ATTRIBUTES) this.attributes.length = 0;
  }

  /** Adds a named request attribute (0x0A) after those already there. */
  addAttribute(name: string, value: string): void {
    const at = this.attributeCount * 2;
    this.attributes[at] = name;
    this.attributes[at + 1] = value;
    this.attributeCount++;
  }

  /** Value of the last named attribute of this name: a container lets later ones replace earlier ones. */
  attribute(name: string): string | undefined {
    for (let at = this.attributeCount * 2 - 2; at >= 0; at -= 2) {
      if (this.attributes[at] === name) return this.attributes[at + 1];
    }
    return undefined;
  }
}

/**
 * Writes the packet at `at`. Attributes stand in the order of mod_proxy_ajp (mod_jk's is the same): context and
 * servlet path first, which neither sends; methods without a code are stored as attribute 0x0D.
 * @param packetSize octets the whole packet may take, frame included; `out` must have that much room or the rest counts
 * @returns the position after the packet; -1 when it does not fit: nothing that was written then means anything
 *   (mod_proxy_ajp answers 400, mod_jk 413)
 */
export function encodeForwardRequest(request: ForwardRequest, out: Buffer, at: number, packetSize: number): number {
  const limit = Math.min(at + Math.min(packetSize, PACKET_SIZE_MAX), out.length);
  if (at + FRAME_BYTES + 2 > limit) return -1;
  const code = methodCode(request.method);
  let to = at + FRAME_BYTES;
  out[to++] = FORWARD_REQUEST;
  out[to++] = code;
  to = writeText(out, to, limit, request.protocol);
  if (to >= 0) to = writeText(out, to, limit, request.uri);
  if (to >= 0) to = writeTextOrNull(out, to, limit, request.remoteAddress);
  if (to >= 0) to = writeTextOrNull(out, to, limit, request.remoteHost);
  if (to >= 0) to = writeTextOrNull(out, to, limit, request.serverName);
  if (to < 0 || to + 3 > limit) return -1;
  to = writeWord(out, to, request.serverPort);
  out[to++] = request.isSecure ? 1 : 0;
  const fieldsAt = to;
  to = writeFields(out, to, limit, request.fields, REQUEST_FIELD_CODES.codeById, request.mergeRepeats);
  if (request.addsZeroLength && to >= 0) to = addZeroLength(out, fieldsAt, to, limit);
  if (to >= 0) to = writeAttributes(request, code, out, to, limit);
  if (to < 0) return -1;
  writeWord(out, writeWord(out, at, REQUEST_MAGIC), to - at - FRAME_BYTES);
  return to;
}

/** One more field after those that are counted at `countAt`. */
function addZeroLength(out: Buffer, countAt: number, at: number, limit: number): number {
  if (at + ZERO_LENGTH.length > limit) return -1;
  writeWord(out, countAt, readWord(out, countAt) + 1);
  return at + ZERO_LENGTH.copy(out, at);
}

function writeAttributes(request: ForwardRequest, method: number, out: Buffer, at: number, limit: number): number {
  let to = writeAttribute(out, at, limit, ATTRIBUTE_CONTEXT, request.context);
  to = writeAttribute(out, to, limit, ATTRIBUTE_SERVLET_PATH, request.servletPath);
  to = writeAttribute(out, to, limit, ATTRIBUTE_SECRET, request.secret);
  to = writeAttribute(out, to, limit, ATTRIBUTE_REMOTE_USER, request.remoteUser);
  to = writeAttribute(out, to, limit, ATTRIBUTE_AUTH_TYPE, request.authType);
  to = writeAttribute(out, to, limit, ATTRIBUTE_QUERY_STRING, request.queryString);
  to = writeAttribute(out, to, limit, ATTRIBUTE_JVM_ROUTE, request.jvmRoute);
  to = writeAttribute(out, to, limit, ATTRIBUTE_SSL_CERT, request.sslCert);
  to = writeAttribute(out, to, limit, ATTRIBUTE_SSL_CIPHER, request.sslCipher);
  to = writeAttribute(out, to, limit, ATTRIBUTE_SSL_SESSION, request.sslSession);
  if (request.sslKeySize !== undefined && to >= 0) {
    if (to + 3 > limit) return -1;
    out[to] = ATTRIBUTE_SSL_KEY_SIZE;
    to = writeWord(out, to + 1, request.sslKeySize);
  }
  if (method === STORED_METHOD) to = writeAttribute(out, to, limit, ATTRIBUTE_STORED_METHOD, request.method);
  const attributes = request.attributes;
  for (let i = 0, end = request.attributeCount * 2; i < end && to >= 0; i += 2) {
    to = writeAttribute(out, to, limit, ATTRIBUTE_NAMED, attributes[i]);
    if (to >= 0) to = writeText(out, to, limit, attributes[i + 1]);
  }
  if (to < 0 || to >= limit) return -1;
  out[to] = ATTRIBUTES_DONE;
  return to + 1;
}

/** Writes code and text; nothing when there is no value, and passes an earlier "does not fit" on. */
function writeAttribute(out: Buffer, at: number, limit: number, code: number, value: string | undefined): number {
  if (value === undefined || at < 0) return at;
  if (at >= limit) return -1;
  out[at] = code;
  return writeText(out, at + 1, limit, value);
}

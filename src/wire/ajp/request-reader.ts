// The payload of FORWARD_REQUEST into a `DecodedRequest`. Stricter than Tomcat where a text could end a line or a
// header elsewhere; otherwise as Tomcat 10.1 reads it.

import { FIELD } from '../../base/field-names.ts';
import { RequestHead, UNKNOWN_LENGTH } from '../../base/head.ts';
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
  METHODS,
  NULL_STRING,
  REQUEST_FIELD_CODES,
  STORED_METHOD,
} from './constants.ts';
import { BAD_STRING, numberOf, TRUNCATED } from './failures.ts';
import { readContentLength, readFields } from './field-reader.ts';
import { ForwardRequest } from './forward-request.ts';
import { isOneLine, isToken, readWord, textOf } from './octets.ts';

const UNKNOWN_METHOD = numberOf('ajp-unknown-method');
const BAD_METHOD = numberOf('ajp-bad-method');
const UNKNOWN_ATTRIBUTE = numberOf('ajp-unknown-attribute');
const BAD_ATTRIBUTE = numberOf('ajp-bad-attribute');
const BAD_TEXT = numberOf('ajp-bad-text');
const BAD_URI = numberOf('ajp-bad-uri');
const TOO_MANY_FIELDS = numberOf('ajp-too-many-fields');
const CONFLICTING_LENGTH = numberOf('ajp-conflicting-length');

/** A request as a container received it. One object serves many requests: it is filled anew for each. */
export class DecodedRequest {
  /**
   * The request in terms of HTTP. `target` is the URI with its query, as the front end sent it; `bodyLength` is 0 also
   * when nothing was declared; `expectsContinue` is false, because the front end has answered that.
   */
  readonly head: RequestHead;
  /** What the front end told, as it stood in the packet; `facts.fields` is `head.fields`. */
  readonly facts: ForwardRequest;
  /**
   * False when there was neither Content-Length nor Transfer-Encoding. Tomcat then still asks for a body when the
   * application reads: a front end that speaks HTTP/2 may have one.
   */
  isLengthDeclared = false;

  constructor(head: RequestHead = new RequestHead()) {
    this.head = head;
    this.facts = new ForwardRequest(head.fields);
  }
}

/** Texts of the request before, which the next one on the connection is likely to repeat. */
interface PreviousTexts {
  protocol: string;
  uri: string;
  remoteAddress: string;
  remoteHost: string;
  serverName: string;
  jvmRoute: string;
  secret: string;
}

/** Reads payloads; one reader serves one connection, and reuses the texts of the request before. */
export class RequestReader {
  readonly #request: DecodedRequest;
  readonly #fieldCountMax: number;
  #bytes: Buffer = NOTHING;
  #at = 0;
  #end = 0;
  /** Number of the first failure, 0 while there is none; after it every read gives nothing. */
  #failure = 0;
  readonly #previous: PreviousTexts = {
    protocol: '',
    uri: '',
    remoteAddress: '',
    remoteHost: '',
    serverName: '',
    jvmRoute: '',
    secret: '',
  };

  constructor(request: DecodedRequest, fieldCountMax: number) {
    this.#request = request;
    this.#fieldCountMax = fieldCountMax;
  }

  /** Reads `[start, end)`, the payload after its code. @returns 0, or the number of a failure */
  read(bytes: Buffer, start: number, end: number): number {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#failure = 0;
    const { head, facts } = this.#request;
    head.reset();
    facts.reset();
    facts.method = '';
    const method = this.#octet();
    this.#readLine(facts);
    if (this.#failure === 0) this.#readFields();
    if (this.#failure === 0) this.#readAttributes(facts);
    if (this.#failure === 0) this.#chooseMethod(method);
    if (this.#failure === 0) this.#finishHead();
    this.#bytes = NOTHING;
    return this.#failure;
  }

  #readLine(facts: ForwardRequest): void {
    const previous = this.#previous;
    facts.protocol = previous.protocol = this.#line(previous.protocol) ?? '';
    facts.uri = previous.uri = this.#line(previous.uri) ?? '';
    facts.remoteAddress = this.#line(previous.remoteAddress);
    previous.remoteAddress = facts.remoteAddress ?? '';
    facts.remoteHost = this.#line(previous.remoteHost);
    previous.remoteHost = facts.remoteHost ?? '';
    facts.serverName = this.#line(previous.serverName);
    previous.serverName = facts.serverName ?? '';
    facts.serverPort = this.#word();
    facts.isSecure = this.#octet() !== 0;
    if (facts.uri === '') this.#fail(BAD_URI);
  }

  #readFields(): void {
    const count = this.#word();
    if (this.#failure !== 0) return;
    if (count > this.#fieldCountMax) this.#fail(TOO_MANY_FIELDS);
    else {
      const { fields } = this.#request.head;
      const after = readFields(this.#bytes, this.#at, this.#end, count, fields, REQUEST_FIELD_CODES.idByCode);
      if (after < 0) this.#fail(after);
      else this.#at = after;
    }
  }

  #readAttributes(facts: ForwardRequest): void {
    const previous = this.#previous;
    // Every turn takes at least one octet; where none is left, `#octet` reports the truncation.
    while (this.#failure === 0) {
      const code = this.#octet();
      if (this.#failure !== 0) return;
      switch (code) {
        case ATTRIBUTES_DONE:
          return;
        case ATTRIBUTE_CONTEXT:
          facts.context = this.#text('');
          break;
        case ATTRIBUTE_SERVLET_PATH:
          facts.servletPath = this.#text('');
          break;
        case ATTRIBUTE_REMOTE_USER:
          facts.remoteUser = this.#line('');
          break;
        case ATTRIBUTE_AUTH_TYPE:
          facts.authType = this.#line('');
          break;
        case ATTRIBUTE_QUERY_STRING:
          facts.queryString = this.#line('');
          break;
        case ATTRIBUTE_JVM_ROUTE:
          facts.jvmRoute = this.#text(previous.jvmRoute);
          previous.jvmRoute = facts.jvmRoute ?? '';
          break;
        case ATTRIBUTE_SSL_CERT:
          facts.sslCert = this.#text('');
          break;
        case ATTRIBUTE_SSL_CIPHER:
          facts.sslCipher = this.#text('');
          break;
        case ATTRIBUTE_SSL_SESSION:
          facts.sslSession = this.#text('');
          break;
        case ATTRIBUTE_NAMED:
          this.#readNamedAttribute(facts);
          break;
        case ATTRIBUTE_SSL_KEY_SIZE:
          facts.sslKeySize = this.#word();
          break;
        case ATTRIBUTE_SECRET:
          facts.secret = this.#text(previous.secret);
          previous.secret = facts.secret ?? '';
          break;
        case ATTRIBUTE_STORED_METHOD:
          this.#readStoredMethod(facts);
          break;
        default:
          this.#fail(UNKNOWN_ATTRIBUTE);
      }
    }
  }

  /** Names and values of the request before are compared first: they are the same on most connections. */
  #readNamedAttribute(facts: ForwardRequest): void {
    const at = facts.attributeCount * 2;
    const name = this.#text(facts.attributes[at] ?? '');
    const value = this.#text(facts.attributes[at + 1] ?? '');
    if (this.#failure !== 0) return;
    if (name === undefined || name === '') this.#fail(BAD_ATTRIBUTE);
    else facts.addAttribute(name, value ?? '');
  }

  #readStoredMethod(facts: ForwardRequest): void {
    const start = this.#at + 2;
    const method = this.#text('');
    if (this.#failure !== 0) return;
    if (method === undefined || !isToken(this.#bytes, start, start + method.length)) this.#fail(BAD_METHOD);
    else facts.method = method;
  }

  /** A stored method counts only under the code that says so; Tomcat lets it replace any method. */
  #chooseMethod(code: number): void {
    const { head, facts } = this.#request;
    if (code !== STORED_METHOD) {
      if (code === 0 || code >= METHODS.length) this.#fail(UNKNOWN_METHOD);
      else facts.method = METHODS[code];
    }
    if (facts.method === '') this.#fail(BAD_METHOD);
    head.method = facts.method;
  }

  #finishHead(): void {
    const { head, facts } = this.#request;
    head.target = facts.queryString === undefined ? facts.uri : `${facts.uri}?${facts.queryString}`;
    head.minorVersion = facts.protocol === 'HTTP/1.0' ? 0 : 1;
    head.keepAlive = true;
    const length = readContentLength(head.fields);
    const isEncoded = head.fields.hasKnown(FIELD['Transfer-Encoding']);
    this.#request.isLengthDeclared = isEncoded || length !== UNKNOWN_LENGTH;
    if (length < UNKNOWN_LENGTH) this.#fail(length);
    else if (isEncoded && length !== UNKNOWN_LENGTH) this.#fail(CONFLICTING_LENGTH);
    else if (isEncoded) head.bodyLength = UNKNOWN_LENGTH;
    else head.bodyLength = Math.max(0, length);
  }

  #octet(): number {
    if (this.#at >= this.#end) this.#fail(TRUNCATED);
    return this.#failure === 0 ? this.#bytes[this.#at++] : 0;
  }

  #word(): number {
    if (this.#at + 2 > this.#end) this.#fail(TRUNCATED);
    if (this.#failure !== 0) return 0;
    this.#at += 2;
    return readWord(this.#bytes, this.#at - 2);
  }

  /** Undefined for a null string, and after a failure. */
  #text(previous: string): string | undefined {
    const length = this.#word();
    if (this.#failure !== 0 || length === NULL_STRING) return undefined;
    const start = this.#at;
    const end = start + length;
    if (end >= this.#end) this.#fail(TRUNCATED);
    else if (this.#bytes[end] !== 0) this.#fail(BAD_STRING);
    if (this.#failure !== 0) return undefined;
    this.#at = end + 1;
    return textOf(this.#bytes, start, end, previous);
  }

  /** As `#text`, for texts that reach logs and header lines. */
  #line(previous: string): string | undefined {
    const start = this.#at + 2;
    const text = this.#text(previous);
    if (text !== undefined && !isOneLine(this.#bytes, start, start + text.length)) this.#fail(BAD_TEXT);
    return text;
  }

  #fail(failure: number): void {
    if (this.#failure === 0) this.#failure = failure;
  }
}

const NOTHING = Buffer.alloc(0);

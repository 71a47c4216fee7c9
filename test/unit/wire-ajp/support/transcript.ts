// Writes down what a decoder says, one line an event, in a form that does not depend on how the bytes were split: body
// octets that follow each other are one line.

import type { Failure } from '../../../../src/base/failure.ts';
import type { ResponseHead } from '../../../../src/base/head.ts';
import type { ForwardRequest } from '../../../../src/wire/ajp/forward-request.ts';
import type { RequestSink } from '../../../../src/wire/ajp/request-decoder.ts';
import type { DecodedRequest } from '../../../../src/wire/ajp/request-reader.ts';
import type { ResponseSink } from '../../../../src/wire/ajp/response-decoder.ts';

/** A sink for both directions. */
export class Transcript implements ResponseSink, RequestSink {
  readonly #lines: string[] = [];
  #body: Buffer[] = [];
  #allBody: Buffer[] = [];
  failure: Failure | undefined = undefined;
  /** Called after the line is written; a place for what the owner does in answer. */
  onPong: () => void = () => {};

  get lines(): readonly string[] {
    this.#endBody();
    return this.#lines;
  }

  /** All body octets so far, whatever came between them. */
  get bodyOctets(): Buffer {
    return Buffer.concat(this.#allBody);
  }

  say(line: string): void {
    this.#endBody();
    this.#lines.push(line);
  }

  head(head: ResponseHead): void {
    for (const line of describeHead(head)) this.say(line);
  }

  request(request: DecodedRequest): void {
    for (const line of describeRequest(request)) this.say(line);
  }

  body(bytes: Buffer, start: number, end: number): void {
    if (end <= start) this.say('an empty piece of body');
    const piece = Buffer.from(bytes.subarray(start, end));
    this.#body.push(piece);
    this.#allBody.push(piece);
  }

  flush(): void {
    this.say('flush');
  }

  wantBody(length: number): void {
    this.say(`want body ${length}`);
  }

  end(reuse: boolean): void {
    this.say(reuse ? 'end, reuse' : 'end, close');
  }

  pong(): void {
    this.say('pong');
    this.onPong();
  }

  bodyEnd(): void {
    this.say('body end');
  }

  ping(): void {
    this.say('ping');
  }

  shutdown(): void {
    this.say('shutdown');
  }

  failed(failure: Failure): void {
    this.failure = failure;
    this.say(`failed ${failure.code}${failure.status === undefined ? '' : ` ${failure.status}`}`);
  }

  #endBody(): void {
    if (this.#body.length === 0) return;
    const body = Buffer.concat(this.#body);
    this.#body = [];
    this.#lines.push(`body ${describeText(body.toString('latin1'))}`);
  }
}

export function describeHead(head: ResponseHead): string[] {
  const length = head.bodyLength < 0 ? 'unknown' : head.bodyLength;
  return [`head ${head.status} ${quote(head.reason)} length ${length}`, ...describeFields(head.fields.entries())];
}

export function describeRequest({ head, facts, isLengthDeclared }: DecodedRequest): string[] {
  const length = head.bodyLength < 0 ? 'unknown' : isLengthDeclared ? head.bodyLength : 'undeclared';
  const lines = [`request ${head.method} ${quote(head.target)} HTTP/1.${head.minorVersion} length ${length}`];
  const say = (name: string, value: string | number | undefined) => {
    if (value !== undefined) lines.push(`  ${name} ${typeof value === 'string' ? quote(value) : value}`);
  };
  if (facts.protocol !== 'HTTP/1.1') say('protocol', facts.protocol);
  say('remote address', facts.remoteAddress);
  say('remote host', facts.remoteHost);
  say('server name', facts.serverName);
  if (facts.serverPort !== 80) say('server port', facts.serverPort);
  if (facts.isSecure) lines.push('  secure');
  lines.push(...describeFields(head.fields.entries()), ...describeAttributes(facts));
  return lines;
}

function describeAttributes(facts: ForwardRequest): string[] {
  const named: string[] = [];
  for (let i = 0; i < facts.attributeCount; i++) {
    named.push(`  attribute ${quote(facts.attributes[i * 2])} = ${quote(facts.attributes[i * 2 + 1])}`);
  }
  const coded = {
    context: facts.context,
    'servlet path': facts.servletPath,
    secret: facts.secret,
    'remote user': facts.remoteUser,
    'auth type': facts.authType,
    'query string': facts.queryString,
    'jvm route': facts.jvmRoute,
    'ssl cert': facts.sslCert,
    'ssl cipher': facts.sslCipher,
    'ssl session': facts.sslSession,
    'ssl key size': facts.sslKeySize,
  };
  return Object.entries(coded)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name} ${typeof value === 'string' ? quote(value) : value}`)
    .concat(named);
}

function describeFields(entries: readonly (readonly [string, string])[]): string[] {
  return entries.map(([name, value]) => `  ${name}: ${isRun(value) ? describeText(value) : visible(value)}`.trimEnd());
}

/** Quoted text; a long run of one character is counted. */
function describeText(text: string): string {
  return isRun(text) ? `${text.length}*${quote(text[0])}` : quote(text);
}

function isRun(text: string): boolean {
  return text.length > 80 && text === text[0].repeat(text.length);
}

function quote(text: string): string {
  return `"${visible(text)}"`;
}

function visible(text: string): string {
  return text.replace(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

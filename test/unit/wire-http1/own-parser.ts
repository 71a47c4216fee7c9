// The codec's reading of a connection in the shape that Node's reading has.

import type { Fields } from '../../../src/base/fields.ts';
import { BodyDecoder, type BodySink } from '../../../src/wire/http1/body.ts';
import { FRAMING_UNTIL_CLOSE } from '../../../src/wire/http1/framing-fields.ts';
import { DONE } from '../../../src/wire/http1/parse-state.ts';
import { RequestHeadParser } from '../../../src/wire/http1/request-head.ts';
import { ResponseHeadParser } from '../../../src/wire/http1/response-head.ts';
import { reasonPhrase } from '../../../src/wire/http1/write.ts';
import type { Message, Verdict } from './node-parser.ts';

class OpenMessage implements BodySink {
  readonly start: string;
  readonly minorVersion: number;
  readonly fields: string[];
  body_ = '';
  isComplete = false;
  trailers: string[] = [];

  constructor(start: string, minorVersion: number, fields: Fields) {
    this.start = start;
    this.minorVersion = minorVersion;
    this.fields = fields.entries().flat();
  }

  body(bytes: Buffer, start: number, end: number): void {
    this.body_ += bytes.toString('latin1', start, end);
  }

  bodyEnd(trailers: Fields | undefined): void {
    this.isComplete = true;
    this.trailers = trailers?.entries().flat() ?? [];
  }

  get message(): Message {
    const { start, minorVersion, fields, body_: body, isComplete, trailers } = this;
    return { start, minorVersion, fields, body, isComplete, trailers };
  }
}

/** Reads requests until the bytes end, fail, or a request says that it is the last. */
export function ownRequests(bytes: Buffer): Verdict {
  const heads = new RequestHeadParser();
  const bodies = new BodyDecoder();
  const open: OpenMessage[] = [];
  let at = 0;
  let refusal = '';
  let isWaiting = false;
  for (;;) {
    if (heads.parse(bytes, at, bytes.length) !== DONE) {
      refusal = heads.failure?.code ?? '';
      isWaiting = heads.failure === undefined && heads.hasBegun;
      break;
    }
    const { head } = heads;
    const message = new OpenMessage(`${head.method} ${head.target}`, head.minorVersion, head.fields);
    open.push(message);
    bodies.begin(head.bodyLength);
    at = bodies.decode(bytes, heads.consumed, bytes.length, message);
    refusal = bodies.failure?.code ?? '';
    if (!bodies.isComplete || !head.keepAlive) break;
  }
  return { messages: open.map((message) => message.message), refusal, isWaiting };
}

/** Reads one response with its interim heads. */
export function ownResponse(bytes: Buffer, method: string, isEnded: boolean): Verdict {
  const heads = new ResponseHeadParser();
  const bodies = new BodyDecoder('upstream');
  const open: OpenMessage[] = [];
  heads.begin(method);
  let at = 0;
  let refusal = '';
  let isWaiting = false;
  let end = bytes.length;
  for (;;) {
    if (heads.parse(bytes, at, bytes.length) !== DONE) {
      refusal = heads.failure?.code ?? '';
      isWaiting = !isEnded && heads.failure === undefined && heads.hasBegun;
      if (refusal === '' && isEnded) refusal = heads.close().code;
      break;
    }
    const { head } = heads;
    const reason = head.reason === '' ? reasonPhrase(head.status) : head.reason;
    const message = new OpenMessage(`${head.status} ${reason}`, head.minorVersion, head.fields);
    open.push(message);
    if (heads.isInterim) {
      message.isComplete = true;
      at = heads.consumed;
      continue;
    }
    bodies.begin(head.bodyLength, heads.framing === FRAMING_UNTIL_CLOSE);
    end = bodies.decode(bytes, heads.consumed, bytes.length, message);
    if (!bodies.isComplete) end = bytes.length;
    if (isEnded && !bodies.isComplete) bodies.close(message);
    refusal = bodies.failure?.code ?? '';
    break;
  }
  return { messages: open.map((message) => message.message), refusal, isWaiting, end };
}

// One question to one member on a connection of its own, which is closed afterwards: nothing of a check ever reaches the
// pool that requests use. An answer comes exactly once, within the two limits, unless the probe is stopped.

import { ResponseHead } from '../../base/head.ts';
import type { Connection } from '../../link/connection.ts';
import { Deadline } from '../../link/deadlines.ts';
import { type DialEvents, dial, dialSecure, type SecureDial } from '../../link/dial.ts';
import type { HealthLimits } from '../../site/health-limits.ts';
import { CPING_PACKET } from '../../wire/ajp/front-packets.ts';
import { ResponseDecoder } from '../../wire/ajp/response-decoder.ts';
import { BodyDecoder } from '../../wire/http1/body.ts';
import { FRAMING_NONE, FRAMING_UNTIL_CLOSE } from '../../wire/http1/framing-fields.ts';
import { FAILED, MORE } from '../../wire/http1/parse-state.ts';
import { ResponseHeadParser } from '../../wire/http1/response-head.ts';
import type { Backend } from '../upstream/backend.ts';
import { type Question, requestText } from './question.ts';

/** Octets of an answer's body that are looked at; what follows is not waited for. */
export const PROBE_BODY_BYTES_MAX: number = 64 * 1024;

/** How a question was answered. */
export type ProbeAnswer =
  /** Connected, or CPONG. */
  | { readonly kind: 'alive' }
  /** A whole HTTP answer. The head belongs to the receiver; `body` as far as it was looked at, '' for HEAD and OPTIONS. */
  | { readonly kind: 'http'; readonly head: ResponseHead; readonly body: string }
  /** No answer, or a broken one. `isOurs`: for want of descriptors or ports here, so that the member is not to blame. */
  | { readonly kind: 'none'; readonly cause: string; readonly isOurs: boolean };

export class Probe implements DialEvents {
  readonly #backend: Backend;
  readonly #question: Question;
  readonly #limits: HealthLimits;
  readonly #answered: (answer: ProbeAnswer) => void;
  readonly #deadline: Deadline;
  #connection: Connection | undefined = undefined;
  #isConnected = false;
  #isOver = false;
  #pong: ResponseDecoder | undefined = undefined;
  #head: ResponseHeadParser | undefined = undefined;
  #body: BodyDecoder | undefined = undefined;
  #text = '';

  private constructor(
    backend: Backend,
    question: Question,
    limits: HealthLimits,
    answered: (answer: ProbeAnswer) => void,
  ) {
    this.#backend = backend;
    this.#question = question;
    this.#limits = limits;
    this.#answered = answered;
    this.#deadline = new Deadline(() => this.#none('no answer in time'));
  }

  /** Asks; `answered` is called once, never before this returns. */
  static ask(
    backend: Backend,
    secure: SecureDial | undefined,
    question: Question,
    limits: HealthLimits,
    answered: (answer: ProbeAnswer) => void,
  ): Probe {
    const probe = new Probe(backend, question, limits, answered);
    backend.link.deadlines.arm(probe.#deadline, limits.connectMs);
    try {
      const { link, address } = backend;
      // To be connected is all that is asked: no TLS for that, as in httpd.
      const isPlain = !backend.isSecure || question.kind === 'connect';
      if (isPlain) probe.#connection = dial(link, address, false, probe);
      else if (secure !== undefined) probe.#connection = dialSecure(link, address, false, secure, probe);
      else link.clock.after(0, () => probe.#none('SSLProxyEngine is off'));
    } catch (error) {
      backend.link.clock.after(0, () => probe.#none(error instanceof Error ? error.message : String(error)));
    }
    return probe;
  }

  /** Nobody wants the answer any more. */
  stop(): void {
    if (this.#isOver) return;
    this.#close();
  }

  // --- what comes from the socket -----------------------------------------------------------------------------------

  connected(): void {
    if (this.#isOver) return;
    this.#isConnected = true;
    const { link } = this.#backend;
    const connection = this.#connection as Connection;
    if (this.#question.kind === 'connect') {
      this.#end({ kind: 'alive' });
      return;
    }
    link.deadlines.arm(this.#deadline, this.#limits.answerMs);
    if (this.#question.kind === 'ping') {
      this.#pong = new ResponseDecoder();
      this.#pong.expectPong();
      connection.send(CPING_PACKET);
    } else {
      this.#head = new ResponseHeadParser(undefined, new ResponseHead());
      this.#head.begin(this.#question.method);
      connection.send(Buffer.from(requestText(this.#question, this.#backend.config), 'latin1'));
    }
  }

  received(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    if (this.#pong !== undefined) this.#pong.decode(bytes, start, end, this);
    else if (this.#body !== undefined) this.#readBody(this.#body, bytes, start, end);
    else if (this.#head !== undefined) this.#readHead(this.#head, bytes, start, end);
  }

  peerEnded(): void {
    if (this.#isOver) return;
    this.#body?.close(this);
    this.#none('closed without a complete answer');
  }

  drained(): void {}

  closed(error: Error | undefined): void {
    if (this.#isOver) return;
    if (this.#isConnected) {
      this.#none((error as NodeJS.ErrnoException | undefined)?.code ?? 'closed without a complete answer');
      return;
    }
    const failure = this.#backend.connectFailure(error, false);
    this.#none(reasonOf(error), failure.source === 'internal');
  }

  // --- AJP ----------------------------------------------------------------------------------------------------------

  pong(): void {
    this.#end({ kind: 'alive' });
  }

  /** Whatever else comes to a CPING is no answer. */
  failed(failure: Error): void {
    this.#none(failure.message);
  }

  head(): void {}
  flush(): void {}
  wantBody(): void {}
  end(): void {}

  // --- HTTP ---------------------------------------------------------------------------------------------------------

  #readHead(parser: ResponseHeadParser, bytes: Buffer, start: number, end: number): void {
    let at = start;
    do {
      const state = parser.parse(bytes, at, end);
      if (state === MORE) return;
      if (state === FAILED) {
        this.#none(`the answer is broken: ${parser.failure?.message}`);
        return;
      }
      at = parser.consumed;
    } while (parser.isInterim);
    const isRead = this.#question.kind === 'http' && this.#question.method === 'GET';
    if (!isRead || parser.framing === FRAMING_NONE || parser.head.bodyLength === 0) {
      this.bodyEnd();
      return;
    }
    this.#body = new BodyDecoder('upstream');
    this.#body.begin(parser.head.bodyLength, parser.framing === FRAMING_UNTIL_CLOSE);
    this.#readBody(this.#body, bytes, at, end);
  }

  #readBody(decoder: BodyDecoder, bytes: Buffer, start: number, end: number): void {
    decoder.decode(bytes, start, end, this);
    if (decoder.failure !== undefined) this.#none(`the answer is broken: ${decoder.failure.message}`);
  }

  body(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    this.#text += bytes.toString('latin1', start, Math.min(end, start + PROBE_BODY_BYTES_MAX - this.#text.length));
    if (this.#text.length >= PROBE_BODY_BYTES_MAX) this.bodyEnd();
  }

  bodyEnd(): void {
    const { head } = this.#head as ResponseHeadParser;
    this.#end({ kind: 'http', head, body: this.#text });
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  #none(cause: string, isOurs = false): void {
    this.#end({ kind: 'none', cause, isOurs });
  }

  #end(answer: ProbeAnswer): void {
    if (this.#isOver) return;
    this.#close();
    this.#answered(answer);
  }

  #close(): void {
    this.#isOver = true;
    this.#backend.link.deadlines.disarm(this.#deadline);
    this.#connection?.destroy();
  }
}

function reasonOf(error: Error | undefined): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? error?.message ?? 'not connected';
}

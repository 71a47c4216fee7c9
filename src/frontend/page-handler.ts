// Pages that rooms above supply for handlers of the configuration (balancer-manager and the like): what the frontend asks
// of them, and what they need of it. Access rules have been passed when a page is asked for.

import type { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import type { Link } from '../link/link.ts';
import type { Exchange, ExchangeSink } from '../listener/exchange.ts';
import type { Activity, ServerFacts } from './activity.ts';
import type { RunningSite } from './running-site.ts';
import { KNOWN_METHODS } from './static/static.ts';
import type { Visit } from './visit.ts';

/** Answers the exchanges of one SetHandler name. */
export interface PageHandler {
  /** Answers `visit.exchange`, at once or when its body has come. */
  handle(visit: Visit, host: PageHost): void;
}

/** By the handler's name, lower-case. */
export type PageHandlers = ReadonlyMap<string, PageHandler>;

/** Handlers that httpd's configurations name, kept closed where nobody supplies their pages. */
export const UNBUILT_HANDLERS: ReadonlySet<string> = new Set([
  'balancer-manager',
  'server-status',
  'server-info',
  'jk-status',
]);

/** Handlers under which files are sent. */
export const FILE_HANDLERS: ReadonlySet<string> = new Set(['none', 'default-handler']);

/** What a page may ask of the frontend. */
export interface PageHost {
  readonly link: Link;
  readonly activity: Activity;
  readonly server: ServerFacts;
  /** The site in force: another than `visit.site` when it was reloaded while the request's body came. */
  readonly site: RunningSite;
  /** Answers with an error page, or the ErrorDocument in force. */
  fail(visit: Visit, status: number, failure?: Failure): void;
}

/** A whole answer. */
export interface Page {
  readonly status: number;
  /** Value of Content-Type. */
  readonly type: string;
  readonly body: Buffer;
  /** Further fields. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

/** Answers a method that a page does not take; OPTIONS hears which it does. */
export function refuseMethod(visit: Visit, host: PageHost, allow: string): void {
  const { exchange } = visit;
  const { method } = exchange.request;
  exchange.response.fields.setKnown(FIELD.Allow, allow);
  if (method === 'OPTIONS') answerPage(visit, { status: 200, type: 'text/plain', body: Buffer.alloc(0) });
  else host.fail(visit, KNOWN_METHODS.has(method) ? 405 : 501);
}

/** Sends a page; HEAD gets its head. A page of an error (ErrorDocument) goes out with the status of the error. */
export function answerPage({ exchange, originalStatus }: Visit, { status, type, body, fields = [] }: Page): void {
  exchange.endSink();
  const { response } = exchange;
  response.status = status === 200 ? (originalStatus ?? 200) : status;
  response.bodyLength = body.length;
  response.fields.setKnown(FIELD['Content-Type'], type);
  for (const [name, value] of fields) response.fields.set(name, value);
  exchange.sendHead();
  if (exchange.request.method !== 'HEAD') exchange.sendBody(body, 0, body.length);
  exchange.sendEnd();
}

/**
 * Reads the first `limitBytes` of the request body and calls `use` with them as octets (latin1 view), once, as soon as
 * they are there or the body ends. What follows them is left unread. Nothing is called when the client goes away first.
 */
export function readBody(exchange: Exchange, limitBytes: number, use: (text: string) => void): void {
  exchange.sink = new BoundedBody(limitBytes, exchange, use);
  exchange.resumeBody();
}

class BoundedBody implements ExchangeSink {
  readonly #limitBytes: number;
  readonly #exchange: Exchange;
  readonly #use: (text: string) => void;
  #text = '';
  #isOver = false;

  constructor(limitBytes: number, exchange: Exchange, use: (text: string) => void) {
    this.#limitBytes = limitBytes;
    this.#exchange = exchange;
    this.#use = use;
  }

  requestBody(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    this.#text += bytes.toString('latin1', start, Math.min(end, start + this.#limitBytes - this.#text.length));
    if (this.#text.length < this.#limitBytes) return;
    this.#exchange.pauseBody();
    this.requestEnd();
  }

  requestEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#use(this.#text);
  }

  drained(): void {
    // The answer is sent whole.
  }

  aborted(): void {
    this.#isOver = true;
  }

  ended(): void {
    this.#isOver = true;
  }
}

// The pages that rooms above supply, by handler: whether there is one, and its answer. Place in the picture: between the
// frontend's phases and `page-handler.ts`, the form that pages have.

import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { type PageHandlers, type PageHost, UNBUILT_HANDLERS } from './page-handler.ts';
import type { Visit } from './visit.ts';

export class Pages {
  readonly #handlers: PageHandlers;
  readonly #log: Log;

  constructor(handlers: PageHandlers, log: Log) {
    this.#handlers = handlers;
    this.#log = log;
  }

  /** Whether the handler is one of pages, built or not. */
  has(handler: string): boolean {
    return this.#handlers.has(handler) || UNBUILT_HANDLERS.has(handler);
  }

  /** A manager is never proxied away and never open; without pages it says so. */
  answer(visit: Visit, handler: string, host: PageHost): void {
    if (visit.trace?.reachedPage() === true) return;
    const page = this.#handlers.get(handler);
    if (page !== undefined) {
      page.handle(visit, host);
      return;
    }
    this.#log.warn('handler-not-built', { handler, path: visit.path, host: visit.canonicalName });
    const failure = new Failure('handler-not-built', 'internal', `${handler} has no pages yet`, { status: 501 });
    host.fail(visit, 501, failure);
  }
}

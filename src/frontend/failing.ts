// Answers that are not what was asked for: an error page, or the ErrorDocument in force, which may run the request again
// for a page of the same host. Source: documentation of ErrorDocument; recordings P-FO-53, P-FO-54.

import { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import type { Log } from '../base/log.ts';
import type { HeadFilter } from '../listener/exchange.ts';
import { answerError, answerErrorDocument, type ErrorRedirect } from './error-page.ts';
import type { Visit } from './visit.ts';

/** Internal redirects in one exchange; more is a loop in the configuration (httpd: LimitInternalRecursion). */
export const REDIRECTS_MAX = 10;

export class Failing {
  readonly #log: Log;
  readonly #headFilter: HeadFilter;
  readonly #again: (visit: Visit, path: string) => void;

  /** @param again runs the exchange again for another path of the same host */
  constructor(log: Log, headFilter: HeadFilter, again: (visit: Visit, path: string) => void) {
    this.#log = log;
    this.#headFilter = headFilter;
    this.#again = again;
  }

  /** Answers with an error page, or the ErrorDocument in force. */
  fail(visit: Visit, status: number, failure?: Failure): void {
    const { exchange } = visit;
    visit.isOwnError = true;
    visit.trace?.failed(failure);
    if (status >= 500 && visit.trace?.isRehearsal !== true) this.tell(visit, status, failure);
    if (visit.settings.headerOps !== undefined || visit.challenge !== undefined) exchange.headFilter = this.#headFilter;
    if (visit.originalStatus !== undefined) {
      answerError(exchange, visit.originalStatus, failure);
      return;
    }
    const { errorDocuments } = visit.settings;
    const redirect = answerErrorDocument(exchange, status, errorDocuments, visit.path ?? '', visit, failure);
    if (redirect !== undefined) this.#showDocument(visit, redirect);
  }

  /** Whether the exchange may run again; a loop is answered here. */
  mayRunAgain(visit: Visit): boolean {
    if (++visit.redirects <= REDIRECTS_MAX) return true;
    const why = `more than ${REDIRECTS_MAX} internal redirects`;
    answerError(visit.exchange, 500, new Failure('redirect-loop', 'internal', why, { status: 500 }));
    return false;
  }

  /** An operator must be able to read why a client got an error of ours. */
  tell(visit: Visit, status: number, failure: Failure | undefined): void {
    const log = visit.goal.kind === 'jk' ? visit.site.jkLog : this.#log;
    log.error('request-failed', {
      status,
      code: failure?.code,
      why: failure?.message,
      client: visit.clientAddress,
      method: visit.method,
      host: visit.requestName,
      path: visit.path,
    });
  }

  /** The request runs again for a local page, whose answer goes out with the status of the error. */
  #showDocument(visit: Visit, redirect: ErrorRedirect): void {
    const { exchange } = visit;
    visit.originalStatus = redirect.status;
    visit.isOwnError = false;
    for (const [name, value] of redirect.env) exchange.setEnv(name, value);
    // The page is asked for with GET and without the body of the request that failed.
    const { request } = exchange;
    visit.originalMethod ??= request.method;
    if (request.method !== 'HEAD') request.method = 'GET';
    request.bodyLength = 0;
    request.fields.removeKnown(FIELD['Content-Length']);
    request.fields.removeKnown(FIELD['Transfer-Encoding']);
    // The document may have a query of its own; that of the request that failed is not for it.
    const question = redirect.path.indexOf('?');
    visit.query = question < 0 ? undefined : redirect.path.slice(question + 1);
    this.#again(visit, question < 0 ? redirect.path : redirect.path.slice(0, question));
  }
}

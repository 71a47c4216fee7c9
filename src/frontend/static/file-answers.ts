// Requests that a file answers, or the handler that a file has: what stands between the phases of a request and the static
// files, which know nothing of visits.

import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { answerRedirect } from '../error-page.ts';
import { JK_HANDLER } from '../jk/jk-mapping.ts';
import { serveByHandler, serveFolder } from '../jk/jk-serving.ts';
import { FILE_HANDLERS, type PageHost } from '../page-handler.ts';
import type { Pages } from '../pages.ts';
import type { Visit } from '../visit.ts';
import { StaticFiles, type StaticHooks } from './static.ts';
import { escapePath } from './static-path.ts';
import { staticRequest } from './static-request.ts';

/** What files ask of the frontend. */
export interface FileHost extends PageHost {
  /** Runs the exchange again for another encoded path of the same host. */
  again(visit: Visit, path: string): void;
}

export class FileAnswers {
  readonly #pages: Pages;
  readonly #host: FileHost;
  readonly #files: StaticFiles;
  readonly #hooks: StaticHooks;

  constructor(clock: Clock, pages: Pages, host: FileHost) {
    this.#pages = pages;
    this.#host = host;
    this.#files = new StaticFiles({ clock });
    this.#hooks = {
      fail: (exchange, status, failure) => host.fail(exchange.attachment as Visit, status, failure),
      moved: (exchange, location) => {
        (exchange.attachment as Visit).isOwnError = true;
        answerRedirect(exchange, 301, location);
      },
      redirect: (exchange, path) => {
        const visit = exchange.attachment as Visit;
        visit.isIndexRun = true;
        host.again(visit, escapePath(path));
      },
      folder: (exchange) => serveFolder(exchange.attachment as Visit, pages, host),
    };
  }

  serve(visit: Visit): void {
    const target = visit.goal.file;
    const handler = visit.rewriteHandler ?? visit.settings.handler;
    const isForJk = handler === JK_HANDLER && visit.host.jk !== undefined;
    if (isForJk && serveByHandler(visit, this.#pages, this.#host)) return;
    if (target === undefined || target.refusal !== undefined) {
      this.#host.fail(visit, target?.refusal ?? 404);
      return;
    }
    visit.file = target.file;
    if (handler !== undefined && this.#pages.has(handler)) {
      visit.handler = handler;
      this.#pages.answer(visit, handler, this.#host);
    } else if (handler !== undefined && !FILE_HANDLERS.has(handler) && !isForJk) {
      // The file is a program or its data in the eyes of the configuration: its source must not be sent.
      const failure = new Failure('unknown-handler', 'internal', `there is no handler ${handler}`, { status: 500 });
      this.#host.fail(visit, 500, failure);
    } else this.#files.serve(visit.exchange, staticRequest(visit, target, this.#hooks));
  }
}

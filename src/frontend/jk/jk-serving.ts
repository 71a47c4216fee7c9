// Answers a request that mod_jk has taken, when the client has been let in: a Tomcat, a balancer, or the pages of a status
// worker. Place in the picture: the last phase, beside pages, files and proxying.

import { Failure } from '../../base/failure.ts';
import type { JkTarget } from '../../site/model.ts';
import { FILE_HANDLERS, type PageHost } from '../page-handler.ts';
import type { Pages } from '../pages.ts';
import { answerTrace } from '../upstream/max-forwards.ts';
import type { Visit } from '../visit.ts';
import { folderTarget, handlerTarget, JK_HANDLER, leavesAlone } from './jk-mapping.ts';
import { JkAccount } from './jk-notes.ts';
import { proxyToWorker } from './jk-proxying.ts';

/** Handler of the pages of status workers; `visit.goal.jk` is the worker. */
const STATUS_HANDLER = 'jk-status';

/** A request that a rule has taken. SetHandler in its sections still says otherwise, and so does no-jk of SetEnv. */
export function serveJk(visit: Visit, pages: Pages, host: PageHost): void {
  const { handler } = visit.settings;
  const { jk } = visit.goal;
  if (handler !== undefined && handler !== 'none' && handler !== JK_HANDLER) {
    if (pages.has(handler)) {
      visit.handler = handler;
      pages.answer(visit, handler, host);
    } else if (FILE_HANDLERS.has(handler)) host.fail(visit, 404);
    else {
      const why = `there is no handler ${handler}`;
      host.fail(visit, 500, new Failure('unknown-handler', 'internal', why, { status: 500 }));
    }
  } else if (jk === undefined || leavesAlone(visit)) host.fail(visit, 404);
  else answer(visit, jk, pages, host);
}

/**
 * A request that `SetHandler jakarta-servlet` gives to mod_jk.
 * @returns false when variables keep mod_jk away, and the file is to be sent
 */
export function serveByHandler(visit: Visit, pages: Pages, host: PageHost): boolean {
  const rules = visit.host.jk;
  if (rules === undefined || leavesAlone(visit)) return false;
  const target = handlerTarget(visit, rules);
  if (target !== undefined) take(visit, target, pages, host);
  else {
    // The source of a page must not be sent because nobody says which worker runs it.
    const why = `nothing names a worker: set ${rules.host.workerIndicator}`;
    host.fail(visit, 404, new Failure('no-worker', 'internal', why, { status: 404 }));
  }
  return true;
}

/** A folder without an index. @returns false when no rule takes one of its indexes */
export function serveFolder(visit: Visit, pages: Pages, host: PageHost): boolean {
  const rules = visit.host.jk;
  const target = rules === undefined ? undefined : folderTarget(visit, rules);
  if (target === undefined) return false;
  take(visit, target, pages, host);
  return true;
}

function take(visit: Visit, target: JkTarget, pages: Pages, host: PageHost): void {
  const { goal } = visit;
  goal.kind = 'jk';
  goal.jk = target;
  goal.path ||= visit.forms.decoded;
  goal.query = visit.query;
  visit.handler = JK_HANDLER;
  answer(visit, target, pages, host);
}

/** TRACE is never asked of a worker: httpd's core answers it. */
function answer(visit: Visit, target: JkTarget, pages: Pages, host: PageHost): void {
  const { worker, name } = target;
  if (visit.exchange.request.method === 'TRACE') {
    answerTrace(visit.exchange);
    return;
  }
  if (visit.host.keepsJkAccounts) visit.jkAccount = new JkAccount(target, host.link.clock);
  const rules = visit.host.jk;
  if (worker === undefined || rules === undefined) {
    const why = `there is no worker "${name}" in worker.list`;
    host.fail(visit, 500, new Failure('unknown-worker', 'internal', why, { status: 500 }));
  } else if (worker.kind === 'status') {
    // As under mod_jk, monitors keep the workers of a site looked after that nobody else asks.
    visit.site.maintainJk();
    visit.handler = STATUS_HANDLER;
    pages.answer(visit, STATUS_HANDLER, host);
  } else if (isTooLong(visit)) {
    const why = 'the body is longer than LimitRequestBody allows';
    host.fail(visit, 413, new Failure('body-over-limit', 'downstream', why, { status: 413 }));
  } else proxyToWorker(host, visit, rules.host, worker);
}

/** LimitRequestBody, which httpd holds against the Content-Length of what mod_jk takes, not of what mod_proxy takes. */
function isTooLong({ exchange, settings }: Visit): boolean {
  const { limitRequestBodyBytes = 0 } = settings;
  return limitRequestBodyBytes > 0 && exchange.request.bodyLength > limitRequestBodyBytes;
}

// Answers a request that mod_jk has taken, when the client has been let in: a Tomcat, a balancer, or the pages of a status
// worker. Place in the picture: the last phase, beside pages, files and proxying.

import { Failure } from '../../base/failure.ts';
import type { JkHost, JkTarget } from '../../site/model.ts';
import type { PageHost } from '../page-handler.ts';
import type { Pages } from '../pages.ts';
import { answerTrace } from '../upstream/max-forwards.ts';
import type { Visit } from '../visit.ts';
import { jkTargetOf } from './jk-mapping.ts';
import { JkAccount } from './jk-notes.ts';
import { proxyToWorker } from './jk-proxying.ts';

/** Handler of the pages of status workers; `visit.goal.jk` is the worker. */
const STATUS_HANDLER = 'jk-status';

/** TRACE is never asked of a worker: httpd's core answers it. */
export function serveJk(visit: Visit, pages: Pages, host: PageHost): void {
  const { jk } = visit.host;
  const target = jk === undefined ? undefined : jkTargetOf(visit, jk);
  visit.goal.jk = target;
  if (visit.exchange.request.method === 'TRACE') answerTrace(visit.exchange);
  else if (jk === undefined || target === undefined) host.fail(visit, 404);
  else serveWorker(visit, target, jk.host, pages, host);
}

function serveWorker(visit: Visit, target: JkTarget, jk: JkHost, pages: Pages, host: PageHost): void {
  const { worker, name } = target;
  if (visit.host.keepsJkAccounts) visit.jkAccount = new JkAccount(target, host.link.clock);
  if (worker === undefined) {
    const why = `there is no worker "${name}" in worker.list`;
    host.fail(visit, 500, new Failure('unknown-worker', 'internal', why, { status: 500 }));
  } else if (worker.kind === 'status') {
    visit.handler = STATUS_HANDLER;
    pages.answer(visit, STATUS_HANDLER, host);
  } else proxyToWorker(host, visit, jk, worker);
}

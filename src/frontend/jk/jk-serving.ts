// Answers a request that mod_jk has taken, when the client has been let in: a Tomcat, a balancer, or the pages of a status
// worker. Place in the picture: the last phase, beside pages, files and proxying.

import { Failure } from '../../base/failure.ts';
import type { PageHost } from '../page-handler.ts';
import type { Pages } from '../pages.ts';
import type { Visit } from '../visit.ts';
import { jkTargetOf } from './jk-mapping.ts';
import { proxyToWorker } from './jk-proxying.ts';

/** Handler of the pages of status workers; `visit.goal.jk` is the worker. */
const STATUS_HANDLER = 'jk-status';

export function serveJk(visit: Visit, pages: Pages, host: PageHost): void {
  const target = visit.host.jk === undefined ? undefined : jkTargetOf(visit, visit.host.jk);
  visit.goal.jk = target;
  if (target === undefined) host.fail(visit, 404);
  else if (target.worker === undefined) {
    const why = `there is no worker "${target.name}" in worker.list`;
    host.fail(visit, 500, new Failure('unknown-worker', 'internal', why, { status: 500 }));
  } else if (target.worker.kind === 'status') {
    visit.handler = STATUS_HANDLER;
    pages.answer(visit, STATUS_HANDLER, host);
  } else proxyToWorker(host, visit, target.worker);
}

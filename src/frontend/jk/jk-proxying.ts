// From a worker of mod_jk to a proxied exchange. Place in the picture: beside `upstream/proxying.ts`, for targets that
// JkMount and its kin have found.

import type { AjpWorker, LbWorker } from '../../site/model.ts';
import { encodePath } from '../../site/path.ts';
import { answerTrace } from '../upstream/max-forwards.ts';
import { type ProxyingFrontend, proxyExchange } from '../upstream/proxying.ts';
import type { Visit } from '../visit.ts';

/** Begins to proxy. TRACE is answered here. */
export function proxyToWorker(frontend: ProxyingFrontend, visit: Visit, worker: LbWorker | AjpWorker): void {
  if (visit.exchange.request.method === 'TRACE') {
    answerTrace(visit.exchange);
    return;
  }
  const target = {
    kind: 'proxy',
    balancer: worker.balancer,
    authority: `ajp://${worker.name}`,
    path: '',
    isDirect: worker.kind === 'ajp',
  } as const;
  proxyExchange(frontend, visit, target, encodePath(visit.goal.path, false));
}

// The pages of this room by the handler that a configuration names: what the programs hand to the frontend.

import type { Log } from '../base/log.ts';
import type { PageHandlers } from '../frontend/page-handler.ts';
import { balancerManager } from './balancer-manager.ts';
import { jkStatus } from './jk-status/handler.ts';
import { serverStatus } from './server-status.ts';

/** One set for one server. */
export function managerPages(log: Log): PageHandlers {
  return new Map([
    ['balancer-manager', balancerManager({ log })],
    ['jk-status', jkStatus(log)],
    ['server-status', serverStatus()],
  ]);
}

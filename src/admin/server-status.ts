// SetHandler server-status: httpd's status page, for people, and with `?auto` for monitors (managers.md §6; measured on
// httpd 2.4.71). What httpd counts in threads is counted in requests here: there is room for as many as connections.

import { loadavg } from 'node:os';
import { cpuUsage } from 'node:process';
import { answerPage, type PageHandler, type PageHost, refuseMethod } from '../frontend/page-handler.ts';
import type { Visit } from '../frontend/visit.ts';
import { viewBalancers } from './balancer-views.ts';
import { PAGE_FIELDS } from './page-fields.ts';
import { autoText } from './server-status-auto.ts';
import type { ServerStatus } from './server-status-facts.ts';
import { statusHtml } from './server-status-html.ts';

const ALLOW = 'GET,HEAD,OPTIONS';
/** How often a page asks to be read again that names no time, in seconds. */
const REFRESH_SECONDS = 10;

/** What the machine tells. */
export interface Machine {
  /** Processes that wanted to run, in the last 1, 5 and 15 minutes. Default: the system's. */
  readonly load?: () => readonly number[];
  /** Processor time of this process, in seconds. Default: the system's. */
  readonly cpu?: () => { readonly user: number; readonly system: number };
}

export function serverStatus({ load = loadavg, cpu = processorSeconds }: Machine = {}): PageHandler {
  return {
    handle(visit, frontend) {
      const { exchange } = visit;
      switch (exchange.request.method) {
        case 'GET':
        case 'HEAD':
          answer(visit, factsOf(visit, frontend, load(), cpu()));
          return;
        default:
          refuseMethod(visit, frontend, ALLOW);
      }
    },
  };
}

/** Options are looked for anywhere in the query, as in httpd. */
function answer(visit: Visit, facts: ServerStatus): void {
  const query = visit.query ?? '';
  const isAuto = query.includes('auto');
  const refresh = query.includes('refresh') ? Number(/refresh=(\d+)/.exec(query)?.[1] ?? 0) : undefined;
  const text = isAuto ? autoText(facts) : statusHtml(facts, !query.includes('notable'));
  answerPage(visit, {
    status: 200,
    type: `text/${isAuto ? 'plain' : 'html'}; charset=ISO-8859-1`,
    body: Buffer.from(text, 'latin1'),
    fields:
      refresh === undefined
        ? PAGE_FIELDS
        : [...PAGE_FIELDS, ['Refresh', String(refresh === 0 ? REFRESH_SECONDS : refresh)]],
  });
}

function factsOf(
  visit: Visit,
  { activity, server, site, link }: PageHost,
  load: readonly number[],
  cpu: { readonly user: number; readonly system: number },
): ServerStatus {
  const { host } = visit.host;
  const exchanges = [...server.exchanges()];
  return {
    serverName: visit.requestName,
    serverAddress: visit.serverAddress,
    nowWall: link.clock.wall(),
    now: link.clock.now(),
    activity,
    server,
    exchanges,
    idle: Math.max(0, server.connectionsMax - exchanges.length),
    load,
    cpu,
    isExtended: site.snapshot.server.extendedStatus,
    balancers: host.proxyStatus === 'off' ? [] : viewBalancers(site, host, () => ''),
  };
}

function processorSeconds(): { user: number; system: number } {
  const { user, system } = cpuUsage();
  return { user: user / 1e6, system: system / 1e6 };
}

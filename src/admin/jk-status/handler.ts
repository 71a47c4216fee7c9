// The pages of status workers (modjk.md §7): mod_jk's own, under the same addresses, parameters and formats, so that the
// scripts, tasks and monitors that read and change lb workers go on working. Place in the picture: `SetHandler`-like page
// handler for requests that a rule sent to a worker of type status.

import type { Log } from '../../base/log.ts';
import { HTTPD_VERSION } from '../../config/httpd/version.ts';
import { answerPage, type PageHandler, type PageHost, refuseMethod } from '../../frontend/page-handler.ts';
import type { Visit } from '../../frontend/visit.ts';
import type { JkSite, StatusWorker } from '../../site/jk/model-jk.ts';
import { type Addresses, withAddresses } from './addresses.ts';
import { changes, refusal } from './checks.ts';
import { foreignPage } from './foreign-page.ts';
import { htmlText } from './html.ts';
import { type MachineFormat, machineText } from './machine.ts';
import { operate } from './operations.ts';
import { propFormat } from './prop.ts';
import { readQuery, type StatusQuery } from './query.ts';
import { txtFormat } from './txt.ts';
import { hostsOf, viewSite } from './view-site.ts';
import { xmlFormat } from './xml.ts';

const ALLOW = 'GET,HEAD,POST,OPTIONS';

/** What every answer says beside mod_jk's own fields: no scripts, no frames, no guessing of types. */
const FIELDS: readonly (readonly [string, string])[] = [
  ['Cache-Control', 'no-cache'],
  ['Pragma', 'no-cache'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'same-origin'],
  ['Content-Security-Policy', "script-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"],
];

export function jkStatus(log: Log): PageHandler {
  return {
    handle(visit, host) {
      const { exchange, goal } = visit;
      const worker = goal.jk?.worker;
      const { jk } = host.site.snapshot;
      const { method } = exchange.request;
      if (worker?.kind !== 'status' || jk === undefined) host.fail(visit, 404);
      else if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') refuseMethod(visit, host, ALLOW);
      else {
        const query = readQuery(visit.query);
        const hosts = new Set(hostsOf(host.site, jk));
        const moved = query.command === 'update' ? query.parameters.get('vahst') : undefined;
        if (moved !== undefined) hosts.add(moved);
        withAddresses(host.link, exchange, hosts, (addresses) =>
          answer(visit, host, worker, jk, query, addresses, log),
        );
      }
    },
  };
}

function answer(
  visit: Visit,
  { site, link }: PageHost,
  { name, settings }: StatusWorker,
  jk: JkSite,
  query: StatusQuery,
  addresses: Addresses,
  log: Log,
): void {
  const { exchange } = visit;
  const sources = {
    site,
    jk,
    settings,
    addresses,
    serverName: visit.requestName.replace(/^\[|\]$/g, ''),
    serverPort: visit.addressedPort,
    now: Math.floor(link.clock.wall() / 1000),
  };
  const view = viewSite(sources, `Apache/${HTTPD_VERSION} (Catflap)`);
  let error = refusal(query, settings, exchange.user, view.workers);
  if (error === undefined && changes(query.command)) {
    const foreign = foreignPage(exchange.request.fields, namesOf(visit));
    if (foreign !== undefined)
      error = `The request comes from a page of another site (${foreign}): nothing was changed.`;
    error ??= operate(query, { site, jk, view, addresses });
    tell(log, visit, name, query, error);
  }
  const page = { path: visit.forms.encoded, query, view, error };
  const { css, isReadOnly } = settings;
  const text =
    query.mime === 'html' ? htmlText({ ...page, css, isReadOnly }) : machineText(formatOf(query, settings), page);
  const type = query.mime === 'html' || query.mime === 'xml' ? `text/${query.mime}` : 'text/plain';
  answerPage(visit, { status: 200, type, body: Buffer.from(text, 'latin1'), fields: FIELDS });
}

/** A format that there is not is answered as properties. */
function formatOf({ mime }: StatusQuery, settings: StatusWorker['settings']): MachineFormat {
  switch (mime) {
    case 'xml':
      return xmlFormat(settings);
    case 'txt':
      return txtFormat();
    default:
      return propFormat(settings.prefix);
  }
}

/** Names by which a page of this host may call it; a proxy before us knows the one that people see. */
function namesOf(visit: Visit): string[] {
  const forwarded = visit.exchange.request.fields.get('X-Forwarded-Host') ?? '';
  const names = [visit.requestName, visit.clientName ?? '', ...forwarded.split(',')];
  return names.map((name) => name.trim().replace(/:\d+$/, '').toLowerCase());
}

/** Who changed what: an operator must be able to read it afterwards. */
function tell(log: Log, visit: Visit, worker: string, query: StatusQuery, error: string | undefined): void {
  const asked = [...query.parameters].filter(([name]) => /^(?:v|att$)/.test(name));
  log.info('jk-worker-changed', {
    statusWorker: worker,
    command: query.command,
    worker: query.parameters.get('w'),
    member: query.parameters.get('sw'),
    asked: asked.length === 0 ? undefined : asked.map(([name, value]) => `${name}=${value}`).join(' '),
    refused: error,
    client: visit.clientAddress,
    user: visit.exchange.user,
  });
}

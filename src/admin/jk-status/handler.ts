// The pages of status workers (jkstatus.md): mod_jk's own, under the same addresses, parameters and formats, so that the
// scripts, tasks and monitors that read and change lb workers go on working. Place in the picture: a page
// handler, asked for requests that a rule sends to a worker of type status.

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
import type { JkStatusView } from './view.ts';
import { hostsOf, viewSite } from './view-site.ts';
import { xmlFormat } from './xml.ts';

const ALLOW = 'GET,HEAD,POST,OPTIONS';

/** mod_jk's own fields. */
const FIELDS: readonly (readonly [string, string])[] = [
  ['Cache-Control', 'no-cache'],
  ['Pragma', 'no-cache'],
];

/** What browsers are told besides: no scripts, no frames, no guessing of types. Programs get what mod_jk sends (J-ACL-01). */
const BROWSER_FIELDS: readonly (readonly [string, string])[] = [
  ...FIELDS,
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
        const asked: Asked = { visit, host, worker, query: readQuery(visit.query) };
        const hosts = [...newHost(asked, jk), ...hostsOf(host.site, jk)];
        withAddresses(host.link, exchange, hosts, (addresses) => answer(asked, addresses, log));
      }
    },
  };
}

/** A request to a status worker. */
interface Asked {
  readonly visit: Visit;
  readonly host: PageHost;
  readonly worker: StatusWorker;
  readonly query: StatusQuery;
}

/** The host that a change wants to go to: asked for only where the change is not refused anyway. */
function newHost(asked: Asked, jk: JkSite): string[] {
  const { command, parameters } = asked.query;
  const wanted = command === 'update' ? parameters.get('vahst') : undefined;
  return wanted === undefined || whyRefused(asked, viewOf(asked, jk, new Map())) !== undefined ? [] : [wanted];
}

function answer(asked: Asked, addresses: Addresses, log: Log): void {
  const { visit, host, worker, query } = asked;
  const { settings } = worker;
  const { site } = host;
  const { jk } = site.snapshot;
  // A reload while names were asked for may have taken everything of mod_jk away.
  if (jk === undefined) {
    host.fail(visit, 404);
    return;
  }
  const view = viewOf(asked, jk, addresses);
  let error = whyRefused(asked, view);
  if (changes(query.command)) {
    error ??= operate(query, { site, jk, view, addresses });
    tell(log, asked, error);
  }
  const page = { path: visit.forms.encoded, query, view, error };
  const { css, isReadOnly } = settings;
  const text =
    query.mime === 'html' ? htmlText({ ...page, css, isReadOnly }) : machineText(formatOf(query, settings), page);
  const type = query.mime === 'html' || query.mime === 'xml' ? `text/${query.mime}` : 'text/plain';
  const fields = isForBrowser(visit) ? BROWSER_FIELDS : FIELDS;
  answerPage(visit, { status: 200, type, body: Buffer.from(text, 'latin1'), fields });
}

/** Whatever shows a page, in a frame or not, asks for `text/html` by name; `Sec-Fetch-Mode` only browsers send. */
function isForBrowser({ exchange }: Visit): boolean {
  const { fields } = exchange.request;
  return fields.get('Sec-Fetch-Mode') !== undefined || /text\/html/i.test(fields.get('Accept') ?? '');
}

function viewOf({ visit, host, worker }: Asked, jk: JkSite, addresses: Addresses): JkStatusView {
  const sources = {
    site: host.site,
    jk,
    settings: worker.settings,
    addresses,
    serverName: visit.requestName.replace(/^\[|\]$/g, ''),
    serverPort: visit.addressedPort,
    now: Math.floor(host.link.clock.wall() / 1000),
  };
  return viewSite(sources, `Apache/${HTTPD_VERSION} (Catflap)`);
}

function whyRefused({ visit, worker, query }: Asked, { workers }: JkStatusView): string | undefined {
  const { exchange } = visit;
  const reason = refusal(query, worker.settings, userOf(visit), workers);
  if (reason !== undefined || !changes(query.command)) return reason;
  const foreign = foreignPage(exchange.request.fields, namesOf(visit));
  return foreign && `The request comes from a page of another site (${foreign}): nothing was changed.`;
}

/** Whom the client authenticated as, or whom rules name in its place (JK_REMOTE_USER), as Tomcats are told. */
function userOf({ exchange, host }: Visit): string | undefined {
  const indicator = host.jk?.host.indicators.remoteUser;
  const named = indicator === undefined ? undefined : exchange.env?.get(indicator);
  return (named ?? exchange.user) || undefined;
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
function tell(log: Log, { visit, worker, query }: Asked, error: string | undefined): void {
  const asked = [...query.parameters].filter(([name]) => /^(?:v|att$)/.test(name));
  log.info('jk-worker-changed', {
    statusWorker: worker.name,
    command: query.command,
    worker: query.parameters.get('w'),
    member: query.parameters.get('sw'),
    asked: asked.length === 0 ? undefined : asked.map(([name, value]) => `${name}=${value}`).join(' '),
    refused: error,
    client: visit.clientAddress,
    user: userOf(visit),
  });
}

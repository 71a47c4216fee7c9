// The status page for people. The tables have the order and the columns of httpd's, since scrapers find those of the
// balancers by counting: connections, requests in progress, what its columns mean, then two for each balancer.

import { pid } from 'node:process';
import { HTTPD_VERSION } from '../config/httpd/version.ts';
import type { Visit } from '../frontend/visit.ts';
import type { Exchange } from '../listener/exchange.ts';
import { stickinessIn } from '../site/changes/overlay.ts';
import type { BalancerView } from './balancer-views.ts';
import { escapeMarkup, hundredths, shortSize } from './markup.ts';
import {
  cpuPercent,
  cpuTime,
  general,
  type ServerStatus,
  scoreboardOf,
  sentKiB,
  spokenTime,
  stateOf,
  statusDate,
  uptimeSeconds,
} from './server-status-facts.ts';

/** Requests in progress that are shown. */
const REQUESTS_SHOWN = 1000;
/** Letters of a request line that are shown, as in httpd. */
const REQUEST_LETTERS = 63;
const SCOREBOARD_LINE = 64;

/** @param hasTable requests stand in a table; otherwise in lines (`?notable`) */
export function statusHtml(status: ServerStatus, hasTable: boolean): string {
  const { balancers } = status;
  return [
    head(status),
    facts(status),
    connections(status),
    `<pre>${(scoreboardOf(status).match(new RegExp(`.{1,${SCOREBOARD_LINE}}`, 'g')) ?? []).join('\n')}</pre>\n${KEY}`,
    status.isExtended
      ? requests(status, hasTable)
      : '<hr />To obtain a full report with current status information you need to use the <code>ExtendedStatus On</code> directive.\n',
    ...balancers.map(balancerPart),
    balancers.length === 0 ? '' : legend(BALANCER_LEGEND),
    '</body></html>\n',
  ].join('');
}

function head({ serverName, serverAddress }: ServerStatus): string {
  return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<title>Apache Status</title>
</head><body>
<h1>Apache Server Status for ${escapeMarkup(serverName)} (via ${escapeMarkup(serverAddress)})</h1>

<dl><dt>Server Version: Apache/${HTTPD_VERSION} (Catflap)</dt>
<dt>Server MPM: event</dt>
</dl><hr /><dl>
`;
}

function facts(status: ServerStatus): string {
  const { activity, server, exchanges, idle, load, nowWall } = status;
  const lines = [
    `Current Time: ${statusDate(nowWall)}`,
    `Restart Time: ${statusDate(activity.startedWall)}`,
    `Parent Server Config. Generation: ${server.generation}`,
    `Parent Server MPM Generation: ${server.generation - 1}`,
    `Server uptime: ${spokenTime(uptimeSeconds(status))}`,
    `Server load: ${load.map((value) => value.toFixed(2)).join(' ')}`,
    ...(status.isExtended ? counters(status) : []),
    `${exchanges.length} requests currently being processed, 0 workers gracefully restarting, ${idle} idle workers`,
  ];
  return `${lines.map((line) => `<dt>${line}</dt>\n`).join('')}</dl>\n\n`;
}

function counters(status: ServerStatus): string[] {
  const { activity, cpu } = status;
  const { requests, durationMs } = activity;
  const uptime = uptimeSeconds(status);
  const percent = cpuPercent(status);
  const kiB = sentKiB(status);
  const rates = [
    ...(uptime > 0 ? [`${general(requests / uptime, 3)} requests/sec`, `${size((kiB * 1024) / uptime)}/second`] : []),
    ...(requests > 0
      ? [`${size((kiB * 1024) / requests)}/request`, `${general(Math.round(durationMs) / requests)} ms/request`]
      : []),
  ];
  return [
    `Total accesses: ${requests} - Total Traffic: ${kiB < 1024 ? `${kiB} kB` : size(kiB * 1024)} - Total Duration: ${Math.round(durationMs)}`,
    `CPU Usage: u${cpuTime(cpu.user)} s${cpuTime(cpu.system)} cu0 cs0${percent === undefined ? '' : ` - ${general(percent, 3)}% CPU load`}`,
    rates.join(' - '),
  ];
}

/** `768 B`, `5.5 kB`, `1.2 MB`: each unit begins at half of the next, kB at five. */
function size(bytes: number): string {
  if (bytes < 5 * 1024) return `${Math.floor(bytes)} B`;
  if (bytes < 2 ** 19) return `${(bytes / 1024).toFixed(1)} kB`;
  if (bytes < 2 ** 29) return `${(bytes / 2 ** 20).toFixed(1)} MB`;
  return `${(bytes / 2 ** 30).toFixed(1)} GB`;
}

function connections({ exchanges, server, idle }: ServerStatus): string {
  const { connectionCount } = server;
  const counts = `<td>${exchanges.length}</td><td>0</td><td>${idle}</td><td>0</td><td>${exchanges.filter(({ congested }) => congested).length}</td><td>${Math.max(0, connectionCount - exchanges.length)}</td><td>0</td></tr>\n`;
  return `<table rules="all" cellpadding="1%">
<tr><th rowspan="2">Slot</th><th rowspan="2">PID</th><th rowspan="2">Stopping</th><th colspan="2">Connections</th>
<th colspan="3">Threads</th><th colspan="4">Async connections</th></tr>
<tr><th>total</th><th>accepting</th><th>busy</th><th>graceful</th><th>idle</th><th>wait-io</th><th>writing</th><th>keep-alive</th><th>closing</th></tr>
<tr><td>0</td><td>${pid}</td><td>no</td><td>${connectionCount}</td><td>yes</td>${counts}<tr><td>Sum</td><td>1</td><td>0</td><td>${connectionCount}</td><td>&nbsp;</td>${counts}</table>
`;
}

const KEY = `<p>Scoreboard Key:<br />
"<b><code>_</code></b>" Waiting for Connection, some of many,
"<b><code>R</code></b>" Reading Request,<br />
"<b><code>W</code></b>" Sending Reply<br />
</p>
`;

const REQUEST_HEADS = 'Srv PID Acc M CPU SS Req Dur Conn Child Slot Client Protocol VHost Request';
/** VHost and Request are not broken into lines. */
const FIRST_WIDE = 13;
const REQUEST_LEGEND: readonly (readonly [string, string])[] = [
  ['Srv', 'Always the same: one process serves'],
  ['PID', 'OS process ID'],
  ['Acc', 'Number of requests this connection / in all / in all'],
  ['M', 'Mode of operation'],
  ['CPU', 'CPU usage, number of seconds'],
  ['SS', 'Seconds since the request began'],
  ['Req', 'Milliseconds since the request began'],
  ['Dur', 'Sum of milliseconds required to process all requests'],
  ['Conn', 'Kilobytes sent for this request'],
  ['Child', 'Megabytes sent in all'],
  ['Slot', 'The same'],
];

function requests(status: ServerStatus, hasTable: boolean): string {
  const shown = status.exchanges.slice(0, REQUESTS_SHOWN).map((exchange) => requestCells(status, exchange));
  if (!hasTable)
    return `<hr /><h2>Server Details</h2>\n\n${shown.map((cells) => `${cells.join(' ')}<br />\n`).join('')}`;
  const heads = REQUEST_HEADS.split(' ').map((name) => `<th>${name}</th>`);
  const rows = shown.map((cells) => {
    const cell = (text: string | number, index: number) => `<td${index < FIRST_WIDE ? '' : ' nowrap'}>${text}</td>`;
    return `<tr>${cells.map(cell).join('')}</tr>\n\n`;
  });
  return `\n\n<table border="0"><tr>${heads.join('')}</tr>\n\n${rows.join('')}</table>\n ${legend(REQUEST_LEGEND)}`;
}

function requestCells({ activity, server, cpu, now }: ServerStatus, exchange: Exchange): (string | number)[] {
  const { request, connectionRequests, startedAt } = exchange;
  const { localPort } = exchange.connection;
  const ms = Math.max(0, Math.round(now - startedAt));
  const megabytes = (activity.sentBytes / 2 ** 20).toFixed(2);
  const visit = exchange.attachment as Visit | undefined;
  const line =
    visit === undefined
      ? ''
      : `${visit.originalMethod ?? request.method} ${request.target} HTTP/1.${request.minorVersion}`;
  return [
    `<b>0-${server.generation - 1}</b>`,
    pid,
    `${connectionRequests + 1}/${activity.requests}/${activity.requests}`,
    `<b>${stateOf(exchange)}</b>`,
    (cpu.user + cpu.system).toFixed(2),
    Math.floor(ms / 1000),
    ms,
    Math.round(activity.durationMs),
    (exchange.wireBytesOut / 1024).toFixed(1),
    megabytes,
    megabytes,
    escapeMarkup(exchange.clientAddress),
    'http/1.1',
    visit === undefined ? '' : escapeMarkup(`${visit.canonicalName}:${visit.requestPort ?? localPort}`),
    escapeMarkup(line.slice(0, REQUEST_LETTERS)),
  ];
}

function legend(entries: readonly (readonly [string, string])[]): string {
  return `<hr /><table>\n${entries.map(([name, meaning]) => `<tr><th>${name}</th><td>${meaning}</td></tr>\n`).join('')}</table>`;
}

const MEMBER_HEADS = 'Sch Host Stat Route Redir F Set Acc Busy Wr Rd';
const BALANCER_LEGEND: readonly (readonly [string, string])[] = [
  ['SSes', 'Sticky session name'],
  ['Timeout', 'Balancer Timeout'],
  ['Sch', 'Connection scheme'],
  ['Host', 'Backend Hostname'],
  ['Stat', 'Worker status'],
  ['Route', 'Session Route'],
  ['Redir', 'Session Route Redirection'],
  ['F', 'Load Balancer Factor'],
  ['Acc', 'Number of uses'],
  ['Wr', 'Number of bytes transferred'],
  ['Rd', 'Number of bytes read'],
];

function balancerPart({ name, config, members }: BalancerView): string {
  const { cookieName, pathName } = stickinessIn(config);
  const sticky = cookieName === pathName ? cookieName || ' - ' : `${cookieName} | ${pathName}`;
  const rows = members.map(({ config: member, state }) => {
    const cells = [
      member.scheme,
      escapeMarkup(member.host),
      state.statusText,
      escapeMarkup(member.route),
      escapeMarkup(member.redirect),
      hundredths(member.loadFactor),
      member.set,
      state.elected,
      state.busy,
      shortSize(state.sentBytes),
      shortSize(state.receivedBytes),
    ];
    return `<tr>\n${cells.map((cell) => `<td>${cell}</td>`).join('')}\n</tr>\n`;
  });
  return `<hr />
<h1>Proxy LoadBalancer Status for balancer://${escapeMarkup(name)}</h1>



<table border="0"><tr><th>SSes</th><th>Timeout</th><th>Method</th></tr>
<tr><td>${escapeMarkup(sticky)}</td><td>${config.timeoutMs / 1000}</td><td>${config.method}</td>
</table>


<table border="0"><tr>${MEMBER_HEADS.split(' ')
    .map((head) => `<th>${head}</th>`)
    .join('')}</tr>
${rows.join('')}</table>
`;
}

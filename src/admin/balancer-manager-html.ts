// The manager's HTML pages, in the very shape that today's scrapers read: order of tables and cells, links with b, w and
// nonce, names of the form fields (managers.md §4). What is ours beside it stands in paragraphs and forms of its own.

import { METHOD_NAMES } from '../balancer/config.ts';
import { BIT, type Member } from '../balancer/member.ts';
import { HTTPD_VERSION } from '../config/httpd/version.ts';
import type { HealthChecks } from '../frontend/health/health-checks.ts';
import { stickinessIn } from '../site/changes/overlay.ts';
import { stickySessionText } from '../site/changes/reconcile.ts';
import type { Host } from '../site/model.ts';
import { HEALTH_METHODS } from '../site/worker-parameters.ts';
import { type BalancerView, shownUrl } from './balancer-views.ts';
import { escapeLink, escapeMarkup, hundredths, shortSize } from './markup.ts';

export interface HtmlPage {
  /** Name by which the client addressed the server. */
  readonly serverName: string;
  /** Path of the manager, percent-encoded, and the whole URL that its forms are sent to. */
  readonly path: string;
  readonly action: string;
  readonly host: Host;
  /** BalancerPersist, and changes can be saved. */
  readonly savesChanges: boolean;
  readonly views: readonly BalancerView[];
  /** What was asked for with `b` and `w`: its form is shown. */
  readonly balancer: BalancerView | undefined;
  readonly member: Member | undefined;
  /** Why changes were not made. */
  readonly refused: readonly string[];
  /** Health checks are part of the configuration's world (mod_proxy_hcheck is loaded). */
  readonly showsHealth: boolean;
  readonly health: HealthChecks;
  /** Name and text of the conditions for checks. */
  readonly healthExpressions: readonly (readonly [name: string, text: string])[];
}

export function htmlPage(page: HtmlPage): string {
  const { views, balancer, member } = page;
  return [
    head(page),
    page.refused.map((reason) => `<p class='refused'>Not changed: ${escapeMarkup(reason)}</p>\n`).join(''),
    '<hr />\n',
    ...views.map((view) => balancerPart(page, view)),
    page.showsHealth ? expressionTable(page) : '',
    balancer === undefined
      ? ''
      : member === undefined
        ? balancerForm(page, balancer)
        : memberForm(page, balancer, member),
    '</body></html>\n',
  ].join('');
}

const CELL = ' border-width: 1px;\n padding: 2px;\n border-style: dotted;\n border-color: gray;\n';
const STYLE = `table {
 border-width: 1px;
 border-spacing: 3px;
 border-style: solid;
 border-color: gray;
 border-collapse: collapse;
 background-color: white;
 text-align: center;
}
th {
${CELL} background-color: lightgray;
 text-align: center;
}
td {
${CELL} background-color: white;
 text-align: center;
}
`;

/** Deployment tools read the version of Apache here, so the one that this server answers for stands there too. */
function head({ serverName, host, savesChanges }: HtmlPage): string {
  const not = (holds: boolean) => (holds ? '' : 'NOT ');
  return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head><title>Balancer Manager</title>
<style type='text/css'>
${STYLE}</style>
</head>
<body><h1>Load Balancer Manager for ${escapeMarkup(serverName)}</h1>

<dl><dt>Server Version: Apache/${HTTPD_VERSION} (Catflap)</dt>
<dt>Balancer changes will ${not(savesChanges)}be persisted on restart.</dt>\
<dt>Balancers are ${not(host.balancerInherit)}inherited from main server.</dt>\
<dt>ProxyPass settings are ${not(host.proxyPassInherit)}inherited from main server.</dt></dl>
`;
}

const BALANCER_HEADS = 'MaxMembers StickySession DisableFailover Timeout FailoverAttempts Method Path Active';
const MEMBER_HEADS = 'Worker URL,Route,RouteRedir,Factor,Set,Status,Elected,Busy,Load,To,From';
const HEALTH_HEADS = 'HC Method,HC Interval,Passes,Fails,HC uri,HC Expr';

function balancerPart(page: HtmlPage, view: BalancerView): string {
  const { config } = view;
  const sticky = stickySessionText(config);
  const isSticky = stickinessIn(config).cookieName !== '';
  const link = `${page.path}?b=${escapeLink(view.name)}&nonce=${escapeLink(view.nonce)}`;
  const columns = page.showsHealth ? `${MEMBER_HEADS},${HEALTH_HEADS}` : MEMBER_HEADS;
  return `<h3>LoadBalancer Status for <a href="${escapeMarkup(link)}">balancer://${escapeMarkup(view.name)}</a> [${escapeMarkup(shortId(view))}]</h3>


<table><tr>${headCells(BALANCER_HEADS.split(' '))}</tr>
<tr><td>${view.room} [${view.members.length} Used]</td>
<td>${isSticky ? escapeMarkup(sticky) : ' (None) '}</td><td>${stickinessIn(config).force ? 'On' : 'Off'}</td>
<td>${config.timeoutMs / 1000}</td><td>${view.running.balancer.maxAttempts}</td>
<td>${config.method}</td>
<td>${escapeMarkup(view.path)}</td>
<td>Yes</td>
</tr>
</table>
<br />

<table><tr>${headCells(columns.split(','))}</tr>
${view.members.map((member) => memberRow(page, view, member)).join('')}</table>
${view.members.map((member) => trouble(page, member)).join('')}<hr />
`;
}

function headCells(names: readonly string[]): string {
  return names.map((name) => `<th>${name}</th>`).join('');
}

/** A balancer's name in httpd's shared memory: only its shape matters. */
function shortId({ key, name }: BalancerView): string {
  let hash = 0x811c9dc5;
  for (const character of key.slice(0, Math.max(0, key.indexOf('|'))))
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return `p${hash.toString(16)}_${name.replace(/[^a-z0-9]/g, '_')}`;
}

function memberRow(page: HtmlPage, view: BalancerView, { config, state }: Member): string {
  const link = `${page.path}?b=${escapeLink(view.name)}&w=${escapeLink(shownUrl(config))}&nonce=${escapeLink(view.nonce)}`;
  const { healthCheck } = config;
  const cells = [
    `<a href="${escapeMarkup(link)}">${escapeMarkup(shownUrl(config))}</a>`,
    escapeMarkup(config.route),
    escapeMarkup(config.redirect),
    hundredths(config.loadFactor),
    config.set,
    state.statusText,
    state.elected,
    state.busy,
    state.standing,
    shortSize(state.sentBytes),
    shortSize(state.receivedBytes),
    ...(page.showsHealth
      ? [
          healthCheck.method,
          `${healthCheck.intervalMs}ms`,
          `${healthCheck.passes} (${state.checksPassed})`,
          `${healthCheck.fails} (${state.checksFailed})`,
          escapeMarkup(healthCheck.uri),
          escapeMarkup(healthCheck.expression),
        ]
      : []),
  ];
  return `<tr>\n${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;
}

/** Ours: what went wrong with a member last, and what its last check found when it failed. */
function trouble({ health }: HtmlPage, member: Member): string {
  const { lastError } = member.state;
  const check = health.of(member)?.results.at(-1);
  const date = (at: number) => new Date(at).toUTCString();
  const texts = [
    lastError === undefined ? '' : `${lastError.text} (${lastError.count} times, last ${date(lastError.lastAt)})`,
    check === undefined || check.hasPassed ? '' : `check failed: ${check.cause} (${date(check.at)})`,
  ];
  return texts
    .filter((text) => text !== '')
    .map((text) => `<p class='trouble'>${escapeMarkup(`${member.config.url}: ${text}`)}</p>\n`)
    .join('');
}

function expressionTable({ healthExpressions }: HtmlPage): string {
  if (healthExpressions.length === 0) return '';
  const rows = healthExpressions.map(
    ([name, text]) => `<tr><td>${escapeMarkup(name)}</td><td>${escapeMarkup(text)}</td></tr>\n`,
  );
  return `

<table><tr><th colspan='2'>Health check cond. expressions:</th></tr>
<tr><th>Expr name</th><th>Expression</th></tr>
${rows.join('')}</table><hr/>
`;
}

// --- forms ----------------------------------------------------------------------------------------------------------

function formStart({ action }: HtmlPage): string {
  return `<form method='POST' enctype='application/x-www-form-urlencoded' action="${escapeMarkup(action)}">\n`;
}

/** Values are decoded twice when they come back: a URL is escaped once here and once by the browser. */
function hidden(name: string, value: string): string {
  return `<input type=hidden name='${name}' id='${name}' value="${escapeMarkup(value)}">\n`;
}

function formEnd(view: BalancerView): string {
  return `${hidden('b', view.name)}<input type=hidden name='nonce' id='nonce' value='${escapeMarkup(view.nonce)}'>\n</form>\n`;
}

function radio(name: string, isOn: boolean): string {
  const button = (value: 0 | 1, label: string, isChecked: boolean) =>
    `<label for='${name}${value}'>${label}</label> <input name='${name}' id='${name}${value}' value='${value}' type=radio${isChecked ? ' checked' : ''}>`;
  return `<td>${button(1, 'On', isOn)} <br/> ${button(0, 'Off', !isOn)}</td>\n`;
}

const STATUS_HEADS = 'Ignore Errors,Draining Mode,Disabled,Hot Standby,Hot Spare,HC Fail,Stopped';
const STATUS_BITS: readonly (readonly [letter: string, bit: number])[] = [
  ['I', BIT.ignoreErrors],
  ['N', BIT.drain],
  ['D', BIT.disabled],
  ['H', BIT.standby],
  ['R', BIT.spare],
  ['C', BIT.healthFailed],
  ['S', BIT.stopped],
];

function memberForm(page: HtmlPage, view: BalancerView, member: Member): string {
  const { config, state } = member;
  const knob = STATUS_BITS.filter(([letter]) => letter !== 'C' || page.showsHealth);
  const heads = STATUS_HEADS.split(',').filter((name) => name !== 'HC Fail' || page.showsHealth);
  return `<h3>Edit worker settings for ${escapeMarkup(shownUrl(config))}</h3>
${formStart(page)}<table><tr><td>Load factor:</td><td><input name='w_lf' id='w_lf' type=text value='${hundredths(config.loadFactor)}'></td></tr>
<tr><td>LB Set:</td><td><input name='w_ls' id='w_ls' type=text value='${config.set}'></td></tr>
<tr><td>Route:</td><td><input name='w_wr' id='w_wr' type=text value="${escapeMarkup(config.route)}"></td></tr>
<tr><td>Route Redirect:</td><td><input name='w_rr' id='w_rr' type=text value="${escapeMarkup(config.redirect)}"></td></tr>
<tr><td>Status:</td><td><table><tr>${headCells(heads)}</tr>
<tr>${knob.map(([letter, bit]) => radio(`w_status_${letter}`, (state.bits & bit) !== 0)).join('')}</tr></table></td></tr>
${page.showsHealth ? healthForm(page, member) : ''}<tr><td colspan='2'><input type=submit value='Submit'></td></tr>
</table>
${hidden('w', escapeLink(shownUrl(config)))}${formEnd(view)}${removeForm(page, view, member)}<hr />
`;
}

/** Ours: httpd cannot take a member out. */
function removeForm(page: HtmlPage, view: BalancerView, { config }: Member): string {
  const fields = [
    ['w', escapeLink(shownUrl(config))],
    ['b', view.name],
    ['nonce', view.nonce],
  ].map(([name, value]) => `<input type=hidden name='${name}' value="${escapeMarkup(value)}">`);
  const form = `${formStart(page).trimEnd()}${fields.join('')}`;
  return `<div class='remove'>${form}<label>Take this worker out <input name='w_remove' type=checkbox value='1'></label> <input type=submit value='Remove'></form></div>\n`;
}

function healthForm({ healthExpressions }: HtmlPage, { config: { healthCheck } }: Member): string {
  const option = (name: string, chosen: string) =>
    `<option value='${escapeMarkup(name)}' ${name === chosen ? 'selected' : ''} >${escapeMarkup(name)}</option>\n`;
  const methods = HEALTH_METHODS.map((name) => option(name, healthCheck.method));
  const expressions = healthExpressions.map(([name]) => option(name, healthCheck.expression));
  const field = (label: string, name: string, value: string) =>
    `<tr><td>${label}</td><td><input name='${name}' id='${name}' type='text' value=${value}></td></tr>\n`;
  return `<tr><td colspan='2'>
<table align='center'><tr><th>Health Check param</th><th>Value</th></tr>
<tr><td>Method</td><td><select name='w_hm'>
${methods.join('')}</select>
</td></tr>
<tr><td>Expr</td><td><select name='w_he'>
${expressions.join('')}</select>
</td></tr>
${field('Interval (ms)', 'w_hi', `'${healthCheck.intervalMs}'`)}\
${field('Passes trigger', 'w_hp', `'${healthCheck.passes}'`)}\
${field('Fails trigger)', 'w_hf', `'${healthCheck.fails}'`)}\
${field('HC uri', 'w_hu', `"${escapeMarkup(healthCheck.uri)}"`)}</table>
</td></tr>
`;
}

function balancerForm(page: HtmlPage, view: BalancerView): string {
  const { config } = view;
  const methods = METHOD_NAMES.map(
    (name) => `<option value='${name}'${name === config.method ? ' selected ' : ''}>${name}\n`,
  );
  const hint = '&nbsp;&nbsp;&nbsp;&nbsp;';
  const add = `<tr><td>Add New Worker:</td><td><input name='b_nwrkr' id='b_nwrkr' size=32 type=text>${hint}Are you sure? <input name='b_wyes' id='b_wyes' type=checkbox value='1'></td></tr>`;
  return `<h3>Edit balancer settings for balancer://${escapeMarkup(view.name)}</h3>
${formStart(page)}<table>
<tr><td>LBmethod:</td><td>
<select name='b_lbm' id='b_lbm'>${methods.join('')}</select>
</td></tr>
<tr><td>Timeout:</td><td><input name='b_tmo' id='b_tmo' type=text value='${config.timeoutMs / 1000}'></td></tr>
<tr><td>Failover Attempts:</td><td><input name='b_max' id='b_max' type=text value='${view.running.balancer.maxAttempts}'></td></tr>
<tr><td>Disable Failover:</td>${radio('b_sforce', stickinessIn(config).force)}</tr>
<tr><td>Sticky Session:</td><td><input name='b_ss' id='b_ss' size=64 type=text value ="${escapeMarkup(stickySessionText(config))}">${hint}(Use '-' to delete)</td></tr>
${view.members.length < view.room ? add : ''}<tr><td colspan=2><input type=submit value='Submit'></td></tr>
</table>
${formEnd(view)}<hr />
`;
}

// The sections of the pages for people: one for each lb worker with its members, and for each ajp worker.

import { ACTIVATION_TEXTS } from '../../balancer/lb/states.ts';
import { escapeQuoted, shortSize } from '../markup.ts';
import { ATTRIBUTES } from './attributes.ts';
import { LOCK_TEXTS, METHOD_TEXTS, readableTime, truthText } from './facts.ts';
import type { Links } from './links.ts';
import { OPTION, type StatusQuery } from './query.ts';
import type { AjpView, JkStatusView, LbView, MapView, MemberView, TomcatView } from './view.ts';

export interface SectionContext {
  readonly view: JkStatusView;
  readonly query: StatusQuery;
  readonly links: Links;
  /** No links that change anything. */
  readonly readsOnly: boolean;
}

const CONNECTION_HEADS = [
  'Type',
  'Hostname',
  'Address:Port',
  'Source',
  'Connection<br/>Pool Timeout',
  'Connect<br/>Timeout',
  'Prepost<br/>Timeout',
  'Reply<br/>Timeout',
  'Retries',
  'Recovery<br/>Options',
  'Busy<br/>Limit',
  'Max Packet<br/>Size',
];
const LB_HEADS = [
  'Type',
  'Sticky<br/>Sessions',
  'Force Sticky<br/>Sessions',
  'Retries',
  'LB<br/>Method',
  'Locking',
  'Recover<br/>Wait Time',
  'Error<br/>Escalation Time',
  'Max Reply<br/>Timeouts',
];
const SUMMARY_HEADS = ['Good', 'Degraded', 'Bad/Stopped', 'Busy', 'Max Busy', 'Next Maintenance', 'Last Reset'];
const MEMBER_HEADS =
  '&nbsp; Name Act State D F M V Acc Sess Err CE RE Wr Rd Busy MaxBusy Con MaxCon Route RR Cd Rs LR LE'.split(' ');
const AJP_HEADS = 'State Acc Err CE RE Wr Rd Busy MaxBusy Con MaxCon LR LE'.split(' ');
const MAP_HEADS = [
  'Server',
  'URI',
  'Match<br/>Type',
  'Source',
  'Reply<br/>Timeout',
  'Sticky<br/>Ignore',
  'Stateless',
  'Fail on<br/>Status',
  'Active',
  'Disabled',
  'Stopped',
  'Use Server<br/>Errors',
];
const NOTHING = '&nbsp;';

/** @param member the only one to show; undefined: all */
export function lbSection(lb: LbView, member: MemberView | undefined, context: SectionContext): string {
  const { query, links } = context;
  const isHidden = (option: keyof typeof OPTION) => (query.options & OPTION[option]) !== 0;
  return [
    title(lb.name, context),
    hiddenParts(query, links, isHidden),
    isHidden('noLbConf') ? '' : lbConfiguration(lb, links),
    isHidden('noLbSummary') ? '' : lbSummary(lb, context.view.now, links),
    isHidden('noMembers') ? '' : members(lb, member, context, !isHidden('noAjpConf')),
    mapTable(lb.maps, lb.name, context),
  ].join('');
}

export function ajpSection(ajp: AjpView, context: SectionContext): string {
  const { query, links, view } = context;
  const isSingle = query.command === 'show';
  const isHidden = (query.options & OPTION.noAjpConf) !== 0;
  const shown = links.link('Show AJP Configuration', {
    command: isSingle ? 'show' : 'list',
    remove: OPTION.noAjpConf,
    attribute: '',
  });
  // As in mod_jk the column of the packet size is missing here.
  const row = cells([...connectionCells(ajp).slice(0, -1), '']);
  const configuration = `<table>${heads(CONNECTION_HEADS, `\n[${links.hide('noAjpConf')}]`)}${row}</table>\n<br/>\n`;
  return [
    title(ajp.name, context),
    isHidden ? `<p>\n${shown}</p>\n` : configuration,
    `<table>${heads(AJP_HEADS)}\n`,
    cells([ajp.state, ...counterCells(ajp, view.now)]),
    '</table>\n',
    mapTable(ajp.maps, ajp.name, context),
  ].join('');
}

function title(name: string, { query, links, readsOnly }: SectionContext): string {
  const of = { worker: name, member: '', attribute: '' };
  const actions = [query.command === 'show' ? 'S' : links.link('S', { command: 'show', ...of })];
  if (!readsOnly)
    actions.push(links.link('E', { command: 'edit', ...of }), links.link('R', { command: 'reset', ...of }));
  return `<hr/><h3>[${actions.join('|')}]&nbsp;&nbsp;Worker Status for ${escapeQuoted(name)}</h3>\n`;
}

/** Links that bring back what `opt` hides. */
function hiddenParts(query: StatusQuery, links: Links, isHidden: (option: keyof typeof OPTION) => boolean): string {
  const command = query.command === 'show' ? 'show' : 'list';
  const back = (text: string, option: keyof typeof OPTION) =>
    links.link(text, { command, remove: OPTION[option], attribute: '' });
  const parts: string[] = [];
  if (isHidden('noLbConf')) parts.push(back('Show LB Configuration', 'noLbConf'));
  if (isHidden('noLbSummary')) parts.push(back('Show LB Summary', 'noLbSummary'));
  if (isHidden('noMembers')) parts.push(back('Show Balancer Members', 'noMembers'));
  else if (isHidden('noAjpConf')) parts.push(back('Show AJP Configuration', 'noAjpConf'));
  return parts.length === 0 ? '' : `<p>\n${parts.join('&nbsp;&nbsp;|&nbsp;&nbsp;')}</p>\n`;
}

function lbConfiguration(lb: LbView, links: Links): string {
  const values = [
    'lb',
    truthText(lb.isSticky),
    truthText(lb.isForced),
    lb.retries,
    METHOD_TEXTS[lb.method],
    LOCK_TEXTS[lb.lock],
    lb.recoverSeconds,
    lb.escalationSeconds,
    lb.maxReplyTimeouts,
    '',
  ];
  return `<table>${heads(LB_HEADS, `\n[${links.hide('noLbConf')}]`)}${cells(values)}</table>\n<br/>\n`;
}

function lbSummary(lb: LbView, now: number, links: Links): string {
  const values = [
    lb.good,
    lb.degraded,
    lb.bad,
    lb.busy,
    lb.maxBusy,
    `${lb.maintenanceMinSeconds}/${lb.maintenanceMaxSeconds}`,
    now - lb.lastResetAt,
    '',
  ];
  const titles = SUMMARY_HEADS.map((head) => `<th>${head}</th>`).join('');
  return `<table><tr>${titles}<th>[${links.hide('noLbSummary')}]</th></tr>\n${cells(values)}</table>\n\n`;
}

function members(lb: LbView, member: MemberView | undefined, context: SectionContext, showsAjp: boolean): string {
  const { query, links, view, readsOnly } = context;
  const command = query.command === 'show' ? 'show' : 'list';
  const hide = links.link('Hide', { command, add: OPTION.noMembers, attribute: '' });
  const all = links.link('Show All Members', { command: 'show', worker: lb.name, member: '', attribute: '' });
  const shown = member === undefined ? lb.members : [member];
  const configuration = shown.map((each) => cells([escapeQuoted(each.name), ...connectionCells(each), ''])).join('');
  return [
    `<h4>Balancer Members [${member === undefined ? '' : `${all}]&nbsp;&nbsp;[`}${hide}]</h4>\n`,
    showsAjp
      ? `<table>${heads(['Name', ...CONNECTION_HEADS], `\n[${links.hide('noAjpConf')}]`)}${configuration}</table>\n<br/>\n`
      : '',
    `<table>${heads(MEMBER_HEADS)}\n`,
    ...shown.map((each) => memberRow(each, lb, context, member !== undefined, view.now)),
    '</table><br/>\n',
    readsOnly ? '' : editAllForm(lb, query, links),
  ].join('');
}

function memberRow(
  member: MemberView,
  lb: LbView,
  { links, readsOnly }: SectionContext,
  isSingle: boolean,
  now: number,
): string {
  const of = { worker: lb.name, member: member.name, attribute: '' };
  const actions = [isSingle ? 'S' : links.link('S', { command: 'show', ...of })];
  if (!readsOnly) {
    actions.push(links.link('E', { command: 'edit', ...of }), links.link('R', { command: 'reset', ...of }));
    if (member.state === 'ERR') actions.push(links.link('T', { command: 'recover', ...of }));
  }
  const [used, ...counters] = counterCells(member, now);
  const [reset, error] = counters.splice(-2);
  const values = [
    escapeQuoted(member.name),
    ACTIVATION_TEXTS[member.activation],
    member.state,
    member.distance,
    member.factor,
    member.mult,
    member.value,
    used,
    rated(member.sessions, now - member.lastResetAt),
    ...counters,
    escapeQuoted(member.route),
    escapeQuoted(member.redirect) || NOTHING,
    escapeQuoted(member.domain) || NOTHING,
    `${member.recoverMinSeconds}/${member.recoverMaxSeconds}`,
    reset,
    error,
  ];
  const data = values.map((value) => `<td>${value}</td>`).join('');
  return `<tr>\n<td>[${actions.join('|')}]&nbsp;</td>${data}</tr>\n`;
}

function editAllForm(lb: LbView, query: StatusQuery, links: Links): string {
  const from = query.parameters.get('cmd');
  const options = ATTRIBUTES.filter(({ isForAll }) => isForAll)
    .map(({ name, label }) => `<option value="${name}">${label}</option>\n`)
    .join('');
  return (
    `${links.form('edit')}${links.hidden('w', lb.name)}${from === undefined ? '' : links.hidden('from', from)}` +
    '<table><tr><td><b>E</b>dit this attribute for all members:</td><td>' +
    `<select name="att" size="1">\n${options}</select></td><td><input type="submit" value="Go"/></td></tr></table></form>\n`
  );
}

function mapTable(maps: readonly MapView[], worker: string, { query, links }: SectionContext): string {
  const name = escapeQuoted(worker);
  if ((query.options & OPTION.noMaps) !== 0)
    return maps.length === 0 ? '' : `<p>\n${links.link('Show URI Mappings', { remove: OPTION.noMaps })}</p>\n`;
  if (maps.length === 0) return `<hr/><h3>Warning: No URI Mappings defined for ${name} !</h3>\n`;
  const text = (value: string) => (value === '' ? '-' : escapeQuoted(value));
  const rows = maps.map((map) =>
    cells([
      escapeQuoted(map.server),
      escapeQuoted(map.uri),
      map.type,
      map.source,
      map.replyTimeoutMs,
      Number(map.stickyIgnore),
      Number(map.stateless),
      text(map.failOnStatus),
      text(map.active),
      text(map.disabled),
      text(map.stopped),
      map.useServerErrors,
    ]),
  );
  return (
    `<hr/><h3>URI Mappings for ${name} (${maps.length} maps) [${links.hide('noMaps')}]</h3><table>\n` +
    `${heads(MAP_HEADS)}\n${rows.join('')}</table>\n`
  );
}

type Cell = string | number;

function heads(names: readonly string[], last?: string): string {
  const all = last === undefined ? names : [...names, last];
  return `<tr valign="bottom">${all.map((name) => `<th>${name}</th>`).join('')}</tr>`;
}

function cells(values: readonly Cell[]): string {
  return `<tr>${values.map((value) => `<td>${value}</td>`).join('')}</tr>\n`;
}

function connectionCells(tomcat: TomcatView): Cell[] {
  return [
    tomcat.type,
    escapeQuoted(tomcat.host),
    escapeQuoted(tomcat.address),
    escapeQuoted(tomcat.source),
    tomcat.poolTimeoutSeconds,
    tomcat.connectTimeoutMs,
    tomcat.prepostTimeoutMs,
    tomcat.replyTimeoutMs,
    tomcat.retries,
    tomcat.recoveryOptions,
    tomcat.busyLimit,
    tomcat.maxPacketSize,
  ];
}

/** From the requests to the time of the last error. */
function counterCells(tomcat: TomcatView, now: number): Cell[] {
  const seconds = now - tomcat.lastResetAt;
  return [
    rated(tomcat.used, seconds),
    tomcat.errors,
    tomcat.clientErrors,
    tomcat.replyTimeouts,
    ratedSize(tomcat.transferred, seconds),
    ratedSize(tomcat.read, seconds),
    tomcat.busy,
    tomcat.maxBusy,
    tomcat.connected,
    tomcat.maxConnected,
    seconds,
    tomcat.errorAt === undefined ? NOTHING : readableTime(tomcat.errorAt),
  ];
}

/** `5 (2/sec)`; -1 within the first second. */
function rated(count: number, seconds: number): string {
  return `${count} (${seconds > 0 ? Math.floor(count / seconds) : -1}/sec)`;
}

function ratedSize(bytes: number, seconds: number): string {
  return `${size(bytes)} (${seconds > 0 ? size(Math.floor(bytes / seconds)) : '-'}/sec)`;
}

function size(bytes: number): string {
  return shortSize(bytes).trimStart();
}

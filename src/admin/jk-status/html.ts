// mime=html: the page for people, with the structure, the links, the forms and the texts of mod_jk's, so that those who
// read it by program find what they know. What comes from outside is escaped.

import { escapeQuoted } from '../markup.ts';
import { readableTime } from './facts.ts';
import { editForm } from './html-edit.ts';
import { LEGEND } from './html-legend.ts';
import { ajpSection, lbSection } from './html-workers.ts';
import { Links } from './links.ts';
import type { StatusPage } from './machine.ts';
import { type Command, OPTION, type StatusQuery } from './query.ts';
import { ajpsOf, type JkStatusView, lbsOf } from './view.ts';

export interface HtmlPage extends StatusPage {
  readonly css: string | undefined;
  /** The status worker takes no changes. */
  readonly isReadOnly: boolean;
}

const REDIRECT_SECONDS = 3;
const REFRESH_SECONDS = 10;

const HEAD =
  '<?xml version="1.0" encoding="ISO-8859-1"?>\n' +
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n' +
  '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><head><title>JK Status Manager</title>';

export function htmlText(page: HtmlPage): string {
  const links = new Links(page.path, page.query);
  const { error, content } = page.error === undefined ? body(page, links) : { error: page.error, content: '' };
  return HEAD + content + (error === undefined ? startLink(links) : failure(error, links)) + footer(page.css);
}

/** Between the title and the end; `error` when a page could not be made after all. */
function body(page: HtmlPage, links: Links): { content: string; error: string | undefined } {
  const { query, view } = page;
  const command = query.command as Command;
  if (command === 'update' || command === 'reset' || command === 'recover')
    return { content: finished(links), error: undefined };
  const form = command === 'edit' ? editForm(view, query, links) : '';
  const content = [
    top(page, links, command),
    command === 'list' ? list(page, links) : '',
    command === 'show' ? show(page, links) : '',
    form ?? '',
    command === 'dump' ? dump(view) : '',
    command === 'list' || command === 'show' ? legend(query, links) : '',
  ].join('');
  return { content, error: form === undefined ? "Error in generating this worker's configuration form." : undefined };
}

function finished(links: Links): string {
  return (
    `\n<meta http-equiv="Refresh" content="${REDIRECT_SECONDS};url=${links.target({})}">` +
    `<p><b>Result: OK - You will be redirected in ${REDIRECT_SECONDS} seconds.</b><p/>`
  );
}

function top({ query, view, css, isReadOnly, path }: HtmlPage, links: Links, command: Command): string {
  const isLive = command === 'list' || command === 'show';
  const refreshes = isLive && query.refreshSeconds > 0;
  const readsOnly = isReadOnly || (query.options & OPTION.readOnly) !== 0;
  const meta = refreshes
    ? `\n<meta http-equiv="Refresh" content="${query.refreshSeconds};url=${escapeQuoted(path)}?${query.text}">`
    : '';
  const sheet = css === undefined ? '' : `\n<link rel="stylesheet" type="text/css" href="${escapeQuoted(css)}" />\n`;
  return (
    `${meta}${sheet}</head>\n<body>\n` +
    `<h1>JK Status Manager for ${escapeQuoted(view.serverName)}:${view.serverPort}${readsOnly ? ' (read only)' : ''}</h1>\n\n` +
    (command === 'edit' ? '' : about(view)) +
    row((isLive ? refreshCell(query, links) : '') + (command === 'edit' ? '' : formatCell(links))) +
    row(menu(query, links, command, isReadOnly, readsOnly))
  );
}

function row(cells: string): string {
  return `<table><tbody valign="baseline"><tr>\n${cells}</tr></tbody></table>\n`;
}

function about(view: JkStatusView): string {
  return (
    `<table><tr><td>Server Version:</td><td>${escapeQuoted(view.webServer)}</td><td>&nbsp;&nbsp;&nbsp;</td>` +
    `<td>Server Time:</td><td>${readableTime(view.now)}</td></tr>\n` +
    `<tr><td>JK Version:</td><td>${view.jkVersion}</td><td></td>` +
    `<td>Unix Seconds:</td><td>${view.now}</td></tr></table>\n<hr/>\n`
  );
}

function refreshCell(query: StatusQuery, links: Links): string {
  const between = '</td><td>&nbsp;&nbsp;|&nbsp;&nbsp;</td>\n';
  if (query.refreshSeconds > 0) {
    const rest = (query.text ?? '').split('&').filter((pair) => pair !== '' && !pair.startsWith('re='));
    const target = rest.length === 0 ? links.path : `${links.path}?${rest.join('&')}`;
    return `<td>[<a href="${target}">Stop auto refresh</a>]${between}`;
  }
  return (
    `<td>${links.form(undefined, 're')}<input type="submit" value="Start auto refresh"/>\n` +
    `(every <input name="re" type="text" size="3" value="${REFRESH_SECONDS}"/> seconds)</form>\n${between}`
  );
}

function formatCell(links: Links): string {
  return (
    `<td>\n${links.form(undefined, 'mime')}<input type="submit" value="Change format"/>\n` +
    '<select name="mime" size="1"><option value="xml">XML</option><option value="prop">Properties</option>' +
    '<option value="txt">Text</option></select></form>\n</td>\n'
  );
}

function menu(query: StatusQuery, links: Links, command: Command, isReadOnly: boolean, readsOnly: boolean): string {
  const cell = (content: string) => `<td>\n${content}</td>\n`;
  const cells: string[] = [];
  if (command !== 'list') cells.push(cell(`[${backLink(query, links, command)}]&nbsp;&nbsp;`));
  if (command === 'list' || command === 'show') {
    const change = readsOnly
      ? links.link('Read/Write', { remove: OPTION.readOnly })
      : links.link('Read Only', { add: OPTION.readOnly });
    cells.push(cell(isReadOnly ? '' : `[${change}]&nbsp;&nbsp;\n`));
  }
  if (command !== 'dump' && command !== 'edit')
    cells.push(cell(`[${links.link('Dump', { command: 'dump' })}]&nbsp;&nbsp;\n`));
  if (command === 'list' || (command === 'show' && !readsOnly))
    cells.push(
      cell(
        `[${command === 'list' ? '<b>S</b>=Show only this worker, ' : ''}` +
          '<b>E</b>=Edit worker, <b>R</b>=Reset worker state, <b>T</b>=Try worker recovery]<br/>\n',
      ),
    );
  return cells.join('');
}

function backLink(query: StatusQuery, links: Links, command: Command): string {
  const from = query.parameters.get('from');
  return command === 'edit' && from !== undefined && from !== 'list'
    ? links.link('Back to worker view', { command: 'show', attribute: '' })
    : links.link('Back to worker list', { command: 'list', worker: '', member: '', attribute: '' });
}

function list({ query, view, isReadOnly }: HtmlPage, links: Links): string {
  const readsOnly = isReadOnly || (query.options & OPTION.readOnly) !== 0;
  const [lbs, ajps] = [lbsOf(view), ajpsOf(view)];
  const section = (kind: string, hidden: string, option: 'noLb' | 'noAjp', contents: string[]) => {
    if (contents.length === 0) return '';
    if ((query.options & OPTION[option]) !== 0) return `<p>\n${links.link(hidden, { remove: OPTION[option] })}</p>\n`;
    const plural = contents.length > 1 ? 's' : '';
    return (
      `<hr/><h2>Listing ${kind} Worker${plural} (${contents.length} Worker${plural}) [${links.hide(option)}]</h2>\n` +
      contents.join('')
    );
  };
  return (
    section(
      'Load Balancing',
      'Show Load Balancing Workers',
      'noLb',
      lbs.map((lb) => lbSection(lb, undefined, { view, query, links, readsOnly })),
    ) +
    section(
      'AJP',
      'Show AJP Workers',
      'noAjp',
      ajps.map((ajp) => ajpSection(ajp, { view, query, links, readsOnly })),
    )
  );
}

function show({ query, view, isReadOnly }: HtmlPage, links: Links): string {
  const readsOnly = isReadOnly || (query.options & OPTION.readOnly) !== 0;
  const worker = view.workers.find(({ name }) => name === query.parameters.get('w'));
  switch (worker?.kind) {
    case 'lb': {
      const member = worker.members.find(({ name }) => name === query.parameters.get('sw'));
      return lbSection(worker, member, { view, query, links, readsOnly });
    }
    case 'ajp':
      return ajpSection(worker, { view, query, links, readsOnly });
    default:
      return '';
  }
}

function dump({ dump: lines }: JkStatusView): string {
  return (
    '<hr/><h2>Configuration Data</h2><hr/>\n' +
    'This dump does not include any changes applied by the status worker\n' +
    'to the configuration after the initial startup\n' +
    `<PRE>\n${lines.map((line) => `${escapeQuoted(line)}\n`).join('')}</PRE>\n`
  );
}

function legend(query: StatusQuery, links: Links): string {
  if ((query.options & OPTION.noLegend) !== 0)
    return `<p>\n${links.link('Show Legend', { remove: OPTION.noLegend })}</p>\n`;
  const rows = LEGEND.map(([name, meaning]) => `<tr><th>${name}</th><td>${meaning}</td></tr>\n`).join('');
  return `<h2>Legend [${links.hide('noLegend')}]</h2>\n<table>\n<tbody valign="baseline">\n${rows}</tbody>\n</table>\n`;
}

function startLink(links: Links): string {
  return `<p><a href="${links.path}">JK Status Manager Start Page</a></p>`;
}

function failure(error: string, links: Links): string {
  return (
    `<p><b>Result: ERROR - ${escapeQuoted(error)}</b><br/>` +
    `<a href="${links.path}">JK Status Manager Start Page</a></p>`
  );
}

function footer(css: string | undefined): string {
  const text = 'Catflap, under the addresses and with the parameters of mod_jk';
  const content =
    css === undefined ? `<p align="center"><small>${text}</small></p>` : `<div class="footer">${text}</div>`;
  return `<hr/>${content}\n</body>\n</html>\n`;
}

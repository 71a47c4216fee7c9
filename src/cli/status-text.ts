// What `catflap status` says, for people: a few lines about the process, a table per balancer. What other rooms registered
// follows by its name.

import { causeLine } from '../balancer/troubles.ts';
import type { BalancerReport, ListenersReport, MemberReport } from '../frontend/report.ts';
import type { ReloadReport } from './reloader.ts';

interface ProcessReport {
  readonly pid: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly file: string;
  readonly generation: number;
  readonly isStopping: boolean;
  readonly warnings: number;
  readonly reloads: { readonly doneCount: number; readonly failedCount: number; readonly last: ReloadReport | null };
}

interface Status {
  readonly process: ProcessReport;
  readonly listeners: ListenersReport;
  readonly balancers: readonly BalancerReport[];
  readonly logs: { readonly dropped: readonly { readonly target: string; readonly count: number }[] };
}

/** @param answer of the operation `status` */
export function statusText(answer: unknown): string {
  const { process, listeners, balancers, logs, ...others } = answer as Status;
  const lines = [
    `catflap ${process.version}, process ${process.pid}, up ${span(process.uptimeSeconds)}${process.isStopping ? ', stopping' : ''}`,
    `configuration ${process.file}, generation ${process.generation}, ${plural(process.warnings, 'warning')}`,
    ...reloadLines(process.reloads),
    `listening on ${listeners.addresses.map(({ address, port }) => `${address.includes(':') ? `[${address}]` : address}:${port}`).join(', ')}`,
    `${plural(listeners.connections, 'connection')}, ${plural(listeners.requests, 'request')} in progress${
      listeners.drainingSites > 0 ? `, ${plural(listeners.drainingSites, 'earlier configuration')} still at work` : ''
    }`,
    ...logs.dropped.map(({ target, count }) => `${plural(count, 'line')} of ${target} dropped`),
    ...balancers.flatMap((balancer) => ['', ...balancerLines(balancer)]),
    ...Object.entries(others).flatMap(([name, value]) => ['', `${name}: ${JSON.stringify(value)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function reloadLines({ doneCount, failedCount, last }: ProcessReport['reloads']): string[] {
  if (last === null) return [];
  const sum = `${plural(doneCount, 'reload')} done, ${failedCount} failed`;
  const how = last.isDone
    ? `done in ${last.durationMs} ms`
    : `failed, the old configuration is in force: ${last.error}`;
  return [`${sum}; the last (${last.manner}, ${last.at}) ${how}`];
}

function balancerLines({ name, policy, method, stickySession, members }: BalancerReport): string[] {
  const sticky = stickySession === null ? '' : `, sticky by ${stickySession}`;
  const title = `${titleOf(name, policy, method)}${sticky}`;
  const head = ['member', 'route', 'state', 'factor', 'set', 'elected', 'busy', 'sent', 'received', 'connections'];
  const troubles = members.flatMap(({ url, lastError }) =>
    lastError === null
      ? []
      : [`  ${url} had trouble, last at ${shownTime(lastError.lastAt)}: ${causeLine(lastError, url)}`],
  );
  return [title, ...table([head, ...members.map(memberCells)]), ...troubles];
}

function titleOf(name: string, policy: string, method: string): string {
  switch (policy) {
    case 'direct':
      return `target ${name}`;
    case 'mod_jk_direct':
      return `worker ${name}`;
    case 'mod_jk':
      return `lb worker ${name}, ${method}`;
    default:
      return `balancer://${name}, ${method}`;
  }
}

function shownTime(wall: number): string {
  return new Date(wall).toISOString().replace(/\.\d+Z$/, 'Z');
}

function memberCells(member: MemberReport): string[] {
  const { open, idle, waiting } = member.connections;
  const since = member.errorSeconds === null ? '' : `, failed ${span(member.errorSeconds)} ago`;
  return [
    member.worker === null ? member.url : `${member.worker} ${member.url}`,
    member.route === '' ? '-' : member.route,
    `${member.state}${since}`,
    String(member.loadFactor),
    String(member.set),
    String(member.elected),
    String(member.busy),
    String(member.sentBytes),
    String(member.receivedBytes),
    `${open} open, ${idle} idle${waiting > 0 ? `, ${waiting} waiting` : ''}`,
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd());
}

/** `3 d 4 h`, `12 min 5 s`: the two largest units. */
function span(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  let rest = seconds;
  const parts: string[] = [];
  for (const [size, unit] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

// What both forms of the status page show, and how they write numbers and times.

import type { Activity, ServerFacts } from '../frontend/activity.ts';
import type { Exchange } from '../listener/exchange.ts';
import type { BalancerView } from './balancer-views.ts';

export interface ServerStatus {
  /** Name by which the client addressed the server, and the address it came to. */
  readonly serverName: string;
  readonly serverAddress: string;
  /** Wall time, ms since 1970, and the clock's own. */
  readonly nowWall: number;
  readonly now: number;
  readonly activity: Activity;
  readonly server: ServerFacts;
  /** Requests in progress, this one too. */
  readonly exchanges: readonly Exchange[];
  /** Further requests that there is room for. */
  readonly idle: number;
  readonly load: readonly number[];
  /** Processor time, in seconds. */
  readonly cpu: { readonly user: number; readonly system: number };
  /** ExtendedStatus. */
  readonly isExtended: boolean;
  /** None when ProxyStatus is Off. */
  readonly balancers: readonly BalancerView[];
}

/** Idle places that are drawn; there may be thousands, and nobody counts them. */
const IDLE_DRAWN = 256;

/** `R`: its head is coming, `W`: it is being answered. */
export function stateOf({ attachment }: Exchange): 'R' | 'W' {
  return attachment === undefined ? 'R' : 'W';
}

/** A letter for each request in progress, and `_` for places, some of them. */
export function scoreboardOf({ exchanges, idle }: ServerStatus): string {
  return exchanges.map(stateOf).join('') + '_'.repeat(Math.min(idle, Math.max(0, IDLE_DRAWN - exchanges.length)));
}

/** Octets are counted in whole KiB. */
export function sentKiB({ activity }: ServerStatus): number {
  return Math.floor(activity.sentBytes / 1024);
}

export function uptimeSeconds({ activity }: ServerStatus): number {
  return Math.floor(activity.uptimeMs / 1000);
}

/** Share of one processor since the start, in percent; undefined while nothing can be said. */
export function cpuPercent(status: ServerStatus): number | undefined {
  const seconds = uptimeSeconds(status);
  const { user, system } = status.cpu;
  return seconds > 0 && user + system > 0 ? ((user + system) / seconds) * 100 : undefined;
}

/** As `%g` of Apache's runtime: `digits` that count, no zero before the point; `.578`, `1843.2`, `1e+06`. */
export function general(value: number, digits = 6): string {
  if (value === 0 || !Number.isFinite(value)) return '0';
  const [mantissa, power] = value.toExponential(digits - 1).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? '-' : '+';
    return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return withoutZeros(value.toFixed(Math.max(0, digits - 1 - exponent))).replace(/^(-?)0\./, '$1.');
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Hundredths of a second, which is as fine as the system counts. */
export function cpuTime(seconds: number): string {
  return general(Math.round(seconds * 100) / 100);
}

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** ` 3 minutes 1 second`, with a blank before each number; '' for no time. */
export function spokenTime(seconds: number): string {
  let rest = seconds;
  let text = '';
  for (const [length, name] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) text += ` ${count} ${name}${count === 1 ? '' : 's'}`;
  }
  return text;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `Saturday, 21-Nov-2026 16:47:43 UTC`. */
export function statusDate(wall: number): string {
  const date = new Date(wall);
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${DAYS[date.getUTCDay()]}, ${day}-${month}-${year} ${time} UTC`;
}

// The facts of a status answer as names and values, in the order in which mod_jk's text formats write them; `xml.ts`,
// `txt.ts` and `prop.ts` know what each does otherwise (jkstatus.md).

import { ACTIVATION_TEXTS } from '../../balancer/lb/states.ts';
import type { LbMethod } from '../../balancer/lb-config.ts';
import type { AjpView, JkStatusView, LbView, MapView, MemberView, TomcatView } from './view.ts';

export type Fact = readonly [name: string, value: string | number];

export function timeFacts({ now }: JkStatusView): Fact[] {
  return [
    ['datetime', stamp(now)],
    ['tz', zone(now)],
    ['unix', now],
  ];
}

export function lbFacts(lb: LbView, now: number): Fact[] {
  return [
    ['type', 'lb'],
    ['sticky_session', truthText(lb.isSticky)],
    ['sticky_session_force', truthText(lb.isForced)],
    ['retries', lb.retries],
    ['recover_time', lb.recoverSeconds],
    ['error_escalation_time', lb.escalationSeconds],
    ['max_reply_timeouts', lb.maxReplyTimeouts],
    ['method', METHOD_TEXTS[lb.method]],
    ['lock', LOCK_TEXTS[lb.lock]],
    ['member_count', lb.members.length],
    ['good', lb.good],
    ['degraded', lb.degraded],
    ['bad', lb.bad],
    ['busy', lb.busy],
    ['max_busy', lb.maxBusy],
    ['map_count', lb.maps.length],
    ['time_to_maintenance_min', lb.maintenanceMinSeconds],
    ['time_to_maintenance_max', lb.maintenanceMaxSeconds],
    ...resetFacts(lb, now),
  ];
}

/** Up to the counters; `last_reset_…` and `error_time_…` follow. */
export function memberFacts(member: MemberView): Fact[] {
  return [
    ...connectionFacts(member),
    ['activation', ACTIVATION_TEXTS[member.activation]],
    ['lbfactor', member.factor],
    ['route', member.route],
    ['redirect', member.redirect],
    ['domain', member.domain],
    ['distance', member.distance],
    ['state', member.state],
    ['lbmult', member.mult],
    ['lbvalue', member.value],
    ['elected', member.used],
    ['sessions', member.sessions],
    ['errors', member.errors],
    ...counterFacts(member),
    ['time_to_recover_min', member.recoverMinSeconds],
    ['time_to_recover_max', member.recoverMaxSeconds],
  ];
}

/** Up to the counters; `last_reset_…` and `error_time_…` follow. */
export function ajpFacts(ajp: AjpView): Fact[] {
  return [
    ...connectionFacts(ajp),
    ['used', ajp.used],
    ['errors', ajp.errors],
    ...counterFacts(ajp),
    ['map_count', ajp.maps.length],
  ];
}

export function resetFacts({ lastResetAt }: { readonly lastResetAt: number }, now: number): Fact[] {
  return [
    ['last_reset_at', lastResetAt],
    ['last_reset_ago', now - lastResetAt],
  ];
}

/** Nothing when there was no error. @param names of the two last: mime=prop has others */
export function errorFacts(
  { errorAt }: TomcatView,
  now: number,
  names: readonly [string, string] = ['error_time_unix_seconds', 'error_time_ago'],
): Fact[] {
  if (errorAt === undefined) return [];
  return [
    ['error_time_datetime', stamp(errorAt)],
    ['error_time_tz', zone(errorAt)],
    [names[0], errorAt],
    [names[1], now - errorAt],
  ];
}

export function mapFacts(map: MapView): Fact[] {
  return [
    ['server', map.server],
    ['uri', map.uri],
    ['type', map.type],
    ['source', map.source],
    ['reply_timeout', map.replyTimeoutMs],
    ['sticky_ignore', Number(map.stickyIgnore)],
    ['stateless', Number(map.stateless)],
    ['fail_on_status', map.failOnStatus],
    ['active', map.active],
    ['disabled', map.disabled],
    ['stopped', map.stopped],
    ['use_server_errors', map.useServerErrors],
  ];
}

function connectionFacts(tomcat: TomcatView): Fact[] {
  return [
    ['type', tomcat.type],
    ['host', tomcat.host],
    ['port', tomcat.port],
    ['address', tomcat.address],
    ['source', tomcat.source],
    ['connection_pool_timeout', tomcat.poolTimeoutSeconds],
    ['ping_timeout', tomcat.pingTimeoutMs],
    ['connect_timeout', tomcat.connectTimeoutMs],
    ['prepost_timeout', tomcat.prepostTimeoutMs],
    ['reply_timeout', tomcat.replyTimeoutMs],
    ['retries', tomcat.retries],
    ['connection_ping_interval', tomcat.pingIntervalSeconds],
    ['recovery_options', tomcat.recoveryOptions],
    ['busy_limit', tomcat.busyLimit],
    ['max_packet_size', tomcat.maxPacketSize],
  ];
}

function counterFacts(tomcat: TomcatView): Fact[] {
  return [
    ['client_errors', tomcat.clientErrors],
    ['reply_timeouts', tomcat.replyTimeouts],
    ['transferred', tomcat.transferred],
    ['read', tomcat.read],
    ['busy', tomcat.busy],
    ['max_busy', tomcat.maxBusy],
    ['connected', tomcat.connected],
    ['max_connected', tomcat.maxConnected],
  ];
}

export const METHOD_TEXTS: Readonly<Record<LbMethod, string>> = {
  request: 'Request',
  traffic: 'Traffic',
  busyness: 'Busyness',
  session: 'Sessions',
  next: 'Next',
};

export const LOCK_TEXTS: Readonly<Record<LbView['lock'], string>> = {
  optimistic: 'Optimistic',
  pessimistic: 'Pessimistic',
};

export function truthText(value: boolean): string {
  return value ? 'True' : 'False';
}

/** `20261121163758`, local time. */
export function stamp(seconds: number): string {
  return dateParts(seconds).join('');
}

/** `2026-11-21 16:37:58 +0000`, local time. */
export function readableTime(seconds: number): string {
  const [year, month, day, hour, minute, second] = dateParts(seconds);
  return `${year}-${month}-${day} ${hour}:${minute}:${second} ${zone(seconds)}`;
}

/** `+0000`: the local zone's distance from UTC at that time. */
function zone(seconds: number): string {
  const minutes = -new Date(seconds * 1000).getTimezoneOffset();
  const away = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(away / 60))}${twoDigits(away % 60)}`;
}

function dateParts(seconds: number): string[] {
  const date = new Date(seconds * 1000);
  return [
    String(date.getFullYear()).padStart(4, '0'),
    ...[date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits),
  ];
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

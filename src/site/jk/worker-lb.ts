// An lb worker of workers.properties as a balancer under the policy `mod_jk`. Source: modjk.md §2; opt-in extras of ours
// are variables to mod_jk: `catflap.<lb>.probe`, `catflap.<lb>.slow_start`.

import { type BalancerConfig, defaultBalancer, defaultStickiness, type MemberConfig } from '../../balancer/config.ts';
import type { LbConfig, LbMethod } from '../../balancer/lb-config.ts';
import type { Place } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { Item, WorkerValues } from './worker-values.ts';

/** What an lb learns from outside its own properties. */
export interface LbSurroundings {
  readonly maintainMs: number;
  /** `catflap.<lb>.probe`, else CatflapProbe. */
  readonly probeMs: number;
  readonly slowStartMs: number;
  /** Makes a member of the list; undefined, with a finding, when it cannot be one. */
  memberOf(item: Item, secret: string): MemberConfig | undefined;
  readonly places: ReadonlyMap<string, Place>;
}

/** The balancer; errors leave no members or fewer. */
export function readLb(values: WorkerValues, surroundings: LbSurroundings): BalancerConfig {
  const secret = values.text('secret') ?? '';
  const items = values.list('balance_workers', 'balanced_workers');
  if (items.length === 0) {
    const told = `an lb needs members: add worker.${shown(values.name)}.balance_workers=… with the names of workers`;
    values.findings.error(values.place, `worker.${shown(values.name)}.balance_workers`, 'lb-without-members', told);
  }
  const members = items.flatMap((item) => surroundings.memberOf(item, secret) ?? []);
  checkRoutes(values, items, members);
  const stickiness = defaultStickiness(values.shortText('session_cookie') ?? 'JSESSIONID', {
    pathName: values.shortText('session_path') ?? ';jsessionid',
    semicolonEnds: true,
    force: values.flag('sticky_session_force', false),
  });
  const lb = readLbConfig(values, surroundings, stickiness.cookieName);
  return defaultBalancer(values.name, members, {
    policy: 'mod_jk',
    ...(values.flag('sticky_session', true) ? { stickiness } : { dormantStickiness: stickiness }),
    probeMs: surroundings.probeMs,
    lb,
    place: values.place,
    parameterPlaces: surroundings.places,
  });
}

function readLbConfig(values: WorkerValues, surroundings: LbSurroundings, cookieName: string): LbConfig {
  const recoverSeconds = values.number({ byDefault: 60, least: 1 }, 'recover_time');
  const cookiePath = values.shortText('session_cookie_path') ?? '/';
  return Object.freeze({
    method: readChoice(values, 'method', METHODS, 'request', 'request, session, traffic, busyness, next'),
    lock: readChoice(values, 'lock', LOCKS, 'optimistic', 'optimistic, pessimistic'),
    retries: values.number({ byDefault: 2, least: 1 }, 'retries'),
    retryIntervalMs: values.number({ byDefault: 100 }, 'retry_interval'),
    lbRetries: values.number({ byDefault: 2, least: 1 }, 'lb_retries'),
    recoverMs: recoverSeconds * 1000,
    errorEscalationMs: values.number({ byDefault: Math.floor(recoverSeconds / 2) }, 'error_escalation_time') * 1000,
    maxReplyTimeouts: values.number({ byDefault: 0 }, 'max_reply_timeouts'),
    maintainMs: surroundings.maintainMs,
    setsCookie: values.flag('set_session_cookie', false),
    cookie: Object.freeze({ name: cookieName, path: cookiePath }),
    slowStartMs: surroundings.slowStartMs,
  });
}

const METHODS: ReadonlyMap<string, LbMethod> = new Map([
  ['r', 'request'],
  ['0', 'request'],
  ['t', 'traffic'],
  ['1', 'traffic'],
  ['b', 'busyness'],
  ['2', 'busyness'],
  ['s', 'session'],
  ['3', 'session'],
  ['n', 'next'],
  ['4', 'next'],
]);

const LOCKS: ReadonlyMap<string, LbConfig['lock']> = new Map([
  ['o', 'optimistic'],
  ['0', 'optimistic'],
  ['p', 'pessimistic'],
  ['1', 'pessimistic'],
]);

/** A choice by its first letter or digit; what means nothing is the default, as in mod_jk, which is silent about it. */
function readChoice<T extends string>(
  values: WorkerValues,
  property: string,
  choices: ReadonlyMap<string, T>,
  byDefault: T,
  names: string,
): T {
  const entry = values.entry(property);
  const choice = entry === undefined ? byDefault : choices.get(entry.value[0].toLowerCase());
  if (choice !== undefined || entry === undefined) return choice ?? byDefault;
  const told = `"${shown(entry.value)}" is none of ${names} and counts as ${byDefault}`;
  values.findings.warn(entry.place, shown(entry.key), 'bad-choice', told);
  return byDefault;
}

/** Two members of one route: a session would not know where it belongs. */
function checkRoutes(values: WorkerValues, items: readonly Item[], members: readonly MemberConfig[]): void {
  const seen = new Map<string, string>();
  for (const { lb, route } of members) {
    const name = lb?.name ?? '';
    const other = seen.get(route);
    seen.set(route, name);
    if (other === undefined) continue;
    const key = `worker.${shown(values.name)}.balance_workers`;
    const place = items.findLast(({ text }) => text === name)?.place ?? values.place;
    const told =
      other === name
        ? `${shown(name)} is a member twice; name it once`
        : `${shown(other)} and ${shown(name)} have the same route "${shown(route)}"; give each its own`;
    values.findings.error(place, key, 'same-route', told);
  }
}

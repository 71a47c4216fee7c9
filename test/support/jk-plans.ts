// Random workers.properties, rules and requests: what decides under mod_jk who answers, except what only time decides.

import { MEMBERS, type Member } from './fake-backends.ts';
import type { JkTexts } from './jk.ts';
import type { Random } from './random.ts';

/** An lb worker, mounted at `/<name>/*`, and its rules with extensions at `/<name>1/*` and so on. */
interface LbPlan {
  readonly name: 'x' | 'y';
  readonly workers: readonly string[];
  /** Properties of the lb. */
  readonly properties: readonly string[];
  /** Extensions of further rules. */
  readonly rules: readonly string[];
  readonly cookie: string;
  readonly pathName: string;
}

interface WorkerPlan {
  readonly name: string;
  readonly member: Member;
  readonly properties: readonly string[];
}

export interface JkPlan {
  readonly lbs: readonly LbPlan[];
  readonly workers: readonly WorkerPlan[];
  /** The workers belong to both lbs, and mod_jk counts what they do for both together: they are never busy. */
  readonly areShared: boolean;
  /** Maintenance comes when all have waited for it, not only once in the life of the plan. */
  readonly isPatient: boolean;
  /** A worker gives up on answers that take long. */
  readonly hasReplyTimeouts: boolean;
}

export type JkEvent =
  | {
      readonly kind: 'ask';
      readonly method: 'GET' | 'POST' | 'HEAD';
      readonly path: string;
      readonly headers: [string, string][];
      readonly body?: string;
    }
  /** A request that is not answered before the day is over: it keeps its member busy. */
  | { readonly kind: 'hold'; readonly path: string; readonly headers: [string, string][] }
  | { readonly kind: 'mode'; readonly member: Member; readonly mode: string }
  | { readonly kind: 'drop'; readonly member: Member }
  /** The status worker is asked what it counted. */
  | { readonly kind: 'look' }
  /** Nothing happens until maintenance is due. */
  | { readonly kind: 'wait' };

const isLong = process.env.CATFLAP_LONG === '1';
/** worker.maintain of a patient plan. Within half of it, by a clock of whole seconds, it is not due again. */
export const MAINTAIN_SECONDS = 2;
const NEVER_SECONDS = 100_000;
/** Reply timeouts, and answers that take longer. */
const REPLY_TIMEOUT_MS = 700;
const SLOW_SECONDS = 2;

/** What traffic weighs is compared to the octet, and what of a failed try was sent by then is chance now and then. */
const METHODS = ['R', 'S', 'B', 'N', 'Request', 'Session', 'Next', 'Busyness', ...(isLong ? ['T'] : [])];
const DOMAINS = ['d1', 'd2'] as const;
const ROUTES = ['r1', 'r2', 'd1.r3', 'r4'] as const;

export function randomJkPlan(random: Random): JkPlan {
  const names = random.chance(0.3) ? (['x', 'y'] as const) : (['x'] as const);
  const count = 1 + random.int(4);
  const isPatient = random.chance(isLong ? 0.06 : 0.02);
  const hasReplyTimeouts = random.chance(0.1);
  // Workers of two lbs are the same ones now and then: the connections are shared, errors are not.
  const areShared = names.length > 1 && random.chance(0.4);
  const workers = (areShared ? ['x'] : names).flatMap((lb) =>
    MEMBERS.slice(0, count).map((member, i) => randomWorker(random, `${areShared ? '' : lb}${member}`, member, i)),
  );
  const lbs = names.map((name) => {
    const own = workers.filter((worker) => areShared || worker.name.startsWith(name)).map((worker) => worker.name);
    return randomLb(random, name, own, isPatient);
  });
  // Where traffic counts there are no domains: after a failover within one mod_jk sends a route of random length. Nor
  // is an answer refused by its status: how much of it has come by then is chance.
  const countsTraffic = lbs.some(({ properties }) => properties.includes('method=T'));
  const further = workers.map(({ properties, ...worker }) => ({
    ...worker,
    properties: [
      ...properties.filter((line) => !countsTraffic || !/^domain=|^fail_on_status=|route=d1/.test(line)),
      ...(hasReplyTimeouts ? [`reply_timeout=${REPLY_TIMEOUT_MS}`] : []),
    ],
  }));
  return { lbs, workers: further, areShared, isPatient, hasReplyTimeouts };
}

function randomWorker(random: Random, name: string, member: Member, index: number): WorkerPlan {
  const properties = ['type=ajp13', 'host=127.0.0.1', `port=@${member}@`, 'retry_interval=5'];
  const maybe = (probability: number, line: () => string): void => {
    if (random.chance(probability)) properties.push(line());
  };
  maybe(0.7, () => `lbfactor=${random.pick([1, 1, 2, 3, 7, 10, 60])}`);
  maybe(0.4, () => `${random.pick(['route', 'route', 'jvm_route'])}=${ROUTES[index]}`);
  maybe(0.2, () => `redirect=${random.pick([...ROUTES, name])}`);
  maybe(0.3, () => `domain=${random.pick(DOMAINS)}`);
  maybe(0.25, () => `distance=${random.int(3)}`);
  maybe(0.25, () =>
    random.pick([
      'activation=disabled',
      'activation=d',
      'activation=stopped',
      'activation=1',
      'disabled=1',
      'stopped=1',
    ]),
  );
  maybe(0.4, () => `retries=${1 + random.int(3)}`);
  maybe(0.35, () => `recovery_options=${random.pick([1, 2, 3, 4, 7, 8, 9, 11, 16, 17, 19, 25, 27, 31])}`);
  maybe(0.25, () => `fail_on_status=${random.pick(['503', '500,503', '-503', '404,-500', '404 500'])}`);
  maybe(0.15, () => `busy_limit=${1 + random.int(2)}`);
  maybe(0.2, () => `ping_mode=${random.pick(['C', 'P', 'A', 'CP', 'I'])}\nping_timeout=700`);
  maybe(0.1, () => `connection_pool_size=${2 + random.int(3)}`);
  return { name, member, properties: properties.flatMap((line) => line.split('\n')) };
}

function randomLb(random: Random, name: 'x' | 'y', workers: readonly string[], isPatient: boolean): LbPlan {
  const cookie = random.chance(0.3) ? 'SID' : 'JSESSIONID';
  const pathName = random.chance(0.3) ? ';sid' : ';jsessionid';
  const properties = ['type=lb', `balance_workers=${workers.join(random.pick([',', ', ', ' ']))}`, 'retry_interval=5'];
  const maybe = (probability: number, line: () => string): void => {
    if (random.chance(probability)) properties.push(line());
  };
  maybe(0.85, () => `method=${random.pick(METHODS)}`);
  maybe(0.2, () => `sticky_session=${random.pick(['0', 'off', 'True'])}`);
  maybe(0.2, () => `sticky_session_force=${random.pick(['1', 'on', 'False'])}`);
  maybe(0.3, () => `retries=${1 + random.int(3)}`);
  maybe(0.3, () => `lb_retries=${1 + random.int(4)}`);
  maybe(0.2, () => `max_reply_timeouts=${1 + random.int(2)}`);
  maybe(0.2, () => 'set_session_cookie=1');
  maybe(0.1, () => 'session_cookie_path=/app');
  if (cookie !== 'JSESSIONID') properties.push(`session_cookie=${cookie}`);
  if (pathName !== ';jsessionid') properties.push(`session_path=${pathName}`);
  if (isPatient) properties.push('recover_time=1', 'error_escalation_time=1');
  const rules = Array.from({ length: random.int(4) }, () => randomRule(random, workers));
  return { name, workers, properties, rules, cookie, pathName };
}

/** Extensions of a rule, most of them about one thing. */
function randomRule(random: Random, workers: readonly string[]): string {
  const some = () => workers.filter(() => random.chance(0.4)).join(random.pick([',', ' '])) || workers[0];
  const one = () =>
    random.pick([
      'sticky_ignore=1',
      'stateless=1',
      `disabled=${some()}`,
      `stopped=${some()}`,
      `active=${some()}`,
      `active=${some()};disabled=${some()};stopped=${some()}`,
      `fail_on_status=${random.pick(['404', '-404', '500 -503'])}`,
      `use_server_errors=${random.pick([400, 500])}`,
      'session_cookie=RID',
      'session_path=;rid',
      'set_session_cookie=1',
      'reply_timeout=5000',
    ]);
  return random.chance(0.3) ? `${one()};${one()}` : one();
}

/** The plan as files; httpd.conf lets header fields choose what environment variables say. */
export function jkTexts({ lbs, workers, isPatient }: JkPlan): JkTexts {
  const lines = [`worker.maintain=${isPatient ? MAINTAIN_SECONDS : NEVER_SECONDS}`];
  for (const { name, properties } of lbs) {
    lines.push(`worker.list=${name}`);
    for (const property of properties) lines.push(`worker.${name}.${property}`);
  }
  for (const { name, properties } of workers) for (const each of properties) lines.push(`worker.${name}.${each}`);
  const mounts = lbs.flatMap(({ name, rules }) => [
    `/${name}/*=${name}`,
    ...rules.map((rule, i) => `/${name}${i + 1}/*=${name};${rule}`),
  ]);
  return {
    workers: `${lines.join('\n')}\n`,
    mounts: `${mounts.join('\n')}\n`,
    status: true,
    conf: [
      'SetEnvIf X-Route (.+) JK_ROUTE=$1',
      'SetEnvIf X-Sticky-Ignore (.+) JK_STICKY_IGNORE=$1',
      'SetEnvIf X-Stateless (.+) JK_STATELESS=$1',
    ].join('\n'),
  };
}

/** What has happened so far. */
export interface JkDay {
  /** Requests stand still at members: their connections are left alone. */
  isHolding: boolean;
  /** A member may have failed: mod_jk forgets all but the first id of a request that is elected for anew. */
  hasFailed: boolean;
}

export function randomJkEvent(random: Random, plan: JkPlan, day: JkDay): JkEvent {
  const event = drawEvent(random, plan, day);
  const isAsking = event.kind === 'ask' || event.kind === 'look' || event.kind === 'wait';
  day.isHolding ||= event.kind === 'hold';
  day.hasFailed ||= !isAsking || (event.kind === 'ask' && /do:(?!big)/.test(event.path));
  return event;
}

function drawEvent(random: Random, plan: JkPlan, { isHolding, hasFailed }: JkDay): JkEvent {
  const lb = random.pick(plan.lbs);
  const worker = plan.workers.find(({ name }) => name === random.pick(lb.workers)) ?? plan.workers[0];
  const { member } = worker;
  if (plan.isPatient && random.chance(0.04)) return { kind: 'wait' };
  if (!plan.areShared && random.chance(0.05)) return { kind: 'look' };
  if (!isHolding && random.chance(0.08)) return { kind: 'mode', member, mode: randomMode(random, worker) };
  if (!isHolding && random.chance(0.03)) return { kind: 'drop', member };
  const id = randomId(random, plan);
  const headers: [string, string][] = [];
  const isRepeated = !hasFailed && random.chance(0.15);
  if (isRepeated || random.chance(0.4)) headers.push(...randomCookies(random, lb, plan, id, isRepeated));
  if (random.chance(0.03)) headers.push(['X-Route', id.slice(id.indexOf('.') + 1) || 'r1']);
  if (random.chance(0.03)) headers.push(['X-Sticky-Ignore', random.pick(['1', '0'])]);
  if (random.chance(0.03)) headers.push(['X-Stateless', random.pick(['1', '0'])]);
  const rule = random.int(lb.rules.length + 3);
  const base = `/${lb.name}${rule >= 1 && rule <= lb.rules.length ? rule : ''}`;
  if (!plan.hasReplyTimeouts && !plan.areShared && random.chance(0.015))
    return { kind: 'hold', path: `${base}/do:hang`, headers };
  let path = `${base}${isRepeated ? '/p' : randomPath(random, plan, member)}`;
  if (path.endsWith('/p') && random.chance(0.15))
    path += `${random.pick([lb.pathName, lb.pathName, ';rid', lb.pathName.toUpperCase()])}=${id}${random.pick(['', '', ';v=1', '/more'])}`;
  if (random.chance(0.1)) path += random.pick(['?q=1', `?${lb.cookie}=${id}`, `?q=1${lb.pathName}=${id}`]);
  if (random.chance(0.06)) return { kind: 'ask', method: 'HEAD', path, headers };
  // Whether a body that nobody reads ends a wait as a timeout or as a broken connection is chance.
  if (!plan.hasReplyTimeouts && random.chance(0.15))
    return { kind: 'ask', method: 'POST', path, headers, body: 'x'.repeat(random.int(random.pick([3000, 20_000]))) };
  return { kind: 'ask', method: 'GET', path, headers };
}

/** nocpong only where CPONG is waited for: elsewhere it is nothing. */
function randomMode(random: Random, { properties }: WorkerPlan): string {
  const asksFirst = properties.some((property) => /^ping_mode=(?:C|P|A)/.test(property));
  return random.pick([
    'refuse',
    'refuse',
    'normal',
    'normal',
    'normal',
    '503',
    '404',
    'crash',
    asksFirst ? 'nocpong' : 'crashhdr',
  ]);
}

function randomId(random: Random, { workers }: JkPlan): string {
  const routes = [...ROUTES, ...ROUTES, ...workers.map(({ name }) => name), ...DOMAINS, 'r9', ''];
  return `${random.pick(['s', 's', 's!x', ''])}${random.pick(['.', '.', '.', ''])}${random.pick(routes)}`;
}

/** @param isRepeated the cookie comes twice, in one field or in two */
function randomCookies(random: Random, lb: LbPlan, plan: JkPlan, id: string, isRepeated: boolean): [string, string][] {
  const name = random.pick([
    lb.cookie,
    lb.cookie,
    lb.cookie,
    lb.cookie,
    'RID',
    `x${lb.cookie}`,
    lb.cookie.toLowerCase(),
  ]);
  const one = random.pick([`${name}=${id}`, `${name}=${id}`, `${name}="${id}"`, `${name} = ${id}`]);
  const around = `${random.pick(['', 'a=1; ', 'a=1;'])}${one}${random.pick(['', '; b=2'])}`;
  if (!isRepeated) return [['Cookie', around]];
  const other = `${name}=${randomId(random, plan)}`;
  if (random.chance(0.7)) return [['Cookie', `${around}; ${other}`]];
  return [
    ['Cookie', around],
    ['Cookie', other],
  ];
}

/** Mostly an ordinary page; now and then one that fails, is large, or takes its time. */
function randomPath(random: Random, plan: JkPlan, member: Member): string {
  const dice = random.int(100);
  if (dice < 6) return `/do:status:${random.pick([404, 500, 503])}`;
  if (dice < 12) return `/on:${member}/do:status:${random.pick([404, 500, 503])}`;
  if (dice < 19) return `/on:${member}/${random.pick(['do:crash', 'do:crash', 'do:crashhdr'])}`;
  if (dice < 30) return `/do:big:${1 + random.int(5000)}`;
  if (dice < 33 && plan.hasReplyTimeouts) return `/on:${member}/do:sleep:${SLOW_SECONDS}`;
  return '/p';
}

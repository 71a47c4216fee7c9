// Random balancers and random days for them: the same configuration, requests and failures for two fronts, each with
// backends of its own, and whether they chose the same members.

import { setTimeout } from 'node:timers/promises';
import { fetchOnce, headerOf } from './client.ts';
import { FakeBackends, MEMBERS, type Member } from './fake-backends.ts';
import { Front, type FrontKind } from './front.ts';
import { until } from './port.ts';
import type { Random } from './random.ts';

interface MemberPlan {
  member: Member;
  protocol: 'ajp' | 'http';
  /** Parameters after the URL. */
  parameters: string[];
}

interface BalancerPlan {
  /** `/x` goes to balancer://x. */
  name: 'x' | 'y';
  members: MemberPlan[];
  /** Parameters of the balancer. */
  parameters: string[];
}

interface Plan {
  /** One or two; two have the same members under parameters of their own. */
  balancers: readonly BalancerPlan[];
  /** Errors end during the day: now and then all wait until every error is over. */
  isPatient: boolean;
}

type Event =
  | { kind: 'ask'; method: 'GET' | 'POST' | 'HEAD'; path: string; headers: [string, string][]; body?: string }
  /** A request that is not answered until the day is over: it makes its member busy. */
  | { kind: 'hold'; path: string; headers: [string, string][] }
  | { kind: 'mode'; member: Member; mode: 'refuse' | 'normal' | '503' | 'crash' }
  | { kind: 'drop'; member: Member }
  /** Nothing happens until all errors so far are over. */
  | { kind: 'wait' };

export interface Difference {
  /** Number of the event, from 0. */
  at: number;
  event: Event;
  first: string;
  second: string;
  /** What both answered before. */
  before: string;
}

const ANSWER_LIMIT_MS = 10_000;
/** Longer than any day. */
const FOREVER_MS = 600_000;
/** Of a patient plan; what happens between two waits must be over sooner, or the day is broken off. */
const RETRY_SECONDS = 5;
const ROUTES = ['r1', 'r2', 'r3', 'r4'] as const;

/**
 * A balancer with anything that decides an election, except what time decides: httpd beside httpd differs with `retry=0`,
 * where microseconds tell whether a member that has just failed is tried again for the same request.
 */
function randomPlan(random: Random): Plan {
  const count = 2 + random.int(3);
  // HTTP members are compared under bytraffic too, where every octet of a head counts.
  const protocol = random.pick(['ajp', 'ajp', 'http'] as const);
  const names = random.chance(0.3) ? (['x', 'y'] as const) : (['x'] as const);
  const isPatient = random.chance(0.1);
  const retry = isPatient ? RETRY_SECONDS : 60;
  return { balancers: names.map((name) => randomBalancer(random, name, count, protocol, retry)), isPatient };
}

function randomBalancer(
  random: Random,
  name: 'x' | 'y',
  count: number,
  protocol: 'ajp' | 'http',
  retry: number,
): BalancerPlan {
  const method = random.pick(['byrequests', 'byrequests', 'bytraffic', 'bybusyness', 'bybusyness']);
  const members = MEMBERS.slice(0, count).map((member, i): MemberPlan => {
    const parameters = [`loadfactor=${1 + random.int(random.pick([3, 10, 100]))}`, `retry=${retry}`];
    if (random.chance(0.85)) parameters.push(`route=${random.chance(0.9) ? ROUTES[i] : random.pick(ROUTES)}`);
    if (random.chance(0.2)) parameters.push(`redirect=${random.pick(ROUTES)}`);
    if (random.chance(0.25)) parameters.push(`lbset=${random.int(3)}`);
    if (random.chance(0.35)) parameters.push(`status=${randomStatus(random)}`);
    return { member, protocol, parameters };
  });
  const parameters = [`lbmethod=${method}`];
  if (random.chance(0.8)) parameters.push(`stickysession=${random.pick(['SID', 'SID|sid'])}`);
  if (random.chance(0.2)) parameters.push('nofailover=On');
  if (random.chance(0.2)) parameters.push(`maxattempts=${random.int(3)}`);
  if (random.chance(0.25)) parameters.push(`failonstatus=${random.pick(['503', '500,503', '404'])}`);
  if (random.chance(0.15)) parameters.push('failontimeout=On');
  if (random.chance(0.1)) parameters.push('timeout=1');
  if (random.chance(0.15)) parameters.push('scolonpathdelim=On');
  if (random.chance(0.2)) parameters.push('forcerecovery=Off');
  if (random.chance(0.1)) parameters.push('stickysessionsep=!');
  return { name, members, parameters };
}

/** Mostly one letter, now and then two, and one taken back. */
function randomStatus(random: Random): string {
  const letter = () => random.pick(['H', 'R', 'D', 'N', 'S', 'I', 'E', 'h', 'C']);
  if (random.chance(0.7)) return `+${letter()}`;
  return random.pick([`+${letter()}${letter()}`, `+${letter()}-${letter()}`, letter()]);
}

/**
 * @param isHolding requests stand still at members: their connections are left alone, for what became of such a request
 * would come at a moment of its own
 */
function randomEvent(random: Random, plan: Plan, isHolding: boolean): Event {
  const { name, members } = random.pick(plan.balancers);
  const { member } = random.pick(members);
  if (plan.isPatient && random.chance(0.04)) return { kind: 'wait' };
  if (!isHolding && random.chance(0.08))
    return { kind: 'mode', member, mode: random.pick(['refuse', 'normal', 'normal', '503', 'crash'] as const) };
  if (!isHolding && random.chance(0.03)) return { kind: 'drop', member };
  const id = `${random.pick(['s', 's.x', ''])}${random.pick(['.', '.', '!'])}${random.pick([...ROUTES, 'r9', ''])}`;
  const headers: [string, string][] = [];
  if (random.chance(0.35))
    headers.push(['Cookie', `${random.pick(['', 'a=1; '])}SID=${id}${random.pick(['', '; b=2'])}`]);
  if (random.chance(0.015)) return { kind: 'hold', path: `/${name}/do:hang`, headers };
  let path = `/${name}${randomPath(random, member)}`;
  if (path.endsWith('/p') && random.chance(0.12))
    path += `;${random.pick(['SID', 'sid'])}=${id}${random.pick(['', '', ';v=1', '/more'])}`;
  if (random.chance(0.1)) path += random.pick(['?q=1', `?SID=${id}`, `?q=1&sid=${id}`]);
  if (random.chance(0.05)) return { kind: 'ask', method: 'HEAD', path, headers };
  if (random.chance(0.15)) return { kind: 'ask', method: 'POST', path, headers, body: 'x'.repeat(random.int(3000)) };
  return { kind: 'ask', method: 'GET', path, headers };
}

/** Mostly an ordinary page; now and then one that fails or is large. */
function randomPath(random: Random, member: Member): string {
  const dice = random.int(100);
  if (dice < 6) return `/do:status:${random.pick([404, 500, 503])}`;
  if (dice < 12) return `/on:${member}/${random.pick(['do:crash', 'do:crash', 'do:crashhdr'])}`;
  if (dice < 25) return `/do:big:${1 + random.int(5000)}`;
  return '/p';
}

function configuration(plan: Plan, backends: FakeBackends): string {
  return plan.balancers
    .map(({ name, members, parameters: own }) => {
      const lines = members.map(
        ({ member, protocol, parameters }) =>
          `  BalancerMember ${protocol}://127.0.0.1:${backends.ports[protocol][member]} ${parameters.join(' ')}\n`,
      );
      return `<Proxy balancer://${name}>\n${lines.join('')}  ProxySet ${own.join(' ')}\n</Proxy>\nProxyPass /${name} balancer://${name}/${name}\n`;
    })
    .join('');
}

/** Plays one random plan on two fronts. @returns the first difference, with the configuration it happened under */
export async function playSideBySide(
  random: Random,
  fronts: readonly [FrontKind, FrontKind],
  events: number,
): Promise<{ configuration: string; difference: Difference | undefined; answers: string[] }> {
  const plan = randomPlan(random);
  await using firstBackends = await FakeBackends.start();
  await using secondBackends = await FakeBackends.start();
  const conf = configuration(plan, firstBackends);
  await using first = await Front.start(fronts[0], { conf });
  await using second = await Front.start(fronts[1], { conf: configuration(plan, secondBackends) });

  const answers: string[] = [];
  let isHolding = false;
  let quietUntil = performance.now();
  for (let at = 0; at < events; at++) {
    const event = randomEvent(random, plan, isHolding);
    isHolding ||= event.kind === 'hold';
    if (event.kind === 'wait') {
      await setTimeout(RETRY_SECONDS * 1000 + 500);
      quietUntil = performance.now();
      continue;
    }
    // Some error may be over for one and not for the other.
    if (plan.isPatient && performance.now() - quietUntil > RETRY_SECONDS * 900) break;
    const one = await play(event, first, firstBackends);
    const other = await play(event, second, secondBackends);
    if (one !== other) {
      const difference = { at, event, first: one, second: other, before: answers.slice(-30).join(' ') };
      return { configuration: conf, difference, answers };
    }
    if (one !== '') answers.push(one);
  }
  return { configuration: conf, difference: undefined, answers };
}

async function play(event: Exclude<Event, { kind: 'wait' }>, front: Front, backends: FakeBackends): Promise<string> {
  if (event.kind === 'mode') {
    await backends.mode(event.member, event.mode);
    return '';
  }
  if (event.kind === 'drop') {
    backends.drop(event.member);
    return '';
  }
  if (event.kind === 'hold') return hold(event, front, backends);
  const answer = await fetchOnce(front.port, event, ANSWER_LIMIT_MS);
  if (answer.timedOut) return 'no answer';
  return `${headerOf(answer, 'x-member') ?? '-'}${answer.status === 200 ? '' : `!${answer.status}`}`;
}

const HOLD_LIMIT_MS = 3_000;

/** Sends a request that is never answered, and tells the members that got it before it stood still. */
async function hold(event: Event & { kind: 'hold' }, front: Front, backends: FakeBackends): Promise<string> {
  const hits = () => MEMBERS.map((member) => backends.state(member).hits);
  const before = hits();
  let answer: string | undefined;
  void fetchOnce(front.port, { ...event, method: 'GET' }, FOREVER_MS).then(({ status }) => {
    answer = `!${status}`;
  });
  await until(() => answer !== undefined || hits().some((count, i) => count > before[i]), HOLD_LIMIT_MS);
  const chosen = MEMBERS.filter((_, i) => hits()[i] > before[i]).join('');
  return answer ?? `(${chosen})`;
}

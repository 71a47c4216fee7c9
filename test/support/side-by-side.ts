// Random balancers and random days for them: the same configuration, requests and failures for two fronts, each with
// backends of its own, and whether they chose the same members.

import { fetchOnce, headerOf } from './client.ts';
import { FakeBackends, MEMBERS, type Member } from './fake-backends.ts';
import { Front, type FrontKind } from './front.ts';
import type { Random } from './random.ts';

interface MemberPlan {
  member: Member;
  protocol: 'ajp' | 'http';
  /** Parameters after the URL. */
  parameters: string[];
}

interface Plan {
  members: MemberPlan[];
  /** Parameters of the balancer. */
  parameters: string[];
}

type Event =
  | { kind: 'ask'; method: 'GET' | 'POST'; path: string; headers: [string, string][]; body?: string }
  | { kind: 'mode'; member: Member; mode: 'refuse' | 'normal' | '503' }
  | { kind: 'drop'; member: Member };

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
const ROUTES = ['r1', 'r2', 'r3', 'r4'] as const;

/**
 * A balancer with anything that decides an election, except what time decides: httpd beside httpd differs with `retry=0`,
 * where microseconds tell whether a member that has just failed is tried again for the same request.
 */
function randomPlan(random: Random): Plan {
  const count = 2 + random.int(3);
  const method = random.pick(['byrequests', 'byrequests', 'bytraffic', 'bybusyness']);
  // HTTP members are compared under bytraffic too, where every octet of a head counts.
  const protocol = random.pick(['ajp', 'ajp', 'http'] as const);
  const members = MEMBERS.slice(0, count).map((member, i): MemberPlan => {
    const parameters = [`loadfactor=${1 + random.int(random.pick([3, 10, 100]))}`, 'retry=60'];
    if (random.chance(0.85)) parameters.push(`route=${random.chance(0.9) ? ROUTES[i] : random.pick(ROUTES)}`);
    if (random.chance(0.2)) parameters.push(`redirect=${random.pick(ROUTES)}`);
    if (random.chance(0.25)) parameters.push(`lbset=${random.int(3)}`);
    if (random.chance(0.3)) parameters.push(`status=+${random.pick(['H', 'R', 'D', 'N', 'S', 'I', 'E'])}`);
    return { member, protocol, parameters };
  });
  const parameters = [`lbmethod=${method}`];
  if (random.chance(0.8)) parameters.push(`stickysession=${random.pick(['SID', 'SID|sid'])}`);
  if (random.chance(0.2)) parameters.push('nofailover=On');
  if (random.chance(0.2)) parameters.push(`maxattempts=${random.int(3)}`);
  if (random.chance(0.2)) parameters.push('failonstatus=503');
  if (random.chance(0.2)) parameters.push('forcerecovery=Off');
  if (random.chance(0.1)) parameters.push('stickysessionsep=!');
  return { members, parameters };
}

function randomEvent(random: Random, plan: Plan): Event {
  const { member } = random.pick(plan.members);
  if (random.chance(0.08))
    return { kind: 'mode', member, mode: random.pick(['refuse', 'normal', 'normal', '503'] as const) };
  if (random.chance(0.03)) return { kind: 'drop', member };
  const id = `${random.pick(['s', 's.x', ''])}${random.pick(['.', '.', '!'])}${random.pick([...ROUTES, 'r9', ''])}`;
  const headers: [string, string][] = [];
  if (random.chance(0.35))
    headers.push(['Cookie', `${random.pick(['', 'a=1; '])}SID=${id}${random.pick(['', '; b=2'])}`]);
  let path = randomPath(random, member);
  if (path === '/x/p' && random.chance(0.12)) path += `;${random.pick(['SID', 'sid'])}=${id}`;
  if (random.chance(0.1)) path += '?q=1';
  if (random.chance(0.15)) return { kind: 'ask', method: 'POST', path, headers, body: 'x'.repeat(random.int(3000)) };
  return { kind: 'ask', method: 'GET', path, headers };
}

/** Mostly an ordinary page; now and then one that fails or is large. */
function randomPath(random: Random, member: Member): string {
  const dice = random.int(100);
  if (dice < 6) return `/x/do:status:${random.pick([404, 500, 503])}`;
  if (dice < 12) return `/x/on:${member}/do:crash`;
  if (dice < 25) return `/x/do:big:${1 + random.int(5000)}`;
  return '/x/p';
}

function configuration(plan: Plan, backends: FakeBackends): string {
  const members = plan.members.map(
    ({ member, protocol, parameters }) =>
      `  BalancerMember ${protocol}://127.0.0.1:${backends.ports[protocol][member]} ${parameters.join(' ')}\n`,
  );
  return `<Proxy balancer://c>\n${members.join('')}  ProxySet ${plan.parameters.join(' ')}\n</Proxy>\nProxyPass /x balancer://c/x\n`;
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
  for (let at = 0; at < events; at++) {
    const event = randomEvent(random, plan);
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

async function play(event: Event, front: Front, backends: FakeBackends): Promise<string> {
  if (event.kind === 'mode') {
    await backends.mode(event.member, event.mode);
    return '';
  }
  if (event.kind === 'drop') {
    backends.drop(event.member);
    return '';
  }
  const answer = await fetchOnce(front.port, event, ANSWER_LIMIT_MS);
  if (answer.timedOut) return 'no answer';
  return `${headerOf(answer, 'x-member') ?? '-'}${answer.status === 200 ? '' : `!${answer.status}`}`;
}

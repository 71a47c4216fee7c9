// One random day of mod_jk for two fronts: the same workers, rules, requests and failures, and whether the same members
// were asked as often, and answered.

import { setTimeout } from 'node:timers/promises';
import { type Conversation, fetchOnce, headerOf } from './client.ts';
import { MEMBERS } from './fake-backends.ts';
import type { FrontKind } from './front.ts';
import { JkSide, type JkTexts, whoAnswered } from './jk.ts';
import {
  type JkDay,
  type JkEvent,
  type JkPlan,
  jkTexts,
  MAINTAIN_SECONDS,
  randomJkEvent,
  randomJkPlan,
} from './jk-plans.ts';
import { until } from './port.ts';
import type { Random } from './random.ts';

export interface JkDifference {
  /** Number of the event, from 0. */
  readonly at: number;
  readonly event: JkEvent;
  readonly first: string;
  readonly second: string;
  /** What both answered before. */
  readonly before: string;
}

const ANSWER_LIMIT_MS = 10_000;
/** Longer than any day. */
const FOREVER_MS = 600_000;
const HOLD_LIMIT_MS = 3_000;
/** Longer than what lies between two tries. */
const STILL_MS = 250;
/** From one maintenance to the next: by a clock of whole seconds twice the period, never three times. */
const WAIT_MS = MAINTAIN_SECONDS * 2250;
/** So long after a maintenance none is due, by a clock of whole seconds. */
const QUIET_MS = (MAINTAIN_SECONDS - 1) * 1000;

/** Plays one random plan. @param alter plants a fault into the files of the first front @returns the first difference, with the files it happened under */
export async function playJkSideBySide(
  random: Random,
  fronts: readonly [FrontKind, FrontKind],
  events: number,
  alter: (texts: JkTexts) => JkTexts = (texts) => texts,
): Promise<{ plan: JkPlan; files: string; difference: JkDifference | undefined; answers: string[] }> {
  const plan = randomJkPlan(random);
  const texts = jkTexts(plan);
  const files = `${texts.workers}\n${texts.mounts}`;
  await using first = await JkSide.start(fronts[0], alter(texts));
  await using second = await JkSide.start(fronts[1], texts);
  const both = <T>(act: (side: JkSide) => Promise<T>): Promise<[T, T]> => Promise.all([act(first), act(second)]);

  const answers: string[] = [];
  const day: JkDay = { isHolding: false, hasFailed: false };
  let maintainedAt = performance.now();
  const maintain = async () => {
    await setTimeout(maintainedAt + WAIT_MS - performance.now());
    maintainedAt = performance.now();
  };
  if (plan.isPatient) await maintain();
  for (let at = 0; at < events; at++) {
    const event = randomJkEvent(random, plan, day);
    if (event.kind === 'wait' || (plan.isPatient && performance.now() - maintainedAt > QUIET_MS)) await maintain();
    if (event.kind === 'wait') continue;
    const [one, other] = await both((side) => play(event, side));
    if (one !== other) {
      const difference = { at, event, first: one, second: other, before: answers.slice(-30).join(' ') };
      return { plan, files, difference, answers };
    }
    if (one !== '' && event.kind !== 'look') answers.push(one);
  }
  return { plan, files, difference: undefined, answers };
}

async function play(event: Exclude<JkEvent, { kind: 'wait' }>, side: JkSide): Promise<string> {
  const { backends } = side;
  if (event.kind === 'mode') {
    await backends.mode(event.member, event.mode);
    return '';
  }
  if (event.kind === 'drop') {
    backends.drop(event.member);
    return '';
  }
  if (event.kind === 'look') return counted(await side.ask({ path: '/jkstatus?mime=prop' }, ANSWER_LIMIT_MS));
  const before = hits(side);
  const asked = () =>
    MEMBERS.map((member, i) => `${member}${hits(side)[i] - before[i]}`).filter((each) => !each.endsWith('0'));
  if (event.kind === 'hold') return `(${await hold(event, side, () => asked().length > 0)} ${asked().join('')})`;
  const answer = await side.ask(event, ANSWER_LIMIT_MS);
  return `${told(answer)}[${asked().join('')}]`;
}

/** Who answered, and the cookie that the front set itself: mod_jk sends one for each attempt, and the last one counts. */
function told(answer: Conversation): string {
  const cookie = headerOf(answer, 'set-cookie');
  return `${whoAnswered(answer)}${cookie === undefined ? '' : ` ${cookie}`}`;
}

const COUNTED =
  /^worker\.\w+\.(?:state|lbmult|lbvalue|elected|sessions|errors|client_errors|reply_timeouts|busy)=.*$/gm;

function counted(page: Conversation): string {
  return `${page.status} ${(page.body.toString('latin1').match(COUNTED) ?? []).join(' ')}`;
}

function hits({ backends }: JkSide): number[] {
  return MEMBERS.map((member) => backends.state(member).hits);
}

function total(side: JkSide): number {
  return hits(side).reduce((sum, count) => sum + count, 0);
}

/** Sends a request that is never answered. @returns the status when it was answered all the same */
async function hold(event: JkEvent & { kind: 'hold' }, side: JkSide, isAsked: () => boolean): Promise<string> {
  const { front } = side;
  let answer = '';
  void fetchOnce(front.port, { ...event, method: 'GET' }, FOREVER_MS).then(({ status }) => {
    answer = `!${status}`;
  });
  await until(() => answer !== '' || isAsked(), HOLD_LIMIT_MS);
  // A member that fails is tried again, and so are others: it is over when nothing happens any more.
  for (let seen = -1; answer === '' && seen !== total(side); await setTimeout(STILL_MS)) seen = total(side);
  return answer;
}

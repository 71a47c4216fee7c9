// Plays recorded scenarios against a front and compares its answers with what the recorded server answered: status,
// member, sequence, headers, what the backend saw, time with tolerance; not the wording of error pages.
// As a program: node test/support/scenario-runner.ts (--catflap | --httpd | --front 'COMMAND @DIR@ @CONF@')
//   [--only REGEX] [--lanes N] [-v] [FILE…]   prints each that differs, then `N of M hold`.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Conversation, converse, headerOf, requestBytes } from './client.ts';
import { FakeBackends, MEMBERS } from './fake-backends.ts';
import { Front, type FrontKind, FrontRefused } from './front.ts';
import { freePorts, sleep } from './port.ts';

/** A request as recordings spell it. */
interface RecordedRequest {
  method?: string;
  path?: string;
  host?: string;
  headers?: [string, string][];
  body?: string | { fill: number };
  chunked?: string[];
  expect_wait?: boolean;
  raw?: string;
}

/** Exactly one of the optional verbs; a step without any (`probe`, …) is a record to read. */
interface Step {
  req?: RecordedRequest;
  seq?: number;
  saw?: string[];
  ctl?: string;
  sleep?: number;
  counters?: string;
  balancer_status?: string;
  parallel?: RecordedRequest[];
  gap_s?: number;
}

export interface Scenario {
  id: string;
  engine: string;
  group: string;
  title: string;
  replay: 'full' | 'partial' | 'startup-error';
  config: string;
  files?: Record<string, string>;
  steps: Step[];
  observed: unknown[];
}

export interface Outcome {
  id: string;
  title: string;
  /** What differed first; undefined when the scenario holds. */
  difference: string | undefined;
}

const RECORDED_FRONT_PORT = 18000;
const RECORDED_AJP_PORT = 18101;
const RECORDED_HTTP_PORT = 18201;
const SETTLE_MS = 150;
/** Answers slower than this carry their duration. */
const NOTABLE_MS = 700;
/** Headers that vary, or that no recording is about. */
const HIDDEN = new Set('date server connection x-member etag last-modified accept-ranges vary'.split(' '));
const FRAMING = new Set(['content-length', 'content-type', 'transfer-encoding']);
const VOLATILE = new Set(['a:AJP_REMOTE_PORT']);

/** The scenarios of a recording that a machine can play. */
export function loadScenarios(file: string | URL): Scenario[] {
  const { scenarios } = JSON.parse(readFileSync(file, 'utf8')) as { scenarios: Scenario[] };
  return (scenarios.map(expand) as Scenario[]).filter(
    ({ replay, steps }) => replay === 'startup-error' || (replay === 'full' && steps.every(isPlayable)),
  );
}

/** Plays scenarios, `lanes` at a time, each lane with backends and ports of its own. Outcomes come in the given order. */
export async function playScenarios(
  scenarios: readonly Scenario[],
  front: FrontKind,
  options: { lanes?: number; onOutcome?: (outcome: Outcome) => void } = {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const lane = async () => {
    await using stage = await Stage.build(front);
    for (let at = next++; at < scenarios.length; at = next++) {
      const scenario = scenarios[at] as Scenario;
      const outcome = { id: scenario.id, title: scenario.title, difference: await stage.play(scenario) };
      outcomes[at] = outcome;
      options.onOutcome?.(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.lanes ?? 1, scenarios.length) }, lane));
  return outcomes;
}

/** Backends and a port for the front; scenarios are rewritten to them. */
class Stage {
  readonly #front: FrontKind;
  readonly #port: number;
  readonly #backends: FakeBackends;

  private constructor(front: FrontKind, port: number, backends: FakeBackends) {
    this.#front = front;
    this.#port = port;
    this.#backends = backends;
  }

  static async build(front: FrontKind): Promise<Stage> {
    const [port] = (await freePorts(1)) as [number];
    return new Stage(front, port, await FakeBackends.start());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backends.stop();
  }

  /** @returns what differed first */
  async play(recorded: Scenario): Promise<string | undefined> {
    const scenario = this.#toOwnPorts(recorded);
    await this.#backends.reset();
    let front: Front;
    try {
      front = await Front.start(this.#front, {
        port: this.#port,
        conf: scenario.config,
        files: scenario.files ?? {},
        jk: scenario.engine === 'mod_jk',
      });
    } catch (refusal) {
      if (!(refusal instanceof FrontRefused)) throw refusal;
      if (scenario.replay === 'startup-error') return undefined;
      return `did not start: ${oneLine(refusal.message).slice(0, 400)}`;
    }
    try {
      if (scenario.replay === 'startup-error')
        return `started, but the recorded server refused: ${JSON.stringify(scenario.observed[0]).slice(0, 200)}`;
      await sleep(SETTLE_MS);
      for (const [i, step] of scenario.steps.entries()) {
        const difference = compare(scenario.observed[i], await this.#step(step, scenario.observed[i]), '');
        if (difference !== undefined)
          return `step ${i + 1} ${JSON.stringify(step).slice(0, 110)} ${difference.slice(0, 400)}`;
      }
      if (front.child.hasEnded) return `the front ended: ${oneLine(front.child.output()).slice(-400)}`;
      return undefined;
    } finally {
      await front.stop();
    }
  }

  #toOwnPorts(scenario: Scenario): Scenario {
    const { ajp, http } = this.#backends.ports;
    const own = new Map([[String(RECORDED_FRONT_PORT), String(this.#port)]]);
    for (const [i, member] of MEMBERS.entries()) {
      own.set(String(RECORDED_AJP_PORT + i), String(ajp[member]));
      own.set(String(RECORDED_HTTP_PORT + i), String(http[member]));
    }
    const recorded = new RegExp(`(?<!\\d)(?:${[...own.keys()].join('|')})(?!\\d)`, 'g');
    return JSON.parse(JSON.stringify(scenario).replace(recorded, (port) => own.get(port) ?? port));
  }

  async #step(step: Step, want: unknown): Promise<unknown> {
    if (step.ctl !== undefined) {
      await this.#backends.control(step.ctl);
      return 'ok';
    }
    if (step.sleep !== undefined) {
      await sleep(step.sleep * 1000);
      return 'ok';
    }
    if (step.counters !== undefined) return this.#counters(step.counters);
    if (step.balancer_status !== undefined) return this.#balancerStatus(step.balancer_status);
    if (step.parallel !== undefined) return this.#parallel(step.parallel, step.gap_s ?? 0.3, want);
    return step.seq === undefined || step.seq === 1
      ? brief(await this.#ask(step.req ?? {}), step.saw)
      : this.#sequence(step.req ?? {}, step.seq);
  }

  #ask(request: RecordedRequest): Promise<Conversation> {
    const { method = 'GET', path = '/', headers = [], host, body, chunked, raw } = request;
    if (raw !== undefined) return converse({ port: this.#port, head: Buffer.from(raw, 'latin1') });
    const asks = headers.some(([name]) => name.toLowerCase() === 'connection');
    const text = requestBytes({
      method,
      path,
      ...(host === undefined ? {} : { host }),
      headers: asks ? headers : [...headers, ['Connection', 'close']],
      ...(body === undefined ? {} : { body: typeof body === 'string' ? utf8(body) : 'x'.repeat(body.fill) }),
      ...(chunked === undefined ? {} : { chunked: chunked.map(utf8) }),
    });
    return converse({ port: this.#port, ...text, method, waitFor100: request.expect_wait ?? false });
  }

  async #sequence(request: RecordedRequest, count: number): Promise<unknown> {
    const members: string[] = [];
    for (let i = 0; i < count; i++) members.push(memberOrStatus(await this.#ask(request), '-', ''));
    const counts: Record<string, number> = {};
    for (const member of members) counts[member] = (counts[member] ?? 0) + 1;
    return { sequence: members.join(members.every((each) => each.length === 1) ? '' : ' '), counts };
  }

  async #parallel(requests: RecordedRequest[], gapSeconds: number, want: unknown): Promise<unknown> {
    const running: Promise<Conversation>[] = [];
    for (const request of requests) {
      running.push(this.#ask(request));
      await sleep(gapSeconds * 1000);
    }
    const answers = await Promise.all(running);
    const wantsMembers = Array.isArray(want) && want.every((each) => typeof each === 'string');
    return answers.map((answer) =>
      wantsMembers
        ? answer.status === 200
          ? (headerOf(answer, 'x-member') ?? '-')
          : `!${answer.status}`
        : brief(answer),
    );
  }

  #counters(which: string): unknown {
    const read = (member: (typeof MEMBERS)[number]) => {
      const { hits, conns, cpings } = this.#backends.state(member);
      return which === 'hits' ? hits : which === 'conns' ? conns : [cpings, hits];
    };
    return Object.fromEntries(MEMBERS.map((member) => [member, read(member)]));
  }

  async #balancerStatus(path: string): Promise<unknown> {
    const page = await this.#ask({ path: `${path}?xml=1`, headers: [['Referer', `http://www.example.test${path}`]] });
    return [...page.body.toString('latin1').matchAll(/<httpd:worker>(.*?)<\/httpd:worker>/gs)].map(
      ([, worker = '']) => [
        /<httpd:name>([^<]*)/.exec(worker)?.[1]?.split('/')[2],
        /<httpd:status>([^<]*)/.exec(worker)?.[1]?.trim(),
      ],
    );
  }
}

/** What recordings keep of an answer. */
function brief(answer: Conversation, saw?: readonly string[]): Record<string, unknown> {
  const kept: Record<string, unknown> = { status: answer.status };
  if (answer.status === undefined) Object.assign(kept, { rawstart: answer.start, reset: answer.wasReset || undefined });
  const member = headerOf(answer, 'x-member');
  if (member !== undefined) kept.member = member;
  const isShown = ([name]: [string, string]) => !HIDDEN.has(name.toLowerCase());
  const headers = answer.headers.filter((each) => isShown(each) && !FRAMING.has(each[0].toLowerCase()));
  if (headers.length > 0) kept.headers = headers;
  if (answer.interim.length > 0)
    kept.interim = answer.interim.map((each) => [each.status, each.headers.filter(isShown)]);
  const overran = answer.surplus > 0 && headerOf(answer, 'content-length') !== undefined;
  if (answer.isComplete === false || (answer.isComplete === true && overran)) kept.truncated = true;
  if (answer.firstLine !== undefined) kept.first_line_before_body = answer.firstLine;
  if (answer.noInterim) kept.no_interim_after_5s = true;
  if (answer.timedOut) kept.client_timeout = true;
  if (answer.ms > NOTABLE_MS) kept.seconds = answer.ms / 1000;

  const body = answer.body.toString('latin1');
  const seen = parseJson(body);
  if (seen !== undefined) {
    if (saw !== undefined) kept.backend_saw = view(seen, saw);
  } else if (body !== '' && member === undefined)
    kept.body_start = body
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .slice(0, 110)
      .trim();
  else if (body !== '') kept.body_len = body.length;
  return kept;
}

type Echo = { headers?: [string, unknown][]; attributes?: [string, unknown][] } & Record<string, unknown>;

/** The fields a step asks for: `h:NAME` a header, `a:NAME` an AJP attribute, else a fact at the top. */
function view(echo: Echo, fields: readonly string[]): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const field of fields) {
    const name = field.slice(2);
    if (field.startsWith('h:'))
      seen[field] = single((echo.headers ?? []).filter(([each]) => each.split(':').at(-1)?.toLowerCase() === name));
    else if (field.startsWith('a:')) seen[field] = single((echo.attributes ?? []).filter(([each]) => each === name));
    else seen[field] = echo[field];
  }
  return seen;
}

function single(found: [string, unknown][]): unknown {
  const values = found.map(([, value]) => value);
  return values.length === 1 ? values[0] : values.length === 0 ? undefined : values;
}

/** Undefined when the answer is as recorded, else where and how it differs. */
export function compare(want: unknown, got: unknown, path: string): string | undefined {
  if (isRecord(want) && isRecord(got)) return compareRecords(want, got, path);
  if (Array.isArray(want) && Array.isArray(got)) {
    if (want.length !== got.length) return differs(path, want, got);
    for (const [i, each] of want.entries()) {
      const difference = compare(each, got[i], `${path}[${i}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof want === 'string' && typeof got === 'string' && PLACEHOLDER.test(want)) {
    const pattern = want.split(PLACEHOLDERS).map(RegExp.escape).join('.*?');
    return new RegExp(`^(?:${pattern})$`, 's').test(got) ? undefined : differs(path, want, got);
  }
  return (want ?? undefined) === (got ?? undefined) ? undefined : differs(path, want, got);
}

const PLACEHOLDER = /<(?:port|dur|n|ms|id|time)>/;
const PLACEHOLDERS = /<(?:port|dur|n|ms|id|time)>/g;

function compareRecords(want: Record<string, unknown>, got: Record<string, unknown>, path: string): string | undefined {
  const status = typeof want.status === 'number' ? want.status : 200;
  for (const [key, wanted] of Object.entries(want)) {
    const at = `${path}.${key}`;
    if (VOLATILE.has(key)) continue;
    if ((key === 'body_start' || key === 'body_len') && status >= 400) continue;
    if (key === 'seconds') {
      const [expected, measured] = [Number(wanted), Number(got[key] ?? 0)];
      if (Math.abs(expected - measured) > Math.max(0.8, 0.35 * expected)) return differs(at, expected, measured);
      continue;
    }
    if (key === 'headers') {
      const [a, b] = [sortedHeaders(wanted), sortedHeaders(got[key])];
      if (JSON.stringify(a) !== JSON.stringify(b)) return differs(at, wanted, got[key]);
      continue;
    }
    const difference = compare(wanted, got[key], at);
    if (difference !== undefined) return difference;
  }
  for (const key of ['truncated', 'client_timeout', 'no_interim_after_5s'])
    if (got[key] && !want[key]) return `${path}.${key}: unexpected`;
  return undefined;
}

function sortedHeaders(headers: unknown): string[] {
  const pairs = (headers ?? []) as [string, string][];
  return pairs.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort();
}

function differs(path: string, want: unknown, got: unknown): string {
  return `${path}: wanted ${JSON.stringify(want)?.slice(0, 140)}, got ${JSON.stringify(got)?.slice(0, 140)}`;
}

function memberOrStatus(answer: Conversation, none: string, noneFailed: string): string {
  const member = headerOf(answer, 'x-member');
  return answer.status === 200 ? (member ?? none) : `${member ?? noneFailed}!${answer.status ?? 'None'}`;
}

function isPlayable(step: Step): boolean {
  return ['ctl', 'sleep', 'counters', 'balancer_status', 'parallel', 'req'].some((verb) => verb in step);
}

/** `{repeat, times}` and `{text_with_repeat: […]}` stand for long texts. */
function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expand);
  if (!isRecord(value)) return value;
  if (typeof value.repeat === 'string' && typeof value.times === 'number') return value.repeat.repeat(value.times);
  if (Array.isArray(value.text_with_repeat)) return value.text_with_repeat.map(expand).join('');
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, expand(each)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): Echo | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      front: { type: 'string' },
      httpd: { type: 'boolean', default: false },
      catflap: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      lanes: { type: 'string', default: '1' },
      verbose: { type: 'boolean', short: 'v', default: false },
    },
  });
  const front = values.httpd ? 'httpd' : values.catflap ? 'catflap' : values.front;
  if (front === undefined) throw new Error('one of --catflap, --httpd, --front COMMAND');
  const recordings = ['modproxy', 'modjk'].map((name) => new URL(`../data/behaviours/${name}.json`, import.meta.url));
  const files = positionals.length > 0 ? positionals : recordings;
  const only = new RegExp(values.only);
  const scenarios = files.flatMap(loadScenarios).filter(({ id }) => only.test(id));
  const outcomes = await playScenarios(scenarios, front as FrontKind, {
    lanes: Number(values.lanes),
    onOutcome({ id, title, difference }) {
      if (difference !== undefined) console.log(`${id}: ${title.slice(0, 70)}: ${difference}`);
      else if (values.verbose) console.log(`${id} holds`);
    },
  });
  const held = outcomes.filter(({ difference }) => difference === undefined).length;
  console.log(`${held} of ${outcomes.length} hold`);
  process.exitCode = held === outcomes.length ? 0 : 1;
}

if (import.meta.main) await main();

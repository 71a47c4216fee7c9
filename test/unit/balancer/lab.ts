// A front without sockets: members that answer, refuse or break on command, and the proxy's loop around one balancer.
// Steps and their notation are those of the recordings: `abb`, `a!500 b`, `!503`.

import assert from 'node:assert/strict';
import { Balancer } from '../../../src/balancer/balancer.ts';
import {
  type BalancerConfig,
  defaultBalancer,
  defaultMember,
  type MemberChoices,
  type MemberConfig,
  type MemberFlags,
  type PolicyName,
} from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import type { Member } from '../../../src/balancer/member.ts';
import type { Outcome } from '../../../src/balancer/replay.ts';
import { Session } from '../../../src/balancer/stickiness.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Fields } from '../../../src/base/fields.ts';
import { MemoryLog } from '../../../src/base/log.ts';

export type Scheme = 'http' | 'ajp';

/** How a member behaves: a number is the status it answers with. */
export type Mode =
  | 'normal'
  | 'refuse'
  | 'crash'
  | 'crash-after-head'
  | 'crash-in-body'
  | 'hang'
  | 'no-cpong'
  | 'unknown-name'
  | number;

export interface Ask {
  readonly method?: string;
  /** As proxied, query included. */
  readonly url?: string;
  readonly cookies?: readonly string[];
  readonly bodyBytes?: number;
  /** Only this member misbehaves, and so. */
  readonly on?: Readonly<Record<string, Mode>>;
}

export interface Answer {
  /** As in a recorded sequence. */
  readonly text: string;
  readonly member: string | undefined;
  readonly routeChanged: boolean;
  readonly session: Session;
}

/** One member `a`, `b` … with its route, unless `choices` names another. `status` holds flag letters. */
export function member(name: string, choices: MemberChoices & { status?: string } = {}, scheme: Scheme = 'http') {
  const { status, ...rest } = choices;
  const port = (scheme === 'http' ? 18201 : 18101) + name.charCodeAt(0) - 97;
  const url = `${scheme}://127.0.0.1:${port}`;
  const flags = { ...flagsOf(status ?? ''), ...rest.flags };
  return defaultMember({ url, scheme, host: '127.0.0.1', port, path: '' }, { route: name, ...rest, flags });
}

function flagsOf(letters: string): Partial<MemberFlags> {
  return {
    ignoreErrors: letters.includes('I'),
    drain: letters.includes('N'),
    disabled: letters.includes('D'),
    stopped: letters.includes('S'),
    inError: letters.includes('E'),
    standby: letters.includes('H'),
    spare: letters.includes('R'),
    healthFailed: letters.includes('C'),
  };
}

/** Octets of a GET and its answer as counted for HTTP and AJP members with a 1000-byte body (P-TRAF-01). */
const TRAFFIC = { http: { sent: 180, received: 1015 }, ajp: { sent: 0, received: 1000 } };

export class Lab {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: MemoryLog = new MemoryLog();
  readonly modes: Map<string, Mode> = new Map();
  /** Attempts that reached each member. */
  readonly hits: Map<string, number> = new Map();
  balancer: Balancer;

  constructor(
    members: readonly MemberConfig[],
    choices: Partial<Omit<BalancerConfig, 'name' | 'members'>> & { policy?: PolicyName } = {},
  ) {
    this.balancer = Balancer.from(defaultBalancer('c', members, choices), { clock: this.clock, log: this.log });
  }

  /** One letter per member, in the order of the ports. */
  nameOf(member: Member): string {
    return String.fromCharCode(97 + (member.config.port % 100) - 1);
  }

  mode(names: string, mode: Mode): void {
    for (const name of names) this.modes.set(name, mode);
  }

  /** One request from first election to last answer; takes 1 ms of the virtual clock. */
  ask(ask: Ask = {}): Answer {
    this.clock.advance(1);
    const { balancer } = this;
    const session = new Session();
    const url = ask.url ?? '/x/p';
    balancer.sessions?.find(url, cookieFields(ask.cookies ?? []), session);
    const election = new Election();
    for (;;) {
      const member = balancer.elect(session, election);
      const { routeChanged } = election;
      if (member === undefined) return { text: '!503', member: undefined, routeChanged, session };
      const name = this.nameOf(member);
      const end = this.#attempt(member, election, name, ask);
      if (typeof end === 'number') {
        balancer.answered(member, election, end);
        return { text: end === 200 ? name : `${name}!${end}`, member: name, routeChanged, session };
      }
      const step = balancer.judge(member, election, end);
      if (step.kind === 'other') continue;
      if (step.kind === 'answer') balancer.settled(member, step);
      const text = step.kind === 'cut' ? `${name}!cut` : `!${step.status}`;
      return { text, member: undefined, routeChanged, session };
    }
  }

  /** Several requests, one after another, as one recorded sequence. */
  sequence(count: number, ask: Ask = {}): string {
    const texts = Array.from({ length: count }, () => this.ask(ask).text);
    return texts.every((text) => text.length === 1) ? texts.join('') : texts.join(' ');
  }

  /** Requires the sequence that was recorded. */
  expect(recorded: string, ask: Ask = {}): void {
    const count = recorded.includes(' ') || recorded.includes('!') ? recorded.split(' ').length : recorded.length;
    assert.equal(this.sequence(count, ask), recorded);
  }

  /** Answers with a status, or with how the attempt failed. */
  #attempt(member: Member, election: Election, name: string, ask: Ask): number | Outcome {
    const { balancer } = this;
    const mode = ask.on?.[name] ?? this.modes.get(name) ?? 'normal';
    const { scheme } = member.config;
    const protocol = scheme === 'ajp' ? 'ajp' : 'http';
    const bodySent = (ask.bodyBytes ?? 0) > 0;
    const facts = {
      protocol,
      method: ask.method ?? 'GET',
      hasQuery: ask.url?.includes('?') ?? false,
      requestBytesSent: TRAFFIC.http.sent,
      bodySent,
      bodyKept: true,
      reusedConnection: false,
      secondChance: true,
      timedOut: mode === 'hang',
      pinged: protocol === 'ajp' && member.config.pingMs > 0,
      answered: false,
    } as const;
    balancer.began(member);
    const traffic = TRAFFIC[protocol];
    const isReached = mode !== 'refuse' && mode !== 'unknown-name';
    if (isReached) {
      this.hits.set(name, (this.hits.get(name) ?? 0) + 1);
      balancer.succeeded(member);
    }
    const isAnswered = mode === 'normal' || typeof mode === 'number';
    balancer.finished(
      member,
      election,
      isAnswered ? 'served' : 'failed',
      isReached ? traffic.sent : 0,
      isAnswered ? traffic.received : 0,
    );
    if (mode === 'normal') return 200;
    if (typeof mode === 'number') return mode;
    switch (mode) {
      case 'refuse':
        return { ...facts, phase: 'connect', requestBytesSent: 0, bodySent: false };
      case 'unknown-name':
        return { ...facts, phase: 'resolve', requestBytesSent: 0, bodySent: false };
      case 'no-cpong':
        return { ...facts, phase: 'ping', requestBytesSent: 0, bodySent: false };
      case 'crash':
      case 'hang':
        return { ...facts, phase: 'response-head' };
      case 'crash-after-head':
        // An HTTP head goes on to the client at once, an AJP head only with the body.
        return { ...facts, phase: 'response-body', answered: protocol === 'http' };
      case 'crash-in-body':
        return { ...facts, phase: 'response-body', answered: true };
    }
  }
}

/** What a request says whose session has this route. */
export function sessionOf(route: string | undefined): Session {
  const session = new Session();
  session.route = route;
  return session;
}

export function cookieFields(cookies: readonly string[]): Fields {
  const fields = new Fields();
  fields.add('Host', 'www.example.test');
  for (const cookie of cookies) fields.add('Cookie', cookie);
  return fields;
}

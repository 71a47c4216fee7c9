// An lb worker of mod_jk without sockets: members that answer, refuse or break on command, and the attempts' loop around
// the balancer, sleeps on the virtual clock included. Notation as in the recordings: `abab`, `a!500 b`, `!503`.

import assert from 'node:assert/strict';
import { Balancer } from '../../../src/balancer/balancer.ts';
import {
  type BalancerConfig,
  defaultBalancer,
  defaultMember,
  defaultStickiness,
} from '../../../src/balancer/config.ts';
import { Election, type Step } from '../../../src/balancer/election.ts';
import { DEFAULT_LB, DEFAULT_TRIES, NO_RULES } from '../../../src/balancer/lb/defaults.ts';
import { type MemberFigures, memberFigures } from '../../../src/balancer/lb/figures.ts';
import { forceRoute } from '../../../src/balancer/lb/session-ids.ts';
import type { LbConfig, LbMemberConfig, RequestRules, TryConfig } from '../../../src/balancer/lb-config.ts';
import type { Member } from '../../../src/balancer/member.ts';
import type { Outcome } from '../../../src/balancer/replay.ts';
import { Session } from '../../../src/balancer/stickiness.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Failure } from '../../../src/base/failure.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { cookieFields } from './lab.ts';

/** How a member behaves: a number is the status it answers with. */
export type Mode =
  | 'normal'
  | 'refuse'
  | 'crash'
  | 'crash-after-head'
  | 'crash-asked'
  | 'garbage'
  | 'hang'
  | 'full'
  | number;

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly cookies?: readonly string[];
  readonly rules?: Partial<RequestRules>;
  /** JK_ROUTE. */
  readonly route?: string;
  /** Only this member misbehaves, and so. */
  readonly on?: Readonly<Record<string, Mode>>;
}

export interface LbChoices extends Partial<LbConfig> {
  readonly sticky?: boolean;
  readonly force?: boolean;
  readonly probeMs?: number;
}

export interface MemberChoicesJk extends Partial<Omit<LbMemberConfig, 'tries'>> {
  readonly route?: string;
  readonly redirect?: string;
  readonly distance?: number;
  readonly tries?: Partial<TryConfig>;
}

export function jkMember(name: string, choices: MemberChoicesJk = {}) {
  const { route = name, redirect = '', distance = 0, tries, ...lb } = choices;
  const dot = route.indexOf('.');
  return defaultMember(
    { url: 'ajp://127.0.0.1:8009', scheme: 'ajp', host: '127.0.0.1', port: 8009, path: '' },
    {
      route,
      redirect,
      set: distance,
      lb: {
        name,
        type: 'ajp13',
        activation: 'active',
        factor: 1,
        domain: dot < 0 ? '' : route.slice(0, dot),
        tries: { ...DEFAULT_TRIES, ...tries },
        ...lb,
      },
    },
  );
}

export function lbConfig(members: readonly ReturnType<typeof jkMember>[], choices: LbChoices = {}): BalancerConfig {
  const { sticky = true, force = false, probeMs = 0, ...lb } = choices;
  const stickiness = defaultStickiness('JSESSIONID', { pathName: ';jsessionid', force });
  return defaultBalancer('lb', members, {
    policy: 'mod_jk',
    probeMs,
    lb: { ...DEFAULT_LB, ...lb },
    ...(sticky ? { stickiness } : { dormantStickiness: stickiness }),
  });
}

/** Octets of a request and its answer in packets of AJP (J-LBV-01). */
const SENT = 198;
const RECEIVED = 1067;

export class LbLab {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: MemoryLog = new MemoryLog();
  readonly modes = new Map<string, Mode>();
  /** Tries that reached each member. */
  readonly hits = new Map<string, number>();
  /** Of the last request. */
  election: Election = new Election();
  balancer: Balancer;

  constructor(members: readonly ReturnType<typeof jkMember>[], choices: LbChoices = {}) {
    this.clock.advance(1000);
    this.balancer = Balancer.from(lbConfig(members, choices), { clock: this.clock, log: this.log });
  }

  static direct(tries: Partial<TryConfig> = {}): LbLab {
    const lab = new LbLab([jkMember('w', { tries })]);
    const config = { ...lbConfig([jkMember('w', { tries })]), policy: 'mod_jk_direct', lb: undefined } as const;
    lab.balancer = Balancer.from(config, { clock: lab.clock, log: lab.log });
    return lab;
  }

  member(name: string): Member {
    return this.balancer.members.find((member) => member.name === name) as Member;
  }

  figures(name: string): MemberFigures {
    return memberFigures(this.balancer, this.member(name), { connected: 0, maxConnected: 0 });
  }

  /** States of all members, in order. */
  get states(): string {
    return this.balancer.members.map(({ name }) => this.figures(name).state).join(' ');
  }

  mode(names: string, mode: Mode): void {
    for (const name of names) this.modes.set(name, mode);
  }

  /** One request from first election to last answer; sleeps take their time. */
  ask(ask: Ask = {}): string {
    const session = new Session();
    const election = this.begin(ask, session);
    for (;;) {
      const member = this.balancer.elect(session, election);
      if (member === undefined) {
        if (!election.mayWait) return '!503';
        this.clock.advance(election.waitMs);
        continue;
      }
      const text = this.#serve(member, election, ask);
      if (text !== undefined) return text;
    }
  }

  begin(ask: Ask = {}, session = new Session()): Election {
    const election = new Election();
    election.rules = ask.rules === undefined ? undefined : { ...NO_RULES, ...ask.rules };
    if (ask.route !== undefined) forceRoute(ask.route, session);
    else this.balancer.sessions?.find(ask.path ?? '/x/p', cookieFields(ask.cookies ?? []), session, election.rules);
    election.forcedRoute = ask.route;
    election.begin();
    this.election = election;
    return election;
  }

  /** A request that stays with the member it is given to until `end` is called. */
  hold(ask: Ask = {}): { name: string; end: () => void } {
    const session = new Session();
    const election = this.begin(ask, session);
    const member = this.balancer.elect(session, election) as Member;
    this.balancer.began(member);
    assert.equal(this.balancer.entered(member, election), undefined);
    return { name: member.name, end: () => this.balancer.finished(member, election, 'served', SENT, RECEIVED) };
  }

  /** @returns what the client gets; undefined when another member is asked */
  #serve(member: Member, election: Election, ask: Ask): string | undefined {
    const { balancer } = this;
    const { name } = member;
    const mode = ask.on?.[name] ?? this.modes.get(name) ?? 'normal';
    balancer.began(member);
    let step = mode === 'full' ? this.#fail(member, election, ask, mode) : balancer.entered(member, election);
    for (;;) {
      if (step === undefined) {
        this.hits.set(name, (this.hits.get(name) ?? 0) + 1);
        if (mode === 'normal' || typeof mode === 'number') {
          const status = mode === 'normal' ? 200 : mode;
          step = balancer.answered(member, election, status);
          if (step === undefined) {
            balancer.finished(member, election, 'served', SENT, RECEIVED);
            return status === 200 ? name : `${name}!${status}`;
          }
        } else step = this.#fail(member, election, ask, mode);
      }
      this.clock.advance(step.afterMs);
      if (step.kind !== 'same') break;
      step = undefined;
    }
    balancer.finished(member, election, 'failed', 0, 0);
    if (step.kind === 'answer') balancer.settled(member, step);
    return step.kind === 'other' ? undefined : step.kind === 'cut' ? `${name}!cut` : `!${step.status}`;
  }

  #fail(member: Member, election: Election, { method = 'GET' }: Ask, mode: Mode): Step {
    const facts: Outcome = {
      protocol: 'ajp',
      phase: mode === 'refuse' || mode === 'full' ? 'connect' : 'response-head',
      method,
      hasQuery: false,
      requestBytesSent: 1,
      bodySent: false,
      bodyKept: true,
      reusedConnection: false,
      secondChance: false,
      timedOut: mode === 'hang',
      pinged: false,
      answered: false,
      hasHead: mode === 'crash-after-head',
      bodyAsked: mode === 'crash-asked',
    };
    return this.balancer.judge(member, election, facts, new Failure(CODES[mode] ?? 'head-closed', 'upstream', 'why'));
  }

  /** Several requests, one after another, as one recorded sequence. */
  sequence(count: number, ask: Ask = {}): string {
    const texts = Array.from({ length: count }, () => this.ask(ask));
    return texts.every((text) => text.length === 1) ? texts.join('') : texts.join(' ');
  }

  /** Requires the sequence that was recorded. */
  expect(recorded: string, ask: Ask = {}): void {
    const count = recorded.includes(' ') || recorded.includes('!') ? recorded.split(' ').length : recorded.length;
    assert.equal(this.sequence(count, ask), recorded);
  }
}

const CODES: Readonly<Record<string, string>> = {
  refuse: 'connect-refused',
  garbage: 'ajp-interim-head',
  hang: 'head-timeout',
  full: 'pool-exhausted',
};

export function cookie(value: string): Ask {
  return { cookies: [value] };
}

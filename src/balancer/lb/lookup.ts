// Whom an lb worker of mod_jk gives a request to (modjk.md §4, §6): the session's route before its domain, a redirect
// before the domain of the member that is out, then the free choice by distance and load, then the hot standby.

import type { BalancerConfig } from '../config.ts';
import type { Election, Reason } from '../election.ts';
import type { Activation, RequestRules } from '../lb-config.ts';
import type { Member } from '../member.ts';
import type { Scoreboard } from '../scoreboard.ts';
import type { Session } from '../stickiness.ts';
import type { ElectionTrace } from '../trace.ts';
import type { LbProgress } from './progress.ts';
import { isUsable } from './states.ts';

const NOBODY = -1;

/** The members of one lb worker as one thread looks at them; nothing is allocated on the way. */
export class LbLookup {
  trace: ElectionTrace | undefined = undefined;
  readonly #members: readonly Member[];
  readonly #board: Scoreboard;
  readonly #isForced: boolean;
  readonly #isSticky: boolean;
  /** The first member of each route. */
  readonly #routes = new Map<string, number>();
  /** Where the hot standby is: the redirect of the first member that has one. */
  readonly #standbyRoute: string;
  /** What the last look found, beside the member. */
  #reason: Reason = 'none';
  #domain: string | undefined = undefined;

  constructor(config: BalancerConfig, members: readonly Member[], board: Scoreboard) {
    this.#members = members;
    this.#board = board;
    this.#isSticky = config.stickiness !== undefined;
    this.#isForced = config.stickiness?.force === true;
    for (const { config: own, index } of members) if (!this.#routes.has(own.route)) this.#routes.set(own.route, index);
    this.#standbyRoute = members.find((member) => member.config.redirect !== '')?.config.redirect ?? '';
  }

  /** The request names a session, known or not, and sessions are looked for. */
  hasSession(session: Session | undefined): boolean {
    return this.#isSticky && session?.id !== undefined;
  }

  /** The most suitable member by the states that `election` knows; fills how it was found. */
  suitable(session: Session | undefined, election: Election): Member | undefined {
    const progress = election.lb;
    progress.isSticky = false;
    this.#domain = undefined;
    const index = this.#find(session, election.rules, progress);
    election.reason = this.#reason;
    if (index === NOBODY) return undefined;
    const member = this.#members[index];
    progress.activation = this.activationOf(index, election.rules);
    progress.jvmRoute = election.forcedRoute ?? this.#domain ?? member.config.route;
    election.routeChanged = this.#isSticky && !progress.isSticky;
    return member;
  }

  activationOf(index: number, rules: RequestRules | undefined): Activation {
    const lb = this.#members[index].config.lb;
    const activations = rules?.activations;
    const own = lb?.activation ?? 'active';
    if (activations === undefined || activations.size === 0 || lb === undefined) return own;
    return activations.get(lb.name) ?? own;
  }

  #find(session: Session | undefined, rules: RequestRules | undefined, progress: LbProgress): number {
    if (this.#members.length === 1) {
      if (!this.#takesSessions(0, rules, progress)) return this.#nobody('none');
      if (this.activationOf(0, rules) !== 'disabled') {
        progress.isSticky = true;
        this.#reason = 'choice';
        return 0;
      }
    }
    if (session !== undefined && this.hasSession(session)) {
      const { routes } = session;
      for (let i = 0; i < routes.length; i++) {
        const index = this.#ofRoute(routes[i], rules, progress);
        if (index !== NOBODY) return index;
      }
      if (this.#isForced) return this.#nobody('forced');
    }
    const free = this.#freely(rules, progress);
    if (free !== NOBODY) return free;
    if (this.#standbyRoute === '') return this.#nobody('none');
    const standby = this.#ofRoute(this.#standbyRoute, rules, progress);
    progress.isSticky = false;
    if (standby === NOBODY) return this.#nobody('none');
    this.#reason = 'standby';
    return standby;
  }

  #nobody(reason: Reason): number {
    this.#reason = reason;
    return NOBODY;
  }

  /** Active and disabled members serve sessions. */
  #takesSessions(index: number, rules: RequestRules | undefined, { states }: LbProgress): boolean {
    return isUsable(states[index]) && this.activationOf(index, rules) !== 'stopped';
  }

  #takesStrangers(index: number, rules: RequestRules | undefined, { states }: LbProgress): boolean {
    return isUsable(states[index]) && this.activationOf(index, rules) === 'active';
  }

  #ofRoute(route: string, rules: RequestRules | undefined, progress: LbProgress): number {
    let index = this.#routes.get(route) ?? NOBODY;
    const isOfDomain = index === NOBODY;
    this.#domain = undefined;
    if (isOfDomain) {
      index = this.#bestOfDomain(route, rules, progress);
      if (index === NOBODY) return NOBODY;
      this.#domain = this.#members[index].config.lb?.domain;
    } else progress.isSticky = true;
    const takes = this.#takesSessions(index, rules, progress);
    this.trace?.routed(this.#members[index], route, takes);
    this.#reason = isOfDomain ? 'domain' : 'route';
    if (takes) return index;
    progress.isSticky = false;
    if (this.#isForced) return NOBODY;
    const { redirect, lb } = this.#members[index].config;
    if (redirect !== '') {
      index = this.#routes.get(redirect) ?? NOBODY;
      this.#domain = undefined;
      this.#reason = 'redirect';
    } else if (lb !== undefined && lb.domain !== '' && !isOfDomain) {
      index = this.#bestOfDomain(lb.domain, rules, progress);
      this.#domain = index === NOBODY ? undefined : lb.domain;
      this.#reason = 'domain';
    } else return NOBODY;
    if (index !== NOBODY && !this.#takesSessions(index, rules, progress)) index = NOBODY;
    if (index === NOBODY) this.#domain = undefined;
    return index;
  }

  /** Lowest distance, then lowest load; the first of equals. @param route a route or a domain: what stands before its dot */
  #bestOfDomain(route: string, rules: RequestRules | undefined, progress: LbProgress): number {
    const dot = route.indexOf('.');
    const domain = dot < 0 ? route : route.slice(0, dot);
    let best = NOBODY;
    for (let i = 0; i < this.#members.length; i++) {
      const { config } = this.#members[i];
      if (domain === '' || config.lb?.domain !== domain || !this.#takesStrangers(i, rules, progress)) continue;
      if (best === NOBODY || this.#isNearer(i, best) || (this.#isAsNear(i, best) && this.#load(i) < this.#load(best)))
        best = i;
    }
    return best;
  }

  /** As in a domain, but beginning behind the last one chosen, so that equals take turns. */
  #freely(rules: RequestRules | undefined, progress: LbProgress): number {
    const count = this.#members.length;
    const { offset } = this.#board;
    const ignoresLoad = rules?.isStateless === true;
    let best = NOBODY;
    for (let j = 0; j < count; j++) {
      const i = (offset + j) % count;
      const takes = this.#takesStrangers(i, rules, progress);
      if (this.trace !== undefined) this.#tell(i, takes, rules, progress);
      if (!takes) continue;
      const isLess = !ignoresLoad && best !== NOBODY && this.#isAsNear(i, best) && this.#load(i) < this.#load(best);
      if (best === NOBODY || isLess || this.#isNearer(i, best)) best = i;
    }
    if (best === NOBODY) return NOBODY;
    this.#board.offset = best + 1;
    this.#reason = 'choice';
    return best;
  }

  #tell(index: number, takes: boolean, rules: RequestRules | undefined, { states }: LbProgress): void {
    const isDrained = isUsable(states[index]) && this.activationOf(index, rules) === 'disabled';
    this.trace?.considered(this.#members[index], takes ? 'offered' : isDrained ? 'drained' : 'unusable');
  }

  #isNearer(index: number, than: number): boolean {
    return this.#members[index].config.set < this.#members[than].config.set;
  }

  #isAsNear(index: number, as: number): boolean {
    return this.#members[index].config.set === this.#members[as].config.set;
  }

  #load(index: number): number {
    return this.#board.standing[this.#members[index].state.row];
  }
}

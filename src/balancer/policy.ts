// What makes a dialect: data and small pure functions that the engine asks. No dialect's name appears in the engine.

import type { PolicyName, StickinessConfig } from './config.ts';
import type { Elector, ElectorGround } from './elector.ts';
import { DEFAULT_LB } from './lb/defaults.ts';
import { DirectElector } from './lb/direct-elector.ts';
import { LbElector } from './lb/lb-elector.ts';
import { LbSessionFinder } from './lb/session-ids.ts';
import { wishAndState } from './lb/states.ts';
import { BIT, type Member, UNUSABLE_BITS } from './member.ts';
import { ModProxyElector } from './mod-proxy-elector.ts';
import { type Decision, judgeLikeModProxy, type Outcome } from './replay.ts';
import { SessionFinder, type SessionSearch } from './stickiness.ts';

export interface Policy {
  readonly name: PolicyName;
  /** One backend, and no choice. */
  readonly isDirect: boolean;
  /** Status bits any of which closes a member to every request. */
  readonly closedBits: number;
  /** Status bits any of which further closes it to requests that do not name its route. */
  readonly closedToStrangersBits: number;
  /** Whether failures put members in error at all. */
  readonly marksErrors: boolean;
  /** Under forced stickiness: whether a route that no member has is refused too, and not elected freely. */
  readonly forceRefusesUnknownRoutes: boolean;
  /** Further attempts after the first, when the configuration does not say. */
  furtherAttempts(members: number): number;
  /**
   * Whether a member in error competes again.
   * @param errorAt when it failed, `retryMs` its time out, `now` on the same clock
   */
  mayReturn(bits: number, errorAt: number, retryMs: number, now: number): boolean;
  judge(outcome: Outcome): Decision;
  /** What is wished and observed of a member, for people. */
  statusOf(member: Member): string;
  /** The first packet of a body is kept to be sent again, and the rest read only when a member asks for it. */
  readonly keepsFirstPacket: boolean;
  /** Who looks for the sessions of its requests. */
  finder(config: StickinessConfig): SessionSearch;
  /** Makes the elector of one balancer. */
  elector(ground: ElectorGround): Elector;
}

const modProxy: Policy = {
  name: 'mod_proxy',
  isDirect: false,
  closedBits: UNUSABLE_BITS,
  closedToStrangersBits: BIT.drain,
  marksErrors: true,
  forceRefusesUnknownRoutes: false,
  keepsFirstPacket: false,
  // Each member once; a balancer of one tries once (measured on httpd 2.4.71).
  furtherAttempts: (members) => Math.max(0, members - 1),
  mayReturn: (bits, errorAt, retryMs, now) =>
    (bits & BIT.stopped) === 0 && ((bits & BIT.ignoreErrors) !== 0 || now > errorAt + retryMs),
  judge: judgeLikeModProxy,
  statusOf: ({ state }) => state.statusText.trim(),
  finder: (config) => new SessionFinder(config),
  elector: (ground) => new ModProxyElector(ground),
};

/** A plain URL as target: connected to on every request, whatever `retry` says (P-FO-40b). */
const direct: Policy = { ...modProxy, name: 'direct', isDirect: true, marksErrors: false, furtherAttempts: () => 0 };

/** An lb worker of mod_jk. */
const modJk: Policy = {
  ...modProxy,
  name: 'mod_jk',
  keepsFirstPacket: true,
  statusOf: wishAndState,
  finder: (config) => new LbSessionFinder(config),
  elector: (ground) => new LbElector(ground, ground.config.lb ?? DEFAULT_LB),
};

/** A worker of type ajp13 without a balancer. */
const modJkDirect: Policy = {
  ...direct,
  name: 'mod_jk_direct',
  keepsFirstPacket: true,
  statusOf: wishAndState,
  elector: (ground) => new DirectElector(ground),
};

export const POLICIES: Readonly<Record<PolicyName, Policy>> = Object.freeze({
  mod_jk: Object.freeze(modJk),
  mod_jk_direct: Object.freeze(modJkDirect),
  mod_proxy: Object.freeze(modProxy),
  direct: Object.freeze(direct),
});

// What makes a dialect: data and small pure functions that the engine asks. No dialect's name appears in the engine.

import type { PolicyName } from './config.ts';
import type { Elector, ElectorGround } from './elector.ts';
import { BIT, UNUSABLE_BITS } from './member.ts';
import { ModProxyElector } from './mod-proxy-elector.ts';
import { type Decision, judgeLikeModProxy, type Outcome } from './replay.ts';

export interface Policy {
  readonly name: PolicyName;
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
  /** Makes the elector of one balancer. */
  elector(ground: ElectorGround): Elector;
}

const modProxy: Policy = {
  name: 'mod_proxy',
  closedBits: UNUSABLE_BITS,
  closedToStrangersBits: BIT.drain,
  marksErrors: true,
  forceRefusesUnknownRoutes: false,
  // Each member once; a balancer of one tries once (measured on httpd 2.4.71).
  furtherAttempts: (members) => Math.max(0, members - 1),
  mayReturn: (bits, errorAt, retryMs, now) =>
    (bits & BIT.stopped) === 0 && ((bits & BIT.ignoreErrors) !== 0 || now > errorAt + retryMs),
  judge: judgeLikeModProxy,
  elector: (ground) => new ModProxyElector(ground),
};

/** A plain URL as target: connected to on every request, whatever `retry` says (P-FO-40b). */
const direct: Policy = { ...modProxy, name: 'direct', marksErrors: false, furtherAttempts: () => 0 };

/** Workers of mod_jk, by mod_proxy's rules as yet. */
const modJk: Policy = { ...modProxy, name: 'mod_jk' };
const modJkDirect: Policy = { ...direct, name: 'mod_jk_direct' };

export const POLICIES: Readonly<Record<PolicyName, Policy>> = Object.freeze({
  mod_jk: Object.freeze(modJk),
  mod_jk_direct: Object.freeze(modJkDirect),
  mod_proxy: Object.freeze(modProxy),
  direct: Object.freeze(direct),
});

// The balancers of a running site: what the file says, what operators changed since (the overlay), and the balancers at
// work under both. A change replaces only the balancers it touches; requests in progress end where they began.

import type { BalancerConfig } from '../balancer/config.ts';
import type { Maintenance } from '../balancer/elector.ts';
import type { HeartbeatServices } from '../balancer/loads.ts';
import type { Log } from '../base/log.ts';
import type { Link } from '../link/link.ts';
import {
  applyChanges,
  applyOverlay,
  type BalancerChanges,
  NO_CHANGES,
  NO_OVERLAY,
  type Overlay,
  pruneChanges,
  withChanges,
} from '../site/changes/overlay.ts';
import { reconcile } from '../site/changes/reconcile.ts';
import type { BalancerKey } from '../site/model.ts';
import type { HealthChecks } from './health/health-checks.ts';
import type { Resolve } from './upstream/backend.ts';
import { ProxiedBalancer } from './upstream/proxied-balancer.ts';

/** What balancers at work need. */
export interface BalancerServices {
  readonly link: Link;
  readonly log: Log;
  /** The same for workers of mod_jk. */
  readonly jkLog: Log;
  readonly resolve: Resolve;
  readonly heartbeats?: HeartbeatServices | undefined;
  /** For workers of mod_jk. */
  readonly maintenance?: Maintenance | undefined;
  /** Hears of every change that operators make, when it is in force. */
  readonly changed?: ((balancers: RunningBalancers) => void) | undefined;
}

export class RunningBalancers {
  /** What the file says. */
  readonly configured: ReadonlyMap<BalancerKey, BalancerConfig>;
  readonly #services: BalancerServices;
  readonly health: HealthChecks;
  readonly #running: Map<BalancerKey, ProxiedBalancer>;
  #overlay: Overlay;

  /**
   * With `previous`, the balancers in force so far, changes made at run time are kept unless the file now says something
   * else about the same value; members keep state and connections.
   * @param start changes to begin with when there is no `previous`
   */
  constructor(
    configured: ReadonlyMap<BalancerKey, BalancerConfig>,
    services: BalancerServices,
    health: HealthChecks,
    previous?: RunningBalancers,
    start: Overlay = NO_OVERLAY,
  ) {
    this.configured = configured;
    this.#services = services;
    this.health = health;
    this.#overlay = previous === undefined ? start : this.#carryOver(previous);
    this.#running = new Map(
      [...applyOverlay(configured, this.#overlay)].map(([key, config]) => [
        key,
        this.#make(config, previous?.get(key)),
      ]),
    );
    for (const [key, running] of this.#running) health.watch(key, running, previous?.health);
  }

  get(key: BalancerKey): ProxiedBalancer | undefined {
    return this.#running.get(key);
  }

  [Symbol.iterator](): Iterator<ProxiedBalancer> {
    return this.#running.values();
  }

  /** All that operators changed. */
  get overlay(): Overlay {
    return this.#overlay;
  }

  /** What operators changed about one balancer. */
  changesOf(key: BalancerKey): BalancerChanges {
    return this.#overlay.get(key) ?? NO_CHANGES;
  }

  /**
   * Puts changes of one balancer in force at once. Members that stay keep counters, state and connections; one that goes
   * gets no new requests, and those it has are finished.
   * @throws Failure `balancer-bad-members`, with nothing changed
   */
  change(key: BalancerKey, changes: BalancerChanges): void {
    const config = this.configured.get(key);
    const before = this.#running.get(key);
    if (config === undefined || before === undefined) return;
    const kept = pruneChanges(config, changes);
    const running = this.#make(applyChanges(config, kept), before);
    this.#running.set(key, running);
    this.health.watch(key, running);
    this.#overlay = withChanges(this.#overlay, key, kept);
    before.retire();
    this.#services.changed?.(this);
  }

  #make(config: BalancerConfig, previous: ProxiedBalancer | undefined): ProxiedBalancer {
    const { log, jkLog } = this.#services;
    return new ProxiedBalancer(config, { ...this.#services, log: isOfModJk(config) ? jkLog : log }, previous);
  }

  #carryOver(previous: RunningBalancers): Overlay {
    const { overlay, notes } = reconcile(previous.configured, this.configured, previous.#overlay);
    for (const note of notes) this.#services.log.warn('run-time-change-ended', { ...note });
    return overlay;
  }
}

function isOfModJk({ policy }: BalancerConfig): boolean {
  return policy === 'mod_jk' || policy === 'mod_jk_direct';
}

// All health checks of a running site, and the questions to members in error (CatflapProbe). Balancers' members alone are checked, as in httpd: a direct target is asked on
// every request anyhow. A change at run time or a reload goes on where what was before it was.

import type { Member } from '../../balancer/member.ts';
import type { Log } from '../../base/log.ts';
import type { Expression } from '../../config/expression/expression.ts';
import type { SecureDial } from '../../link/dial.ts';
import { parseHealthExpression } from '../../site/health-expressions.ts';
import { healthLimits } from '../../site/health-limits.ts';
import type { BalancerKey, Snapshot } from '../../site/model.ts';
import { upstreamTlsForChecks } from '../../site/tls/upstream-tls-of.ts';
import type { Backend } from '../upstream/backend.ts';
import type { ProxiedBalancer } from '../upstream/proxied-balancer.ts';
import type { UpstreamTls } from '../upstream/upstream-tls.ts';
import { Checkup } from './checkup.ts';
import { questionOf } from './question.ts';
import { Recovery } from './recovery.ts';

/** Checkups of one balancer's members, by URL and parameters of the check. */
type Checkups = ReadonlyMap<string, Checkup>;
const NO_CHECKUPS: Checkups = new Map();

export class HealthChecks {
  readonly #snapshot: Snapshot;
  readonly #log: Log;
  readonly #tls: UpstreamTls;
  /** ProxyHCExpr, by key. */
  readonly #conditions = new Map<string, Expression>();
  readonly #byBalancer = new Map<BalancerKey, Checkups>();
  readonly #byMember = new WeakMap<Member, Checkup>();
  readonly #recoveries = new Map<BalancerKey, Recovery>();

  constructor(snapshot: Snapshot, log: Log, tls: UpstreamTls) {
    this.#snapshot = snapshot;
    this.#tls = tls;
    this.#log = log;
    for (const [key, text] of snapshot.healthExpressions) {
      const parsed = parseHealthExpression(text);
      if (parsed.ok) this.#conditions.set(key, parsed.expression);
    }
  }

  /**
   * Begins to check the members of a balancer that have a method, and ends the checks of the one whose place it takes.
   * @param previous the checks of the site before a reload
   */
  watch(key: BalancerKey, proxied: ProxiedBalancer, previous?: HealthChecks): void {
    const own = this.#byBalancer.get(key);
    const before = own ?? (previous === undefined ? undefined : previous.#byBalancer.get(key)) ?? NO_CHECKUPS;
    const checkups = new Map<string, Checkup>();
    for (const member of proxied.balancer.policy.isDirect ? [] : proxied.balancer.members) {
      const { url, healthCheck } = member.config;
      const question = questionOf(member.config);
      if (question === undefined) continue;
      const backend = proxied.backendOf(member);
      const checkup = new Checkup({
        balancer: proxied.balancer,
        member,
        backend,
        secure: this.#secure(key, backend),
        question,
        condition: this.#conditions.get(healthCheck.expression),
        limits: healthLimits(this.#snapshot, key, member.config),
        log: this.#log,
      });
      const identity = JSON.stringify([url, healthCheck]);
      checkups.set(identity, checkup);
      this.#byMember.set(member, checkup);
      checkup.start(before.get(identity));
    }
    if (checkups.size > 0 || own !== undefined) this.#byBalancer.set(key, checkups);
    for (const checkup of own?.values() ?? []) checkup.stop();
    this.#recover(key, proxied);
  }

  /** CatflapProbe: for members whose health no check looks after. */
  #recover(key: BalancerKey, proxied: ProxiedBalancer): void {
    this.#recoveries.get(key)?.stop();
    this.#recoveries.delete(key);
    const { members, config } = proxied.balancer;
    if (config.probeMs === 0 || proxied.balancer.policy.isDirect) return;
    const patients = members
      .filter((member) => member.config.healthCheck.method === 'NONE')
      .map((member) => {
        const backend = proxied.backendOf(member);
        const limits = healthLimits(this.#snapshot, key, member.config);
        return { member, backend, secure: this.#secure(key, backend), limits };
      });
    if (patients.length === 0) return;
    const recovery = new Recovery(proxied.balancer, patients, config.probeMs, this.#log);
    this.#recoveries.set(key, recovery);
    recovery.start();
  }

  /** A check goes by what a request of the first host would go by that leads here with TLS. */
  #secure(key: BalancerKey, { isSecure, config }: Backend): SecureDial | undefined {
    return isSecure ? this.#tls.secure(upstreamTlsForChecks(this.#snapshot, key), config.host) : undefined;
  }

  /** What is known from checks about a member; undefined when it is not checked. Its counts stand in `member.state`. */
  of(member: Member): Checkup | undefined {
    return this.#byMember.get(member);
  }

  /** Ends all checks and questions. */
  stop(): void {
    for (const checkups of this.#byBalancer.values()) for (const checkup of checkups.values()) checkup.stop();
    for (const recovery of this.#recoveries.values()) recovery.stop();
  }
}

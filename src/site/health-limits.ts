// How long a health check waits, by the rules of httpd: the member's parameters, then ProxyTimeout and Timeout of the
// host that its balancer belongs to. Place in the picture: floor 3; the checks wait so long, and `check` talks about it.

import type { MemberConfig } from '../balancer/config.ts';
import type { BalancerKey, Snapshot } from './model.ts';

export interface HealthLimits {
  /** For the connection to come about. */
  readonly connectMs: number;
  /** For the whole answer after that. */
  readonly answerMs: number;
}

/** Limits of checks of a member; `ping` is for CPING alone. */
export function healthLimits(snapshot: Snapshot, key: BalancerKey, member: MemberConfig): HealthLimits {
  const { mainHost, hosts } = snapshot;
  const host = [mainHost, ...hosts].find(({ balancers }) => [...balancers.values()].includes(key)) ?? mainHost;
  const silenceMs = member.timeoutMs ?? host.proxyTimeoutMs ?? host.timeoutMs;
  const connectMs = member.connectTimeoutMs ?? silenceMs;
  if (member.healthCheck.method !== 'CPING') return { connectMs, answerMs: silenceMs };
  return { connectMs, answerMs: member.pingMs > 0 ? member.pingMs : connectMs };
}

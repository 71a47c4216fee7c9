// `catflap/balancer`: members, methods, stickiness and failover rules, without any protocol or socket.

export { Balancer, type BalancerOptions, type Placement } from './balancer/balancer.ts';
export {
  type BalancerConfig,
  defaultBalancer,
  defaultMember,
  defaultPort,
  defaultStickiness,
  type HealthCheckConfig,
  type HealthCheckMethod,
  MAX_MEMBERS,
  METHOD_NAMES,
  type MemberAddress,
  type MemberChoices,
  type MemberConfig,
  type MemberFlags,
  type MethodName,
  type Place,
  POLICY_NAMES,
  type PolicyName,
  type PoolConfig,
  type StickinessConfig,
} from './balancer/config.ts';
export { Election, type Reason, type Step } from './balancer/election.ts';
export type { FailureKind, Leaving } from './balancer/elector.ts';
export type { HeartbeatServices, Loads } from './balancer/loads.ts';
export { BIT, type Member, type MemberState, statusText } from './balancer/member.ts';
export type { Outcome, Phase } from './balancer/replay.ts';
export { Session, SessionFinder } from './balancer/stickiness.ts';
export { type Clock, systemClock, type Timer, VirtualClock } from './base/clock.ts';

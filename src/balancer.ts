// `catflap/balancer`: members, methods, stickiness and failover rules, without any protocol or socket.

export {
  Balancer,
  type BalancerOptions,
  Election,
  type FailureKind,
  type Placement,
  type Reason,
} from './balancer/balancer.ts';
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
export type { HeartbeatServices, Loads } from './balancer/loads.ts';
export { BIT, type Member, type MemberState, statusText } from './balancer/member.ts';
export type { Decision, Outcome, Phase } from './balancer/replay.ts';
export { Session, SessionFinder } from './balancer/stickiness.ts';
export { type Clock, systemClock, type Timer, VirtualClock } from './base/clock.ts';

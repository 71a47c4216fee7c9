// The side of a balancer that differs between dialects: who is elected, what a failure means and what is tried next, when
// members come back. One per balancer and thread, chosen by the policy when the balancer is made; accounts stay outside.

import type { Clock } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import type { Chronicle } from './chronicle.ts';
import type { BalancerConfig } from './config.ts';
import type { Election, Step } from './election.ts';
import type { HeartbeatServices } from './loads.ts';
import type { Member } from './member.ts';
import type { Policy } from './policy.ts';
import type { Outcome } from './replay.ts';
import type { Scoreboard } from './scoreboard.ts';
import type { Session } from './stickiness.ts';
import type { ElectionTrace } from './trace.ts';

/** Why a member is put in error; for the log. */
export type FailureKind = 'unavailable' | 'broken' | 'status' | 'timeout' | 'unresolved';

/** How a request's time with a member ended. */
export type Leaving =
  /** The response is complete. */
  | 'served'
  /** Every attempt at the member failed, and was judged. */
  | 'failed'
  /** The client gave up, or the request cannot be sent to anyone. */
  | 'client'
  /** It never came as far as a place among the member's connections. */
  | 'outside';

/** What an elector stands on. */
export interface ElectorGround {
  readonly config: BalancerConfig;
  readonly policy: Policy;
  /** In the order of the configuration. */
  readonly members: readonly Member[];
  readonly board: Scoreboard;
  readonly clock: Clock;
  readonly chronicle: Chronicle;
  readonly heartbeats: HeartbeatServices | undefined;
  /** Undefined: each elector looks after its own members when a request comes. */
  readonly maintenance: Maintenance | undefined;
}

/** What is due now and then for all balancers of a site (worker.maintain). */
export interface Maintenance {
  /** A request comes to a worker of mod_jk: does what is due, unless a watchdog does. */
  requestComes(): void;
}

export interface Elector {
  /** Hears what is decided; undefined when nobody asks. */
  trace: ElectionTrace | undefined;
  /** Attempts after the first, for pages. */
  readonly maxAttempts: number;

  /** Chooses a member. @returns undefined when nobody may take the request now; `election` says why and what to do */
  elect(session: Session | undefined, election: Election): Member | undefined;
  /** A place among the member's connections is there. @returns undefined to go on, or what to do instead */
  entered(member: Member, election: Election): Step | undefined;
  /** The member could be connected to. */
  succeeded(member: Member): void;
  /** The head of an answer has come. @returns undefined to pass it on, or what to do instead */
  answered(member: Member, election: Election, status: number): Step | undefined;
  /** Judges a failed attempt, marks the member accordingly, and keeps the cause. */
  judge(member: Member, election: Election, outcome: Outcome, failure: Failure | undefined): Step;
  /** Nothing else is tried: our own answer goes out. */
  settled(member: Member, status: number, isTimeout: boolean): void;
  /** The request leaves the member; octets as its protocol counts them. */
  left(member: Member, election: Election, leaving: Leaving, bytesSent: number, bytesReceived: number): void;
  /** Puts a member in error from now on. @returns whether that was news, and was told with the last cause */
  failed(member: Member, kind: FailureKind): boolean;
  /** A member in error answered a question that nobody's request depended on: it is taken back. @returns whether that was news */
  probed(member: Member): boolean;
  /** An operator chose another method, or another load factor. */
  methodChanged(): void;
  factorChanged(): void;
  /** Time has passed: does what is due. */
  maintain?(): void;
  /** An operator lets a member in error be tried again. @returns false when it is not in error */
  letTry?(member: Member): boolean;
  /** By member: what one request adds to its load, where that is so (lb_mult). */
  readonly multipliers?: readonly number[];
}

// Balancers and workers while their parameters are read: what was given, and nothing else, so that a later line can
// override and a virtual host can lay its own over the main server's.

import type { MemberAddress, MemberChoices, MethodName } from '../balancer/config.ts';
import type { Place } from '../config/finding.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Parameters of a worker that were given. */
export type WorkerChoices = Mutable<Omit<MemberChoices, 'flags' | 'pool' | 'healthCheck' | 'place'>> & {
  flags: Mutable<NonNullable<MemberChoices['flags']>>;
  pool: Mutable<NonNullable<MemberChoices['pool']>>;
  healthCheck: Mutable<NonNullable<MemberChoices['healthCheck']>>;
};

export interface WorkerDraft {
  readonly address: MemberAddress;
  readonly choices: WorkerChoices;
  readonly place: Place;
}

export function newWorker(address: MemberAddress, place: Place): WorkerDraft {
  return { address, choices: { flags: {}, pool: {}, healthCheck: {} }, place };
}

/** Parameters of a balancer that were given; the names are those of `BalancerConfig`. */
export interface BalancerChoices {
  method?: MethodName;
  cookieName?: string;
  pathName?: string;
  /** Undefined inside the object means Off. */
  separator?: { readonly char: string | undefined };
  semicolonEnds?: boolean;
  force?: boolean;
  maxAttempts?: number;
  timeoutMs?: number;
  failOnStatus?: readonly number[];
  failOnTimeout?: boolean;
  forceRecovery?: boolean;
  growth?: number;
  /** CatflapProbe; 0 for Off. */
  probeMs?: number;
  nonce?: string;
}

export interface BalancerDraft {
  /** Lower case, without `balancer://`. */
  readonly name: string;
  readonly members: WorkerDraft[];
  readonly choices: BalancerChoices;
  readonly place: Place;
  /** Where parameters were given, by name in lower case; the last of each. */
  readonly parameterPlaces: Map<string, Place>;
  /** A `<Proxy>` section or BalancerMember made it, not only a mapping. */
  isDefined: boolean;
}

export function newBalancer(name: string, place: Place): BalancerDraft {
  return { name, members: [], choices: {}, place, parameterPlaces: new Map(), isDefined: false };
}

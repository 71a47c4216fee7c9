// What an election tells whoever asks why it went as it did. Nobody asks normally: the engine then tells nothing and
// allocates nothing. Place in the picture: `candidates.ts` tells, `explain` listens.

import type { Member } from './member.ts';

/** What became of one member in an election. */
export type Verdict =
  /** Offered to the choice method. */
  | 'offered'
  /** Unusable: its status says why. */
  | 'unusable'
  /** Takes only requests of its own sessions. */
  | 'drained'
  /** A spare that nobody of its set is missing for. */
  | 'spare-not-needed'
  /** A standby of a set in which others can be offered. */
  | 'standby-not-needed';

/** Told in the order in which things are looked at. */
export interface ElectionTrace {
  /** Every member was in error and none could return yet: all errors were forgotten (forcerecovery). */
  errorsForgotten(): void;
  /** A member competes again although its last failure is known: its `retry=` is over, or its errors are ignored. */
  returned(member: Member): void;
  /** A member was looked at because the session's route names it, or a `redirect=` leads to it. */
  routed(member: Member, route: string, isUsable: boolean): void;
  /** A member was looked at for a free choice. Members of later sets are not looked at once someone is offered. */
  considered(member: Member, verdict: Verdict): void;
}

// How far one request has come with a worker of mod_jk: rounds, tries, members that failed it, and how it sees the present
// one. Part of `Election`.

import type { Activation } from '../lb-config.ts';

/** Made once for an Election object that meets a worker of mod_jk; reused with it. */
export class LbProgress {
  /** The states were copied: the first election has begun. */
  hasBegun = false;
  /** Rounds over the members, from 0; members tried in this one. */
  round = 0;
  attempts = 0;
  /** Tries at the present member that failed. */
  tries = 0;
  wasForced = false;
  /** States of all members as this request sees them: who failed it is in error for it. */
  states: Int8Array = new Int8Array(0);
  /** What the present member was given on its account when the request came (method B takes it back). */
  given = 0;
  /** The request names a session, known or not. */
  hasSession = false;
  /** The present member has a place for it, and counts it. */
  hasEntered = false;
  /** The present member was chosen by the session's route. */
  isSticky = false;
  activation: Activation = 'active';
  /** What the member is told of the route; undefined: nothing. */
  jvmRoute: string | undefined = undefined;

  begin(): void {
    this.hasBegun = false;
    this.round = 0;
    this.attempts = 0;
    this.tries = 0;
    this.wasForced = false;
    this.hasEntered = false;
  }
}

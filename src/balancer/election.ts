// What a request and its balancer tell each other: how an election went, and what follows a failed attempt. The election
// goes with its request from the first member to the last. Plain data; who decides is the elector.

import { LbProgress } from './lb/progress.ts';
import type { RequestRules } from './lb-config.ts';

/** How an election went. */
export type Reason =
  /** The member of the session's route. */
  | 'route'
  /** A member that a `redirect` led to. */
  | 'redirect'
  /** The best of the domain that the session's route names, or its member is of. */
  | 'domain'
  /** Nobody could be chosen freely, so a `redirect` leads here (hot standby). */
  | 'standby'
  /** Chosen by the method. */
  | 'choice'
  /** Nobody: the session's member is unusable and stickiness is forced. */
  | 'forced'
  /** Nobody is usable. */
  | 'none';

/** What one request's elections have come to. One object serves many requests: `begin` it for each. */
export class Election {
  reason: Reason = 'none';
  /** Sessions are looked for, and this request did not go where its session points (BALANCER_ROUTE_CHANGED). */
  routeChanged = false;
  /** Nobody is usable now, but it makes sense to ask again after `waitMs`. */
  mayWait = false;
  waitMs = 0;
  /** How long it was waited so far. */
  waitedMs = 0;
  /** A member asked for more of the body than goes unasked: what was read of it is gone (AJP). */
  isBodyAsked = false;
  /** Members tried beyond the first. */
  furtherAttempts = 0;

  /** Of the rule of mod_jk that matched, or the environment in its place; set before the request begins. */
  rules: RequestRules | undefined = undefined;
  /** JK_ROUTE: told to the member instead of its own route. */
  forcedRoute: string | undefined = undefined;
  #lb: LbProgress | undefined = undefined;

  /** The member is that of the session's route, so that nothing need be said to the client about it. */
  get isSticky(): boolean {
    return this.#lb?.isSticky ?? this.reason === 'route';
  }

  /** How far the request has come with a worker of mod_jk. */
  get lb(): LbProgress {
    this.#lb ??= new LbProgress();
    return this.#lb;
  }

  /** The same request for another balancer's rehearsal: what happens to the copy changes nothing here. */
  copy(): Election {
    const copy = new Election();
    copy.rules = this.rules;
    copy.forcedRoute = this.forcedRoute;
    if (this.#lb !== undefined) Object.assign(copy.lb, this.#lb, { states: this.#lb.states.slice() });
    return copy;
  }

  /** A request begins. */
  begin(): void {
    this.waitedMs = 0;
    this.furtherAttempts = 0;
    this.isBodyAsked = false;
    this.#lb?.begin();
  }
}

/** What follows a failed attempt. */
export interface Step {
  /** The same member once more; another election; an answer of ours; or an end to what the client has begun to read. */
  readonly kind: 'same' | 'other' | 'answer' | 'cut';
  /** Sleep before it, ms. */
  readonly afterMs: number;
  /** With `same`: idle connections are as suspect as the one that failed. */
  readonly isFresh: boolean;
  /** With `other`: the member that failed counts as busy until the request ends, as in httpd (bybusyness looks at it). */
  readonly staysBusy: boolean;
  /** With `answer`: its status; and whether it is for a silence of the backend. */
  readonly status: number;
  readonly isTimeout: boolean;
}

/** An answer of ours at once; the other steps are made of it. */
export const ANSWER: Step = Object.freeze({
  kind: 'answer',
  afterMs: 0,
  isFresh: false,
  staysBusy: false,
  status: 503,
  isTimeout: false,
});
export const CUT: Step = Object.freeze({ ...ANSWER, kind: 'cut' });

// good and bad of a status worker: how its page rates members (jkstatus.md). What is bad is not good; the rest is degraded.

import type { LbStateText } from '../../balancer/lb/states.ts';
import type { Activation } from '../../balancer/lb-config.ts';
import type { StateRating, StatusWorkerSettings } from '../../site/jk/model-jk.ts';

export type Rated = 'good' | 'degraded' | 'bad';

const GOOD: readonly StateRating[] = (['ok', 'idle', 'busy', 'recovering'] as const).map((state) => ({
  activation: 'active',
  state,
}));
const BAD: readonly StateRating[] = [
  { activation: 'stopped', state: undefined },
  { activation: undefined, state: 'error' },
];

/** Recovering, probing and forced are one for ratings. */
const RATED_STATES: Readonly<Record<LbStateText, NonNullable<StateRating['state']>>> = {
  OK: 'ok',
  'OK/IDLE': 'idle',
  'OK/BUSY': 'busy',
  ERR: 'error',
  'ERR/REC': 'recovering',
  'ERR/PRB': 'recovering',
  'ERR/FRC': 'recovering',
};

/** An empty list stands for the default: bad `s,e`, good `a.o,a.i,a.b,a.r`. */
export function rate(
  { good, bad }: Pick<StatusWorkerSettings, 'good' | 'bad'>,
  member: { readonly activation: Activation; readonly state: LbStateText },
): Rated {
  const state = RATED_STATES[member.state];
  const fits = (rating: StateRating) =>
    (rating.activation === undefined || rating.activation === member.activation) &&
    (rating.state === undefined || rating.state === state);
  if ((bad.length === 0 ? BAD : bad).some(fits)) return 'bad';
  return (good.length === 0 ? GOOD : good).some(fits) ? 'good' : 'degraded';
}

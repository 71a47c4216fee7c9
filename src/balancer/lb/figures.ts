// What the status worker shows of lb workers and their members at run time (modjk.md §7), and what it may do about it:
// plain numbers and texts, times in whole seconds. What it changes of the configuration goes through the overlay.

import type { Balancer } from '../balancer.ts';
import type { LbConfig } from '../lb-config.ts';
import type { Member } from '../member.ts';
import { MAINTAINED, NEVER, RESET } from '../scoreboard.ts';
import { DEFAULT_LB } from './defaults.ts';
import { secondsBetween } from './maintenance.ts';
import { type LbStateText, STATE, setState, stateOf, stateText } from './states.ts';

/** Connections to a member; who has the pool knows. */
export interface ConnectionFigures {
  readonly connected: number;
  readonly maxConnected: number;
}

export interface MemberFigures extends ConnectionFigures {
  readonly state: LbStateText;
  readonly lbMult: number;
  readonly lbValue: number;
  /** Requests given to it: `elected` of a member, `used` of a worker without a balancer. */
  readonly elected: number;
  readonly sessions: number;
  readonly errors: number;
  readonly clientErrors: number;
  readonly replyTimeouts: number;
  /** Octets to the member, and from it, as in the packets of AJP. */
  readonly transferred: number;
  readonly read: number;
  readonly busy: number;
  readonly maxBusy: number;
  /** Seconds until it may be tried again; 0 unless it is in error. */
  readonly timeToRecoverMin: number;
  readonly timeToRecoverMax: number;
  /** Unix seconds, and seconds since then. */
  readonly lastResetAt: number;
  readonly lastResetAgo: number;
  /** When it began to fail; undefined when it does not. Unix seconds, and seconds since then. */
  readonly errorAt: number | undefined;
  readonly errorAgo: number | undefined;
}

export interface BalancerFigures {
  readonly busy: number;
  readonly maxBusy: number;
  readonly timeToMaintenanceMin: number;
  readonly timeToMaintenanceMax: number;
  readonly lastResetAt: number;
  readonly lastResetAgo: number;
}

export function balancerFigures(balancer: Balancer): BalancerFigures {
  const { board, clock, members } = balancer;
  const now = clock.now();
  return {
    busy: members.reduce((sum, { state }) => sum + state.busy, 0),
    maxBusy: board.balancerMaxBusy,
    ...maintenanceTimes(balancer, now),
    ...resetTimes(balancer, board.times[RESET], now),
  };
}

export function memberFigures(balancer: Balancer, member: Member, connections: ConnectionFigures): MemberFigures {
  const { board, clock, multipliers } = balancer;
  const { row, elected, sentBytes, receivedBytes, busy, standing } = member.state;
  const now = clock.now();
  const first = board.firstErrorAt[row];
  return {
    ...connections,
    state: stateText(stateOf(board, row)),
    lbMult: multipliers[member.index] ?? 1,
    lbValue: standing,
    elected,
    sessions: board.sessions[row],
    errors: board.errors[row],
    clientErrors: board.clientErrors[row],
    replyTimeouts: board.replyTimeouts[row],
    transferred: sentBytes,
    read: receivedBytes,
    busy,
    maxBusy: board.maxBusy[row],
    ...recoverTimes(balancer, member, now),
    ...resetTimes(balancer, board.resetAt[row], now),
    errorAt: first === NEVER ? undefined : unixSeconds(balancer, first, now),
    errorAgo: first === NEVER ? undefined : secondsBetween(first, now),
  };
}

function maintenanceTimes({ config, board }: Balancer, now: number) {
  const every = lbOf(config.lb).maintainMs / 1000;
  const left = every - secondsBetween(board.times[MAINTAINED], now);
  return { timeToMaintenanceMin: Math.max(0, left), timeToMaintenanceMax: Math.max(0, left + every) };
}

function recoverTimes(balancer: Balancer, { state }: Member, now: number) {
  const { board, config } = balancer;
  if (stateOf(board, state.row) !== STATE.error || config.lb === undefined)
    return { timeToRecoverMin: 0, timeToRecoverMax: 0 };
  const { recoverMs, maintainMs } = config.lb;
  const left = Math.max(0, Math.floor(recoverMs / 1000) - secondsBetween(board.errorAt[state.row], now));
  const { timeToMaintenanceMin } = maintenanceTimes(balancer, now);
  return { timeToRecoverMin: Math.max(left, timeToMaintenanceMin), timeToRecoverMax: left + maintainMs / 1000 };
}

function resetTimes(balancer: Balancer, at: number, now: number) {
  const since = at === NEVER ? now : at;
  return { lastResetAt: unixSeconds(balancer, since, now), lastResetAgo: secondsBetween(since, now) };
}

/** @param at an instant of the steady clock */
function unixSeconds({ clock }: Balancer, at: number, now: number): number {
  return Math.floor((clock.wall() - (now - at)) / 1000);
}

function lbOf(lb: LbConfig | undefined): LbConfig {
  return lb ?? DEFAULT_LB;
}

// --- what an operator does ------------------------------------------------------------------------------------------

/** reset: counters and load of the balancer and of all members are 0, and no member is in error. */
export function resetBalancer(balancer: Balancer): void {
  balancer.board.balancerMaxBusy = 0;
  balancer.board.times[RESET] = balancer.clock.now();
  for (const member of balancer.members) resetMember(balancer, member);
}

/** The same for one member. */
export function resetMember({ board, clock }: Balancer, { state }: Member): void {
  const { row } = state;
  board.resetCounters(row);
  board.standing[row] = 0;
  board.firstErrorAt[row] = NEVER;
  board.errorAt[row] = NEVER;
  board.resetAt[row] = clock.now();
  setState(board, row, STATE.idle);
}

/** recover: a member in error is tried by the next request. @returns false when it is not in error */
export function recoverMember(balancer: Balancer, member: Member): boolean {
  return balancer.letTry(member);
}

/** To be called after a change of activations: the members begin anew with equal load, as in mod_jk. */
export function activationsChanged({ board, config, members }: Balancer): void {
  if (lbOf(config.lb).method === 'busyness') return;
  for (const { state } of members) board.standing[state.row] = 0;
}

// What an lb worker of mod_jk does now and then (modjk.md §4): old load counts for less, members come back from error,
// those without requests are idle. Once for all threads; due when a request comes, or when a watchdog looks.

import type { ElectorGround } from '../elector.ts';
import type { LbConfig } from '../lb-config.ts';
import type { Member } from '../member.ts';
import { MAINTAINED, NEVER, RESET } from '../scoreboard.ts';
import type { LbLoads } from './loads.ts';
import { changeState, isUsable, STATE, setState, stateOf } from './states.ts';

/** Whole seconds between two instants, as mod_jk's clock tells them. */
export function secondsBetween(from: number, to: number): number {
  return Math.floor(to / 1000) - Math.floor(from / 1000);
}

export class LbMaintenance {
  readonly #ground: ElectorGround;
  readonly #config: LbConfig;
  readonly #loads: LbLoads;
  /** No request has come yet. */
  #isFresh = false;

  constructor(ground: ElectorGround, config: LbConfig, loads: LbLoads) {
    this.#ground = ground;
    this.#config = config;
    this.#loads = loads;
    const { board, clock, members } = ground;
    if (board.times[MAINTAINED] !== NEVER) return;
    this.#isFresh = true;
    const now = clock.now();
    board.times[MAINTAINED] = now;
    board.times[RESET] = now;
    for (const { state } of members) board.resetAt[state.row] = now;
  }

  /** Does what is due. The first period begins with the first call, unless that comes late: starting takes its time. */
  run(): void {
    const { board, clock } = this.#ground;
    const everySeconds = Math.floor(this.#config.maintainMs / 1000);
    if (everySeconds <= 0) return;
    const now = clock.now();
    const elapsed = secondsBetween(board.times[MAINTAINED], now);
    if (this.#isFresh && elapsed < everySeconds) board.times[MAINTAINED] = now;
    this.#isFresh = false;
    if (elapsed < everySeconds) return;
    board.times[MAINTAINED] = now;
    this.#decay(Math.floor(elapsed / everySeconds));
    if (this.#recover(now) === 0) this.force(undefined);
  }

  /** Lets all members in error be tried again. @returns how many there were */
  force(states: Int8Array | undefined): number {
    const { members, board } = this.#ground;
    let count = 0;
    for (const { state, index } of members) {
      if (!changeState(board, state.row, STATE.error, STATE.forced)) continue;
      board.replyTimeouts[state.row] = 0;
      if (states !== undefined) states[index] = STATE.forced;
      count++;
    }
    return count;
  }

  /** An operator, or the time, lets a member in error be tried again. @returns false when it is not in error */
  letTry(member: Member): boolean {
    const { row } = member.state;
    const { board } = this.#ground;
    if (!changeState(board, row, STATE.error, STATE.recovering)) return false;
    this.#loads.level(member);
    board.replyTimeouts[row] = 0;
    return true;
  }

  #decay(exponent: number): void {
    const { members, board } = this.#ground;
    const { method } = this.#config;
    const divisor = 2 ** exponent;
    const halves = method !== 'busyness' && method !== 'next';
    board.lock();
    for (const { state } of members) {
      if (halves) board.standing[state.row] = Math.floor(board.standing[state.row] / divisor);
      board.replyTimeouts[state.row] = Math.floor(board.replyTimeouts[state.row] / divisor);
    }
    board.unlock();
    if (method === 'next') this.#lower();
  }

  /** Method next: what the least loaded usable member has is taken from all. */
  #lower(): void {
    const { members, board } = this.#ground;
    const usable = members.filter(
      ({ state, config }) => isUsable(stateOf(board, state.row)) && config.lb?.activation === 'active',
    );
    if (usable.length === 0) return;
    const lowest = Math.min(...usable.map(({ state }) => board.standing[state.row]));
    for (const { state } of members) board.standing[state.row] = Math.max(0, board.standing[state.row] - lowest);
  }

  /** @returns how many are not in error afterwards */
  #recover(now: number): number {
    const { members, board, chronicle } = this.#ground;
    let count = 0;
    for (const member of members) {
      const { row } = member.state;
      const state = stateOf(board, row);
      if (state === STATE.error) {
        if (secondsBetween(board.errorAt[row], now) > Math.floor(this.#config.recoverMs / 1000)) {
          this.letTry(member);
          chronicle.log.info('member-returned', chronicle.facts(member));
          count++;
        }
      } else if (state !== STATE.recovering && this.#isOverdue(row, now)) {
        setState(board, row, STATE.error);
        chronicle.tellFailed(member, 'broken');
      } else {
        count++;
        if (state === STATE.ok && board.electedOf(row) === board.electedSeen[row]) setState(board, row, STATE.idle);
        // Whoever was trying it is gone.
        if (state === STATE.probing && board.busyOf(row) === 0) setState(board, row, STATE.recovering);
      }
      board.electedSeen[row] = board.electedOf(row);
    }
    return count;
  }

  /** It has been failing single requests for longer than error_escalation_time. */
  #isOverdue(row: number, now: number): boolean {
    const first = this.#ground.board.firstErrorAt[row];
    return first !== NEVER && secondsBetween(first, now) >= Math.floor(this.#config.errorEscalationMs / 1000);
  }
}

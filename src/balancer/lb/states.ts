// What is wished and observed of a member of an lb worker, in mod_jk's words (modjk.md §4). The state is kept in the member's word of states on
// the scoreboard, beside the bit that says to everybody that it is in error.

import type { Activation } from '../lb-config.ts';
import { BIT, type Member } from '../member.ts';
import type { Scoreboard } from '../scoreboard.ts';

/** In mod_jk's order: up to `forced` a member may be given requests. */
export const STATE = { idle: 0, ok: 1, recovering: 2, forced: 3, busy: 4, error: 5, probing: 6 } as const;

const SHIFT = 12;
const MASK = 0b111;
const TEXTS = ['OK/IDLE', 'OK', 'ERR/REC', 'ERR/FRC', 'OK/BUSY', 'ERR', 'ERR/PRB'] as const;

export type LbStateText = (typeof TEXTS)[number];

/** How activations are spelled for Tomcats (JK_LB_ACTIVATION), in notes and on status pages. */
export const ACTIVATION_TEXTS: Readonly<Record<Activation, string>> = {
  active: 'ACT',
  disabled: 'DIS',
  stopped: 'STP',
};

/** Activation and state as people read them: `disabled OK/IDLE`. */
export function wishAndState({ config, state }: Member): string {
  return `${config.lb?.activation ?? 'active'} ${stateText(stateOf(state.board, state.row))}`;
}

export function stateText(state: number): LbStateText {
  return TEXTS[state];
}

export function stateOf(board: Scoreboard, row: number): number {
  return (Atomics.load(board.states, row) >> SHIFT) & MASK;
}

export function setState(board: Scoreboard, row: number, state: number): void {
  Atomics.store(board.states, row, wordOf(state));
}

/** @returns whether the member was in state `from`, and is in `to` now */
export function changeState(board: Scoreboard, row: number, from: number, to: number): boolean {
  const word = wordOf(from);
  return Atomics.compareExchange(board.states, row, word, wordOf(to)) === word;
}

function wordOf(state: number): number {
  return (state << SHIFT) | (state === STATE.error ? BIT.error : 0);
}

/** Takes requests, those of its sessions at least, as far as its state goes. */
export function isUsable(state: number): boolean {
  return state <= STATE.forced;
}

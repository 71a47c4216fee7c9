// How a balancer chooses among members it may choose: one small file per method, all under this interface.

import type { MethodName } from '../config.ts';
import type { Scoreboard } from '../scoreboard.ts';

/** Answer of `choose` when none of those offered may be taken. */
export const NOBODY = -1;

/** Rows `list[0, count)`; the arrays are scratch of the caller, so that a choice allocates nothing. */
export interface Method {
  readonly name: MethodName;
  /** It wants every usable member offered, whatever its set and role. Default: those whose turn it is. */
  readonly offersEveryone?: boolean;
  /**
   * Chooses one of `offered[0, count)` (at least one, in the order of the configuration) and keeps its books.
   * @param factors load factor in hundredths, by row
   * @returns the chosen row, or NOBODY
   */
  choose(board: Scoreboard, factors: Int32Array, offered: Int32Array, count: number): number;
  /** Keeps its books for a request that went to `row` by its session; `usable` are all members that could have taken it. */
  follow(board: Scoreboard, factors: Int32Array, usable: Int32Array, count: number, row: number): void;
  /** Forgets the past of these rows: after an operator chose this method. */
  reset(board: Scoreboard, rows: Int32Array): void;
}

// byrequests: smooth weighted round robin. Everyone offered earns its load factor, the richest is chosen and pays what
// all of them earned together, so standings always add up to the same sum (modproxy.md §7).

import type { Scoreboard } from '../scoreboard.ts';
import type { Method } from './method.ts';

export const byrequests: Method = {
  name: 'byrequests',

  choose(board, factors, offered, count) {
    const standing = board.standing;
    let total = 0;
    let chosen = offered[0];
    let highest = Number.NEGATIVE_INFINITY;
    board.lock();
    for (let i = 0; i < count; i++) {
      const row = offered[i];
      const factor = factors[row];
      const now = standing[row] + factor;
      standing[row] = now;
      total += factor;
      if (now > highest) {
        highest = now;
        chosen = row;
      }
    }
    standing[chosen] = highest - total;
    board.unlock();
    return chosen;
  },

  follow: followByRequests,
  reset: resetStandings,
};

/** Books of a request that followed its session: httpd keeps these, whatever the method (P-STK-17). */
export function followByRequests(
  board: Scoreboard,
  factors: Int32Array,
  usable: Int32Array,
  count: number,
  row: number,
): void {
  const standing = board.standing;
  let total = 0;
  board.lock();
  for (let i = 0; i < count; i++) {
    const factor = factors[usable[i]];
    standing[usable[i]] += factor;
    total += factor;
  }
  standing[row] -= total;
  board.unlock();
}

export function resetStandings(board: Scoreboard, rows: Int32Array): void {
  const standing = board.standing;
  board.lock();
  for (let i = 0; i < rows.length; i++) standing[rows[i]] = 0;
  board.unlock();
}

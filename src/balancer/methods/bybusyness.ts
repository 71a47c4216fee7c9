// bybusyness: fewest requests in progress; among equals the highest standing, kept as byrequests keeps it, so load
// factors matter on ties only (modproxy.md §7).

import { followByRequests, resetStandings } from './byrequests.ts';
import type { Method } from './method.ts';

export const bybusyness: Method = {
  name: 'bybusyness',

  choose(board, factors, offered, count) {
    const standing = board.standing;
    const busy = board.busy;
    const cells = busy.length;
    const step = board.rows;
    let total = 0;
    let chosen = offered[0];
    let fewest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    board.lock();
    for (let i = 0; i < count; i++) {
      const row = offered[i];
      const factor = factors[row];
      const now = standing[row] + factor;
      standing[row] = now;
      total += factor;
      let requests = 0;
      for (let cell = row; cell < cells; cell += step) requests += busy[cell];
      if (requests < fewest || (requests === fewest && now > highest)) {
        fewest = requests;
        highest = now;
        chosen = row;
      }
    }
    standing[chosen] = highest - total;
    board.unlock();
    return chosen;
  },

  follow: followByRequests,
  // Requests in progress are counted exactly here, so unlike httpd's they are not set to 0.
  reset: resetStandings,
};

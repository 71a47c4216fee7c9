// bytraffic: the member that has carried the fewest octets for its load factor. Nothing decays: a member that was away
// gets everything until it has caught up, as with httpd (modproxy.md §7).

import { followByRequests } from './byrequests.ts';
import type { Method } from './method.ts';

export const bytraffic: Method = {
  name: 'bytraffic',

  choose(board, factors, offered, count) {
    let chosen = offered[0];
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const row = offered[i];
      const factor = factors[row];
      const load = Math.floor(board.sentOf(row) / factor) + Math.floor(board.receivedOf(row) / factor);
      if (load < lowest) {
        lowest = load;
        chosen = row;
      }
    }
    return chosen;
  },

  follow: followByRequests,

  reset(board, rows) {
    for (const row of rows) board.resetTraffic(row);
  },
};

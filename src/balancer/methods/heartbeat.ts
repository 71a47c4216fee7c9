// heartbeat: at random, in proportion to the free threads that hosts told of. As in httpd nothing but being usable counts:
// sets, standbys, spares and draining are not looked at, and of members on one host the last usable one gets what all of
// them would (measured on httpd 2.4.71; modproxy.md §7).

import type { HeartbeatServices } from '../loads.ts';
import { followByRequests } from './byrequests.ts';
import { type Method, NOBODY } from './method.ts';

/** @param hosts host of each row's member */
export function heartbeat(hosts: readonly (string | undefined)[], services: HeartbeatServices | undefined): Method {
  const loads = services?.loads;
  const random = services?.random ?? (() => 0);
  const readyOf = (row: number): number => loads?.ready(hosts[row] ?? '') ?? 0;
  return {
    name: 'heartbeat',
    offersEveryone: true,

    choose(_board, _factors, offered, count) {
      let total = 0;
      for (let i = 0; i < count; i++) total += readyOf(offered[i]);
      if (total <= 0) return NOBODY;
      let left = Math.floor(random() * total);
      let at = 0;
      while (at < count - 1 && left >= readyOf(offered[at])) left -= readyOf(offered[at++]);
      const host = hosts[offered[at]];
      let last = count - 1;
      while (hosts[offered[last]] !== host) last--;
      return offered[last];
    },

    follow: followByRequests,
    reset() {},
  };
}

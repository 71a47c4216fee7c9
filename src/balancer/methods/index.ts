// The choice methods by name.

import type { MethodName } from '../config.ts';
import type { HeartbeatServices } from '../loads.ts';
import { bybusyness } from './bybusyness.ts';
import { byrequests } from './byrequests.ts';
import { bytraffic } from './bytraffic.ts';
import { heartbeat } from './heartbeat.ts';
import type { Method } from './method.ts';

const METHODS = Object.freeze({ byrequests, bytraffic, bybusyness });

/**
 * The choice method of one balancer.
 * @param hosts host of each row's member
 * @param heartbeats without them the method `heartbeat` chooses nobody
 */
export function methodOf(
  name: MethodName,
  hosts: readonly (string | undefined)[],
  heartbeats: HeartbeatServices | undefined,
): Method {
  return name === 'heartbeat' ? heartbeat(hosts, heartbeats) : METHODS[name];
}

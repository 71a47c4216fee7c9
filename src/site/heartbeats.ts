// The story of heartbeats: where they are heard (HeartbeatListen), where another program writes them (HeartbeatStorage),
// how many servers are kept (HeartbeatMaxServers). Refusals and defaults are httpd's (modproxy.md §7; measured).

import { parseAddress } from '../base/addresses.ts';
import { textOf } from '../config/files.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, integer, takes } from './arguments.ts';
import type { Scope } from './draft.ts';

const MAX_SERVERS_DEFAULT = 10;

/** Directives of this story, by name in lower case. */
export const HEARTBEAT_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  heartbeatlisten: listen,
  heartbeatstorage: (node, scope) => {
    if (takes(node, scope, 1, 1)) scope.site.heartbeat.storage = textOf(node.words[0]);
  },
  heartbeatmaxservers: (node, scope) => {
    const count = integer(node, scope, 0, Number.MAX_SAFE_INTEGER);
    if (count === undefined) return;
    if (count > 0 && count < MAX_SERVERS_DEFAULT)
      fail(node, scope, `must be 0 (heartbeats are kept in HeartbeatStorage) or at least 10, not ${count}`);
    else scope.site.heartbeat.maxServers = count;
  },
};

/** `HeartbeatListen address:port`. */
function listen(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const text = textOf(node.words[0]);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? 0);
  if (parseAddress(host) === undefined || port < 1 || port > 65535) {
    fail(node, scope, `needs an IP address and a port, as in 239.0.0.1:27999, not "${text}"`);
    return;
  }
  if (scope.site.heartbeat.listen !== undefined) {
    fail(node, scope, 'may stand only once');
    return;
  }
  scope.site.heartbeat.listen = { host, port, place: node.place };
}

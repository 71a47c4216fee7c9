// What is decided about one attempt over HTTP before its head is written: version, fate of the connection, who is asked
// about the body first (mod_proxy_http).

import type { MemberConfig } from '../../balancer/config.ts';
import { FORCE_1_0, NO_KEEP_ALIVE } from './manners.ts';
import type { ProxyRequest } from './proxy-request.ts';

/** Whom an attempt is for. */
export interface AttemptTarget {
  readonly config: MemberConfig;
  readonly isCompanion: boolean;
}

/** One object serves many attempts: `decide` fills it. */
export class HttpAttempt {
  /** HTTP/1.0: nothing is said about the connection. */
  isOld = false;
  /** The connection is kept afterwards. */
  keepAlive = true;
  /** The body is held back until the backend says `100 (Continue)`, or anything final. */
  holdsBody = false;
  /** `pass`: the client's Expect is for the backend. `add`: the backend is asked whether the body may come (`ping=`). */
  expect: 'drop' | 'pass' | 'add' = 'drop';
  /** Protocol that the client may change to; undefined: none. */
  upgrade: string | undefined = undefined;
  /** The backend is told the client's Host: ProxyPreserveHost, and companions, since AJP always tells it. */
  preserveHost = false;

  decide(request: ProxyRequest, { config: member, isCompanion }: AttemptTarget): this {
    const { pingMs, pool } = member;
    const { manners, bodyLength, forwardContinue } = request;
    const { expectsContinue } = request.exchange.request;
    const { upgrade } = request;
    this.isOld = (manners & FORCE_1_0) !== 0;
    this.keepAlive = !pool.disableReuse && (manners & (FORCE_1_0 | NO_KEEP_ALIVE)) === 0;
    this.holdsBody = bodyLength !== 0 && !this.isOld && ((expectsContinue && forwardContinue) || pingMs > 0);
    this.expect = this.isOld ? 'drop' : this.holdsBody ? 'add' : forwardContinue ? 'pass' : 'drop';
    this.preserveHost = isCompanion || request.preserveHost;
    this.upgrade = upgrade === undefined || this.isOld || !mayUpgrade(member, upgrade) ? undefined : upgrade;
    return this;
  }
}

/** Protocol of members with `ws://` and `wss://` that name none. */
export const WEBSOCKET = 'WebSocket';

/** Whether a member may be asked to change to this protocol (`upgrade=`); names of protocols know no letter case. */
export function mayUpgrade({ upgrade, scheme }: MemberConfig, protocol: string): boolean {
  const lower = protocol.toLowerCase();
  if (upgrade === undefined || upgrade === '') return scheme.startsWith('ws') && lower === WEBSOCKET.toLowerCase();
  const allowed = upgrade.toLowerCase();
  if (allowed === 'none') return false;
  return allowed === 'any' || allowed === '*' || allowed === lower || allowed.split(/[\s,;]+/).includes(lower);
}

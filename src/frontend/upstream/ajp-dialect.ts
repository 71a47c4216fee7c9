// What differs between connections to Tomcats under mod_proxy_ajp and under mod_jk: chosen once for each backend, asked by
// every connection to it. What differs between requests is theirs (`AjpManner`).

import type { MemberConfig } from '../../balancer/config.ts';
import { failStatusOf } from '../../balancer/lb/tries.ts';
import type { RequestRules } from '../../balancer/lb-config.ts';
import { BODY_END_PACKET, EMPTY_PACKET } from '../../wire/ajp/front-packets.ts';

/** How long octets of a response wait for company, ms. */
export type HoldingMs =
  /** They do not wait. */
  | 'none'
  /** Until there are enough of them, the container asks for a flush, or the response ends. */
  | 'any'
  | number;

export interface AjpDialect {
  /** Whole packets count as traffic, not octets of bodies alone. */
  readonly countsPackets: boolean;
  /** Nothing waits any more once the head is on its way. */
  readonly holdsBeginningOnly: boolean;
  /** A response that is here to its end before any of it went out gets the length that nobody has told. */
  readonly tellsLength: boolean;
  /** What says that a request body ends; containers take either. */
  readonly bodyEnd: Buffer;
  holdingMs(member: MemberConfig): HoldingMs;
  /** A response of this status is judged as soon as its head is here, whatever follows. */
  judgesHead(status: number, member: MemberConfig, rules: RequestRules | undefined): boolean;
  /** How long CPONG may take before a request; 0: the connection is not asked. */
  pingMs(member: MemberConfig, isFirstUse: boolean): number;
}

/** mod_proxy_ajp (modproxy.md §7 bytraffic, §10.4). */
const MOD_PROXY: AjpDialect = Object.freeze<AjpDialect>({
  countsPackets: false,
  holdsBeginningOnly: false,
  tellsLength: false,
  bodyEnd: BODY_END_PACKET,
  holdingMs({ written, flushPackets, flushWaitMs }) {
    if (flushPackets === 'on' || written?.includes('flushPackets') !== true) return 'none';
    return flushPackets === 'auto' ? flushWaitMs : 'any';
  },
  judgesHead: () => false,
  pingMs: (member) => member.pingMs,
});

/** mod_jk: httpd's own buffer holds the beginning of its responses back (recordings J-LBV-01, J-FRM-01, J-FO-24, J-PKT-01). */
const MOD_JK: AjpDialect = Object.freeze<AjpDialect>({
  countsPackets: true,
  // It may still be asked for elsewhere; later there is nothing to gain.
  holdsBeginningOnly: true,
  tellsLength: true,
  bodyEnd: EMPTY_PACKET,
  holdingMs: () => 'any',
  judgesHead: (status, { lb }, rules) => lb !== undefined && failStatusOf(status, lb.tries, rules) !== undefined,
  /** A new connection has a limit of its own, and is asked once all the same. */
  pingMs({ lb, pingMs }, isFirstUse) {
    if (lb === undefined) return pingMs;
    const { connectPingMs, prepostPingMs } = lb.tries;
    return isFirstUse && connectPingMs > 0 ? connectPingMs : prepostPingMs;
  },
});

/** The dialect of whoever wrote the member's configuration. */
export function ajpDialectOf({ lb }: MemberConfig): AjpDialect {
  return lb === undefined ? MOD_PROXY : MOD_JK;
}

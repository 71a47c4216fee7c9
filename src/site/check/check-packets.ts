// AJP packets that are too small for what the frontend lets in: a request head must fit into one. Part of `check.ts`.
// Source: modproxy.md §8 (a head that is too large is answered 400), §10.3.

import type { Findings } from '../../config/finding.ts';
import { mappingsOf } from '../mapping.ts';
import type { Host, Snapshot } from '../model.ts';

/** Sizes of httpd that go well with the smallest packet often enough: nobody has asked for more. */
const LIMIT_DEFAULT = 8190;
/** mod_proxy_ajp takes no smaller packets and no larger ones. */
const PACKET_MIN = 8192;
const PACKET_MAX = 65536;

/** Looks at a host that lets in larger lines than httpd does by default. */
export function checkPackets(host: Host, snapshot: Snapshot, findings: Findings): void {
  const { lineBytes, fieldBytes } = host.limits;
  const isField = fieldBytes >= lineBytes;
  const size = Math.max(fieldBytes, lineBytes);
  if (size <= LIMIT_DEFAULT) return;
  const directive = isField ? 'LimitRequestFieldSize' : 'LimitRequestLine';
  const place = host.places.get(directive.toLowerCase()) ?? host.place;
  for (const { target } of mappingsOf(host)) {
    if (target.kind !== 'proxy') continue;
    const small = snapshot.balancers.get(target.balancer)?.members.find((member) => {
      const packet = member.ioBufferSize ?? snapshot.mainHost.ioBufferSizeBytes;
      return member.scheme === 'ajp' && Math.min(PACKET_MAX, Math.max(PACKET_MIN, packet)) <= size;
    });
    if (small === undefined) continue;
    const packet = Math.max(PACKET_MIN, small.ioBufferSize ?? snapshot.mainHost.ioBufferSizeBytes);
    if (packet >= PACKET_MAX) continue;
    findings.warn(
      place,
      directive,
      'packet-too-small',
      `lets in ${size} octets, but a request head goes to ${small.url} in one AJP packet of ${packet} and is answered 400 when it needs more; set ProxyIOBufferSize, and packetSize of the Tomcat's connector, to ${Math.min(PACKET_MAX, Math.ceil((size + 2048) / 1024) * 1024)}`,
    );
    return;
  }
}

// Which SSLProxy… settings hold for a target: those of the host that maps to it with its Proxy sections over them. For
// what looks ahead of requests: findings, and checks of members.

import { mappingsOf } from '../mapping.ts';
import type { Host, Mapping, Snapshot, UpstreamTlsSettings } from '../model.ts';
import { HostSettings } from '../settings.ts';

/** What holds when this host sends a request where the rule leads. */
export function upstreamTlsOf(host: Host, { target, pattern }: Mapping): UpstreamTlsSettings | undefined {
  const path = pattern.kind === 'prefix' ? pattern.path : '/';
  const url = target.kind === 'proxy' ? target.authority + target.path : '';
  return new HostSettings(host).forProxied(path, url, undefined).upstreamTls;
}

/** What checks of a balancer's members go by: that of the first rule that leads to it with TLS switched on. */
export function upstreamTlsForChecks(snapshot: Snapshot, key: string): UpstreamTlsSettings | undefined {
  for (const host of [snapshot.mainHost, ...snapshot.hosts])
    for (const mapping of mappingsOf(host)) {
      if (mapping.target.kind !== 'proxy' || mapping.target.balancer !== key) continue;
      const settings = upstreamTlsOf(host, mapping);
      if (settings?.isEnabled === true) return settings;
    }
  return undefined;
}

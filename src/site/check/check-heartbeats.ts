// What is probably not meant with lbmethod=heartbeat: nothing is heard, or heard under names that no member has. Place in
// the picture: floor 3; `check.ts` asks for it.

import type { BalancerConfig } from '../../balancer/config.ts';
import { parseAddress } from '../../base/addresses.ts';
import { textOf } from '../../config/files.ts';
import type { Findings } from '../../config/finding.ts';
import type { HeartbeatSettings } from '../model.ts';

export function checkHeartbeats(heartbeat: HeartbeatSettings, balancer: BalancerConfig, findings: Findings): void {
  if (balancer.method !== 'heartbeat' || !heartbeat.isKept) return;
  const place = balancer.place ?? { file: '', line: 0 };
  if (heartbeat.listen === undefined)
    findings.warn(
      place,
      'ProxySet',
      'heartbeat-silent',
      'lbmethod=heartbeat hears nothing, so requests are answered 503: with mod_heartmonitor loaded it needs HeartbeatListen (HeartbeatStorage is looked at only with HeartbeatMaxServers 0)',
    );
  else
    for (const member of balancer.members)
      if (parseAddress(member.host) === undefined)
        findings.warn(
          member.place ?? place,
          'BalancerMember',
          'heartbeat-name',
          `heartbeats are known by the address they come from: ${textOf(member.host)} is never heard of; write its address`,
        );
}

// What a reload cannot change, because the process gave away the means or began with it: told with the line that asks.

import type { Finding } from '../../config/finding.ts';
import type { Snapshot } from '../model.ts';

/** @param start the configuration the process began with */
export function whatNeedsRestart(start: Snapshot, next: Snapshot): Finding[] {
  const [before, after] = [start.server, next.server];
  const findings: Finding[] = [];
  const look = (directive: string, was: unknown, is: unknown, why: string): void => {
    if (was === is) return;
    const place = after.places.get(directive.toLowerCase()) ?? before.places.get(directive.toLowerCase());
    findings.push({
      file: place?.file ?? next.files[0] ?? '',
      line: place?.line ?? 0,
      severity: 'warning',
      code: 'needs-restart',
      directive,
      message: `${why}; stop and start to change it`,
    });
  };
  look('User', before.user, after.user, 'the process has become what it was told to at its start, for good');
  look('Group', before.group, after.group, 'the process has become what it was told to at its start, for good');
  look('ListenBacklog', before.listenBacklog, after.listenBacklog, 'sockets that stay open keep the backlog they have');
  look('DefaultRuntimeDir', before.runtimeDir, after.runtimeDir, 'what stands in the old folder stays there');
  return findings;
}

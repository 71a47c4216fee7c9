// The logs that a configuration names. Place in the picture: floor 3; whoever opens logs, or keeps them open, asks here.

import type { Snapshot } from './model.ts';

/** Logs that lines may be written to: paths and `|commands`, in the spelling that `LogSinks` knows; repeated if shared. */
export function logTargets({ mainHost, hosts }: Snapshot): string[] {
  return [mainHost, ...hosts].flatMap((host) => [
    ...host.accessLogs.map((log) => log.target),
    ...(host.errorLog === undefined ? [] : [host.errorLog]),
    ...(host.jk?.log.file === undefined ? [] : [host.jk.log.file]),
  ]);
}

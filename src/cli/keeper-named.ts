// What a configuration names that root may be needed for. The frontend tells its keeper of the one it started with; of
// later ones the keeper finds out itself.

import { logTargets } from '../site/log-targets.ts';
import type { Listen, Snapshot } from '../site/model.ts';

export interface Named {
  /** Log files, absolute. */
  readonly logs: readonly string[];
  /** As `addressKey` spells them. */
  readonly addresses: readonly string[];
  readonly pidFile: string | undefined;
}

/** @param pidFile where it is when the configuration says nothing */
export function namedIn(snapshot: Snapshot, pidFile: string | undefined): Named {
  return {
    // Programs are the frontend's own; what it inherited (/dev/stderr …), too.
    logs: logTargets(snapshot).filter((target) => target.startsWith('/') && !/^\/(dev|proc)\//.test(target)),
    addresses: snapshot.listens.map(addressKey),
    pidFile: snapshot.server.pidFile ?? pidFile,
  };
}

export function addressKey({ address, port }: Pick<Listen, 'address' | 'port'>): string {
  return `${address ?? '*'} ${port}`;
}

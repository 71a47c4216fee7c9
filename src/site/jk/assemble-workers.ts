// From what Jk… directives have said to the workers of the site. Place in the picture: `assemble.ts` asks it before the
// hosts are made, since workers may bring rules.

import type { SiteDraft } from '../draft.ts';
import { jkLogOf } from './assemble-jk.ts';
import { type ReadWorkers, readWorkers } from './workers.ts';

/** Undefined where nothing speaks of mod_jk. */
export function assembleWorkers(site: SiteDraft): ReadWorkers | undefined {
  const { jk, main, files, findings } = site;
  if (!jk.isUsed) return undefined;
  const { workersFile } = jk;
  return readWorkers({
    lines: jk.properties,
    file: workersFile === undefined ? undefined : { path: workersFile.text, place: workersFile.place },
    place: main.place,
    serverRoot: site.serverRoot,
    environment: site.environment,
    probeMs: main.probeMs ?? 0,
    watchdogMs: jk.watchdogMs,
    log: jkLogOf(main, site),
    files,
    findings,
  });
}

// Properties and workers that are without effect: a property on a kind of worker that has no use for it, a worker that
// neither worker.list nor an lb names.

import type { Findings, Place } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { PropertyTable } from '../../config/modjk/property-table.ts';
import { WORKER_PROPERTIES } from './worker-properties.ts';

const WHOSE: Readonly<Record<string, string>> = {
  G: 'the file',
  A: 'Tomcats that rules name',
  M: 'members of an lb',
  L: 'lb workers',
  T: 'status workers',
};

/** @param roles letters of what each worker is used as */
export function tellScopes(table: PropertyTable, roles: ReadonlyMap<string, string>, findings: Findings): void {
  for (const [name, letters] of roles) {
    for (const { key, place } of table.familyOf(`worker.${name}`)) {
      const property = WORKER_PROPERTIES.find((each) => key === `worker.${name}.${each.name}`);
      if (property === undefined || property.of === 'G') continue;
      const scopes = property.of.split(' ');
      if (scopes.some((scope) => letters.includes(scope))) continue;
      const whose = scopes.map((scope) => WHOSE[scope]).join(' and ');
      findings.note(place, shown(key), 'property-without-effect', `has no effect here: it is for ${whose}`);
    }
  }
}

/** Workers that are defined and named by nobody. @param templates `worker.X` of those that a `reference` names */
export function tellUnlisted(
  places: ReadonlyMap<string, Place>,
  roles: ReadonlyMap<string, string>,
  templates: ReadonlySet<string>,
  findings: Findings,
): void {
  for (const [name, place] of places) {
    if (roles.has(name) || templates.has(`worker.${name}`)) continue;
    const told = `no request comes to the worker ${shown(name)}: it is neither in worker.list nor a member of an lb that is`;
    findings.note(place, `worker.${shown(name)}`, 'unlisted-worker', told);
  }
}

// Opt-in extras of ours in workers.properties, `catflap.<lb>.probe` and `catflap.<lb>.slow_start`: mod_jk takes them for
// variables, so that the same file serves both.

import { similarNames } from '../../config/expression/names.ts';
import type { Findings } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { Entry, PropertyTable } from '../../config/modjk/property-table.ts';
import { OWN_PROPERTIES } from './worker-properties.ts';

export interface OwnProperties {
  probeMs?: number;
  slowStartMs?: number;
}

const PREFIX = 'catflap.';
/** As CatflapProbe: more often would be load, not care. */
const PROBE_MS_LEAST = 100;
const MS_MAX = 2_147_483_647;

/** By name of the lb. What cannot be read is told, and has no effect. */
export function readOwnProperties(
  table: PropertyTable,
  lbs: readonly string[],
  findings: Findings,
): ReadonlyMap<string, OwnProperties> {
  const all = new Map<string, OwnProperties>();
  for (const entry of table.entries) {
    if (!entry.key.startsWith(PREFIX)) continue;
    const dot = entry.key.lastIndexOf('.');
    const [lb, name] = [entry.key.slice(PREFIX.length, dot), entry.key.slice(dot + 1)];
    const problem = problemOf(entry, lb, name, lbs);
    if (problem !== undefined) {
      findings.warn(entry.place, shown(entry.key), 'bad-extra', `${problem}; the line has no effect`);
      continue;
    }
    const own = all.get(lb) ?? {};
    all.set(lb, own);
    const ms = Math.round(Number(entry.value) * 1000);
    if (name === 'probe') own.probeMs = ms;
    else own.slowStartMs = ms;
  }
  return all;
}

function problemOf({ value }: Entry, lb: string, name: string, lbs: readonly string[]): string | undefined {
  const names = OWN_PROPERTIES.map((each) => each.name);
  if (!names.includes(name)) {
    const similar = similarNames(name, names);
    return `there is no extra "${shown(name)}", ${similar.length > 0 ? `did you mean ${similar[0]}?` : `only ${names.join(' and ')}`}`;
  }
  if (!lbs.includes(lb)) {
    const similar = similarNames(lb, lbs);
    const mend =
      similar.length > 0 ? `did you mean catflap.${shown(similar[0])}.${name}?` : `write catflap.<lb>.${name}`;
    return `there is no lb "${shown(lb)}" in worker.list, ${mend}`;
  }
  const ms = Number(value) * 1000;
  if (!/^\d+(?:\.\d+)?$/.test(value) || ms > MS_MAX) return `"${shown(value)}" is no number of seconds`;
  return name === 'probe' && ms > 0 && ms < PROBE_MS_LEAST ? `"${shown(value)}" is less than 0.1 seconds` : undefined;
}

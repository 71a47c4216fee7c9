// Rules of mod_jk from text to model: those of a whole map file, and one of a directive. Place in the picture: asked when a
// site is assembled, and again while it serves when the file has changed.

import type { Findings } from '../../config/finding.ts';
import { type MapReading, type MapRule, readUriWorkerMap } from '../../config/modjk/uriworkermap.ts';
import type { JkMount } from './model-jk.ts';
import { sortMounts } from './mounts.ts';
import { requestRules } from './rule-extensions.ts';

/** One rule as the model has it, with findings about what stands behind its worker. */
export function mountOf(rule: MapRule, source: JkMount['source'], findings: Findings): JkMount {
  const { pattern, worker, isExclusion, isDisabled, extensions, place } = rule;
  const directive = source === 'JkMount' ? (isExclusion ? 'JkUnMount' : 'JkMount') : '';
  return {
    pattern,
    worker,
    isExclusion,
    isDisabled,
    source,
    rules: requestRules(extensions, (code, message) => findings.warn(place, directive, code, message)),
    place,
  };
}

/** The rules of a map file, sorted. @param octets latin1 view */
export function readMounts(
  octets: string,
  file: string,
  { findings, environment }: Pick<MapReading, 'findings' | 'environment'>,
): JkMount[] {
  return sortMounts(
    readUriWorkerMap(octets, { file: file, findings, environment }).map((rule) =>
      mountOf(rule, 'uriworkermap', findings),
    ),
  );
}

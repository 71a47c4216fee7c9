// `worker.X.mount`: rules that stand beside the worker they name. They have the lowest priority of all sources.

import type { Findings } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import { readRule } from '../../config/modjk/uriworkermap.ts';
import type { JkMount } from './model-jk.ts';
import { mountOf } from './read-mounts.ts';
import type { WorkerValues } from './worker-values.ts';

/** The rules of workers in worker.list, in order; mod_jk looks at no other's. */
export function workerMounts(workers: readonly WorkerValues[], findings: Findings): JkMount[] {
  return workers.flatMap((worker) =>
    worker.list('mount').flatMap(({ text, place }) => {
      const property = `worker.${shown(worker.name)}.mount`;
      const rule = readRule(text, worker.name, place);
      if (rule === undefined) {
        const told = `"${shown(text)}" does not begin with a slash, so no path fits; write /${shown(text)}`;
        findings.error(place, property, 'bad-pattern', told);
        return [];
      }
      const bar = text.indexOf('|');
      if (bar >= 0) {
        const both = `${shown(text.slice(0, bar))} ${shown(text.slice(0, bar) + text.slice(bar + 1))}`;
        findings.warn(place, property, 'bar-in-mount', `here the bar is a character of the path; write ${both}`);
      }
      return [mountOf(rule, 'worker definition', findings)];
    }),
  );
}

// `worker.X.mount`: rules that stand beside the worker they name. They have the lowest priority of all sources.

import type { Findings } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import { readRules } from '../../config/modjk/uriworkermap.ts';
import type { JkMount } from './model-jk.ts';
import { mountOf } from './read-mounts.ts';
import type { WorkerValues } from './worker-values.ts';

/** The rules of workers in worker.list, in order; mod_jk looks at no other's. */
export function workerMounts(workers: readonly WorkerValues[], findings: Findings): JkMount[] {
  return workers.flatMap((worker) =>
    worker.list('mount').flatMap(({ text, place }) => {
      const rules = readRules(text, worker.name, place);
      if (rules.length === 0) {
        const told = `"${shown(text)}" does not begin with a slash, so no path fits; write /${shown(text)}`;
        findings.error(place, `worker.${shown(worker.name)}.mount`, 'bad-pattern', told);
      }
      return rules.map((rule) => mountOf(rule, 'worker definition', findings));
    }),
  );
}

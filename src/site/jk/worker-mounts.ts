// `worker.X.mount`: rules that stand beside the worker they name. They have the lowest priority of all sources.

import type { Findings } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { JkMount } from './model-jk.ts';
import type { WorkerValues } from './worker-values.ts';

/** The rules of workers in worker.list, in order; mod_jk looks at no other's. */
export function workerMounts(workers: readonly WorkerValues[], findings: Findings): JkMount[] {
  return workers.flatMap((worker) =>
    worker.list('mount').flatMap(({ text, place }) => {
      const pattern = text.replace(/^(?:-?!|-)/, '');
      if (!pattern.startsWith('/')) {
        const told = `"${shown(text)}" does not begin with a slash, so no path fits; write /${shown(pattern)}`;
        findings.error(place, `worker.${shown(worker.name)}.mount`, 'bad-pattern', told);
        return [];
      }
      const [first, second] = pattern.split('|', 2);
      const patterns = second === undefined ? [first] : [first, first + second];
      return patterns.map((each) => ({
        pattern: each,
        worker: worker.name,
        isExclusion: /^-?!/.test(text),
        isDisabled: text.startsWith('-'),
        source: 'worker definition' as const,
        rules: undefined,
        place,
      }));
    }),
  );
}

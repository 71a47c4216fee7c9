// From what a mapping or a rewrite rule names to the balancer or worker that a host sees under that name. Place in the
// picture: beside `assemble.ts`, when all balancers and workers are known.

import type { Findings } from '../config/finding.ts';
import type { WorkerDraft } from './balancer-draft.ts';
import { findWorker } from './balancers.ts';
import type { TargetDraft } from './draft.ts';
import type { BalancerKey, MappingTarget } from './model.ts';

/** What a host sees of balancers and workers. */
export interface HostView {
  readonly balancers: ReadonlyMap<string, BalancerKey>;
  readonly workers: readonly { readonly worker: WorkerDraft; readonly key: BalancerKey }[];
  /** Begins the key of a balancer that nobody defines. */
  readonly prefix: string;
  readonly findings: Findings;
}

export function resolveTarget(target: TargetDraft, view: HostView): MappingTarget {
  switch (target.kind) {
    case 'none':
    case 'unavailable':
      return target;
    case 'balancer':
      return {
        kind: 'proxy',
        balancer: view.balancers.get(target.name) ?? `${view.prefix}balancer://${target.name}`,
        authority: target.authority,
        path: target.path,
        isDirect: false,
      };
    default: {
      const worker = findWorker(
        view.workers.map((entry) => entry.worker),
        target.name,
      );
      const key = view.workers.find((entry) => entry.worker === worker)?.key ?? target.name;
      return { kind: 'proxy', balancer: key, authority: target.authority, path: target.path, isDirect: true };
    }
  }
}

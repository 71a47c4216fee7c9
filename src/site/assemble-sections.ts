// What stands in sections, from draft to model: settings whose mappings and reverse rules have found their balancers and
// workers. Place in the picture: `assemble.ts` asks for the sections, the defaults and the mappings of each host.

import type { WorkerDraft } from './balancer-draft.ts';
import { findWorker } from './balancers.ts';
import type { MappingDraft, ReverseDraft, SectionDraft, SectionKind, SettingsDraft, TargetDraft } from './draft.ts';
import type { BalancerKey, DirectorySettings, Host, Mapping, MappingTarget, ReverseRule, Section } from './model.ts';
import { directoryDepth } from './sections.ts';
import { balancerName } from './worker-url.ts';

/** What a host sees of balancers and workers. */
export interface HostView {
  readonly balancers: ReadonlyMap<string, BalancerKey>;
  readonly workers: readonly { readonly worker: WorkerDraft; readonly key: BalancerKey }[];
  /** Begins the key of a balancer that nobody defines. */
  readonly prefix: string;
}

export function sections(drafts: readonly SectionDraft[], view: HostView): Host['sections'] {
  const of = (kind: SectionKind) => drafts.filter((draft) => draft.kind === kind);
  const resolve = (draft: SectionDraft) => section(draft, view);
  const byDepth = of('directory').toSorted((a, b) => directoryDepth(a) - directoryDepth(b));
  return {
    directories: [...byDepth, ...of('directory-match')].map(resolve),
    files: of('files').map(resolve),
    locations: of('location').map(resolve),
    proxies: of('proxy').map(resolve),
  };
}

function section(draft: SectionDraft, view: HostView): Section {
  return { matcher: draft.matcher, title: draft.title, settings: settings(draft.settings, view), place: draft.place };
}

export function settings(draft: SettingsDraft, view: HostView): DirectorySettings {
  const { mapping, reverseRules, files, conditions, rewrite: _rewrite, ...rest } = draft;
  return {
    ...rest,
    ...(mapping === undefined ? {} : { mapping: resolveMapping(mapping, view) }),
    ...(reverseRules === undefined ? {} : { reverseRules: reverseRules.map((rule) => resolveReverse(rule, view)) }),
    ...(files === undefined ? {} : { files: files.map((draft) => section(draft, view)) }),
    ...(conditions === undefined ? {} : { conditions: conditions.map((draft) => section(draft, view)) }),
  };
}

export function resolveMapping(draft: MappingDraft, view: HostView): Mapping {
  return { ...draft, target: resolveTarget(draft.target, view) };
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

function resolveReverse(rule: ReverseDraft, view: HostView): ReverseRule {
  const name = rule.kind === 'url' ? balancerName(rule.internal) : undefined;
  return { ...rule, balancer: name === undefined ? undefined : view.balancers.get(name) };
}

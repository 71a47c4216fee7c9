// What stands in sections, from draft to model: settings whose mappings and reverse rules have found their balancers and
// workers. Place in the picture: `assemble.ts` asks for the sections, the defaults and the mappings of each host.

import type { MappingDraft, ReverseDraft, SectionDraft, SectionKind, SettingsDraft } from './draft.ts';
import type { DirectorySettings, Host, Mapping, ReverseRule, Section } from './model.ts';
import { type HostView, resolveTarget } from './resolve-target.ts';
import { sectionRewriting } from './rewriting/assemble-rewriting.ts';
import { directoryDepth } from './sections.ts';
import { balancerName } from './worker-url.ts';

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
  const { mapping, reverseRules, files, conditions, rewrite, ...rest } = draft;
  return {
    ...rest,
    ...(mapping === undefined ? {} : { mapping: resolveMapping(mapping, view) }),
    ...(reverseRules === undefined ? {} : { reverseRules: reverseRules.map((rule) => resolveReverse(rule, view)) }),
    ...(rewrite === undefined ? {} : { rewriting: sectionRewriting(rewrite, view) }),
    ...(files === undefined ? {} : { files: files.map((draft) => section(draft, view)) }),
    ...(conditions === undefined ? {} : { conditions: conditions.map((draft) => section(draft, view)) }),
  };
}

export function resolveMapping(draft: MappingDraft, view: HostView): Mapping {
  return { ...draft, target: resolveTarget(draft.target, view) };
}

function resolveReverse(rule: ReverseDraft, view: HostView): ReverseRule {
  const name = rule.kind === 'url' ? balancerName(rule.internal) : undefined;
  return { ...rule, balancer: name === undefined ? undefined : view.balancers.get(name) };
}

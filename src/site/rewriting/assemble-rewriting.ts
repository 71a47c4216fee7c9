// mod_rewrite of hosts and sections, from draft to model: who inherits whose rules, and where [P] leads. Source:
// documentation of RewriteOptions; inheritance as observed on httpd 2.4.71.

import { textOf } from '../../config/files.ts';
import type { HostDraft, RewriteDraft, RewriteRuleDraft } from '../draft.ts';
import type { DirectorySettings, Host, HostRewriting, RewriteRule, RewriteTarget, SectionRewriting } from '../model.ts';
import { type HostView, resolveTarget } from '../resolve-target.ts';

/** A host without a line of its own about rewriting has no rules. */
export function hostRewriting(host: HostDraft, main: HostDraft, view: HostView): HostRewriting | undefined {
  const own = host.rewrite;
  const above = host.isMain ? undefined : main.rewrite;
  if (own === undefined || (own.isOn ?? above?.isOn) !== true) return undefined;
  return { rules: withInherited(own, above).map((rule) => resolveRule(rule, view)) };
}

export function sectionRewriting(draft: RewriteDraft, view: HostView): SectionRewriting {
  const { directory, base } = draft;
  return { ...optionsOf(draft), directory, base, rules: draft.rules.map((rule) => resolveRule(rule, view)) };
}

function optionsOf(draft: RewriteDraft): Omit<SectionRewriting, 'directory' | 'base' | 'rules'> {
  const { kind, isOn, hasOptions, inherits, isInherited, mergesBase = false, ignoresInherited = false } = draft;
  return { kind, isOn, hasOptions, inherits, isInherited, mergesBase, ignoresInherited };
}

/** RewriteEngine and RewriteOptions of a host hold for its sections too. */
export function withEngine(defaults: DirectorySettings, host: HostDraft, main: HostDraft): DirectorySettings {
  const draft = host.rewrite ?? main.rewrite;
  if (draft === undefined) return defaults;
  const options = optionsOf(draft.hasOptions ? draft : (main.rewrite ?? draft));
  const isOn = draft.isOn ?? main.rewrite?.isOn;
  return { ...defaults, rewriting: { ...options, isOn, directory: undefined, base: undefined, rules: [] } };
}

/** Maps of the main server come with its rules only. */
export function rewriteMaps(host: HostDraft, main: HostDraft): Host['rewriteMaps'] {
  const own = host.rewrite?.maps ?? new Map();
  const inherits = host.rewrite !== undefined && inheritance(host.rewrite, main.rewrite) !== undefined;
  return new Map([...(inherits ? (main.rewrite?.maps ?? []) : []), ...own]);
}

/** RewriteOptions of the main server hold where the host has none. */
function inheritance(own: RewriteDraft, above: RewriteDraft | undefined): RewriteDraft['inherits'] {
  const options = own.hasOptions ? own : above;
  return options?.inherits ?? (own.ignoresInherited === true ? undefined : above?.isInherited);
}

function withInherited(own: RewriteDraft, above: RewriteDraft | undefined): readonly RewriteRuleDraft[] {
  const inherits = inheritance(own, above);
  if (inherits === undefined || above === undefined) return own.rules;
  return inherits === 'after' ? [...own.rules, ...above.rules] : [...above.rules, ...own.rules];
}

/** Sections of the main server are resolved for each host: what is wrong with them is told once. */
const told = new WeakSet<RewriteRuleDraft>();

function resolveRule(rule: RewriteRuleDraft, view: HostView): RewriteRule {
  const { proxy } = rule;
  if (proxy === undefined || proxy.kind === 'none') return { ...rule, proxy: undefined };
  if (proxy.kind === 'balancer' && !view.balancers.has(proxy.name)) {
    const why = `nothing defines ${proxy.authority}; such requests are answered 500`;
    if (!told.has(rule)) view.findings.warn(rule.place, 'RewriteRule', 'unknown-balancer', textOf(why));
    told.add(rule);
    const url = proxy.authority;
    return { ...rule, proxy: { kind: 'unavailable', url, status: 500, reason: 'there is no such balancer' } };
  }
  return { ...rule, proxy: resolveTarget(proxy, view) as RewriteTarget };
}

// mod_rewrite of hosts and sections, from draft to model: who inherits whose rules, and where [P] leads. Source:
// documentation of RewriteOptions; inheritance as observed on httpd 2.4.71.

import { textOf } from '../config/files.ts';
import type { Findings } from '../config/finding.ts';
import { type HostView, resolveTarget } from './assemble-sections.ts';
import type { HostDraft, RewriteDraft, RewriteRuleDraft, SiteDraft } from './draft.ts';
import type { Host, HostRewriting, RewriteRule, RewriteTarget } from './model.ts';

/** A host without a line of its own about rewriting has no rules. */
export function hostRewriting(host: HostDraft, site: SiteDraft, view: HostView): HostRewriting | undefined {
  const own = host.rewrite;
  const above = host.isMain ? undefined : site.main.rewrite;
  if (own === undefined || (own.isOn ?? above?.isOn) !== true) return undefined;
  const rules = withInherited(own, above).map((rule) => resolveRule(rule, view, site.findings));
  return rules.length === 0 ? undefined : { rules };
}

/** Maps of the main server come with its rules only. */
export function rewriteMaps(host: HostDraft, main: HostDraft): Host['rewriteMaps'] {
  const own = host.rewrite?.maps ?? new Map();
  const inherits = host.rewrite !== undefined && inheritance(host.rewrite, main.rewrite) !== undefined;
  return new Map([...(inherits ? (main.rewrite?.maps ?? []) : []), ...own]);
}

function inheritance(own: RewriteDraft, above: RewriteDraft | undefined): RewriteDraft['inherits'] {
  return own.inherits ?? (own.ignoresInherited === true ? undefined : above?.isInherited);
}

function withInherited(own: RewriteDraft, above: RewriteDraft | undefined): readonly RewriteRuleDraft[] {
  const inherits = inheritance(own, above);
  if (inherits === undefined || above === undefined) return own.rules;
  return inherits === 'after' ? [...own.rules, ...above.rules] : [...above.rules, ...own.rules];
}

function resolveRule(rule: RewriteRuleDraft, view: HostView, findings: Findings): RewriteRule {
  const { proxy } = rule;
  if (proxy === undefined || proxy.kind === 'none') return { ...rule, proxy: undefined };
  if (proxy.kind === 'balancer' && !view.balancers.has(proxy.name)) {
    const why = `nothing defines ${proxy.authority}; such requests are answered 500`;
    findings.warn(rule.place, 'RewriteRule', 'unknown-balancer', textOf(why));
    const url = proxy.authority;
    return { ...rule, proxy: { kind: 'unavailable', url, status: 500, reason: 'there is no such balancer' } };
  }
  return { ...rule, proxy: resolveTarget(proxy, view) as RewriteTarget };
}

// What a rule of mod_jk says of its requests that its worker cannot heed: members that the lb has not, and what only an lb
// understands. Part of `check-jk.ts`. Source: warnings of mod_jk 1.2.48.

import type { RequestRules } from '../../balancer/lb-config.ts';
import type { Findings } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { JkMount, Snapshot } from '../model.ts';

export function checkRules(
  { worker: name, rules, place }: JkMount,
  { jk, balancers }: Snapshot,
  findings: Findings,
): void {
  const worker = jk?.workers.get(name);
  if (worker === undefined || rules === undefined) return;
  if (worker.kind !== 'lb') {
    const said = lbOnly(rules);
    if (said.length > 0) {
      const told = `${said.join(', ')} of the rule means nothing to ${shown(name)}, which is no lb; take it out`;
      findings.warn(place, '', 'extension-without-lb', told);
    }
    return;
  }
  const members = balancers.get(worker.balancer)?.members.map(({ lb }) => lb?.name ?? '') ?? [];
  for (const member of rules.activations.keys()) {
    if (members.includes(member)) continue;
    const told = `${shown(name)} has no member "${shown(member)}": the rule says nothing of any other; it has ${members.map(shown).join(', ')}`;
    findings.warn(place, '', 'unknown-member', told);
  }
}

function lbOnly(rules: RequestRules): string[] {
  return [
    ...new Set(rules.activations.values()),
    ...(rules.sessionCookie === undefined ? [] : ['session_cookie']),
    ...(rules.sessionPath === undefined ? [] : ['session_path']),
    ...(rules.setsSessionCookie === undefined ? [] : ['set_session_cookie']),
    ...(rules.sessionCookiePath === undefined ? [] : ['session_cookie_path']),
    ...(rules.ignoresSessions ? ['sticky_ignore'] : []),
    ...(rules.isStateless ? ['stateless'] : []),
  ];
}

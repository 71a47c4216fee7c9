// Requests that are to be explained in the log: a variable that is set too late for it, or by anybody. Part of `check.ts`.

import { textOf } from '../../config/files.ts';
import type { Findings } from '../../config/finding.ts';
import type { EnvIfRule, Host, Section } from '../model.ts';

/** The variable that asks for an explanation. */
export const EXPLAIN_VARIABLE = 'catflap-explain';

/** A pattern that is shorter is found by trying. */
const SECRET_LEAST = 8;

export function checkExplaining(host: Host, findings: Findings): void {
  for (const rule of host.earlyEnvRules) if (asks(rule)) checkWho(rule, findings);
  const { locations, directories, files, proxies } = host.sections;
  for (const section of [...locations, ...directories, ...files, ...proxies]) checkSection(section, findings);
}

function asks(rule: EnvIfRule): boolean {
  return rule.actions.some(({ name, value }) => name === EXPLAIN_VARIABLE && value !== undefined);
}

function checkSection({ settings, title }: Section, findings: Findings): void {
  const rule = settings.envIfRules?.find(asks);
  if (rule !== undefined)
    findings.warn(
      rule.place,
      'SetEnvIf',
      'explain-too-late',
      `${EXPLAIN_VARIABLE} has no effect within ${textOf(title)}: it is looked at before sections are; put the line outside, with Request_URI if a path is meant`,
    );
}

function checkWho(rule: EnvIfRule, findings: Findings): void {
  if (rule.kind === 'expression') return;
  const { subject, regex, place } = rule;
  if (subject.kind === 'attribute' || regex.source.length >= SECRET_LEAST) return;
  const name = subject.kind === 'header' ? subject.name : 'that header';
  findings.note(
    place,
    'SetEnvIf',
    'explain-open',
    `whoever sends ${textOf(name)} has requests explained in the log; ask for a value that others do not know, or for Remote_Addr`,
  );
}

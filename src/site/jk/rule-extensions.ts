// What stands behind the worker of a rule (`;reply_timeout=…`), as the engine takes it, with findings for what it will not
// take. Source: docs/reference/uriworkermap.md; how mod_jk 1.2.48 reads each value.

import { NO_RULES } from '../../balancer/lb/defaults.ts';
import type { Activation, FailStatus, RequestRules } from '../../balancer/lb-config.ts';
import { textOf } from '../../config/files.ts';
import type { RuleExtension } from '../../config/modjk/uriworkermap.ts';

/** Tells what is wrong: a code for findings, and the sentence with the mend. */
export type TellRule = (code: string, message: string) => void;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Extensions by name. Those of a list may stand once: mod_jk keeps the first. */
const KNOWN: readonly string[] = [
  'reply_timeout',
  'sticky_ignore',
  'stateless',
  'active',
  'disabled',
  'stopped',
  'fail_on_status',
  'use_server_errors',
  'session_cookie',
  'session_path',
  'set_session_cookie',
  'session_cookie_path',
];
const ONCE: ReadonlySet<string> = new Set([
  'active',
  'disabled',
  'stopped',
  'fail_on_status',
  'session_cookie',
  'session_path',
  'session_cookie_path',
]);
/** In the order in which they overrule each other. */
const ACTIVATIONS: readonly Activation[] = ['active', 'disabled', 'stopped'];

/** @returns undefined when nothing is said that makes a difference */
export function requestRules(extensions: readonly RuleExtension[], tell: TellRule): RequestRules | undefined {
  if (extensions.length === 0) return undefined;
  const rules: Mutable<RequestRules> = { ...NO_RULES };
  const lists = new Map<string, string>();
  for (const { name, value } of extensions) {
    if (!KNOWN.includes(name)) {
      const bare = name.trim();
      const mend = KNOWN.includes(bare) ? `write "${bare}" without white space` : `it knows ${KNOWN.join(', ')}`;
      tell('unknown-extension', `the rule extension "${textOf(name)}" is not known and is ignored; ${mend}`);
    } else if (ONCE.has(name) && lists.has(name))
      tell('extension-again', `${name} stands twice in a rule: the first holds`);
    else {
      lists.set(name, value);
      read(rules, name, value, tell);
    }
  }
  return isPlain(rules) ? undefined : rules;
}

function read(rules: Mutable<RequestRules>, name: string, value: string, tell: TellRule): void {
  switch (name) {
    case 'reply_timeout': {
      const ms = wholeNumber(name, value, tell);
      rules.replyTimeoutMs = ms < 0 ? undefined : ms;
      return;
    }
    case 'sticky_ignore':
      rules.ignoresSessions = wholeNumber(name, value, tell) !== 0;
      return;
    case 'stateless':
      rules.isStateless = wholeNumber(name, value, tell) !== 0;
      return;
    case 'set_session_cookie':
      // 0 takes nothing away: the worker's own stays in force.
      rules.setsSessionCookie = wholeNumber(name, value, tell) !== 0 ? true : undefined;
      return;
    case 'use_server_errors': {
      const status = wholeNumber(name, value, tell);
      rules.useServerErrorsFrom = status > 0 ? status : undefined;
      return;
    }
    case 'fail_on_status':
      rules.failOnStatus = failStatuses(name, value, tell);
      return;
    case 'session_cookie':
      rules.sessionCookie = value;
      return;
    case 'session_path':
      rules.sessionPath = value;
      return;
    case 'session_cookie_path':
      rules.sessionCookiePath = value;
      return;
    default:
      activate(rules, name as Activation, listOf(value), tell);
  }
}

/** A member that stands in several lists has the last of active, disabled, stopped, wherever they stand. */
function activate(rules: Mutable<RequestRules>, wish: Activation, members: readonly string[], tell: TellRule): void {
  const activations = new Map(rules.activations);
  for (const member of members) {
    const other = activations.get(member);
    if (other !== undefined && other !== wish)
      tell(
        'activation-again',
        `${textOf(member)} is ${other} and ${wish} in one rule: stopped overrules disabled, which overrules active`,
      );
    if (other === undefined || ACTIVATIONS.indexOf(wish) > ACTIVATIONS.indexOf(other)) activations.set(member, wish);
  }
  rules.activations = activations;
}

/** Statuses that take a request away from its member; a minus sign leaves the member as it is. */
function failStatuses(name: string, value: string, tell: TellRule): FailStatus[] {
  return listOf(value).flatMap((text) => {
    const status = wholeNumber(name, text, tell);
    return status === 0 ? [] : [{ status: Math.abs(status), isSoft: status < 0 }];
  });
}

function listOf(value: string): string[] {
  return value.split(/[, ]/).filter((text) => text !== '');
}

/** As C's `atoi`: what stands at the beginning, otherwise 0. */
function wholeNumber(name: string, value: string, tell: TellRule): number {
  const digits = /^[ \t]*([+-]?\d{1,9})/.exec(value);
  if (digits === null || digits[0].length !== value.length)
    tell('bad-value', `${name} must be a whole number, not "${textOf(value)}"; it counts as ${digits?.[1] ?? 0}`);
  return Number(digits?.[1] ?? 0);
}

function isPlain(rules: RequestRules): boolean {
  return (Object.keys(NO_RULES) as (keyof RequestRules)[]).every((key) =>
    key === 'activations' ? rules.activations.size === 0 : rules[key] === NO_RULES[key],
  );
}

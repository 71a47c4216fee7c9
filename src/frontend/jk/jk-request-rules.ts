// What the environment says of one request beside the rule that matched: JK_REPLY_TIMEOUT, JK_STICKY_IGNORE, JK_STATELESS
// (modjk.md §3; recordings J-STK-24, J-FO-42). What it says counts, not the rule.

import { NO_RULES } from '../../balancer/lb/defaults.ts';
import type { RequestRules } from '../../balancer/lb-config.ts';
import { numberAt } from './jk-request.ts';

/** The rules in force for a request; undefined when there are none. */
export function rulesInForce(
  rules: RequestRules | undefined,
  env: ReadonlyMap<string, string> | undefined,
): RequestRules | undefined {
  if (env === undefined) return rules;
  const timeout = env.get('JK_REPLY_TIMEOUT');
  const ignoring = env.get('JK_STICKY_IGNORE');
  const stateless = env.get('JK_STATELESS');
  if (timeout === undefined && ignoring === undefined && stateless === undefined) return rules;
  const said = rules ?? NO_RULES;
  const replyTimeoutMs = timeout === undefined ? -1 : numberAt(timeout);
  return {
    ...said,
    replyTimeoutMs: replyTimeoutMs < 0 ? said.replyTimeoutMs : replyTimeoutMs,
    ignoresSessions: ignoring === undefined ? said.ignoresSessions : isSwitchedOn(ignoring),
    isStateless: stateless === undefined ? said.isStateless : isSwitchedOn(stateless),
  };
}

/** A variable that is set to nothing is on. */
function isSwitchedOn(text: string): boolean {
  return text === '' || numberAt(text) !== 0;
}

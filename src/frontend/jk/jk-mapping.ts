// mod_jk among the phases of a request: which worker takes it, before and after access. Source: order and answers of httpd
// 2.4.71 with mod_jk 1.2.48, observed.

import { octetsOf } from '../../config/files.ts';
import { readWorkerText } from '../../config/modjk/uriworkermap.ts';
import { servletPath } from '../../site/jk/mounts.ts';
import { requestRules } from '../../site/jk/rule-extensions.ts';
import type { JkTarget } from '../../site/model.ts';
import type { Visit } from '../visit.ts';
import type { JkRules } from './jk-rules.ts';

/** The handler's name in configurations. */
export const JK_HANDLER = 'jakarta-servlet';
/** Variable under which mod_jk leaves a request alone. */
const NO_JK = 'no-jk';

/**
 * Finds the worker of a request by its path and makes it the visit's goal; what sections guard is then the path as the
 * worker sees it.
 * @returns 0 when no rule takes the path, 400 when the path leads out of the root, 200 otherwise
 */
export function mapToJk(visit: Visit, rules: JkRules): 0 | 200 | 400 {
  if (visit.hasEnv(NO_JK)) return 0;
  const sent = visit.forms.decoded;
  const path = servletPath(sent);
  if (path === undefined) return 400;
  const found = rules.find(path);
  if (found === undefined) return 0;
  setJkGoal(visit, found.target, sent);
  if (path !== sent) {
    visit.forms.decoded = path;
    visit.path = path;
    visit.settings = visit.host.settings.forPath(path, visit);
  }
  return 200;
}

/** @param sent decoded path, path parameters included */
function setJkGoal(visit: Visit, target: JkTarget, sent: string): void {
  const { goal } = visit;
  goal.kind = 'jk';
  goal.jk = target;
  goal.path = sent;
  goal.query = visit.query;
  visit.handler = JK_HANDLER;
}

/** A request that SetHandler gives to mod_jk: the worker is found when everything else is known. */
export function mapToJkHandler(visit: Visit): void {
  const { goal } = visit;
  goal.kind = 'jk';
  goal.jk = undefined;
  goal.path = visit.forms.decoded;
  goal.query = visit.query;
  visit.handler = JK_HANDLER;
}

/**
 * The worker that answers, when the client has been let in and all variables are set: that of the rule, or the one that the
 * variable of JkWorkerIndicator names, or that of the path. Undefined: mod_jk does not answer.
 */
export function jkTargetOf(visit: Visit, rules: JkRules): JkTarget | undefined {
  if (visit.hasEnv(NO_JK)) return undefined;
  const { goal } = visit;
  if (goal.jk !== undefined) return goal.jk;
  const named = visit.exchange.env?.get(rules.host.workerIndicator);
  if (named !== undefined) return namedTarget(octetsOf(named), rules);
  const path = servletPath(goal.path);
  return path === undefined ? undefined : rules.find(path)?.target;
}

function namedTarget(text: string, rules: JkRules): JkTarget {
  if (!text.includes(';')) return rules.targetOf(text, undefined);
  const { worker, extensions } = readWorkerText(text);
  return rules.targetOf(
    worker,
    requestRules(extensions, () => {}),
  );
}

// mod_jk among the phases of a request: which worker takes it, by its path before access, by its variables when everything
// is known. Source: order and answers of httpd 2.4.71 with mod_jk 1.2.48, observed.

import { octetsOf } from '../../config/files.ts';
import { readWorkerText } from '../../config/modjk/uriworkermap.ts';
import { servletPath } from '../../site/jk/mounts.ts';
import { requestRules } from '../../site/jk/rule-extensions.ts';
import type { JkTarget } from '../../site/model.ts';
import type { Visit } from '../visit.ts';
import type { JkRules } from './jk-rules.ts';

/** SetHandler with this name gives requests to mod_jk. */
export const JK_HANDLER = 'jakarta-servlet';
/** To sections a way up, but to Tomcat, which takes parameters off before it decodes, the name of a folder. */
const HIDDEN_WAY_UP = /(?:\/|%2f)(?:\.|%2e){2}%3b/i;
/** One that comes to light when a parameter is cut: sections and files would each make something else of it. */
const DOT_SEGMENT = /\/\.\.?(?:\/|$)/;
/** Variable under which mod_jk leaves a request alone. */
const NO_JK = 'no-jk';

/**
 * Finds the worker of a request by its path and makes it the visit's goal; what sections guard is then the path as the
 * worker sees it. A path that no rule takes loses its session parameter where JkStripSession says so.
 * @returns 0 when no rule takes the path, 400 when the path leads out of the root or hides that it does, 200 otherwise
 */
export function mapToJk(visit: Visit, rules: JkRules): 0 | 200 | 400 {
  const { goal } = visit;
  const sent = visit.forms.decoded;
  const path = servletPath(sent);
  if (leavesAlone(visit)) return 0;
  if (path === undefined) return 400;
  const found = rules.find(path);
  visit.trace?.jkAsked(rules, path, found);
  if (found === undefined) {
    const { stripSession } = rules.host;
    if (stripSession === undefined) return 0;
    const stripped = withoutSession(sent, stripSession);
    if (stripped !== sent && DOT_SEGMENT.test(stripped)) return 400;
    see(visit, stripped);
    return 0;
  }
  if (rules.host.options.forwardUri === 'compat-unparsed' && HIDDEN_WAY_UP.test(visit.forms.raw)) return 400;
  goal.kind = 'jk';
  goal.jk = found.target;
  goal.path = sent;
  goal.query = visit.query;
  visit.handler = JK_HANDLER;
  see(visit, path);
  return 200;
}

/** Sections are those of this path from now on. */
function see(visit: Visit, path: string): void {
  if (path === visit.forms.decoded) return;
  visit.forms.decoded = path;
  visit.path = path;
  visit.settings = visit.host.settings.forPath(path, visit);
}

/**
 * Where sections give the request to mod_jk (SetHandler), they guard the path as the worker sees it, too.
 * @returns whether that is another one
 */
export function seeAsWorker(visit: Visit): boolean {
  if (visit.host.jk === undefined) return false;
  const { decoded } = visit.forms;
  const path = servletPath(decoded);
  if (path === undefined || path === decoded || leavesAlone(visit)) return false;
  seeFor(visit, path);
  return true;
}

/** The same where Tomcat, should it be asked, gets the path as it came. @param path as it leads to a file or a worker */
export function seeFor(visit: Visit, path: string): void {
  visit.goal.path ||= visit.forms.decoded;
  see(visit, path);
}

/** Cuts the first parameter that begins so, up to the next parameter or segment. */
function withoutSession(path: string, parameter: string): string {
  const at = path.indexOf(parameter);
  if (at < 0) return path;
  const end = path.slice(at + parameter.length).search(/[;/]/);
  return path.slice(0, at) + (end < 0 ? '' : path.slice(at + parameter.length + end));
}

/** Whether a variable keeps mod_jk away from the request. */
export function leavesAlone(visit: Visit): boolean {
  return visit.hasEnv(NO_JK);
}

/**
 * The worker of a request that SetHandler gives to mod_jk, when all variables are set: the one that the variable of
 * JkWorkerIndicator names, or that of the path.
 */
export function handlerTarget(visit: Visit, rules: JkRules): JkTarget | undefined {
  const named = visit.exchange.env?.get(rules.host.workerIndicator);
  if (named !== undefined) return namedTarget(octetsOf(named), rules);
  const path = servletPath(visit.forms.decoded);
  return path === undefined ? undefined : rules.find(path)?.target;
}

/**
 * The worker of a folder without an index: that of the last index that a rule takes, though there is no such file; with
 * ForwardDirectories also the one that the variable of JkWorkerIndicator names. The folder itself goes to it.
 */
export function folderTarget(visit: Visit, rules: JkRules): JkTarget | undefined {
  if (leavesAlone(visit)) return undefined;
  const { decoded } = visit.forms;
  const names = visit.settings.directoryIndex ?? DEFAULT_INDEX;
  for (let i = names.length - 1; i >= 0; i--) {
    const path = servletPath(names[i].startsWith('/') ? names[i] : decoded + names[i]);
    const found = path === undefined ? undefined : rules.find(path);
    // What the rule says of its requests is said of the index.
    if (found !== undefined) return rules.targetOf(found.mount.worker, undefined);
  }
  const named = visit.exchange.env?.get(rules.host.workerIndicator);
  return named === undefined || !rules.host.options.forwardDirectories
    ? undefined
    : namedTarget(octetsOf(named), rules);
}

const DEFAULT_INDEX: readonly string[] = ['index.html'];

function namedTarget(text: string, rules: JkRules): JkTarget {
  if (!text.includes(';')) return rules.targetOf(text, undefined);
  const { worker, extensions } = readWorkerText(text);
  return rules.targetOf(
    worker,
    requestRules(extensions, () => {}),
  );
}

// The story of mod_jk's directives: where workers are, which paths go to them, what is said of their requests. Options and
// names of variables: `jk-option-directives.ts`. Source: refusals and inheritance of mod_jk 1.2.48 observed.

import { textOf } from '../../config/files.ts';
import type { DirectiveNode } from '../../config/httpd/tree.ts';
import { compileJkRequestLogFormat } from '../../config/modjk/request-log-format.ts';
import { type DirectiveHandler, expectFile, fail, note, onOff, path, takes, warn } from '../arguments.ts';
import type { Scope } from '../draft.ts';
import { expectLogDirectory } from '../host-settings.ts';
import { JK_OPTION_HANDLERS } from './jk-option-directives.ts';
import type { JkLog } from './model-jk.ts';

/** Directives of this story, by name in lower case. */
export const JK_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  ...used({
    jkworkersfile: workersFile,
    jkworkerproperty: (node, scope) => {
      if (takes(node, scope, 1, Infinity)) scope.site.jk.properties.push({ text: node.raw.trim(), place: node.place });
    },
    jkmount: (node, scope) => addMount(node, scope, ''),
    jkunmount: (node, scope) => addMount(node, scope, '!'),
    jkmountcopy: mountCopy,
    jkmountfile: mountFile,
    jkmountfilereload: (node, scope) => {
      const seconds = leadingNumber(node, scope, 'never: the file is not read again');
      if (seconds !== undefined) scope.host.jk.mountFileReloadMs = seconds * 1000;
    },
    jkautoalias: (node, scope) => {
      if (takes(node, scope, 1, 1))
        scope.host.jk.autoAlias = path(node, scope, node.words[0]).replace(/(?<=.)\/+$/, '');
    },
    jkstripsession: stripSession,
    jkwatchdoginterval: (node, scope) => {
      const seconds = leadingNumber(node, scope, 'off: maintenance comes with requests');
      if (seconds !== undefined) scope.site.jk.watchdogMs = seconds * 1000;
    },
    jkshmfile: ownMemory,
    jkshmsize: ownMemory,
    jklogfile: (node, scope) => {
      if (!takes(node, scope, 1, 1)) return;
      const [target] = node.words;
      const isPipe = target.startsWith('|');
      const file = isPipe ? textOf(target) : path(node, scope, target);
      if (!isPipe) expectLogDirectory(node, scope, file);
      scope.host.jk.log.file = file;
    },
    jkloglevel: logLevel,
    jklogstampformat: (node, scope) => {
      if (takes(node, scope, 1, 1)) scope.host.jk.log.stampFormat = node.words[0];
    },
    jkrequestlogformat: requestLogFormat,
  }),
  ...used(JK_OPTION_HANDLERS),
};

/** A format that cannot be read stops the start, as in mod_jk. */
function requestLogFormat(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const compiled = compileJkRequestLogFormat(node.words[0]);
  if (compiled.ok) scope.host.jk.requestLogFormat = compiled.format;
  else fail(node, scope, textOf(compiled.problem), 'bad-log-format');
}

/** Any of these directives makes the site one with mod_jk. */
function used(handlers: Readonly<Record<string, DirectiveHandler>>): Record<string, DirectiveHandler> {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      (node: DirectiveNode, scope: Scope) => {
        scope.site.jk.isUsed = true;
        scope.host.jk.isUsed = true;
        handler(node, scope);
      },
    ]),
  );
}

function workersFile(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const { jk } = scope.site;
  if (jk.workersFile !== undefined) {
    const { file, line } = jk.workersFile.place;
    fail(node, scope, `may stand once, and stands in line ${line} of ${file} too; take one out`, 'directive-again');
    return;
  }
  const text = path(node, scope, node.words[0]);
  jk.workersFile = { text, place: node.place };
  expectFile(node, scope, text, 'file');
}

/** `JkMount [path] worker[;extension=value…]`; in a section the path is the section's own text. */
function addMount(node: DirectiveNode, scope: Scope, modifier: '' | '!'): void {
  if (!takes(node, scope, 1, 2)) return;
  const { section } = scope;
  const [first, second] = node.words;
  if (section === undefined && second === undefined) {
    fail(node, scope, `needs a path and a worker: write ${node.name} /path/* ${textOf(first)}`, 'argument-count');
    return;
  }
  if (section !== undefined && second !== undefined) {
    fail(node, scope, `takes its path from ${section.title}; leave "${textOf(first)}" out`, 'path-in-section');
    return;
  }
  const uri = section === undefined ? first : section.argument;
  const worker = second ?? first;
  if (!uri.startsWith('/')) {
    fail(node, scope, `the path must begin with a slash: "${textOf(uri)}" does not`);
    return;
  }
  if (section?.kind === 'location' && !/[*?|]/.test(uri))
    note(
      node,
      scope,
      `is for the path ${textOf(uri)} alone, not for what lies under it; for that write ${node.name} ${textOf(uri.replace(/\/$/, ''))}|/* ${textOf(worker)} outside the section`,
    );
  else if (section !== undefined && section.kind !== 'location')
    warn(node, scope, `takes the text of ${section.title} for a path of URLs`, 'mount-in-section');
  scope.host.jk.mounts.set(modifier + uri, { text: worker, place: node.place });
}

function mountCopy(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const [word] = node.words;
  if (word.toLowerCase() === 'all') {
    if (scope.host.isMain) scope.site.jk.copiesMounts = true;
    else fail(node, scope, 'All stands outside every VirtualHost; here write On', 'not-here');
    return;
  }
  const value = onOff(word);
  if (value === undefined) fail(node, scope, `must be On, Off or All, not "${textOf(word)}"`);
  else scope.host.jk.copiesMounts = value;
}

function mountFile(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const text = path(node, scope, node.words[0]);
  scope.host.jk.mountFile = { text, place: node.place };
  expectFile(node, scope, text, 'file');
}

/** Name of the parameter that is cut when none is given. */
const SESSION_PARAMETER = ';jsessionid';

function stripSession(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 2)) return;
  const [word, name] = node.words;
  const isOn = onOff(word);
  if (isOn === undefined) fail(node, scope, `must be On or Off, not "${textOf(word)}"`);
  else scope.host.jk.stripSession = { isOn, parameter: name ?? SESSION_PARAMETER };
}

const LEVELS: readonly JkLog['level'][] = ['trace', 'debug', 'info', 'warn', 'error', 'emerg'];

/** mod_jk takes any word; one that it does not know is info. */
function logLevel(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, 1)) return;
  const word = node.words[0].toLowerCase();
  const level = LEVELS.find((each) => each === word);
  if (level === undefined)
    warn(node, scope, `"${textOf(node.words[0])}" is no level and counts as info; it is one of ${LEVELS.join(', ')}`);
  scope.host.jk.log.level = level ?? 'info';
}

function ownMemory(node: DirectiveNode, scope: Scope): void {
  if (takes(node, scope, 1, 1))
    note(node, scope, 'has no work here: what is counted about workers lies in memory of this process');
}

/** Seconds as C's `atoi` reads them; what is no number, or below 0, is 0. */
function leadingNumber(node: DirectiveNode, scope: Scope, zero: string): number | undefined {
  if (!takes(node, scope, 1, 1)) return undefined;
  const [text] = node.words;
  const digits = /^\s*([+-]?\d{1,7})/.exec(text);
  const value = Math.max(0, Number(digits?.[1] ?? 0));
  if (!/^\d{1,7}$/.test(text))
    warn(
      node,
      scope,
      `must be a whole number of seconds, not "${textOf(text)}"; it counts as ${value}${value === 0 ? ` (${zero})` : ''}`,
    );
  return value;
}

// The story of the environment: SetEnv, PassEnv, UnsetEnv, SetEnvIf, BrowserMatch; compiled to rules that a request runs.
// Source: documentation of mod_env and mod_setenvif.

import { octetsOf, textOf } from '../config/files.ts';
import { compileRegex } from '../config/httpd/regex.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, takes, unheeded, warn } from './arguments.ts';
import type { Scope } from './draft.ts';
import { readExpression } from './expressions.ts';
import type { EnvIfRule, EnvMatchRule, EnvOp } from './model.ts';

/** Directives of this story, by name in lower case. */
export const ENV_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  setenv: (node, scope) => {
    if (!takes(node, scope, 1, 2)) return;
    tellVariable(node, scope, node.words[0]);
    addOp(scope, { kind: 'set', name: node.words[0], value: node.words[1] ?? '' });
  },
  unsetenv: (node, scope) => {
    if (takes(node, scope, 1, Infinity)) for (const name of node.words) addOp(scope, { kind: 'unset', name });
  },
  passenv: passEnv,
  setenvif: (node, scope) => setEnvIf(node, scope, false),
  setenvifnocase: (node, scope) => setEnvIf(node, scope, true),
  setenvifexpr: setEnvIfExpr,
  browsermatch: (node, scope) => browserMatch(node, scope, false),
  browsermatchnocase: (node, scope) => browserMatch(node, scope, true),
};

/** Variables that look as if they steered the proxy, and what does instead. */
const UNHEEDED_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['proxy-nocanon', 'nor is it in httpd; write nocanon behind the URL of ProxyPass'],
  ['proxy-noquery', 'nor is it in httpd: the query goes on'],
  ['proxy-sendextracrlf', 'nothing stands behind a body'],
]);

function tellVariable(node: DirectiveNode, scope: Scope, name: string): void {
  const instead = UNHEEDED_VARIABLES.get(name.toLowerCase());
  if (instead !== undefined) unheeded(node, scope, `${name} is not honoured: ${instead}`);
}

/** Attributes of a request that SetEnvIf knows by name, in lower case. */
const ATTRIBUTES: ReadonlyMap<string, Extract<EnvMatchRule['subject'], { kind: 'attribute' }>['name']> = new Map([
  ['remote_host', 'remote-host'],
  ['remote_addr', 'remote-addr'],
  ['server_addr', 'server-addr'],
  ['request_method', 'method'],
  ['request_protocol', 'protocol'],
  ['request_uri', 'uri'],
]);

/** `more` after `ops`: UnsetEnv takes back what SetEnv and PassEnv set before it, and nothing else (mod_env). */
export function joinEnvOps(ops: readonly EnvOp[], more: readonly EnvOp[]): EnvOp[] {
  const gone = new Set(more.filter(({ kind }) => kind === 'unset').map(({ name }) => name));
  return [...ops.filter(({ name }) => !gone.has(name)), ...more];
}

function addOp(scope: Scope, op: EnvOp): void {
  scope.settings.envOps = joinEnvOps(scope.settings.envOps ?? [], [op]);
}

/** The environment is that of loading: it does not change while a configuration is in force. */
function passEnv(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  for (const name of node.words) {
    const value = scope.site.environment[textOf(name)];
    if (value === undefined) warn(node, scope, `${textOf(name)} is not in the environment`, 'undefined-variable');
    else addOp(scope, { kind: 'set', name, value: octetsOf(value) });
  }
}

/** `SetEnvIf attribute regex [!]name[=value] …`. */
function setEnvIf(node: DirectiveNode, scope: Scope, ignoreCase: boolean): void {
  if (!takes(node, scope, 3, Infinity)) return;
  const [attribute, regex, ...actions] = node.words;
  const subject = readSubject(node, scope, attribute);
  if (subject !== undefined) addRule(node, scope, subject, regex, actions, ignoreCase);
}

function browserMatch(node: DirectiveNode, scope: Scope, ignoreCase: boolean): void {
  if (!takes(node, scope, 2, Infinity)) return;
  const [regex, ...actions] = node.words;
  addRule(node, scope, { kind: 'header', name: 'User-Agent' }, regex, actions, ignoreCase);
}

/** `SetEnvIfExpr expression [!]name[=value] …`. */
function setEnvIfExpr(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 2, Infinity)) return;
  const [text, ...words] = node.words;
  const expression = readExpression(node, scope, text);
  if (expression === undefined) return;
  pushRule(scope, { kind: 'expression', expression, actions: readActions(node, scope, words), place: node.place });
}

function readSubject(node: DirectiveNode, scope: Scope, attribute: string): EnvMatchRule['subject'] | undefined {
  const known = ATTRIBUTES.get(attribute.toLowerCase());
  if (known !== undefined) return { kind: 'attribute', name: known };
  if (/^[\w-]+$/.test(attribute)) return { kind: 'header', name: attribute };
  if (/^OID\(/i.test(attribute))
    return fail(node, scope, 'extensions of client certificates are not looked at', 'not-honoured');
  const compiled = compileRegex(attribute, { ignoreCase: true });
  if (!compiled.ok)
    return fail(node, scope, `the regular expression ${textOf(attribute)} is wrong: ${compiled.problem}`, 'bad-regex');
  return { kind: 'header-pattern', regex: compiled.regex };
}

/** A pattern without anything special; in its values `$1` stays as written, as in httpd. */
function isLiteral(source: string): boolean {
  return !/[.?*+|()[\]{}^$]|\\(?:\w|$)/.test(source.replace(/\\[^\w]/g, ''));
}

function addRule(
  node: DirectiveNode,
  scope: Scope,
  subject: EnvMatchRule['subject'],
  source: string,
  words: readonly string[],
  ignoreCase: boolean,
): void {
  const compiled = compileRegex(source, { ignoreCase });
  if (!compiled.ok) {
    fail(node, scope, `the regular expression ${textOf(source)} is wrong: ${compiled.problem}`, 'bad-regex');
    return;
  }
  const actions = readActions(node, scope, words);
  const { regex } = compiled;
  pushRule(scope, { kind: 'match', subject, regex, isLiteral: isLiteral(source), actions, place: node.place });
}

/** `name`, `name=value` and `!name`. */
function readActions(node: DirectiveNode, scope: Scope, words: readonly string[]): EnvIfRule['actions'] {
  const actions = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals > 0) return { name: word.slice(0, equals), value: word.slice(equals + 1) };
    return word.startsWith('!') ? { name: word.slice(1), value: undefined } : { name: word, value: '1' };
  });
  for (const { name, value } of actions) if (value !== undefined) tellVariable(node, scope, name);
  return actions;
}

function pushRule(scope: Scope, rule: EnvIfRule): void {
  if (scope.section === undefined) scope.host.earlyEnvRules.push(rule);
  else scope.settings.envIfRules = [...(scope.settings.envIfRules ?? []), rule];
}

// The story of paths that lead elsewhere: Alias, ScriptAlias, Redirect and their kin.
// Source: documentation of mod_alias; order of effects as observed on httpd 2.4.71.

import { textOf } from '../config/files.ts';
import { compileRegex } from '../config/httpd/regex.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, path, takes, warn } from './arguments.ts';
import type { Scope } from './draft.ts';
import { readTextExpression } from './expressions.ts';
import type { AliasRule, MappingPattern } from './model.ts';

/** Directives of this story, by name in lower case. */
export const ALIAS_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  alias: (node, scope) => addAlias(node, scope, 'alias', false),
  aliasmatch: (node, scope) => addAlias(node, scope, 'alias', true),
  scriptalias: (node, scope) => addAlias(node, scope, 'script-alias', false),
  scriptaliasmatch: (node, scope) => addAlias(node, scope, 'script-alias', true),
  redirect: (node, scope) => addRedirect(node, scope, undefined, false),
  redirecttemp: (node, scope) => addRedirect(node, scope, 302, false),
  redirectpermanent: (node, scope) => addRedirect(node, scope, 301, false),
  redirectmatch: (node, scope) => addRedirect(node, scope, undefined, true),
};

function addAlias(node: DirectiveNode, scope: Scope, kind: AliasRule['kind'], isMatch: boolean): void {
  if (scope.section !== undefined && node.words.length === 1) {
    sectionAlias(node, scope, kind);
    return;
  }
  if (!takes(node, scope, 2, 2)) return;
  const pattern = readPattern(node, scope, node.words[0], isMatch);
  if (pattern === undefined) return;
  const target = path(node, scope, node.words[1]);
  const file = node.words[1].endsWith('/') && target !== '/' ? `${target}/` : target;
  scope.host.aliasRules.push({ kind, pattern, path: file, place: node.place });
  if (kind === 'script-alias')
    warn(node, scope, 'no CGI scripts are run; such requests are answered 500', 'handler-not-served');
}

/** `Alias target` in a Location: the target, a text with variables, is the file for whatever the section matches. */
function sectionAlias(node: DirectiveNode, scope: Scope, kind: AliasRule['kind']): void {
  if (kind === 'script-alias')
    warn(node, scope, 'no CGI scripts are run; such requests are answered 500', 'handler-not-served');
  const file = readTextExpression(node, scope, node.words[0]);
  if (file !== undefined) scope.settings.alias = { kind, file, place: node.place };
}

function readPattern(node: DirectiveNode, scope: Scope, source: string, isMatch: boolean): MappingPattern | undefined {
  if (!isMatch) return { kind: 'prefix', path: source };
  const compiled = compileRegex(source);
  if (!compiled.ok)
    return fail(node, scope, `the regular expression ${textOf(source)} is wrong: ${compiled.problem}`, 'bad-regex');
  return { kind: 'regex', source, regex: compiled.regex };
}

const STATUS_WORDS: ReadonlyMap<string, number> = new Map([
  ['permanent', 301],
  ['temp', 302],
  ['seeother', 303],
  ['gone', 410],
]);

/** `Redirect [status] [path] [url]`. */
function addRedirect(node: DirectiveNode, scope: Scope, fixed: number | undefined, isMatch: boolean): void {
  if (!takes(node, scope, 1, fixed === undefined ? 3 : 2)) return;
  const words = [...node.words];
  let status = fixed ?? 302;
  if (fixed === undefined) {
    const first = words[0].toLowerCase();
    const named = STATUS_WORDS.get(first) ?? (/^\d{3}$/.test(first) ? Number(first) : undefined);
    if (named !== undefined && (words.length > 1 || scope.section !== undefined)) {
      status = named;
      words.shift();
    } else if (words.length === 3) {
      fail(node, scope, `"${textOf(words[0])}" is no status; use permanent, temp, seeother, gone or a number`);
      return;
    }
  }
  const needsUrl = status >= 300 && status <= 399;
  const hasPath = scope.section === undefined || words.length === (needsUrl ? 2 : 1);
  const source = hasPath ? words.shift() : undefined;
  const url = words.shift();
  if ((hasPath && source === undefined) || (url === undefined) === needsUrl || words.length > 0) {
    fail(node, scope, needsUrl ? `${status} needs a URL to redirect to` : `${status} takes no URL`, 'argument-count');
    return;
  }
  const isText = source === undefined && url?.includes('%{') === true;
  if (url !== undefined && !isMatch && !isText && !url.startsWith('/') && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(url)) {
    fail(node, scope, `"${textOf(url)}" is neither a URL nor a path`);
    return;
  }
  const target = { status, url, place: node.place };
  if (source === undefined) {
    const text = url === undefined ? undefined : readTextExpression(node, scope, url);
    if (url === undefined || text !== undefined) scope.settings.redirect = { ...target, url: text };
    return;
  }
  const pattern = readPattern(node, scope, source, isMatch);
  if (pattern === undefined) return;
  const rule = { ...target, pattern };
  if (scope.section === undefined) scope.host.redirectRules.push(rule);
  else scope.settings.redirectRules = [...(scope.settings.redirectRules ?? []), rule];
}

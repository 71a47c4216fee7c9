// The story of mod_rewrite: RewriteEngine, RewriteRule, RewriteCond, RewriteOptions, RewriteMap, RewriteBase; compiled to rules
// that a request runs. Where [P] leads must be known here. Source: documentation of mod_rewrite, and httpd 2.4.71 observed.

import { octetsOf, textOf } from '../../config/files.ts';
import { compileRegex } from '../../config/httpd/regex.ts';
import type { DirectiveNode } from '../../config/httpd/tree.ts';
import { type DirectiveHandler, expectFile, fail, flag, path, takes, unheeded, warn } from '../arguments.ts';
import type { RewriteDraft, RewriteRuleDraft, Scope, SectionDraft, TargetDraft } from '../draft.ts';
import { readExpression } from '../expressions.ts';
import { readBackendUrl } from '../mappings.ts';
import type { RewriteCondition, RewriteMap, RewriteOrder, RewriteTest, RewriteText } from '../model.ts';
import { type RuleFlags, readConditionFlags, readRuleFlags } from './rewrite-flags.ts';
import { readRewriteText } from './rewrite-text.ts';

/** Directives of this story, by name in lower case. */
export const REWRITE_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  rewriteengine: (node, scope) => {
    const isOn = flag(node, scope);
    if (isOn !== undefined) draftOf(scope).isOn = isOn;
  },
  rewriterule: addRule,
  rewritecond: addCondition,
  rewriteoptions: setOptions,
  rewritemap: addMap,
  rewritebase: (node, scope) => {
    if (!takes(node, scope, 1, 1)) return;
    const [base] = node.words;
    if (base.startsWith('/')) draftOf(scope).base = base.endsWith('/') ? base : `${base}/`;
    else fail(node, scope, `"${textOf(base)}" must begin with a slash`);
  },
};

function newDraft(kind: RewriteDraft['kind'], directory: string | undefined): RewriteDraft {
  return {
    kind,
    directory,
    hasOptions: false,
    isOn: undefined,
    rules: [],
    pending: [],
    maps: new Map(),
    inherits: undefined,
    isInherited: undefined,
  };
}

/** What the directives of this place write to. */
function draftOf({ section, settings, host }: Scope): RewriteDraft {
  if (section === undefined) {
    host.rewrite ??= newDraft('host', undefined);
    return host.rewrite;
  }
  settings.rewrite ??= newDraft(section.kind, directoryOf(section));
  return settings.rewrite;
}

/** What patterns leave out: the path of the section, as httpd knows it. */
function directoryOf({ kind, matcher, argument }: SectionDraft): string {
  const path =
    kind === 'condition' ? '*If' : kind === 'directory' && matcher.kind === 'path' ? octetsOf(matcher.path) : argument;
  return path.endsWith('/') ? path : `${path}/`;
}

// --- rules ----------------------------------------------------------------------------------------------------------

function addRule(node: DirectiveNode, scope: Scope): void {
  const draft = draftOf(scope);
  const conditions = draft.pending;
  draft.pending = [];
  const words = readArguments(node, scope);
  if (words === undefined) return;
  const [written, substitution, third] = words;
  const read = readRuleFlags(third);
  if (!read.ok) {
    fail(node, scope, textOf(read.problem), 'bad-flags');
    return;
  }
  const { flags } = read;
  for (const text of flags.unheeded) unheeded(node, scope, textOf(`${text}`));
  const isNegated = written.startsWith('!');
  const regex = readRegex(node, scope, isNegated ? written.slice(1) : written, flags.ignoreCase);
  const keeps = substitution === '-' || flags.endsRequest;
  const made = keeps ? undefined : readText(node, scope, substitution);
  const variables = readVariables(node, scope, flags);
  const handler = flags.handler === undefined ? undefined : readText(node, scope, flags.handler);
  if (regex === undefined || (!keeps && made === undefined) || variables === undefined) return;
  const proxy = made === undefined || !flags.isProxy ? undefined : readProxyTarget(node, scope, made, substitution);
  if (made !== undefined && flags.isProxy && proxy === undefined) return;
  const { ignoreCase: _case, isProxy, env: _env, cookies: _cookies, unheeded: _unheeded, escapes, ...rest } = flags;
  const rule: RewriteRuleDraft = {
    ...rest,
    ...variables,
    escaping: escapes ? flags.escaping : undefined,
    handler,
    regex,
    isNegated,
    conditions,
    substitution: made,
    // `-` with [P] proxies nothing, and is the last rule.
    isLast: flags.isLast || isProxy,
    proxy,
    proxyPrefix: proxy === undefined ? '' : (authorityOf(substitution) ?? ''),
    mayNameFile: made !== undefined && namesFile(made),
    place: node.place,
  };
  draft.rules.push(rule);
}

function readVariables(
  node: DirectiveNode,
  scope: Scope,
  flags: RuleFlags,
): Pick<RewriteRuleDraft, 'env' | 'cookies'> | undefined {
  const env: { name: RewriteText; value: RewriteText | undefined }[] = [];
  for (const text of flags.env) {
    const isGone = text.startsWith('!');
    const colon = text.indexOf(':');
    const name = readText(node, scope, isGone ? text.slice(1) : colon < 0 ? text : text.slice(0, colon));
    const value = isGone ? undefined : readText(node, scope, colon < 0 ? '' : text.slice(colon + 1));
    if (name === undefined || (!isGone && value === undefined)) return undefined;
    env.push({ name, value });
  }
  const cookies: RewriteText[] = [];
  for (const text of flags.cookies) {
    const cookie = readText(node, scope, text);
    if (cookie === undefined) return undefined;
    if (text.split(text.startsWith(';') ? ';' : ':').length < 3)
      return fail(node, scope, `CO=${textOf(text)} needs a name, a value and a domain`, 'bad-flags');
    cookies.push(cookie);
  }
  return { env, cookies };
}

/** The target of [P]: its host must stand in the configuration. */
function readProxyTarget(
  node: DirectiveNode,
  scope: Scope,
  made: RewriteText,
  written: string,
): TargetDraft | undefined {
  const first = made[0]?.kind === 'text' ? made[0].text : '';
  if (written.startsWith('/') || written.startsWith('%{REQUEST_URI}')) {
    warn(node, scope, 'the server would ask itself; such requests are answered 500: leave P out', 'proxy-to-itself');
    return { kind: 'unavailable', url: written, status: 500, reason: 'the server would ask itself' };
  }
  // Up to the path: what follows may hold anything, the authority nothing of the request.
  const authority = authorityOf(first);
  const isWhole = authority !== undefined && (first.length > authority.length || /[A-Za-z0-9\]]$/.test(authority));
  if (!isWhole) {
    warn(node, scope, 'the request must not choose the backend host; such requests are answered 500', 'dynamic-host');
    return { kind: 'unavailable', url: written, status: 500, reason: 'the request would choose the backend host' };
  }
  return readBackendUrl(node, scope, first.replace(/\?.*$/s, ''), authority);
}

function authorityOf(text: string): string | undefined {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#$%]+/.exec(text)?.[0];
}

/** Variables with a path of the configuration. */
const ROOTS: ReadonlySet<string> = new Set(['DOCUMENT_ROOT', 'CONTEXT_DOCUMENT_ROOT']);

/** Whether a substitution may be an absolute path of a file: the configuration, not the request, says where it begins. */
function namesFile(text: RewriteText): boolean {
  const [first] = text;
  if (first?.kind === 'variable') return ROOTS.has(first.name);
  return first?.kind === 'text' && /^\/[^/]+\//.test(first.text);
}

// --- conditions -----------------------------------------------------------------------------------------------------

const FILE_TESTS: ReadonlyMap<string, Extract<RewriteTest, { kind: 'file' }>['is']> = new Map([
  ['-f', 'file'],
  ['-d', 'directory'],
  ['-s', 'sized'],
  ['-l', 'link'],
  ['-L', 'link'],
  ['-h', 'link'],
  ['-x', 'executable'],
]);

function addCondition(node: DirectiveNode, scope: Scope): void {
  const words = readArguments(node, scope);
  if (words === undefined) return;
  const [subject, written, third] = words;
  const read = readConditionFlags(third);
  if (!read.ok) {
    fail(node, scope, textOf(read.problem), 'bad-flags');
    return;
  }
  const isNegated = written.startsWith('!');
  const pattern = isNegated ? written.slice(1) : written;
  const isExpression = subject.toLowerCase() === 'expr';
  const test = isExpression
    ? expressionTest(node, scope, pattern)
    : readTest(node, scope, pattern, read.flags.ignoreCase);
  const text = isExpression ? [] : readText(node, scope, subject);
  if (test === undefined || text === undefined) return;
  const { orNext, noVary } = read.flags;
  const condition: RewriteCondition = { subject: text, test, isNegated, orNext, noVary };
  draftOf(scope).pending.push(condition);
}

function expressionTest(node: DirectiveNode, scope: Scope, source: string): RewriteTest | undefined {
  const expression = readExpression(node, scope, source);
  return expression === undefined ? undefined : { kind: 'expression', expression };
}

function readTest(node: DirectiveNode, scope: Scope, pattern: string, ignoreCase: boolean): RewriteTest | undefined {
  const file = FILE_TESTS.get(pattern);
  if (file !== undefined) return { kind: 'file', is: file };
  if (pattern === '-U' || pattern === '-F') return { kind: 'reach', what: pattern === '-U' ? 'url' : 'file' };
  const number = /^-(eq|ne|lt|le|gt|ge)(.+)$/s.exec(pattern);
  if (number !== null)
    return {
      kind: 'number',
      order: number[1] as RewriteOrder,
      number: Number(/^\s*([+-]?\d+)/.exec(number[2])?.[1] ?? 0),
    };
  const ordered = pattern.length > 1 ? /^(>=|<=|[<>=])(.*)$/s.exec(pattern) : null;
  if (ordered !== null) {
    const order = ({ '>=': 'ge', '<=': 'le', '<': 'lt', '>': 'gt', '=': 'eq' } as const)[ordered[1] as '='];
    return { kind: 'text', order, text: ordered[2] === '""' ? '' : ordered[2], ignoreCase };
  }
  const regex = readRegex(node, scope, pattern, ignoreCase);
  return regex === undefined ? undefined : { kind: 'regex', regex };
}

// --- options and maps -----------------------------------------------------------------------------------------------

function setOptions(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  const draft = draftOf(scope);
  draft.hasOptions = true;
  for (const word of node.words) {
    switch (word.toLowerCase()) {
      case 'inherit':
        draft.inherits = 'after';
        break;
      case 'inheritbefore':
        draft.inherits = 'before';
        break;
      case 'inheritdown':
        draft.isInherited = 'after';
        break;
      case 'inheritdownbefore':
        draft.isInherited = 'before';
        break;
      case 'ignoreinherit':
        draft.ignoresInherited = true;
        break;
      case 'mergebase':
        draft.mergesBase = true;
        break;
      case 'allownoslash':
      case 'allowanyuri':
      case 'ignorecontextinfo':
      case 'legacyprefixdocroot':
        unheeded(node, scope, `${textOf(word)} is not honoured; it changes what odd URLs and files become`);
        break;
      case 'longurloptimization':
        break;
      default:
        fail(node, scope, `"${textOf(word)}" is no option of RewriteOptions`);
    }
  }
}

const MAP_FUNCTIONS = ['toupper', 'tolower', 'escape', 'unescape'] as const;

function addMap(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 2, 3)) return;
  const [name, source] = node.words;
  const colon = source.indexOf(':');
  const type = colon < 0 ? 'txt' : source.slice(0, colon).toLowerCase();
  const rest = source.slice(colon + 1);
  const { place } = node;
  let map: RewriteMap | undefined;
  if (type === 'int') {
    const found = MAP_FUNCTIONS.find((each) => each === rest);
    if (found === undefined)
      fail(node, scope, `"${textOf(rest)}" is no internal map; use one of ${MAP_FUNCTIONS.join(', ')}`);
    else map = { kind: 'function', name: found, place };
  } else if (type === 'txt' || type === 'rnd') {
    const file = path(node, scope, rest);
    expectFile(node, scope, file, 'file');
    map = { kind: 'file', file, isRandom: type === 'rnd', place };
  } else if (/^(?:prg|dbm(?:=\w+)?|dbd|fastdbd)$/.test(type))
    fail(node, scope, `maps of the type ${textOf(type)} are not read; use txt, rnd or int`, 'not-honoured');
  else fail(node, scope, `"${textOf(source)}" names no map; write txt:/path, rnd:/path or int:tolower`);
  if (map !== undefined) draftOf(scope).maps.set(name, map);
}

// --- arguments ------------------------------------------------------------------------------------------------------

/**
 * Two or three arguments as mod_rewrite cuts them: at white space that no backslash stands before, or in quotes, with
 * backslashes kept. What follows a third one is not looked at by httpd; here it is an error.
 */
function readArguments(
  node: DirectiveNode,
  scope: Scope,
): readonly [first: string, second: string, flags: string | undefined] | undefined {
  const { raw } = node;
  const words: string[] = [];
  for (let at = 0; at < raw.length; ) {
    if (/\s/.test(raw[at])) {
      at++;
      continue;
    }
    const quote = raw[at] === '"' || raw[at] === "'" ? raw[at++] : undefined;
    const start = at;
    while (at < raw.length && (quote === undefined ? !/\s/.test(raw[at]) : raw[at] !== quote))
      at += raw[at] === '\\' && /\s/.test(raw[at + 1] ?? '') ? 2 : 1;
    words.push(raw.slice(start, at));
    if (quote !== undefined) at++;
  }
  const [first, second, flags, ...more] = words;
  if (second === undefined || more.length > 0)
    return fail(
      node,
      scope,
      `takes 2 or 3 arguments, not ${words.length}; put what has blanks in quotes`,
      'argument-count',
    );
  return [first, second, flags];
}

function readRegex(node: DirectiveNode, scope: Scope, source: string, ignoreCase: boolean): RegExp | undefined {
  const compiled = compileRegex(source, { ignoreCase });
  if (compiled.ok) return compiled.regex;
  return fail(node, scope, `the regular expression ${textOf(source)} is wrong: ${compiled.problem}`, 'bad-regex');
}

function readText(node: DirectiveNode, scope: Scope, source: string): RewriteText | undefined {
  const parsed = readRewriteText(source);
  if (!parsed.ok) return fail(node, scope, textOf(parsed.problem), 'not-honoured');
  for (const name of parsed.unknown)
    warn(node, scope, `%{${textOf(name)}} is always empty: mod_rewrite has no such variable`, 'unknown-variable');
  return parsed.text;
}

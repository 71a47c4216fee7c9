// The story of Header and RequestHeader: compiled to operations that a request or response runs.
// Source: documentation of mod_headers; recordings P-STK-15, P-HDR-10.

import { textOf } from '../config/files.ts';
import { compileRegex } from '../config/httpd/regex.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, unheeded, warn } from './arguments.ts';
import type { Scope } from './draft.ts';
import { expressionPart, readExpression, readTextExpression } from './expressions.ts';
import type { EnvCondition, HeaderOp, HeaderValue, HeaderValuePart, LineCondition } from './model.ts';

/** Directives of this story, by name in lower case. */
export const HEADER_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  header: (node, scope) => addHeader(node, scope, false),
  requestheader: (node, scope) => addHeader(node, scope, true),
};

const ACTIONS: readonly HeaderOp['action'][] = [
  'set',
  'setifempty',
  'append',
  'add',
  'merge',
  'unset',
  'edit',
  'edit*',
  'echo',
  'note',
];

function addHeader(node: DirectiveNode, scope: Scope, isRequest: boolean): void {
  const words = [...node.words];
  let target: HeaderOp['target'] = isRequest ? 'request' : 'response';
  if (!isRequest && /^(always|onsuccess)$/i.test(words[0] ?? '')) {
    if (/^always$/i.test(words[0])) target = 'response-always';
    words.shift();
  }
  const verb = words.shift()?.toLowerCase() ?? '';
  const action = ACTIONS.find((name) => name === verb);
  if (action === undefined || (isRequest && (action === 'echo' || action === 'note'))) {
    fail(node, scope, `must begin with one of ${ACTIONS.join(', ')}, not "${textOf(verb)}"`);
    return;
  }
  const name = words.shift()?.replace(/:$/, '');
  if (name === undefined || name === '') {
    fail(node, scope, `${action} needs the name of a header`, 'argument-count');
    return;
  }
  const isEdit = action === 'edit' || action === 'edit*';
  const wanted = isEdit ? 2 : action === 'unset' || action === 'echo' ? 0 : 1;
  const last = takeLast(words, wanted);
  if (words.length !== wanted) {
    fail(
      node,
      scope,
      `${action} takes ${wanted} value${wanted === 1 ? '' : 's'}, not ${words.length}; put a value with spaces in quotes`,
      'argument-count',
    );
    return;
  }
  if (last.isEarly && scope.section !== undefined) {
    warn(node, scope, 'early means nothing in a section; the header is left as it is', 'not-honoured');
    return;
  }
  const condition: LineCondition | undefined =
    last.expression === undefined ? last.condition : readExpression(node, scope, last.expression);
  if (last.expression !== undefined && condition === undefined) return;
  const regex = action === 'echo' ? name : isEdit ? words[0] : undefined;
  const compiled = regex === undefined ? undefined : compileRegex(regex, { ignoreCase: action === 'echo' });
  if (compiled?.ok === false) {
    fail(node, scope, `the regular expression ${textOf(regex ?? '')} is wrong: ${compiled.problem}`, 'bad-regex');
    return;
  }
  const value = readValue(node, scope, words.at(-1) ?? '');
  if (value === undefined) return;
  if (value.some(({ kind }) => kind === 'idle' || kind === 'busy'))
    unheeded(node, scope, '%i and %b are not counted: they always tell 100 and 0');
  const op: HeaderOp = {
    target,
    action,
    name,
    regex:
      compiled?.ok === true
        ? action === 'edit*'
          ? new RegExp(compiled.regex.source, `${compiled.regex.flags}g`)
          : compiled.regex
        : undefined,
    value,
    condition,
    isEarly: last.isEarly,
    place: node.place,
  };
  scope.settings.headerOps = [...(scope.settings.headerOps ?? []), op];
}

/** Takes `early`, `env=…` or `expr=…` off the end, when more is there than the values that an action wants. */
function takeLast(
  words: string[],
  wanted: number,
): {
  isEarly: boolean;
  condition: EnvCondition | undefined;
  expression: string | undefined;
} {
  const last = words.length > wanted ? (words.at(-1) ?? '') : '';
  const isEarly = /^early$/i.test(last);
  const condition = readEnvCondition(last);
  const expression = expressionPart(last);
  if (isEarly || condition !== undefined || expression !== undefined) words.pop();
  return { isEarly, condition, expression };
}

/** `expr=…`, whose text is the whole value, or a text with `%` parts; undefined when it is wrong, which is told. */
function readValue(node: DirectiveNode, scope: Scope, source: string): HeaderValue | undefined {
  const text = expressionPart(source);
  if (text !== undefined) {
    const expression = readTextExpression(node, scope, text);
    return expression === undefined ? undefined : [{ kind: 'expression', expression }];
  }
  const value = readHeaderValue(source);
  if (typeof value === 'string') return fail(node, scope, value);
  return tellsVariables(scope) ? value : value.map((part) => (part.kind === 'variable' ? NOT_TOLD : part));
}

/** `%{…}s` is mod_ssl's: where a configuration loads modules and not that one, httpd knows none of them. */
function tellsVariables({ site }: Scope): boolean {
  return site.modules.size === 0 || site.modules.has('ssl');
}

const NOT_TOLD: HeaderValuePart = { kind: 'text', text: '(null)' };

/** `env=NAME` or `env=!NAME`. */
export function readEnvCondition(word: string): EnvCondition | undefined {
  const match = /^env=(!?)(.+)$/is.exec(word);
  return match === null ? undefined : { name: match[2], isNegated: match[1] === '!' };
}

/** Compiles a value with its `%` parts; a text says what is wrong with it. */
export function readHeaderValue(source: string): HeaderValue | string {
  const parts: HeaderValuePart[] = [];
  let text = '';
  const add = (part: HeaderValuePart) => {
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
    parts.push(part);
  };
  for (let i = 0; i < source.length; i++) {
    const char = source[i];
    if (char === '\\' && i + 1 < source.length) {
      text += ESCAPES.get(source[++i]) ?? `\\${source[i]}`;
      continue;
    }
    if (char !== '%' || i + 1 === source.length) {
      text += char;
      continue;
    }
    const named = /^%\{([^}]*)\}([es])/.exec(source.slice(i));
    if (named !== null) {
      add(named[2] === 'e' ? { kind: 'env', name: named[1] } : { kind: 'variable', name: named[1] });
      i += named[0].length - 1;
      continue;
    }
    const next = source[++i];
    if (next === '%') text += '%';
    else {
      const part = SINGLE.get(next);
      if (part === undefined) return `"%${textOf(next)}" is not known in a header value; write %% for a percent sign`;
      add(part);
    }
  }
  if (text !== '') parts.push({ kind: 'text', text });
  return parts;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['\\', '\\'],
]);

const SINGLE: ReadonlyMap<string, HeaderValuePart> = new Map([
  ['t', { kind: 'received-at' }],
  ['D', { kind: 'duration' }],
  ['l', { kind: 'load' }],
  ['i', { kind: 'idle' }],
  ['b', { kind: 'busy' }],
]);

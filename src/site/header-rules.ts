// The story of Header and RequestHeader: compiled to operations that a request or response runs.
// Source: documentation of mod_headers; recordings P-STK-15, P-HDR-10.

import { textOf } from '../config/files.ts';
import { compileRegex } from '../config/httpd/regex.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, unheeded, warn } from './arguments.ts';
import type { Scope } from './draft.ts';
import type { EnvCondition, HeaderOp, HeaderValue, HeaderValuePart } from './model.ts';

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
  const last = takeLast(words);
  const isEdit = action === 'edit' || action === 'edit*';
  const wanted = isEdit ? 2 : action === 'unset' || action === 'echo' ? 0 : 1;
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
  if (last.hasExpression || (!isEdit && words[0]?.startsWith('expr='))) {
    warn(node, scope, 'expressions (expr=) are not evaluated; the header is left as it is', 'not-honoured');
    return;
  }
  const regex = action === 'echo' ? name : isEdit ? words[0] : undefined;
  const compiled = regex === undefined ? undefined : compileRegex(regex, { ignoreCase: action === 'echo' });
  if (compiled?.ok === false) {
    fail(node, scope, `the regular expression ${textOf(regex ?? '')} is wrong: ${compiled.problem}`, 'bad-regex');
    return;
  }
  const value = readHeaderValue(words.at(-1) ?? '');
  if (typeof value === 'string') {
    fail(node, scope, value);
    return;
  }
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
    condition: last.condition,
    isEarly: last.isEarly,
    place: node.place,
  };
  scope.settings.headerOps = [...(scope.settings.headerOps ?? []), op];
}

/** Takes `early`, `env=…` or `expr=…` off the end. */
function takeLast(words: string[]): { isEarly: boolean; condition: EnvCondition | undefined; hasExpression: boolean } {
  const last = words.at(-1) ?? '';
  const isEarly = /^early$/i.test(last);
  const condition = readEnvCondition(last);
  const hasExpression = words.length > 1 && /^expr=/i.test(last);
  if (isEarly || condition !== undefined || hasExpression) words.pop();
  return { isEarly, condition, hasExpression };
}

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
      add(named[2] === 'e' ? { kind: 'env', name: named[1] } : { kind: 'tls', name: named[1] });
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

// Texts of mod_rewrite: substitutions, test strings, values of variables. Reading them, and putting in what a request
// brings. Source: documentation of mod_rewrite; escaping and unknown names as observed on httpd 2.4.71.

import type { RewriteEscaping, RewritePart, RewriteText } from '../model.ts';

/** Maps within maps; deeper is a declared problem. */
const DEPTH_MAX = 20;

/** Names between `%{` and `}` without a colon. Others are empty, as in httpd. */
export const REWRITE_VARIABLES: ReadonlySet<string> = new Set(
  (
    'API_VERSION AUTH_TYPE CONN_REMOTE_ADDR CONTEXT_DOCUMENT_ROOT CONTEXT_PREFIX DOCUMENT_ROOT HTTPS HTTP_ACCEPT ' +
    'HTTP_COOKIE HTTP_FORWARDED HTTP_HOST HTTP_PROXY_CONNECTION HTTP_REFERER HTTP_USER_AGENT IPV6 IS_SUBREQ PATH_INFO ' +
    'QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_IDENT REMOTE_PORT REMOTE_USER REQUEST_FILENAME REQUEST_METHOD ' +
    'REQUEST_SCHEME REQUEST_URI SCRIPT_FILENAME SCRIPT_GROUP SCRIPT_USER SERVER_ADDR SERVER_ADMIN SERVER_NAME ' +
    'SERVER_PORT SERVER_PROTOCOL SERVER_SOFTWARE THE_REQUEST TIME TIME_DAY TIME_HOUR TIME_MIN TIME_MON TIME_SEC ' +
    'TIME_WDAY TIME_YEAR'
  ).split(' '),
);

export type ParsedText =
  | {
      readonly ok: true;
      readonly text: RewriteText /** Names that are always empty. */;
      readonly unknown: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/** @param source octets */
export function readRewriteText(source: string): ParsedText {
  const reader = new TextReader(source);
  const text = reader.read(0);
  return reader.problem === undefined
    ? { ok: true, text, unknown: reader.unknown }
    : { ok: false, problem: reader.problem };
}

class TextReader {
  readonly #source: string;
  readonly unknown: string[] = [];
  problem: string | undefined = undefined;

  constructor(source: string) {
    this.#source = source;
  }

  read(depth: number): RewriteText {
    return this.#parts(this.#source, depth);
  }

  #parts(source: string, depth: number): RewriteText {
    const parts: RewritePart[] = [];
    let text = '';
    const add = (part: RewritePart): void => {
      if (text !== '') parts.push({ kind: 'text', text });
      text = '';
      parts.push(part);
    };
    if (depth > DEPTH_MAX) this.problem ??= `maps stand more than ${DEPTH_MAX} deep within each other`;
    for (let i = 0; i < source.length && depth <= DEPTH_MAX; i++) {
      const char = source[i];
      const next = source[i + 1];
      if (char === '\\' && next !== undefined) {
        text += next;
        i++;
      } else if ((char === '$' || char === '%') && next >= '0' && next <= '9') {
        add({ kind: char === '$' ? 'rule-group' : 'condition-group', number: Number(next) });
        i++;
      } else if ((char === '$' || char === '%') && next === '{') {
        const end = closingBrace(source, i + 1);
        const inner = source.slice(i + 2, end);
        if (end < 0) text += char;
        else if (char === '%') {
          add(this.#variable(inner));
          i = end;
        } else {
          const colon = inner.indexOf(':');
          if (colon < 0) text += char;
          else {
            add(this.#map(inner.slice(0, colon), inner.slice(colon + 1), depth));
            i = end;
          }
        }
      } else text += char;
    }
    if (text !== '') parts.push({ kind: 'text', text });
    return parts;
  }

  #map(name: string, rest: string, depth: number): RewritePart {
    const bar = topLevelBar(rest);
    return {
      kind: 'map',
      name,
      key: this.#parts(bar < 0 ? rest : rest.slice(0, bar), depth + 1),
      fallback: this.#parts(bar < 0 ? '' : rest.slice(bar + 1), depth + 1),
    };
  }

  #variable(name: string): RewritePart {
    const [, prefix, rest] = /^(ENV|HTTP|SSL|LA-U|LA-F):(.*)$/is.exec(name) ?? [];
    switch (prefix?.toUpperCase()) {
      case 'ENV':
        return { kind: 'env', name: rest };
      case 'HTTP':
        return { kind: 'header', name: rest };
      case 'SSL':
        return { kind: 'tls', name: rest };
      case 'LA-U':
      case 'LA-F':
        if (rest === 'REQUEST_FILENAME' || rest === 'SCRIPT_FILENAME') return { kind: 'mapped-file' };
        this.problem ??= `%{${name}} is not known here: nothing is looked ahead for but LA-U:REQUEST_FILENAME`;
        return { kind: 'mapped-file' };
      default:
        if (REWRITE_VARIABLES.has(name)) return { kind: 'variable', name };
        this.unknown.push(name);
        return { kind: 'text', text: '' };
    }
  }
}

/** Index of the `}` that closes the `{` at `open`; -1 when none does. */
function closingBrace(source: string, open: number): number {
  let depth = 0;
  for (let i = open; i < source.length; i++) {
    if (source[i] === '{') depth++;
    else if (source[i] === '}' && --depth === 0) return i;
  }
  return -1;
}

/** Index of the first `|` outside braces. */
function topLevelBar(source: string): number {
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    if (source[i] === '{') depth++;
    else if (source[i] === '}') depth--;
    else if (source[i] === '|' && depth === 0) return i;
  }
  return -1;
}

/** What a text asks while it is put together. */
export interface RewriteFacts {
  ruleGroup(number: number): string | undefined;
  conditionGroup(number: number): string | undefined;
  part(part: Exclude<RewritePart, { kind: 'text' | 'rule-group' | 'condition-group' | 'map' }>): string | undefined;
  map(name: string, key: string): string | undefined;
}

/** A text put together. */
export interface ExpandedText {
  readonly text: string;
  /** The first question mark came out of something that the request or a map brought. */
  readonly broughtQuestion: boolean;
}

/** @param escaping of groups (flag B) */
export function expandRewriteText(source: RewriteText, facts: RewriteFacts, escaping?: RewriteEscaping): ExpandedText {
  let text = '';
  let broughtQuestion = false;
  for (const part of source) {
    if (part.kind === 'text') {
      text += part.text;
      continue;
    }
    const brought = broughtBy(part, facts, escaping);
    if (brought.includes('?') && !text.includes('?')) broughtQuestion = true;
    text += brought;
  }
  return { text, broughtQuestion };
}

function broughtBy(
  part: Exclude<RewritePart, { kind: 'text' }>,
  facts: RewriteFacts,
  escaping: RewriteEscaping | undefined,
): string {
  switch (part.kind) {
    case 'rule-group':
    case 'condition-group': {
      const group = part.kind === 'rule-group' ? facts.ruleGroup(part.number) : facts.conditionGroup(part.number);
      return group === undefined ? '' : escaping === undefined ? group : escapeGroup(group, escaping);
    }
    case 'map': {
      const key = expandRewriteText(part.key, facts, escaping).text;
      return facts.map(part.name, key) || expandRewriteText(part.fallback, facts, escaping).text;
    }
    default:
      return facts.part(part) ?? '';
  }
}

function escapeGroup(text: string, { only, except, controlsOnly, noPlus }: RewriteEscaping): string {
  let result = '';
  for (const char of text) {
    const code = char.charCodeAt(0);
    const isEscaped = controlsOnly
      ? code <= 0x20 || code === 0x7f
      : only === undefined
        ? !/[A-Za-z0-9_]/.test(char) && !except.includes(char)
        : only.includes(char);
    if (!isEscaped) result += char;
    else if (char === ' ' && !noPlus) result += '+';
    else result += `%${code.toString(16).padStart(2, '0')}`;
  }
  return result;
}

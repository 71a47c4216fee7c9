// The flags of RewriteRule and RewriteCond: `[R=301,L]`. Names and values as mod_rewrite takes them; what is wrong is
// told in words that end a sentence. Source: documentation of mod_rewrite, and what httpd 2.4.71 refuses.

import type { RewriteEscaping } from '../model.ts';

/** Rounds of N, where it names none. */
const ROUNDS_DEFAULT = 10_000;
const ROUNDS_MAX = 1_000_000;

export interface RuleFlags {
  status: number;
  endsRequest: boolean;
  isRedirect: boolean;
  isProxy: boolean;
  isPassThrough: boolean;
  isLast: boolean;
  isEnd: boolean;
  isChained: boolean;
  ignoreCase: boolean;
  rounds: number;
  skip: number;
  noEscape: boolean;
  query: 'replace' | 'append' | 'discard';
  splitsAtLast: boolean;
  notInSubrequests: boolean;
  discardsPathInfo: boolean;
  allowsQuestionMark: boolean;
  /** B and BCTLS; what else says how to escape says nothing alone. */
  escapes: boolean;
  escaping: RewriteEscaping;
  /** As written. */
  readonly env: string[];
  readonly cookies: string[];
  handler: string | undefined;
  /** Flags that change nothing here, with what that means. */
  readonly unheeded: string[];
}

export type ReadFlags<T> = { readonly ok: true; readonly flags: T } | { readonly ok: false; readonly problem: string };

interface Flag {
  readonly name: string;
  readonly value: string;
}

/** @param word the third argument, with its brackets; undefined for none */
export function readRuleFlags(word: string | undefined): ReadFlags<RuleFlags> {
  const flags: RuleFlags = {
    status: 302,
    endsRequest: false,
    isRedirect: false,
    isProxy: false,
    isPassThrough: false,
    isLast: false,
    isEnd: false,
    isChained: false,
    ignoreCase: false,
    rounds: 0,
    skip: 0,
    noEscape: false,
    query: 'replace',
    splitsAtLast: false,
    notInSubrequests: false,
    discardsPathInfo: false,
    allowsQuestionMark: false,
    escapes: false,
    escaping: { only: undefined, except: '', controlsOnly: false, noPlus: false },
    env: [],
    cookies: [],
    handler: undefined,
    unheeded: [],
  };
  return readAll(word, flags, ruleFlag);
}

export interface ConditionFlags {
  ignoreCase: boolean;
  orNext: boolean;
  noVary: boolean;
}

export function readConditionFlags(word: string | undefined): ReadFlags<ConditionFlags> {
  const flags: ConditionFlags = { ignoreCase: false, orNext: false, noVary: false };
  return readAll(word, flags, (into, { name }) => {
    if (name === 'nc' || name === 'nocase') into.ignoreCase = true;
    else if (name === 'or' || name === 'ornext') into.orNext = true;
    else if (name === 'nv' || name === 'novary') into.noVary = true;
    else return `the flag ${name} is not known; a RewriteCond takes NC, OR, NV`;
    return undefined;
  });
}

function readAll<T>(
  word: string | undefined,
  flags: T,
  set: (flags: T, flag: Flag) => string | undefined,
): ReadFlags<T> {
  if (word === undefined) return { ok: true, flags };
  if (word.length < 3 || !word.startsWith('[') || !word.endsWith(']'))
    return { ok: false, problem: `flags stand in brackets, as in [R=301,L], not "${word}"` };
  for (const part of word.slice(1, -1).split(',')) {
    const text = part.trim();
    const equals = text.indexOf('=');
    const name = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase();
    const problem = set(flags, { name, value: equals < 0 ? '' : text.slice(equals + 1) });
    if (problem !== undefined) return { ok: false, problem };
  }
  return { ok: true, flags };
}

function ruleFlag(flags: RuleFlags, { name, value }: Flag): string | undefined {
  switch (name) {
    case 'b':
    case 'backrefescape':
      flags.escapes = true;
      if (value !== '') changeEscaping(flags, { only: value });
      return undefined;
    case 'bne':
      changeEscaping(flags, { except: value });
      return undefined;
    case 'bnp':
    case 'backrefnoplus':
      changeEscaping(flags, { noPlus: true });
      return undefined;
    case 'bctls':
      flags.escapes = true;
      changeEscaping(flags, { controlsOnly: true });
      return undefined;
    case 'c':
    case 'chain':
      flags.isChained = true;
      return undefined;
    case 'co':
    case 'cookie':
      flags.cookies.push(value);
      return undefined;
    case 'dpi':
    case 'discardpath':
      flags.discardsPathInfo = true;
      return undefined;
    case 'e':
    case 'env':
      flags.env.push(value);
      return undefined;
    case 'end':
      flags.isEnd = true;
      return undefined;
    case 'f':
    case 'forbidden':
      answerWith(flags, 403);
      return undefined;
    case 'g':
    case 'gone':
      answerWith(flags, 410);
      return undefined;
    case 'h':
    case 'handler':
      flags.handler = value;
      return undefined;
    case 'l':
    case 'last':
      flags.isLast = true;
      return undefined;
    case 'n':
    case 'next':
      return setRounds(flags, value);
    case 'nc':
    case 'nocase':
      flags.ignoreCase = true;
      return undefined;
    case 'ne':
    case 'noescape':
      flags.noEscape = true;
      return undefined;
    case 'ns':
    case 'nosubreq':
      flags.notInSubrequests = true;
      return undefined;
    case 'p':
    case 'proxy':
      flags.isProxy = true;
      return undefined;
    case 'pt':
    case 'passthrough':
      flags.isPassThrough = true;
      return undefined;
    case 'qsa':
    case 'qsappend':
      flags.query = 'append';
      return undefined;
    case 'qsd':
    case 'qsdiscard':
      flags.query = 'discard';
      return undefined;
    case 'qsl':
    case 'qslast':
      flags.splitsAtLast = true;
      return undefined;
    case 'r':
    case 'redirect':
      return setStatus(flags, value);
    case 's':
    case 'skip': {
      const count = Number(value);
      if (!/^\d+$/.test(value)) return `S=${value} does not say how many rules to skip`;
      flags.skip = count;
      return undefined;
    }
    case 't':
    case 'type':
      flags.unheeded.push(`${name.toUpperCase()}=${value}: the type comes from the file's name; use ForceType`);
      return undefined;
    case 'unsafeallow3f':
      flags.allowsQuestionMark = true;
      return undefined;
    case 'unsafeprefixstat':
    case 'unc':
      return undefined;
    default:
      return `the flag ${name} is not known`;
  }
}

function changeEscaping(flags: RuleFlags, change: Partial<RewriteEscaping>): void {
  flags.escaping = { ...flags.escaping, ...change };
}

function answerWith(flags: RuleFlags, status: number): void {
  flags.status = status;
  flags.endsRequest = true;
}

function setRounds(flags: RuleFlags, value: string): string | undefined {
  const rounds = value === '' ? ROUNDS_DEFAULT : Number(value);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX)
    return `N=${value} must name a number of rounds from 1 to ${ROUNDS_MAX}`;
  flags.rounds = rounds;
  return undefined;
}

const STATUS_WORDS: ReadonlyMap<string, number> = new Map([
  ['', 302],
  ['permanent', 301],
  ['temp', 302],
  ['seeother', 303],
]);

function setStatus(flags: RuleFlags, value: string): string | undefined {
  const status = STATUS_WORDS.get(value.toLowerCase()) ?? Number(value);
  if (!Number.isInteger(status) || status < 100 || status > 599)
    return `R=${value} is no status; use a number, permanent, temp or seeother`;
  flags.isRedirect = true;
  if (status >= 300 && status <= 399) flags.status = status;
  else answerWith(flags, status);
  return undefined;
}

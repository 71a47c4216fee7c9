// Runs a list of rewrite rules over one request: patterns, conditions, substitutions, flags. Pure; what it asks of the
// request comes in as facts, what it leaves is a state. Source: documentation of mod_rewrite, and httpd 2.4.71 observed.

import type { ExpressionSubject } from '../../config/expression/expression.ts';
import type { RewriteCondition, RewriteOrder, RewriteRule, RewriteText } from '../model.ts';
import { type ExpandedText, expandRewriteText, type RewriteFacts } from './rewrite-text.ts';

/** What rules ask of a request, and do to it. Texts are octets. */
export interface RewriteAsker extends Pick<RewriteFacts, 'part' | 'map'> {
  readonly subject: ExpressionSubject;
  /** A question within a request. */
  readonly isSubrequest: boolean;
  /** Octets that a path may grow to. */
  readonly pathBytesMax: number;
  /** Scheme and authority by which the client knows us. */
  readonly origin: string;
  /** Whether this is us: what such a URL says after its authority is a local path. */
  isOwn(scheme: string, host: string, port: number): boolean;
  setEnv(name: string, value: string | undefined): void;
  addCookie(parts: string): void;
  /** The answer depends on this field of the request. */
  varyOn(name: string): void;
}

export interface RewriteState {
  /** What rules see and change: a path, later perhaps a URL; octets. */
  url: string;
  /** What follows the file in a section's rules: patterns see it behind `url`, each time. */
  pathInfo: string;
  /** It is proxied already: `url` begins with `proxy:`. */
  readonly isProxied: boolean;
  /** Query without `?`; undefined for none. */
  query: string | undefined;
  /** Of a redirect or an answer. */
  status: number;
  /** The rule with [P] that was met. */
  proxy: RewriteRule | undefined;
  /** The path may be that of a file, from the root of all files. */
  mayNameFile: boolean;
  isPassThrough: boolean;
  /** END. */
  isEnded: boolean;
  handler: string | undefined;
}

export function newRewriteState(url: string, query: string | undefined): RewriteState {
  return {
    url,
    pathInfo: '',
    isProxied: url.startsWith('proxy:'),
    query,
    status: 302,
    proxy: undefined,
    mayNameFile: false,
    isPassThrough: false,
    isEnded: false,
    handler: undefined,
  };
}

/** `answer`: the status ends the request. `literal`: changed, and not to be escaped (NE). */
export type RewriteOutcome = 'unchanged' | 'changed' | 'literal' | 'answer';

/** @param directory prefix of per-directory rules, with a slash at its end */
export function applyRewriteRules(
  rules: readonly RewriteRule[],
  state: RewriteState,
  asker: RewriteAsker,
  directory?: string,
): RewriteOutcome {
  const run = new RewriteRun(state, asker, directory);
  let outcome: RewriteOutcome = 'unchanged';
  let round = 1;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    if (asker.isSubrequest && (rule.notInSubrequests || rule.isRedirect)) continue;
    const result = run.apply(rule);
    if (result === 'no') {
      while (i < rules.length - 1 && rules[i].isChained) i++;
      continue;
    }
    if (state.url.length > asker.pathBytesMax) return answer(state, 500);
    if (result === 'unsafe') return answer(state, 403);
    if (rule.endsRequest) return answer(state, rule.status);
    if (result === 'changed') outcome = rule.noEscape ? 'literal' : 'changed';
    if (rule.isPassThrough) {
      state.isPassThrough = true;
      return 'changed';
    }
    if (rule.isEnd) state.isEnded = true;
    if (rule.isEnd || rule.proxy !== undefined || rule.isLast) break;
    if (rule.rounds > 0) {
      if (++round >= rule.rounds) return answer(state, 500);
      i = -1;
      continue;
    }
    i += rule.skip;
  }
  return outcome;
}

function answer(state: RewriteState, status: number): 'answer' {
  state.status = status;
  return 'answer';
}

type Groups = readonly (string | undefined)[];
const NO_GROUPS: Groups = [];

class RewriteRun implements RewriteFacts {
  readonly #state: RewriteState;
  readonly #asker: RewriteAsker;
  readonly #directory: string | undefined;
  #ruleGroups: Groups = NO_GROUPS;
  #conditionGroups: Groups = NO_GROUPS;
  /** Fields of the request asked for since the last condition began. */
  #asked: string[] = [];

  constructor(state: RewriteState, asker: RewriteAsker, directory: string | undefined) {
    this.#state = state;
    this.#asker = asker;
    this.#directory = directory;
  }

  apply(rule: RewriteRule): 'no' | 'matched' | 'changed' | 'unsafe' {
    const state = this.#state;
    const directory = this.#directory;
    const url = state.url + state.pathInfo;
    const isStripped = directory !== undefined && !this.#isProxied && url.startsWith(directory);
    const groups = rule.regex.exec(isStripped ? url.slice(directory.length) : url);
    if ((groups !== null) === rule.isNegated) return 'no';
    this.#ruleGroups = rule.isNegated ? NO_GROUPS : (groups ?? NO_GROUPS);
    this.#conditionGroups = NO_GROUPS;
    if (rule.conditions.length > 0 && !this.#conditionsHold(rule.conditions)) return 'no';
    const made = rule.substitution === undefined ? undefined : this.#expand(rule.substitution, rule);
    if (made?.broughtQuestion === true && !rule.allowsQuestionMark) return 'unsafe';
    this.#setVariables(rule);
    if (rule.handler !== undefined) state.handler = this.#expand(rule.handler).text;
    if (made === undefined) return 'matched';
    this.#substitute(rule, made.text);
    return 'changed';
  }

  get #isProxied(): boolean {
    return this.#state.isProxied && this.#state.url.startsWith('proxy:');
  }

  #substitute(rule: RewriteRule, made: string): void {
    const state = this.#state;
    let text = made;
    if (rule.discardsPathInfo) state.pathInfo = '';
    if (!text.startsWith('/') && schemeOf(text) === undefined && !this.#isProxied) {
      if (this.#directory !== undefined) text = this.#directory + text;
      else if (rule.proxy === undefined && !rule.isRedirect) text = `/${text}`;
    }
    const split = splitQuery(text, rule, state.query);
    state.url = split.url;
    state.query = split.query;
    if (rule.proxy !== undefined) {
      state.proxy = rule;
      return;
    }
    state.status = rule.status;
    state.mayNameFile = rule.mayNameFile;
    if (rule.isRedirect) {
      if (schemeOf(state.url) === undefined)
        state.url = `${this.#asker.origin}${state.url.startsWith('/') ? '' : '/'}${state.url}`;
      return;
    }
    const own = /^(https?):\/\/([^/:]*|\[[^\]]*\])(?::(\d+))?(\/.*|)$/is.exec(state.url);
    if (own === null) return;
    const scheme = own[1].toLowerCase();
    if (!this.#asker.isOwn(scheme, own[2].toLowerCase(), Number(own[3] ?? (scheme === 'https' ? 443 : 80)))) return;
    state.url = own[4] === '' ? '/' : own[4];
    state.mayNameFile = false;
  }

  #setVariables(rule: RewriteRule): void {
    for (const { name, value } of rule.env)
      this.#asker.setEnv(this.#expand(name).text, value === undefined ? undefined : this.#expand(value).text);
    for (const cookie of rule.cookies) this.#asker.addCookie(this.#expand(cookie).text);
  }

  #conditionsHold(conditions: readonly RewriteCondition[]): boolean {
    let varying: string[] = [];
    for (let i = 0; i < conditions.length; i++) {
      const condition = conditions[i];
      this.#asked = [];
      const holds = this.#test(condition);
      if (condition.orNext) {
        if (!holds) varying = [];
        else while (i < conditions.length - 1 && conditions[i].orNext) i++;
      } else if (!holds) return false;
      if (!condition.noVary) varying.push(...this.#asked);
    }
    for (const name of varying) this.#asker.varyOn(name);
    return true;
  }

  #test({ subject, test, isNegated }: RewriteCondition): boolean {
    if (test.kind === 'expression') {
      const groups = test.expression.match(this.#asker.subject);
      if (groups !== undefined && !isNegated) this.#conditionGroups = groups;
      return (groups !== undefined) !== isNegated;
    }
    const { text } = this.#expand(subject);
    switch (test.kind) {
      case 'regex': {
        const groups = test.regex.exec(text);
        if (groups !== null && !isNegated) this.#conditionGroups = groups;
        return (groups !== null) !== isNegated;
      }
      case 'text':
        return isOrdered(test.order, compareTexts(text, test.text, test.ignoreCase)) !== isNegated;
      case 'number':
        return isOrdered(test.order, Math.sign(leadingNumber(text) - test.number)) !== isNegated;
      case 'file':
        return this.#fileIs(test.is, text) !== isNegated;
      case 'reach':
        return (
          (text !== '' && !this.#asker.isSubrequest && this.#asker.subject.mayReach(test.what, text)) !== isNegated
        );
    }
  }

  #fileIs(is: 'file' | 'directory' | 'sized' | 'link' | 'executable', path: string): boolean {
    const facts = this.#asker.subject.files.stat(path);
    if (facts === undefined) return false;
    switch (is) {
      case 'file':
        return facts.kind === 'file';
      case 'directory':
        return facts.kind === 'directory';
      case 'sized':
        return facts.kind === 'file' && facts.sizeBytes > 0;
      case 'link':
        return facts.isLink;
      case 'executable':
        return facts.kind === 'file' && facts.isExecutable;
    }
  }

  #expand(text: RewriteText, rule?: RewriteRule): ExpandedText {
    return expandRewriteText(text, this, rule?.escaping);
  }

  // --- what texts ask -----------------------------------------------------------------------------------------------

  ruleGroup(number: number): string | undefined {
    return this.#ruleGroups[number];
  }

  conditionGroup(number: number): string | undefined {
    return this.#conditionGroups[number];
  }

  part(part: Parameters<RewriteFacts['part']>[0]): string | undefined {
    const value = this.#asker.part(part);
    if (value !== undefined && (part.kind === 'header' || (part.kind === 'variable' && part.name.startsWith('HTTP_'))))
      this.#asked.push(part.kind === 'header' ? part.name : (REWRITE_HEADERS.get(part.name) ?? ''));
    return value;
  }

  map(name: string, key: string): string | undefined {
    return this.#asker.map(name, key);
  }
}

/** Variables that are fields of the request. */
export const REWRITE_HEADERS: ReadonlyMap<string, string> = new Map([
  ['HTTP_ACCEPT', 'Accept'],
  ['HTTP_COOKIE', 'Cookie'],
  ['HTTP_FORWARDED', 'Forwarded'],
  ['HTTP_HOST', 'Host'],
  ['HTTP_PROXY_CONNECTION', 'Proxy-Connection'],
  ['HTTP_REFERER', 'Referer'],
  ['HTTP_USER_AGENT', 'User-Agent'],
]);

/** Schemes that make a substitution a URL of somebody else, in httpd's list; those with a query. */
const SCHEME =
  /^(?:(ajp|balancer|fcgi|ftp|gopher|h2|h2c|https?|imap|scgi|uwsgi|wss?):\/\/|(ldap):\/\/|(mailto|news|nntp):|(unix):)/i;
const WITHOUT_QUERY: ReadonlySet<string> = new Set(['ftp', 'gopher', 'imap', 'news', 'nntp']);

/** The scheme of a URL that is none of a path, in lower case. */
export function schemeOf(url: string): string | undefined {
  const match = SCHEME.exec(url);
  return match === null ? undefined : (match[1] ?? match[2] ?? match[3] ?? match[4]).toLowerCase();
}

function splitQuery(
  text: string,
  { query: how, splitsAtLast }: RewriteRule,
  before: string | undefined,
): { url: string; query: string | undefined } {
  const scheme = schemeOf(text);
  if (scheme !== undefined && WITHOUT_QUERY.has(scheme)) return { url: text, query: undefined };
  const kept = how === 'discard' ? undefined : before;
  const question = splitsAtLast ? text.lastIndexOf('?') : text.indexOf('?');
  if (question < 0) return { url: text, query: kept };
  const own = text.slice(question + 1);
  const query = (how === 'append' && kept !== undefined ? `${own}&${kept}` : own).replace(/&$/, '');
  return { url: text.slice(0, question), query: query === '' ? undefined : query.replace(/^&/, own === '' ? '' : '&') };
}

/** As mod_rewrite orders texts: `=` compares all, `<` and `>` compare lengths first. */
function compareTexts(left: string, right: string, ignoreCase: boolean): number {
  const a = ignoreCase ? left.toLowerCase() : left;
  const b = ignoreCase ? right.toLowerCase() : right;
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function leadingNumber(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

function isOrdered(order: RewriteOrder, sign: number): boolean {
  switch (order) {
    case 'lt':
      return sign < 0;
    case 'le':
      return sign <= 0;
    case 'eq':
      return sign === 0;
    case 'ge':
      return sign >= 0;
    case 'gt':
      return sign > 0;
    case 'ne':
      return sign !== 0;
  }
}

// Judges access rules for one request. Pure; the frontend asks before it answers, `explain` asks to tell why. A fact that
// must be waited for ends the judging with `wait`; it is judged again from the start when the fact is there.
// Source: documentation of mod_authz_core, mod_authz_host, mod_access_compat; modproxy.md §4.14; recordings P-ACL-*; the
// order of questions and what each answer leads to as observed on httpd 2.4.71.

import { isInRange, isLoopback, parseAddress } from '../../base/addresses.ts';
import { type ExpressionSubject, TextExpression } from '../../config/expression/expression.ts';
import { readWords } from '../../config/httpd/words.ts';
import type {
  AccessRules,
  Authentication,
  ClientMatch,
  MethodLimit,
  Names,
  OrderRules,
  RequireNode,
  Written,
} from '../model.ts';

/** What rules may ask about. */
export interface AccessFacts {
  /** IP address of the client in text form. */
  readonly clientAddress: string;
  /** IP address the connection came in on. */
  readonly serverAddress: string;
  readonly method: string;
  hasEnv(name: string): boolean;
  /** Who the client is without being asked: its certificate says so (SSLUserName). */
  readonly knownUser?: string | undefined;
  /** Host name of the client, in lower case, looked up forth and back; '' when it has none; undefined: not known yet. */
  clientHost(): string | undefined;
  /** Addresses of a name; none when it has none; undefined: not known yet. */
  addressesOf(name: string): readonly string[] | undefined;
  /** Asks the client who it is; `wait`: not known yet. */
  authenticate(how: Authentication): AuthenticationOutcome | 'wait';
  /** Groups of a user in a group file, in lower case; none when the file cannot be read; undefined: not known yet. */
  groupsOf(user: string, file: string): ReadonlySet<string> | undefined;
  /** Whom `Require expr` is asked about. */
  readonly subject: ExpressionSubject;
  /** Hears which lines were asked and what they said; undefined when nobody wants to know. */
  readonly trace?: AccessTrace | undefined;
}

/** What a line says of a request. */
export type Opinion = 'lets in' | 'does not let in' | 'keeps out' | 'asks for a user' | 'has no say';

/** Told in the order in which lines are asked: asking ends with the one that decides. */
export interface AccessTrace {
  /** The rules are judged, perhaps anew because something was waited for. */
  judgingBegins(): void;
  lineAsked(line: Written, opinion: Opinion): void;
}

/** `declined`: nobody knows this user, and others may be asked. `broken`: it cannot be found out. `busy`: not now. */
export type AuthenticationOutcome =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'refused' | 'declined' | 'broken' | 'busy' };

/** In, or the status of the refusal; 401 asks for a name and a password. */
export type AccessVerdict = 'in' | 'wait' | 401 | 403 | 500 | 503;

/**
 * Whether the rules let this request in without waiting for anything. No rules let everybody in.
 * @throws Failure when an expression cannot be evaluated: then nobody is let in
 */
export function isAllowed(rules: AccessRules | undefined, facts: AccessFacts): boolean {
  return rules === undefined || judgeAccess(rules, facts) === 'in';
}

export function judgeAccess(rules: AccessRules, facts: AccessFacts): AccessVerdict {
  if (facts.trace === undefined && isOpen(rules)) return 'in';
  facts.trace?.judgingBegins();
  const method = methodOf(facts.method);
  const client = addressOf(facts.clientAddress);
  if (rules.order !== undefined) {
    const isAny = satisfyOf(rules.order, method) === 'any';
    const byOrder = ordered(rules.order, { method, client, facts, rules, user: undefined });
    if (byOrder === WAIT) return 'wait';
    if (isAny && byOrder === GRANTED) return 'in';
    if (!isAny && byOrder !== GRANTED) return 403;
  }
  return judgeRequires(rules, { method, client, facts, rules, user: facts.knownUser });
}

/** What most places are, and nothing need be looked at for it: `Require all granted`. */
function isOpen({ order, requires }: AccessRules): boolean {
  if (order !== undefined || requires?.kind !== 'any-of') return false;
  const [first] = requires.children;
  return first.kind === 'granted' && first.limit === undefined;
}

/** First without asking for a user; one is asked for only where that could change the answer. */
function judgeRequires(rules: AccessRules, asked: Asked): AccessVerdict {
  const { requires, authentication } = rules;
  const asksUsers = authentication?.type === 'basic';
  // An AuthType that nothing follows from is a mistake that must not open anything.
  if (requires === undefined) return asksUsers ? 500 : 'in';
  const before = judge(requires, asked, true);
  if (before === WAIT) return 'wait';
  if (before === GRANTED) return 'in';
  if (before !== DENIED_WITHOUT_USER) return 403;
  if (!asksUsers || authentication.realm === undefined) return 500;
  const outcome = asked.facts.authenticate(authentication);
  if (outcome === 'wait') return 'wait';
  switch (outcome.kind) {
    case 'user':
      return afterAuthentication(requires, { ...asked, user: outcome.user }, rules);
    case 'refused':
      return 401;
    case 'busy':
      return 503;
    default:
      return 500;
  }
}

function afterAuthentication(requires: RequireNode, asked: Asked, rules: AccessRules): AccessVerdict {
  const verdict = judge(requires, asked, true);
  if (verdict === WAIT) return 'wait';
  if (verdict === GRANTED) return 'in';
  return rules.forbiddenOnFailure === true && verdict !== DENIED_WITHOUT_USER ? 403 : 401;
}

// --- Require --------------------------------------------------------------------------------------------------------

type Verdict = typeof GRANTED | typeof NEUTRAL | typeof DENIED | typeof DENIED_WITHOUT_USER | typeof WAIT;
const GRANTED = 1;
/** Without an opinion: containers do not count it. */
const NEUTRAL = 0;
const DENIED = -1;
/** Denied, and a user could change that. */
const DENIED_WITHOUT_USER = -2;
const WAIT = 2;

interface Asked {
  readonly method: string;
  readonly client: readonly number[];
  readonly facts: AccessFacts;
  readonly rules: AccessRules;
  readonly user: string | undefined;
}

function judge(node: RequireNode, asked: Asked, isInAll: boolean): Verdict {
  const found = judgeNode(node, asked, isInAll);
  if (asked.facts.trace !== undefined && node.written !== undefined)
    asked.facts.trace.lineAsked(node.written, opinionOf(node, found));
  return found;
}

function opinionOf({ kind }: RequireNode, found: Verdict): Opinion {
  if (found === GRANTED) return 'lets in';
  if (found === DENIED) return kind === 'not' ? 'keeps out' : 'does not let in';
  return found === DENIED_WITHOUT_USER ? 'asks for a user' : 'has no say';
}

function judgeNode(node: RequireNode, asked: Asked, isInAll: boolean): Verdict {
  if (node.limit !== undefined && !speaksOf(node.limit, asked.method)) return isInAll ? GRANTED : NEUTRAL;
  const { client, facts } = asked;
  switch (node.kind) {
    case 'granted':
      return GRANTED;
    case 'denied':
      return DENIED;
    case 'ip':
      return verdict(node.ranges.some((range) => isInRange(range, client)));
    case 'local':
      return verdict(isLoopback(client) || facts.clientAddress === facts.serverAddress);
    case 'host': {
      const host = facts.clientHost();
      return host === undefined ? WAIT : verdict(lowerNames(node.names, facts).some((name) => isInDomain(name, host)));
    }
    case 'forward-dns':
      return forwardDns(lowerNames(node.names, facts), client, facts);
    case 'env':
      return verdict(node.names.some((name) => facts.hasEnv(name)));
    case 'method':
      return verdict(node.methods.includes(asked.method));
    case 'expression':
      return node.expression.test(facts.subject) ? GRANTED : node.asksUser ? DENIED_WITHOUT_USER : DENIED;
    case 'user':
      return asked.user === undefined ? DENIED_WITHOUT_USER : verdict(namesOf(node.names, facts).includes(asked.user));
    case 'valid-user':
      return asked.user === undefined ? DENIED_WITHOUT_USER : GRANTED;
    case 'group':
      return group(node.names, asked);
    case 'not': {
      const child = judge(node.child, asked, isInAll);
      return child === WAIT ? WAIT : child === GRANTED ? DENIED : NEUTRAL;
    }
    case 'all-of':
      return allOf(node.children, asked);
    case 'any-of':
      return anyOf(node.children, asked);
  }
}

function namesOf(names: Names, facts: AccessFacts): readonly string[] {
  return names instanceof TextExpression ? untilEmpty(readWords(names.text(facts.subject))) : names;
}

/** Hosts and groups: letter case does not count, and those that stand in the file are in lower case already. */
function lowerNames(names: Names, facts: AccessFacts): readonly string[] {
  return names instanceof TextExpression ? untilEmpty(readWords(names.text(facts.subject).toLowerCase())) : names;
}

/** A word that came out empty ends the list, as in httpd. */
export function untilEmpty(words: readonly string[]): readonly string[] {
  const end = words.indexOf('');
  return end < 0 ? words : words.slice(0, end);
}

function verdict(holds: boolean): Verdict {
  return holds ? GRANTED : DENIED;
}

function group(names: Names, { user, facts, rules }: Asked): Verdict {
  if (user === undefined) return DENIED_WITHOUT_USER;
  const file = rules.authentication?.groupFile;
  const groups = file === undefined ? NO_GROUPS : facts.groupsOf(user, file);
  return groups === undefined ? WAIT : verdict(lowerNames(names, facts).some((name) => groups.has(name)));
}

const NO_GROUPS: ReadonlySet<string> = new Set();

function forwardDns(names: readonly string[], client: readonly number[], facts: AccessFacts): Verdict {
  for (const name of names) {
    const addresses = facts.addressesOf(name);
    if (addresses === undefined) return WAIT;
    if (addresses.some((address) => isSameAddress(parseAddress(address), client))) return GRANTED;
  }
  return DENIED;
}

function isSameAddress(a: readonly number[] | undefined, b: readonly number[]): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The name itself, or one below it. */
function isInDomain(domain: string, host: string): boolean {
  if (host === '' || !host.endsWith(domain)) return false;
  return host.length === domain.length || domain.startsWith('.') || host[host.length - domain.length - 1] === '.';
}

function allOf(children: readonly RequireNode[], asked: Asked): Verdict {
  let result: Verdict = NEUTRAL;
  for (const child of children) {
    const one = judge(child, asked, true);
    if (one === WAIT || one === DENIED) return one;
    if (one === DENIED_WITHOUT_USER || result === NEUTRAL) result = one;
  }
  return result;
}

function anyOf(children: readonly RequireNode[], asked: Asked): Verdict {
  let result: Verdict = NEUTRAL;
  for (const child of children) {
    const one = judge(child, asked, false);
    if (one === WAIT || one === GRANTED) return one;
    if ((one === DENIED_WITHOUT_USER && result === DENIED) || result === NEUTRAL) result = one;
  }
  return result;
}

// --- methods --------------------------------------------------------------------------------------------------------

/** HEAD is allowed and refused where GET is. */
export function methodOf(method: string): string {
  return method === 'HEAD' ? 'GET' : method;
}

function speaksOf(limit: MethodLimit, method: string): boolean {
  return limit.methods.includes(method) === (limit.kind === 'only');
}

// --- Order, Allow, Deny, Satisfy ------------------------------------------------------------------------------------

function satisfyOf(rules: OrderRules, method: string): 'all' | 'any' {
  return lastFor(rules.satisfy, method)?.satisfy ?? 'all';
}

function lastFor<T extends { readonly limit: MethodLimit | undefined }>(
  list: readonly T[],
  method: string,
): T | undefined {
  return list.findLast(({ limit }) => limit === undefined || speaksOf(limit, method));
}

function ordered(rules: OrderRules, asked: Asked): Verdict {
  const order = lastFor(rules.orders, asked.method)?.order ?? 'deny,allow';
  const denied = isListed(rules.deny, asked, 'keeps out');
  if (denied === WAIT || (denied === DENIED && order === 'deny,allow')) return denied === WAIT ? WAIT : GRANTED;
  if (denied === GRANTED && order !== 'deny,allow') return DENIED;
  return isListed(rules.allow, asked, 'lets in');
}

function isListed(list: readonly ClientMatch[], asked: Asked, opinion: Opinion): Verdict {
  for (const match of list) {
    if (match.limit !== undefined && !speaksOf(match.limit, asked.method)) continue;
    const one = matches(match, asked);
    if (match.written !== undefined)
      asked.facts.trace?.lineAsked(match.written, one === GRANTED ? opinion : 'has no say');
    if (one !== DENIED) return one;
  }
  return DENIED;
}

function matches(match: ClientMatch, { client, facts }: Asked): Verdict {
  switch (match.kind) {
    case 'all':
      return GRANTED;
    case 'ip':
      return verdict(isInRange(match.range, client));
    case 'host': {
      const host = facts.clientHost();
      return host === undefined ? WAIT : verdict(isInDomain(match.name, host));
    }
    case 'env':
      return verdict(facts.hasEnv(match.name) !== match.isNegated);
  }
}

const NO_ADDRESS: readonly number[] = [];
let lastText = '';
let lastAddress: readonly number[] = NO_ADDRESS;

/** Requests of one connection follow each other: the address read last is kept. An address that is none matches nothing. */
function addressOf(text: string): readonly number[] {
  if (text !== lastText) {
    lastAddress = parseAddress(text) ?? NO_ADDRESS;
    lastText = text;
  }
  return lastAddress;
}

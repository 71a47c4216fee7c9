// Judges access rules for one request. Pure; the frontend asks before it answers, `explain` asks to tell why.
// Source: documentation of mod_authz_core, mod_authz_host, mod_access_compat; modproxy.md §4.14; recordings P-ACL-*.

import { isInRange, isLoopback, parseAddress } from '../base/addresses.ts';
import type { AccessRules, ClientMatch, OrderRules, RequireNode } from './model.ts';

/** What rules may ask about. */
export interface AccessFacts {
  /** IP address of the client in text form. */
  readonly clientAddress: string;
  /** IP address the connection came in on. */
  readonly serverAddress: string;
  readonly method: string;
  hasEnv(name: string): boolean;
}

/** Whether the rules let this request in. No rules let everybody in. */
export function isAllowed(rules: AccessRules | undefined, facts: AccessFacts): boolean {
  if (rules === undefined) return true;
  const { order, requires } = rules;
  const client = addressOf(facts.clientAddress);
  const byOrder = order === undefined || ordered(order, client, facts);
  if (requires === undefined) return byOrder;
  if (order?.satisfy === 'any' && byOrder) return true;
  if (order?.satisfy !== 'any' && !byOrder) return false;
  return judge(requires, client, facts) > 0;
}

/** Granted, without an opinion, or denied: containers count opinions. */
type Verdict = 1 | 0 | -1;

function judge(node: RequireNode, client: readonly number[], facts: AccessFacts): Verdict {
  switch (node.kind) {
    case 'granted':
      return 1;
    case 'denied':
      return -1;
    case 'ip':
      return verdict(node.ranges.some((range) => isInRange(range, client)));
    case 'local':
      return verdict(isLoopback(client) || facts.clientAddress === facts.serverAddress);
    case 'host':
      return verdict(node.names.includes('localhost') && isLoopback(client));
    case 'env':
      return verdict(node.names.some((name) => facts.hasEnv(name)));
    case 'method':
      return verdict(node.methods.includes(facts.method) || (facts.method === 'HEAD' && node.methods.includes('GET')));
    case 'not':
      return judge(node.child, client, facts) > 0 ? -1 : 0;
    case 'none-of':
      return node.children.some((child) => judge(child, client, facts) > 0) ? -1 : 0;
    case 'all-of':
      return allOf(node.children, client, facts);
    case 'any-of':
      return anyOf(node.children, client, facts);
  }
}

function verdict(holds: boolean): Verdict {
  return holds ? 1 : -1;
}

function allOf(children: readonly RequireNode[], client: readonly number[], facts: AccessFacts): Verdict {
  let result: Verdict = 0;
  for (const child of children) {
    const one = judge(child, client, facts);
    if (one < 0) return -1;
    if (one > 0) result = 1;
  }
  return result;
}

function anyOf(children: readonly RequireNode[], client: readonly number[], facts: AccessFacts): Verdict {
  let result: Verdict = 0;
  for (const child of children) {
    const one = judge(child, client, facts);
    if (one > 0) return 1;
    if (one < 0) result = -1;
  }
  return result;
}

function ordered(rules: OrderRules, client: readonly number[], facts: AccessFacts): boolean {
  const isListed = (list: readonly ClientMatch[]) => list.some((match) => matches(match, client, facts));
  switch (rules.order) {
    case 'allow,deny':
      return isListed(rules.allow) && !isListed(rules.deny);
    case 'deny,allow':
      return isListed(rules.allow) || !isListed(rules.deny);
    case 'mutual-failure':
      return isListed(rules.allow) && !isListed(rules.deny);
  }
}

function matches(match: ClientMatch, client: readonly number[], facts: AccessFacts): boolean {
  switch (match.kind) {
    case 'all':
      return true;
    case 'ip':
      return isInRange(match.range, client);
    case 'host':
      return match.name === 'localhost' && isLoopback(client);
    case 'env':
      return facts.hasEnv(match.name) !== match.isNegated;
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

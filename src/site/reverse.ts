// ProxyPassReverse and its cookie siblings: what a backend says about itself, said about us (modproxy.md §9). Prefixes
// are compared as httpd compares them, without regard to segments; the first rule that fits wins. Place in the picture:
// the frontend rewrites with it, `check` asks it what a redirect would become.

import { FIELD } from '../base/field-names.ts';
import type { Fields } from '../base/fields.ts';
import { type EnvLookup, interpolate } from './mapping.ts';
import type { ReverseRule } from './model.ts';

/** What rewriting needs to know about the request. */
export interface ReverseContext {
  /** `http://host[:port]` as the client addressed us. */
  readonly origin: string;
  /** URLs of a balancer's members, for rules that name the balancer. */
  memberUrls(balancer: string): readonly string[];
  /** Fills `${NAME}` of rules with `interpolate`; given when ProxyPassInterpolateEnv is on. */
  readonly env?: EnvLookup | undefined;
}

const URL_FIELDS = [FIELD.Location, FIELD['Content-Location'], FIELD.URI, FIELD.Destination] as const;

/** Rewrites the fields of a response in place. Costs nothing when no rule applies to it. */
export function reverseFields(fields: Fields, written: readonly ReverseRule[], context: ReverseContext): void {
  const hasUrl = URL_FIELDS.some((id) => fields.hasKnown(id));
  const hasCookie = fields.hasKnown(FIELD['Set-Cookie']);
  if (!hasUrl && !hasCookie) return;
  const rules = filled(written, context.env);
  for (const id of URL_FIELDS) rewrite(fields, id, (value) => reverseUrl(value, rules, context));
  if (hasCookie) rewrite(fields, FIELD['Set-Cookie'], (value) => reverseCookie(value, rules));
}

/** Gives every field of this id another value, where there is one for it. */
function rewrite(fields: Fields, id: number, map: (value: string) => string | undefined): void {
  const first = fields.indexOfKnown(id);
  if (first < 0) return;
  for (let i = first; i < fields.count; i++) {
    if (fields.idAt(i) !== id) continue;
    const mapped = map(fields.valueAt(i));
    if (mapped !== undefined) fields.replaceAt(i, mapped);
  }
}

/** Rules with their variables put in. */
function filled(rules: readonly ReverseRule[], env: EnvLookup | undefined): readonly ReverseRule[] {
  if (env === undefined || !rules.some((rule) => rule.interpolate)) return rules;
  return rules.map((rule) => {
    const { internal, external } = rule;
    return rule.interpolate
      ? { ...rule, internal: interpolate(internal, env), external: interpolate(external, env) }
      : rule;
  });
}

/** The public form of a backend's URL; undefined when no rule fits. */
export function reverseUrl(url: string, rules: readonly ReverseRule[], context: ReverseContext): string | undefined {
  for (const rule of rules) {
    if (rule.kind !== 'url') continue;
    const rest = rule.balancer === undefined ? restAfter(url, rule.internal) : restAfterMember(url, rule, context);
    if (rest === undefined) continue;
    // Only for balancers does httpd keep a slash from doubling, and only behind a bare one (measured on 2.4.71).
    const isDoubled = rule.balancer !== undefined && rule.external === '/' && rest.startsWith('/');
    const mapped = isDoubled ? rest : rule.external + rest;
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(mapped) ? mapped : context.origin + mapped;
  }
  return undefined;
}

/** A cookie with its Path and Domain replaced: the whole value, whatever follows the prefix. Undefined: no rule fits. */
export function reverseCookie(cookie: string, rules: readonly ReverseRule[]): string | undefined {
  let isChanged = false;
  const parts = cookie.split(';').map((part, index) => {
    const match = index === 0 ? null : /^(\s*(path|domain)\s*=\s*)(.*)$/i.exec(part);
    if (match === null) return part;
    const isPath = match[2].toLowerCase() === 'path';
    const value = match[3];
    const rule = rules.find(
      (each) => each.kind === (isPath ? 'cookie-path' : 'cookie-domain') && startsWith(value, each.internal, isPath),
    );
    if (rule === undefined) return part;
    isChanged = true;
    return match[1] + rule.external;
  });
  return isChanged ? parts.join(';') : undefined;
}

/** What follows the rule's URL, or its path if it is only a path; undefined when it does not fit. */
function restAfter(url: string, internal: string): string | undefined {
  const part = internal.startsWith('/') ? pathOf(url) : url;
  return internal !== '' && startsWith(part, internal, false) ? part.slice(internal.length) : undefined;
}

/** `balancer://name/path` stands for every member's URL followed by that path, in which letter case matters. */
function restAfterMember(url: string, rule: ReverseRule, context: ReverseContext): string | undefined {
  const path = pathOf(rule.internal);
  const extra = path === rule.internal || path === '/' ? '' : path;
  for (const member of context.memberUrls(rule.balancer as string)) {
    const name = extra !== '' && member.endsWith('/') ? member.slice(0, -1) : member;
    if (startsWith(url, name, false) && url.startsWith(extra, name.length))
      return url.slice(name.length + extra.length);
  }
  return undefined;
}

/** Path of a URL with everything after it; the text itself when it has no authority. */
function pathOf(url: string): string {
  const authority = url.indexOf('://');
  if (authority < 0) return url;
  const slash = url.indexOf('/', authority + 3);
  return slash < 0 ? url : url.slice(slash);
}

function startsWith(text: string, prefix: string, isCaseSensitive: boolean): boolean {
  if (text.length < prefix.length) return false;
  const start = text.slice(0, prefix.length);
  return isCaseSensitive ? start === prefix : start.toLowerCase() === prefix.toLowerCase();
}

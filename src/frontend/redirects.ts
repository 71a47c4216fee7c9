// Redirect and RedirectMatch: who is sent elsewhere, or turned away with a status. At server level they are tried where
// no ProxyPass matched, before any file and before access, after the target of a Location; where a ProxyPass matched, and
// for rules of sections, after access, and there they win over ProxyPass.
// Source: documentation of mod_alias; order and escaping as observed on httpd 2.4.71.

import { Failure } from '../base/failure.ts';
import type { HeadFilter } from '../listener/exchange.ts';
import { applyPattern } from '../site/mapping.ts';
import type { DirectorySettings, RedirectRule } from '../site/model.ts';
import type { Asker } from '../site/settings.ts';
import { answerRedirect } from './error-page.ts';
import { escapePath } from './static/static-path.ts';
import type { Visit } from './visit.ts';

export interface Redirection {
  readonly status: number;
  /** URL or path for the Location field; undefined when the status is an error to answer with. */
  readonly location: string | undefined;
  /** Why the target could not be told. */
  readonly failure?: Failure;
}

/** What redirecting asks of the frontend. */
export interface RedirectHost extends HeadFilter {
  fail(visit: Visit, status: number, failure?: Failure): void;
}

/**
 * Where no mapping has matched: a target that a Location gives to everything in it comes first, then the rules of the
 * server. The page of an error stays where it is.
 */
export function redirectBeforeAccess(visit: Visit): Redirection | undefined {
  if (visit.originalStatus !== undefined) return undefined;
  const { host, settings, forms, query } = visit;
  return targetOf(settings, query, visit) ?? findRedirect(host.host.redirectRules, forms.decoded, query);
}

/** What the sections say about whoever may enter. */
export function redirectAfterAccess(visit: Visit): Redirection | undefined {
  if (visit.originalStatus !== undefined) return undefined;
  return redirectOf(visit.settings, visit.forms.decoded, visit.query, visit);
}

/** Sends the client elsewhere, or away. */
export function sendElsewhere(host: RedirectHost, visit: Visit, { status, location, failure }: Redirection): void {
  if (location === undefined) {
    host.fail(visit, status, failure);
    return;
  }
  visit.isOwnError = true;
  if (visit.settings.headerOps !== undefined) visit.exchange.headFilter = host;
  answerRedirect(visit.exchange, status, location.startsWith('/') ? visit.origin + location : location);
}

/** The first rule that fits the decoded path. @param query of the request, added to a target that has none */
export function findRedirect(
  rules: readonly RedirectRule[] | undefined,
  path: string,
  query: string | undefined,
): Redirection | undefined {
  if (rules === undefined) return undefined;
  for (const rule of rules) {
    const found = applyPattern(rule.pattern, rule.url ?? '', path);
    if (found === undefined) continue;
    if (rule.url === undefined) return { status: rule.status, location: undefined };
    const location =
      rule.pattern.kind === 'prefix' ? rule.url + escapePath(found.slice(rule.url.length)) : escapeUrl(found);
    return { status: rule.status, location: withQuery(location, query) };
  }
  return undefined;
}

/**
 * What a section's settings say: its own target for everything in it, or rules.
 * @param asker whom variables in the target are asked of
 */
export function redirectOf(
  settings: DirectorySettings,
  path: string,
  query: string | undefined,
  asker: Asker,
): Redirection | undefined {
  return targetOf(settings, query, asker) ?? findRedirect(settings.redirectRules, path, query);
}

/** Where a section sends everything in it. @param asker whom variables in the target are asked of */
export function targetOf(
  { redirect }: DirectorySettings,
  query: string | undefined,
  asker: Asker,
): Redirection | undefined {
  if (redirect === undefined) return undefined;
  const { status, url } = redirect;
  if (url === undefined) return { status, location: undefined };
  try {
    const location = escapeUrl(url.text(asker.subject));
    if (location !== '') return { status, location: withQuery(location, query) };
    throw new Failure('redirect-nowhere', 'internal', `the target of the redirect is empty: ${url.source}`);
  } catch (failure) {
    if (failure instanceof Failure) return { status: 500, location: undefined, failure };
    throw failure;
  }
}

function withQuery(location: string, query: string | undefined): string {
  return query === undefined || location.includes('?') ? location : `${location}?${query}`;
}

/** Escapes what groups and variables brought in; a query in the target stays one, without what may not stand in a field. */
function escapeUrl(url: string): string {
  const question = url.indexOf('?');
  return question < 0 ? escapePath(url) : escapePath(url.slice(0, question)) + escapeQuery(url.slice(question));
}

function escapeQuery(query: string): string {
  return query.replace(/[^\x21-\x7e]/g, (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

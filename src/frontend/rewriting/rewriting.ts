// mod_rewrite in the phases of a request: what becomes of it when the rules of its host have run, before any mapping. What
// the rules themselves mean: `src/site/rewriting/rewriting.ts`. Source: order and answers of httpd 2.4.71.

import { statSync } from 'node:fs';
import { posix } from 'node:path';
import { Failure } from '../../base/failure.ts';
import { octetsOf, textOf } from '../../config/files.ts';
import type { HostRewriting, MappingTarget, RewriteRule } from '../../site/model.ts';
import { encodePath, sealPath } from '../../site/path.ts';
import {
  applyRewriteRules,
  newRewriteState,
  type RewriteOutcome,
  type RewriteState,
  schemeOf,
} from '../../site/rewriting/rewriting.ts';
import { escapePath, type FileTarget, judgePath, mapToFile } from '../static/static-path.ts';
import type { Visit } from '../visit.ts';
import { VisitAsker } from './rewrite-asker.ts';
import type { RewriteMaps } from './rewrite-maps.ts';

export type RewrittenAnswer = { readonly kind: 'answer'; readonly status: number; readonly failure?: Failure };
export type RewrittenRedirect = { readonly kind: 'redirect'; readonly status: number; readonly location: string };
export type RewrittenProxy =
  | RewrittenAnswer
  | { readonly kind: 'proxy'; readonly target: MappingTarget; readonly path: string };

/** What rules make of a request. */
export type Rewriting =
  /** It goes on as if there were no rules. */
  | { readonly kind: 'none' }
  /** Answered with an error, or whatever the status is. */
  | RewrittenAnswer
  | RewrittenRedirect
  | RewrittenProxy
  /** The visit has another path, which is mapped as if it had been asked for (PT). */
  | { readonly kind: 'path' }
  /** A file, whatever aliases and mappings say. */
  | { readonly kind: 'file'; readonly target: FileTarget | undefined };

/** Runs the rules of the host over the path of the visit, and leaves the query that they made with it. */
export function rewriteForHost({ rules }: HostRewriting, visit: Visit, maps: RewriteMaps): Rewriting {
  const state = newRewriteState(visit.forms.decoded, visit.query);
  tellScriptUrl(visit);
  const outcome = applyRewriteRules(rules, state, new VisitAsker(visit, state, maps));
  visit.rewriteHandler = state.handler;
  visit.rewritesEnded ||= state.isEnded;
  if (outcome === 'unchanged') return { kind: 'none' };
  if (outcome === 'answer') return { kind: 'answer', status: state.status };
  const { query } = visit;
  const scheme = state.proxy === undefined && !state.isPassThrough ? schemeOf(state.url) : undefined;
  const isEscaped = scheme !== undefined && outcome !== 'literal';
  // Controls and blanks that no escaping takes care of: such a request must not go anywhere.
  if (!isEscaped && state.query !== undefined && UNSENDABLE.test(state.query)) return { kind: 'answer', status: 403 };
  if (scheme !== undefined) return redirection(state, outcome, query);
  setQuery(visit, state.query);
  if (state.proxy !== undefined) return proxying(state, state.proxy, outcome, visit);
  if (state.isPassThrough) {
    // A URL is no path of ours, and PT makes no redirect.
    if (!state.url.startsWith('/')) return { kind: 'answer', status: 400 };
    const { forms } = visit;
    forms.decoded = state.url;
    forms.encoded = escapePath(state.url);
    visit.path = state.url;
    return { kind: 'path' };
  }
  return localFile(state, visit);
}

/** Controls and blanks (as httpd counts them): nothing of the kind may stand in a query. */
export const UNSENDABLE = /[\0-\x20\x7f]/;

export function setQuery(visit: Visit, query: string | undefined): void {
  visit.query = query;
  visit.forms.query = query;
}

export function redirection(
  state: RewriteState,
  outcome: RewriteOutcome,
  before: string | undefined,
): RewrittenRedirect {
  const isLiteral = outcome === 'literal';
  let location = isLiteral ? state.url : escapeUrl(state.url);
  if (state.query !== undefined)
    location += `?${isLiteral || state.query === before ? state.query : escapePath(state.query)}`;
  return { kind: 'redirect', status: state.status, location };
}

/** Escapes the path of a URL; scheme and authority stay. */
function escapeUrl(url: string): string {
  const start = /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/[^/]*)?/.exec(url)?.[0] ?? '';
  return start + escapePath(url.slice(start.length));
}

export function proxying(
  state: RewriteState,
  rule: RewriteRule,
  outcome: RewriteOutcome,
  visit: Visit,
): RewrittenProxy {
  const target = rule.proxy as MappingTarget;
  if (target.kind !== 'proxy') return { kind: 'proxy', target, path: '' };
  const rest = state.url.slice(rule.proxyPrefix.length);
  if (!state.url.startsWith(rule.proxyPrefix) || (rest !== '' && !rest.startsWith('/'))) {
    const why = 'what the request brought would change the backend’s host';
    return {
      kind: 'answer',
      status: 500,
      failure: new Failure('target-unavailable', 'internal', why, { status: 500 }),
    };
  }
  if (outcome === 'literal' && UNSENDABLE.test(rest)) return { kind: 'answer', status: 403 };
  const keepsEncoded = visit.host.host.allowEncodedSlashes === 'no-decode';
  const path = outcome === 'literal' ? sealPath(rest) : encodePath(rest, keepsEncoded);
  return { kind: 'proxy', target, path: path === '' ? '/' : path };
}

/**
 * The file of a path: from the root of all files where the configuration wrote a path that begins there, below
 * DocumentRoot otherwise. Names that are never served are not served here either.
 */
function localFile({ url, mayNameFile }: RewriteState, visit: Visit): Rewriting {
  if (!url.startsWith('/')) return { kind: 'answer', status: 400 };
  const verdict = judgePath(url.replace(/\/\.\.?(?=\/|$)/g, '/'));
  if (verdict !== 0) return { kind: 'answer', status: verdict };
  const path = posix.normalize(textOf(url));
  if (mayNameFile && exists(path.slice(0, path.indexOf('/', 1)))) {
    const file = path.replace(/(?<=.)\/+$/, '');
    return { kind: 'file', target: plain({ file, root: posix.dirname(file), isScript: false }, visit) };
  }
  const { documentRoot } = visit.host.host;
  return { kind: 'file', target: plain(mapToFile({ aliasRules: [], documentRoot }, octetsOf(path)), visit) };
}

/** `/` may have become a file: a path that ends in a slash is looked at as a folder only where it is one. */
function plain(target: FileTarget | undefined, { forms }: Visit): FileTarget | undefined {
  if (target === undefined || !forms.decoded.endsWith('/')) return target;
  const isFolder = statSync(target.file, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? target : { ...target, isPlain: true };
}

function exists(path: string): boolean {
  return path.length > 1 && statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** SCRIPT_URL and SCRIPT_URI: the path as it was asked for, for whatever reads variables. */
function tellScriptUrl(visit: Visit): void {
  const { exchange } = visit;
  const { env } = exchange;
  const known = env?.get('REDIRECT_SCRIPT_URL') ?? (visit.isIndexRun ? env?.get('SCRIPT_URL') : undefined);
  const path = known ?? visit.forms.decoded;
  exchange.setEnv('SCRIPT_URL', path);
  exchange.setEnv('SCRIPT_URI', visit.origin + path);
}

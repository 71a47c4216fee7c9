// mod_rewrite in sections: what becomes of a request when the rules of its sections have run over its file or its backend's
// URL. A path that they change is run again from the start. Source: order and answers of httpd 2.4.71.

import { statSync } from 'node:fs';
import { Failure } from '../../base/failure.ts';
import { octetsOf, textOf } from '../../config/files.ts';
import type { SectionRewriting as Rules } from '../../site/model.ts';
import { sealPath } from '../../site/path.ts';
import { applyRewriteRules, newRewriteState, schemeOf } from '../../site/rewriting/rewriting.ts';
import { hasOption } from '../../site/settings.ts';
import { applyEnvRules } from '../environment.ts';
import { REDIRECTS_MAX } from '../failing.ts';
import { contextPrefix, escapePath } from '../static/static-path.ts';
import type { Visit } from '../visit.ts';
import { VisitAsker } from './rewrite-asker.ts';
import type { RewriteMaps } from './rewrite-maps.ts';
import {
  proxying,
  type RewrittenAnswer,
  type RewrittenProxy,
  type RewrittenRedirect,
  redirection,
  setQuery,
} from './rewriting.ts';

/**
 * Runs the rules of the sections over the file, or the URL that it is proxied to; after access, before all else that
 * sections say. Undefined when there are none, or nothing changes.
 */
export function rewriteForSections(visit: Visit, maps: RewriteMaps): SectionRewriting | undefined {
  const { rewriting } = visit.settings;
  if (rewriting?.isOn !== true || rewriting.directory === undefined || visit.rewritesEnded) return undefined;
  const { directory, rules } = rewriting;
  const isProxied = visit.goal.kind === 'proxy';
  const before = isProxied ? { file: visit.filename, pathInfo: '' } : splitFile(visit.filename);
  if (`${before.file}/` === directory && before.pathInfo === '') return undefined;
  if (rules.length > 0 && !followsLinks(visit)) return { kind: 'answer', status: 403 };
  const state = newRewriteState(before.file, visit.query);
  state.pathInfo = before.pathInfo;
  const outcome = applyRewriteRules(rules, state, new VisitAsker(visit, state, maps), directory);
  visit.rewriteHandler = state.handler ?? visit.rewriteHandler;
  visit.rewritesEnded ||= state.isEnded;
  if (outcome === 'unchanged') return undefined;
  if (outcome === 'answer') return { kind: 'answer', status: state.status };
  const { query } = visit;
  if (state.proxy !== undefined) {
    setQuery(visit, state.query);
    return goOn(visit, proxying(state, state.proxy, outcome, visit));
  }
  if (schemeOf(state.url) !== undefined && !state.isPassThrough) {
    state.url = withBase(state.url, rewriting);
    return redirection(state, outcome, query);
  }
  if (!isProxied && state.url.startsWith('/') && isFolderWithoutSlash(before.file, visit)) return undefined;
  setQuery(visit, state.query);
  if (isProxied && state.url.startsWith('proxy:')) return goOn(visit, proxiedElsewhere(state.url, visit));
  if (!state.url.startsWith('/')) return { kind: 'answer', status: 400 };
  if (state.url === before.file) return undefined;
  if (visit.redirects >= REDIRECTS_MAX) {
    const why = `rules of sections lead to each other more than ${REDIRECTS_MAX} times`;
    return { kind: 'answer', status: 500, failure: new Failure('redirect-loop', 'internal', why, { status: 500 }) };
  }
  const path = escapePath(urlOf(state.url, rewriting, visit));
  renameEnvironment(visit.exchange.env);
  applyEnvRules(visit.host.host.earlyEnvRules, visit.exchange, path, visit);
  return { kind: 'again', path };
}

/** Gives the visit another backend; nothing is left to do then but what follows anyway. */
function goOn(visit: Visit, rewritten: RewrittenProxy): RewrittenAnswer | undefined {
  if (rewritten.kind === 'answer') return rewritten;
  const { goal } = visit;
  visit.handler = 'proxy-server';
  goal.kind = 'proxy';
  goal.target = rewritten.target;
  goal.path = rewritten.path;
  goal.query = visit.query;
  return undefined;
}

/** What rules of sections make of a request: `again` runs it anew for another encoded path. */
export type SectionRewriting = RewrittenAnswer | RewrittenRedirect | { readonly kind: 'again'; readonly path: string };

function followsLinks({ settings }: Visit): boolean {
  return hasOption(settings, 'FollowSymLinks') || hasOption(settings, 'SymLinksIfOwnerMatch');
}

/** A rule changed the URL of a proxied request in its own form; another backend it cannot choose. */
function proxiedElsewhere(url: string, { goal }: Visit): RewrittenProxy {
  const { target } = goal;
  const prefix = target?.kind === 'proxy' ? `proxy:${target.authority}/` : undefined;
  if (target === undefined || prefix === undefined || !url.startsWith(prefix)) return { kind: 'answer', status: 500 };
  return { kind: 'proxy', target, path: sealPath(url.slice(prefix.length - 1)) };
}

/** The file and what follows it: everything behind the first name that is no directory. */
function splitFile(path: string): { file: string; pathInfo: string } {
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    const part = path.slice(0, at);
    if (statSync(textOf(part), { throwIfNoEntry: false })?.isDirectory() !== true)
      return { file: part, pathInfo: path.slice(at) };
  }
  return { file: path, pathInfo: '' };
}

/** A folder that is asked for without its slash is redirected to itself with it, whatever rules say (mod_dir). */
function isFolderWithoutSlash(file: string, { forms, settings }: Visit): boolean {
  if (forms.decoded.endsWith('/') || settings.directorySlash === false) return false;
  return statSync(textOf(file), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** RewriteBase takes the place of the directory in a URL that was made of a relative substitution. */
function withBase(url: string, { base, directory = '' }: Rules): string {
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  if (base === undefined || slash < 0) return url;
  return url.slice(0, slash) + withPrefix(url.slice(slash), directory, base);
}

/** The path of a URL for a file: RewriteBase, what is below DocumentRoot, or below an Alias. */
function urlOf(file: string, { base, directory = '' }: Rules, visit: Visit): string {
  if (base !== undefined && file.startsWith(directory)) return withPrefix(file, directory, base);
  const { host } = visit.host;
  const roots = [
    [octetsOf(host.documentRoot ?? ''), '/'],
    [octetsOf(visit.goal.file?.root ?? ''), `${contextPrefix(host, visit.forms.decoded)}/`],
  ] as const;
  for (const [root, url] of roots) {
    const folder = root.endsWith('/') ? root : `${root}/`;
    if (root !== '' && file.startsWith(folder)) return url + file.slice(folder.length);
  }
  return file;
}

function withPrefix(path: string, prefix: string, other: string): string {
  return path.startsWith(prefix) ? other + path.slice(prefix.length) : path;
}

/** An internal redirect: variables of the first run are known under another name in the next, as in httpd. */
function renameEnvironment(env: Map<string, string> | undefined): void {
  if (env === undefined) return;
  const before = [...env];
  env.clear();
  for (const [name, value] of before) env.set(`REDIRECT_${name}`, value);
}

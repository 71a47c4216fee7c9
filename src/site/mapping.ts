// Applies mappings to a request's path: which one matches, and what path the backend gets. Pure; shared by the frontend
// and `explain`. Source: modproxy.md §4; recordings P-MAP-*.

import type { DirectorySettings, Host, Mapping, MappingPattern, MappingTarget } from './model.ts';
import { encodePath, type RequestPath, sealPath } from './path.ts';

/** Looks up `${NAME}` of a mapping with `interpolate`. */
export type EnvLookup = (name: string) => string | undefined;

/**
 * The path that goes to the backend, encoded and beginning with a slash, before a balancer member's own path and without
 * query. Undefined when the mapping does not match; '' when it does and does not proxy (`!`, or an unavailable target).
 * @param keepEncodedSlashes AllowEncodedSlashes is NoDecode
 * @param env given when ProxyPassInterpolateEnv is on
 */
export function applyMapping(
  mapping: Mapping,
  path: RequestPath,
  keepEncodedSlashes: boolean,
  env?: EnvLookup,
): string | undefined {
  const { pattern, target, mode } = mapping;
  const matched = mode === 'decoded' ? path.decoded : path.encoded;
  if (matched === '') return undefined;
  const targetPath =
    target.kind === 'proxy'
      ? env !== undefined && mapping.interpolate
        ? interpolate(target.path, env)
        : target.path
      : '';
  // What is sent: with nocanon the target as it came, if it matches in the same way.
  let isRaw = false;
  let found: string;
  if (pattern.kind === 'regex') {
    const groups = pattern.regex.exec(matched);
    if (groups === null) return undefined;
    if (target.kind !== 'proxy') return '';
    const rawGroups = mapping.nocanon ? pattern.regex.exec(sentTarget(path)) : null;
    isRaw = rawGroups !== null;
    found = substitute(targetPath, rawGroups ?? groups);
    // A target that no group changes gets the whole path after it.
    if (found === targetPath) found += isRaw ? sentTarget(path) : matched;
  } else if (mode === 'servlet') {
    const rest = matchServlet(pattern.path, matched);
    if (rest === undefined) return undefined;
    found = targetPath + rest;
  } else {
    const length = matchPrefix(pattern.path, matched);
    if (length === 0) return undefined;
    isRaw = mapping.nocanon && matchPrefix(pattern.path, sentTarget(path)) === length;
    found = targetPath + (isRaw ? path.raw : matched).slice(length);
  }
  if (target.kind !== 'proxy') return '';
  const sent = isRaw || mode !== 'decoded' ? sealPath(found) : encodePath(found, keepEncodedSlashes);
  // Never let a path continue the host's name: `ProxyPass /x/ http://h` and `/x/y` is `http://h/y`.
  return sent.startsWith('/') ? sent : `/${sent}`;
}

/** What `nocanon` sends on, and compares a pattern with. */
function sentTarget(path: RequestPath): string {
  return path.query === undefined ? path.raw : `${path.raw}?${path.query}`;
}

/** Whether the query is part of what the mapping has made: a pattern with `nocanon` takes from it what it wants. */
function holdsQuery({ nocanon, pattern }: Mapping, path: RequestPath): boolean {
  return nocanon && pattern.kind === 'regex' && path.query !== undefined && pattern.regex.test(sentTarget(path));
}

/** A mapping that matched, and the path for its backend. One object serves many requests: `findMapping` fills it. */
export interface MappingMatch {
  mapping: Mapping | undefined;
  /** As `applyMapping` tells, without query. */
  path: string;
  /** Query for the backend, without `?`; undefined for none. */
  query: string | undefined;
  /** Set by who asks: targets of WebSockets do not match (ProxyWebsocketFallbackToProxyHttp Off, without an upgrade). */
  skipsWebSockets?: boolean;
}

/** Hears of every mapping that is tried, in order. */
export interface MappingTrace {
  /** @param path as `applyMapping` tells; undefined when the mapping does not match */
  mappingTried(mapping: Mapping, path: string | undefined): void;
}

/**
 * Finds the mapping of a request: that of its sections first, then the host's list in order. A `!` found first ends the
 * search with a match that does not proxy. Asked twice where `usesEncodedForm` says so: first for the encoded forms,
 * because a mapping on them forgives what decoding does not (`RequestPath.status`), then for the decoded one.
 * @param settings of the path in the form asked for (`HostSettings.forPath`)
 */
export function findMapping(
  host: Host,
  settings: DirectorySettings,
  path: RequestPath,
  form: 'decoded' | 'encoded',
  into: MappingMatch,
  env?: EnvLookup,
  trace?: MappingTrace,
): boolean {
  const own = settings.mapping;
  if (own !== undefined && tryMapping(own, host, path, form, into, env, trace)) return true;
  const { mappings } = host;
  for (let i = 0; i < mappings.length; i++)
    if (tryMapping(mappings[i], host, path, form, into, env, trace)) return true;
  into.mapping = undefined;
  into.path = '';
  into.query = undefined;
  return false;
}

function tryMapping(
  mapping: Mapping,
  host: Host,
  path: RequestPath,
  form: 'decoded' | 'encoded',
  into: MappingMatch,
  env: EnvLookup | undefined,
  trace: MappingTrace | undefined,
): boolean {
  if ((mapping.mode === 'decoded') !== (form === 'decoded')) return false;
  const found = applyMapping(mapping, path, host.allowEncodedSlashes === 'no-decode', env);
  const isSkipped = into.skipsWebSockets === true && isWebSocket(mapping.target);
  trace?.mappingTried(mapping, isSkipped ? undefined : found);
  if (found === undefined || isSkipped) return false;
  into.mapping = mapping;
  into.path = found;
  into.query = path.query;
  if (holdsQuery(mapping, path)) {
    const question = found.indexOf('?');
    into.query = question < 0 ? undefined : found.slice(question + 1);
    if (question >= 0) into.path = found.slice(0, question);
  }
  return true;
}

function isWebSocket(target: MappingTarget): boolean {
  return target.kind === 'proxy' && /^wss?:/i.test(target.authority);
}

/** All mappings of a host, those of its sections last. */
export function mappingsOf(host: Host): Mapping[] {
  const inSections = host.sections.locations.map((section) => section.settings.mapping);
  return [...host.mappings, ...inSections].filter((mapping) => mapping !== undefined);
}

/** Whether any mapping of the host or its sections looks at the encoded form. */
export function usesEncodedForm(host: Host): boolean {
  const encoded = (mapping: Mapping | undefined) => mapping !== undefined && mapping.mode !== 'decoded';
  return host.mappings.some(encoded) || host.sections.locations.some((section) => encoded(section.settings.mapping));
}

/**
 * Length of what a prefix matches at the start of a path, 0 when it does not: a run of slashes matches any run, and the
 * match ends at the end, before a slash, or after the slash that ends the prefix.
 */
export function matchPrefix(prefix: string, path: string): number {
  let p = 0;
  let at = 0;
  while (p < prefix.length) {
    if (at >= path.length) return 0;
    if (prefix[p] === '/') {
      if (path[at] !== '/') return 0;
      while (prefix[p] === '/') p++;
      while (path[at] === '/') at++;
    } else if (prefix.charCodeAt(p++) !== path.charCodeAt(at++)) return 0;
  }
  if (at < path.length && path[at] !== '/' && prefix[prefix.length - 1] !== '/') return 0;
  return at;
}

/** A segment of a path as servlets see it. */
interface ServletSegment {
  /** Without its parameters. */
  readonly name: string;
  /** Where what the last slash left over begins: empty segments, parameters alone and `.` belong to the next one. */
  readonly start: number;
  /** Where its parameters begin; -1 without any. */
  readonly parameters: number;
}

/**
 * The rest of a path after a prefix, comparing segments without their `;parameters`; undefined when it does not match.
 * Dot segments are resolved for the comparison, with parameters too (`..;x`). The last matched segment's parameters stay
 * when more follows.
 */
export function matchServlet(prefix: string, path: string): string | undefined {
  const wanted = prefix.split('/').filter((name) => name !== '');
  const segments: ServletSegment[] = [];
  /** Undefined right after a `..`. */
  let start: number | undefined = 1;
  let at = 1;
  let endsInSlash = true;
  for (const text of path.slice(1).split('/')) {
    const semicolon = text.indexOf(';');
    const name = semicolon < 0 ? text : text.slice(0, semicolon);
    const next: number = at + text.length + 1;
    endsInSlash = name === '' || name === '.' || name === '..';
    if (name === '..') {
      if (segments.pop() === undefined) return undefined;
      start = undefined;
    } else if (!endsInSlash) {
      let begin: number = start ?? at;
      while (path[begin] === '/') begin++;
      segments.push({ name, start: begin, parameters: semicolon < 0 ? -1 : at + semicolon });
      start = next;
    }
    at = next;
  }
  if (wanted.length > segments.length || wanted.some((name, i) => segments[i].name !== name)) return undefined;
  const isFolder = prefix.endsWith('/');
  if (isFolder && wanted.length > 0 && segments.length === wanted.length && !endsInSlash) return undefined;
  let rest = path.length;
  if (segments.length > wanted.length) {
    const parameters = isFolder || wanted.length === 0 ? -1 : segments[wanted.length - 1].parameters;
    rest = parameters >= 0 ? parameters : segments[wanted.length].start;
  }
  return path.slice(!isFolder && path[rest - 1] === '/' ? rest - 1 : rest);
}

/** Puts groups in the place of `$0` to `$9`; a backslash makes the next character literal. */
export function substitute(text: string, groups: RegExpExecArray): string {
  if (!text.includes('$') && !text.includes('\\')) return text;
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const next = text[i + 1];
    if (text[i] === '$' && next >= '0' && next <= '9') {
      result += groups[Number(next)] ?? '';
      i++;
    } else if (text[i] === '\\' && next !== undefined) result += text[++i];
    else result += text[i];
  }
  return result;
}

/** Puts variables in the place of `${NAME}`; an unset one leaves nothing. */
export function interpolate(text: string, env: EnvLookup): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => env(name) ?? '');
}

/** What a pattern makes of a path for Alias and Redirect: the target with the rest behind it, or the groups put in. */
export function applyPattern(pattern: MappingPattern, target: string, path: string): string | undefined {
  if (pattern.kind === 'regex') {
    const groups = pattern.regex.exec(path);
    return groups === null ? undefined : substitute(target, groups);
  }
  const length = matchPrefix(pattern.path, path);
  return length === 0 ? undefined : target + path.slice(length);
}

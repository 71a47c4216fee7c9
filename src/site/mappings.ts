// The story of mappings: ProxyPass, ProxyPassMatch and the ProxyPassReverse family, at server level and in Location.
// Source: modproxy.md §2, §4, §9; refusals as recorded (P-CONF-*, P-CFG-*).

import { textOf } from '../config/files.ts';
import { hasWildcards } from '../config/httpd/glob.ts';
import { compileRegex } from '../config/httpd/regex.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import { type DirectiveHandler, fail, takes, warn } from './arguments.ts';
import { newWorker } from './balancer-draft.ts';
import { balancerOf, findWorker, keyAndValue, setOnBalancer, setOnWorker } from './balancers.ts';
import type { MappingDraft, ReverseDraft, Scope, TargetDraft } from './draft.ts';
import type { Mapping, MappingPattern, ReverseRule } from './model.ts';
import { balancerName, looksLikeBalancer, parseWorkerUrl, type WorkerUrl } from './worker-url.ts';

/** Directives of this story, by name in lower case. */
export const MAPPING_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  proxypass: (node, scope) => addMapping(node, scope, false),
  proxypassmatch: (node, scope) => addMapping(node, scope, true),
  proxypassreverse: addReverse,
  proxypassreversecookiepath: (node, scope) => addCookieRule(node, scope, 'cookie-path'),
  proxypassreversecookiedomain: (node, scope) => addCookieRule(node, scope, 'cookie-domain'),
};

/** `ProxyPass [~] path url …`, in a section `ProxyPass url …`. */
function addMapping(node: DirectiveNode, scope: Scope, isMatch: boolean): void {
  const words = [...node.words];
  let isRegex = isMatch;
  const section = scope.section;
  if (section === undefined && !isMatch && words[0] === '~') {
    words.shift();
    isRegex = true;
  }
  const source = section === undefined ? words.shift() : section.argument;
  // In a section httpd takes what looks like a wildcard for a regular expression, whatever the section takes it for.
  isRegex ||= section !== undefined && hasWildcards(section.argument);
  const url = words.shift();
  if (source === undefined || url === undefined) {
    fail(node, scope, section === undefined ? 'needs a path and a URL' : 'needs a URL', 'argument-count');
    return;
  }
  if (section !== undefined && url.startsWith('/')) {
    fail(node, scope, `takes its path from ${section.title}; leave "${textOf(url)}" out`, 'path-in-section');
    return;
  }
  const pattern = readPattern(node, scope, source, isRegex);
  const options = readOptions(node, scope, words);
  if (pattern === undefined) return;
  if (section?.matcher.kind === 'regex' && !isRegex)
    warn(node, scope, `never matches within ${section.title}; use ProxyPassMatch there`, 'prefix-in-match');
  const target = readTarget(node, scope, url, isRegex, options);
  if (target === undefined) return;
  const mapping: MappingDraft = {
    place: node.place,
    pattern,
    target,
    nocanon: options.nocanon,
    noquery: options.noquery,
    interpolate: options.interpolate,
    mode: options.mode,
  };
  if (section === undefined) scope.host.mappings.push(mapping);
  else scope.settings.mapping = mapping;
}

function readPattern(node: DirectiveNode, scope: Scope, source: string, isRegex: boolean): MappingPattern | undefined {
  if (!isRegex) return { kind: 'prefix', path: source };
  const compiled = compileRegex(source);
  if (!compiled.ok)
    return fail(node, scope, `the regular expression ${textOf(source)} is wrong: ${compiled.problem}`, 'bad-regex');
  return { kind: 'regex', source, regex: compiled.regex };
}

interface MappingOptions {
  nocanon: boolean;
  noquery: boolean;
  interpolate: boolean;
  mode: Mapping['mode'];
  readonly parameters: { key: string; value: string }[];
}

function readOptions(node: DirectiveNode, scope: Scope, words: readonly string[]): MappingOptions {
  const options: MappingOptions = {
    nocanon: false,
    noquery: false,
    interpolate: false,
    mode: 'decoded',
    parameters: [],
  };
  for (const word of words) {
    const lower = word.toLowerCase();
    if (lower === 'nocanon' || lower === 'noquery' || lower === 'interpolate') options[lower] = true;
    else {
      const pair = keyAndValue(node, scope, word);
      if (pair === undefined) continue;
      if (pair.key.toLowerCase() !== 'mapping') options.parameters.push(pair);
      else if (/^encoded$/i.test(pair.value)) options.mode = 'encoded';
      else if (/^servlet$/i.test(pair.value)) options.mode = 'servlet';
      else fail(node, scope, `mapping= must be encoded or servlet, not "${textOf(pair.value)}"`, 'bad-parameter');
    }
  }
  return options;
}

/** A target that goes on with a group right behind its authority: `http://host:80$1`, `balancer://name$1`. */
const GROUP_AFTER_AUTHORITY = /^([a-z][a-z0-9+.-]*:\/\/[^/$?#]*[^/$?#.:-])(\$\d(?:[/?$].*)?)$/is;

function readTarget(
  node: DirectiveNode,
  scope: Scope,
  written: string,
  isRegex: boolean,
  options: MappingOptions,
): TargetDraft | undefined {
  if (written === '!') return { kind: 'none' };
  const split = isRegex ? GROUP_AFTER_AUTHORITY.exec(written) : null;
  const url = split === null ? written : split[1];
  const tail = split === null ? '' : split[2];
  if (looksLikeBalancer(url)) return balancerTarget(node, scope, url, tail, options);
  const parsed = parseWorkerUrl(url);
  if (!parsed.ok) return fail(node, scope, textOf(parsed.problem), 'bad-url');
  if (parsed.isServed && parsed.authority.includes('$')) {
    warn(node, scope, 'the request must not choose the backend host; such requests are answered 500', 'dynamic-host');
    return { kind: 'unavailable', url, status: 500, reason: 'the request would choose the backend host' };
  }
  return workerTarget(node, scope, url, parsed, tail, options.parameters);
}

/**
 * The backend of a rewrite rule with [P].
 * @param known the URL as far as nothing of the request stands in it
 * @param authority its beginning, up to the path
 */
export function readBackendUrl(
  node: DirectiveNode,
  scope: Scope,
  known: string,
  authority: string,
): TargetDraft | undefined {
  // A balancer that nobody defines is none: here, as in httpd, a rule makes none.
  if (looksLikeBalancer(known)) return { kind: 'balancer', name: balancerName(known) ?? '', authority, path: '' };
  const parsed = parseWorkerUrl(known);
  const plain = parseWorkerUrl(authority);
  if (!parsed.ok) return fail(node, scope, textOf(parsed.problem), 'bad-url');
  if (!plain.ok) return fail(node, scope, textOf(plain.problem), 'bad-url');
  const shared = findWorker(scope.host.workers, parsed.address.url);
  const target = workerTarget(node, scope, known, shared === undefined ? plain : parsed, '', []);
  return target.kind === 'worker'
    ? { ...target, name: parsed.address.url, authority: plain.authority, path: '' }
    : target;
}

function workerTarget(
  node: DirectiveNode,
  scope: Scope,
  url: string,
  parsed: Extract<WorkerUrl, { ok: true }>,
  tail: string,
  parameters: MappingOptions['parameters'],
): TargetDraft {
  const { address } = parsed;
  if (!parsed.isServed) {
    warn(
      node,
      scope,
      `${address.scheme}:// backends are not served; such requests are answered 500`,
      'scheme-not-served',
    );
    return { kind: 'unavailable', url, status: 500, reason: `no handler for ${address.scheme}` };
  }
  if (parsed.hadCredentials) warn(node, scope, 'user and password in the URL are not sent', 'credentials-ignored');
  const shared = findWorker(scope.host.workers, address.url);
  if (shared === undefined) {
    const worker = newWorker({ ...address, path: '' }, node.place);
    scope.host.workers.push(worker);
    for (const { key, value } of parameters) setOnWorker(node, scope, worker, key, value);
  } else if (parameters.length > 0) {
    const ignored = parameters.map(({ key, value }) => `${key}=${value}`).join(' ');
    warn(
      node,
      scope,
      `${textOf(ignored)} is ignored: the worker ${textOf(shared.address.url)} of line ${shared.place.line} serves this URL too; put the parameters there`,
      'worker-shared',
    );
  }
  return { kind: 'worker', name: address.url, authority: parsed.authority, path: parsed.rest + tail };
}

function balancerTarget(
  node: DirectiveNode,
  scope: Scope,
  url: string,
  tail: string,
  options: MappingOptions,
): TargetDraft | undefined {
  const balancer = balancerOf(node, scope, url);
  if (balancer === undefined) return undefined;
  for (const { key, value } of options.parameters) setOnBalancer(node, scope, balancer, key, value);
  const slash = url.indexOf('/', 'balancer://'.length);
  const end = slash < 0 ? url.length : slash;
  return { kind: 'balancer', name: balancer.name, authority: url.slice(0, end), path: url.slice(end) + tail };
}

/** `ProxyPassReverse [path] url [interpolate]`; `key=value`, which old texts show, is ignored with a warning. */
function addReverse(node: DirectiveNode, scope: Scope): void {
  const words = node.words.filter((word, index) => {
    if (index === 0 || !/^[A-Za-z]+=/.test(word)) return true;
    warn(
      node,
      scope,
      `${textOf(word)} means nothing here and is ignored; it belongs on ProxyPass`,
      'parameter-ignored',
    );
    return false;
  });
  const interpolate = words.at(-1)?.toLowerCase() === 'interpolate' && words.length > 1;
  if (interpolate) words.pop();
  const section = scope.section;
  if (section !== undefined && words.length === 2) {
    fail(node, scope, `takes its path from ${section.title}; leave "${textOf(words[0])}" out`, 'path-in-section');
    return;
  }
  const external = section === undefined ? words.shift() : section.argument;
  const internal = words.shift();
  if (words.length > 0)
    warn(node, scope, `"${textOf(words.join(' '))}" means nothing here and is ignored`, 'parameter-ignored');
  if (external === undefined || internal === undefined) {
    fail(node, scope, section === undefined ? 'takes a path and a URL' : 'takes a URL', 'argument-count');
    return;
  }
  add(scope, { kind: 'url', internal, external, interpolate, place: node.place });
}

function addCookieRule(node: DirectiveNode, scope: Scope, kind: ReverseRule['kind']): void {
  if (!takes(node, scope, 2, 3)) return;
  const [internal, external, third] = node.words;
  const interpolate = third?.toLowerCase() === 'interpolate';
  if (third !== undefined && !interpolate)
    warn(node, scope, `"${textOf(third)}" means nothing here and is ignored`, 'parameter-ignored');
  add(scope, { kind, internal, external, interpolate, place: node.place });
}

function add(scope: Scope, rule: ReverseDraft): void {
  scope.settings.reverseRules = [...(scope.settings.reverseRules ?? []), rule];
}

// The story of balancers: `<Proxy balancer://…>`, BalancerMember, ProxySet, ProxyHCExpr, ProxyHCTemplate, and finding or
// making the balancer or worker that a URL names. Rules of sharing as in httpd (modproxy.md §1, §2; P-SHARE-*, P-MAP-32).

import { textOf } from '../config/files.ts';
import type { ConfigNode, DirectiveNode } from '../config/httpd/tree.ts';
import { readWord } from '../config/httpd/words.ts';
import { type DirectiveHandler, fail, integer, unheeded, warn } from './arguments.ts';
import { type BalancerDraft, newBalancer, newWorker, type WorkerDraft } from './balancer-draft.ts';
import { setBalancerParameter } from './balancer-parameters.ts';
import type { HostDraft, Scope } from './draft.ts';
import { parseHealthExpression } from './health-expressions.ts';
import { unheededParameter } from './unheeded-parameters.ts';
import { HEALTH_KEYS, type ParameterContext, setWorkerParameter } from './worker-parameters.ts';
import { balancerName, looksLikeBalancer, parseWorkerUrl, servesUrl } from './worker-url.ts';

/** Directives of this story, by name in lower case. */
export const BALANCER_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  balancermember: balancerMember,
  proxyset: proxySet,
  proxyhcexpr: healthExpression,
  proxyhctemplate: healthTemplate,
  // A thread pool of httpd's: checks need none here.
  proxyhctpsize: (node, scope) => void integer(node, scope, 0, Number.MAX_SAFE_INTEGER),
};

/** The balancer of a `balancer:` URL, made when there is none; undefined (with an error) for one without a name. */
export function balancerOf(node: ConfigNode, scope: Scope, url: string): BalancerDraft | undefined {
  const name = balancerName(url);
  if (name === undefined) return fail(node, scope, `"${textOf(url)}" does not name a balancer; write balancer://name`);
  const found = scope.host.balancers.get(name);
  if (found !== undefined) return found;
  const made = newBalancer(name, node.place);
  scope.host.balancers.set(name, made);
  return made;
}

/** The worker of this host that serves a URL already: the longest whose name begins it. */
export function findWorker(workers: readonly WorkerDraft[], url: string): WorkerDraft | undefined {
  let best: WorkerDraft | undefined;
  for (const worker of workers)
    if (servesUrl(worker.address.url, url) && worker.address.url.length > (best?.address.url.length ?? 0))
      best = worker;
  return best;
}

/** Sets `key=value` on a balancer, reporting what is wrong. */
export function setOnBalancer(
  node: ConfigNode,
  scope: Scope,
  balancer: BalancerDraft,
  key: string,
  value: string,
): void {
  const problem = setBalancerParameter(balancer, key, value);
  if (problem !== undefined) fail(node, scope, textOf(problem), 'bad-parameter');
  else balancer.parameterPlaces.set(key.toLowerCase(), node.place);
}

/** Sets `key=value` on a worker, reporting what is wrong. */
export function setOnWorker(node: ConfigNode, scope: Scope, worker: WorkerDraft, key: string, value: string): void {
  const problem = setWorkerParameter(worker, key, value, parameterContext(scope));
  const unheard = problem === undefined ? unheededParameter(worker, key.toLowerCase()) : undefined;
  if (problem !== undefined) fail(node, scope, textOf(problem), 'bad-parameter');
  else if (unheard !== undefined) unheeded(node, scope, unheard);
}

/** Cuts `key=value`; undefined (with an error) when there is no `=`. */
export function keyAndValue(node: ConfigNode, scope: Scope, word: string): { key: string; value: string } | undefined {
  const equals = word.indexOf('=');
  if (equals > 0) return { key: word.slice(0, equals), value: word.slice(equals + 1) };
  const hint = word.startsWith('#') ? '; a comment needs a line of its own' : '';
  return fail(node, scope, `"${textOf(word)}" is not of the form key=value${hint}`, 'bad-parameter');
}

/** `k=v` that stand on `<Proxy url k=v …>` itself: they count after what is within. */
export function sectionParameters(node: ConfigNode, scope: Scope, url: string, words: readonly string[]): void {
  if (words.length === 0) return;
  if (!url.includes(':')) fail(node, scope, 'parameters need a URL before them');
  else for (const word of words) setOnUrl(node, scope, url, word, true);
}

function setOnUrl(node: ConfigNode, scope: Scope, url: string, word: string, mayMake: boolean): void {
  const pair = keyAndValue(node, scope, word);
  if (pair === undefined) return;
  if (looksLikeBalancer(url)) {
    const name = balancerName(url) ?? '';
    if (!mayMake && !scope.host.balancers.has(name)) {
      fail(node, scope, `there is no ${textOf(url)} here; define it before this line`, 'unknown-balancer');
      return;
    }
    const balancer = balancerOf(node, scope, url);
    if (balancer !== undefined) setOnBalancer(node, scope, balancer, pair.key, pair.value);
    return;
  }
  const worker = findWorkerByUrl(scope.host, url) ?? (mayMake ? makeWorker(node, scope, url) : undefined);
  if (worker !== undefined) setOnWorker(node, scope, worker, pair.key, pair.value);
  else if (!mayMake)
    fail(node, scope, `there is no worker for ${textOf(url)} here; define it before this line`, 'unknown-worker');
}

function findWorkerByUrl(host: HostDraft, url: string): WorkerDraft | undefined {
  const parsed = parseWorkerUrl(url);
  return parsed.ok ? findWorker(host.workers, parsed.address.url) : undefined;
}

/** Makes a direct worker of this host for a URL. */
function makeWorker(node: ConfigNode, scope: Scope, url: string): WorkerDraft | undefined {
  const parsed = parseWorkerUrl(url);
  if (!parsed.ok) return fail(node, scope, textOf(parsed.problem), 'bad-url');
  const worker = newWorker({ ...parsed.address, path: '' }, node.place);
  scope.host.workers.push(worker);
  return worker;
}

/** `BalancerMember [balancerurl] url [key=value …]`. */
function balancerMember(node: DirectiveNode, scope: Scope): void {
  const words = [...node.words];
  const section = scope.section;
  const target = section === undefined ? words.shift() : section.argument;
  const url = words.shift();
  if (target === undefined || url === undefined) {
    fail(node, scope, section === undefined ? 'needs a balancer and a URL' : 'needs a URL', 'argument-count');
    return;
  }
  const balancer = balancerOf(node, scope, target);
  const parsed = parseWorkerUrl(url);
  if (!parsed.ok) fail(node, scope, textOf(parsed.problem), 'bad-url');
  if (balancer === undefined || !parsed.ok) return;
  balancer.isDefined = true;
  if (parsed.hadCredentials) warn(node, scope, 'user and password in the URL are not sent', 'credentials-ignored');
  if (!parsed.isServed) {
    warn(
      node,
      scope,
      `${parsed.address.scheme}:// backends are not served; this member is left out`,
      'scheme-not-served',
    );
    return;
  }
  const shared = findWorker(balancer.members, parsed.address.url);
  if (shared !== undefined) {
    warn(
      node,
      scope,
      `shares the member ${textOf(shared.address.url)} of line ${shared.place.line}, whose URL begins this one${words.length > 0 ? `; ignored: ${textOf(words.join(' '))}` : ''}`,
      'worker-shared',
    );
    return;
  }
  const member = newWorker(parsed.address, node.place);
  balancer.members.push(member);
  for (const word of words) {
    const pair = keyAndValue(node, scope, word);
    if (pair !== undefined) setOnWorker(node, scope, member, pair.key, pair.value);
  }
}

/** `ProxySet [url] key=value …`. */
function proxySet(node: DirectiveNode, scope: Scope): void {
  const words = [...node.words];
  const inProxy = scope.section?.kind === 'proxy';
  const url = inProxy ? scope.section?.argument : words.shift();
  if (url === undefined) {
    fail(node, scope, 'needs a URL and key=value', 'argument-count');
    return;
  }
  for (const word of words) setOnUrl(node, scope, url, word, inProxy);
}

/** `ProxyHCExpr name {expression}`. */
function healthExpression(node: DirectiveNode, scope: Scope): void {
  const { word: name, next } = readWord(node.raw, 0);
  const rest = node.raw.slice(next);
  const text = rest.startsWith('{') ? rest.slice(1, Math.max(1, rest.lastIndexOf('}'))) : readWord(rest, 0).word;
  if (name === '' || text.trim() === '') {
    fail(node, scope, 'needs a name and an expression in braces', 'argument-count');
    return;
  }
  const parsed = parseHealthExpression(text.trim());
  if (!parsed.ok) {
    fail(node, scope, `${textOf(parsed.problem)} (at octet ${parsed.offset + 1} of the expression)`, 'bad-expression');
    return;
  }
  const all = scope.site.healthExpressions;
  let key = name;
  for (let n = 2; all.has(key) && all.get(key) !== text.trim(); n++) key = `${name}#${n}`;
  all.set(key, text.trim());
  scope.host.healthExpressions.set(name, key);
}

/** `ProxyHCTemplate name hc…=value …`. */
function healthTemplate(node: DirectiveNode, scope: Scope): void {
  const [name, ...words] = node.words;
  if (name === undefined) {
    fail(node, scope, 'needs a name', 'argument-count');
    return;
  }
  const probe = newWorker({ url: '', scheme: 'http', host: '', port: 0, path: '' }, node.place);
  const values: Record<string, string> = {};
  for (const word of words) {
    const pair = keyAndValue(node, scope, word);
    if (pair === undefined) continue;
    if (HEALTH_KEYS.has(pair.key.toLowerCase())) setOnWorker(node, scope, probe, pair.key, pair.value);
    else fail(node, scope, `a template holds ${[...HEALTH_KEYS].join(', ')}, not ${textOf(pair.key)}`, 'bad-parameter');
    values[pair.key.toLowerCase()] = pair.value;
  }
  scope.host.healthTemplates.set(name, values);
}

function parameterContext(scope: Scope): ParameterContext {
  const { host, site } = scope;
  return {
    healthExpression: (name) => host.healthExpressions.get(name) ?? site.main.healthExpressions.get(name),
    healthTemplate: (name) => host.healthTemplates.get(name) ?? site.main.healthTemplates.get(name),
  };
}

// The story of access rules: Require and its containers, Order, Allow, Deny, Satisfy; compiled to data that `access.ts`
// judges. What would keep somebody out and cannot be judged here is an error: nothing is opened by not understanding it.

import { parseRange } from '../../base/addresses.ts';
import { textOf } from '../../config/files.ts';
import type { ConfigNode, DirectiveNode, SectionNode } from '../../config/httpd/tree.ts';
import { choice, type DirectiveHandler, fail, restricts, takes, title, warn } from '../arguments.ts';
import type { Scope } from '../draft.ts';
import { readTextExpression, requireExpression } from '../expressions.ts';
import type { ClientMatch, Names, OrderRules, RequireLayer, RequireNode, Written } from '../model.ts';
import { methodOf, untilEmpty } from './access.ts';
import { AUTHENTICATION_HANDLERS } from './authentication.ts';
import { container, intersection, limited } from './method-limits.ts';

/** Directives of this story, by name in lower case. */
export const ACCESS_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  require: (node, scope) => addRequire(node, scope, readRequire(node, scope)),
  authmerging: (node, scope) => {
    const merging = choice(node, scope, ['off', 'and', 'or']);
    if (merging !== undefined) updateLayer(scope, { merging });
  },
  order,
  allow: (node, scope) => addClients(node, scope, 'allow'),
  deny: (node, scope) => addClients(node, scope, 'deny'),
  satisfy: (node, scope) => {
    const satisfy = choice(node, scope, ['all', 'any']);
    const before = scope.settings.access?.order?.satisfy ?? [];
    if (satisfy !== undefined) updateOrder(scope, { satisfy: [...before, { satisfy, limit: scope.limit }] });
  },
};

/** Sections of this story that hold Require lines. */
export const ACCESS_SECTIONS: Readonly<Record<string, (node: SectionNode, scope: Scope) => void>> = {
  requireall: (node, scope) => addRequire(node, scope, readContainer(node, scope)),
  requireany: (node, scope) => addRequire(node, scope, readContainer(node, scope)),
  requirenone: (node, scope) => addRequire(node, scope, readContainer(node, scope)),
};

/** Names, in lower case, of what decides who may enter; a section that is skipped must hold none of them. */
export const ACCESS_DIRECTIVES: ReadonlySet<string> = new Set([
  ...Object.keys(ACCESS_HANDLERS),
  ...Object.keys(ACCESS_SECTIONS),
  ...Object.keys(AUTHENTICATION_HANDLERS),
  'limit',
  'limitexcept',
]);

/** The scope within `<Limit>` or `<LimitExcept>`; undefined when its line is wrong. */
export function limitedScope(node: SectionNode, scope: Scope): Scope | undefined {
  if (!takes(node, scope, 1, Infinity)) return undefined;
  const isOnly = node.key === 'limit';
  if (isOnly && node.words.includes('TRACE'))
    return fail(node, scope, 'cannot speak of TRACE; see TraceEnable', 'bad-value');
  const methods = [...new Set(node.words.map(methodOf))];
  const limit = intersection(scope.limit, { kind: isOnly ? 'only' : 'except', methods });
  if (limit.kind === 'only' && limit.methods.length === 0)
    return fail(node, scope, 'leaves no method for what is within');
  if (limit.kind === scope.limit?.kind && limit.methods.length === scope.limit.methods.length)
    return fail(node, scope, 'says what the section around it says already');
  return { ...scope, limit };
}

// --- Require --------------------------------------------------------------------------------------------------------

function addRequire(source: ConfigNode, scope: Scope, node: RequireNode | undefined): void {
  if (node === undefined) return;
  refuseNegative(source, scope, node);
  const before = scope.settings.access?.requires;
  const children = before?.kind === 'any-of' ? before.children : [];
  const added = node.kind === 'any-of' ? node.children : [node];
  updateLayer(scope, { requires: container('any-of', [...children, ...added]) });
}

/** A section is one layer; sections are laid over each other later. */
function updateLayer(scope: Scope, change: Partial<RequireLayer>): void {
  const before = scope.settings.access?.layers?.[0] ?? { kind: layerKind(scope) };
  const layer: RequireLayer = { ...before, ...change };
  const { requires } = layer;
  scope.settings.access = {
    ...scope.settings.access,
    layers: [layer],
    ...(requires === undefined ? {} : { requires }),
  };
}

function layerKind(scope: Scope): RequireLayer['kind'] {
  const kind = scope.section?.kind ?? 'server';
  return kind === 'directory-match' ? 'directory' : kind === 'condition' ? 'if' : kind;
}

/** Containers within containers of their own kind, and `<RequireNone>` within `<RequireAll>`, are lists of their parent. */
function readContainer(node: SectionNode, scope: Scope): RequireNode | undefined {
  if (node.words.length > 0) fail(node, scope, 'takes no arguments', 'argument-count');
  if (node.children.length === 0) fail(node, scope, 'is empty; put Require lines into it');
  const isAll = node.key === 'requireall';
  const children: RequireNode[] = [];
  readChildren(node, scope, (source, child) => {
    if (!isAll) refuseNegative(source, scope, child);
    if (child.kind === (isAll ? 'all-of' : 'any-of')) children.push(...child.children);
    else children.push(child);
  });
  if (children.length === 0) return undefined;
  if (node.key === 'requirenone') return container('all-of', children.map(negated));
  return container(isAll ? 'all-of' : 'any-of', children);
}

function readChildren(section: SectionNode, scope: Scope, add: (source: ConfigNode, node: RequireNode) => void): void {
  for (const child of section.children) {
    if (child.kind === 'section' && child.key in ACCESS_SECTIONS) {
      const read = readContainer(child, scope);
      if (read !== undefined) add(child, read);
    } else if (child.kind === 'section' && isLimit(child)) {
      const inner = limitedScope(child, scope);
      if (inner !== undefined) readChildren(child, inner, add);
    } else if (child.kind === 'directive' && child.key === 'require') {
      const read = readRequire(child, scope);
      if (read !== undefined) add(child, read);
    } else fail(child, scope, `cannot stand in ${title(section)}; only Require can`, 'not-here');
  }
}

/** `<Limit>` or `<LimitExcept>`. */
export function isLimit(node: SectionNode): boolean {
  return node.key === 'limit' || node.key === 'limitexcept';
}

function negated(node: RequireNode): RequireNode {
  const { limit, written, ...child } = node;
  return { ...limited<RequireNode>({ kind: 'not', child }, limit), written };
}

/** Can keep somebody out, and let nobody in. */
function isNegative(node: RequireNode): boolean {
  return node.kind === 'not' || (node.kind === 'all-of' && node.children.every(isNegative));
}

/** Where one of several must let in, something that only keeps out has no say (as httpd refuses it). */
function refuseNegative(source: ConfigNode, scope: Scope, node: RequireNode): void {
  if (isNegative(node))
    fail(
      source,
      scope,
      'lets nobody in by itself; put it into <RequireAll> together with what does, such as "Require all granted"',
    );
}

function readRequire(node: DirectiveNode, scope: Scope): RequireNode | undefined {
  const words = [...node.words];
  const isNegated = words[0]?.toLowerCase() === 'not';
  if (isNegated) words.shift();
  const [provider, ...values] = words;
  if (provider === undefined)
    return fail(node, scope, 'needs to say who, such as `Require ip 10.0.0.0/8`', 'argument-count');
  const leaf = readProvider(node, scope, provider.toLowerCase(), values);
  if (leaf === undefined) return undefined;
  const line: RequireNode = { ...limited(leaf, scope.limit), written: written(node) };
  return isNegated ? negated(line) : line;
}

/** The line, for whoever is told that it decided. */
function written(node: DirectiveNode): Written {
  return { text: `${node.name} ${textOf(node.raw.trim())}`, place: node.place };
}

function readProvider(
  node: DirectiveNode,
  scope: Scope,
  provider: string,
  values: readonly string[],
): RequireNode | undefined {
  switch (provider) {
    case 'all': {
      const value = values[0]?.toLowerCase();
      if (values.length === 1 && value === 'granted') return { kind: 'granted' };
      if (values.length === 1 && value === 'denied') return { kind: 'denied' };
      return fail(node, scope, 'all must be followed by granted or denied');
    }
    case 'ip':
      return readIp(node, scope, values);
    case 'local':
      return { kind: 'local' };
    case 'valid-user':
      return { kind: 'valid-user' };
    case 'user':
    case 'group':
    case 'host':
    case 'forward-dns': {
      const names = readNames(node, scope, provider, values);
      return names && { kind: provider, names };
    }
    case 'env':
      if (values.length === 0) return fail(node, scope, 'env needs the name of a variable', 'argument-count');
      return { kind: 'env', names: values };
    case 'method':
      return readMethods(node, scope, values);
    case 'file-owner':
    case 'file-group':
      return restricts(node, scope, 'owners of files are not looked at');
    case 'expr': {
      const expression = requireExpression(node, scope, node.raw.replace(/^(?:not\s+)?expr\b/i, ''));
      const asksUser = /%\{REMOTE_USER\}/i.test(node.raw);
      return expression === undefined ? undefined : { kind: 'expression', expression, asksUser };
    }
    case 'ssl':
    case 'ssl-verify-client': {
      const text = provider === 'ssl' ? "%{HTTPS} == 'on'" : "%{SSL_CLIENT_VERIFY} == 'SUCCESS'";
      const expression = requireExpression(node, scope, text);
      return expression === undefined ? undefined : { kind: 'expression', expression, asksUser: false };
    }
    default:
      return restricts(node, scope, `there is nothing here that knows "${textOf(provider)}"`);
  }
}

/** Without any, nobody is let in. */
function readNames(
  node: DirectiveNode,
  scope: Scope,
  provider: 'user' | 'group' | 'host' | 'forward-dns',
  values: readonly string[],
): Names | undefined {
  const isHost = provider === 'host' || provider === 'forward-dns';
  if (values.some((value) => value.includes('%{')))
    return readTextExpression(node, scope, node.raw.replace(/^\s*(?:not\s+)?\S+\s+/i, '').trim());
  const names = untilEmpty(isHost ? untilComment(values) : values);
  if (names.length === 0) warn(node, scope, `${provider} names nobody, so nobody is let in by it`, 'nobody-named');
  return provider === 'user' ? names : names.map((name) => name.toLowerCase());
}

/** httpd takes what begins with `#` for a remark in these lines alone. */
function untilComment(values: readonly string[]): readonly string[] {
  const at = values.findIndex((value) => value.includes('#'));
  if (at < 0) return values;
  const rest = values[at].slice(0, values[at].indexOf('#'));
  return [...values.slice(0, at), ...(rest === '' ? [] : [rest])];
}

function readMethods(node: DirectiveNode, scope: Scope, values: readonly string[]): RequireNode | undefined {
  if (values.length === 0) return fail(node, scope, 'method needs a method', 'argument-count');
  const small = values.find((value) => value !== value.toUpperCase());
  if (small !== undefined) return fail(node, scope, `"${textOf(small)}" is no method: they are written in capitals`);
  return { kind: 'method', methods: values.map(methodOf) };
}

function readIp(node: DirectiveNode, scope: Scope, values: readonly string[]): RequireNode | undefined {
  if (values.length === 0) return fail(node, scope, 'ip needs an address', 'argument-count');
  const ranges = values.map((text) => parseRange(text));
  const wrong = values.find((_, i) => ranges[i] === undefined);
  if (wrong !== undefined)
    return fail(node, scope, `"${textOf(wrong)}" is no address or network; write 10.1, 10.1.0.0/16 or fe80::/10`);
  return { kind: 'ip', ranges: ranges.filter((range) => range !== undefined) };
}

// --- Order, Allow, Deny ---------------------------------------------------------------------------------------------

const NO_ORDER: OrderRules = { orders: [], allow: [], deny: [], satisfy: [] };

function updateOrder(scope: Scope, change: Partial<OrderRules>): void {
  const { access } = scope.settings;
  scope.settings.access = { ...access, order: { ...NO_ORDER, ...access?.order, ...change } };
}

function order(node: DirectiveNode, scope: Scope): void {
  const value = node.words.length === 1 ? node.words[0].toLowerCase() : '';
  const before = scope.settings.access?.order?.orders ?? [];
  if (value === 'deny,allow' || value === 'allow,deny' || value === 'mutual-failure')
    updateOrder(scope, { orders: [...before, { order: value, limit: scope.limit }] });
  else
    fail(
      node,
      scope,
      'must be one word: "allow,deny", "deny,allow" or "mutual-failure"; write no space after the comma',
    );
}

function addClients(node: DirectiveNode, scope: Scope, list: 'allow' | 'deny'): void {
  const [from, ...values] = node.words;
  if (from?.toLowerCase() !== 'from' || values.length === 0) {
    fail(node, scope, 'must be followed by "from" and who', 'argument-count');
    return;
  }
  const before = scope.settings.access?.order?.[list] ?? [];
  const clients = values.map((value) => readClient(node, scope, value)).filter((client) => client !== undefined);
  const line = (client: ClientMatch): ClientMatch => ({ ...limited(client, scope.limit), written: written(node) });
  updateOrder(scope, { [list]: [...before, ...clients.map(line)] });
}

function readClient(node: DirectiveNode, scope: Scope, value: string): ClientMatch | undefined {
  const lower = value.toLowerCase();
  if (lower === 'all') return { kind: 'all' };
  if (lower.startsWith('env=')) {
    const isNegated = value[4] === '!';
    return { kind: 'env', name: value.slice(isNegated ? 5 : 4), isNegated };
  }
  const range = parseRange(value);
  if (range !== undefined) return { kind: 'ip', range };
  if (value.includes('/') || value.includes('#'))
    return fail(node, scope, `"${textOf(value)}" is no address or network; write 10.1, 10.1.0.0/16 or fe80::/10`);
  return { kind: 'host', name: lower };
}

// The story of access rules: Require and its containers, Order, Allow, Deny, Satisfy; compiled to data that `access.ts`
// judges. What would keep somebody out and cannot be judged here is an error: nothing is opened by not understanding it.

import { parseRange } from '../base/addresses.ts';
import { textOf } from '../config/files.ts';
import type { ConfigNode, DirectiveNode, SectionNode } from '../config/httpd/tree.ts';
import { choice, type DirectiveHandler, fail, takes, title, warn } from './arguments.ts';
import type { Scope } from './draft.ts';
import type { AccessRules, ClientMatch, OrderRules, RequireNode } from './model.ts';

/** Directives of this story, by name in lower case. */
export const ACCESS_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  require: (node, scope) => addRequire(node, scope, readRequire(node, scope)),
  authmerging: (node, scope) => {
    const merging = choice(node, scope, ['Off', 'And', 'Or']);
    if (merging === 'And' || merging === 'Or') update(scope, { merging: merging === 'And' ? 'and' : 'or' });
  },
  authtype: (node, scope) => {
    if (takes(node, scope, 1, 1) && node.words[0].toLowerCase() !== 'none')
      restricts(node, scope, 'users are not asked who they are');
  },
  order,
  allow: (node, scope) => addClients(node, scope, 'allow'),
  deny: (node, scope) => addClients(node, scope, 'deny'),
  satisfy: (node, scope) => {
    const satisfy = choice(node, scope, ['All', 'Any']);
    if (satisfy !== undefined) updateOrder(scope, { satisfy: satisfy === 'Any' ? 'any' : 'all' });
  },
};

/** Sections of this story. */
export const ACCESS_SECTIONS: Readonly<Record<string, (node: SectionNode, scope: Scope) => void>> = {
  requireall: (node, scope) => addRequire(node, scope, readContainer(node, scope)),
  requireany: (node, scope) => addRequire(node, scope, readContainer(node, scope)),
  requirenone: (node, scope) => addRequire(node, scope, readContainer(node, scope)),
};

/** Names, in lower case, of what decides who may enter; a section that is skipped must hold none of them. */
export const ACCESS_DIRECTIVES: ReadonlySet<string> = new Set([
  ...Object.keys(ACCESS_HANDLERS),
  ...Object.keys(ACCESS_SECTIONS),
]);

/** Reports something that keeps people out and is not honoured. */
export function restricts(node: ConfigNode, scope: Scope, why: string): undefined {
  return fail(
    node,
    scope,
    `restricts access and is not honoured: ${why}; take it out or restrict access another way`,
    'restriction-not-honoured',
  );
}

// --- Require --------------------------------------------------------------------------------------------------------

function addRequire(source: ConfigNode, scope: Scope, node: RequireNode | undefined): void {
  if (node === undefined) return;
  refuseNegative(source, scope, node);
  const before = scope.settings.access?.requires;
  const children = before?.kind === 'any-of' ? before.children : [];
  update(scope, { requires: { kind: 'any-of', children: [...children, node] } });
}

function update(scope: Scope, change: Partial<AccessRules>): void {
  scope.settings.access = { ...scope.settings.access, ...change };
}

const CONTAINERS: Readonly<Record<string, 'all-of' | 'any-of' | 'none-of'>> = {
  requireall: 'all-of',
  requireany: 'any-of',
  requirenone: 'none-of',
};

function readContainer(node: SectionNode, scope: Scope): RequireNode {
  if (node.words.length > 0) fail(node, scope, 'takes no arguments', 'argument-count');
  const children: RequireNode[] = [];
  for (const child of node.children) {
    if (child.kind === 'section' && child.key in CONTAINERS) children.push(readContainer(child, scope));
    else if (child.kind === 'directive' && child.key === 'require') {
      const read = readRequire(child, scope);
      if (read !== undefined) children.push(read);
    } else fail(child, scope, `cannot stand in ${title(node)}; only Require can`, 'not-here');
  }
  const kind = CONTAINERS[node.key];
  if (children.length === 0 && node.children.length === 0) fail(node, scope, 'is empty; put Require lines into it');
  if (kind === 'all-of') {
    if (children.length > 0 && children.every(isNegative))
      fail(node, scope, 'holds nothing that lets anybody in; add "Require all granted" to it');
  } else for (const child of children) refuseNegative(node, scope, child);
  return { kind, children };
}

function isNegative(node: RequireNode): boolean {
  return node.kind === 'not' || node.kind === 'none-of';
}

/** Where one of several must let in, something that only keeps out has no say (as httpd refuses it). */
function refuseNegative(source: ConfigNode, scope: Scope, node: RequireNode): void {
  if (isNegative(node))
    fail(
      source,
      scope,
      'something that only keeps out has no effect here; put it into <RequireAll> with "Require all granted"',
    );
}

function readRequire(node: DirectiveNode, scope: Scope): RequireNode | undefined {
  const words = [...node.words];
  const isNegated = words[0]?.toLowerCase() === 'not';
  if (isNegated) words.shift();
  const [provider, ...values] = words;
  if (provider === undefined)
    return fail(node, scope, 'needs to say who, such as `Require ip 10.0.0.0/8`', 'argument-count');
  const leaf = readProvider(node, scope, provider.toLowerCase(), values, isNegated);
  if (leaf === undefined) return isNegated ? { kind: 'denied' } : undefined;
  return isNegated ? { kind: 'not', child: leaf } : leaf;
}

function readProvider(
  node: DirectiveNode,
  scope: Scope,
  provider: string,
  values: readonly string[],
  isNegated: boolean,
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
    case 'host':
      if (values.length === 0) return fail(node, scope, 'host needs a name', 'argument-count');
      if (isNegated) return restricts(node, scope, 'client addresses are not looked up');
      warnHost(node, scope, values);
      return { kind: 'host', names: values.map((name) => name.toLowerCase()) };
    case 'env':
      if (values.length === 0) return fail(node, scope, 'env needs the name of a variable', 'argument-count');
      return { kind: 'env', names: values };
    case 'method':
      if (values.length === 0) return fail(node, scope, 'method needs a method', 'argument-count');
      return { kind: 'method', methods: values.map((method) => method.toUpperCase()) };
    case 'expr':
    case 'forward-dns':
      return restricts(node, scope, `Require ${provider} is not evaluated`);
    default:
      return restricts(node, scope, `users and groups are not known here, so "${textOf(provider)}" cannot be checked`);
  }
}

function readIp(node: DirectiveNode, scope: Scope, values: readonly string[]): RequireNode | undefined {
  if (values.length === 0) return fail(node, scope, 'ip needs an address', 'argument-count');
  const ranges = values.map((text) => parseRange(text));
  const wrong = values.find((_, i) => ranges[i] === undefined);
  if (wrong !== undefined)
    return fail(node, scope, `"${textOf(wrong)}" is no address or network; write 10.1, 10.1.0.0/16 or fe80::/10`);
  return { kind: 'ip', ranges: ranges.filter((range) => range !== undefined) };
}

function warnHost(node: DirectiveNode, scope: Scope, names: readonly string[]): void {
  for (const name of names)
    if (name.toLowerCase() !== 'localhost')
      warn(
        node,
        scope,
        `client addresses are not looked up, so the host "${textOf(name)}" never matches; name its address`,
        'host-never-matches',
      );
}

// --- Order, Allow, Deny ---------------------------------------------------------------------------------------------

/** What httpd assumes of a section that has any of these directives. */
const ORDER_DEFAULT: OrderRules = { order: 'deny,allow', allow: [], deny: [], satisfy: 'all' };

function updateOrder(scope: Scope, change: Partial<OrderRules>): void {
  update(scope, { order: { ...ORDER_DEFAULT, ...scope.settings.access?.order, ...change } });
}

function order(node: DirectiveNode, scope: Scope): void {
  const value = node.words.length === 1 ? node.words[0].toLowerCase() : '';
  if (value === 'deny,allow' || value === 'allow,deny' || value === 'mutual-failure')
    updateOrder(scope, { order: value });
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
  const clients = values.map((value) => readClient(node, scope, value, list)).filter((client) => client !== undefined);
  updateOrder(scope, { [list]: [...before, ...clients] });
}

function readClient(node: DirectiveNode, scope: Scope, value: string, list: 'allow' | 'deny'): ClientMatch | undefined {
  const lower = value.toLowerCase();
  if (lower === 'all') return { kind: 'all' };
  if (lower.startsWith('env=')) {
    const isNegated = value[4] === '!';
    return { kind: 'env', name: value.slice(isNegated ? 5 : 4), isNegated };
  }
  const range = parseRange(value);
  if (range !== undefined) return { kind: 'ip', range };
  if (value.includes('/') || value.startsWith('#'))
    return fail(node, scope, `"${textOf(value)}" is no address or network; write 10.1, 10.1.0.0/16 or fe80::/10`);
  if (list === 'deny' && lower !== 'localhost') return restricts(node, scope, 'client addresses are not looked up');
  warnHost(node, scope, [value]);
  return { kind: 'host', name: lower };
}

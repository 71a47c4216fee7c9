// Sets of methods, as `<Limit>` and `<LimitExcept>` make them: some, or all but some. Closed under intersection and union.

import type { MethodLimit, RequireKind, RequireNode } from '../model.ts';

/** Methods that both speak of. @param outer undefined: all methods */
export function intersection(outer: MethodLimit | undefined, inner: MethodLimit): MethodLimit {
  if (outer === undefined) return inner;
  const has = (limit: MethodLimit) => (method: string) => limit.methods.includes(method) === (limit.kind === 'only');
  if (outer.kind === 'only') return { kind: 'only', methods: outer.methods.filter(has(inner)) };
  if (inner.kind === 'only') return { kind: 'only', methods: inner.methods.filter(has(outer)) };
  return { kind: 'except', methods: [...new Set([...outer.methods, ...inner.methods])] };
}

/** Methods that one of them speaks of; undefined: all. */
function union(a: MethodLimit, b: MethodLimit): MethodLimit | undefined {
  if (a.kind === 'only' && b.kind === 'only')
    return { kind: 'only', methods: [...new Set([...a.methods, ...b.methods])] };
  const [except, other] = a.kind === 'except' ? [a, b] : [b, a];
  const methods = except.methods.filter((method) => other.methods.includes(method) === (other.kind === 'except'));
  return methods.length === 0 ? undefined : { kind: 'except', methods };
}

/** A container speaks of those methods that something within speaks of. */
export function container(kind: 'all-of' | 'any-of', children: readonly RequireNode[]): RequireNode {
  const node: RequireKind = { kind, children };
  if (children.length === 0 || children.some((child) => child.limit === undefined)) return node;
  return limited(
    node,
    children
      .map((child) => child.limit)
      .reduce((a, b) => (a === undefined || b === undefined ? undefined : union(a, b))),
  );
}

/** Without the property where nothing is limited. */
export function limited<T extends object>(what: T, limit: MethodLimit | undefined): T & { limit?: MethodLimit } {
  return limit === undefined ? what : { ...what, limit };
}

// How the access rules of sections lie over each other: Require replaces Require unless AuthMerging joins them; Order,
// Allow, Deny and Satisfy replace each other as one; authentication is merged directive by directive.
// Source: documentation of mod_authz_core (AuthMerging), mod_access_compat, mod_authn_core; as observed on httpd.

import type { AccessRules, RequireLayer, RequireNode } from '../model.ts';
import { container } from './method-limits.ts';

/** @param base undefined: nothing was said so far */
export function mergeAccess(base: AccessRules | undefined, over: AccessRules | undefined): AccessRules | undefined {
  if (base === undefined || over === undefined) return over ?? base;
  const layers = [...(base.layers ?? []), ...(over.layers ?? [])];
  const { requires: _inherited, ...rest } = { ...base, ...over };
  const requires = fold(layers);
  return {
    ...rest,
    ...(requires === undefined ? {} : { requires }),
    ...(layers.length === 0 ? {} : { layers }),
    ...(base.authentication === undefined || over.authentication === undefined
      ? {}
      : { authentication: { ...base.authentication, ...over.authentication } }),
  };
}

/** Sections of one kind first become one, as httpd walks directories, files and locations one kind after the other. */
function fold(layers: readonly RequireLayer[]): RequireNode | undefined {
  let all: RequireLayer | undefined;
  let group: RequireLayer | undefined;
  for (const layer of layers) {
    if (group !== undefined && group.kind === layer.kind) group = join(group, layer);
    else {
      all = all === undefined ? group : join(all, group as RequireLayer);
      group = layer;
    }
  }
  return (all === undefined ? group : join(all, group as RequireLayer))?.requires;
}

function join(base: RequireLayer, over: RequireLayer): RequireLayer {
  const { kind, merging } = over;
  if (merging === undefined && over.requires === undefined) return { ...base, kind };
  if (merging === undefined || merging === 'off') return over;
  if (base.requires === undefined || over.requires === undefined) {
    const requires = base.requires ?? over.requires;
    return requires === undefined ? over : { kind, merging, requires };
  }
  const requires = container(merging === 'and' ? 'all-of' : 'any-of', [base.requires, over.requires]);
  return { kind, merging, requires };
}

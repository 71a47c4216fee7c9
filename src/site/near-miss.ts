// Why a mapping that looks as if it should take a path does not: for people who look for their mistake. Pure; it only
// asks `applyMapping` and `matchPrefix` again with the path or the rule changed a little. Place in the picture: `explain` prints it.

import { textOf } from '../config/files.ts';
import { applyMapping, matchPrefix } from './mapping.ts';
import type { Mapping, MappingTarget } from './model.ts';
import type { RequestPath } from './path.ts';

/** A reason in words; undefined when the mapping is not even near. Call it for mappings that do not match. */
export function nearMiss(mapping: Mapping, forms: RequestPath, query: string | undefined): string | undefined {
  const path = mapping.mode === 'decoded' ? forms.decoded : forms.encoded;
  const { pattern } = mapping;
  if (applyMapping(mapping, forms, false) !== undefined)
    return 'it takes WebSockets only, and the request does not ask for one';
  if (pattern.kind === 'regex') return nearRegex(pattern.regex, path, forms, query);
  const prefix = pattern.path;
  if (!prefix.startsWith('/')) return `its path ${textOf(prefix)} does not begin with a slash, so nothing fits it`;
  const bare = prefix.replace(/\/+$/, '');
  if (bare !== prefix && path === bare)
    return `it ends in a slash, so it takes what is below ${textOf(bare)} but not ${textOf(bare)} itself`;
  if (path.startsWith(prefix)) return `it ends at a whole name: ${textOf(nextName(path, prefix))} is another one`;
  if (matchPrefix(bare.toLowerCase(), path.toLowerCase()) > 0) return 'letter case differs, and it counts';
  if (matchPrefix(prefix, forms.raw) > 0) return `it fits the path as sent, but is compared with ${textOf(path)}`;
  if (path.includes(';') && matchPrefix(prefix, path.replace(/;[^/]*/g, '')) > 0)
    return 'a ;parameter stands in between; mapping=servlet looks past those';
  return undefined;
}

function nearRegex(regex: RegExp, path: string, forms: RequestPath, query: string | undefined): string | undefined {
  if (!regex.ignoreCase && new RegExp(regex.source, `${regex.flags}i`).test(path))
    return 'letter case differs, and it counts';
  if (query !== undefined && regex.test(`${path}?${query}`))
    return 'it would fit with the query, which is not compared';
  if (regex.test(forms.raw)) return `it fits the path as sent, but is compared with ${textOf(path)}`;
  return undefined;
}

/** The path up to the end of the name in which the prefix ends. */
function nextName(path: string, prefix: string): string {
  const end = path.indexOf('/', prefix.length);
  return end < 0 ? path : path.slice(0, end);
}

/** A mapping in one line, as `ProxyPass` has it: `/app/ -> balancer://c/`. */
export function mappingText({ pattern, target }: Mapping): string {
  return textOf(`${pattern.kind === 'prefix' ? pattern.path : `~ ${pattern.source}`} -> ${targetText(target)}`);
}

function targetText(target: MappingTarget): string {
  if (target.kind === 'none') return '!';
  return target.kind === 'proxy' ? target.authority + target.path : target.url;
}

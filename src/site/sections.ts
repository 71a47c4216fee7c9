// The story of sections: what Directory, Files, Location and Proxy match, and in which order they lie over each other.
// Source: httpd's documentation "Configuration Sections"; modproxy.md §4.14; recordings P-ACL-*, P-MAP-14, P-MAP-15.

import { posix } from 'node:path';
import { textOf } from '../config/files.ts';
import { compileGlob, hasWildcards } from '../config/httpd/glob.ts';
import { compileRegex } from '../config/httpd/regex.ts';
import type { SectionNode } from '../config/httpd/tree.ts';
import { fail, warn } from './arguments.ts';
import { sectionParameters } from './balancers.ts';
import type { Scope, SectionDraft, SectionKind } from './draft.ts';
import type { SectionMatcher } from './model.ts';

/** Sections that hold settings, by name in lower case. */
const KINDS: ReadonlyMap<string, { readonly kind: SectionKind; readonly isMatch: boolean }> = new Map([
  ['directory', { kind: 'directory', isMatch: false }],
  ['directorymatch', { kind: 'directory-match', isMatch: true }],
  ['files', { kind: 'files', isMatch: false }],
  ['filesmatch', { kind: 'files', isMatch: true }],
  ['location', { kind: 'location', isMatch: false }],
  ['locationmatch', { kind: 'location', isMatch: true }],
  ['proxy', { kind: 'proxy', isMatch: false }],
  ['proxymatch', { kind: 'proxy', isMatch: true }],
]);

export function isSettingsSection(key: string): boolean {
  return KINDS.has(key);
}

/**
 * Reads a section: makes its scope, lets `walk` read what is within, and puts the section where it belongs. Nothing is
 * kept of a section whose own line is wrong.
 */
export function readSection(node: SectionNode, scope: Scope, walk: (scope: Scope) => void): void {
  const { kind, isMatch } = KINDS.get(node.key) ?? { kind: 'location', isMatch: false };
  const words = [...node.words];
  const isRegex = isMatch || words[0] === '~';
  if (!isMatch && isRegex) words.shift();
  const [argument, ...rest] = words;
  if (argument === undefined) {
    fail(node, scope, 'needs an argument', 'argument-count');
    return;
  }
  if (rest.length > 0 && kind !== 'proxy') {
    fail(
      node,
      scope,
      `takes one argument, not "${textOf(words.join(' '))}"; put names with spaces in quotes`,
      'argument-count',
    );
    return;
  }
  const matcher = isRegex ? regexMatcher(node, scope, argument) : plainMatcher(node, scope, kind, argument);
  if (matcher === undefined) return;
  const section: SectionDraft = {
    kind: kind === 'directory' && isRegex ? 'directory-match' : kind,
    matcher,
    argument,
    title: `<${node.name} ${textOf(node.raw.trim())}>`,
    settings: {},
    place: node.place,
  };
  walk({ ...scope, section, settings: section.settings });
  if (kind === 'proxy') sectionParameters(node, { ...scope, section }, argument, rest);
  if (kind === 'files' && scope.section !== undefined)
    scope.settings.files = [...(scope.settings.files ?? []), section];
  else scope.host.sections.push(section);
}

function regexMatcher(node: SectionNode, scope: Scope, source: string): SectionMatcher | undefined {
  const compiled = compileRegex(source);
  if (!compiled.ok)
    return fail(node, scope, `the regular expression ${textOf(source)} is wrong: ${compiled.problem}`, 'bad-regex');
  return { kind: 'regex', source, regex: compiled.regex };
}

function plainMatcher(node: SectionNode, scope: Scope, kind: SectionKind, argument: string): SectionMatcher {
  switch (kind) {
    case 'location':
      if (hasWildcards(argument))
        return { kind: 'glob', source: argument, regex: compileGlob(argument, { pathname: true }) };
      return { kind: 'path', path: argument };
    case 'files':
      if (hasWildcards(argument)) return { kind: 'glob', source: argument, regex: compileGlob(argument) };
      return { kind: 'name', name: argument };
    case 'proxy':
      if (hasWildcards(argument)) return { kind: 'glob', source: argument, regex: compileGlob(argument) };
      return { kind: 'url-prefix', prefix: argument };
    default:
      return directoryMatcher(node, scope, argument);
  }
}

/** A directory's settings hold for everything below it, wildcards or not. */
function directoryMatcher(node: SectionNode, scope: Scope, argument: string): SectionMatcher {
  const written = textOf(argument);
  if (!written.startsWith('/'))
    warn(node, scope, `"${written}" is no absolute path and is taken from ServerRoot`, 'relative-directory');
  const path = posix.resolve(scope.site.serverRoot, written);
  if (!hasWildcards(path)) return { kind: 'path', path };
  const whole = compileGlob(path, { pathname: true }).source;
  return { kind: 'glob', source: path, regex: new RegExp(`${whole.slice(0, -1)}(?=/|$)`) };
}

/** Number of names in a directory section's path: fewer are merged earlier. */
export function directoryDepth(section: SectionDraft): number {
  const { matcher } = section;
  const path = matcher.kind === 'path' ? matcher.path : matcher.kind === 'glob' ? matcher.source : '';
  return path.split('/').filter((name) => name !== '').length;
}

// From the decoded path of a request to a file: Alias, AliasMatch, ScriptAlias, then DocumentRoot; and which paths are
// never served. Paths of requests are octets (latin1 view), paths of files are UTF-8.

import { statSync } from 'node:fs';
import { posix } from 'node:path';
import { autoAlias } from '../../site/jk/auto-alias.ts';
import type { AliasRule, AliasTarget, Host } from '../../site/model.ts';
import type { Asker } from '../../site/settings.ts';

export interface FileTarget {
  /** Absolute path of the file or folder. */
  readonly file: string;
  /** The mapped folder above it: what lies above this was chosen by the configuration, not by the client. */
  readonly root: string;
  /** Came from a ScriptAlias: a program, whose source must not be sent. */
  readonly isScript: boolean;
  /** The path must not be shown, and this is the answer. */
  readonly refusal?: 403 | 404;
  /** The path as it led here, where that is not the request's: without path parameters. Sections guard this one. */
  readonly path?: string;
  /** It is no folder, whatever the path of the request ends in: a rewrite rule named it. */
  readonly isPlain?: boolean;
}

/** What to do with a path because of its names alone: serve it, or answer with this status. */
export type PathVerdict = 0 | 403 | 404;

/** @returns undefined when the host maps the path to no file */
export function mapToFile(
  host: Pick<Host, 'aliasRules' | 'documentRoot' | 'jk'>,
  path: string,
): FileTarget | undefined {
  for (const rule of host.aliasRules) {
    const target = applyAlias(rule, path);
    if (target !== undefined) return target;
  }
  const root = host.jk?.autoAlias;
  const application = root === undefined ? undefined : applicationFile(root, path);
  if (application !== undefined) return application;
  if (host.documentRoot === undefined) return undefined;
  return { file: trimmed(host.documentRoot) + toFileName(path), root: host.documentRoot, isScript: false };
}

/** A file below JkAutoAlias. */
function applicationFile(root: string, path: string): FileTarget | undefined {
  const found = autoAlias(
    path,
    (name) =>
      !name.includes('\0') && statSync(root + toFileName(name), { throwIfNoEntry: false })?.isDirectory() === true,
  );
  if (found === undefined) return undefined;
  if (typeof found === 'number') return { file: root, root, isScript: false, refusal: found };
  return { file: root + toFileName(found), root, isScript: false, path: found };
}

/**
 * The file that an Alias without a path names for everything in its section; undefined when the text names none. What a
 * request brings into the text leads no way up.
 */
export function aliasTarget(alias: AliasTarget, site: { serverRoot: string }, asker: Asker): FileTarget | undefined {
  const text = toFileName(alias.file.text(asker.subject));
  const file = posix.resolve(site.serverRoot, text);
  const { word } = alias.file;
  const fixed =
    word.kind === 'literal'
      ? text
      : word.kind === 'joined' && word.parts[0].kind === 'literal'
        ? word.parts[0].text
        : '';
  const root = posix.resolve(site.serverRoot, fixed.slice(0, fixed.lastIndexOf('/') + 1));
  if (text === '' || text.includes('\0') || !`${file}/`.startsWith(root === '/' ? root : `${root}/`)) return undefined;
  return { file, root, isScript: alias.kind === 'script-alias' };
}

/** The prefix of the Alias that maps a path; '' for any other way. */
export function contextPrefix(host: Pick<Host, 'aliasRules'>, path: string): string {
  const rule = host.aliasRules.find((each) => applyAlias(each, path) !== undefined);
  return rule?.pattern.kind === 'prefix' ? rule.pattern.path.replace(/(?<=.)\/+$/, '') : '';
}

/**
 * Judges the names in a path: `.ht*` is forbidden as in every httpd.conf that is shipped, other names with a leading
 * dot do not exist (except `.well-known`, RFC 8615), and neither does a path with a NUL. What climbs is forbidden.
 */
export function judgePath(path: string): PathVerdict {
  if (path.includes('\0')) return 404;
  let verdict: PathVerdict = 0;
  for (let at = path.indexOf('/.'); at >= 0; at = path.indexOf('/.', at + 1)) {
    const end = path.indexOf('/', at + 1);
    const name = path.slice(at + 1, end < 0 ? path.length : end);
    if (name === '..' || name.startsWith('.ht')) return 403;
    if (name !== '.' && name !== '.well-known') verdict = 404;
  }
  return verdict;
}

/** Escapes a decoded path for a Location field: what may stand in a path stays (RFC 3986 §3.3). */
export function escapePath(path: string): string {
  return path.replace(
    /[^A-Za-z0-9$\-_.+!*'(),:;@&=/~]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function applyAlias(rule: AliasRule, path: string): FileTarget | undefined {
  const isScript = rule.kind === 'script-alias';
  const pattern = rule.pattern;
  if (pattern.kind === 'prefix') {
    const prefix = pattern.path;
    if (!path.startsWith(prefix)) return undefined;
    if (!prefix.endsWith('/') && path.length > prefix.length && path[prefix.length] !== '/') return undefined;
    return { file: rule.path + toFileName(path.slice(prefix.length)), root: rule.path, isScript };
  }
  const match = pattern.regex.exec(path);
  if (match === null) return undefined;
  const file = rule.path.replace(/\$(\d)/g, (_, group: string) => toFileName(match[Number(group)] ?? ''));
  const fixed = rule.path.replace(/\$\d.*$/s, '');
  return { file, root: fixed.slice(0, fixed.lastIndexOf('/') + 1) || '/', isScript };
}

function trimmed(folder: string): string {
  return folder.endsWith('/') ? folder.slice(0, -1) : folder;
}

/** Octets of a URL as the text of a file name; octets that are no UTF-8 name no file. */
function toFileName(octets: string): string {
  return /[\x80-\xff]/.test(octets) ? Buffer.from(octets, 'latin1').toString('utf8') : octets;
}

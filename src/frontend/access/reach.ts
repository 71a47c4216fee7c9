// -U and -F of expressions: whether the client of a request may also have another URL or file. The path goes through
// mapping, sections and access rules as one of its own would; nothing is answered and nothing is changed.
// Source: httpd's documentation of expressions; answers of httpd 2.4.71.

import { statSync } from 'node:fs';
import { octetsOf, textOf } from '../../config/files.ts';
import { isAllowed } from '../../site/access/access.ts';
import { findMapping, type MappingMatch } from '../../site/mapping.ts';
import type { DirectorySettings } from '../../site/model.ts';
import { newRequestPath, readPath } from '../../site/path.ts';
import { judgePath, mapToFile } from '../static/static-path.ts';
import { lendVisit, takeBackVisit, type Visit } from '../visit.ts';

/** Questions within questions, when what guards a URL asks about URLs itself. */
const DEPTH_MAX = 10;

/** @param target URL path or file, relative ones beside what the request asks for */
export function mayReach(visit: Visit, kind: 'url' | 'file', target: string): boolean {
  if (visit.depth >= DEPTH_MAX) return false;
  const probe = lendVisit(visit.exchange, visit.site);
  try {
    probe.depth = visit.depth + 1;
    probe.host = visit.host;
    probe.settings = visit.host.host.defaults;
    probe.clientName = visit.clientName;
    const settings = kind === 'url' ? ofUrl(probe, visit, target) : ofFile(probe, visit, target);
    return settings !== undefined && isAllowed(settings.access, probe);
  } finally {
    takeBackVisit(probe);
  }
}

function ofUrl(probe: Visit, visit: Visit, target: string): DirectorySettings | undefined {
  const question = target.indexOf('?');
  const path = beside(question < 0 ? target : target.slice(0, question), visit.forms.decoded);
  probe.query = question < 0 ? undefined : target.slice(question + 1);
  const { host, settings } = probe.host;
  if (!readPath(path, host, probe.forms, probe.query) || probe.forms.status !== 0) return undefined;
  const { decoded } = probe.forms;
  const located = settings.forPath(decoded, probe);
  const match: MappingMatch = { mapping: undefined, path: '', query: undefined };
  const mayProxy = visit.exchange.env?.has('no-proxy') !== true;
  if (mayProxy && findMapping(host, located, probe.forms, 'decoded', match)) {
    const found = match.mapping?.target;
    if (found?.kind === 'proxy') return settings.forProxied(decoded, found.authority + match.path, probe);
    if (found?.kind === 'unavailable') return undefined;
  }
  if (judgePath(decoded) !== 0) return undefined;
  const file = mapToFile(host, decoded);
  return file === undefined ? located : settings.forFile(file.path ?? decoded, file.file, probe);
}

function ofFile(probe: Visit, visit: Visit, target: string): DirectorySettings | undefined {
  const path = beside(target, visit.filename);
  try {
    if (!statSync(textOf(path)).isFile()) return undefined;
  } catch {
    // Not there, or not ours to see.
    return undefined;
  }
  Object.assign(probe.forms, newRequestPath()); // it has no URL
  return probe.host.settings.forFile('', textOf(path), probe);
}

/** A relative path in the folder of another one. */
function beside(path: string, other: string): string {
  return path.startsWith('/') ? path : octetsOf(textOf(other.slice(0, other.lastIndexOf('/') + 1) + path));
}

// Loading a configuration from text, and looking at it, for the tests of this room.

import assert from 'node:assert/strict';
import { MemoryFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { HostChooser } from '../../../src/site/host.ts';
import { type LoadedSite, type LoadOptions, loadSite } from '../../../src/site/load.ts';
import { findMapping, type MappingMatch } from '../../../src/site/mapping.ts';
import type { DirectorySettings, Host, Snapshot } from '../../../src/site/model.ts';
import { newRequestPath, readPath } from '../../../src/site/path.ts';
import { HostSettings } from '../../../src/site/settings.ts';

/** What every test's server has: line 1 to 3 of the file. */
const BASE = 'Listen 127.0.0.1:18000\nServerName www.example.test\nDocumentRoot /srv/htdocs\n';

/** Loads `text` behind the base lines: its first line is line 4 of /srv/httpd.conf. */
export function load(text: string, files: Record<string, string> = {}, options: Partial<LoadOptions> = {}): LoadedSite {
  const all = {
    '/srv/httpd.conf': `${BASE}${text}\n`,
    '/srv/htdocs/index.html': '',
    '/srv/logs/x': '',
    '/etc/hosts': '127.0.0.1 localhost\n10.9.8.7 named.host\n',
  };
  return loadSite({
    file: '/srv/httpd.conf',
    files: new MemoryFiles({ ...all, ...files }),
    environment: {},
    ...options,
  });
}

/** Loads and demands that it loads; warnings may be there. */
export function site(text: string, files: Record<string, string> = {}, options: Partial<LoadOptions> = {}): Snapshot {
  const { snapshot, findings } = load(text, files, options);
  assert.ok(snapshot, findings.map(formatFinding).join('\n'));
  return snapshot;
}

/** The main host of a text that loads. */
export function main(text: string): Host {
  return site(text).mainHost;
}

/** Findings as `severity code line`, lines counted from the text's own first. */
export function told(loaded: LoadedSite): string[] {
  return loaded.findings.map((one) => `${one.severity} ${one.code} ${Math.max(0, one.line - 3)}`);
}

/** The message of the only finding. */
export function onlyMessage(loaded: LoadedSite): string {
  assert.equal(loaded.findings.length, 1, loaded.findings.map(formatFinding).join('\n'));
  return loaded.findings[0].message;
}

/** Settings that hold for a path before it is known who answers. */
export function settingsAt(host: Host, path: string): DirectorySettings {
  return new HostSettings(host).forPath(path, undefined);
}

export interface Answer {
  readonly status: number;
  /** Path and query the backend gets, its member's path included. */
  readonly target?: string;
  /** The first member's port. */
  readonly port?: number;
}

/** What a request for `target` comes to, as far as mappings decide it; 404 when nothing is proxied. */
export function ask(snapshot: Snapshot, target: string, name?: string, env: Record<string, string> = {}): Answer {
  const question = target.indexOf('?');
  const raw = question < 0 ? target : target.slice(0, question);
  const host = new HostChooser(snapshot).choose('127.0.0.1', 18000, name ?? 'www.example.test');
  const settings = new HostSettings(host);
  const path = newRequestPath();
  const match: MappingMatch = { mapping: undefined, path: '', query: undefined };
  if (!readPath(raw, host, path, question < 0 ? undefined : target.slice(question + 1))) return { status: 400 };
  let found = findMapping(host, settings.forPath(path.encoded, undefined), path, 'encoded', match);
  if (!found && path.status !== 0) return { status: path.status };
  const located = settings.forPath(path.decoded, undefined);
  const lookUp = located.interpolateEnv === true ? (variable: string) => env[variable] : undefined;
  if (!found) found = findMapping(host, located, path, 'decoded', match, lookUp);
  const target_ = match.mapping?.target;
  if (!found || target_ === undefined || target_.kind === 'none') return { status: 404 };
  if (target_.kind === 'unavailable') return { status: target_.status };
  const [member] = snapshot.balancers.get(target_.balancer)?.members ?? [];
  if (member === undefined) return { status: 503 };
  return {
    status: 200,
    target: `${member.path}${match.path}${match.query === undefined ? '' : `?${match.query}`}`,
    port: member.port,
  };
}

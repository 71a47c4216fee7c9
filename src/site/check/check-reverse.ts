// ProxyPassReverse that does not undo ProxyPass: a redirect of the backend to the page that was asked for would send the
// client elsewhere. The rules themselves are asked, with a page below each mapping. Part of `check.ts`. Source:
// modproxy.md §9.

import type { MemberConfig } from '../../balancer/config.ts';
import { textOf } from '../../config/files.ts';
import type { Findings } from '../../config/finding.ts';
import { applyMapping, mappingsOf } from '../mapping.ts';
import type { DirectorySettings, Host, Mapping, ReverseRule, Snapshot } from '../model.ts';
import { newRequestPath, readPath } from '../path.ts';
import { reverseUrl } from '../reverse.ts';
import { HostSettings } from '../settings.ts';

/** A URL up to its path. */
const ROOT = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;
/** Stands for what the client calls us; no rule can be written for it. */
const ORIGIN = 'http://client.invalid';

export function checkReverse(host: Host, snapshot: Snapshot, findings: Findings): void {
  const settings = new HostSettings(host);
  for (const mapping of mappingsOf(host)) checkMapping(mapping, host, settings, snapshot, findings);
}

function checkMapping(
  mapping: Mapping,
  host: Host,
  hostSettings: HostSettings,
  snapshot: Snapshot,
  findings: Findings,
): void {
  const { pattern, target, place } = mapping;
  if (pattern.kind !== 'prefix' || target.kind !== 'proxy') return;
  const member = snapshot.balancers.get(target.balancer)?.members[0];
  const sample = `${pattern.path}${pattern.path.endsWith('/') ? '' : '/'}index.html`;
  const path = newRequestPath();
  if (member === undefined || !readPath(sample, host, path)) return;
  const sent = applyMapping(mapping, path, host.allowEncodedSlashes === 'no-decode');
  if (sent === undefined || sent === '') return;
  const settings = settingsAt(sample, target.authority + sent, hostSettings);
  const url = redirectOf(member, sent, settings);
  // What the backend is told of us, it says back to the client: nothing is to be undone but a path of its own.
  if (url === undefined) return;
  const rules = settings.reverseRules ?? [];
  const memberUrls = (key: string) => snapshot.balancers.get(key)?.members.map((each) => each.url) ?? [];
  const mapped = reverseUrl(url, rules, { origin: ORIGIN, memberUrls });
  const isDone = mapped === ORIGIN + sample;
  if (isDone) return;
  const mend = `ProxyPassReverse ${textOf(pattern.path)} ${mendedUrl(mapping, member)}`;
  if (mapped === undefined) {
    tellMissing(mapping, url, rules, member, mend, findings);
    return;
  }
  const rule = rules.find((each) => reverseUrl(url, [each], { origin: ORIGIN, memberUrls }) !== undefined);
  findings.warn(
    rule?.place ?? place,
    'ProxyPassReverse',
    'reverse-elsewhere',
    `a redirect to ${textOf(url)} reaches the client as ${textOf(mapped.replace(ORIGIN, ''))}, and ProxyPass on line ${place.line} of ${place.file} has it as ${textOf(sample)}; write ${mend}`,
  );
}

/** A default port does not stand in the URLs that a backend makes, and rules are compared letter by letter. */
function mendedUrl({ pattern, target }: Mapping, member: MemberConfig): string {
  if (target.kind !== 'proxy') return '';
  const root = target.isDirect ? ROOT.exec(member.url)?.[0] : undefined;
  const endsBare = target.path === '' && pattern.kind === 'prefix' && pattern.path.endsWith('/');
  return textOf((root ?? target.authority) + target.path + (endsBare ? '/' : ''));
}

function settingsAt(path: string, proxied: string, settings: HostSettings): DirectorySettings {
  return settings.needsProxiedUrl ? settings.forProxied(path, proxied, undefined) : settings.forPath(path, undefined);
}

/** URL by which a backend would name a page of its own; undefined where it uses the name that the client used. */
function redirectOf(member: MemberConfig, sent: string, settings: DirectorySettings): string | undefined {
  if ((member.scheme !== 'http' && member.scheme !== 'https') || settings.preserveHost === true) return undefined;
  if (member.unixSocket !== undefined) return undefined;
  const root = ROOT.exec(member.url)?.[0];
  return root === undefined ? undefined : root + member.path + sent;
}

/** No rule fits. One for the same path was meant to. */
function tellMissing(
  { place, pattern }: Mapping,
  url: string,
  rules: readonly ReverseRule[],
  member: MemberConfig,
  mend: string,
  findings: Findings,
): void {
  const near = rules.find((rule) => rule.kind === 'url' && pattern.kind === 'prefix' && rule.external === pattern.path);
  if (near !== undefined)
    findings.warn(
      near.place,
      'ProxyPassReverse',
      'reverse-misses',
      `${textOf(near.internal)} does not fit redirects of the backend, such as ${textOf(url)}, so they reach the client as they are; write ${mend}`,
    );
  else
    findings.note(
      place,
      'ProxyPass',
      'reverse-missing',
      `a redirect of the backend to ${textOf(url)} would reach the client as it is, with the name of ${textOf(member.host)}; add ${mend}`,
    );
}

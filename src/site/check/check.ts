// What is probably not meant in a configuration that loads: slashes that double or glue, sessions without routes,
// managers open to everybody, rules that are never reached. Place in the picture: floor 3; `check` prints it.
// Each trap is one that people fell into: modproxy.md §4, §6; wishes of peers' users.

import type { BalancerConfig } from '../../balancer/config.ts';
import { textOf } from '../../config/files.ts';
import { type Finding, Findings } from '../../config/finding.ts';
import { applyMapping, mappingsOf, matchPrefix } from '../mapping.ts';
import type { Host, Mapping, Snapshot } from '../model.ts';
import { newRequestPath, readPath } from '../path.ts';
import { upstreamTlsOf } from '../tls/upstream-tls-of.ts';
import { checkBalancer } from './check-balancers.ts';
import { checkExplaining } from './check-explaining.ts';
import { checkHealth } from './check-health.ts';
import { checkHeartbeats } from './check-heartbeats.ts';
import { checkJk } from './check-jk.ts';
import { checkManagers } from './check-managers.ts';
import { checkPackets } from './check-packets.ts';
import { checkReverse } from './check-reverse.ts';

/** Findings beyond those of loading. Pure: it looks at the Snapshot only. */
export function checkSite(snapshot: Snapshot): readonly Finding[] {
  const findings = new Findings();
  const mapped = new Set<string>();
  for (const host of [snapshot.mainHost, ...snapshot.hosts]) {
    for (const mapping of mappingsOf(host)) {
      if (mapping.target.kind !== 'proxy') continue;
      const balancer = snapshot.balancers.get(mapping.target.balancer);
      if (balancer === undefined) continue;
      mapped.add(mapping.target.balancer);
      checkSlashes(mapping, balancer, host, findings);
      checkUpstreamTls(mapping, balancer, host, findings);
    }
    checkHidden(host.mappings, findings);
    checkReverse(host, snapshot, findings);
    checkPackets(host, snapshot, findings);
    checkExplaining(host, findings);
    checkProxySections(host, findings);
    checkManagers(host, findings);
  }
  for (const [key, balancer] of snapshot.balancers) {
    if (balancer.policy === 'mod_proxy') checkBalancer(balancer, mapped.has(key), findings);
    checkHealth(snapshot, key, balancer, findings);
    checkHeartbeats(snapshot.server.heartbeat, balancer, findings);
  }
  checkReach(snapshot, findings);
  checkJk(snapshot, findings);
  return findings.list;
}

/** Members that TLS is spoken to, where it is switched off: every request to them is answered 500. */
function checkUpstreamTls(mapping: Mapping, balancer: BalancerConfig, host: Host, findings: Findings): void {
  const secure = balancer.members.find(({ scheme }) => scheme === 'https' || scheme === 'wss');
  if (secure === undefined || upstreamTlsOf(host, mapping)?.isEnabled === true) return;
  findings.warn(
    mapping.place,
    'ProxyPass',
    'tls-engine-off',
    `${textOf(secure.url)} needs SSLProxyEngine On in this host: requests are answered 500`,
  );
}

// --- slashes --------------------------------------------------------------------------------------------------------

/** Tries the mapping on a path and looks at what the backend would be asked for. */
function checkSlashes(mapping: Mapping, balancer: BalancerConfig, host: Host, findings: Findings): void {
  const { pattern, target } = mapping;
  if (pattern.kind !== 'prefix' || target.kind !== 'proxy') return;
  const sample = `${pattern.path}${pattern.path.endsWith('/') ? '' : '/'}index.html`;
  const path = newRequestPath();
  if (!readPath(sample, host, path)) return;
  const sent = applyMapping(mapping, path, host.allowEncodedSlashes === 'no-decode');
  if (sent === undefined || sent === '') return;
  for (const member of balancer.members) {
    const asked = `${member.path}${sent}`;
    const where = `${member.scheme}://${member.host}:${member.port}`;
    const told = `a request for ${textOf(sample)} asks ${textOf(where)} for ${textOf(asked)}`;
    if (asked.includes('//')) {
      if (member.path.endsWith('/'))
        findings.warn(
          member.place ?? mapping.place,
          'BalancerMember',
          'double-slash',
          `${told}: the member's URL ends in a slash and what follows begins with one; write ${textOf(member.url.replace(/\/+$/, ''))}`,
        );
      else
        findings.warn(
          mapping.place,
          'ProxyPass',
          'double-slash',
          `${told}: end path and URL alike, both with a slash or both without`,
        );
    } else if (pattern.path.endsWith('/') && !`${member.path}${target.path}`.endsWith('/')) {
      // Only httpd takes the path for a part of the host's name; whoever goes back to it should not be surprised.
      const isBare = member.path === '' && target.path === '';
      const why = isBare
        ? ', but httpd would glue host and path together; end the URL in a slash too'
        : ': the path ends in a slash and the URL does not; end both alike';
      findings.warn(mapping.place, 'ProxyPass', 'glued-path', told + why);
    }
  }
}

function checkProxySections(host: Host, findings: Findings): void {
  for (const { matcher, place } of host.sections.proxies)
    if (matcher.kind === 'url-prefix' && /^balancer:\/\/[^/]+\/+$/i.test(matcher.prefix))
      findings.note(
        place,
        '<Proxy>',
        'balancer-slash',
        `the slash at the end of ${textOf(matcher.prefix)} is no part of the balancer's name; leave it out, or members and access rules are easily given one too many`,
      );
}

// --- reach ----------------------------------------------------------------------------------------------------------

/** An earlier rule that takes every path of a later one. */
function checkHidden(mappings: readonly Mapping[], findings: Findings): void {
  for (const [i, later] of mappings.entries()) {
    if (later.pattern.kind !== 'prefix') continue;
    const { path } = later.pattern;
    const earlier = mappings.slice(0, i).find((mapping) => mapping.mode === later.mode && takes(mapping, path));
    if (earlier === undefined) continue;
    const rule = `the rule on line ${earlier.place.line} of ${earlier.place.file}`;
    if (isSameRule(earlier, later)) {
      findings.warn(later.place, 'ProxyPass', 'mapping-twice', `says again what ${rule} says; take one out`);
      continue;
    }
    const what = later.target.kind === 'none' ? 'excludes nothing' : 'is never reached';
    const isSamePath = earlier.pattern.kind === 'prefix' && earlier.pattern.path === path;
    const mend = isSamePath ? 'take one of them out' : 'put the longer path before it';
    findings.warn(
      later.place,
      'ProxyPass',
      'mapping-hidden',
      `${what}: ${rule} takes ${textOf(path)} ${isSamePath ? 'itself' : 'and all below it'} first; ${mend}`,
    );
  }
}

function isSameRule(a: Mapping, b: Mapping): boolean {
  const isSamePath = a.pattern.kind === 'prefix' && b.pattern.kind === 'prefix' && a.pattern.path === b.pattern.path;
  if (!isSamePath || a.target.kind !== b.target.kind) return false;
  if (a.target.kind === 'proxy' && b.target.kind === 'proxy')
    return a.target.balancer === b.target.balancer && a.target.path === b.target.path;
  return a.target.kind === 'none';
}

/** Names that no rule is written for: what takes them below a path takes all below it. */
const SAMPLES = ['', '/', '/k7q', '/k7q/w3.z9'];

/** Whether a rule takes a path and all below it. */
function takes({ pattern }: Mapping, path: string): boolean {
  if (pattern.kind === 'prefix') return matchPrefix(pattern.path, path) > 0;
  const bare = path.replace(/\/+$/, '');
  return SAMPLES.every((rest) => (bare === '' && rest === '') || pattern.regex.test(bare + rest));
}

/** Virtual hosts that no listener leads to, or that another of the same name hides. */
function checkReach(snapshot: Snapshot, findings: Findings): void {
  const names = new Map<string, Host>();
  for (const host of snapshot.hosts) {
    for (const { address, port } of host.addresses) {
      const shown = `${address ?? '*'}:${port ?? '*'}`;
      const isListened = snapshot.listens.some(
        (listen) =>
          (port === undefined || listen.port === port) &&
          (address === undefined || listen.address === undefined || listen.address === address),
      );
      if (!isListened)
        findings.warn(
          host.place,
          '<VirtualHost>',
          'host-not-listened',
          `no Listen line leads to ${shown}; add one or correct the address`,
        );
      const key = `${shown} ${host.serverName}`;
      const other = names.get(key);
      if (other !== undefined && other !== host && host.hasOwnServerName)
        findings.warn(
          host.place,
          '<VirtualHost>',
          'host-hidden',
          `the virtual host on line ${other.place.line} of ${other.place.file} has the same address and name ${textOf(host.serverName)} and takes all its requests`,
        );
      else names.set(key, host);
    }
  }
}

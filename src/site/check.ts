// What is probably not meant in a configuration that loads: slashes that double or glue, sessions without routes,
// managers open to everybody, rules that are never reached. Place in the picture: floor 3; `check` prints it.
// Each trap is one that people fell into: modproxy.md §4, §6; wishes of peers' users.

import type { BalancerConfig } from '../balancer/config.ts';
import { textOf } from '../config/files.ts';
import { type Finding, Findings } from '../config/finding.ts';
import { checkHealth } from './check-health.ts';
import { checkHeartbeats } from './check-heartbeats.ts';
import { checkManagers } from './check-managers.ts';
import { applyMapping, matchPrefix } from './mapping.ts';
import type { Host, Mapping, Snapshot } from './model.ts';
import { newRequestPath, readPath } from './path.ts';

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
    }
    checkHidden(host.mappings, findings);
    checkProxySections(host, findings);
    checkManagers(host, findings);
  }
  for (const [key, balancer] of snapshot.balancers) {
    if (balancer.policy !== 'direct') checkBalancer(balancer, mapped.has(key), findings);
    checkHealth(snapshot, key, balancer, findings);
    checkHeartbeats(snapshot.server.heartbeat, balancer, findings);
  }
  checkReach(snapshot, findings);
  return findings.list;
}

function mappingsOf(host: Host): Mapping[] {
  const inSections = host.sections.locations.map((section) => section.settings.mapping);
  return [...host.mappings, ...inSections].filter((mapping) => mapping !== undefined);
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
    } else if (pattern.path.endsWith('/') && !`${member.path}${target.path}`.endsWith('/'))
      findings.warn(
        mapping.place,
        'ProxyPass',
        'glued-path',
        `${told}: the path ends in a slash and the URL does not; end both alike`,
      );
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

// --- balancers ------------------------------------------------------------------------------------------------------

function checkBalancer(balancer: BalancerConfig, isMapped: boolean, findings: Findings): void {
  const place = balancer.place ?? { file: '', line: 0 };
  const name = `balancer://${textOf(balancer.name)}`;
  const { members } = balancer;
  if (isMapped && members.length === 0)
    findings.warn(place, '<Proxy>', 'balancer-empty', `${name} has no members: every request to it is answered 503`);
  const routes = new Map<string, string>();
  for (const member of members) {
    if (member.route === '') continue;
    const other = routes.get(member.route);
    if (other !== undefined)
      findings.warn(
        member.place ?? place,
        'BalancerMember',
        'route-twice',
        `the route ${textOf(member.route)} belongs to ${textOf(other)} too: all its sessions go to the first of them that is usable`,
      );
    else routes.set(member.route, member.url);
  }
  for (const member of members)
    if (member.redirect !== '' && !routes.has(member.redirect))
      findings.warn(
        member.place ?? place,
        'BalancerMember',
        'redirect-unknown',
        `no member of ${name} has the route ${textOf(member.redirect)}`,
      );
  if (isMapped && balancer.stickiness === undefined && routes.size > 0)
    findings.warn(
      place,
      '<Proxy>',
      'routes-without-stickiness',
      `members of ${name} have routes but sessions are not looked for; add stickysession=JSESSIONID|jsessionid to its ProxyPass or ProxySet`,
    );
  const withoutRoute = members.find((member) => member.route === '');
  if (balancer.stickiness !== undefined && members.length > 1 && withoutRoute !== undefined)
    findings.warn(
      withoutRoute.place ?? place,
      'BalancerMember',
      'stickiness-without-route',
      `has no route, so its sessions do not stay with it; add route= as the backend's jvmRoute says`,
    );
}

// --- reach ----------------------------------------------------------------------------------------------------------

/** An earlier rule that takes every path of a later one. */
function checkHidden(mappings: readonly Mapping[], findings: Findings): void {
  for (const [i, later] of mappings.entries()) {
    if (later.pattern.kind !== 'prefix') continue;
    const path = later.pattern.path;
    const earlier = mappings.slice(0, i).find((mapping) => mapping.mode === later.mode && takes(mapping, path));
    if (earlier !== undefined)
      findings.warn(
        later.place,
        'ProxyPass',
        'mapping-hidden',
        `is never reached: the rule on line ${earlier.place.line} of ${earlier.place.file} takes ${textOf(path)} and all below it first; put the longer path before it`,
      );
  }
}

function takes(mapping: Mapping, path: string): boolean {
  return mapping.pattern.kind === 'prefix' && matchPrefix(mapping.pattern.path, path) > 0;
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

// Finds managers and status pages that strangers may open: the rules in force there are judged for an address nobody
// has. Part of `check.ts`.

import { parseAddress } from '../../base/addresses.ts';
import { NO_SUBJECT } from '../../config/expression/expression.ts';
import { textOf } from '../../config/files.ts';
import type { Findings } from '../../config/finding.ts';
import { type AccessFacts, isAllowed } from '../access/access.ts';
import type { DirectorySettings, Host, Section } from '../model.ts';
import { HostSettings, mergeSettings } from '../settings.ts';

const MANAGERS: ReadonlySet<string> = new Set([
  'balancer-manager',
  'server-status',
  'jk-status',
  'server-info',
  'heartbeat',
]);

/** Addresses for documentation (RFC 5737, RFC 3849): somebody from outside. */
const STRANGERS: readonly AccessFacts[] = ['203.0.113.77', '2001:db8::77'].map((clientAddress) => ({
  clientAddress,
  serverAddress: '198.51.100.1',
  method: 'GET',
  hasEnv: () => false,
  clientHost: () => '',
  addressesOf: () => [],
  authenticate: () => ({ kind: 'refused' }),
  groupsOf: () => new Set(),
  subject: { ...NO_SUBJECT, clientAddress: parseAddress(clientAddress) },
}));

export function checkManagers(host: Host, findings: Findings): void {
  const settings = new HostSettings(host);
  for (const section of [...host.sections.locations, ...host.sections.directories, ...host.sections.files]) {
    const { handler } = section.settings;
    if (handler === undefined || !MANAGERS.has(handler)) continue;
    const inForce = inForceAt(section, host, settings);
    if (inForce.handler === handler && STRANGERS.some((stranger) => isAllowed(inForce.access, stranger)))
      findings.warn(
        section.place,
        'SetHandler',
        'manager-open',
        `everybody may open ${handler} at ${section.title}: add "Require local" or "Require ip …" there${hidden(host)}`,
      );
  }
}

/** Settings at the section's own path; where it has none, the section over the defaults. */
function inForceAt(section: Section, host: Host, settings: HostSettings): DirectorySettings {
  const { matcher } = section;
  if (matcher.kind !== 'path' || !host.sections.locations.includes(section))
    return mergeSettings(host.defaults, section.settings);
  if (host.documentRoot === undefined) return settings.forPath(matcher.path, undefined);
  const file = textOf(`${host.documentRoot}${matcher.path}`).replace(/(?<=.)\/+$/, '');
  return settings.forFile(matcher.path, file, undefined);
}

function hidden(host: Host): string {
  return host.id === 'main' ? '' : ` (virtual host ${textOf(host.id)})`;
}

// Finds managers and status pages that strangers may open. Part of `check.ts`.

import { textOf } from '../../config/files.ts';
import type { Findings } from '../../config/finding.ts';
import type { DirectorySettings, Host, Section } from '../model.ts';
import { HostSettings, mergeSettings } from '../settings.ts';
import { letsStrangersIn } from './strangers.ts';

const MANAGERS: ReadonlySet<string> = new Set([
  'balancer-manager',
  'server-status',
  'jk-status',
  'server-info',
  'heartbeat',
]);

export function checkManagers(host: Host, findings: Findings): void {
  const settings = new HostSettings(host);
  for (const section of [...host.sections.locations, ...host.sections.directories, ...host.sections.files]) {
    const { handler } = section.settings;
    if (handler === undefined || !MANAGERS.has(handler)) continue;
    const inForce = inForceAt(section, host, settings);
    if (inForce.handler === handler && letsStrangersIn(inForce.access))
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

/** The host, for a message, when it is not the main server. */
export function hidden(host: Host): string {
  return host.id === 'main' ? '' : ` (virtual host ${textOf(host.id)})`;
}

// What virtual hosts ask for and cannot have, because the address or the process decides: addresses without a
// certificate, logs and levels of the main server, connections of the address's first host. Looked for when everything is read.

import type { Place } from '../config/finding.ts';
import type { HostDraft, SiteDraft } from './draft.ts';
import { HostChooser } from './host.ts';
import type { Host, Listen, Snapshot } from './model.ts';

type Assembled = Omit<Snapshot, 'findings'>;

/** Adds findings for a site that was assembled from this draft. */
export function tellOverruled(site: SiteDraft, assembled: Assembled): void {
  const chooser = new HostChooser(assembled);
  tellPlain(site, assembled, chooser);
  for (const [i, draft] of site.hosts.entries()) {
    tellMainServer(site, draft);
    tellFirstHost(site, draft, assembled.hosts[i], assembled, chooser);
  }
  tellSharedMembers(site, assembled);
}

// --- addresses ------------------------------------------------------------------------------------------------------

/** What a host is asked for on behalf of a listener for all addresses. */
const ANY_ADDRESS = '0.0.0.0';

/** Hosts that may answer at an address, the one for names nobody has among them. */
function hostsAt({ address = ANY_ADDRESS, port }: Listen, chooser: HostChooser): readonly Host[] {
  return [...chooser.groupAt(address, port), chooser.choose(address, port, undefined)];
}

/** An address that is listened to for https and has no certificate speaks plain HTTP, in httpd too. */
function tellPlain(site: SiteDraft, assembled: Assembled, chooser: HostChooser): void {
  for (const listen of assembled.listens)
    if (
      listen.protocol === 'https' &&
      site.modules.has('ssl') &&
      hostsAt(listen, chooser).every((host) => host.tls === undefined)
    )
      site.findings.warn(
        listen.place,
        'Listen',
        'tls-missing',
        `no host here has a certificate, so port ${listen.port} speaks plain HTTP; give one SSLEngine On, or write "Listen ${shown(listen)} http" if plain is meant`,
      );
}

function shown({ address, port }: Listen): string {
  if (address === undefined) return String(port);
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

// --- the process and the connection ---------------------------------------------------------------------------------

function tellMainServer(site: SiteDraft, draft: HostDraft): void {
  const { choices } = draft;
  const main = site.main.choices;
  const warn = (directive: string, message: string) =>
    site.findings.warn(placeOf(site, draft, directive.toLowerCase()), directive, 'not-honoured', message);
  if (choices.errorLog !== undefined && choices.errorLog !== main.errorLog)
    warn(
      'ErrorLog',
      `there is one log for the events of all hosts, ${main.errorLog ?? 'standard error'}; write ErrorLog outside every VirtualHost`,
    );
  if (choices.logLevel !== undefined && choices.logLevel !== (main.logLevel ?? 'warn'))
    warn(
      'LogLevel',
      `there is one level for all hosts, ${main.logLevel ?? 'warn'}; write LogLevel outside every VirtualHost`,
    );
}

/** Which host is meant is known too late for these: those of the first host at the address hold. */
function tellFirstHost(
  site: SiteDraft,
  draft: HostDraft,
  host: Host,
  { listens }: Assembled,
  chooser: HostChooser,
): void {
  for (const listen of listens) {
    const hosts = hostsAt(listen, chooser);
    const first = hosts[hosts.length - 1];
    if (!hosts.includes(host) || first === host) continue;
    for (const [directive, key] of [
      ['KeepAlive', 'keepAlive'],
      ['MaxKeepAliveRequests', 'maxKeepAliveRequests'],
    ] as const)
      if (draft.choices[key] !== undefined && host[key] !== first[key])
        site.findings.warn(
          placeOf(site, draft, directive.toLowerCase()),
          directive,
          'not-honoured',
          `connections to ${shown(listen)} follow the first virtual host there (line ${first.place.line} of ${first.place.file}); write it in that one`,
        );
  }
}

/** ProxyIOBufferSize of a virtual host is for members of its own. */
function tellSharedMembers(site: SiteDraft, { mainHost, hosts }: Assembled): void {
  for (const [i, host] of hosts.entries()) {
    if (host.ioBufferSizeBytes === mainHost.ioBufferSizeBytes) continue;
    const mappings = [...host.mappings, ...host.sections.locations.map(({ settings }) => settings.mapping)];
    const isShared = mappings.some(
      (mapping) => mapping?.target.kind === 'proxy' && !mapping.target.balancer.startsWith(`${host.id}|`),
    );
    if (isShared)
      site.findings.warn(
        placeOf(site, site.hosts[i], 'proxyiobuffersize'),
        'ProxyIOBufferSize',
        'not-honoured',
        'backends that the main server defines keep its size; write iobuffersize= on them',
      );
  }
}

/** Where a directive of a host stands; where it is inherited, that of the main server; else the host. */
function placeOf(site: SiteDraft, draft: HostDraft, key: string): Place {
  return draft.places.get(key) ?? site.main.places.get(key) ?? draft.place;
}

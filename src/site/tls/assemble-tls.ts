// From drafts to the model, the part about TLS: what httpd assumes where nothing is said, and what a virtual host has
// from the main server. Place in the picture: `assemble.ts` calls it for each host.

import { TLS_VERSIONS } from '../../link/tls-versions.ts';
import type { HostDraft, SiteDraft } from '../draft.ts';
import { HostChooser } from '../host.ts';
import type { Host, Listen, TlsSettings } from '../model.ts';
import { checkTlsFiles, checkUpstreamTlsFiles, checkVerifyClaims } from './tls-check.ts';

/** Depth of a chain when SSLVerifyDepth says nothing: an issuer that is known. */
const VERIFY_DEPTH = 1;

/** TLS of one host; undefined when it has none. Listen lines with `https` switch it on where there is a certificate. */
export function assembleTls(draft: HostDraft, site: SiteDraft): TlsSettings | undefined {
  const merged = { ...site.main.tls, ...draft.tls };
  const certificates = merged.certificates ?? [];
  if (!(merged.isEnabled ?? (certificates.length > 0 && isListenedWithTls(draft, site)))) return undefined;
  if (certificates.length === 0)
    site.findings.error(
      draft.places.get('sslengine') ?? site.main.places.get('sslengine') ?? draft.place,
      'SSLEngine',
      'certificate-missing',
      'SSLEngine is On but no SSLCertificateFile is given',
    );
  return {
    certificates,
    // Keys and chains of the main server are for its certificates.
    keys: (draft.tls.certificates === undefined ? merged.keys : draft.tls.keys) ?? [],
    chain: draft.tls.certificates === undefined ? merged.chain : draft.tls.chain,
    protocols: merged.protocols ?? TLS_VERSIONS,
    ciphers: { upTo12: undefined, for13: undefined, ...site.main.tls.ciphers, ...draft.tls.ciphers },
    honorCipherOrder: merged.honorCipherOrder ?? false,
    sessionTickets: merged.sessionTickets ?? true,
    ticketKey: merged.ticketKey,
    verifyClient: merged.verifyClient ?? 'none',
    verifyDepth: merged.verifyDepth ?? VERIFY_DEPTH,
    authorities: merged.authorities ?? [],
    revocationLists: merged.checksRevocation === true ? (merged.revocationLists ?? []) : [],
  };
}

/** `Listen 443` and `Listen 8443 https`: as in httpd, such an address needs no SSLEngine. */
function isListenedWithTls(draft: HostDraft, site: SiteDraft): boolean {
  const listens = site.listens.filter((listen) => listen.protocol === 'https');
  return listens.some((listen) => draft.isMain || isReachedBy(draft, listen));
}

function isReachedBy({ addresses }: HostDraft, listen: Listen): boolean {
  return addresses.some(
    ({ address, port }) =>
      (port === undefined || port === listen.port) &&
      (address === undefined || listen.address === undefined || address === listen.address),
  );
}

/** Looks at the files of all hosts, and at what only the whole tells. @param now ms since 1970 */
export function checkTls(site: SiteDraft, hosts: readonly Host[], now: number): void {
  const drafts = [site.main, ...site.hosts];
  for (const [i, host] of hosts.entries()) {
    checkTlsFiles(site, host, now);
    checkVerifyClaims(site, drafts[i], host.tls);
    for (const settings of [host.defaults, ...host.sections.proxies.map((section) => section.settings)])
      checkUpstreamTlsFiles(site, settings.upstreamTls);
  }
}

/** What a host is asked for on behalf of a listener for all addresses. */
const ANY_ADDRESS = '0.0.0.0';

/**
 * Tells of addresses where hosts with and without TLS stand together. The first host decides what is spoken there; when
 * it has none, the address stays closed: nothing that is meant to be encrypted is answered in plain text.
 */
export function tellMixedAddresses(
  site: SiteDraft,
  snapshot: { listens: readonly Listen[]; mainHost: Host; hosts: readonly Host[] },
): void {
  const chooser = new HostChooser(snapshot);
  for (const listen of snapshot.listens) {
    const secured = mixedHost(chooser, listen);
    if (secured === undefined) continue;
    const first = chooser.choose(listen.address ?? ANY_ADDRESS, listen.port, undefined);
    site.findings.warn(
      secured.place,
      '<VirtualHost>',
      'tls-mixed',
      `has SSLEngine On, but the first virtual host at its address (line ${first.place.line} of ${first.place.file}) has not: httpd would answer for ${secured.serverName} in plain text; port ${listen.port} stays closed. Put a host with SSLEngine On first, or give this one an address of its own`,
    );
  }
}

/** A host with TLS behind a first host without; undefined when the address is of one kind. */
export function mixedHost(
  chooser: HostChooser,
  { address = ANY_ADDRESS, port }: Pick<Listen, 'address' | 'port'>,
): Host | undefined {
  if (chooser.choose(address, port, undefined).tls !== undefined) return undefined;
  return chooser.groupAt(address, port).find((host) => host.tls !== undefined);
}

// Certificates and keys as `check` and the start look at them: missing, mismatched or encrypted ones are errors at the
// line that names them, expired ones warnings. Place in the picture: floor 3, after everything is read.

import type { X509Certificate } from 'node:crypto';
import { parseAddress } from '../../base/addresses.ts';
import { textOf } from '../../config/files.ts';
import type { HostDraft, SiteDraft } from '../draft.ts';
import type { Host, TlsSettings, UpstreamTlsSettings, VerifyMode } from '../model.ts';
import { needsPassphrase, readPairs, readSources, readTicketKey, TlsFileProblem, type TlsPair } from './tls-files.ts';

/** Adds findings about the files of one host's TLS. @param now ms since 1970 */
export function checkTlsFiles(site: SiteDraft, host: Host, now: number): void {
  const { tls } = host;
  if (tls === undefined) return;
  attempt(site, 'SSLCertificateFile', () => {
    if (!arePresent(site, tls.certificates) || !arePresent(site, tls.keys)) return;
    for (const [number, file] of tls.certificates.entries())
      if (needsPassphrase(tls, number, site.files) && site.server.passPhraseProgram === undefined) {
        const key = tls.keys[number] ?? file;
        const mend = `write SSLPassPhraseDialog exec:/path/of/a/program, or take it off with: openssl pkey -in ${key.path}`;
        throw new TlsFileProblem(
          'key-encrypted',
          key,
          `the key in ${key.path} needs a passphrase, and nobody is asked; ${mend}`,
        );
      }
    // Programs are not run to check a configuration: an encrypted key is compared when it is used.
    for (const pair of readPairs(tls, site.files, () => undefined)) checkLeaf(site, host, pair, now);
  });
  attempt(site, 'SSLCACertificateFile', () => readSources(tls.authorities, 'certificates', site.files));
  attempt(site, 'SSLCARevocationFile', () => readSources(tls.revocationLists, 'revocation lists', site.files));
  attempt(site, 'SSLSessionTicketKeyFile', () => {
    if (tls.ticketKey !== undefined) readTicketKey(tls.ticketKey, site.files);
  });
  if (tls.verifyClient !== 'none' && tls.authorities.length === 0)
    site.findings.warn(
      host.place,
      'SSLVerifyClient',
      'no-authorities',
      'there is no SSLCACertificateFile, so no certificate of a client can be good',
    );
}

function checkLeaf(site: SiteDraft, host: Host, { leaf, file }: TlsPair, now: number): void {
  const tell = (code: string, message: string) => site.findings.warn(file.place, 'SSLCertificateFile', code, message);
  if (Date.parse(leaf.validTo) < now)
    tell('certificate-expired', `the certificate in ${file.path} has expired: ${leaf.validTo}; renew it`);
  else if (Date.parse(leaf.validFrom) > now)
    tell('certificate-not-yet-valid', `the certificate in ${file.path} is not valid before ${leaf.validFrom}`);
  if (host.hasOwnServerName && !namesHost(leaf, host.serverName))
    site.findings.note(
      file.place,
      'SSLCertificateFile',
      'certificate-other-name',
      `the certificate in ${file.path} does not name ${textOf(host.serverName)}: clients will not trust it`,
    );
}

function namesHost(leaf: X509Certificate, name: string): boolean {
  return (parseAddress(name) === undefined ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined;
}

/** Adds findings about files of TLS towards backends. */
export function checkUpstreamTlsFiles(site: SiteDraft, settings: UpstreamTlsSettings | undefined): void {
  if (settings === undefined) return;
  const { certificate, certificateChain, authorities = [], revocationLists = [] } = settings;
  attempt(site, 'SSLProxyMachineCertificateFile', () => {
    if (certificate === undefined || !arePresent(site, [certificate])) return;
    const pair = { certificates: [certificate], keys: [], chain: certificateChain };
    if (needsPassphrase(pair, 0, site.files))
      throw new TlsFileProblem('key-encrypted', certificate, `the key in ${certificate.path} must have no passphrase`);
    readPairs(pair, site.files, () => undefined);
  });
  attempt(site, 'SSLProxyCACertificateFile', () => readSources(authorities, 'certificates', site.files));
  attempt(site, 'SSLProxyCARevocationFile', () => readSources(revocationLists, 'revocation lists', site.files));
}

/** What is not there was told at its line already. */
function arePresent(site: SiteDraft, files: readonly { readonly path: string }[]): boolean {
  return files.every(({ path }) => site.files.kind(path) === 'file');
}

/** A file that this user may not read may have been read before, by root: only serving can tell. */
function attempt(site: SiteDraft, directive: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof TlsFileProblem)) throw error;
    const { at, code, message } = error;
    if (site.files.kind(at.path) === undefined) return;
    if (code === 'file-forbidden')
      site.findings.warn(at.place, directive, code, `${message}; it must be readable when the server starts`);
    else site.findings.error(at.place, directive, code, message);
  }
}

/** Strength of what a client is asked for. */
const STRENGTH: Readonly<Record<VerifyMode, number>> = { none: 0, 'optional-no-ca': 1, optional: 2, require: 3 };

/** SSLVerifyClient in a section: harmless where the host itself asks as much, refused where it does not. */
export function checkVerifyClaims(site: SiteDraft, draft: HostDraft, tls: TlsSettings | undefined): void {
  if (tls === undefined) return;
  for (const { mode, place, section } of draft.verifyClaims) {
    if (STRENGTH[mode] <= STRENGTH[tls.verifyClient]) continue;
    const wanted = mode === 'optional-no-ca' ? 'optional_no_ca' : mode;
    site.findings.error(
      place,
      'SSLVerifyClient',
      'restriction-not-honoured',
      `restricts access and is not honoured in ${section}: certificates are asked for when a connection begins, before a path is known; write SSLVerifyClient ${wanted} in the virtual host, or give the place a host of its own`,
    );
  }
}

// Chains of certificates: how long one is, and what OpenSSL's verdicts about it mean to mod_ssl's modes.

import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** Certificates in a chain; OpenSSL itself goes no deeper than 100. */
const CHAIN_MAX = 100;

/**
 * The peer's certificate, then its issuers up to a root, as far as the peer has sent them or we have them; empty when it
 * has sent none. Not by `getPeerX509Certificate`: in Node 24 that takes the chain off the connection.
 */
export function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at = socket.getPeerCertificate(true);
  while (at?.raw !== undefined && chain.length < CHAIN_MAX) {
    chain.push(new X509Certificate(at.raw));
    const issuer = at.issuerCertificate;
    if (issuer === undefined || issuer.fingerprint256 === at.fingerprint256) break;
    at = issuer;
  }
  return chain;
}

/**
 * Certificates above the peer's own in a chain that was found good. Node 24 does not show what a client has sent beside its
 * own: where the chain does not reach a root, it is at least one that was sent and a root.
 */
export function issuersIn(chain: readonly X509Certificate[]): number {
  const last = chain[chain.length - 1];
  return chain.length - 1 + (last.checkIssued(last) ? 0 : 2);
}

/** Errors of a chain that `optional-no-ca` forgives: all mean that nobody known has signed it. */
export const UNKNOWN_ISSUER: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

/** OpenSSL's words for the usual errors of a chain, which SSL_CLIENT_VERIFY repeats. */
export const CHAIN_ERRORS: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'unable to get issuer certificate'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
  ['CERT_UNTRUSTED', 'certificate not trusted'],
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  ['CERT_REVOKED', 'certificate revoked'],
  ['UNABLE_TO_GET_CRL', 'unable to get certificate CRL'],
]);

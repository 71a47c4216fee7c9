// The variables of mod_ssl, from the facts of a connection: for access logs, header values, expressions, and the
// environment that SSLOptions gives. Source: documentation of mod_ssl, and httpd 2.4.71 asked for each.

import type { TlsFacts } from './exchange.ts';
import { certificateVariable } from './tls-certificate.ts';

/** @returns undefined for a variable we do not have, and for all but HTTPS on a connection without TLS */
export function tlsVariable(tls: TlsFacts | undefined, name: string): string | undefined {
  if (name === 'HTTPS') return tls === undefined ? 'off' : 'on';
  if (tls === undefined) return undefined;
  switch (name) {
    case 'SSL_PROTOCOL':
      return tls.protocol;
    case 'SSL_CIPHER':
      return tls.cipher;
    case 'SSL_CIPHER_EXPORT':
      return 'false';
    case 'SSL_SECURE_RENEG':
      // A matter of TLS 1.2, where OpenSSL and every client of today agree on it (RFC 5746).
      return String(tls.protocol === 'TLSv1.2');
    case 'SSL_CIPHER_USEKEYSIZE':
    case 'SSL_CIPHER_ALGKEYSIZE':
      return tls.keySize === undefined ? undefined : String(tls.keySize);
    case 'SSL_COMPRESS_METHOD':
      return 'NULL';
    case 'SSL_SESSION_ID':
      return tls.sessionId;
    case 'SSL_SESSION_RESUMED':
      return tls.isResumed === true ? 'Resumed' : 'Initial';
    case 'SSL_TLS_SNI':
      return tls.serverName;
    case 'SSL_CLIENT_VERIFY':
      return tls.clientVerify ?? (tls.clientCertificate === undefined ? 'NONE' : 'SUCCESS');
    case 'SSL_VERSION_INTERFACE':
      return 'mod_ssl/2.4';
    case 'SSL_VERSION_LIBRARY':
      return `OpenSSL/${process.versions.openssl}`;
    default:
      return ofCertificate(tls, name);
  }
}

const CLIENT = 'SSL_CLIENT_';
const SERVER = 'SSL_SERVER_';
const CHAIN = 'CERT_CHAIN_';

function ofCertificate(tls: TlsFacts, name: string): string | undefined {
  if (name === 'SSL_CLIENT_CERT') return tls.clientCertificate;
  if (name.startsWith(CLIENT)) {
    const rest = name.slice(CLIENT.length);
    if (rest.startsWith(CHAIN)) return chainCertificate(tls, rest.slice(CHAIN.length));
    return certificateVariable(tls.clientChain?.[0], rest);
  }
  if (name.startsWith(SERVER)) return certificateVariable(tls.serverCertificate, name.slice(SERVER.length));
  return undefined;
}

/** Issuers, counted from 0 without the client's own certificate. */
function chainCertificate(tls: TlsFacts, index: string): string | undefined {
  return /^\d{1,3}$/.test(index) ? tls.clientChain?.[Number(index) + 1]?.toString() : undefined;
}

const STANDARD = (
  'SSL_TLS_SNI SSL_PROTOCOL SSL_CIPHER SSL_CIPHER_EXPORT SSL_CIPHER_USEKEYSIZE SSL_CIPHER_ALGKEYSIZE SSL_COMPRESS_METHOD ' +
  'SSL_SECURE_RENEG SSL_SESSION_ID SSL_SESSION_RESUMED SSL_CLIENT_VERIFY SSL_VERSION_INTERFACE SSL_VERSION_LIBRARY'
).split(' ');
const OF_CERTIFICATES = 'M_VERSION M_SERIAL V_START V_END V_REMAIN S_DN I_DN A_SIG A_KEY'.split(' ');
const OF_CLIENT = [...OF_CERTIFICATES, 'CERT_RFC4523_CEA'];
/** Parts of names, and alternative names per kind, that are given one variable each. */
const NAME_PARTS = 'C ST L O OU CN T I G S D UID Email'.split(' ');
const ALTERNATIVES = 'Email DNS'.split(' ');
const ALTERNATIVES_MAX = 100;

/** What `SSLOptions +StdEnvVars` and `+ExportCertData` put into the environment. */
export function* tlsEnvironment(
  tls: TlsFacts,
  wants: { readonly standard: boolean; readonly certificates: boolean },
): Iterable<readonly [name: string, value: string]> {
  for (const name of namesFor(tls, wants)) {
    const value = tlsVariable(tls, name);
    if (value !== undefined) yield [name, value];
  }
}

function* namesFor(tls: TlsFacts, wants: { readonly standard: boolean; readonly certificates: boolean }) {
  if (wants.standard) {
    yield* STANDARD;
    yield* certificateNames(tls, CLIENT, OF_CLIENT);
    yield* certificateNames(tls, SERVER, OF_CERTIFICATES);
  }
  if (!wants.certificates) return;
  yield 'SSL_SERVER_CERT';
  yield 'SSL_CLIENT_CERT';
  for (let i = 1; i < (tls.clientChain?.length ?? 0); i++) yield `${CLIENT}${CHAIN}${i - 1}`;
}

function* certificateNames(tls: TlsFacts, prefix: string, names: readonly string[]) {
  if ((prefix === CLIENT ? tls.clientChain?.[0] : tls.serverCertificate) === undefined) return;
  for (const name of names) yield prefix + name;
  for (const dn of ['S_DN', 'I_DN']) for (const part of NAME_PARTS) yield* untilMissing(tls, `${prefix}${dn}_${part}`);
  for (const kind of ALTERNATIVES)
    for (let i = 0; i < ALTERNATIVES_MAX; i++) {
      const name = `${prefix}SAN_${kind}_${i}`;
      if (tlsVariable(tls, name) === undefined) break;
      yield name;
    }
}

/** `X`, then `X_1`, `X_2` … while there are such; a second OU has the number 1. */
function* untilMissing(tls: TlsFacts, name: string) {
  yield name;
  for (let i = 1; i < ALTERNATIVES_MAX && tlsVariable(tls, `${name}_${i}`) !== undefined; i++) yield `${name}_${i}`;
}

// The variables of mod_ssl that access logs and header values ask for, from the facts of a connection.

import type { TlsFacts } from './exchange.ts';

/** @returns undefined for a variable we do not have, and for all but HTTPS on a connection without TLS */
export function tlsVariable(tls: TlsFacts | undefined, name: string): string | undefined {
  if (name === 'HTTPS') return tls === undefined ? 'off' : 'on';
  if (tls === undefined) return undefined;
  switch (name) {
    case 'SSL_PROTOCOL':
      return tls.protocol;
    case 'SSL_CIPHER':
      return tls.cipher;
    case 'SSL_CIPHER_USEKEYSIZE':
    case 'SSL_CIPHER_ALGKEYSIZE':
      return tls.keySize === undefined ? undefined : String(tls.keySize);
    case 'SSL_SESSION_ID':
      return tls.sessionId;
    case 'SSL_CLIENT_CERT':
      return tls.clientCertificate;
    case 'SSL_CLIENT_VERIFY':
      return tls.clientCertificate === undefined ? 'NONE' : 'SUCCESS';
    default:
      return undefined;
  }
}

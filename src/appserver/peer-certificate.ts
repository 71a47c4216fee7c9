// The client certificate that a front end passes on as PEM, in the shapes that applications know from Node's TLS
// sockets. Nothing is parsed before it is asked for.

import { X509Certificate } from 'node:crypto';
import type { TlsFacts } from '../listener/exchange.ts';

/** More text than any chain of real certificates has; longer ones are not parsed. */
const PEM_LENGTH_MAX = 64 * 1024;

/** The client's own certificate: the first of the chain. Undefined when there is none or it cannot be read. */
export function peerCertificate(tls: TlsFacts | undefined): X509Certificate | undefined {
  const pem = tls?.clientCertificate;
  if (pem === undefined || pem === '' || pem.length > PEM_LENGTH_MAX) return undefined;
  try {
    return new X509Certificate(pemText(pem));
  } catch {
    return undefined;
  }
}

/** A fronting server may have turned the line ends into spaces: a header field or an attribute holds no CR, LF. */
function pemText(pem: string): string {
  const match = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/.exec(pem);
  if (match === null) return pem;
  const base64 = match[1].replace(/\s+/g, '');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

// One certificate in the words of mod_ssl: what SSL_CLIENT_… and SSL_SERVER_… variables say of it. Forms of names and
// dates as httpd 2.4.71 gives them.

import type { X509Certificate } from 'node:crypto';

/** @param name what follows `SSL_CLIENT_` or `SSL_SERVER_` */
export function certificateVariable(certificate: X509Certificate | undefined, name: string): string | undefined {
  if (certificate === undefined) return undefined;
  switch (name) {
    case 'CERT':
      return certificate.toString();
    case 'M_SERIAL':
      return certificate.serialNumber;
    case 'M_VERSION':
      return '3';
    case 'V_START':
      return certificate.validFrom;
    case 'V_END':
      return certificate.validTo;
    case 'V_REMAIN':
      return String(Math.max(0, Math.floor((Date.parse(certificate.validTo) - Date.now()) / DAY_MS)));
    case 'S_DN':
      return wholeName(certificate.subject);
    case 'I_DN':
      return wholeName(certificate.issuer);
    case 'A_KEY':
      return KEY_NAMES.get(certificate.publicKey.asymmetricKeyType ?? '');
    case 'A_SIG':
      return (certificate as { signatureAlgorithm?: string }).signatureAlgorithm;
    case 'CERT_RFC4523_CEA':
      return `{ serialNumber ${BigInt(`0x${certificate.serialNumber}`)}, issuer rdnSequence:"${wholeName(certificate.issuer)}" }`;
    default:
      return partOf(certificate, name);
  }
}

const DAY_MS = 86_400_000;
/** OpenSSL's names of kinds of keys. */
const KEY_NAMES: ReadonlyMap<string, string> = new Map([
  ['rsa', 'rsaEncryption'],
  ['rsa-pss', 'rsassaPss'],
  ['dsa', 'dsaEncryption'],
  ['ec', 'id-ecPublicKey'],
  ['ed25519', 'ED25519'],
  ['ed448', 'ED448'],
]);
/** mod_ssl's abbreviations, where they are not OpenSSL's. */
const LONG_PARTS: ReadonlyMap<string, string> = new Map([
  ['Email', 'emailAddress'],
  ['T', 'title'],
  ['I', 'initials'],
  ['G', 'GN'],
  ['S', 'SN'],
  ['D', 'description'],
]);

/** `S_DN_CN`, `I_DN_OU_1`, `SAN_DNS_0` … */
function partOf(certificate: X509Certificate, name: string): string | undefined {
  const [, of, part, number = '0'] = /^([SI])_DN_([A-Za-z]+)(?:_(\d+))?$/.exec(name) ?? [];
  if (of !== undefined) {
    const lines = (of === 'S' ? certificate.subject : certificate.issuer)?.split('\n') ?? [];
    const prefix = `${LONG_PARTS.get(part) ?? part}=`;
    const line = lines.filter((other) => other.startsWith(prefix))[Number(number)];
    return line === undefined ? undefined : unescaped(line.slice(prefix.length));
  }
  const [, kind, index] = /^SAN_(Email|DNS)_(\d+)$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  return alternatives(certificate, kind === 'DNS' ? 'DNS:' : 'email:')[Number(index)];
}

function alternatives(certificate: X509Certificate, prefix: string): string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** Last part first, as RFC 4514 §2.1 has it. Node gives one part a line, escaped as there. */
function wholeName(lines: string | undefined): string {
  return lines?.split('\n').reverse().join(',') ?? '';
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, '$1');
}

// What each octet may be in an HTTP/1 message: one table of bits, so that the byte loops ask one question per octet.
// Sources: RFC 9110 §5.5, §5.6; RFC 9112 §3; the host alphabet is httpd's (its strict reading of RFC 3986 §3.2.2).

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;

/** tchar: methods, field names, parameters (RFC 9110 §5.6.2). */
export const TOKEN = 1;
/** field-vchar, SP and HTAB: field values and reason phrases (RFC 9110 §5.5). */
export const VALUE = 2;
/** Octets of a request target except `?`: visible ASCII and 0x80–0xFF, without `#` (as httpd). */
export const TARGET = 4;
/** Octets of a host name: letters, digits, `.`, `-`, `_` (as httpd). */
export const HOST = 8;

/** Bits by octet. */
export const OCTETS: Uint8Array = new Uint8Array(256);
/** Value of a hexadecimal digit by octet, 255 for any other octet. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255);

for (let octet = 0; octet < 256; octet++) {
  const letter = String.fromCharCode(octet);
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(letter)) OCTETS[octet] |= TOKEN;
  if (octet === HTAB || (octet >= SP && octet !== 0x7f)) OCTETS[octet] |= VALUE;
  if (octet > SP && octet !== 0x7f && letter !== '#' && letter !== '?') OCTETS[octet] |= TARGET;
  if (/[A-Za-z0-9._-]/.test(letter)) OCTETS[octet] |= HOST;
  if (/[0-9A-Fa-f]/.test(letter)) HEX[octet] = Number.parseInt(letter, 16);
}

/** Tells whether `bytes[start, end)` is `lower` in any letter case; `lower` holds letters in lower case, digits and `-`. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const octet = bytes[start + i];
    if (octet !== lower[i] && (octet < 0x41 || octet > 0x5a || (octet | 0x20) !== lower[i])) return false;
  }
  return true;
}

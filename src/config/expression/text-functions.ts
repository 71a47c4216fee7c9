// Functions of expressions that make one text of another. Texts are octets (latin1 view), and end where httpd's end: at a
// zero octet. Source: httpd's documentation, and answers of httpd 2.4.71.

import { createHash } from 'node:crypto';

/** By name in lower case. */
export const TEXT_FUNCTIONS: ReadonlyMap<string, (text: string) => string> = new Map([
  ['tolower', (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())],
  ['toupper', (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())],
  ['escape', escapeUrl],
  ['unescape', unescapeUrl],
  ['base64', (text) => Buffer.from(text, 'latin1').toString('base64')],
  ['unbase64', unbase64],
  ['md5', (text) => createHash('md5').update(text, 'latin1').digest('hex')],
  ['sha1', (text) => createHash('sha1').update(text, 'latin1').digest('hex')],
  ['ldap', escapeLdap],
]);

/** The text up to a zero octet. */
export function untilZero(text: string): string {
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}

/** `%hh` for what may not stand in the path of a URL; a percent sign is escaped too. */
function escapeUrl(text: string): string {
  return text.replace(/[^A-Za-z0-9$\-_.+!*'(),:@&=/~;]/g, (octet) => `%${hexDigits(octet)}`);
}

/** Empty when an escape is wrong or stands for a zero octet; escaped slashes stay as they are. */
function unescapeUrl(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})|%00/.test(text)) return '';
  return text.replace(/%([0-9A-Fa-f]{2})/g, (whole, digits: string) =>
    digits.toLowerCase() === '2f' ? whole : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Up to the first character that is none of the alphabet. */
function unbase64(text: string): string {
  const known = /^[A-Za-z0-9+/]*/.exec(text)?.[0] ?? '';
  return untilZero(Buffer.from(known, 'base64').toString('latin1'));
}

/** For names and filters alike (RFC 4514 §2.4, RFC 4515 §3), as httpd writes them. */
function escapeLdap(text: string): string {
  return text.replace(/[^\x20-\x7e]|[,+"\\<>;*()]/g, (octet) => `\\${hexDigits(octet)}`);
}

function hexDigits(octet: string): string {
  return octet.charCodeAt(0).toString(16).padStart(2, '0');
}

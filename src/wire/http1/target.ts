// Request targets and host-and-port, split into offsets (no substrings): origin, absolute, authority and asterisk form
// (RFC 9112 §3.2), and the value of a Host field (RFC 9110 §7.2) with the alphabet that httpd allows in host names.

import { equalsIgnoringCase, HEX, HOST, OCTETS } from './octets.ts';

/** `/path?query` */
export const ORIGIN_FORM = 0;
/** `http://host:port/path?query` */
export const ABSOLUTE_FORM = 1;
/** `host:port`, only of CONNECT */
export const AUTHORITY_FORM = 2;
/** `*`, only of OPTIONS */
export const ASTERISK_FORM = 3;

export type TargetForm = typeof ORIGIN_FORM | typeof ABSOLUTE_FORM | typeof AUTHORITY_FORM | typeof ASTERISK_FORM;

const SLASH = 0x2f;
const QUESTION = 0x3f;
const COLON = 0x3a;
const DOT = 0x2e;
const STAR = 0x2a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const HTTP = Buffer.from('http', 'latin1');
const HTTPS = Buffer.from('https', 'latin1');

/** A host name with an optional port, as offsets into what was read. */
export class Authority {
  /** First octet of the host; an IPv6 address includes its brackets. */
  hostStart = 0;
  hostEnd = 0;
  /** 1–65535, 0 when none was given. */
  port = 0;

  /** Reads `host [":" port]` which must fill `bytes[start, end)`; offsets become relative to `origin`. */
  read(bytes: Uint8Array, start: number, end: number, origin: number): boolean {
    const hostEnd = bytes[start] === OPEN_BRACKET ? ipv6End(bytes, start, end) : nameEnd(bytes, start, end);
    if (hostEnd < 0) return false;
    this.hostStart = start - origin;
    this.hostEnd = hostEnd - origin;
    this.port = 0;
    if (hostEnd === end) return true;
    // As httpd: a colon without digits and a port of zero are refused.
    if (bytes[hostEnd] !== COLON) return false;
    let port = 0;
    for (let i = hostEnd + 1; i < end; i++) {
      const digit = bytes[i] - 0x30;
      if (digit < 0 || digit > 9) return false;
      port = port * 10 + digit;
      if (port > 65535) return false;
    }
    this.port = port;
    return port > 0;
  }
}

/** A request target as offsets into its text; one object serves many requests. */
export class TargetParts {
  form: TargetForm = ORIGIN_FORM;
  /** The path, still encoded; empty in absolute form without one (which means `/`). */
  pathStart = 0;
  pathEnd = 0;
  /** First octet after `?`, -1 without a query. */
  queryStart = -1;
  /** Absolute form with `https`. */
  isSecure = false;
  /** Host and port; only of absolute and authority form. */
  readonly authority: Authority = new Authority();

  /** Splits a target that begins with `/`; `queryStart` is -1 or the octet after the first `?`. */
  setOrigin(length: number, queryStart: number): void {
    this.form = ORIGIN_FORM;
    this.pathStart = 0;
    this.pathEnd = queryStart < 0 ? length : queryStart - 1;
    this.queryStart = queryStart;
    this.isSecure = false;
  }

  /**
   * Splits any target in `bytes[start, end)`, whose octets must be allowed ones (`TARGET` and `?`). False when it has
   * none of the four forms, or a form that the method may not have.
   */
  read(bytes: Uint8Array, start: number, end: number, method: string): boolean {
    if (method === 'CONNECT') return this.#readAuthority(bytes, start, end);
    if (bytes[start] === SLASH) {
      const question = find(bytes, start, end, QUESTION);
      this.setOrigin(end - start, question === end ? -1 : question + 1 - start);
      return true;
    }
    if (bytes[start] === STAR) {
      this.form = ASTERISK_FORM;
      this.pathStart = 0;
      this.pathEnd = 1;
      this.queryStart = -1;
      this.isSecure = false;
      return end - start === 1 && method === 'OPTIONS';
    }
    return this.#readAbsolute(bytes, start, end);
  }

  /** As `read` for a target given as text, one character per octet; checks the characters too. */
  readText(target: string, method: string): boolean {
    const bytes = Buffer.from(target, 'latin1');
    for (let i = 0; i < bytes.length; i++) {
      if (target.charCodeAt(i) > 0xff || !isTargetOctet(bytes[i])) return false;
    }
    return bytes.length > 0 && this.read(bytes, 0, bytes.length, method);
  }

  #readAuthority(bytes: Uint8Array, start: number, end: number): boolean {
    this.form = AUTHORITY_FORM;
    this.pathStart = this.pathEnd = end - start;
    this.queryStart = -1;
    this.isSecure = false;
    return this.authority.read(bytes, start, end, start) && this.authority.port > 0;
  }

  #readAbsolute(bytes: Uint8Array, start: number, end: number): boolean {
    const colon = find(bytes, start, end, COLON);
    this.isSecure = equalsIgnoringCase(bytes, start, colon, HTTPS);
    if (!this.isSecure && !equalsIgnoringCase(bytes, start, colon, HTTP)) return false;
    if (bytes[colon + 1] !== SLASH || bytes[colon + 2] !== SLASH || colon + 3 > end) return false;
    const from = colon + 3;
    const question = find(bytes, from, end, QUESTION);
    const slash = find(bytes, from, question, SLASH);
    this.form = ABSOLUTE_FORM;
    this.pathStart = slash - start;
    this.pathEnd = question - start;
    this.queryStart = question === end ? -1 : question + 1 - start;
    // User information is refused with everything else that is not a host (RFC 9110 §4.2.4).
    return this.authority.read(bytes, from, slash, start);
  }
}

/** True for an octet that may stand in a request target. */
function isTargetOctet(octet: number): boolean {
  return octet > 0x20 && octet !== 0x7f && octet !== 0x23;
}

function find(bytes: Uint8Array, start: number, end: number, octet: number): number {
  let pos = start;
  while (pos < end && bytes[pos] !== octet) pos++;
  return pos;
}

/** End of a host name or IPv4 address; -1 when there is none or it holds two dots in a row. */
function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && (OCTETS[bytes[pos]] & HOST) !== 0) {
    if (bytes[pos] === DOT && pos + 1 < end && bytes[pos + 1] === DOT) return -1;
    pos++;
  }
  return pos === start ? -1 : pos;
}

/** End of `[` IPv6address `]` (RFC 3986 §3.2.2, without zone and future forms, as httpd); -1 when it is not one. */
function ipv6End(bytes: Uint8Array, start: number, end: number): number {
  let pos = start + 1;
  let groups = 0;
  let hasGap = false;
  let digits = 0;
  if (pos + 1 < end && bytes[pos] === COLON && bytes[pos + 1] === COLON) {
    hasGap = true;
    pos += 2;
  }
  for (;;) {
    const from = pos;
    while (pos < end && HEX[bytes[pos]] !== 255) pos++;
    digits = pos - from;
    if (pos >= end) return -1;
    if (bytes[pos] === DOT) {
      const after = ipv4End(bytes, from, end);
      if (after < 0 || bytes[after] !== CLOSE_BRACKET) return -1;
      groups += 2;
      return groups === 8 || (hasGap && groups < 8) ? after + 1 : -1;
    }
    if (digits > 4) return -1;
    if (digits > 0) groups++;
    if (bytes[pos] === CLOSE_BRACKET) {
      const endsInGap = digits === 0 && hasGap && bytes[pos - 1] === COLON && bytes[pos - 2] === COLON;
      if (digits === 0 && !endsInGap) return -1;
      return groups === 8 || (hasGap && groups < 8) ? pos + 1 : -1;
    }
    if (bytes[pos] !== COLON || digits === 0 || groups > 7) return -1;
    pos++;
    if (pos < end && bytes[pos] === COLON) {
      if (hasGap) return -1;
      hasGap = true;
      pos++;
    }
  }
}

/** End of four decimal numbers up to 255 with dots between them, -1 when they are not there. */
function ipv4End(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[pos++] !== DOT) return -1;
    const from = pos;
    let value = 0;
    while (pos < end && bytes[pos] >= 0x30 && bytes[pos] <= 0x39) value = value * 10 + bytes[pos++] - 0x30;
    if (pos === from || pos - from > 3 || value > 255) return -1;
  }
  return pos < end ? pos : -1;
}

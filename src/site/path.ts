// The path of a request as mappings and sections see it: dot segments resolved, slashes merged, `%xx` decoded, with
// httpd's answers for what must not pass. Pure; most paths need nothing done and come back as the same string.
// Source: modproxy.md §4.5, §4.9; RFC 3986 §5.2.4, §2.3; recordings P-MAP-08, P-MAP-11, P-MAP-22.

import type { EncodedSlashes } from './model.ts';

/** One request's path in its three forms, and what stands behind it. Reuse one object: `readPath` fills it. */
export interface RequestPath {
  /** As sent, without query; latin1 view. */
  raw: string;
  /** Query as sent, without `?`; undefined when there is none. */
  query: string | undefined;
  /** Still encoded, but dot segments resolved, slashes merged, unreserved characters decoded. */
  encoded: string;
  /**
   * Octets (latin1 view). With `no-decode` an encoded slash stays `%2F`, and so that it can be told from the text "%2F" an
   * encoded percent sign stays `%25`. Empty when `status` is not 0.
   */
  decoded: string;
  /** 0, or the answer: 404 unless a mapping takes the `encoded` form, 400 in any case. */
  status: 0 | 400 | 404;
}

export function newRequestPath(): RequestPath {
  return { raw: '', query: undefined, encoded: '', decoded: '', status: 0 };
}

export interface PathRules {
  readonly allowEncodedSlashes: EncodedSlashes;
  readonly mergeSlashes: boolean;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;

/**
 * Fills `into` from the path of a request target (origin form, without query). False when nothing may answer but 400:
 * the path leaves the root, does not begin with a slash, has a broken `%`, or holds what no path may.
 */
export function readPath(raw: string, rules: PathRules, into: RequestPath, query?: string): boolean {
  into.raw = raw;
  into.query = query;
  into.encoded = raw;
  into.decoded = raw;
  into.status = 0;
  if (isPlain(raw)) return true;
  const path = fromOneSlash(raw);
  const encoded = UNREADABLE.test(path) ? undefined : resolve(decodeUnreserved(path), rules.mergeSlashes, false);
  into.decoded = '';
  if (encoded === undefined) {
    into.status = 400;
    return false;
  }
  into.encoded = encoded;
  into.status = decodeStatus(encoded, rules.allowEncodedSlashes);
  // A slash that was decoded may have made a `..` that leads nowhere: httpd takes it out.
  if (into.status === 0)
    into.decoded = resolve(decode(encoded, rules.allowEncodedSlashes), rules.mergeSlashes, true) ?? '/';
  return true;
}

/**
 * The path as rules see it that run before it is decoded (Request_URI of SetEnvIf outside sections): as sent, but for its
 * beginning. Source: asked of httpd 2.4.71, with MergeSlashes On and Off.
 */
export function undecodedPath({ raw }: RequestPath): string {
  return fromOneSlash(raw);
}

/** Slashes at the very start are one, whatever MergeSlashes says: `//host/path` names no host in a request. */
function fromOneSlash(path: string): string {
  return path.startsWith('//') ? path.replace(/^\/+/, '/') : path;
}

/**
 * What sections and rules see of a path that was mapped in its encoded form, into `decoded`: without what servlets do not
 * look at, so that `/app/admin;x` is guarded as `/app/admin` is (as in httpd). An encoded slash that may not be decoded
 * stays as it is.
 * @returns whether it is another path than before
 */
export function settleEncoded(path: RequestPath, rules: PathRules, isServlet: boolean): boolean {
  const isWhole = path.status === 0;
  if (isWhole && !(isServlet && path.encoded.includes(';'))) return false;
  const plain = isServlet ? (resolve(path.encoded.replace(/;[^/]*/g, ''), true, true) ?? '/') : path.encoded;
  const decoded = decode(plain, isWhole ? rules.allowEncodedSlashes : 'no-decode');
  path.decoded = resolve(decoded, rules.mergeSlashes, true) ?? '/';
  path.status = 0;
  return true;
}

/** The path as rules and logs tell it: decoded, also where nothing may be served for it. */
export function shownPath({ status, decoded, encoded }: RequestPath): string {
  return status === 404 ? decode(encoded, 'on') : decoded;
}

/** What no path may hold: a fragment, NUL, a `%` that is not followed by two digits. */
const UNREADABLE = /[#\0]|%(?![0-9A-Fa-f]{2})/;

/** Nothing to decode, to merge or to resolve. */
function isPlain(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === PERCENT || code === 0x23 || code === 0) return false;
    if (code === SLASH) {
      const next = path.charCodeAt(i + 1);
      if (next === SLASH || next === DOT) return false;
    }
  }
  return true;
}

/**
 * Resolves `.` and `..`, merges slashes if asked; undefined when the path has no root, or leaves it and may not.
 * @param staysAtRoot a `..` at the root is dropped
 */
function resolve(path: string, mergeSlashes: boolean, staysAtRoot: boolean): string | undefined {
  if (path.charCodeAt(0) !== SLASH) return undefined;
  const segments: string[] = [];
  const parts = path.split('/');
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i];
    const isLast = i === parts.length - 1;
    if (part === '.' || part === '..') {
      if (part === '..' && segments.pop() === undefined && !staysAtRoot) return undefined;
      if (isLast) segments.push('');
    } else if (part !== '' || isLast || !mergeSlashes) segments.push(part);
  }
  return `/${segments.join('/')}`;
}

/** Decodes `%xx` of characters that never need it: letters, digits, `-`, `.`, `_`, `~`. */
function decodeUnreserved(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(/%([0-9A-Fa-f]{2})/g, (whole, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : whole;
  });
}

/** `%00`, and `%2F` where it is off, are 404. */
function decodeStatus(path: string, slashes: EncodedSlashes): 0 | 404 {
  return /%00/.test(path) || (slashes === 'off' && /%2f/i.test(path)) ? 404 : 0;
}

function decode(path: string, slashes: EncodedSlashes): string {
  if (!path.includes('%')) return path;
  return path.replace(/%([0-9A-Fa-f]{2})/g, (whole, hex: string) =>
    slashes === 'no-decode' && /^2[f5]$/i.test(hex) ? whole : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/**
 * Encodes octets that no request line may hold (controls, space, what is not ASCII) in a path that goes on as it was sent.
 */
export function sealPath(path: string): string {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f)
      return path.replace(
        /[^\x21-\x7e]/g,
        (char) => `%${(char.charCodeAt(0) & 255).toString(16).toUpperCase().padStart(2, '0')}`,
      );
  }
  return path;
}

/** By octet: 1 for what a backend gets literally (modproxy.md §4.7). */
const LITERAL: Uint8Array = literalOctets();

function literalOctets(): Uint8Array {
  const table = new Uint8Array(256);
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789$-_.+!*'(),;:@&=/~")
    table[char.charCodeAt(0)] = 1;
  return table;
}

/**
 * Encodes a decoded path for a backend. With `keepEncoded` a `%2F` or `%25` in it, which `no-decode` left there, stays.
 * The same string comes back when nothing needs encoding.
 */
export function encodePath(path: string, keepEncoded: boolean): string {
  let at = 0;
  while (at < path.length && LITERAL[path.charCodeAt(at) & 255] === 1) at++;
  if (at === path.length) return path;
  let result = path.slice(0, at);
  for (; at < path.length; at++) {
    const code = path.charCodeAt(at) & 255;
    if (LITERAL[code] === 1) result += path[at];
    else if (keepEncoded && code === PERCENT && /^%2[f5]$/i.test(path.slice(at, at + 3))) {
      result += path.slice(at, at + 3);
      at += 2;
    } else result += `%${code < 16 ? '0' : ''}${code.toString(16).toUpperCase()}`;
  }
  return result;
}

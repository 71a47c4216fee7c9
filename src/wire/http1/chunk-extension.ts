// The grammar of chunk extensions, one octet at a time (RFC 9112 §7.1.1):
// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ). Their meaning is nobody's: they are checked and lost.

import { CR, HTAB, OCTETS, SP, TOKEN, VALUE } from './octets.ts';

/** White space before a semicolon; nothing else may follow it. */
export const BEFORE_SEMICOLON = 0;
const BEFORE_NAME = 1;
const INSIDE_NAME = 2;
const AFTER_NAME = 3;
const BEFORE_VALUE = 4;
const INSIDE_VALUE = 5;
const INSIDE_QUOTES = 6;
const AFTER_BACKSLASH = 7;
const AFTER_QUOTES = 8;
/** The CR that ends the line has been taken. */
export const EXTENSION_END = 9;
/** The octet may not stand here. */
export const EXTENSION_BROKEN = 10;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** State after the octet that follows the chunk size. */
export function beginExtension(octet: number): number {
  return afterValue(octet);
}

/** State after one more octet. */
export function nextExtension(state: number, octet: number): number {
  const isBlank = octet === SP || octet === HTAB;
  const isToken = (OCTETS[octet] & TOKEN) !== 0;
  switch (state) {
    case BEFORE_SEMICOLON:
      return isBlank ? BEFORE_SEMICOLON : octet === SEMICOLON ? BEFORE_NAME : EXTENSION_BROKEN;
    case BEFORE_NAME:
      return isBlank ? BEFORE_NAME : isToken ? INSIDE_NAME : EXTENSION_BROKEN;
    case INSIDE_NAME:
      if (isToken) return INSIDE_NAME;
      if (isBlank) return AFTER_NAME;
      return octet === EQUALS ? BEFORE_VALUE : afterValue(octet);
    case AFTER_NAME:
      if (isBlank) return AFTER_NAME;
      return octet === EQUALS ? BEFORE_VALUE : octet === SEMICOLON ? BEFORE_NAME : EXTENSION_BROKEN;
    case BEFORE_VALUE:
      if (isBlank) return BEFORE_VALUE;
      return octet === QUOTE ? INSIDE_QUOTES : isToken ? INSIDE_VALUE : EXTENSION_BROKEN;
    case INSIDE_VALUE:
      return isToken ? INSIDE_VALUE : afterValue(octet);
    case INSIDE_QUOTES:
      if (octet === QUOTE) return AFTER_QUOTES;
      if (octet === BACKSLASH) return AFTER_BACKSLASH;
      return (OCTETS[octet] & VALUE) !== 0 ? INSIDE_QUOTES : EXTENSION_BROKEN;
    case AFTER_BACKSLASH:
      return (OCTETS[octet] & VALUE) !== 0 ? INSIDE_QUOTES : EXTENSION_BROKEN;
    case AFTER_QUOTES:
      return afterValue(octet);
    default:
      return EXTENSION_BROKEN;
  }
}

function afterValue(octet: number): number {
  if (octet === CR) return EXTENSION_END;
  if (octet === SEMICOLON) return BEFORE_NAME;
  return octet === SP || octet === HTAB ? BEFORE_SEMICOLON : EXTENSION_BROKEN;
}

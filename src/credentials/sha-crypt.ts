// The SHA methods of crypt, `$5$` and `$6$`: what `openssl passwd -5`, `-6` and `htpasswd -2`, `-5` write. Source: "Unix
// crypt using SHA-256 and SHA-512" (Drepper), with its test vectors in the tests.

import { createHash } from 'node:crypto';
import { encodeGroups } from './crypt-alphabet.ts';

const SALT_MAX_OCTETS = 16;

/** Three octets a third of the digest apart, turned by one place from group to group; what is left over comes last. */
function order(third: number, turn: number, rest: readonly number[]): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (let i = 0; i < third; i++) {
    const three = [i, i + third, i + 2 * third];
    const shift = (i * turn) % 3;
    groups.push([...three.slice(shift), ...three.slice(0, shift)]);
  }
  return [...groups, rest];
}

const METHODS = {
  sha256: { name: 'sha256', order: order(10, 2, [31, 30]) },
  sha512: { name: 'sha512', order: order(21, 1, [63]) },
} as const;

/** The encoded digest, which stands after the salt. @param rounds from 1000 on: the caller sees to it */
export function shaCrypt(password: Buffer, method: keyof typeof METHODS, salt: string, rounds: number): string {
  const salted = Buffer.from(salt.slice(0, SALT_MAX_OCTETS), 'latin1');
  const { name } = METHODS[method];
  const hash = (...parts: readonly Buffer[]): Buffer => {
    const state = createHash(name);
    for (const part of parts) state.update(part);
    return state.digest();
  };
  const inner = hash(password, salted, password);
  const first = createHash(name).update(password).update(salted).update(repeated(inner, password.length));
  for (let bits = password.length; bits > 0; bits >>= 1) first.update((bits & 1) === 1 ? inner : password);
  let result = first.digest();
  const p = repeated(hash(...Array.from({ length: password.length }, () => password)), password.length);
  const s = repeated(hash(...Array.from({ length: 16 + result[0] }, () => salted)), salted.length);
  for (let round = 0; round < rounds; round++) {
    const isOdd = (round & 1) === 1;
    const state = createHash(name).update(isOdd ? p : result);
    if (round % 3 !== 0) state.update(s);
    if (round % 7 !== 0) state.update(p);
    result = state.update(isOdd ? result : p).digest();
  }
  return encodeGroups(result, METHODS[method].order);
}

/** The octets over and over, up to a length. */
function repeated(octets: Buffer, length: number): Buffer {
  return Buffer.alloc(length, octets);
}

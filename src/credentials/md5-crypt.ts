// The MD5 method of crypt: `$apr1$` of htpasswd and `$1$` of old systems, which differ in that word alone. Weak today, but
// what htpasswd wrote for twenty years. Source: the algorithm as apr_md5.c and FreeBSD's crypt-md5 carry it out.

import { createHash } from 'node:crypto';
import { encodeGroups } from './crypt-alphabet.ts';

const ROUNDS = 1000;
const SALT_MAX_OCTETS = 8;
/** Which octets of the digest go into each group of four characters. */
const ORDER: readonly (readonly number[])[] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]];

/** The encoded digest, which stands after the salt. @param salt longer ones are cut, as everybody does */
export function md5Crypt(password: Buffer, magic: '$apr1$' | '$1$', salt: string): string {
  const salted = Buffer.from(salt.slice(0, SALT_MAX_OCTETS), 'latin1');
  const inner = digest(password, salted, password);
  const first = createHash('md5').update(password).update(magic).update(salted);
  for (let left = password.length; left > 0; left -= inner.length) first.update(inner.subarray(0, left));
  for (let bits = password.length; bits > 0; bits >>= 1)
    first.update((bits & 1) === 1 ? ZERO : password.subarray(0, 1));
  let result = first.digest();
  for (let round = 0; round < ROUNDS; round++) {
    const isOdd = (round & 1) === 1;
    const hash = createHash('md5').update(isOdd ? password : result);
    if (round % 3 !== 0) hash.update(salted);
    if (round % 7 !== 0) hash.update(password);
    result = hash.update(isOdd ? result : password).digest();
  }
  return encodeGroups(result, ORDER);
}

const ZERO = Buffer.alloc(1);

function digest(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

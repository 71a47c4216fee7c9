// The ways in which password files write a password, and whether a password is the one that was written. What cannot be
// verified, or only at a price that a client must not be able to make us pay, is refused with a reason for people.
// Source: documentation of htpasswd and "Password Formats"; crypt(5).

import { createHash, timingSafeEqual } from 'node:crypto';
import { compareSync } from 'bcryptjs';
import { md5Crypt } from './md5-crypt.ts';
import { shaCrypt } from './sha-crypt.ts';

/** Octets of a password; libcrypt takes no more either. */
export const PASSWORD_MAX_OCTETS = 512;
/** 2^cost rounds of bcrypt: this is a second or more of one core. */
const BCRYPT_COST_MAX = 15;
const SHA_ROUNDS_DEFAULT = 5000;
const SHA_ROUNDS_MIN = 1000;
const SHA_ROUNDS_MAX = 1_000_000;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MD5 = /^(\$apr1\$|\$1\$)([^$]*)\$([./A-Za-z0-9]{22})$/;
const SHA = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$]*)\$([./A-Za-z0-9]+)$/;
const SHA1 = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/;

/** What is wrong with a stored password; undefined when it can be verified. */
export function passwordProblem(stored: string): string | undefined {
  const bcrypt = BCRYPT.exec(stored);
  if (bcrypt !== null)
    return Number(bcrypt[1]) > BCRYPT_COST_MAX ? `a bcrypt cost above ${BCRYPT_COST_MAX} is too much work` : undefined;
  const sha = SHA.exec(stored);
  if (sha !== null) {
    if (sha[4].length !== (sha[1] === '5' ? 43 : 86)) return 'the hash is cut short';
    return Number(sha[2] ?? 0) > SHA_ROUNDS_MAX ? `more than ${SHA_ROUNDS_MAX} rounds are too much work` : undefined;
  }
  if (MD5.test(stored) || SHA1.test(stored)) return undefined;
  if (stored === '') return 'there is no password';
  if (/^[./A-Za-z0-9]{13}$/.test(stored))
    return 'traditional crypt (DES) looks at eight characters only and is not taken';
  if (stored.startsWith('$') || stored.startsWith('{')) return 'the hash is of a kind that is not known';
  return 'plain text is not taken';
}

/** Whether the password is the stored one; false for whatever `passwordProblem` objects to. Takes its time: a millisecond to a second. */
export function isPassword(password: Buffer, stored: string): boolean {
  if (password.length > PASSWORD_MAX_OCTETS || passwordProblem(stored) !== undefined) return false;
  if (BCRYPT.test(stored)) {
    // The library takes text; what is no UTF-8 has none that would give these octets.
    const text = password.toString('utf8');
    return Buffer.from(text, 'utf8').equals(password) && compareSync(text, stored);
  }
  const md5 = MD5.exec(stored);
  if (md5 !== null) return isSame(md5Crypt(password, md5[1] as '$apr1$' | '$1$', md5[2]), md5[3]);
  const sha = SHA.exec(stored);
  if (sha !== null) {
    const rounds = sha[2] === undefined ? SHA_ROUNDS_DEFAULT : Math.max(SHA_ROUNDS_MIN, Number(sha[2]));
    return isSame(shaCrypt(password, sha[1] === '5' ? 'sha256' : 'sha512', sha[3], rounds), sha[4]);
  }
  const sha1 = SHA1.exec(stored);
  return sha1 !== null && isSame(createHash('sha1').update(password).digest('base64'), sha1[1]);
}

function isSame(computed: string, stored: string): boolean {
  const a = Buffer.from(computed, 'latin1');
  const b = Buffer.from(stored, 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}

// How crypt writes digests: sixty-four characters, lowest bits first.

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Each group names octets of the digest, highest first: three become four characters, two three, one two. */
export function encodeGroups(digest: Buffer, groups: readonly (readonly number[])[]): string {
  let text = '';
  for (const group of groups) {
    let bits = 0;
    for (const index of group) bits = (bits << 8) | digest[index];
    for (let i = 0; i <= group.length; i++) {
      text += ALPHABET[bits & 63];
      bits >>>= 6;
    }
  }
  return text;
}

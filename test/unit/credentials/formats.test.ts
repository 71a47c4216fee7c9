// The ways in which passwords are written. The hashes come from htpasswd, openssl and crypt(3).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseGroupFile, parsePasswordFile } from '../../../src/credentials/password-file.ts';
import { isPassword, PASSWORD_MAX_OCTETS, passwordProblem } from '../../../src/credentials/password-format.ts';

const LONG = 'a very much longer text to encrypt.  This one even stretches over morethan one line.';

for (const [password, stored] of [
  ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['Hello world!', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    LONG,
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
] as const)
  test(`${stored.slice(0, 20)}… is the password it was made of, and no other`, () => {
    assert.equal(isPassword(Buffer.from(password), stored), true);
    assert.equal(isPassword(Buffer.from(`${password}x`), stored), false);
    assert.equal(isPassword(Buffer.alloc(0), stored), false);
  });

const users = parsePasswordFile(readFileSync(new URL('../../data/credentials/users', import.meta.url), 'latin1')).users;

for (const user of ['bea', 'apr', 'sha', 's256', 's512', 'md5'])
  test(`the password of ${user} is verified`, () => {
    const stored = users.get(user)?.stored ?? '';
    assert.equal(isPassword(Buffer.from(`${user}-pw`), stored), true);
    assert.equal(isPassword(Buffer.from(`${user}-p`), stored), false);
    assert.equal(isPassword(Buffer.from(stored), stored), false);
  });

test('passwords of every length up to the limit have their own hash', () => {
  // openssl passwd -apr1 -salt salt, of 15, 16 and 17 times x
  for (const [length, stored] of [
    [15, '$apr1$salt$ZOQKKHP2AQD5x/CJ0kfPd1'],
    [16, '$apr1$salt$42GgRr8OmikkTsNrO.jqf0'],
    [17, '$apr1$salt$xpAWqr1kD/BrQ8nCcK4s01'],
  ] as const)
    for (const other of [15, 16, 17])
      assert.equal(isPassword(Buffer.alloc(other, 'x'), stored), other === length, `${other} against ${length}`);
});

test('what is no UTF-8 is compared octet by octet where the method takes octets, and refused where it takes text', () => {
  const octets = Buffer.from([0xff, 0xfe]);
  assert.equal(isPassword(octets, '{SHA}1iY22MrsE/BOKEQqCm+hr+sCS7s='), true);
  assert.equal(isPassword(octets, users.get('bea')?.stored ?? ''), false);
});

for (const [stored, problem] of [
  ['', /no password/],
  ['secret', /plain text/],
  ['abHmYwzWPQJxg', /DES/],
  ['$y$j9T$abc$def', /not known/],
  ['{SSHA}abc', /not known/],
  ['{SHA}short', /not known/],
  ['$5$salt$short', /cut short/],
  [`$6$salt$${'x'.repeat(85)}`, /cut short/],
  [`$6$rounds=1000001$salt$${'x'.repeat(86)}`, /too much work/],
  [`$2y$16$${'x'.repeat(53)}`, /too much work/],
] as const)
  test(`"${stored.slice(0, 24)}" is not taken`, () => {
    assert.match(passwordProblem(stored) ?? '', problem);
    assert.equal(isPassword(Buffer.from(stored), stored), false);
  });

test('a password that is too long is wrong, and costs nothing', () => {
  assert.equal(isPassword(Buffer.alloc(PASSWORD_MAX_OCTETS + 1), users.get('apr')?.stored ?? ''), false);
});

// --- files ----------------------------------------------------------------------------------------------------------

test('the first line of a user holds, colons in a row are one, and what follows the next is a remark', () => {
  assert.equal(users.get('bea')?.line, 2);
  assert.match(users.get('colon')?.stored ?? '', /^\$apr1\$/);
  assert.match(users.get('remark')?.stored ?? '', /^\$apr1\$[^:]*$/);
  assert.deepEqual([users.get('nocolon')?.stored, users.get('nocolon')?.problem], ['', 'there is no password']);
  assert.equal(users.has('# Passwords of tests'), false);
});

test('lines may be indented, end in CR, and go on behind a backslash', () => {
  const { users: read } = parsePasswordFile('  a:{SHA}x\r\nb\\\nb:y\n#c:z\n');
  assert.deepEqual(
    [...read].map(([name, { stored, line }]) => `${name} ${stored} ${line}`),
    ['a {SHA}x 1', 'bb y 2'],
  );
});

test('groups of a user come from all their lines, without regard to letter case of the group', () => {
  const groups = parseGroupFile(readFileSync(new URL('../../data/credentials/groups', import.meta.url), 'latin1'));
  assert.deepEqual([...(groups.get('apr') ?? [])], ['admins', 'staff']);
  assert.deepEqual([...(groups.get('s512') ?? [])], ['admins']);
  assert.deepEqual([...(groups.get('s256') ?? [])], ['staff']);
  assert.equal(groups.has('Staff'), false);
  assert.equal(groups.has('#'), false);
});

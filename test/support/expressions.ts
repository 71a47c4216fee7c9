// Expressions by chance: mostly right ones from the grammar, some with a character too many or too few. What depends on
// the moment (time, ports) is left out, and so is what httpd and Catflap answer differently for a told reason.

import type { Random } from './random.ts';

/** What both servers are asked with; `X-Ip` and `X-Glob` are for operators. */
export const EXPRESSION_HEADERS: readonly (readonly [string, string])[] = [
  ['X-A', 'alpha'],
  ['X-N', '42'],
  ['X-Ip', '10.1.2.3'],
  ['X-Glob', 'a[a-l]*'],
  ['X-Mixed', 'MiXed Case/%41+b'],
  ['Referer', 'http://ref.test/a?b'],
  ['Accept', 'text/html, */*'],
  ['Cookie', 'a=1; b="2"'],
];

const VARIABLES = (
  'HTTP_HOST HTTP_REFERER HTTP_ACCEPT HTTP_COOKIE HTTP_USER_AGENT REQUEST_METHOD REQUEST_SCHEME REQUEST_URI DOCUMENT_URI ' +
  'QUERY_STRING THE_REQUEST SERVER_PROTOCOL SERVER_NAME SERVER_ADMIN REMOTE_ADDR REMOTE_HOST REMOTE_USER CONN_REMOTE_ADDR ' +
  'HTTPS HTTP2 IPV6 IS_SUBREQ AUTH_TYPE PATH_INFO REMOTE_IDENT DOCUMENT_ROOT API_VERSION REQUEST_STATUS CONTEXT_PREFIX'
).split(' ');
const HEADERS = ['X-A', 'x-n', 'X-Ip', 'X-Glob', 'X-Mixed', 'X-None', 'Host'];
const TEXT_FUNCTIONS = 'tolower ToUpper escape unescape base64 unbase64 md5 sha1 ldap'.split(' ');
const LITERALS = [
  '',
  'a',
  'alpha',
  'ALPHA',
  'b c',
  '42',
  ' 7x',
  '-3',
  '007',
  '0',
  'off',
  'No',
  '10.1.2.3',
  '10.1.2.3x',
  '::1',
  '/a/b.html',
  'a%20b%2fc',
  'YWxwaGE=',
  'x=1&y=2',
  'é',
  '%',
  '$',
  '}',
  '{',
  '(x)',
  'a.b*c',
  '99999999999999999999',
  '[a-',
  '\\\\',
  '\\101',
  '\\q',
  '\\$1',
  '\\%{x}',
];
const REGEXES = ['a', '^a(.)', '(\\d+)', '([a-z]+)$', 'A', '.*', '(x)?(y)?', '^$', '[^a-z]', '(a|b)+', '\\.', '\\bl'];
const NETWORKS = ['10', '10.1.', '10.1.0.0/16', '127.0.0.0/8', '10.1.2.3', '::1', 'fe80::/10', '10.0.0.0/255.0.255.0'];
const PATTERNS = ['*', 'a*', '?lpha', '*.b*', '/*/*', '[a-c]*', '[!a]*', 'A*', '*a*a*', '[[]a-', '\\\\*', '4[2]'];
const FILES = ['/etc', '/etc/passwd', '/nosuch', '/bin/sh', '', 'etc', '/dev/null'];

export function randomCondition(random: Random, depth = 3): string {
  const dice = random.int(10);
  if (depth > 0 && dice < 2) return `(${randomCondition(random, depth - 1)})`;
  if (depth > 0 && dice < 3) return `${random.pick(['!', '! ', 'not '])}${randomCondition(random, depth - 1)}`;
  if (depth > 0 && dice < 6) {
    const operator = random.pick(['&&', '||', ' && ', ' || ', ' and ', ' or ']);
    return `${randomCondition(random, depth - 1)}${operator}${randomCondition(random, depth - 1)}`;
  }
  return comparison(random);
}

function comparison(random: Random): string {
  const left = word(random);
  switch (random.int(9)) {
    case 0:
      return random.pick(['true', 'false']);
    case 1:
      return `${left} ${random.pick(['==', '=', '!=', '<', '<=', '>', '>='])} ${word(random)}`;
    case 2:
      return `${left} ${random.pick('-eq eq -ne ne -lt lt -le le -gt gt -ge ge'.split(' '))} ${word(random)}`;
    case 3:
    case 4:
      return `${left} ${random.pick(['=~', '!~'])} ${regex(random)}`;
    case 5:
      return `${left} ${random.pick(['in', '-in'])} {${Array.from({ length: 1 + random.int(3) }, () => word(random)).join(', ')}}`;
    case 6:
      return `${random.pick(['-n', '-z', '-T', '-n ', '-z ', '-T '])}${left}`;
    case 7:
      if (random.chance(0.5)) return `${random.pick(['-d', '-e', '-f', '-s', '-x'])} '${random.pick(FILES)}'`;
      if (random.chance(0.4)) return `-R '${random.pick(NETWORKS)}'`;
      return `${random.pick(['%{HTTP:X-Ip}', '%{REMOTE_ADDR}', "'10.9.9.9'", "'nobody'"])} -ipmatch '${random.pick(NETWORKS)}'`;
    default: {
      const pattern = random.chance(0.7) ? `'${random.pick(PATTERNS)}'` : word(random);
      return `${left} -${random.pick(['strmatch', 'strcmatch', 'fnmatch', 'FnMatch'])} ${pattern}`;
    }
  }
}

function regex(random: Random): string {
  const source = random.pick(REGEXES);
  const flag = random.pick(['', '', 'i']);
  const separator = random.pick(['/', '/', '/', 'm#', 'm,', 'm!']);
  return `${separator}${source}${separator.at(-1)}${flag} `;
}

function word(random: Random, depth = 2): string {
  if (depth > 0 && random.chance(0.2))
    return `${word(random, depth - 1)}${random.pick(['.', ' . '])}${single(random, depth - 1)}`;
  return single(random, depth);
}

function single(random: Random, depth: number): string {
  const dice = random.int(12);
  if (dice < 4) return variable(random, depth);
  if (dice < 5) return `$${random.int(4)}`;
  if (dice < 6) return String(random.int(100) - 20);
  if (dice < 8 && depth > 0) return `${random.pick(TEXT_FUNCTIONS)}(${word(random, depth - 1)})`;
  if (dice < 9)
    return `${random.pick(['req', 'http', 'req_novary', 'reqenv', 'env', 'note', 'resp'])}('${random.pick([...HEADERS, 'SET', 'UNSET'])}')`;
  return random.pick(["'", '"']) === "'" ? `'${inText(random, depth)}'` : `"${inText(random, depth)}"`;
}

/** The inside of a text, also of one that is a whole value. */
export function inText(random: Random, depth = 2): string {
  let text = '';
  for (let i = random.int(3); i >= 0; i--)
    text += random.chance(0.4)
      ? variable(random, depth)
      : random.chance(0.15)
        ? `$${random.int(4)}`
        : random.pick(LITERALS);
  return text;
}

function variable(random: Random, depth: number): string {
  const dice = random.int(10);
  if (dice < 5) return `%{${random.pick(VARIABLES)}}`;
  if (dice < 7) return `%{${random.pick(['HTTP', 'req', 'req_novary'])}:${random.pick(HEADERS)}}`;
  if (dice < 8) return `%{${random.pick(['reqenv', 'env', 'ENV'])}:${random.pick(['SET', 'UNSET'])}}`;
  const inner =
    depth > 0 && random.chance(0.5)
      ? variable(random, depth - 1)
      : random.pick(['a b', 'A.b', 'x%20y', 'YWI=', '\\}', '$1']);
  return `%{${random.pick(TEXT_FUNCTIONS)}:${inner}}`;
}

/** A character left out, doubled, or put in. */
export function spoilt(random: Random, text: string): string {
  const at = random.int(text.length + 1);
  const rest = text.slice(random.chance(0.5) ? at + 1 : at);
  return (
    text.slice(0, at) +
    random.pick([
      '',
      '',
      "'",
      '"',
      '(',
      ')',
      '{',
      '}',
      '%',
      '$',
      '.',
      '-',
      '/',
      '!',
      '=',
      '&',
      'x',
      '1',
      ' ',
      '\\',
      text[at] ?? '',
    ]) +
    rest
  );
}

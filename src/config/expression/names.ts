// Names that expressions know: variables, functions, operators. Source: httpd's documentation "Expressions in Apache HTTP
// Server" and what httpd 2.4.71 takes and refuses. Variables and functions are found in any letter case.

/** Bounds of expressions; past each, parsing fails with a message that names it. */
export const EXPRESSION_LIMITS = {
  /** Octets of one expression. */
  sourceBytes: 64 * 1024,
  /** Octets of one literal between two variables (httpd: MAX_STRING_LEN). */
  literalBytes: 8191,
  /** Parentheses, functions and variables within each other. */
  depth: 100,
  /** Octets that `file()` reads; a longer file fails the expression. */
  fileBytes: 1024 * 1024,
} as const;

/** Variables that are fields of the request. */
export const HEADER_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['HTTP_ACCEPT', 'Accept'],
  ['HTTP_COOKIE', 'Cookie'],
  ['HTTP_FORWARDED', 'Forwarded'],
  ['HTTP_HOST', 'Host'],
  ['HTTP_PROXY_CONNECTION', 'Proxy-Connection'],
  ['HTTP_REFERER', 'Referer'],
  ['HTTP_USER_AGENT', 'User-Agent'],
]);

/** Variables that a subject tells. Names that begin with `SSL_` are variables too. */
export const VARIABLES: ReadonlySet<string> = new Set(
  (
    'API_VERSION AUTH_TYPE CONN_LOG_ID CONN_REMOTE_ADDR CONTENT_TYPE CONTEXT_DOCUMENT_ROOT CONTEXT_PREFIX ' +
    'DOCUMENT_ROOT DOCUMENT_URI HANDLER HTTP2 HTTPS IPV6 IS_SUBREQ LAST_MODIFIED PATH_INFO QUERY_STRING REMOTE_ADDR ' +
    'REMOTE_HOST REMOTE_IDENT REMOTE_PORT REMOTE_USER REQUEST_FILENAME REQUEST_LOG_ID REQUEST_METHOD REQUEST_SCHEME ' +
    'REQUEST_STATUS REQUEST_URI SCRIPT_FILENAME SCRIPT_GROUP SCRIPT_USER SERVER_ADMIN SERVER_NAME SERVER_PORT ' +
    'SERVER_PROTOCOL SERVER_SOFTWARE THE_REQUEST TIME TIME_DAY TIME_HOUR TIME_MIN TIME_MON TIME_SEC TIME_WDAY TIME_YEAR'
  ).split(' '),
);

/** Functions of one argument that tell a text, in lower case. `ssl` asks for a variable of mod_ssl. */
export const FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'base64 env escape file filesize http ldap md5 note osenv req req_novary reqenv resp sha1 ssl tolower toupper ' +
    'unbase64 unescape'
  ).split(' '),
);

/** Operators before one word; letter case counts. */
export const UNARY_OPERATORS: ReadonlySet<string> = new Set('AFLRTUdefhnsxz');

/** Operators between two words besides comparisons, in lower case. */
export const BINARY_OPERATORS: ReadonlySet<string> = new Set(['ipmatch', 'strmatch', 'strcmatch', 'fnmatch']);

/** Up to three names that look like this one, for messages. */
export function similarNames(name: string, names: Iterable<string>): string[] {
  const wanted = name.toUpperCase();
  return [...names].filter((each) => isNear(wanted, each.toUpperCase())).slice(0, 3);
}

/** One holds the other, or they differ in one or two places. */
function isNear(a: string, b: string): boolean {
  if (a.length > 3 && (b.includes(a) || (b.length > 3 && a.includes(b)))) return true;
  if (Math.abs(a.length - b.length) > 2) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end <= 2;
}

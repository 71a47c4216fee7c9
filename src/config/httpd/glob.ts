// Shell wildcards as regular expressions, the way apr_fnmatch reads them: `*`, `?`, `[…]`, and `\` before a literal.
// Place in the picture: floor 2; includes, and sections that name paths or URLs with wildcards.

export interface GlobOptions {
  /** `*`, `?` and `[…]` do not match `/` (APR_FNM_PATHNAME). */
  readonly pathname?: boolean;
  /** A leading dot must be written (APR_FNM_PERIOD); meant for single names. */
  readonly period?: boolean;
}

/** Whether the text would match anything but itself. */
export function hasWildcards(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '\\') i++;
    else if (char === '*' || char === '?') return true;
    else if (char === '[' && text.indexOf(']', i + 1) > i) return true;
  }
  return false;
}

/** The pattern as a regular expression over the whole text. Every pattern compiles: what is no wildcard is literal. */
export function compileGlob(pattern: string, options: GlobOptions = {}): RegExp {
  const any = options.pathname === true ? '[^/]' : '[^]';
  let source = options.period === true && !pattern.startsWith('.') ? '(?!\\.)' : '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '*') {
      while (pattern[i + 1] === '*') i++;
      source += `${any}*`;
    } else if (char === '?') source += any;
    else if (char === '[') {
      const set = readSet(pattern, i, options.pathname === true);
      if (set === undefined) source += '\\[';
      else {
        source += set.source;
        i = set.last;
      }
    } else if (char === '\\' && i + 1 < pattern.length) source += escapeRegex(pattern[++i]);
    else source += escapeRegex(char);
  }
  return new RegExp(`^${source}$`);
}

function readSet(pattern: string, open: number, pathname: boolean): { source: string; last: number } | undefined {
  let i = open + 1;
  const isNegated = pattern[i] === '!' || pattern[i] === '^';
  if (isNegated) i++;
  const first = i;
  let body = '';
  for (; i < pattern.length && (pattern[i] !== ']' || i === first); i++) {
    if (pattern[i] === '\\' && i + 1 < pattern.length) i++;
    if (pattern[i + 1] === '-' && pattern[i + 2] !== undefined && pattern[i + 2] !== ']') {
      if (pattern[i] <= pattern[i + 2]) body += `${escapeInSet(pattern[i])}-${escapeInSet(pattern[i + 2])}`;
      i += 2;
    } else body += escapeInSet(pattern[i]);
  }
  if (i >= pattern.length) return undefined;
  if (body === '') return { source: isNegated ? '[^]' : '[]', last: i };
  const set = isNegated ? `[^${body}]` : `[${body}]`;
  return { source: pathname ? `(?!/)${set}` : set, last: i };
}

/** Text that matches itself in a regular expression. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function escapeInSet(char: string): string {
  return /[\\\]^-]/.test(char) ? `\\${char}` : char;
}

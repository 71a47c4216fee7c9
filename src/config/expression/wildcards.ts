// Shell wildcards without a regular expression: a pattern may come from a request, and takes no more steps than pattern
// times text. Source: apr_fnmatch as httpd 2.4.71 answers for -strmatch, -strcmatch and -fnmatch.

export interface WildcardOptions {
  readonly ignoreCase: boolean;
  /** `*`, `?` and sets do not match a slash. */
  readonly pathname: boolean;
}

/** Whether the whole text fits `*`, `?`, `[…]` and `\` of the pattern. */
export function fitsWildcards(pattern: string, text: string, options: WildcardOptions): boolean {
  let p = 0;
  let t = 0;
  /** After the last star: what it matches may grow by one. */
  let starP = -1;
  let starT = 0;
  while (t < text.length || p < pattern.length) {
    if (pattern[p] === '*') {
      starP = ++p;
      starT = t;
      continue;
    }
    const next = p < pattern.length && t < text.length ? single(pattern, p, text[t], options) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (starP >= 0 && starT < text.length && !(options.pathname && text[starT] === '/')) {
      p = starP;
      t = ++starT;
    } else return false;
  }
  return true;
}

/** Where the pattern goes on when its part at `p` fits the character, -1 when it does not. */
function single(pattern: string, p: number, char: string, options: WildcardOptions): number {
  const isSlash = options.pathname && char === '/';
  if (pattern[p] === '?') return isSlash ? -1 : p + 1;
  if (pattern[p] === '[') {
    const end = endOfSet(pattern, p);
    if (end >= 0) return !isSlash && isInSet(pattern, p + 1, end, char, options) ? end + 1 : -1;
  }
  const at = pattern[p] === '\\' && p + 1 < pattern.length ? p + 1 : p;
  return same(pattern[at], char, options) ? at + 1 : -1;
}

/** Index of the `]` that ends the set, -1 when it never ends. */
function endOfSet(pattern: string, open: number): number {
  let at = open + 1;
  if (pattern[at] === '!' || pattern[at] === '^') at++;
  for (const first = at; at < pattern.length; at++) {
    if (pattern[at] === ']' && at > first) return at;
    if (pattern[at] === '\\') at++;
  }
  return -1;
}

function isInSet(pattern: string, start: number, end: number, char: string, options: WildcardOptions): boolean {
  const isNegated = pattern[start] === '!' || pattern[start] === '^';
  for (let at = isNegated ? start + 1 : start; at < end; at++) {
    if (pattern[at] === '\\' && at + 1 < end) at++;
    const low = pattern[at];
    if (pattern[at + 1] === '-' && at + 2 < end) {
      at += pattern[at + 2] === '\\' ? 3 : 2;
      if (isBetween(low, char, pattern[at], options)) return !isNegated;
    } else if (same(low, char, options)) return !isNegated;
  }
  return isNegated;
}

function isBetween(low: string, char: string, high: string, { ignoreCase }: WildcardOptions): boolean {
  if (low <= char && char <= high) return true;
  const folded = fold(char);
  return ignoreCase && fold(low) <= folded && folded <= fold(high);
}

function same(a: string, b: string, { ignoreCase }: WildcardOptions): boolean {
  return a === b || (ignoreCase && fold(a) === fold(b));
}

function fold(char: string): string {
  return char >= 'A' && char <= 'Z' ? char.toLowerCase() : char;
}

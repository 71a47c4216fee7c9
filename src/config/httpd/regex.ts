// Regular expressions as PCRE writes them, compiled for this engine. What has another spelling here is translated; what
// has none is a declared problem, never a pattern that means something else.

export type CompiledRegex =
  | { readonly ok: true; readonly regex: RegExp }
  | { readonly ok: false; readonly problem: string };

/** Longest pattern accepted. */
const MAX_PATTERN = 16 * 1024;

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

/**
 * Compiles a pattern over octets (latin1 view). As httpd's RegexDefaultOptions say, `.` matches a newline too and `$`
 * only the very end.
 */
export function compileRegex(source: string, options: { readonly ignoreCase?: boolean } = {}): CompiledRegex {
  if (source.length > MAX_PATTERN)
    return { ok: false, problem: `the pattern is longer than ${MAX_PATTERN} characters` };
  let flags = options.ignoreCase === true ? 'si' : 's';
  let body = source;
  const leading = /^\(\?([ims]+)\)/.exec(body);
  if (leading !== null) {
    for (const flag of leading[1]) if (!flags.includes(flag)) flags += flag;
    body = body.slice(leading[0].length);
  }
  const translated = translate(body);
  if (translated.problem !== undefined) return { ok: false, problem: translated.problem };
  try {
    return { ok: true, regex: new RegExp(translated.source, flags) };
  } catch (error) {
    return { ok: false, problem: error instanceof SyntaxError ? error.message : String(error) };
  }
}

function translate(source: string): { source: string; problem?: string } {
  let result = '';
  let depth = 0;
  let closing = '';
  for (let i = 0; i < source.length; i++) {
    const char = source[i];
    const flags = char === '(' && depth === 0 ? /^\(\?([ims]+)\)/.exec(source.slice(i, i + 8)) : null;
    if (flags !== null) {
      // Flags from here to the end: a group that closes there.
      result += `(?${flags[1]}:`;
      closing += ')';
      i += flags[0].length - 1;
    } else if (char === '\\') {
      const next = source[i + 1];
      i++;
      if (next === undefined) return { source, problem: 'the pattern ends in a backslash' };
      if (next === 'A') result += '(?<![^])';
      else if (next === 'z') result += '(?![^])';
      else if (next === 'Z') result += '(?=\\n?(?![^]))';
      else if (next === 'h') result += '[ \\t]';
      else if (next === 'R') result += '(?:\\r\\n|[\\n\\v\\f\\r\\x85])';
      else if (next === 'Q') {
        const end = source.indexOf('\\E', i);
        const text = source.slice(i + 1, end < 0 ? undefined : end);
        result += text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
        i = end < 0 ? source.length : end + 1;
      } else if ('KGXC'.includes(next)) return { source, problem: `\\${next} is not supported` };
      else result += `\\${next}`;
    } else if (char === '[') {
      const set = translateSet(source, i);
      if (set === undefined) return { source, problem: 'a [ has no matching ]' };
      result += set.source;
      i = set.last;
    } else if (char === '(' && source[i + 1] === '?') {
      const group = translateGroup(source, i);
      if (group === undefined) return { source, problem: `the group ${source.slice(i, i + 4)}… is not supported` };
      result += group.source;
      if (group.source !== '') depth++;
      i = group.last;
    } else if (/[*+?}]/.test(char) && source[i + 1] === '+') {
      return { source, problem: `the possessive quantifier ${char}+ is not supported` };
    } else {
      if (char === '(') depth++;
      if (char === ')') depth--;
      result += char;
    }
  }
  return { source: result + closing };
}

/** From `(?` to what opens the group. */
function translateGroup(source: string, at: number): { source: string; last: number } | undefined {
  const rest = source.slice(at);
  const comment = /^\(\?#[^)]*\)/.exec(rest);
  if (comment !== null) return { source: '', last: at + comment[0].length - 1 };
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest) ?? /^\(\?'([A-Za-z_]\w*)'/.exec(rest);
  if (named !== null) return { source: `(?<${named[1]}>`, last: at + named[0].length - 1 };
  const plain = /^\(\?(?::|=|!|<=|<!|[ims]*(?:-[ims]+)?:)/.exec(rest);
  if (plain !== null) return { source: plain[0], last: at + plain[0].length - 1 };
  return undefined;
}

/** From `[` to its `]`, with POSIX classes spelled out and a leading `]` escaped. */
function translateSet(source: string, open: number): { source: string; last: number } | undefined {
  let i = open + 1;
  let result = '[';
  if (source[i] === '^') {
    result += '^';
    i++;
  }
  const first = i;
  for (; i < source.length; i++) {
    const char = source[i];
    if (char === ']' && i > first) return { source: `${result}]`, last: i };
    if (char === '\\') {
      const next = source[++i];
      result += next === 'h' ? ' \\t' : `\\${next ?? '\\'}`;
    } else if (char === '[' && source[i + 1] === ':') {
      const name = /^\[:(\^?)([a-z]+):\]/.exec(source.slice(i));
      const members = name === null ? undefined : POSIX_CLASSES[name[2]];
      if (name === null || members === undefined || name[1] === '^') {
        if (name !== null) return undefined;
        result += '\\[';
      } else {
        result += members;
        i += name[0].length - 1;
      }
    } else if (char === ']' || char === '[') result += `\\${char}`;
    else result += char;
  }
  return undefined;
}

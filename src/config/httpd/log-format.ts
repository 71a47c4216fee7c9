// The LogFormat language as inert trees: text and fields, to be rendered by whoever writes the log.
// Place in the picture: floor 2. Source: documentation of mod_log_config and mod_logio, "Custom Log Formats".

/** One `%…` directive of a format. */
export interface LogField {
  readonly kind: 'field';
  /** The letter, or `^ti`, `^to`, `^FB`. */
  readonly name: string;
  /** Text between `{` and `}`; undefined when there were no braces. */
  readonly argument: string | undefined;
  /** `%400,501{X}i`: write `-` unless the final status is in the list (or, with `!`, is in it). */
  readonly statuses: { readonly codes: readonly number[]; readonly isNegated: boolean } | undefined;
  /** `%<s`: of the original request; `%>s`: of the one that answered; undefined: the field's own default. */
  readonly request: 'original' | 'final' | undefined;
}

export type LogPart = { readonly kind: 'text'; readonly text: string } | LogField;

/** A compiled format, without the newline that ends each line. */
export type LogFormat = readonly LogPart[];

export type CompiledLogFormat =
  | { readonly ok: true; readonly format: LogFormat }
  /** `offset` counts characters of the format from 0. */
  | { readonly ok: false; readonly problem: string; readonly offset: number };

/** Formats known by name without a LogFormat line; distributions define the same ones. */
export const PREDEFINED_FORMATS: ReadonlyMap<string, string> = new Map([
  ['common', '%h %l %u %t "%r" %>s %b'],
  ['combined', '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'],
  ['combinedio', '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O'],
  ['vhost_common', '%v %h %l %u %t "%r" %>s %b'],
  ['vhost_combined', '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"'],
]);

/** Letters of mod_log_config, mod_logio (I, O, S, ^FB) and mod_ssl (x, c). */
const LETTERS: ReadonlySet<string> = new Set('aBbCDefhHiklLmnopPqrRstTuUvVXIOSxc');
const LONG_NAMES: ReadonlySet<string> = new Set(['^ti', '^to', '^FB']);
/** Longest format accepted. */
const MAX_FORMAT = 64 * 1024;

/** Compiles a format. Backslashes: `\n`, `\r`, `\t`, `\\`; any other stays. */
export function compileLogFormat(source: string): CompiledLogFormat {
  if (source.length > MAX_FORMAT) return { ok: false, problem: `the format is longer than ${MAX_FORMAT}`, offset: 0 };
  const parts: LogPart[] = [];
  let text = '';
  const endText = () => {
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
  };
  for (let at = 0; at < source.length; ) {
    const char = source[at];
    if (char === '\\' && at + 1 < source.length) {
      text += ESCAPES.get(source[at + 1]) ?? `\\${source[at + 1]}`;
      at += 2;
    } else if (char === '%' && source[at + 1] === '%') {
      text += '%';
      at += 2;
    } else if (char === '%') {
      const field = readField(source, at);
      if ('problem' in field) return { ok: false, problem: field.problem, offset: at };
      endText();
      parts.push(field.field);
      at = field.next;
    } else {
      text += char;
      at++;
    }
  }
  endText();
  return { ok: true, format: parts };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['\\', '\\'],
]);

/** Modifiers may come in any order before the letter. */
function readField(source: string, percent: number): { field: LogField; next: number } | { problem: string } {
  const codes: number[] = [];
  let isNegated = false;
  let request: LogField['request'];
  let argument: string | undefined;
  for (let at = percent + 1; at < source.length; ) {
    const char = source[at];
    if (char === '!') isNegated = true;
    else if (char === '<') request = 'original';
    else if (char === '>') request = 'final';
    else if (char === '{') {
      const end = source.indexOf('}', at);
      if (end < 0) return { problem: 'the { has no matching }' };
      argument = source.slice(at + 1, end);
      at = end;
    } else if (char >= '0' && char <= '9') {
      const digits = /^\d+/.exec(source.slice(at))?.[0] ?? '';
      codes.push(Number(digits));
      at += digits.length - 1;
    } else if (char !== ',') {
      const name = char === '^' ? source.slice(at, at + 3) : char;
      if (!(char === '^' ? LONG_NAMES : LETTERS).has(name)) return { problem: `%${name} is not a format directive` };
      const statuses = codes.length === 0 ? undefined : { codes, isNegated };
      return { field: { kind: 'field', name, argument, statuses, request }, next: at + name.length };
    }
    at++;
  }
  return { problem: 'the directive lacks its letter' };
}

// From the text of an expression to its tokens. Quoted texts, variables, numbers and `$n` come out as whole words, since
// each may hold the others. Source: httpd's documentation; every corner asked of httpd 2.4.71.

import { EXPRESSION_LIMITS, FUNCTIONS, HEADER_VARIABLES, similarNames, VARIABLES } from './names.ts';
import { joinWords, type Word } from './tree.ts';

/** Names beyond those that every expression knows. */
export interface ExpressionNames {
  /** In upper case. */
  readonly variables?: ReadonlySet<string>;
  /** In lower case. */
  readonly functions?: ReadonlySet<string>;
  /** Functions that tell a list, in lower case; there are none by themselves. */
  readonly lists?: ReadonlySet<string>;
}

export type Token =
  | { readonly kind: 'word'; readonly at: number; readonly word: Word; readonly isQuoted: boolean }
  | { readonly kind: 'regex'; readonly at: number; readonly source: string; readonly ignoreCase: boolean }
  /** `==`, `&&`, `(`, also `and`, `eq`, `true` and their kin. */
  | { readonly kind: 'symbol'; readonly at: number; readonly text: string }
  /** `-n`, `-ipmatch`: the text is without its dash. */
  | { readonly kind: 'unary' | 'binary' | 'name'; readonly at: number; readonly text: string }
  | { readonly kind: 'end'; readonly at: number };

/** What is wrong with an expression, and where. Never leaves this room. */
export class ExpressionProblem extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const SYMBOL = /=[=~]?|![=~]?|<=?|>=?|&&|\|\||[.(){},]/y;
const RESERVED: ReadonlySet<string> = new Set('and or not lt le gt ge ne eq in true false'.split(' '));
const DASHED: ReadonlySet<string> = new Set('in eq ne ge le gt lt'.split(' '));
const NAME = /[A-Za-z]\w*/y;
const OPERATOR = /-([A-Za-z_]\w*)/y;
const NUMBER = /-?\d+/y;
/** What may stand around a regular expression after `m`. */
const SEPARATOR = /[/#$%^|?!'",;:.-]/;

export class Scanner {
  readonly #text: string;
  readonly #names: ExpressionNames;
  #at = 0;
  #depth = 0;

  constructor(text: string, names: ExpressionNames) {
    this.#text = text;
    this.#names = names;
  }

  /** The next token; `end` again and again after the last. */
  next(): Token {
    const text = this.#text;
    while (/[ \t\n]/.test(text[this.#at] ?? '')) this.#at++;
    const at = this.#at;
    const char = text[at];
    if (char === undefined) return { kind: 'end', at };
    if (char === '"' || char === "'") {
      this.#at++;
      return { kind: 'word', at, word: this.#quoted(char, at), isQuoted: true };
    }
    if (text.startsWith('%{', at)) return { kind: 'word', at, word: this.#variable(), isQuoted: false };
    if (/\$\d/.test(text.slice(at, at + 2))) return { kind: 'word', at, word: this.#group(), isQuoted: false };
    if (char === '/') return this.#regex(at, at + 1);
    const name = this.#take(NAME);
    if (name !== undefined) {
      if (name === 'm' && SEPARATOR.test(text[this.#at] ?? '')) return this.#regex(at, this.#at + 1);
      return { kind: RESERVED.has(name) ? 'symbol' : 'name', at, text: name };
    }
    const number = this.#take(NUMBER);
    if (number !== undefined) return { kind: 'word', at, word: { kind: 'literal', text: number }, isQuoted: false };
    const operator = this.#take(OPERATOR)?.slice(1);
    if (operator !== undefined) {
      if (DASHED.has(operator)) return { kind: 'symbol', at, text: operator };
      return { kind: operator.length === 1 ? 'unary' : 'binary', at, text: operator };
    }
    const symbol = this.#take(SYMBOL);
    if (symbol === undefined) throw new ExpressionProblem(at, `"${char}" has no meaning here; put texts in quotes`);
    return { kind: 'symbol', at, text: symbol };
  }

  /** The whole rest as the inside of a quoted text, for expressions whose result is a text. */
  text(): Word {
    return this.#quoted(undefined, this.#at);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** After its quote; `quote` undefined for a text that runs to the end. */
  #quoted(quote: string | undefined, from: number): Word {
    const text = this.#text;
    const parts: Word[] = [];
    while (this.#at < text.length && text[this.#at] !== quote) parts.push(this.#part(quote ?? '', from));
    if (this.#at < text.length) this.#at++;
    else if (quote !== undefined)
      throw new ExpressionProblem(from, `the text that begins here has no closing ${quote}`);
    return parts.length === 0 ? { kind: 'literal', text: '' } : joinWords(parts);
  }

  /** One part of a text: a variable, a group, or characters up to the next of them or one of `stops`. */
  #part(stops: string, from: number): Word {
    if (this.#text.startsWith('%{', this.#at)) return this.#variable();
    if (/\$\d/.test(this.#text.slice(this.#at, this.#at + 2))) return this.#group();
    return { kind: 'literal', text: this.#characters(stops, from) };
  }

  #characters(stops: string, from: number): string {
    const text = this.#text;
    let result = '';
    for (; this.#at < text.length && !stops.includes(text[this.#at]); this.#at++) {
      const char = text[this.#at];
      if (char === '\n') throw new ExpressionProblem(this.#at, 'a text ends at its line; write \\n for a line feed');
      if (char === '\\') result += this.#escaped();
      else if (char === '%' && text[this.#at + 1] === '{') break;
      else if (char === '$' && /\d/.test(text[this.#at + 1] ?? '')) break;
      else result += char;
    }
    if (result.length > EXPRESSION_LIMITS.literalBytes)
      throw new ExpressionProblem(from, `a text has more than ${EXPRESSION_LIMITS.literalBytes} octets`);
    // As in httpd, whose texts end at a zero octet.
    const zero = result.indexOf('\0');
    return zero < 0 ? result : result.slice(0, zero);
  }

  /** At a backslash; leaves at the last character of what it escapes. */
  #escaped(): string {
    const at = this.#at;
    const digits = /^\d+/.exec(this.#text.slice(at + 1, at + 1 + LONGEST_NUMBER))?.[0];
    if (digits !== undefined) {
      if (!/^[0-7]{1,3}$/.test(digits))
        throw new ExpressionProblem(at, `\\${digits} is no octal number of three digits; write \\\\ for a backslash`);
      const value = Number.parseInt(digits, 8);
      if (value > 0xff) throw new ExpressionProblem(at, `\\${digits} is more than \\377, the largest octet`);
      this.#at += digits.length;
      return String.fromCharCode(value);
    }
    const next = this.#text[at + 1];
    if (next === undefined)
      throw new ExpressionProblem(at, 'a backslash at the end escapes nothing; write \\\\ for a backslash');
    this.#at++;
    return ESCAPES.get(next) ?? next;
  }

  #group(): Word {
    const number = Number(this.#text[this.#at + 1]);
    this.#at += 2;
    return { kind: 'group', number };
  }

  /** `%{NAME}` or `%{name:argument}`. */
  #variable(): Word {
    const from = this.#at;
    if (++this.#depth > EXPRESSION_LIMITS.depth)
      throw new ExpressionProblem(from, `more than ${EXPRESSION_LIMITS.depth} levels are within each other`);
    this.#at += 2;
    const name = this.#take(NAME) ?? '';
    const next = this.#text[this.#at];
    let word: Word;
    if (name === '' || (next !== '}' && next !== ':'))
      throw new ExpressionProblem(
        next === undefined ? from : this.#at,
        next === undefined
          ? 'the variable that begins here has no closing }'
          : `"${next}" cannot stand in the name of a variable; write \\% for a percent sign before {`,
      );
    this.#at++;
    if (next === '}') word = variable(name, from, this.#names);
    else word = call(name, this.#argument(from), from, this.#names);
    this.#depth--;
    return word;
  }

  /** Of `%{name:argument}`, up to its `}`. */
  #argument(from: number): Word {
    const parts: Word[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== '}') {
      const char = this.#text[this.#at];
      if (char === '"' || char === "'")
        throw new ExpressionProblem(
          this.#at,
          `${char} cannot stand in the argument of a variable; write name('…') with parentheses instead`,
        );
      parts.push(this.#part('}"\'', from));
    }
    if (this.#at >= this.#text.length)
      throw new ExpressionProblem(from, 'the variable that begins here has no closing }');
    if (parts.length === 0) throw new ExpressionProblem(this.#at, 'the function needs an argument after the colon');
    this.#at++;
    return joinWords(parts);
  }

  /** Up to the separator, which cannot be escaped, with `i` after it or nothing. */
  #regex(at: number, start: number): Token {
    const separator = this.#text[start - 1];
    const end = this.#text.indexOf(separator, start);
    if (end < 0) throw new ExpressionProblem(at, `the regular expression that begins here has no closing ${separator}`);
    const ignoreCase = this.#text[end + 1] === 'i';
    this.#at = end + (ignoreCase ? 2 : 1);
    const source = this.#text.slice(start, end);
    if (source.endsWith('\\') && /(?:^|[^\\])(?:\\\\)*\\$/.test(source))
      throw new ExpressionProblem(
        end,
        `${separator} ends the regular expression even after a backslash; write m#…# with another character around it`,
      );
    const flag = /[A-Za-z]/.exec(this.#text[this.#at] ?? '');
    if (flag !== null && !/^(?:and|or)\b/.test(this.#text.slice(this.#at)))
      throw new ExpressionProblem(this.#at, `"${flag[0]}" cannot follow a regular expression; i is the only flag`);
    return { kind: 'regex', at, source, ignoreCase };
  }
}

/** Digits looked at after a backslash; more than three are wrong. */
const LONGEST_NUMBER = 4;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['f', '\f'],
]);

function variable(name: string, at: number, names: ExpressionNames): Word {
  const upper = name.toUpperCase();
  const header = HEADER_VARIABLES.get(upper);
  if (header !== undefined) return { kind: 'header', name: header };
  if (VARIABLES.has(upper) || upper.startsWith('SSL_') || names.variables?.has(upper) === true)
    return { kind: 'variable', name: upper };
  throw new ExpressionProblem(at, `there is no variable ${name}; ${mendOfVariable(name, upper, names)}`);
}

function mendOfVariable(name: string, upper: string, names: ExpressionNames): string {
  const similar = similarNames(upper, [...HEADER_VARIABLES.keys(), ...VARIABLES, ...(names.variables ?? [])]);
  if (upper.startsWith('HTTP_')) {
    const field = name.slice(5).toLowerCase().replaceAll('_', '-');
    return `write %{HTTP:${field}} for a field of the request`;
  }
  if (similar.length > 0) return `did you mean ${similar.join(' or ')}?`;
  return `write %{reqenv:${name}} for a variable of the request, %{osenv:${name}} for one of the process`;
}

/** A function's call. @throws ExpressionProblem when there is none of this name */
export function call(name: string, argument: Word, at: number, names: ExpressionNames): Word {
  const lower = name.toLowerCase();
  if (FUNCTIONS.has(lower) || names.functions?.has(lower) === true) return { kind: 'call', name: lower, argument };
  const similar = similarNames(lower, [...FUNCTIONS, ...(names.functions ?? [])]);
  const mend = similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : 'put texts in quotes';
  throw new ExpressionProblem(at, `there is no function ${name}; ${mend}`);
}

// The grammar of conditions, by recursive descent: `!` binds closest, then `&&`, then `||`; comparisons are whole
// operands. Source: httpd's documentation, "Grammar in Backus-Naur Form notation", and answers of httpd 2.4.71.

import { parseRange } from '../../base/addresses.ts';
import { compileRegex } from '../httpd/regex.ts';
import { BINARY_OPERATORS, EXPRESSION_LIMITS, UNARY_OPERATORS } from './names.ts';
import { call, type ExpressionNames, ExpressionProblem, Scanner, type Token } from './scan.ts';
import { type Condition, joinWords, type Order, type Word } from './tree.ts';

const TEXT_ORDERS: ReadonlyMap<string, Order> = new Map([
  ['==', 'eq'],
  ['=', 'eq'],
  ['!=', 'ne'],
  ['<', 'lt'],
  ['<=', 'le'],
  ['>', 'gt'],
  ['>=', 'ge'],
]);
const INTEGER_ORDERS: ReadonlySet<string> = new Set<Order>(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);

/** Parses a whole condition. @throws ExpressionProblem */
export function parseCondition(text: string, names: ExpressionNames): Condition {
  return new Parser(text, names).whole();
}

class Parser {
  readonly #scanner: Scanner;
  readonly #names: ExpressionNames;
  #token: Token;
  #depth = 0;

  constructor(text: string, names: ExpressionNames) {
    this.#scanner = new Scanner(text, names);
    this.#names = names;
    this.#token = this.#scanner.next();
  }

  whole(): Condition {
    const condition = this.#any();
    if (this.#token.kind !== 'end') this.#unexpected('join conditions with && or ||');
    return condition;
  }

  // --- conditions ---------------------------------------------------------------------------------------------------

  #any(): Condition {
    const operands = [this.#all()];
    while (this.#skip('||', 'or')) operands.push(this.#all());
    return operands.length === 1 ? operands[0] : { kind: 'any', operands };
  }

  #all(): Condition {
    const operands = [this.#operand()];
    while (this.#skip('&&', 'and')) operands.push(this.#operand());
    return operands.length === 1 ? operands[0] : { kind: 'all', operands };
  }

  #operand(): Condition {
    let isNegated = false;
    while (this.#skip('!', 'not')) isNegated = !isNegated;
    const operand = this.#plain();
    return isNegated ? { kind: 'not', operand } : operand;
  }

  #plain(): Condition {
    if (this.#skip('true')) return { kind: 'constant', value: true };
    if (this.#skip('false')) return { kind: 'constant', value: false };
    if (this.#isSymbol('(')) {
      return this.#nested(() => {
        const inner = this.#any();
        this.#expect(')');
        return inner;
      });
    }
    if (this.#token.kind === 'unary') return this.#unary(this.#token);
    return this.#comparison();
  }

  #unary({ at, text: operator }: { at: number; text: string }): Condition {
    if (!UNARY_OPERATORS.has(operator))
      throw new ExpressionProblem(
        at,
        `there is no operator -${operator} before a word; the operators are -${[...UNARY_OPERATORS].join(' -')}`,
      );
    this.#advance();
    const token = this.#token;
    const word = this.#word();
    if (operator !== 'R') return { kind: 'unary', operator, word };
    return { kind: 'address', word: undefined, range: addressRange('-R', token, word) };
  }

  #comparison(): Condition {
    const left = this.#word();
    const token = this.#token;
    const operator = token.kind === 'symbol' || token.kind === 'binary' ? token.text : '';
    const order = TEXT_ORDERS.get(operator) ?? (INTEGER_ORDERS.has(operator) ? (operator as Order) : undefined);
    if (token.kind === 'symbol' && order !== undefined) {
      this.#advance();
      return { kind: TEXT_ORDERS.has(operator) ? 'texts' : 'integers', order, left, right: this.#word() };
    }
    if (token.kind === 'symbol' && operator === 'in') {
      this.#advance();
      return this.#members(left);
    }
    if (token.kind === 'symbol' && (operator === '=~' || operator === '!~')) {
      this.#advance();
      return this.#regex(left, operator === '!~');
    }
    if (token.kind === 'binary') return this.#binary(left, token);
    return this.#unexpected("a word alone is no condition; compare it, as in %{HTTPS} == 'on' or -n %{QUERY_STRING}");
  }

  #binary(word: Word, { at, text }: { at: number; text: string }): Condition {
    const operator = text.toLowerCase();
    if (!BINARY_OPERATORS.has(operator))
      throw new ExpressionProblem(
        at,
        `there is no operator -${text} between words; write -${[...BINARY_OPERATORS].join(', -')}, or -eq and its like`,
      );
    this.#advance();
    const token = this.#token;
    const right = this.#word();
    if (operator === 'ipmatch') return { kind: 'address', word, range: addressRange('-ipmatch', token, right) };
    const ignoreCase = operator === 'strcmatch';
    return { kind: 'wildcards', word, pattern: right, ignoreCase, pathname: operator === 'fnmatch' };
  }

  #regex(word: Word, isNegated: boolean): Condition {
    const token = this.#token;
    if (token.kind !== 'regex')
      return this.#unexpected('a regular expression must stand here, as in =~ /^a/ or =~ m#^/a#i');
    this.#advance();
    const { at, source, ignoreCase } = token;
    const compiled = compileRegex(source, { ignoreCase });
    if (!compiled.ok) throw new ExpressionProblem(at, `the regular expression is wrong: ${compiled.problem}`);
    const { regex } = compiled;
    const groupCount = (new RegExp(`${regex.source}|`, regex.flags).exec('')?.length ?? 1) - 1;
    return { kind: 'regex', word, regex, hasGroups: groupCount > 0, isNegated };
  }

  /** `{ 'a', 'b' }` or a function that tells a list. */
  #members(word: Word): Condition {
    const token = this.#token;
    if (token.kind === 'name') {
      const name = token.text.toLowerCase();
      if (this.#names.lists?.has(name) !== true)
        throw new ExpressionProblem(token.at, `${token.text} tells no list; write in { 'a', 'b' }`);
      this.#advance();
      return { kind: 'in-list', word, name, argument: this.#argument() };
    }
    this.#expect('{', "write in { 'a', 'b' }");
    const members = [this.#word()];
    while (this.#skip(',')) members.push(this.#word());
    this.#expect('}');
    return { kind: 'in', word, members };
  }

  // --- words --------------------------------------------------------------------------------------------------------

  #word(): Word {
    const parts = [this.#single()];
    while (this.#skip('.')) parts.push(this.#single());
    return joinWords(parts);
  }

  #single(): Word {
    const token = this.#token;
    if (token.kind === 'word') {
      this.#advance();
      return token.word;
    }
    if (token.kind !== 'name')
      return this.#unexpected('a word must stand here: a text in quotes, a variable, a number');
    this.#advance();
    if (!this.#isSymbol('('))
      throw new ExpressionProblem(token.at, `"${token.text}" stands without quotes; write '${token.text}' or %{…}`);
    return call(token.text, this.#argument(), token.at, this.#names);
  }

  #argument(): Word {
    return this.#nested(() => {
      const argument = this.#word();
      this.#expect(')');
      return argument;
    });
  }

  // --- tokens -------------------------------------------------------------------------------------------------------

  /** At an opening parenthesis: what is within. */
  #nested<T>(read: () => T): T {
    if (++this.#depth > EXPRESSION_LIMITS.depth)
      throw new ExpressionProblem(this.#token.at, `more than ${EXPRESSION_LIMITS.depth} levels are within each other`);
    this.#expect('(');
    const result = read();
    this.#depth--;
    return result;
  }

  #advance(): void {
    this.#token = this.#scanner.next();
  }

  #isSymbol(text: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === text;
  }

  #skip(...texts: string[]): boolean {
    if (!texts.some((text) => this.#isSymbol(text))) return false;
    this.#advance();
    return true;
  }

  #expect(text: string, mend?: string): void {
    if (!this.#skip(text)) this.#unexpected(mend ?? `${text} must stand here`);
  }

  #unexpected(mend: string): never {
    const token = this.#token;
    throw new ExpressionProblem(
      token.at,
      `${token.kind === 'end' ? 'it ends too early' : 'it goes wrong here'}; ${mend}`,
    );
  }
}

/** Networks are written out, so that a wrong one is found before anybody is judged by it (as in httpd). */
function addressRange(operator: string, token: Token, word: Word) {
  if (token.kind !== 'word' || !token.isQuoted || word.kind !== 'literal')
    throw new ExpressionProblem(token.at, `${operator} needs its network as a text in quotes, such as '10.0.0.0/8'`);
  const range = parseRange(word.text);
  if (range === undefined)
    throw new ExpressionProblem(
      token.at,
      `"${word.text}" is no address or network; write 10.1, 10.1.0.0/16 or fe80::/10`,
    );
  return range;
}

// An expression at work on a subject. Groups of a match are there for what comes after it in the same expression.
// Source: answers of httpd 2.4.71.

import { isInRange, parseAddress } from '../../base/addresses.ts';
import { Failure } from '../../base/failure.ts';
import { EXPRESSION_LIMITS } from './names.ts';
import type { ExpressionSubject } from './subject.ts';
import { TEXT_FUNCTIONS, untilZero } from './text-functions.ts';
import type { Condition, Order, Word } from './tree.ts';
import { fitsWildcards } from './wildcards.ts';

/** What `$0` to `$9` stand for: the groups of the last regular expression that had any, empty when it did not match. */
export type Groups = readonly (string | undefined)[];

const NO_GROUPS: Groups = [];

/** One evaluation. A failure (a file that cannot be read) leaves as a Failure with the code `expression-failed`. */
export class Evaluation {
  readonly #subject: ExpressionSubject;
  readonly #varies: boolean;
  groups: Groups = NO_GROUPS;

  /** @param varies what is asked of the request's fields is told in Vary: of conditions, not of texts (as httpd does) */
  constructor(subject: ExpressionSubject, varies: boolean) {
    this.#subject = subject;
    this.#varies = varies;
  }

  test(condition: Condition): boolean {
    switch (condition.kind) {
      case 'constant':
        return condition.value;
      case 'not':
        return !this.test(condition.operand);
      case 'all':
        for (const operand of condition.operands) if (!this.test(operand)) return false;
        return true;
      case 'any':
        for (const operand of condition.operands) if (this.test(operand)) return true;
        return false;
      case 'texts': {
        const left = this.text(condition.left);
        const right = this.text(condition.right);
        return isOrdered(condition.order, left < right ? -1 : left > right ? 1 : 0);
      }
      case 'integers':
        return isOrdered(condition.order, compareIntegers(this.text(condition.left), this.text(condition.right)));
      case 'regex':
        return this.#matches(this.text(condition.word), condition) !== condition.isNegated;
      case 'in': {
        const text = this.text(condition.word);
        for (const member of condition.members) if (this.text(member) === text) return true;
        return false;
      }
      case 'in-list':
        return this.#subject.list(condition.name, this.text(condition.argument)).includes(this.text(condition.word));
      case 'wildcards':
        return fitsWildcards(this.text(condition.pattern), this.text(condition.word), condition);
      case 'address': {
        const { word, range } = condition;
        const address = word === undefined ? this.#subject.clientAddress : parseAddress(this.text(word));
        return address !== undefined && isInRange(range, address);
      }
      case 'unary':
        return this.#unary(condition.operator, this.text(condition.word));
    }
  }

  text(word: Word): string {
    switch (word.kind) {
      case 'literal':
        return word.text;
      case 'variable':
        return this.#subject.variable(word.name) ?? '';
      case 'header':
        return this.#subject.requestHeader(word.name, this.#varies) ?? '';
      case 'group':
        return this.groups[word.number] ?? '';
      case 'call':
        return this.#call(word.name, this.text(word.argument));
      case 'joined': {
        let text = '';
        for (const part of word.parts) text += this.text(part);
        return text;
      }
    }
  }

  #matches(text: string, { regex, hasGroups }: { readonly regex: RegExp; readonly hasGroups: boolean }): boolean {
    if (!hasGroups) return regex.test(text);
    const match = regex.exec(text);
    this.groups = match ?? NO_GROUPS;
    return match !== null;
  }

  #unary(operator: string, text: string): boolean {
    switch (operator) {
      case 'n':
        return text !== '';
      case 'z':
        return text === '';
      case 'T':
        return !/^(?:0|off|false|no|)$/i.test(text);
      case 'F':
        return this.#subject.mayReach('file', text);
      case 'U':
      case 'A':
        return this.#subject.mayReach('url', text);
      default:
        return this.#fileIs(operator, text);
    }
  }

  #fileIs(operator: string, path: string): boolean {
    const facts = path.startsWith('/') ? this.#subject.files.stat(path) : undefined;
    if (facts === undefined) return false;
    switch (operator) {
      case 'd':
        return facts.kind === 'directory';
      case 'f':
        return facts.kind === 'file';
      case 's':
        return facts.kind === 'file' && facts.sizeBytes > 0;
      case 'x':
        return facts.isExecutable;
      case 'L':
      case 'h':
        return facts.isLink;
      default: // e
        return true;
    }
  }

  #call(name: string, argument: string): string {
    const subject = this.#subject;
    switch (name) {
      case 'req':
      case 'http':
        return subject.requestHeader(argument, this.#varies) ?? '';
      case 'req_novary':
        return subject.requestHeader(argument, false) ?? '';
      case 'resp':
        return subject.responseHeader(argument) ?? '';
      case 'reqenv':
        return subject.requestEnv(argument) ?? '';
      case 'note':
        return subject.note(argument) ?? '';
      case 'osenv':
        return subject.processEnv(argument) ?? '';
      case 'env':
        return subject.note(argument) ?? subject.requestEnv(argument) ?? subject.processEnv(argument) ?? '';
      case 'ssl':
        return subject.variable(argument.toUpperCase()) ?? '';
      case 'file':
        return this.#read(argument);
      case 'filesize': {
        const facts = argument.startsWith('/') ? subject.files.stat(argument) : undefined;
        return facts?.kind === 'file' ? String(facts.sizeBytes) : '0';
      }
      default: {
        const make = TEXT_FUNCTIONS.get(name);
        return make === undefined ? (subject.call(name, argument) ?? '') : make(argument);
      }
    }
  }

  #read(path: string): string {
    try {
      return untilZero(this.#subject.files.read(path, EXPRESSION_LIMITS.fileBytes));
    } catch (cause) {
      throw new Failure('expression-failed', 'internal', `file('${path}') cannot be read`, { status: 500, cause });
    }
  }
}

function isOrdered(order: Order, sign: number): boolean {
  switch (order) {
    case 'eq':
      return sign === 0;
    case 'ne':
      return sign !== 0;
    case 'lt':
      return sign < 0;
    case 'le':
      return sign <= 0;
    case 'gt':
      return sign > 0;
    case 'ge':
      return sign >= 0;
  }
}

/** Digits that a number holds exactly. */
const EXACT_DIGITS = 15;
const INTEGER_MAX = 2n ** 63n - 1n;
const INTEGER_MIN = -(2n ** 63n);

/** As C's strtol reads them: digits at the start after blanks, 0 when there are none, cut to 64 bits. */
function compareIntegers(left: string, right: string): number {
  const a = digitsOf(left);
  const b = digitsOf(right);
  if (a.length <= EXACT_DIGITS && b.length <= EXACT_DIGITS) return Math.sign(Number(a) - Number(b));
  const wideA = clamp(BigInt(a));
  const wideB = clamp(BigInt(b));
  return wideA < wideB ? -1 : wideA > wideB ? 1 : 0;
}

function digitsOf(text: string): string {
  const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)(\d*)/.exec(text) ?? [];
  return digits === undefined || digits === '' ? '0' : `${sign === '-' ? '-' : ''}${digits}`;
}

function clamp(value: bigint): bigint {
  return value > INTEGER_MAX ? INTEGER_MAX : value < INTEGER_MIN ? INTEGER_MIN : value;
}

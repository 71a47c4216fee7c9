// httpd's expressions (ap_expr): conditions such as `%{HTTP_HOST} == 'a' && -R '10.0.0.0/8'` and texts with `%{…}` in them.
// The one implementation, for every directive that takes one. Place in the picture: floor 2, pure; text in, program out,
// evaluated against a narrow subject. Specification: httpd's documentation "Expressions in Apache HTTP Server".

import { Evaluation, type Groups } from './evaluate.ts';
import { EXPRESSION_LIMITS } from './names.ts';
import { parseCondition } from './parse.ts';
import { type ExpressionNames, ExpressionProblem, Scanner } from './scan.ts';
import type { ExpressionSubject } from './subject.ts';
import type { Condition, Word } from './tree.ts';

export type { Groups } from './evaluate.ts';
export type { ExpressionNames } from './scan.ts';
export { type ExpressionFiles, type ExpressionSubject, type FileFacts, NO_SUBJECT } from './subject.ts';

/** A condition. */
export class Expression {
  /** As written, octets. */
  readonly source: string;
  readonly condition: Condition;

  constructor(source: string, condition: Condition) {
    this.source = source;
    this.condition = condition;
  }

  /** Whether it holds. @throws Failure `expression-failed` when that cannot be told: a file cannot be read */
  test(subject: ExpressionSubject): boolean {
    return new Evaluation(subject, true).test(this.condition);
  }

  /** The groups of its last match when it holds, undefined when it does not; for what uses `$1` beyond it. */
  match(subject: ExpressionSubject): Groups | undefined {
    const evaluation = new Evaluation(subject, true);
    return evaluation.test(this.condition) ? evaluation.groups : undefined;
  }
}

/** A text with variables in it. */
export class TextExpression {
  /** As written, octets. */
  readonly source: string;
  readonly word: Word;

  constructor(source: string, word: Word) {
    this.source = source;
    this.word = word;
  }

  /** Nothing in it depends on the subject. */
  get isConstant(): boolean {
    return this.word.kind === 'literal';
  }

  /** The text. @throws Failure `expression-failed` when it cannot be told: a file cannot be read */
  text(subject: ExpressionSubject): string {
    return new Evaluation(subject, false).text(this.word);
  }
}

export type Parsed<T> =
  | { readonly ok: true; readonly expression: T }
  /** `offset` counts octets of the text from 0; `problem` says what is wrong there and how to mend it. */
  | { readonly ok: false; readonly problem: string; readonly offset: number };

/** Parses a condition. @param text octets (latin1 view), without the `expr=` that some directives write before it */
export function parseExpression(text: string, names: ExpressionNames = {}): Parsed<Expression> {
  return parsed(text, () => new Expression(text, parseCondition(text, names)));
}

/** Parses a text with `%{NAME}` and `%{function:argument}` in it. @param text octets (latin1 view) */
export function parseText(text: string, names: ExpressionNames = {}): Parsed<TextExpression> {
  return parsed(text, () => new TextExpression(text, new Scanner(text, names).text()));
}

function parsed<T>(text: string, parse: () => T): Parsed<T> {
  if (text.length > EXPRESSION_LIMITS.sourceBytes)
    return { ok: false, problem: `it is longer than ${EXPRESSION_LIMITS.sourceBytes} octets`, offset: 0 };
  try {
    return { ok: true, expression: parse() };
  } catch (error) {
    if (error instanceof ExpressionProblem) return { ok: false, problem: error.message, offset: error.at };
    throw error;
  }
}

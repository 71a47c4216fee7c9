// The expressions of ProxyHCExpr: httpd's language with two names more, `hc('body')` and `%{HC_BODY}`. Place in the
// picture: floor 3; loading asks whether one can be read, the checks evaluate it, `check` looks for what it asks in vain.

import { type Expression, type Parsed, parseExpression } from '../config/expression/expression.ts';

const NAMES = { functions: new Set(['hc']), variables: new Set(['HC_BODY']) };

/** Parses the text between the braces. */
export function parseHealthExpression(text: string): Parsed<Expression> {
  return parseExpression(text, NAMES);
}

/** Whether it looks at the body of the answer, which only GET brings. */
export function asksForBody(text: string): boolean {
  return /\bhc\s*\(|%\{hc(_body|:)/i.test(text);
}

/** Whether it looks at fields of a request: there is none, so they are empty. People mean `resp('Name')`. */
export function asksForRequestFields(text: string): boolean {
  return /\b(?:req|http|req_novary)\s*\(|%\{(?:req|http|req_novary):|%\{HTTP_/i.test(text);
}

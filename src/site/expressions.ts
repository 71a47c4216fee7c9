// Reading expressions out of a directive's arguments, with what is wrong told at its line; and the sections that stand on
// them: <If>, <ElseIf>, <Else>. Source: httpd's documentation of core, and answers of httpd 2.4.71.

import {
  type Expression,
  type Parsed,
  parseExpression,
  parseText,
  type TextExpression,
} from '../config/expression/expression.ts';
import { textOf } from '../config/files.ts';
import type { ConfigNode, SectionNode } from '../config/httpd/tree.ts';
import { fail } from './arguments.ts';
import type { Scope, SectionDraft } from './draft.ts';

/** A condition, or undefined when it is wrong, which is told. @param text octets */
export function readExpression(node: ConfigNode, scope: Scope, text: string): Expression | undefined {
  return told(node, scope, text, parseExpression(text));
}

/** A text with variables, or undefined when it is wrong, which is told. @param text octets */
export function readTextExpression(node: ConfigNode, scope: Scope, text: string): TextExpression | undefined {
  return told(node, scope, text, parseText(text));
}

function told<T>(node: ConfigNode, scope: Scope, text: string, parsed: Parsed<T>): T | undefined {
  if (parsed.ok) return parsed.expression;
  const where = `in the expression ${textOf(text)} at character ${textOf(text.slice(0, parsed.offset)).length + 1}`;
  return fail(node, scope, `${where}: ${textOf(parsed.problem)}`, 'bad-expression');
}

/** `expr=…` in any letter case: the text behind it. */
export function expressionPart(word: string | undefined): string | undefined {
  return word !== undefined && /^expr=/i.test(word) ? word.slice(5) : undefined;
}

/**
 * The expression of a `Require [not] expr`: the rest of the line as it stands, without the double quotes that enclose
 * all of it; backslashes within stay (as httpd reads it).
 * @param raw what follows `expr`
 */
export function requireExpression(node: ConfigNode, scope: Scope, raw: string): Expression | undefined {
  const text = raw.trim();
  const isQuoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  return readExpression(node, scope, isQuoted ? text.slice(1, -1) : text);
}

/** Reads `<If>` and its kin; `walk` reads what is within. Nothing is kept of a section whose own line is wrong. */
export function readConditional(node: SectionNode, scope: Scope, walk: (scope: Scope) => void): void {
  const isElse = node.key !== 'if';
  const before = scope.settings.conditions ?? [];
  if (isElse && !mayContinue(before.at(-1))) {
    fail(node, scope, 'needs an <If> or <ElseIf> before it in the same section', 'else-without-if');
    return;
  }
  const wanted = node.key === 'else' ? 0 : 1;
  if (node.words.length !== wanted) {
    fail(
      node,
      scope,
      wanted === 0 ? 'takes no argument' : 'takes one expression; put it in quotes, as in <If "%{HTTPS} == \'on\'">',
      'argument-count',
    );
    return;
  }
  const expression = wanted === 0 ? undefined : readExpression(node, scope, node.words[0]);
  if (wanted === 1 && expression === undefined) return;
  const section: SectionDraft = {
    kind: 'condition',
    matcher: { kind: 'condition', expression, isElse },
    argument: '',
    title: `<${node.name}${node.raw.trim() === '' ? '' : ` ${textOf(node.raw.trim())}`}>`,
    settings: {},
    place: node.place,
  };
  scope.settings.conditions = [...before, section];
  walk({ ...scope, section, settings: section.settings });
}

/** After an <Else> nothing is left to decide. */
function mayContinue(before: SectionDraft | undefined): boolean {
  return before?.matcher.kind === 'condition' && before.matcher.expression !== undefined;
}

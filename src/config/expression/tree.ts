// A parsed expression as data: what `evaluate.ts` runs and others may look at.

import type { AddressRange } from '../../base/addresses.ts';

/** What is true or false. */
export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly operand: Condition }
  /** In order, no further than needed. */
  | { readonly kind: 'all' | 'any'; readonly operands: readonly Condition[] }
  | { readonly kind: 'texts' | 'integers'; readonly order: Order; readonly left: Word; readonly right: Word }
  | {
      readonly kind: 'regex';
      readonly word: Word;
      readonly regex: RegExp;
      /** Without groups a match leaves `$0` to `$9` as they are. */
      readonly hasGroups: boolean;
      readonly isNegated: boolean;
    }
  | { readonly kind: 'in'; readonly word: Word; readonly members: readonly Word[] }
  | { readonly kind: 'in-list'; readonly word: Word; readonly name: string; readonly argument: Word }
  | {
      readonly kind: 'wildcards';
      readonly word: Word;
      readonly pattern: Word;
      readonly ignoreCase: boolean;
      /** Wildcards do not match slashes. */
      readonly pathname: boolean;
    }
  /** Without a word it is about the client. */
  | { readonly kind: 'address'; readonly word: Word | undefined; readonly range: AddressRange }
  /** `-d`, `-n` and the like. */
  | { readonly kind: 'unary'; readonly operator: string; readonly word: Word };

export type Order = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** What is a text. */
export type Word =
  | { readonly kind: 'literal'; readonly text: string }
  /** `name` in upper case. */
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'header'; readonly name: string }
  /** `$0` to `$9`. */
  | { readonly kind: 'group'; readonly number: number }
  /** `name` in lower case. */
  | { readonly kind: 'call'; readonly name: string; readonly argument: Word }
  | { readonly kind: 'joined'; readonly parts: readonly Word[] };

/** One word of several. */
export function joinWords(parts: readonly Word[]): Word {
  const flat = parts.flatMap((part) => (part.kind === 'joined' ? part.parts : [part]));
  if (flat.length === 1) return flat[0];
  return flat.every((part) => part.kind === 'literal')
    ? { kind: 'literal', text: flat.map((part) => (part.kind === 'literal' ? part.text : '')).join('') }
    : { kind: 'joined', parts: flat };
}

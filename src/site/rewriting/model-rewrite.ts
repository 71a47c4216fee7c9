// mod_rewrite as data: rules with their conditions, texts with variables, maps. Part of the model; import from `model.ts`.
// What runs them is `rewriting.ts`; what asks the request is in the frontend.

import type { Expression } from '../../config/expression/expression.ts';
import type { Place } from '../../config/finding.ts';
import type { MappingTarget } from '../model-rules.ts';

/** A text with groups, variables and maps in it; '' is the empty list. */
export type RewriteText = readonly RewritePart[];

export type RewritePart =
  | { readonly kind: 'text'; readonly text: string }
  /** `$n`: of the rule's pattern; `%n`: of the last condition that matched. */
  | { readonly kind: 'rule-group' | 'condition-group'; readonly number: number }
  /** A name of mod_rewrite's; `env`, `header` and `tls` have their own name spaces. */
  | { readonly kind: 'variable' | 'env' | 'header' | 'tls'; readonly name: string }
  /** `%{LA-U:REQUEST_FILENAME}`: the file that the path as it is now leads to. */
  | { readonly kind: 'mapped-file' }
  | { readonly kind: 'map'; readonly name: string; readonly key: RewriteText; readonly fallback: RewriteText };

export type RewriteOrder = 'lt' | 'le' | 'eq' | 'ge' | 'gt' | 'ne';

export type RewriteTest =
  | { readonly kind: 'regex'; readonly regex: RegExp }
  | { readonly kind: 'text'; readonly order: RewriteOrder; readonly text: string; readonly ignoreCase: boolean }
  | { readonly kind: 'number'; readonly order: RewriteOrder; readonly number: number }
  /** `-f`, `-d`, `-s`, `-l`, `-x`. */
  | { readonly kind: 'file'; readonly is: 'file' | 'directory' | 'sized' | 'link' | 'executable' }
  /** `-U`, `-F`: whether the client might have it. */
  | { readonly kind: 'reach'; readonly what: 'url' | 'file' }
  | { readonly kind: 'expression'; readonly expression: Expression };

export interface RewriteCondition {
  readonly subject: RewriteText;
  readonly test: RewriteTest;
  readonly isNegated: boolean;
  /** OR: this one or the next. */
  readonly orNext: boolean;
  /** NV: fields of the request that it looks at are not told in Vary. */
  readonly noVary: boolean;
}

/** Which octets of groups the flag B writes as `%xx`. */
export interface RewriteEscaping {
  /** Only these; undefined: all but letters, digits and `_`. */
  readonly only: string | undefined;
  readonly except: string;
  /** BCTLS: only controls and blanks. */
  readonly controlsOnly: boolean;
  /** BNP: a blank becomes `%20`, not `+`. */
  readonly noPlus: boolean;
}

/** Where [P] leads: known when the configuration is read, or nowhere. */
export type RewriteTarget = Exclude<MappingTarget, { kind: 'none' }>;

export interface RewriteRule {
  readonly regex: RegExp;
  readonly isNegated: boolean;
  readonly conditions: readonly RewriteCondition[];
  /** Undefined for `-`: the URL stays. */
  readonly substitution: RewriteText | undefined;
  /** Status of a redirect, or with `endsRequest` of the answer. */
  readonly status: number;
  /** F, G, R with a status that is no redirect. */
  readonly endsRequest: boolean;
  readonly isRedirect: boolean;
  /** P. */
  readonly proxy: RewriteTarget | undefined;
  /** What the URL of [P] must begin with, before its path. */
  readonly proxyPrefix: string;
  /** The substitution may be an absolute path of a file: the request does not say where it begins. */
  readonly mayNameFile: boolean;
  readonly isPassThrough: boolean;
  /** L, and END for all rounds of a request. */
  readonly isLast: boolean;
  readonly isEnd: boolean;
  readonly isChained: boolean;
  /** N: rounds at most; 0 without. */
  readonly rounds: number;
  /** S. */
  readonly skip: number;
  readonly noEscape: boolean;
  readonly query: 'replace' | 'append' | 'discard';
  /** QSL: the query begins at the last question mark. */
  readonly splitsAtLast: boolean;
  /** NS: not for questions within questions. */
  readonly notInSubrequests: boolean;
  readonly discardsPathInfo: boolean;
  /** UnsafeAllow3F: what a request brings in may hold a question mark. */
  readonly allowsQuestionMark: boolean;
  readonly escaping: RewriteEscaping | undefined;
  /** In order; `value` undefined takes the variable away. */
  readonly env: readonly { readonly name: RewriteText; readonly value: RewriteText | undefined }[];
  readonly cookies: readonly RewriteText[];
  /** H. */
  readonly handler: RewriteText | undefined;
  readonly place: Place;
}

/** Rules of a host. */
export interface HostRewriting {
  readonly rules: readonly RewriteRule[];
}

/** Rules of a section. */
export interface SectionRewriting {
  /** RewriteEngine; undefined is inherited. */
  readonly isOn: boolean | undefined;
  readonly rules: readonly RewriteRule[];
  /** What is taken off a file's path before patterns see it: the section's path with a slash at its end. */
  readonly directory: string | undefined;
  /** RewriteBase, with a slash at its end. */
  readonly base: string | undefined;
  /** Of what kind the section is. */
  readonly kind: string;
  /** RewriteOptions stands there, or in an outer section of its kind. */
  readonly hasOptions: boolean;
  /** MergeBase: a base of the section above holds here. */
  readonly mergesBase: boolean;
  /** Rules of the section above, behind or before the own ones; `isInherited` is said by the one above. */
  readonly inherits: 'after' | 'before' | undefined;
  readonly isInherited: 'after' | 'before' | undefined;
  readonly ignoresInherited: boolean;
}

export type RewriteMap =
  /** Absolute path of a file of keys and values; with `isRandom` a value is several, separated by `|`. */
  | { readonly kind: 'file'; readonly file: string; readonly isRandom: boolean; readonly place: Place }
  | {
      readonly kind: 'function';
      readonly name: 'toupper' | 'tolower' | 'escape' | 'unescape';
      readonly place: Place;
    };

// The rules of a compiled site, as data: mappings, environment, headers. Part of the model; import them from `model.ts`.
// What applies them is pure: `mapping.ts` here, the rest in the frontend.

import type { Expression, TextExpression } from '../config/expression/expression.ts';

import type { Place } from '../config/finding.ts';

/** Key of a balancer within one Snapshot: stable over reloads, so that members keep their counters. */
export type BalancerKey = string;

/** `env=X`, `env=!X`. */
export interface EnvCondition {
  readonly name: string;
  readonly isNegated: boolean;
}

/** What `env=…` or `expr=…` at the end of a line asks. */
export type LineCondition = EnvCondition | Expression;

// --- mappings -------------------------------------------------------------------------------------------------------

/** A rule from request path to target: ProxyPass, ProxyPassMatch. */
export interface Mapping {
  readonly place: Place;
  readonly pattern: MappingPattern;
  readonly target: MappingTarget;
  /** Use the path as sent, without decoding and re-encoding. */
  readonly nocanon: boolean;
  /** As httpd, without effect on an ordinary mapping; kept for `dump`. */
  readonly noquery: boolean;
  /** `${NAME}` in the target is replaced from the request's environment, when ProxyPassInterpolateEnv is on. */
  readonly interpolate: boolean;
  /** What the pattern is compared with. */
  readonly mode: 'decoded' | 'encoded' | 'servlet';
}

export type MappingPattern =
  | { readonly kind: 'prefix'; readonly path: string }
  | { readonly kind: 'regex'; readonly source: string; readonly regex: RegExp };

export type MappingTarget =
  /** `!`: the search ends and nothing is proxied. */
  | { readonly kind: 'none' }
  | ProxyTarget
  /** Honest refusal: a scheme or form that is not served; answered with `status`. */
  | { readonly kind: 'unavailable'; readonly url: string; readonly status: number; readonly reason: string };

export interface ProxyTarget {
  readonly kind: 'proxy';
  readonly balancer: BalancerKey;
  /** The target up to its path, as written: `balancer://name`, `ajp://host:8009`. `<Proxy>` sections are compared with it. */
  readonly authority: string;
  /**
   * What stands after `authority` in the target: '' , '/', '/x', with `$1` in a regex mapping. A balancer puts its
   * member's own path before it; the member of a direct target has none.
   */
  readonly path: string;
  readonly isDirect: boolean;
}

/** ProxyPassReverse and its cookie siblings; `internal` and `external` as written. */
export interface ReverseRule {
  readonly kind: 'url' | 'cookie-path' | 'cookie-domain';
  /** The backend's spelling: a URL, a path, `balancer://name/path`. */
  readonly internal: string;
  /** Our spelling: a path (url, cookie-path) or a domain. */
  readonly external: string;
  /** Set when `internal` names a balancer: any member's URL matches. */
  readonly balancer: BalancerKey | undefined;
  readonly interpolate: boolean;
  readonly place: Place;
}

export interface AliasRule {
  readonly kind: 'alias' | 'script-alias';
  readonly pattern: MappingPattern;
  /** File system path; `$1` in a regex rule. */
  readonly path: string;
  readonly place: Place;
}

/** Alias without a path, in a section: all of it is this file. */
export interface AliasTarget {
  readonly kind: AliasRule['kind'];
  /** Names the file, absolute or relative to ServerRoot. */
  readonly file: TextExpression;
  readonly place: Place;
}

export interface RedirectTarget {
  readonly status: number;
  /** URL or path, `$1` in a regex rule; undefined for statuses outside 300–399. */
  readonly url: string | undefined;
  readonly place: Place;
}

/** Redirect without a path. */
export interface SectionRedirect {
  readonly status: number;
  /** URL or path; undefined for statuses outside 300–399. */
  readonly url: TextExpression | undefined;
  readonly place: Place;
}

/** After a prefix match the rest of the path is appended to `url`. */
export interface RedirectRule extends RedirectTarget {
  readonly pattern: MappingPattern;
}

// --- environment and headers ----------------------------------------------------------------------------------------

/** SetEnvIf, BrowserMatch, SetEnvIfExpr. */
export type EnvIfRule = EnvMatchRule | EnvExpressionRule;

export interface EnvExpressionRule {
  readonly kind: 'expression';
  readonly expression: Expression;
  /** As those of a match; `$1` stands for a group of the expression's last match. */
  readonly actions: readonly { readonly name: string; readonly value: string | undefined }[];
  readonly place: Place;
}

export interface EnvMatchRule {
  readonly kind: 'match';
  readonly subject: /** A request header; when there is none, the environment variable of that name. */
    | { readonly kind: 'header'; readonly name: string }
    /** Every request header whose name matches. */
    | { readonly kind: 'header-pattern'; readonly regex: RegExp }
    | {
        readonly kind: 'attribute';
        readonly name: 'remote-host' | 'remote-addr' | 'server-addr' | 'method' | 'protocol' | 'uri';
      };
  readonly regex: RegExp;
  /** The pattern holds nothing special: `$1` in values stays as written. */
  readonly isLiteral: boolean;
  /** In order; `$1` in a value stands for a group of `regex`; `value` undefined removes the variable. */
  readonly actions: readonly { readonly name: string; readonly value: string | undefined }[];
  readonly place: Place;
}

export type EnvOp =
  | { readonly kind: 'set'; readonly name: string; readonly value: string }
  | { readonly kind: 'unset'; readonly name: string };

export interface HeaderOp {
  readonly target: 'request' | 'response' | 'response-always';
  readonly action: 'set' | 'setifempty' | 'append' | 'add' | 'merge' | 'unset' | 'edit' | 'edit*' | 'echo' | 'note';
  readonly name: string;
  /** For `echo`: names of request headers that match are copied. For `edit`: what is replaced. */
  readonly regex: RegExp | undefined;
  /** For `edit` the replacement, with `$1`. Empty for `unset` and `echo`. */
  readonly value: HeaderValue;
  readonly condition: LineCondition | undefined;
  /** Applied before anything else, at server level only. */
  readonly isEarly: boolean;
  readonly place: Place;
}

/** Text with `%{X}e`-like parts. */
export type HeaderValue = readonly HeaderValuePart[];

export type HeaderValuePart =
  /** `expr=…`: the whole value. */
  | { readonly kind: 'expression'; readonly expression: TextExpression }
  | { readonly kind: 'text'; readonly text: string }
  /** `%{NAME}e`. */
  | { readonly kind: 'env'; readonly name: string }
  /** `%{NAME}s`. */
  | { readonly kind: 'variable'; readonly name: string }
  /** `%t`: `t=` and microseconds since 1970 when the request came. */
  | { readonly kind: 'received-at' }
  /** `%D`: `D=` and microseconds so far. */
  | { readonly kind: 'duration' }
  /** `%l`, `%i`, `%b`: load averages, idle and busy percentage. */
  | { readonly kind: 'load' | 'idle' | 'busy' };

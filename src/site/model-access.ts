// Who may enter, as data: part of the model; import it from `model.ts`. `access-rules.ts` and `authentication.ts` compile
// it, `access.ts` judges it.

import type { AddressRange } from '../base/addresses.ts';
import type { Expression, TextExpression } from '../config/expression/expression.ts';
import type { Place } from '../config/finding.ts';
import type { HostAddress } from './model.ts';

/** Everything a section says about who may enter; merging is `access-merge.ts`'s. */
export interface AccessRules {
  /** Require and its containers of all sections in force, AuthMerging carried out. */
  readonly requires?: RequireNode;
  /** What `requires` was made of, in the order of merging. */
  readonly layers?: readonly RequireLayer[];
  readonly order?: OrderRules;
  readonly authentication?: Authentication;
  /** AuthzSendForbiddenOnFailure: 403 for users who may not enter, where 401 would ask them to log in as others. */
  readonly forbiddenOnFailure?: boolean;
}

/** The Require directives of one section. Sections of one kind are merged with each other before they lie over others. */
export interface RequireLayer {
  readonly kind: 'server' | 'directory' | 'files' | 'location' | 'proxy' | 'if';
  readonly requires?: RequireNode;
  /** AuthMerging: how `requires` joins what is inherited; undefined: it replaces that, or says nothing. */
  readonly merging?: 'and' | 'or' | 'off';
}

/** `<Limit>`, `<LimitExcept>`: the methods that what is within speaks of. HEAD goes by the name of GET. */
export interface MethodLimit {
  readonly kind: 'only' | 'except';
  readonly methods: readonly string[];
}

/** A node of another method than the request's is as if it were not there; in `all-of` it lets in. */
export type RequireNode = Line & RequireKind;

/** What all rules have: the methods they speak of, and where they were written. */
interface Line {
  readonly limit?: MethodLimit | undefined;
  /** For people who ask which line decided; containers have none. */
  readonly written?: Written | undefined;
}

/** A line as it stands in a file. */
export interface Written {
  readonly text: string;
  readonly place: Place;
}

export type RequireKind =
  | { readonly kind: 'all-of' | 'any-of'; readonly children: readonly RequireNode[] }
  | { readonly kind: 'not'; readonly child: RequireNode }
  | { readonly kind: 'granted' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'ip'; readonly ranges: readonly AddressRange[] }
  /** Loopback, or client and server address are the same. */
  | { readonly kind: 'local' }
  /** The client's name, found by its address and checked by asking for its addresses, lies within one of these. */
  | { readonly kind: 'host'; readonly names: Names }
  /** The client's address is one of those that these names have. */
  | { readonly kind: 'forward-dns'; readonly names: Names }
  | { readonly kind: 'env'; readonly names: readonly string[] }
  | { readonly kind: 'method'; readonly methods: readonly string[] }
  | { readonly kind: 'user'; readonly names: Names }
  | { readonly kind: 'valid-user' }
  /** `asksUser`: it speaks of the user, so that one may be asked for where it does not hold. */
  | { readonly kind: 'expression'; readonly expression: Expression; readonly asksUser: boolean }
  | { readonly kind: 'group'; readonly names: Names };

/** Names as written, or a text with variables whose words they are. Letter case counts for users alone. */
export type Names = readonly string[] | TextExpression;

/** Order, Allow, Deny, Satisfy of one section. */
export interface OrderRules {
  /** The last that speaks of a method holds; without one `deny,allow`. */
  readonly orders: readonly {
    readonly order: 'deny,allow' | 'allow,deny' | 'mutual-failure';
    readonly limit: MethodLimit | undefined;
  }[];
  readonly allow: readonly ClientMatch[];
  readonly deny: readonly ClientMatch[];
  /** The last that speaks of a method holds; without one `all`. */
  readonly satisfy: readonly { readonly satisfy: 'all' | 'any'; readonly limit: MethodLimit | undefined }[];
}

/** Operand of `Allow from` and `Deny from`. */
export type ClientMatch = Line &
  (
    | { readonly kind: 'all' }
    | { readonly kind: 'ip'; readonly range: AddressRange }
    | { readonly kind: 'host'; readonly name: string }
    | { readonly kind: 'env'; readonly name: string; readonly isNegated: boolean }
  );

/** How users say who they are. What is undefined is inherited. */
export interface Authentication {
  readonly type?: 'basic' | 'none';
  /** AuthName. */
  readonly realm?: TextExpression;
  /** AuthUserFile, AuthGroupFile: absolute. */
  readonly userFile?: string;
  readonly groupFile?: string;
  /** AuthBasicFake: what the backend is told as Authorization, a user and a password; `off` undoes. */
  readonly fake?: { readonly user: TextExpression; readonly password: TextExpression } | 'off';
  /** AuthBasicAuthoritative; default true. */
  readonly isAuthoritative?: boolean;
  /** Where AuthType stands, for messages. */
  readonly place?: Place;
}

// --- who the client is ----------------------------------------------------------------------------------------------

/** RemoteIPHeader and what belongs to it. */
export interface RemoteIpSettings {
  /** The request field in which proxies name their client; undefined: none does. */
  readonly header: string | undefined;
  /** The request field in which the proxies that were believed are passed on. */
  readonly proxiesHeader: string | undefined;
  /** Who is believed, in the order of the file; without any, everybody is, about public addresses. */
  readonly proxies: readonly TrustedProxy[];
}

export interface TrustedProxy {
  readonly range: AddressRange;
  /** Believed about private addresses too. */
  readonly isInternal: boolean;
}

/** RemoteIPProxyProtocol: at which local addresses connections begin with the PROXY protocol, and for which peers not. */
export interface ProxyProtocolSettings {
  readonly enabled: readonly HostAddress[];
  readonly disabled: readonly HostAddress[];
  readonly exceptions: readonly AddressRange[];
}

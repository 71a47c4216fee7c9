// The compiled site: immutable data that the frontend serves and `check`, `explain` and `dump` read. One Snapshot is one
// configuration in force. Place in the picture: floor 3, the meeting of a dialect's text and the balancer.
// Texts that came from the configuration or go on the wire are octets (latin1 view); file system paths are UTF-8.

import type { BalancerConfig } from '../balancer/config.ts';
import type { Finding, Place } from '../config/finding.ts';
import type { LogFormat } from '../config/httpd/log-format.ts';

/** Key of a balancer within one Snapshot: stable over reloads, so that members keep their counters. */
export type BalancerKey = string;

export interface Snapshot {
  readonly serverRoot: string;
  /** In file order, without repeats. Never empty. */
  readonly listens: readonly Listen[];
  /** Serves what arrives at an address no virtual host has. */
  readonly mainHost: Host;
  /** Virtual hosts in file order. */
  readonly hosts: readonly Host[];
  /**
   * Balancers (`balancer://name`) and direct targets alike. A direct target is a balancer of one member whose policy
   * is `direct`; its key is the worker URL, and every mapping under that URL shares it.
   */
  readonly balancers: ReadonlyMap<BalancerKey, BalancerConfig>;
  /** ProxyHCExpr: names of expressions and their texts, as written. */
  readonly healthExpressions: ReadonlyMap<string, string>;
  readonly server: ServerSettings;
  /** Every file that was read, in order of first reading. */
  readonly files: readonly string[];
  /** Warnings and notes of loading; errors leave no Snapshot. */
  readonly findings: readonly Finding[];
}

export interface Listen {
  /** IP address without brackets, or a name that was not in the hosts file; undefined for every address. */
  readonly address: string | undefined;
  readonly port: number;
  /** Second argument of Listen; `https` when the port is 443 and none is given. */
  readonly protocol: string;
  readonly place: Place;
}

/** What belongs to the process, not to a host. */
export interface ServerSettings {
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Absolute; undefined when no PidFile is given. */
  readonly pidFile: string | undefined;
  readonly runtimeDir: string;
  /** Names given by Define and `-D`, for `dump`. */
  readonly defines: ReadonlyMap<string, string>;
  /** Modules that LoadModule named, without `_module`. */
  readonly modules: ReadonlySet<string>;
  readonly listenBacklog: number;
  /** Seconds a graceful stop waits; 0 for ever. */
  readonly gracefulShutdownTimeoutMs: number;
  readonly extendedStatus: boolean;
  readonly serverTokens: 'prod' | 'major' | 'minor' | 'min' | 'os' | 'full';
  readonly proxyStatus: 'off' | 'on' | 'full';
}

/** A virtual host, or the main server. Everything inherited is already merged in. */
export interface Host {
  /** Stable over reloads: `main` or `<server name>:<port>` with `#2`… when repeated. */
  readonly id: string;
  /** Addresses of `<VirtualHost …>`; empty for the main server. */
  readonly addresses: readonly HostAddress[];
  /** Lower case. */
  readonly serverName: string;
  /** Port written in ServerName; undefined when none. */
  readonly serverPort: number | undefined;
  /** Scheme written in ServerName; undefined when none. */
  readonly serverScheme: 'http' | 'https' | undefined;
  readonly hasOwnServerName: boolean;
  /** ServerAlias names and wildcard patterns, lower case. */
  readonly aliases: readonly HostAlias[];
  readonly serverAdmin: string | undefined;
  readonly documentRoot: string | undefined;
  /** Alias, AliasMatch, ScriptAlias … : own rules first, then the main server's. First match wins. */
  readonly aliasRules: readonly AliasRule[];
  /** Redirect, RedirectMatch … of server level: own rules first, then the main server's; tried before `aliasRules`. */
  readonly redirectRules: readonly RedirectRule[];
  /** ProxyPass and ProxyPassMatch of server level: the main server's first, then own. First match wins. */
  readonly mappings: readonly Mapping[];
  /** Balancers that this host sees, by name without `balancer://`: what a balancer-manager within it shows. */
  readonly balancers: ReadonlyMap<string, BalancerKey>;
  /** SetEnvIf and BrowserMatch of server level, run as soon as the head is read. */
  readonly earlyEnvRules: readonly EnvIfRule[];
  /** Settings outside every section; all sections merge over them. */
  readonly defaults: DirectorySettings;
  /** The main server's sections first, then own, each kind in file order; `settings.ts` merges them. */
  readonly sections: Sections;
  readonly accessLogs: readonly AccessLog[];
  /** Absolute path, `|command`, or `syslog…`; undefined when the product's default applies. */
  readonly errorLog: string | undefined;
  readonly logLevel: LogLevel;
  /** Timeout: waiting for a client's bytes, and the default toward backends. */
  readonly timeoutMs: number;
  readonly keepAlive: boolean;
  readonly keepAliveTimeoutMs: number;
  /** 0 for no limit. */
  readonly maxKeepAliveRequests: number;
  readonly limits: RequestLimits;
  /** RequestReadTimeout; a part is undefined when it has no limit. */
  readonly requestReadTimeout: { readonly header: ReadTimeout | undefined; readonly body: ReadTimeout | undefined };
  readonly allowEncodedSlashes: EncodedSlashes;
  readonly mergeSlashes: boolean;
  /** ProxyTimeout; undefined means `timeoutMs`. */
  readonly proxyTimeoutMs: number | undefined;
  readonly via: 'off' | 'on' | 'full' | 'block';
  /** ProxyIOBufferSize: for AJP the packet size too. */
  readonly ioBufferSizeBytes: number;
  /** ProxyReceiveBufferSize; 0 leaves the system's. */
  readonly receiveBufferSizeBytes: number;
  /** ProxyMaxForwards; undefined adds no Max-Forwards. */
  readonly maxForwards: number | undefined;
  readonly badHeader: 'is-error' | 'ignore' | 'start-body';
  readonly traceEnable: 'off' | 'on' | 'extended';
  readonly useCanonicalName: 'off' | 'on' | 'dns';
  readonly useCanonicalPhysicalPort: boolean;
  readonly hostnameLookups: boolean;
  /** TypesConfig, absolute. */
  readonly typesConfig: string | undefined;
  readonly protocols: readonly string[];
  readonly tls: TlsSettings | undefined;
  readonly upstreamTls: UpstreamTlsSettings;
  readonly place: Place;
}

export interface HostAddress {
  /** IP address without brackets; undefined for `*` and `_default_`. */
  readonly address: string | undefined;
  /** undefined for every port. */
  readonly port: number | undefined;
}

/** `text` is lower case; with `isPattern` it may hold `*` and `?`. */
export interface HostAlias {
  readonly text: string;
  readonly isPattern: boolean;
}

export interface RequestLimits {
  readonly lineBytes: number;
  readonly fieldBytes: number;
  /** 0 for no limit. */
  readonly fieldCount: number;
}

export interface ReadTimeout {
  readonly initialMs: number;
  /** undefined: does not grow. */
  readonly maximumMs: number | undefined;
  /** Bytes that buy one more second; 0 when it does not grow. */
  readonly minimumRateBytesPerSecond: number;
}

/** `off`: `%2F` is 404; `on`: decoded to `/`; `no-decode`: left as it is. */
export type EncodedSlashes = 'off' | 'on' | 'no-decode';

export type LogLevel =
  | 'emerg'
  | 'alert'
  | 'crit'
  | 'error'
  | 'warn'
  | 'notice'
  | 'info'
  | 'debug'
  | 'trace1'
  | 'trace2'
  | 'trace3'
  | 'trace4'
  | 'trace5'
  | 'trace6'
  | 'trace7'
  | 'trace8';

export interface AccessLog {
  /** Absolute path, or `|command` when `isPipe`. */
  readonly target: string;
  readonly isPipe: boolean;
  readonly format: LogFormat;
  readonly condition: EnvCondition | undefined;
  readonly place: Place;
}

/** `env=X`, `env=!X`. */
export interface EnvCondition {
  readonly name: string;
  readonly isNegated: boolean;
}

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

export interface RedirectTarget {
  readonly status: number;
  /** URL or path, `$1` in a regex rule; undefined for statuses outside 300–399. */
  readonly url: string | undefined;
  readonly place: Place;
}

/** After a prefix match the rest of the path is appended to `url`. */
export interface RedirectRule extends RedirectTarget {
  readonly pattern: MappingPattern;
}

// --- sections and their settings ------------------------------------------------------------------------------------

/** Sections by kind, each list in the order in which it must be merged. */
export interface Sections {
  /** `<Directory>` shortest path first, then `<DirectoryMatch>` in file order. */
  readonly directories: readonly Section[];
  readonly files: readonly Section[];
  readonly locations: readonly Section[];
  /** `<Proxy>` and `<ProxyMatch>`: compared with the proxied URL; they take the place of Directory and Files then. */
  readonly proxies: readonly Section[];
}

export interface Section {
  readonly matcher: SectionMatcher;
  /** As written, for people: `<Location "/app">`. */
  readonly title: string;
  readonly settings: DirectorySettings;
  readonly place: Place;
}

export type SectionMatcher =
  /** A path and everything under it, at segment boundaries. `path` has no trailing slash unless it was written with one. */
  | { readonly kind: 'path'; readonly path: string }
  /** Exactly this file name. */
  | { readonly kind: 'name'; readonly name: string }
  /** Shell wildcards, compiled. */
  | { readonly kind: 'glob'; readonly source: string; readonly regex: RegExp }
  | { readonly kind: 'regex'; readonly source: string; readonly regex: RegExp }
  /** A prefix of the proxied URL, without regard to segments. */
  | { readonly kind: 'url-prefix'; readonly prefix: string };

/** Settings of one section, or of a host outside sections: what is undefined is inherited. */
export interface DirectorySettings {
  /** SetHandler; `none` undoes. A name that nobody here serves must be answered 500, never with the file. */
  readonly handler?: string;
  readonly access?: AccessRules;
  /** ProxyPass inside Location. */
  readonly mapping?: Mapping;
  /** ProxyPassReverse and kin, those of outer levels first; the first that matches wins. */
  readonly reverseRules?: readonly ReverseRule[];
  readonly directoryIndex?: readonly string[];
  readonly directorySlash?: boolean;
  readonly fallbackResource?: string;
  readonly options?: OptionChange;
  readonly errorDocuments?: ReadonlyMap<number, ErrorDocument>;
  /** SetEnvIf and BrowserMatch of a section. */
  readonly envIfRules?: readonly EnvIfRule[];
  /** SetEnv, PassEnv, UnsetEnv; applied after mapping and access, before the handler. */
  readonly envOps?: readonly EnvOp[];
  readonly headerOps?: readonly HeaderOp[];
  readonly redirectRules?: readonly RedirectRule[];
  /** Redirect without a path: for whatever the section matches. */
  readonly redirect?: RedirectTarget;
  /** Files sections within a Directory section. */
  readonly files?: readonly Section[];
  readonly limitRequestBodyBytes?: number;
  readonly preserveHost?: boolean;
  readonly addHeaders?: boolean;
  readonly forwardsContinue?: boolean;
  readonly errorOverride?: ErrorOverride;
  readonly interpolateEnv?: boolean;
  readonly serverSignature?: 'off' | 'on' | 'email';
  /** AddDefaultCharset; '' for Off. */
  readonly defaultCharset?: string;
  readonly mime?: MimeSettings;
  /** ForceType; `none` undoes. */
  readonly forceType?: string;
  /** FileETag words. */
  readonly etag?: readonly string[];
}

/** Which statuses ProxyErrorOverride replaces; `on` with an empty list means all from 400 on. */
export interface ErrorOverride {
  readonly on: boolean;
  readonly statuses: readonly number[];
}

/** `Options`: a list that replaces, or `+`/`-` changes over what is inherited. */
export interface OptionChange {
  readonly isAbsolute: boolean;
  readonly add: readonly OptionName[];
  readonly remove: readonly OptionName[];
}

export type OptionName =
  | 'Indexes'
  | 'FollowSymLinks'
  | 'SymLinksIfOwnerMatch'
  | 'ExecCGI'
  | 'Includes'
  | 'IncludesNOEXEC'
  | 'MultiViews';

export type ErrorDocument =
  | { readonly kind: 'text'; readonly text: string }
  /** A local path, answered by an internal redirect. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'default' };

export interface MimeSettings {
  /** Extension (lower case, without dot) to media type. */
  readonly types: ReadonlyMap<string, string>;
  readonly encodings: ReadonlyMap<string, string>;
  readonly charsets: ReadonlyMap<string, string>;
  readonly languages: ReadonlyMap<string, string>;
  readonly handlers: ReadonlyMap<string, string>;
}

// --- access ---------------------------------------------------------------------------------------------------------

/** Who may: `requires` (Require …) and `order` (Order, Allow, Deny) must both agree, unless `satisfy` is `any`. */
export interface AccessRules {
  readonly requires?: RequireNode;
  readonly order?: OrderRules;
  /** AuthMerging: how `requires` joins what is inherited; undefined replaces it. */
  readonly merging?: 'and' | 'or';
}

export type RequireNode =
  | { readonly kind: 'all-of' | 'any-of' | 'none-of'; readonly children: readonly RequireNode[] }
  | { readonly kind: 'not'; readonly child: RequireNode }
  | { readonly kind: 'granted' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'ip'; readonly ranges: readonly AddressRange[] }
  /** Loopback, or client and server address are the same. */
  | { readonly kind: 'local' }
  /** Host names need a checked double lookup of the client's address. */
  | { readonly kind: 'host'; readonly names: readonly string[] }
  | { readonly kind: 'env'; readonly names: readonly string[] }
  | { readonly kind: 'method'; readonly methods: readonly string[] };

export interface OrderRules {
  readonly order: 'deny,allow' | 'allow,deny' | 'mutual-failure';
  readonly allow: readonly ClientMatch[];
  readonly deny: readonly ClientMatch[];
  readonly satisfy: 'all' | 'any';
}

/** Operand of `Allow from` and `Deny from`. */
export type ClientMatch =
  | { readonly kind: 'all' }
  | { readonly kind: 'ip'; readonly range: AddressRange }
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'env'; readonly name: string; readonly isNegated: boolean };

/** A network: the first `bits` bits of `bytes` (4 or 16 of them) must agree. */
export interface AddressRange {
  readonly bytes: readonly number[];
  /** Mask byte by byte, so that masks with holes work as in httpd. */
  readonly mask: readonly number[];
  readonly text: string;
}

// --- environment and headers ----------------------------------------------------------------------------------------

export interface EnvIfRule {
  readonly subject: /** A request header; when there is none, the environment variable of that name. */
    | { readonly kind: 'header'; readonly name: string }
    /** Every request header whose name matches. */
    | { readonly kind: 'header-pattern'; readonly regex: RegExp }
    | {
        readonly kind: 'attribute';
        readonly name: 'remote-host' | 'remote-addr' | 'server-addr' | 'method' | 'protocol' | 'uri';
      };
  readonly regex: RegExp;
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
  readonly condition: EnvCondition | undefined;
  /** Applied before anything else, at server level only. */
  readonly isEarly: boolean;
  readonly place: Place;
}

/** Text with `%{X}e`-like parts. */
export type HeaderValue = readonly HeaderValuePart[];

export type HeaderValuePart =
  | { readonly kind: 'text'; readonly text: string }
  /** `%{NAME}e`. */
  | { readonly kind: 'env'; readonly name: string }
  /** `%{NAME}s`. */
  | { readonly kind: 'tls'; readonly name: string }
  /** `%t`: `t=` and microseconds since 1970 when the request came. */
  | { readonly kind: 'received-at' }
  /** `%D`: `D=` and microseconds so far. */
  | { readonly kind: 'duration' }
  /** `%l`, `%i`, `%b`: load averages, idle and busy percentage. */
  | { readonly kind: 'load' | 'idle' | 'busy' };

// --- TLS ------------------------------------------------------------------------------------------------------------

/** SSLEngine On: what a TLS listener of this host needs. */
export interface TlsSettings {
  readonly certificateFiles: readonly string[];
  readonly keyFiles: readonly string[];
  readonly chainFile: string | undefined;
  /** OpenSSL names: `TLSv1.2`, `TLSv1.3`. */
  readonly protocols: readonly string[];
  readonly cipherSuites: string | undefined;
  readonly honorCipherOrder: boolean;
  /** SSLOptions names switched on (`StdEnvVars`, `ExportCertData`). */
  readonly options: readonly string[];
}

/** SSLProxy…: TLS toward backends. */
export interface UpstreamTlsSettings {
  readonly isEnabled: boolean;
  readonly verify: 'none' | 'optional' | 'require' | 'optional-no-ca';
  readonly checkPeerName: boolean;
  readonly checkPeerExpire: boolean;
  readonly caFile: string | undefined;
  readonly caPath: string | undefined;
  readonly certificateFile: string | undefined;
  readonly protocols: readonly string[];
  readonly cipherSuites: string | undefined;
}

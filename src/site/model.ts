// The compiled site: immutable data that the frontend serves and `check`, `explain` and `dump` read. One Snapshot is one
// configuration in force. Place in the picture: floor 3, the meeting of a dialect's text and the balancer.
// Texts that came from the configuration or go on the wire are octets (latin1 view); file system paths are UTF-8.

import type { BalancerConfig } from '../balancer/config.ts';
import type { Expression, TextExpression } from '../config/expression/expression.ts';
import type { Finding, Place } from '../config/finding.ts';
import type { LogFormat } from '../config/httpd/log-format.ts';
import type { JkHost, JkSite } from './jk/model-jk.ts';
import type { AccessRules, ProxyProtocolSettings, RemoteIpSettings } from './model-access.ts';
import type {
  AliasRule,
  AliasTarget,
  BalancerKey,
  EnvIfRule,
  EnvOp,
  HeaderOp,
  LineCondition,
  Mapping,
  RedirectRule,
  ReverseRule,
  SectionRedirect,
} from './model-rules.ts';
import type { PassPhraseProgram, SniPolicy, TlsOptionName, TlsSettings, UpstreamTlsSettings } from './model-tls.ts';
import type { HostRewriting, RewriteMap, SectionRewriting } from './rewriting/model-rewrite.ts';

export type * from './jk/model-jk.ts';
export type * from './model-access.ts';
export type * from './model-rules.ts';
export type * from './model-tls.ts';
export type * from './rewriting/model-rewrite.ts';

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
  /** Workers of mod_jk; undefined where nothing configures any. */
  readonly jk?: JkSite | undefined;
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
  readonly sniPolicy: SniPolicy;
  readonly passPhraseProgram: PassPhraseProgram | undefined;
  /** undefined when no connection begins with the PROXY protocol. */
  readonly proxyProtocol?: ProxyProtocolSettings;
  /** Where directives of the main server stand outside sections, by name in lower case; the last of each. */
  readonly places: ReadonlyMap<string, Place>;
  readonly heartbeat: HeartbeatSettings;
}

/** Where lbmethod=heartbeat learns what backends tell of themselves. */
export interface HeartbeatSettings {
  /** HeartbeatListen: datagrams to this address are heard; a multicast group is joined. */
  readonly listen: { readonly host: string; readonly port: number; readonly place: Place } | undefined;
  /** HeartbeatStorage, absolute. */
  readonly storage: string;
  /** HeartbeatMaxServers: servers that are remembered; 0 writes what is heard into `storage`. */
  readonly maxServers: number;
  /** What is heard is kept here, and `storage` is not read: mod_heartmonitor is there and `maxServers` is not 0. */
  readonly isKept: boolean;
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
  /** RewriteRule of server level; undefined where the engine is off. */
  readonly rewriting: HostRewriting | undefined;
  /** RewriteMap, by name; those of sections' rules too. */
  readonly rewriteMaps: ReadonlyMap<string, RewriteMap>;
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
  readonly requestReadTimeout: {
    readonly handshake: ReadTimeout | undefined;
    readonly header: ReadTimeout | undefined;
    readonly body: ReadTimeout | undefined;
  };
  readonly allowEncodedSlashes: EncodedSlashes;
  readonly mergeSlashes: boolean;
  /** ProxyTimeout; undefined means `timeoutMs`. */
  readonly proxyTimeoutMs: number | undefined;
  readonly via: 'off' | 'on' | 'full' | 'block';
  /** ProxyIOBufferSize: for AJP the packet size too. */
  readonly ioBufferSizeBytes: number;
  /** ProxySourceAddress: IP address from which backends are dialled; undefined: the system chooses. */
  readonly sourceAddress: string | undefined;
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
  /** SSLStrictSNIVHostCheck. */
  readonly strictSni: boolean;
  /** RemoteIP…: undefined when no field names clients. */
  readonly remoteIp: RemoteIpSettings | undefined;
  /** BalancerPersist: changes that a manager makes outlive the process. */
  readonly persistsChanges: boolean;
  /** BalancerInherit and ProxyPassInherit: both Off together hide the main server's balancers from a host. */
  readonly balancerInherit: boolean;
  readonly proxyPassInherit: boolean;
  /** ProxyStatus: balancers are on the host's status pages; `full` is no more than `on`. */
  readonly proxyStatus: 'off' | 'on' | 'full';
  /** mod_jk's part; undefined where no directive speaks of it. */
  readonly jk?: JkHost | undefined;
  readonly place: Place;
  /** Where directives outside sections stand, by name in lower case, inherited ones too; the last of each. */
  readonly places: ReadonlyMap<string, Place>;
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
  readonly condition: LineCondition | undefined;
  readonly place: Place;
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
  | { readonly kind: 'url-prefix'; readonly prefix: string }
  /**
   * `<If>`, `<ElseIf>`, `<Else>`: holds when the expression does (an Else has none), and with `isElse` only where those
   * before it, back to the last without, did not.
   */
  | { readonly kind: 'condition'; readonly expression: Expression | undefined; readonly isElse: boolean };

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
  /** Redirect without a path: for whatever the section matches. Its target is a text with variables. */
  readonly redirect?: SectionRedirect;
  readonly alias?: AliasTarget;
  /** RewriteRule of a section. */
  readonly rewriting?: SectionRewriting;
  /**
   * Sections on conditions, to be asked in order when all others are merged. What stands in one of them is asked after
   * all of these.
   */
  readonly conditions?: readonly Section[];
  /** Files sections within a Directory section. */
  readonly files?: readonly Section[];
  readonly limitRequestBodyBytes?: number;
  readonly preserveHost?: boolean;
  readonly addHeaders?: boolean;
  readonly forwardsContinue?: boolean;
  /** Requests for `ws://` and `wss://` targets that ask for no upgrade go there as HTTP; undefined is true. */
  readonly websocketFallback?: boolean;
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
  /** SSLRequireSSL: plain HTTP is 403. */
  readonly requiresTls?: boolean;
  /** SSLOptions. */
  readonly tlsOptions?: OptionChange<TlsOptionName>;
  /** SSLUserName: the variable of TLS that names the user. */
  readonly tlsUser?: string;
  /** SSLProxy…: at server level and in Proxy sections. */
  readonly upstreamTls?: UpstreamTlsSettings;
}

/** Which statuses ProxyErrorOverride replaces; `on` with an empty list means all from 400 on. */
export interface ErrorOverride {
  readonly on: boolean;
  readonly statuses: readonly number[];
}

/** `Options`: a list that replaces, or `+`/`-` changes over what is inherited. */
export interface OptionChange<Name extends string = OptionName> {
  readonly isAbsolute: boolean;
  readonly add: readonly Name[];
  readonly remove: readonly Name[];
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
  /** `path` is a local one, answered by an internal redirect. */
  { readonly kind: 'text' | 'path' | 'url'; readonly text: TextExpression } | { readonly kind: 'default' };

export interface MimeSettings {
  /** Extension (lower case, without dot) to media type. */
  readonly types: ReadonlyMap<string, string>;
  readonly encodings: ReadonlyMap<string, string>;
  readonly charsets: ReadonlyMap<string, string>;
  readonly languages: ReadonlyMap<string, string>;
  readonly handlers: ReadonlyMap<string, string>;
}

// What a host is while its directives are read one by one: mutable, and not yet merged with the main server. Place in
// the picture: between the handlers of directives (which fill drafts) and `assemble.ts` (which makes the model of them).

import type { AddressRange } from '../base/addresses.ts';
import type { FileReader } from '../config/files.ts';
import type { Findings, Place } from '../config/finding.ts';
import type { LogFormat } from '../config/httpd/log-format.ts';
import type { BalancerDraft, WorkerDraft } from './balancer-draft.ts';
import { JkHostDraft, JkSiteDraft } from './jk/jk-draft.ts';
import type {
  AccessLog,
  AliasRule,
  CipherSuites,
  DirectorySettings,
  EnvIfRule,
  HeartbeatSettings,
  Host,
  HostAddress,
  HostAlias,
  Listen,
  Mapping,
  MappingTarget,
  MethodLimit,
  RedirectRule,
  RemoteIpSettings,
  ReverseRule,
  RewriteCondition,
  RewriteMap,
  RewriteRule,
  Section,
  SectionMatcher,
  ServerSettings,
  TlsSettings,
  VerifyMode,
} from './model.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Target of a mapping before balancers and workers are known. */
export type TargetDraft =
  | Exclude<MappingTarget, { kind: 'proxy' }>
  | {
      readonly kind: 'balancer' | 'worker';
      /** Balancer name in lower case, or the worker's URL up to what `$1` may change. */
      readonly name: string;
      readonly authority: string;
      readonly path: string;
    };

export type MappingDraft = Omit<Mapping, 'target'> & { readonly target: TargetDraft };

export type RewriteRuleDraft = Omit<RewriteRule, 'proxy'> & { readonly proxy: TargetDraft | undefined };

/** mod_rewrite at one place: server level of a host, or a section. */
export interface RewriteDraft {
  readonly kind: SectionKind | 'host';
  /** Of a section: its path with a slash at its end. */
  readonly directory: string | undefined;
  isOn: boolean | undefined;
  readonly rules: RewriteRuleDraft[];
  /** Conditions that wait for their rule. */
  pending: RewriteCondition[];
  readonly maps: Map<string, RewriteMap>;
  /** RewriteOptions stands here. */
  hasOptions: boolean;
  /** Rules of the level above, behind or before the own ones. */
  inherits: 'after' | 'before' | undefined;
  /** The same, said by the level above. */
  isInherited: 'after' | 'before' | undefined;
  ignoresInherited?: boolean;
  mergesBase?: boolean;
  /** RewriteBase, with a slash at its end. */
  base?: string;
}

export type ReverseDraft = Omit<ReverseRule, 'balancer'>;

/** Settings of a section whose mappings are not resolved yet. */
export type SettingsDraft = Mutable<
  Omit<DirectorySettings, 'mapping' | 'reverseRules' | 'files' | 'conditions' | 'rewriting'>
> & {
  mapping?: MappingDraft;
  reverseRules?: readonly ReverseDraft[];
  files?: readonly SectionDraft[];
  conditions?: readonly SectionDraft[];
  rewrite?: RewriteDraft;
};

export interface SectionDraft extends Omit<Section, 'settings'> {
  readonly kind: SectionKind;
  readonly matcher: SectionMatcher;
  /** First argument as written: what a ProxyPass, BalancerMember or ProxySet within takes for its path. */
  readonly argument: string;
  readonly settings: SettingsDraft;
}

export type SectionKind = 'directory' | 'directory-match' | 'files' | 'location' | 'proxy' | 'condition';

/** Settings of a host that the main server's stand in for. */
export type HostChoices = Partial<
  Mutable<
    Pick<
      Host,
      | 'serverAdmin'
      | 'documentRoot'
      | 'errorLog'
      | 'logLevel'
      | 'timeoutMs'
      | 'keepAlive'
      | 'keepAliveTimeoutMs'
      | 'maxKeepAliveRequests'
      | 'allowEncodedSlashes'
      | 'mergeSlashes'
      | 'proxyTimeoutMs'
      | 'via'
      | 'ioBufferSizeBytes'
      | 'sourceAddress'
      | 'receiveBufferSizeBytes'
      | 'maxForwards'
      | 'badHeader'
      | 'traceEnable'
      | 'useCanonicalName'
      | 'useCanonicalPhysicalPort'
      | 'hostnameLookups'
      | 'typesConfig'
      | 'protocols'
      | 'persistsChanges'
      | 'balancerInherit'
      | 'proxyPassInherit'
      | 'proxyStatus'
    >
  >
> & {
  lineBytes?: number;
  fieldBytes?: number;
  fieldCount?: number;
  readHandshake?: Host['requestReadTimeout']['handshake'];
  readHeader?: Host['requestReadTimeout']['header'];
  readBody?: Host['requestReadTimeout']['body'];
  remoteIp?: Partial<Mutable<RemoteIpSettings>>;
};

export interface LogDraft {
  readonly target: string;
  readonly isPipe: boolean;
  /** A format itself; a name is looked up when everything is read, for LogFormat may come later. */
  readonly format: LogFormat | string;
  readonly condition: AccessLog['condition'];
  readonly isGlobal: boolean;
  readonly place: Place;
}

export class HostDraft {
  readonly place: Place;
  readonly isMain: boolean;
  /** Where directives outside sections stand, by name in lower case; the last of each. */
  readonly places = new Map<string, Place>();
  addresses: HostAddress[] = [];
  serverName: { name: string; port: number | undefined; scheme: 'http' | 'https' | undefined } | undefined = undefined;
  readonly aliases: HostAlias[] = [];
  readonly choices: HostChoices = {};
  readonly defaults: SettingsDraft = {};
  readonly sections: SectionDraft[] = [];
  readonly mappings: MappingDraft[] = [];
  readonly aliasRules: AliasRule[] = [];
  readonly redirectRules: RedirectRule[] = [];
  readonly earlyEnvRules: EnvIfRule[] = [];
  rewrite: RewriteDraft | undefined = undefined;
  readonly logs: LogDraft[] = [];
  readonly logFormats = new Map<string, LogFormat>();
  /** The format of TransferLog: the last LogFormat without a name. */
  transferFormat: LogFormat | undefined = undefined;
  readonly balancers = new Map<string, BalancerDraft>();
  readonly workers: WorkerDraft[] = [];
  /** CatflapProbe of this host, for its balancers that say nothing; 0 for Off. */
  probeMs: number | undefined = undefined;
  /** ProxyHCExpr of this host: name to its key in `SiteDraft.healthExpressions`. */
  readonly healthExpressions = new Map<string, string>();
  readonly healthTemplates = new Map<string, Readonly<Record<string, string>>>();
  readonly tls: Partial<Mutable<Omit<TlsSettings, 'ciphers'>>> & {
    isEnabled?: boolean;
    checksRevocation?: boolean;
    ciphers?: Partial<CipherSuites>;
  } = {};
  strictSni: boolean | undefined = undefined;
  readonly jk = new JkHostDraft();
  /** SSLVerifyClient of sections. */
  readonly verifyClaims: { readonly mode: VerifyMode; readonly place: Place; readonly section: string }[] = [];

  constructor(place: Place, isMain: boolean) {
    this.place = place;
    this.isMain = isMain;
  }
}

/** Everything read so far. */
export class SiteDraft {
  readonly serverRoot: string;
  readonly findings: Findings;
  readonly files: FileReader;
  readonly assumeFiles: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly main: HostDraft;
  readonly hosts: HostDraft[] = [];
  readonly listens: Listen[] = [];
  readonly server: Partial<Mutable<ServerSettings>> = {};
  /** Heartbeat directives; `storage` as written. */
  readonly heartbeat: Partial<Mutable<HeartbeatSettings>> = {};
  readonly healthExpressions = new Map<string, string>();
  readonly jk = new JkSiteDraft();
  /** RemoteIPProxyProtocol, wherever it stands. */
  readonly proxyProtocol = {
    enabled: [] as HostAddress[],
    disabled: [] as HostAddress[],
    exceptions: [] as AddressRange[],
  };
  /** LoadModule names, without `_module`. */
  readonly modules: ReadonlySet<string>;

  constructor(facts: {
    serverRoot: string;
    file: string;
    findings: Findings;
    files: FileReader;
    assumeFiles: boolean;
    environment: Readonly<Record<string, string | undefined>>;
    modules: ReadonlySet<string>;
  }) {
    this.serverRoot = facts.serverRoot;
    this.findings = facts.findings;
    this.files = facts.files;
    this.assumeFiles = facts.assumeFiles;
    this.environment = facts.environment;
    this.modules = facts.modules;
    this.main = new HostDraft({ file: facts.file, line: 0 }, true);
  }
}

/** Where a directive stands. */
export interface Scope {
  readonly site: SiteDraft;
  readonly host: HostDraft;
  /** What directives that may stand in sections write to: the section's settings, or the host's defaults. */
  readonly settings: SettingsDraft;
  /** The innermost section that has settings; undefined at server level. */
  readonly section: SectionDraft | undefined;
  /** The methods that access rules here speak of; undefined: all. */
  readonly limit?: MethodLimit;
}

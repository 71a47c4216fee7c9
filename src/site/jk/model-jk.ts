// The part of the compiled site that comes from workers.properties, uriworkermap.properties and Jk… directives: immutable
// data. Part of the model; import it from `model.ts`. Names as in mod_jk.

import type { RequestRules } from '../../balancer/lb-config.ts';
import type { Place } from '../../config/finding.ts';
import type { LogFormat } from '../../config/httpd/log-format.ts';
import type { BalancerKey } from '../model-rules.ts';

/** The workers of a site: one set for all hosts. */
export interface JkSite {
  /** By name: the workers of worker.list, those that rules may name. */
  readonly workers: ReadonlyMap<string, JkWorker>;
  /** Where each property stands, by its name (`worker.a.redirect`): for messages. */
  readonly places: ReadonlyMap<string, Place>;
  /** worker.maintain. */
  readonly maintainMs: number;
  /** Every line as the status worker dumps it: variables and references resolved, secrets left out; without line ends. */
  readonly dump: readonly string[];
  /** workers.properties; undefined when there are only JkWorkerProperty lines. */
  readonly file: string | undefined;
  /** JkWatchdogInterval; 0: maintenance comes with requests. */
  readonly watchdogMs: number;
  readonly log: JkLog;
}

export type JkWorker = LbWorker | AjpWorker | StatusWorker;

/** Its balancer's members carry `lb`, and so does the balancer itself. */
export interface LbWorker {
  readonly kind: 'lb';
  readonly name: string;
  readonly balancer: BalancerKey;
  readonly place: Place;
}

/** A Tomcat without a balancer: a balancer of one member under the policy `mod_jk_direct`. */
export interface AjpWorker {
  readonly kind: 'ajp';
  readonly name: string;
  readonly type: 'ajp13' | 'ajp14';
  readonly balancer: BalancerKey;
  readonly place: Place;
}

export interface StatusWorker {
  readonly kind: 'status';
  readonly name: string;
  readonly settings: StatusWorkerSettings;
  readonly place: Place;
}

/** Properties of a status worker (docs/reference/jkstatus.md). */
export interface StatusWorkerSettings {
  readonly css: string | undefined;
  /** Of the lines of mime=prop. Default `worker`. */
  readonly prefix: string;
  /** Of the elements of mime=xml, with its colon. Default `jk:`. */
  readonly ns: string;
  /** Default `xmlns:jk="http://tomcat.apache.org"`. */
  readonly xmlns: string;
  readonly doctype: string | undefined;
  readonly isReadOnly: boolean;
  /** Empty: everybody. */
  readonly users: readonly string[];
  readonly ignoresUserCase: boolean;
  readonly good: readonly StateRating[];
  readonly bad: readonly StateRating[];
}

/** `a`, `a.o`: letters of an activation (a d s) and of a state (o i n b r e); undefined: any. */
export interface StateRating {
  readonly activation: 'active' | 'disabled' | 'stopped' | undefined;
  readonly state: 'ok' | 'idle' | 'busy' | 'recovering' | 'error' | undefined;
}

/** JkLogFile, JkLogLevel, JkLogStampFormat; `file` absolute or `|command`, undefined: no log. */
export interface JkLog {
  readonly file: string | undefined;
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'emerg';
  readonly stampFormat: string;
}

/** What mod_jk does for one host. */
export interface JkHost {
  /** JkMount and JkUnMount of the host, those that JkMountCopy brings, and worker.X.mount; sorted as they are tried. */
  readonly mounts: readonly JkMount[];
  /** JkMountFile: read again when it has changed. */
  readonly mountFile: JkMountFile | undefined;
  /** JkAutoAlias, absolute. */
  readonly autoAlias: string | undefined;
  /** JkStripSession: the parameter that is cut from URLs served here (`;jsessionid`); undefined: Off. */
  readonly stripSession: string | undefined;
  /** JkWorkerIndicator. */
  readonly workerIndicator: string;
  readonly options: JkOptions;
  /** JkEnvVar: sent as request attributes; those unset and without default are not sent. */
  readonly envVars: readonly JkEnvVar[];
  /** JkExtractSSL. */
  readonly extractsSsl: boolean;
  readonly indicators: JkIndicators;
  /** JkRequestLogFormat: a line in `log` for each request. */
  readonly requestLogFormat: LogFormat | undefined;
  /** JkLogFile and kin of this host. */
  readonly log: JkLog;
}

export interface JkMountFile {
  /** Absolute. */
  readonly path: string;
  /** JkMountFileReload; 0: never. */
  readonly reloadMs: number;
  /** What it said when the site was loaded. */
  readonly mounts: readonly JkMount[];
  readonly place: Place;
}

/** A rule from path to worker, or one that takes paths out (docs/reference/uriworkermap.md). */
export interface JkMount {
  /** Begins with `/`; `*` any run of characters, `?` one. */
  readonly pattern: string;
  /** Name of a worker, `*` in an exclusion of any; need not exist: then 500. */
  readonly worker: string;
  readonly isExclusion: boolean;
  readonly isDisabled: boolean;
  readonly source: 'JkMount' | 'uriworkermap' | 'worker definition';
  readonly rules: RequestRules | undefined;
  readonly place: Place;
}

/** Where a request goes that a rule matched, beside the targets of ProxyPass. */
export interface JkTarget {
  readonly kind: 'jk';
  /** Undefined: the rule names a worker that there is not, answered 500. */
  readonly worker: JkWorker | undefined;
  readonly name: string;
  readonly rules: RequestRules | undefined;
}

/** JkOptions. */
export interface JkOptions {
  /** How the URI goes to Tomcat. Default `proxy`. */
  readonly forwardUri: 'proxy' | 'compat' | 'compat-unparsed' | 'escaped';
  readonly forwardDirectories: boolean;
  readonly forwardLocalAddress: boolean;
  readonly forwardPhysicalAddress: boolean;
  readonly flushPackets: boolean;
  readonly flushHeader: boolean;
  readonly disableReuse: boolean;
  /** Default true. */
  readonly forwardKeySize: boolean;
  readonly forwardCertChain: boolean;
  readonly rejectUnsafeUri: boolean;
}

export interface JkEnvVar {
  readonly name: string;
  readonly fallback: string | undefined;
}

/** Names of environment variables that stand for fields of the request (Jk…Indicator). */
export interface JkIndicators {
  readonly https: string;
  readonly sslProtocol: string;
  readonly cert: string;
  readonly cipher: string;
  readonly session: string;
  readonly keySize: string;
  readonly certChainPrefix: string;
  readonly remoteAddr: string;
  readonly remotePort: string;
  readonly remoteHost: string;
  readonly remoteUser: string;
  readonly authType: string;
  readonly localName: string;
  readonly localAddr: string;
  readonly localPort: string;
  readonly ignoreCl: string;
}

export const DEFAULT_JK_OPTIONS: JkOptions = Object.freeze({
  forwardUri: 'proxy',
  forwardDirectories: false,
  forwardLocalAddress: false,
  forwardPhysicalAddress: false,
  flushPackets: false,
  flushHeader: false,
  disableReuse: false,
  forwardKeySize: true,
  forwardCertChain: false,
  rejectUnsafeUri: false,
});

export const DEFAULT_JK_INDICATORS: JkIndicators = Object.freeze({
  https: 'HTTPS',
  sslProtocol: 'SSL_PROTOCOL',
  cert: 'SSL_CLIENT_CERT',
  cipher: 'SSL_CIPHER',
  session: 'SSL_SESSION_ID',
  keySize: 'SSL_CIPHER_USEKEYSIZE',
  certChainPrefix: 'SSL_CLIENT_CERT_CHAIN_',
  remoteAddr: 'JK_REMOTE_ADDR',
  remotePort: 'JK_REMOTE_PORT',
  remoteHost: 'JK_REMOTE_HOST',
  remoteUser: 'JK_REMOTE_USER',
  authType: 'JK_AUTH_TYPE',
  localName: 'JK_LOCAL_NAME',
  localAddr: 'JK_LOCAL_ADDR',
  localPort: 'JK_LOCAL_PORT',
  ignoreCl: 'JK_IGNORE_CL',
});

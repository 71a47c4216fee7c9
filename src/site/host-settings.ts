// The story of settings that a whole host or process has: root directory, timeouts, limits, names, proxy manners.
// Defaults and ranges are httpd's (modproxy.md §2, §10.3); the defaults themselves are in `assemble.ts`.

import { parseAddress } from '../base/addresses.ts';
import { textOf } from '../config/files.ts';
import type { DirectiveNode } from '../config/httpd/tree.ts';
import {
  choice,
  type DirectiveHandler,
  duration,
  expectFile,
  fail,
  flag,
  integer,
  note,
  parseDuration,
  path,
  takes,
  unheeded,
  warn,
} from './arguments.ts';
import type { HostChoices, Scope, SettingsDraft } from './draft.ts';
import type { LogLevel, ReadTimeout } from './model.ts';

/** For ProxyReceiveBufferSize and `receivebuffersize=` alike. */
export const RECEIVE_BUFFER = 'connections to backends keep the buffers that the system gives them';

const ANY = Number.MAX_SAFE_INTEGER;

const LOG_LEVELS: readonly LogLevel[] = [
  'emerg',
  'alert',
  'crit',
  'error',
  'warn',
  'notice',
  'info',
  'debug',
  'trace1',
  'trace2',
  'trace3',
  'trace4',
  'trace5',
  'trace6',
  'trace7',
  'trace8',
];

/** Directives of this story, by name in lower case. */
export const HOST_HANDLERS: Readonly<Record<string, DirectiveHandler>> = {
  // The process.
  user: (node, scope) =>
    one(node, scope, (text) => {
      scope.site.server.user = text;
    }),
  group: (node, scope) =>
    one(node, scope, (text) => {
      scope.site.server.group = text;
    }),
  pidfile: (node, scope) =>
    one(node, scope, (text) => {
      scope.site.server.pidFile = path(node, scope, text);
    }),
  defaultruntimedir: (node, scope) =>
    one(node, scope, (text) => {
      scope.site.server.runtimeDir = path(node, scope, text);
    }),
  listenbacklog: (node, scope) =>
    given(integer(node, scope, 1, ANY), (n) => {
      scope.site.server.listenBacklog = n;
    }),
  gracefulshutdowntimeout: (node, scope) =>
    given(integer(node, scope, 0, ANY), (n) => {
      scope.site.server.gracefulShutdownTimeoutMs = n * 1000;
    }),
  extendedstatus: (node, scope) =>
    given(flag(node, scope), (on) => {
      scope.site.server.extendedStatus = on;
    }),
  servertokens: (node, scope) =>
    given(serverTokens(node, scope), (tokens) => {
      scope.site.server.serverTokens = tokens;
    }),

  // The host.
  serveradmin: (node, scope) =>
    one(node, scope, (text) => {
      scope.host.choices.serverAdmin = text;
    }),
  documentroot: documentRoot,
  errorlog: errorLog,
  loglevel: logLevel,
  timeout: (node, scope) => given(duration(node, scope, 's', 0), (ms) => set(scope, 'timeoutMs', Math.max(1, ms))),
  keepalive: (node, scope) => set(scope, 'keepAlive', flag(node, scope)),
  keepalivetimeout: (node, scope) => set(scope, 'keepAliveTimeoutMs', duration(node, scope, 's', 0)),
  maxkeepaliverequests: (node, scope) =>
    given(integer(node, scope, -ANY, ANY), (n) => set(scope, 'maxKeepAliveRequests', Math.max(0, n))),
  limitrequestline: (node, scope) => set(scope, 'lineBytes', integer(node, scope, 0, ANY)),
  limitrequestfieldsize: (node, scope) => set(scope, 'fieldBytes', integer(node, scope, 0, ANY)),
  limitrequestfields: (node, scope) => set(scope, 'fieldCount', integer(node, scope, 0, ANY)),
  requestreadtimeout: requestReadTimeout,
  allowencodedslashes: (node, scope) => {
    const value = choice(node, scope, ['On', 'Off', 'NoDecode']);
    if (value !== undefined)
      set(scope, 'allowEncodedSlashes', value === 'NoDecode' ? 'no-decode' : value === 'On' ? 'on' : 'off');
  },
  mergeslashes: (node, scope) => set(scope, 'mergeSlashes', flag(node, scope)),
  traceenable: (node, scope) => set(scope, 'traceEnable', choice(node, scope, ['off', 'on', 'extended'] as const)),
  usecanonicalname: (node, scope) =>
    given(choice(node, scope, ['off', 'on', 'dns'] as const), (value) => {
      set(scope, 'useCanonicalName', value);
      if (value === 'dns') unheeded(node, scope, 'addresses are not looked up: DNS works as Off');
    }),
  usecanonicalphysicalport: (node, scope) => set(scope, 'useCanonicalPhysicalPort', flag(node, scope)),
  hostnamelookups: (node, scope) => {
    const value = choice(node, scope, ['Off', 'On', 'Double']);
    if (value !== undefined) set(scope, 'hostnameLookups', value !== 'Off');
    if (value === 'On' || value === 'Double') unheeded(node, scope, 'client addresses are not looked up');
  },
  protocols: (node, scope) => {
    const names = node.words.map((word) => word.toLowerCase());
    const unknown = names.filter((name) => name !== 'http/1.1');
    if (unknown.length > 0)
      unheeded(node, scope, `${textOf(unknown.join(', '))} is not spoken: clients get HTTP/1.1 all the same`);
    set(scope, 'protocols', names);
  },

  mergetrailers: (node, scope) => {
    if (flag(node, scope) === true)
      unheeded(node, scope, 'trailers of requests are dropped: nothing of them reaches header fields');
  },

  // Manners of the proxy.
  proxytimeout: (node, scope) => set(scope, 'proxyTimeoutMs', duration(node, scope, 's', 1000)),
  proxyvia: (node, scope) => set(scope, 'via', choice(node, scope, ['off', 'on', 'full', 'block'] as const)),
  proxysourceaddress: (node, scope) =>
    one(node, scope, (text) => {
      const address = text.replace(/^\[(.*)\]$/, '$1');
      if (parseAddress(address) === undefined) fail(node, scope, `"${textOf(text)}" is no IP address`);
      else scope.host.choices.sourceAddress = address;
    }),
  proxyiobuffersize: (node, scope) => set(scope, 'ioBufferSizeBytes', bufferSize(node, scope, 8192)),
  proxyreceivebuffersize: (node, scope) =>
    given(bufferSize(node, scope, 0), (bytes) => {
      set(scope, 'receiveBufferSizeBytes', bytes);
      if (bytes > 0) unheeded(node, scope, RECEIVE_BUFFER);
    }),
  proxymaxforwards: (node, scope) =>
    given(integer(node, scope, -ANY, ANY), (n) => {
      scope.host.choices.maxForwards = n < 0 ? undefined : n;
    }),
  proxybadheader: (node, scope) => {
    const value = choice(node, scope, ['IsError', 'Ignore', 'StartBody']);
    if (value !== undefined)
      set(scope, 'badHeader', value === 'IsError' ? 'is-error' : value === 'Ignore' ? 'ignore' : 'start-body');
  },
  proxypreservehost: (node, scope) => setHere(scope, 'preserveHost', flag(node, scope)),
  proxyaddheaders: (node, scope) => setHere(scope, 'addHeaders', flag(node, scope)),
  proxy100continue: (node, scope) => setHere(scope, 'forwardsContinue', flag(node, scope)),
  proxypassinterpolateenv: (node, scope) => setHere(scope, 'interpolateEnv', flag(node, scope)),
  proxywebsocketfallbacktoproxyhttp: (node, scope) => setHere(scope, 'websocketFallback', flag(node, scope)),
  proxyerroroverride: errorOverride,
  proxyrequests: (node, scope) => {
    if (flag(node, scope) === true)
      warn(
        node,
        scope,
        'On is not honoured: this server never is a forward proxy, which would serve anybody; write Off',
        'forward-proxy',
      );
  },
  // Rules are inherited whatever is said (modproxy.md §2); balancers, unless both are Off (managers.md §1).
  proxystatus: (node, scope) => set(scope, 'proxyStatus', choice(node, scope, ['off', 'on', 'full'] as const)),
  proxypassinherit: (node, scope) => set(scope, 'proxyPassInherit', flag(node, scope)),
  balancerinherit: (node, scope) => set(scope, 'balancerInherit', flag(node, scope)),
  balancerpersist: (node, scope) => set(scope, 'persistsChanges', flag(node, scope)),
  // Room for balancers that nobody can add here either.
  balancergrowth: (node, scope) => void integer(node, scope, 0, 1000),
};

/** Does `use` when there is a value. */
function given<T>(value: T | undefined, use: (value: T) => void): void {
  if (value !== undefined) use(value);
}

function one(node: DirectiveNode, scope: Scope, use: (text: string) => void): void {
  if (takes(node, scope, 1, 1)) use(node.words[0]);
}

/** Sets a host's choice, when there is a value. */
function set<K extends keyof HostChoices>(scope: Scope, key: K, value: HostChoices[K] | undefined): void {
  if (value !== undefined) scope.host.choices[key] = value;
}

/** Sets a setting of the section, or of the host outside sections, when there is a value. */
function setHere<K extends keyof SettingsDraft>(scope: Scope, key: K, value: SettingsDraft[K] | undefined): void {
  if (value !== undefined) scope.settings[key] = value;
}

function documentRoot(node: DirectiveNode, scope: Scope): void {
  one(node, scope, (text) => {
    const root = path(node, scope, text);
    expectFile(node, scope, root, 'directory');
    scope.host.choices.documentRoot = root;
  });
}

function errorLog(node: DirectiveNode, scope: Scope): void {
  one(node, scope, (text) => {
    const isName = text.startsWith('|') || /^syslog/i.test(text);
    scope.host.choices.errorLog = isName ? textOf(text) : path(node, scope, text);
    if (/^syslog/i.test(text)) unheeded(node, scope, 'syslog is not spoken: events go to standard error');
    if (!isName) expectLogDirectory(node, scope, path(node, scope, text));
  });
}

/** A log file may be new, its directory must be there. */
export function expectLogDirectory(node: DirectiveNode, scope: Scope, file: string): void {
  expectFile(node, scope, file.slice(0, Math.max(1, file.lastIndexOf('/'))), 'directory');
}

/** `LogLevel [module:]level …`: there is one level, that of the main server; `overruled.ts` tells virtual hosts so. */
function logLevel(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  const { section } = scope;
  for (const word of node.words) {
    const level = word.slice(word.indexOf(':') + 1).toLowerCase();
    const known = LOG_LEVELS.find((name) => name === level);
    if (known === undefined) fail(node, scope, `"${textOf(word)}" is no level; use one of ${LOG_LEVELS.join(', ')}`);
    else if (section !== undefined)
      unheeded(node, scope, `${section.title} has no level of its own: the main server's holds`);
    else if (word.includes(':')) unheeded(node, scope, 'modules have no levels of their own: one holds for everything');
    else scope.host.choices.logLevel = known;
  }
}

function serverTokens(
  node: DirectiveNode,
  scope: Scope,
): 'prod' | 'major' | 'minor' | 'min' | 'os' | 'full' | undefined {
  const value = choice(node, scope, ['Prod', 'ProductOnly', 'Major', 'Minor', 'Min', 'Minimal', 'OS', 'Full']);
  switch (value) {
    case undefined:
      return undefined;
    case 'ProductOnly':
      return 'prod';
    case 'Minimal':
      return 'min';
    default:
      return value.toLowerCase() as 'prod' | 'major' | 'minor' | 'min' | 'os' | 'full';
  }
}

function bufferSize(node: DirectiveNode, scope: Scope, standard: number): number | undefined {
  const bytes = integer(node, scope, 0, ANY);
  if (bytes === undefined || bytes >= 512) return bytes;
  return bytes === 0 ? standard : fail(node, scope, `must be 512 bytes or more, or 0 for the default, not ${bytes}`);
}

/** `ProxyErrorOverride On|Off [status …]`. */
function errorOverride(node: DirectiveNode, scope: Scope): void {
  const [value, ...words] = node.words;
  const on = /^on$/i.test(value ?? '');
  if (!on && !/^off$/i.test(value ?? '')) {
    fail(node, scope, 'must begin with On or Off');
    return;
  }
  const wrong = on ? words.find((word) => !/^[45]\d\d$/.test(word)) : words[0];
  if (wrong !== undefined)
    fail(node, scope, on ? `"${textOf(wrong)}" is no status from 400 to 599` : 'Off takes no statuses');
  else scope.settings.errorOverride = { on, statuses: words.map(Number) };
}

/** `RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500`. */
function requestReadTimeout(node: DirectiveNode, scope: Scope): void {
  if (!takes(node, scope, 1, Infinity)) return;
  for (const word of node.words) {
    const [name, value] = [
      word.slice(0, Math.max(0, word.indexOf('='))).toLowerCase(),
      word.slice(word.indexOf('=') + 1),
    ];
    const match = /^(\d+)(?:-(\d+))?(?:,minrate=(\d+))?$/i.exec(value);
    if (match === null || !/^(header|body|handshake)$/.test(name)) {
      fail(node, scope, `"${textOf(word)}" is not of the form header=20-40,MinRate=500 (or body=, handshake=)`);
      continue;
    }
    const [initial, maximum, rate] = match.slice(1).map((text) => (text === undefined ? undefined : Number(text)));
    if (maximum !== undefined && (rate === undefined || maximum < (initial ?? 0))) {
      fail(node, scope, `"${textOf(word)}": a range needs MinRate, and its end must not lie before its start`);
      continue;
    }
    const timeout: ReadTimeout = {
      initialMs: parseDuration(String(initial ?? 0), 's') ?? 0,
      maximumMs: maximum === undefined ? undefined : parseDuration(String(maximum), 's'),
      minimumRateBytesPerSecond: rate ?? 0,
    };
    const choices = scope.host.choices;
    if (name === 'handshake') choices.readHandshake = timeout;
    else if (name === 'header') choices.readHeader = timeout;
    else if (name === 'body') choices.readBody = timeout;
    tellReadTimeout(node, scope, name, timeout);
  }
}

/** A head has one limit, whatever its rate; a body has Timeout between its pieces. */
function tellReadTimeout(node: DirectiveNode, scope: Scope, name: string, timeout: ReadTimeout): void {
  const { initialMs, maximumMs, minimumRateBytesPerSecond } = timeout;
  if (name === 'body' && initialMs > 0)
    unheeded(node, scope, 'body= is not honoured: a body may be slow as long as no pause is longer than Timeout');
  if (name !== 'header') return;
  if (initialMs === 0) unheeded(node, scope, 'header=0 is not honoured: a whole head has 40 s');
  else if (minimumRateBytesPerSecond > 0) {
    const seconds = (maximumMs ?? initialMs) / 1000;
    note(node, scope, `no rate is measured: a whole head has ${seconds} s`);
  }
}

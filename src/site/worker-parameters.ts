// Parameters of a member or a direct target: `key=value` on BalancerMember, ProxyPass, ProxySet. Keys in any letter case;
// units, ranges and refusals are httpd's (modproxy.md §3.1, §11; recordings P-CFG-*, P-STA-13, P-HC-06-*).

import type { HealthCheckMethod, MemberFlags } from '../balancer/config.ts';
import { onOff, parseDuration } from './arguments.ts';
import type { WorkerDraft } from './balancer-draft.ts';
import { parseWorkerUrl } from './worker-url.ts';

/** What a parameter may refer to. */
export interface ParameterContext {
  /** Key of the expression in the Snapshot; undefined when no line before this one defines it. */
  healthExpression(name: string): string | undefined;
  healthTemplate(name: string): Readonly<Record<string, string>> | undefined;
}

/** Undefined when the value was taken; else what is wrong with it. */
export type Problem = string | undefined;

type Setter = (worker: WorkerDraft, value: string, context: ParameterContext) => Problem;

/** Sets one parameter. */
export function setWorkerParameter(
  worker: WorkerDraft,
  key: string,
  value: string,
  context: ParameterContext,
): Problem {
  const setter = SETTERS.get(key.toLowerCase());
  if (setter === undefined)
    return BALANCER_ONLY.has(key.toLowerCase())
      ? `${key} belongs to a balancer; put it on ProxySet in <Proxy balancer://…> or on its ProxyPass`
      : `${key} is no parameter of a worker`;
  return setter(worker, value, context);
}

/** The number that C's atoi would read: digits at the start, 0 when there are none. */
export function leadingInteger(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

const LETTERS: Readonly<Record<string, keyof MemberFlags>> = {
  i: 'ignoreErrors',
  n: 'drain',
  d: 'disabled',
  s: 'stopped',
  e: 'inError',
  h: 'standby',
  r: 'spare',
  c: 'healthFailed',
  // Shut down: unusable, as disabled is.
  u: 'disabled',
};

/** Longest upgrade and flusher: one less than httpd's buffers of 16. */
const MAX_TOKEN = 15;
/** Longest route, redirect, secret, hcuri … : one less than httpd's buffers of 64. */
const MAX_TEXT = 63;
/** The watchdog's beat: a health check cannot come more often (modproxy.md §11). */
const LEAST_HEALTH_INTERVAL_MS = 100;

/** Methods of health checks, in the order in which httpd lists them. */
export const HEALTH_METHODS: readonly HealthCheckMethod[] = [
  'NONE',
  'TCP',
  'OPTIONS',
  'HEAD',
  'GET',
  'CPING',
  'OPTIONS11',
  'HEAD11',
  'GET11',
];

const BALANCER_ONLY: ReadonlySet<string> = new Set([
  'lbmethod',
  'stickysession',
  'stickysessionsep',
  'scolonpathdelim',
  'nofailover',
  'maxattempts',
  'failonstatus',
  'failontimeout',
  'forcerecovery',
  'nonce',
  'growth',
]);

const COMPANION_SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss']);

const SETTERS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['loadfactor', setLoadFactor],
  [
    'retry',
    count(0, 'retry must be a number of seconds from 0 on', (w, n) => {
      w.choices.retryMs = n * 1000;
    }),
  ],
  [
    'ttl',
    count(1, 'ttl must be a number of seconds from 1 on', (w, n) => {
      w.choices.pool.ttlMs = n * 1000;
    }),
  ],
  [
    'min',
    count(0, 'min must be a number from 0 on', (w, n) => {
      w.choices.pool.min = n;
    }),
  ],
  [
    'max',
    count(0, 'max must be a number from 0 on', (w, n) => {
      w.choices.pool.max = n === 0 ? undefined : n;
    }),
  ],
  [
    'smax',
    count(0, 'smax must be a number from 0 on', (w, n) => {
      w.choices.pool.smax = n;
    }),
  ],
  [
    'timeout',
    count(1, 'timeout must be a number of seconds from 1 on', (w, n) => {
      w.choices.timeoutMs = n * 1000;
    }),
  ],
  [
    'acquire',
    time('ms', 1, 'acquire', (w, ms) => {
      w.choices.pool.acquireMs = ms;
    }),
  ],
  [
    'ping',
    time('s', 1, 'ping', (w, ms) => {
      w.choices.pingMs = ms;
    }),
  ],
  [
    'connectiontimeout',
    time('s', 1, 'connectiontimeout', (w, ms) => {
      w.choices.connectTimeoutMs = ms;
    }),
  ],
  [
    'iobuffersize',
    buffer('iobuffersize', (w, n) => {
      w.choices.ioBufferSize = n === 0 ? undefined : n;
    }),
  ],
  [
    'receivebuffersize',
    buffer('receivebuffersize', (w, n) => {
      w.choices.receiveBufferSize = n;
    }),
  ],
  [
    'responsefieldsize',
    count(0, 'responsefieldsize must be a number of bytes from 0 on', (w, n) => {
      w.choices.responseFieldSize = n === 0 ? 8192 : n;
    }),
  ],
  [
    'keepalive',
    onOrOff('keepalive', (w, on) => {
      w.choices.tcpKeepAlive = on;
    }),
  ],
  [
    'disablereuse',
    onOrOff('disablereuse', (w, on) => {
      w.choices.pool.disableReuse = on;
    }),
  ],
  [
    'enablereuse',
    onOrOff('enablereuse', (w, on) => {
      w.choices.pool.disableReuse = !on;
    }),
  ],
  [
    'route',
    short('route', (w, text) => {
      w.choices.route = text;
    }),
  ],
  [
    'redirect',
    short('redirect', (w, text) => {
      w.choices.redirect = text;
    }),
  ],
  [
    'secret',
    short('secret', (w, text) => {
      w.choices.secret = text;
    }),
  ],
  [
    'upgrade',
    short(
      'upgrade',
      (w, text) => {
        w.choices.upgrade = text;
      },
      MAX_TOKEN,
    ),
  ],
  ['companion', setCompanion],
  ['flusher', setFlusher],
  ['lbset', setSet],
  ['status', setStatus],
  ['flushpackets', setFlushPackets],
  ['flushwait', setFlushWait],
  ['addressttl', setAddressTtl],
  ['hcmethod', setHealthMethod],
  [
    'hcinterval',
    time('s', LEAST_HEALTH_INTERVAL_MS, 'hcinterval', (w, ms) => {
      w.choices.healthCheck.intervalMs = ms;
    }),
  ],
  [
    'hcpasses',
    count(0, 'hcpasses must be a number from 0 on', (w, n) => {
      w.choices.healthCheck.passes = Math.max(1, n);
    }),
  ],
  [
    'hcfails',
    count(0, 'hcfails must be a number from 0 on', (w, n) => {
      w.choices.healthCheck.fails = Math.max(1, n);
    }),
  ],
  [
    'hcuri',
    short('hcuri', (w, text) => {
      w.choices.healthCheck.uri = text;
    }),
  ],
  ['hcexpr', setHealthExpression],
  ['hctemplate', setHealthTemplate],
]);

/** Every key, in lower case. */
export const WORKER_KEYS: readonly string[] = [...SETTERS.keys()];

/** Keys that a ProxyHCTemplate may hold. */
export const HEALTH_KEYS: ReadonlySet<string> = new Set(
  [...SETTERS.keys()].filter((key) => key.startsWith('hc') && key !== 'hctemplate'),
);

function count(least: number, problem: string, set: (worker: WorkerDraft, value: number) => void): Setter {
  return (worker, value) => {
    const number = leadingInteger(value);
    if (number < least) return `${problem}, not "${value}"`;
    set(worker, number);
    return undefined;
  };
}

function time(unit: 's' | 'ms', leastMs: number, key: string, set: (worker: WorkerDraft, ms: number) => void): Setter {
  return (worker, value) => {
    const ms = parseDuration(value, unit);
    if (ms === undefined || ms < leastMs)
      return `${key} must be a time of at least ${leastMs} ms (without a unit it counts ${unit === 's' ? 'seconds' : 'milliseconds'}), not "${value}"`;
    set(worker, ms);
    return undefined;
  };
}

function buffer(key: string, set: (worker: WorkerDraft, bytes: number) => void): Setter {
  return (worker, value) => {
    const bytes = leadingInteger(value);
    if (bytes !== 0 && bytes < 512) return `${key} must be 512 bytes or more, or 0 for the default, not "${value}"`;
    set(worker, bytes);
    return undefined;
  };
}

function onOrOff(key: string, set: (worker: WorkerDraft, on: boolean) => void): Setter {
  return (worker, value) => {
    const on = onOff(value);
    if (on === undefined) return `${key} must be On or Off, not "${value}"`;
    set(worker, on);
    return undefined;
  };
}

function short(key: string, set: (worker: WorkerDraft, text: string) => void, most = MAX_TEXT): Setter {
  return (worker, value) => {
    if (value.length > most) return `${key} must have at most ${most} characters`;
    set(worker, value);
    return undefined;
  };
}

function setLoadFactor(worker: WorkerDraft, value: string): Problem {
  const factor = Number(/^\s*[+-]?\d*\.?\d*(?:e[+-]?\d+)?/i.exec(value)?.[0] ?? 0);
  if (!(factor >= 1 && factor <= 100)) return `loadfactor must be a number from 1 to 100, not "${value}"`;
  worker.choices.loadFactor = Math.trunc(factor * 100);
  return undefined;
}

function setSet(worker: WorkerDraft, value: string): Problem {
  const set = leadingInteger(value);
  if (set < 0 || set > 99) return `lbset must be a number from 0 to 99, not "${value}"`;
  worker.choices.set = set;
  return undefined;
}

/** Letters that httpd takes and that change nothing in a configuration: initialized, generic, free. */
const SILENT_LETTERS = 'ogf';

function setStatus(worker: WorkerDraft, value: string): Problem {
  let on = true;
  if (/[+-]$/.test(value)) return `status lacks a letter after the sign in "${value}"`;
  for (const char of value) {
    if (char === '+' || char === '-') on = char === '+';
    else if (!SILENT_LETTERS.includes(char.toLowerCase())) {
      const flag = LETTERS[char.toLowerCase()];
      if (flag === undefined) return `status knows the letters I, N, D, S, E, H, R and C, not "${char}"`;
      worker.choices.flags[flag] = on;
    }
  }
  return undefined;
}

function setFlushPackets(worker: WorkerDraft, value: string): Problem {
  const lower = value.toLowerCase();
  if (lower !== 'on' && lower !== 'off' && lower !== 'auto')
    return `flushpackets must be On, Off or Auto, not "${value}"`;
  worker.choices.flushPackets = lower;
  return undefined;
}

function setFlushWait(worker: WorkerDraft, value: string): Problem {
  const ms = leadingInteger(value);
  if (ms < 0 || ms > 1000) return `flushwait must be a number of milliseconds from 0 to 1000, not "${value}"`;
  worker.choices.flushWaitMs = ms === 0 ? 10 : ms;
  return undefined;
}

/** Our own: where an AJP member takes what AJP cannot carry, requests that change the protocol (WebSockets). */
function setCompanion(worker: WorkerDraft, value: string): Problem {
  const parsed = parseWorkerUrl(value);
  if (!parsed.ok) return parsed.problem;
  const { scheme } = parsed.address;
  if (!COMPANION_SCHEMES.has(scheme)) return `companion must be an http:// URL of the same server, not "${value}"`;
  if (worker.address.scheme !== 'ajp') return 'companion is for ajp:// members; others take upgrade=websocket';
  worker.choices.companion = parsed.address;
  return undefined;
}

function setFlusher(worker: WorkerDraft, value: string): Problem {
  if (value.length > MAX_TOKEN) return `flusher must have at most ${MAX_TOKEN} characters`;
  worker.choices.flusher = value;
  return undefined;
}

function setAddressTtl(worker: WorkerDraft, value: string): Problem {
  const seconds = Number(value);
  if (!/^[+-]?\d*$/.test(value) || seconds < -1 || seconds > 2 ** 31 - 1)
    return `addressttl must be -1 or a number of seconds, not "${value}"`;
  worker.choices.addressTtlSeconds = seconds;
  // As in httpd: the name is looked up for every request, on a connection of its own.
  if (seconds === 0) worker.choices.pool.disableReuse = true;
  return undefined;
}

function setHealthMethod(worker: WorkerDraft, value: string): Problem {
  const upper = value.toUpperCase();
  if (upper === 'PROVIDER') return 'the health check method PROVIDER does not exist yet';
  const method = HEALTH_METHODS.find((name) => name === upper);
  if (method === undefined) return `hcmethod must be one of ${HEALTH_METHODS.join(', ')}, not "${value}"`;
  worker.choices.healthCheck.method = method;
  return undefined;
}

function setHealthExpression(worker: WorkerDraft, value: string, context: ParameterContext): Problem {
  const key = context.healthExpression(value);
  if (key === undefined) return `no ProxyHCExpr before this line is called "${value}"`;
  worker.choices.healthCheck.expression = key;
  return undefined;
}

function setHealthTemplate(worker: WorkerDraft, value: string, context: ParameterContext): Problem {
  const template = context.healthTemplate(value);
  if (template === undefined) return `no ProxyHCTemplate before this line is called "${value}"`;
  for (const [key, text] of Object.entries(template)) {
    const problem = setWorkerParameter(worker, key, text, context);
    if (problem !== undefined) return problem;
  }
  worker.choices.healthCheck.template = value;
  return undefined;
}

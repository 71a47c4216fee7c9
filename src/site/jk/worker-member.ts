// A Tomcat of workers.properties as a member: address, pool, timeouts, tries; and what it is within an lb. Source: modjk.md
// §2; what is read otherwise than by mod_jk stands in docs/reference/differences.md.

import { defaultMember, type MemberConfig } from '../../balancer/config.ts';
import type { Activation, FailStatus, TryConfig } from '../../balancer/lb-config.ts';
import { parseAddress } from '../../base/addresses.ts';
import { shown } from '../../config/modjk/properties.ts';
import { parseNumber, type WorkerValues } from './worker-values.ts';

/**
 * Stands for "no limit" where mod_jk has none: the longest time that timers take, almost 25 days. The system's own limit
 * for connecting holds all the same.
 */
export const NO_LIMIT_MS = 2_147_483_647;

const DEFAULT_HOST = 'localhost';
const DEFAULT_PORT = { ajp13: 8009, ajp14: 8011 } as const;
const PACKET_SIZE_STEP = 1024;
/** All bits of recovery_options that mean something. */
const RECOVERY_BITS = 31;

/** @param secret the lb's, for members without their own @param isDirect rules name it: then it is always active */
export function readMember(
  values: WorkerValues,
  type: 'ajp13' | 'ajp14',
  isDirect: boolean,
  secret = '',
): MemberConfig {
  const { host, port } = readAddress(values, type);
  const activation = port === 0 ? 'stopped' : isDirect ? 'active' : readActivation(values);
  const tries = readTries(values);
  const route = values.shortText('route', 'jvm_route') ?? values.name;
  const source = readSource(values);
  const socketMs = seconds(values.number({ byDefault: 0 }, 'socket_timeout'));
  const connectMs = values.number({ byDefault: socketMs }, 'socket_connect_timeout');
  const factor = isDirect ? 1 : values.number({ byDefault: 1, least: 1 }, 'lbfactor');
  return defaultMember(
    { url: `ajp://${host.includes(':') ? `[${host}]` : host}:${port}`, scheme: 'ajp', host, port, path: '' },
    {
      route: isDirect ? '' : route,
      redirect: isDirect ? '' : (values.shortText('redirect') ?? ''),
      loadFactor: factor * 100,
      set: isDirect ? 0 : values.number({ byDefault: 0, least: -NO_LIMIT_MS }, 'distance'),
      flags: { drain: activation === 'disabled', stopped: activation === 'stopped' },
      pool: readPool(values, tries),
      connectTimeoutMs: connectMs === 0 ? NO_LIMIT_MS : connectMs,
      timeoutMs: socketMs === 0 ? NO_LIMIT_MS : socketMs,
      tcpKeepAlive: values.flag('socket_keepalive', false),
      ioBufferSize: readPacketSize(values),
      ...(source === undefined ? {} : { localAddress: source }),
      secret: values.text('secret') ?? secret,
      place: values.place,
      lb: Object.freeze({
        name: values.name,
        type,
        activation,
        factor,
        domain: isDirect ? '' : readDomain(values, route),
        tries,
      }),
    },
  );
}

function readAddress(values: WorkerValues, type: 'ajp13' | 'ajp14'): { host: string; port: number } {
  const entry = values.entry('host');
  let host = entry?.value ?? DEFAULT_HOST;
  let byDefault: number = DEFAULT_PORT[type];
  const withPort = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(host);
  if (entry !== undefined && withPort !== null) {
    host = withPort[1] ?? withPort[2];
    byDefault = Number(withPort[3]);
    const told = `"${shown(entry.value)}" is read as host and port; mod_jk 1.2.48 answers 503: write the port as worker.${shown(values.name)}.port`;
    values.findings.note(entry.place, shown(entry.key), 'host-with-port', told);
  } else host = host.replace(/^\[(.*)\]$/, '$1');
  if (entry !== undefined && parseAddress(host) === undefined && !/^[\w.-]+$/.test(host))
    values.findings.warn(
      entry.place,
      shown(entry.key),
      'bad-host',
      `"${shown(host)}" is no name of a host${/[${}]/.test(host) ? '; variables are written $(name) here' : ''}: requests are answered 503`,
    );
  const port = values.entry('port');
  const number = port === undefined ? byDefault : values.number({ byDefault, least: -NO_LIMIT_MS }, 'port');
  if (number >= 0 && number <= 65_535) return { host: host.toLowerCase(), port: number };
  const place = port?.place ?? entry?.place ?? values.place;
  values.findings.error(
    place,
    shown(port?.key ?? 'host'),
    'bad-port',
    `${number} is no port; write one from 1 to 65535`,
  );
  return { host: host.toLowerCase(), port: 0 };
}

function readSource(values: WorkerValues): string | undefined {
  const entry = values.entry('source');
  if (entry === undefined || parseAddress(entry.value) !== undefined) return entry?.value;
  const told = `"${shown(entry.value)}" is no IP address, and has no effect; write the address from which Tomcat shall be dialled`;
  values.findings.warn(entry.place, shown(entry.key), 'bad-address', told);
  return undefined;
}

function readPool(values: WorkerValues, { retries, retryIntervalMs }: TryConfig): MemberConfig['pool'] {
  const hasSize = values.entry('connection_pool_size', 'cachesize') !== undefined;
  const max = hasSize ? values.number({ byDefault: 1, least: 1 }, 'connection_pool_size', 'cachesize') : undefined;
  const byDefault = max === undefined ? 0 : Math.floor((max + 1) / 2);
  const min = values.number({ byDefault, most: max ?? NO_LIMIT_MS }, 'connection_pool_minsize');
  return {
    min,
    smax: min,
    ttlMs: seconds(values.number({ byDefault: 0 }, 'connection_pool_timeout', 'cache_timeout')),
    disableReuse: false,
    ...(max === undefined ? {} : { max }),
    acquireMs: values.number({ byDefault: retries * retryIntervalMs }, 'connection_acquire_timeout'),
  };
}

function readTries(values: WorkerValues): TryConfig {
  const mode = readPingMode(values);
  const pingTimeoutMs = values.number({ byDefault: 10_000 }, 'ping_timeout');
  const pingMs = (letter: string, property: string): number => {
    const own = values.number({ byDefault: 0 }, property);
    return own === 0 && mode.includes(letter) ? pingTimeoutMs : own;
  };
  const interval = values.number({ byDefault: 0 }, 'connection_ping_interval');
  return Object.freeze({
    retries: values.number({ byDefault: 2, least: 1 }, 'retries'),
    retryIntervalMs: values.number({ byDefault: 100 }, 'retry_interval'),
    recoveryOptions: values.mask(RECOVERY_BITS, 'recovery_options'),
    failOnStatus: Object.freeze(readFailOnStatus(values)),
    replyTimeoutMs: values.number({ byDefault: 0 }, 'reply_timeout'),
    connectPingMs: pingMs('C', 'connect_timeout'),
    prepostPingMs: pingMs('P', 'prepost_timeout'),
    // mod_jk takes a hundredth of a time in ms for a time in seconds: 10 s make 100 s.
    idlePingMs: seconds(interval === 0 && mode.includes('I') ? Math.floor(pingTimeoutMs / 100) : interval),
    pingTimeoutMs,
    busyLimit: values.number({ byDefault: 0 }, 'busy_limit'),
  });
}

function readPingMode(values: WorkerValues): string {
  const entry = values.entry('ping_mode');
  if (entry === undefined) return '';
  const letters = entry.value.toUpperCase();
  const unknown = /[^CPIA]/.exec(letters);
  if (unknown !== null)
    values.findings.warn(
      entry.place,
      shown(entry.key),
      'bad-ping-mode',
      `"${shown(entry.value)}" has letters that mean nothing; write some of C (connect), P (before requests), I (interval), or A (all)`,
    );
  return [...'CPI'].filter((letter) => letters.includes(letter) || letters.includes('A')).join('');
}

function readFailOnStatus(values: WorkerValues): FailStatus[] {
  return values.list('fail_on_status').flatMap(({ text, place }) => {
    const { value, exact } = parseNumber(text);
    const status = Math.abs(value);
    if (exact && status >= 100 && status <= 599) return [{ status, isSoft: value < 0 }];
    const told = `"${shown(text)}" is no status from 100 to 599 and is left out`;
    values.findings.warn(place, `worker.${shown(values.name)}.fail_on_status`, 'bad-status', told);
    return [];
  });
}

/** `activation` by its first letter or digit; without it the old `stopped` and `disabled`. */
function readActivation(values: WorkerValues): Activation {
  const entry = values.entry('activation');
  if (entry === undefined) {
    if (values.flag('stopped', false)) return 'stopped';
    return values.flag('disabled', false) ? 'disabled' : 'active';
  }
  const activation = ACTIVATIONS.get(entry.value[0].toLowerCase());
  if (activation !== undefined) return activation;
  const told = `"${shown(entry.value)}" is none of active, disabled, stopped and counts as active`;
  values.findings.warn(entry.place, shown(entry.key), 'bad-activation', told);
  return 'active';
}

/** Letters and digits of activations. */
const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map([
  ['a', 'active'],
  ['0', 'active'],
  ['d', 'disabled'],
  ['1', 'disabled'],
  ['s', 'stopped'],
  ['2', 'stopped'],
]);

/** `domain`, else the route up to its first dot, if it has one. */
function readDomain(values: WorkerValues, route: string): string {
  return values.shortText('domain') ?? route.slice(0, Math.max(0, route.indexOf('.')));
}

function readPacketSize(values: WorkerValues): number {
  const size = values.number({ byDefault: 8192, least: 8192, most: 65_536 }, 'max_packet_size');
  return Math.ceil(size / PACKET_SIZE_STEP) * PACKET_SIZE_STEP;
}

function seconds(count: number): number {
  return Math.min(NO_LIMIT_MS, count * 1000);
}

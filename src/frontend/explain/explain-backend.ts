// What a member is told about a request, for people: the very encoders that serve are asked, and what is secret is left
// out of what they say. Part of `request-trace.ts`.

import { Fields } from '../../base/fields.ts';
import { ForwardRequest } from '../../wire/ajp/forward-request.ts';
import { fillForwardRequest } from '../upstream/ajp-request.ts';
import type { Backend } from '../upstream/backend.ts';
import { HttpAttempt } from '../upstream/http-attempt.ts';
import { fillHttpRequest } from '../upstream/http-head.ts';
import type { ProxyRequest } from '../upstream/proxy-request.ts';
import type { BackendFacts } from './explanation.ts';

/** A URL up to its path. */
const ROOT = /^(?:unix:[^|]*\|)?[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

type Pairs = readonly (readonly [name: string, value: string])[];

/** Longest value shown. */
const VALUE_MAX = 200;
/** Headers and attributes shown of each. */
const PAIRS_MAX = 100;

/** @param timeoutMs silence that the member may keep */
export function backendFacts(request: ProxyRequest, backend: Backend, timeoutMs: number): BackendFacts {
  const { config, address } = backend;
  const query = request.query === undefined ? '' : `?${request.query}`;
  const root = ROOT.exec(config.url)?.[0] ?? config.url;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const dialled = address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`;
  const isElsewhere = address.kind === 'unix' || address.host !== config.host || address.port !== config.port;
  return {
    url: `${root}${config.path}${request.path}${query}`,
    dialled: isElsewhere ? dialled : root.includes(`:${config.port}`) ? undefined : `${host}:${config.port}`,
    timeoutMs,
    connectTimeoutMs: config.connectTimeoutMs ?? timeoutMs,
    pingMs: config.pingMs,
    ...(config.scheme === 'ajp' ? ajpFacts(request, backend) : httpFacts(request, backend)),
  };
}

function ajpFacts(request: ProxyRequest, { config }: Backend): Pick<BackendFacts, 'head' | 'headers' | 'attributes'> {
  const forward = new ForwardRequest();
  if (request.ajpManner === undefined) fillForwardRequest(forward, request, config);
  else request.ajpManner.fill(forward, request, config);
  const named: [string, string][] = [];
  for (let i = 0; i < forward.attributeCount; i++)
    named.push([forward.attributes[2 * i], forward.attributes[2 * i + 1]]);
  return {
    head: [
      ['method', forward.method],
      ['protocol', forward.protocol],
      ['uri', forward.uri],
      ['remote_addr', forward.remoteAddress ?? ''],
      ['server_name', forward.serverName ?? ''],
      ['server_port', String(forward.serverPort)],
      ['is_ssl', String(forward.isSecure)],
    ],
    headers: shown([...merged(forward.fields), ...(forward.addsZeroLength ? [['content-length', '0'] as const] : [])]),
    attributes: shown([
      ...present('query_string', forward.queryString),
      ...present('jvm_route', forward.jvmRoute),
      ...present('secret', forward.secret && '(sent, not shown)'),
      ...present('remote_user', forward.remoteUser),
      ...present('auth_type', forward.authType),
      ...present('ssl_cert', forward.sslCert && '(sent, not shown)'),
      ...present('ssl_cipher', forward.sslCipher),
      ...present('ssl_session', forward.sslSession && '(sent, not shown)'),
      ...present('ssl_key_size', forward.sslKeySize?.toString()),
      ...named,
    ]),
  };
}

function httpFacts(request: ProxyRequest, backend: Backend): Pick<BackendFacts, 'head' | 'headers' | 'attributes'> {
  const { config } = backend;
  const fields = new Fields();
  const attempt = new HttpAttempt().decide(request, backend);
  fillHttpRequest(fields, request, config, attempt);
  const query = request.query === undefined ? '' : `?${request.query}`;
  const line = `${request.exchange.request.method} ${config.path}${request.path}${query} HTTP/1.${attempt.isOld ? 0 : 1}`;
  return { head: [['request line', line]], headers: shown(fields.entries()), attributes: [] };
}

function present(name: string, value: string | undefined): Pairs {
  return value === undefined || value === '' ? [] : [[name, value]];
}

/** One pair for each name, as AJP sends them. */
function merged(fields: Fields): Pairs {
  const names = new Map<string, string>();
  for (const [name] of fields.entries()) if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  return [...names.values()].map((name) => [name, fields.getAll(name).join(', ')] as const);
}

function shown(pairs: Pairs): Pairs {
  return pairs.slice(0, PAIRS_MAX).map(([name, value]) => [name, shownValue(name, value)] as const);
}

/** A value without what nobody but its owner should read: passwords, and the values of cookies. */
export function shownValue(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === 'authorization' || lower === 'proxy-authorization') return `${value.split(' ')[0]} (not shown)`;
  const text = lower === 'cookie' ? value.replace(/=[^;,]*/g, '=…') : value;
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
}

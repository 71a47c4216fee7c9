// Variables of a request's environment as mod_jk asks for them: those that rules set, those of mod_ssl as SSLOptions gives
// them, and for JkEnvVar also what httpd tells every CGI program.

import { REMOVED } from '../../base/fields.ts';
import { tlsEnvironment, tlsVariable } from '../../listener/tls-variable.ts';
import { hasTlsOption } from '../../site/settings.ts';
import type { Visit } from '../visit.ts';

const OF_CERTIFICATES = /^SSL_(?:SERVER_CERT|CLIENT_CERT(?:_CHAIN_\d+)?)$/;

/** A variable that a rule has set, or one of mod_ssl. */
export function sharedVariable({ exchange, settings }: Visit, name: string): string | undefined {
  const own = exchange.env?.get(name);
  if (own !== undefined) return own;
  const { tls } = exchange.connection;
  if (tls === undefined) return undefined;
  const isGiven =
    name === 'HTTPS' ||
    name === 'SSL_TLS_SNI' ||
    hasTlsOption(settings, OF_CERTIFICATES.test(name) ? 'ExportCertData' : 'StdEnvVars');
  return isGiven ? tlsVariable(tls, name) : undefined;
}

/** The certificates of variables that begin with `prefix`, one after another. */
export function certificatesOf({ exchange, settings }: Visit, prefix: string): string {
  const { env, connection } = exchange;
  const variables = new Map(env);
  if (connection.tls !== undefined) {
    const wants = { standard: false, certificates: hasTlsOption(settings, 'ExportCertData') };
    for (const [name, value] of tlsEnvironment(connection.tls, wants)) variables.set(name, value);
  }
  const lower = prefix.toLowerCase();
  return [...variables]
    .filter(([name]) => name.toLowerCase().startsWith(lower))
    .map(([, value]) => value)
    .join('');
}

/** What httpd tells CGI programs whatever they are asked (those of its core, not of mod_cgi). */
const COMMON: ReadonlySet<string> = new Set(
  (
    'SERVER_SOFTWARE SERVER_NAME SERVER_ADMIN REMOTE_ADDR REMOTE_USER AUTH_TYPE DOCUMENT_ROOT ' +
    'CONTEXT_PREFIX CONTEXT_DOCUMENT_ROOT SCRIPT_FILENAME'
  ).split(' '),
);
/** Fields that no environment shows: secrets, and one that programs would take for their own HTTP_PROXY. */
const KEPT_SECRET: ReadonlySet<string> = new Set(['AUTHORIZATION', 'PROXY_AUTHORIZATION', 'PROXY']);
/** Names of the fields that an environment shows. `X_User` would pass for the `X-User` that RequestHeader takes away. */
const SHOWN = /^[A-Za-z0-9-]+$/;
const HTTP = 'HTTP_';

/** One of httpd's own variables; they come before what rules have set. */
export function commonVariable(visit: Visit, name: string): string | undefined {
  const { exchange } = visit;
  const { connection } = exchange;
  switch (name) {
    case 'SERVER_ADDR':
      return connection.localAddress;
    case 'SERVER_PORT':
      return String(visit.addressedPort);
    case 'REMOTE_PORT':
      return String(exchange.clientPort);
    case 'REQUEST_SCHEME':
      return visit.scheme;
    case 'SERVER_SIGNATURE':
      return '';
    case 'PATH':
      return process.env.PATH;
    case 'CONTENT_TYPE':
      return exchange.request.fields.get('Content-Type');
    case 'CONTENT_LENGTH':
      return lengthOf(exchange);
    default:
      if (COMMON.has(name)) return visit.subject.variable(name);
      return name.startsWith(HTTP) ? ofField(visit, name.slice(HTTP.length)) : undefined;
  }
}

/** As the client said it; JK_IGNORE_CL may have taken the field away. */
function lengthOf({ request }: Visit['exchange']): string | undefined {
  return request.fields.get('Content-Length') ?? (request.bodyLength > 0 ? String(request.bodyLength) : undefined);
}

/** The field whose name is spelled so in an environment. */
function ofField({ exchange }: Visit, name: string): string | undefined {
  if (KEPT_SECRET.has(name)) return undefined;
  const { fields } = exchange.request;
  for (let i = 0; i < fields.count; i++) {
    if (fields.idAt(i) === REMOVED) continue;
    const own = fields.nameAt(i);
    if (SHOWN.test(own) && own.toUpperCase().replaceAll('-', '_') === name) return fields.getAll(own).join(', ');
  }
  return undefined;
}

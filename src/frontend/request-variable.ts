// `%{NAME}s` of a header value: mod_ssl's variables, and those of the request that it tells too, TLS or not, such as
// REMOTE_USER. Source: documentation of mod_ssl, and httpd 2.4.71 asked for each.

import type { ExpressionSubject } from '../config/expression/expression.ts';
import { HEADER_VARIABLES } from '../config/expression/names.ts';
import type { Exchange } from '../listener/exchange.ts';
import { tlsVariable } from '../listener/tls-variable.ts';

/** TIME and its parts, too. */
const TOLD: ReadonlySet<string> = new Set(
  (
    'API_VERSION AUTH_TYPE DOCUMENT_ROOT IS_SUBREQ PATH_INFO QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_USER ' +
    'REQUEST_FILENAME REQUEST_METHOD REQUEST_SCHEME REQUEST_URI SCRIPT_FILENAME SERVER_ADMIN SERVER_NAME SERVER_PORT ' +
    'SERVER_PROTOCOL SERVER_SOFTWARE THE_REQUEST'
  ).split(' '),
);

/** @returns undefined for what is not there, or empty */
export function requestVariable(name: string, exchange: Exchange, subject: ExpressionSubject): string | undefined {
  return tlsVariable(exchange.connection.tls, name) ?? (ofRequest(name, exchange, subject) || undefined);
}

function ofRequest(name: string, exchange: Exchange, subject: ExpressionSubject): string | undefined {
  const upper = name.toUpperCase();
  if (upper.startsWith('ENV:')) return exchange.env?.get(name.slice(4));
  const field = upper.startsWith('HTTP:') ? name.slice(5) : HEADER_VARIABLES.get(upper);
  if (field !== undefined) return exchange.request.fields.getAll(field).join(', ');
  return TOLD.has(upper) || upper.startsWith('TIME') ? subject.variable(upper) : undefined;
}

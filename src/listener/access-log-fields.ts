// The directives of a LogFormat as functions over a finished exchange. Source: documentation of mod_log_config and
// mod_logio, and lines recorded from httpd 2.4.71. What a client can choose is escaped, so that a line stays a line.

import { threadId } from 'node:worker_threads';
import { FIELD, fieldId } from '../base/field-names.ts';
import type { Fields } from '../base/fields.ts';
import type { ExpressionSubject } from '../config/expression/expression.ts';
import type { LogField, LogFormat } from '../config/httpd/log-format.ts';
import { compileLogTime } from './access-log-time.ts';
import type { Exchange } from './exchange.ts';
import { tlsVariable } from './tls-variable.ts';

/** What whoever served an exchange knows about it beyond the exchange; undefined is logged as `-`. */
export interface AccessFacts {
  /** Decoded path that was served (latin1 view); undefined when the target was not understood. */
  readonly path: string | undefined;
  /** Query as sent, without `?`. */
  readonly query: string | undefined;
  /** File that was served (UTF-8). */
  readonly file: string | undefined;
  /** Name of the handler. */
  readonly handler: string | undefined;
  /** ServerName of the host that served. */
  readonly canonicalName: string;
  readonly canonicalPort: number;
  /** The name the client used, or ServerName, as UseCanonicalName wants. */
  readonly requestName: string;
  /** Status before an internal redirect; undefined when there was none. */
  readonly originalStatus: number | undefined;
  /** Whom `expr=` of a CustomLog is asked about. */
  readonly subject: ExpressionSubject;
}

/** Instants of the line, on the listener's clock and on the wall clock, ms. */
export interface EndTime {
  readonly now: number;
  readonly wall: number;
}

export type LogItem = (exchange: Exchange, facts: AccessFacts, end: EndTime) => string;

/** Makes a format a list of functions whose results, put together, are a line without its newline. */
export function compileLogItems(format: LogFormat): readonly LogItem[] {
  return format.map((part) => (part.kind === 'text' ? () => part.text : withCondition(part, compileField(part))));
}

const NEEDS_ESCAPE = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/;
const ESCAPES = new Map<string, string>([
  ['\b', '\\b'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['"', '\\"'],
  ['\\', '\\\\'],
]);

/** Writes octets as httpd's logs do: `\"`, `\\`, `\n` and its like, `\xhh` for all that is no printable ASCII. */
export function escapeLogText(octets: string): string {
  if (!NEEDS_ESCAPE.test(octets)) return octets;
  return octets.replace(
    /[^\x20-\x21\x23-\x5b\x5d-\x7e]/g,
    (octet) => ESCAPES.get(octet) ?? `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** `%!200,304{Referer}i`: the field, or `-` for statuses that are not wanted. */
function withCondition(field: LogField, item: LogItem): LogItem {
  if (field.statuses === undefined) return item;
  const codes = new Set(field.statuses.codes);
  const wanted = !field.statuses.isNegated;
  return (exchange, facts, end) => (codes.has(exchange.response.status) === wanted ? item(exchange, facts, end) : '-');
}

function compileField(field: LogField): LogItem {
  const argument = field.argument ?? '';
  switch (field.name) {
    case 'a':
      return argument === 'c' ? (x) => x.connection.remoteAddress : (x) => x.clientAddress;
    case 'h':
      return argument === 'c'
        ? (x) => x.connection.remoteAddress
        : (x) => escaped(x.forwarded?.remoteHost ?? x.clientAddress);
    case 'A':
      return (x) => x.connection.localAddress;
    case 'B':
      return (x) => String(x.responseBodyBytes);
    case 'b':
      return (x) => (x.responseBodyBytes === 0 ? '-' : String(x.responseBodyBytes));
    case 'D':
      return (x, _, end) => elapsed(x, end, 1000);
    case 'T':
      return duration(argument);
    case '^FB':
      return (x) => (x.firstByteAt === 0 ? '-' : String(Math.round((x.firstByteAt - x.startedAt) * 1000)));
    case 'f':
      return (_, facts) => escaped(facts.file === undefined ? undefined : Buffer.from(facts.file).toString('latin1'));
    case 'H':
      return (x) => (x.request.minorVersion === 0 ? 'HTTP/1.0' : 'HTTP/1.1');
    case 'k':
      return (x) => String(x.connectionRequests);
    case 'm':
      return (x) => escaped(x.request.method);
    case 'p':
      if (argument === 'local') return (x) => String(x.connection.localPort);
      if (argument === 'remote') return (x) => String(x.clientPort);
      return (_, facts) => String(facts.canonicalPort);
    case 'P':
      return processPart(argument);
    case 'q':
      return (_, facts) => (facts.query === undefined ? '' : `?${escapeLogText(facts.query)}`);
    case 'r':
      return (x) => requestLine(x);
    case 'R':
      return (_, facts) => escaped(facts.handler);
    case 's':
      return field.request === 'final' ? (x) => status(x, undefined) : (x, facts) => status(x, facts.originalStatus);
    case 't': {
      const { isEnd, format } = compileLogTime(field.argument);
      return (x, _, end) => format(isEnd ? end.wall : x.startedWall);
    }
    case 'u':
      return (x) => (x.user === '' ? '""' : escaped(x.user));
    case 'U':
      return (_, facts) => escaped(facts.path);
    case 'v':
      return (_, facts) => escaped(facts.canonicalName);
    case 'V':
      return (_, facts) => escaped(facts.requestName);
    case 'X':
      return (x) => (x.stage !== 'complete' ? 'X' : x.keepAlive ? '+' : '-');
    case 'I':
      return (x) => String(x.wireBytesIn);
    case 'O':
      return (x) => String(x.wireBytesOut);
    case 'S':
      return (x) => String(x.wireBytesIn + x.wireBytesOut);
    case 'i':
      return headerItem(argument, (x) => x.request.fields);
    case 'o':
      return responseItem(argument);
    case 'e':
      return (x) => escaped(x.env?.get(argument));
    case 'n':
      return (x) => escaped(x.notes?.get(argument));
    case 'C':
      return (x) => escaped(cookie(x.request.fields, argument.toLowerCase()));
    case 'x':
      return (x) => escaped(tlsVariable(x.connection.tls, argument));
    case 'c':
      return (x) =>
        escaped(
          tlsVariable(x.connection.tls, argument === 'version' ? 'SSL_PROTOCOL' : `SSL_${argument.toUpperCase()}`),
        );
    default: // l and L (never known here), ^ti and ^to (trailers are not kept)
      return () => '-';
  }
}

function escaped(octets: string | undefined): string {
  return octets === undefined || octets === '' ? '-' : escapeLogText(octets);
}

function status(exchange: Exchange, original: number | undefined): string {
  const code = original ?? exchange.response.status;
  return code > 0 ? String(code) : '-';
}

function requestLine(exchange: Exchange): string {
  const { method, target, minorVersion } = exchange.request;
  if (method === '' && target === '') return '-';
  return escapeLogText(`${method} ${target} HTTP/1.${minorVersion}`);
}

function elapsed(exchange: Exchange, end: EndTime, unitsPerMs: number): string {
  return String(Math.max(0, Math.floor((end.now - exchange.startedAt) * unitsPerMs)));
}

function duration(unit: string): LogItem {
  const unitsPerMs = unit === 'us' ? 1000 : unit === 'ms' ? 1 : 1 / 1000;
  return (x, _, end) => elapsed(x, end, unitsPerMs);
}

function processPart(part: string): LogItem {
  const text = part === 'tid' ? String(threadId) : part === 'hextid' ? threadId.toString(16) : String(process.pid);
  return () => text;
}

/** Several fields of one name are one list. An empty value is logged empty, an absent field as `-`. */
function headerItem(name: string, fieldsOf: (exchange: Exchange) => Fields): LogItem {
  const id = fieldId(name);
  return (exchange) => {
    const fields = fieldsOf(exchange);
    const index = id > 0 ? fields.indexOfKnown(id) : fields.indexOf(name);
    if (index < 0) return '-';
    const isAlone = id > 0 && !fields.hasRepeats;
    return escapeLogText(isAlone ? fields.valueAt(index) : fields.getAll(name).join(', '));
  };
}

function responseItem(name: string): LogItem {
  const item = headerItem(name, (exchange) => exchange.response.fields);
  if (name.toLowerCase() !== 'content-length') return item;
  return (exchange, facts, end) =>
    exchange.response.bodyLength >= 0 ? String(exchange.response.bodyLength) : item(exchange, facts, end);
}

/** Value of the first cookie of this name, in any letter case as httpd compares it. */
function cookie(fields: Fields, lowerName: string): string | undefined {
  if (!fields.hasKnown(FIELD.Cookie)) return undefined;
  for (const field of fields.getAll('Cookie')) {
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=');
      if (equals >= 0 && pair.slice(0, equals).trim().toLowerCase() === lowerName) return pair.slice(equals + 1).trim();
    }
  }
  return undefined;
}

// What expressions ask about a request: variables, headers, environment, files. One for each visit that is ever asked, kept
// with it. Texts are octets; the clock and the machine's files are asked anew each time.

import { accessSync, constants, lstatSync, readFileSync, type Stats, statSync } from 'node:fs';
import { parseAddress } from '../base/addresses.ts';
import type { Fields } from '../base/fields.ts';
import type { ExpressionFiles, ExpressionSubject, FileFacts } from '../config/expression/expression.ts';
import { octetsOf, textOf } from '../config/files.ts';
import { tlsVariable } from '../listener/tls-variable.ts';
import { shownPath } from '../site/path.ts';
import { groupName, userName } from './access/account-names.ts';
import { mayReach } from './access/reach.ts';
import { contextPrefix } from './static/static-path.ts';
import { timeVariable } from './time-variables.ts';
import type { Visit } from './visit.ts';

/** httpd's number for the interface of its modules, all 2.4 long. */
const API_VERSION = '20120211';
/** What httpd tells where no ServerAdmin is given. */
const NO_ADMIN = '[no address given]';

export class RequestSubject implements ExpressionSubject {
  readonly files = DISK;
  readonly #visit: Visit;

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  get clientAddress(): readonly number[] | undefined {
    return parseAddress(this.#visit.clientAddress);
  }

  variable(name: string): string | undefined {
    if (name.startsWith('TIME')) return timeVariable(name, this.#visit.site.clock.wall());
    return this.#ofRequest(name) ?? this.#ofServer(name);
  }

  #ofRequest(name: string): string | undefined {
    const visit = this.#visit;
    const { exchange } = visit;
    const { connection, request } = exchange;
    switch (name) {
      case 'REQUEST_METHOD':
        return request.method;
      case 'REQUEST_URI':
      case 'DOCUMENT_URI':
        return shownPath(visit.forms);
      case 'QUERY_STRING':
        return visit.query;
      case 'THE_REQUEST':
        return `${visit.originalMethod ?? request.method} ${request.target} HTTP/1.${request.minorVersion}`;
      case 'REQUEST_SCHEME':
        return connection.tls === undefined ? 'http' : 'https';
      case 'SERVER_PROTOCOL':
        return `HTTP/1.${request.minorVersion}`;
      case 'REQUEST_STATUS':
        return String(visit.originalStatus ?? (exchange.response.status || 200));
      case 'REMOTE_ADDR':
        return exchange.clientAddress;
      case 'CONN_REMOTE_ADDR':
        return connection.remoteAddress;
      case 'REMOTE_PORT':
        return String(connection.remotePort);
      case 'REMOTE_HOST':
        return exchange.forwarded?.remoteHost ?? exchange.clientAddress;
      case 'REMOTE_USER':
        return exchange.user;
      case 'AUTH_TYPE':
        return exchange.authType;
      case 'HTTPS':
        return connection.tls === undefined ? 'off' : 'on';
      case 'HTTP2':
        return 'off';
      case 'IPV6':
        return connection.remoteAddress.includes(':') ? 'on' : 'off';
      case 'IS_SUBREQ':
        return String(visit.depth > 0);
      case 'HANDLER':
        return visit.handler ?? visit.settings.handler;
      case 'CONTENT_TYPE':
        return exchange.response.fields.get('Content-Type');
      default:
        return name.startsWith('SSL_') ? tlsVariable(connection.tls, name) : this.#ofFile(name);
    }
  }

  #ofFile(name: string): string | undefined {
    const { filename } = this.#visit;
    switch (name) {
      case 'REQUEST_FILENAME':
      case 'SCRIPT_FILENAME':
        return filename;
      case 'LAST_MODIFIED':
        return timeVariable('TIME', statOf(filename)?.mtimeMs ?? 0);
      case 'SCRIPT_USER': {
        const stats = statOf(filename);
        return stats === undefined ? undefined : userName(stats.uid);
      }
      case 'SCRIPT_GROUP': {
        const stats = statOf(filename);
        return stats === undefined ? undefined : groupName(stats.gid);
      }
      default:
        return undefined;
    }
  }

  /** PATH_INFO, REMOTE_IDENT and the ids of error logs are always empty. */
  #ofServer(name: string): string | undefined {
    const visit = this.#visit;
    const { host } = visit.host;
    switch (name) {
      case 'SERVER_NAME':
        return visit.requestName;
      case 'SERVER_PORT':
        return String(visit.requestPort ?? (visit.exchange.connection.tls === undefined ? 80 : 443));
      case 'SERVER_ADMIN':
        return host.serverAdmin ?? NO_ADMIN;
      case 'SERVER_SOFTWARE':
        return 'Catflap';
      case 'API_VERSION':
        return API_VERSION;
      case 'DOCUMENT_ROOT':
        return octetsOf(host.documentRoot ?? '');
      case 'CONTEXT_DOCUMENT_ROOT':
        return octetsOf(visit.goal.file?.root ?? host.documentRoot ?? '');
      case 'CONTEXT_PREFIX':
        return contextPrefix(host, visit.forms.decoded);
      default:
        return undefined;
    }
  }

  requestHeader(name: string, varies: boolean): string | undefined {
    if (varies) this.#visit.varyOn(name);
    return joined(this.#visit.exchange.request.fields, name);
  }

  responseHeader(name: string): string | undefined {
    const { response } = this.#visit.exchange;
    if (/^content-length$/i.test(name) && response.bodyLength >= 0) return String(response.bodyLength);
    return joined(response.fields, name);
  }

  requestEnv(name: string): string | undefined {
    return this.#visit.exchange.env?.get(name);
  }

  note(name: string): string | undefined {
    return this.#visit.exchange.notes?.get(name);
  }

  processEnv(name: string): string | undefined {
    const value = process.env[textOf(name)];
    return value === undefined ? undefined : octetsOf(value);
  }

  call(): undefined {
    return undefined;
  }

  list(): readonly string[] {
    return [];
  }

  mayReach(kind: 'url' | 'file', target: string): boolean {
    return mayReach(this.#visit, kind, target);
  }
}

/** Several fields of one name are one list. */
function joined(fields: Fields, name: string): string | undefined {
  const index = fields.indexOf(name);
  if (index < 0) return undefined;
  return fields.getAll(name).join(', ');
}

const DISK: ExpressionFiles = {
  stat(path): FileFacts | undefined {
    const stats = statOf(path);
    const link = statOf(path, lstatSync);
    if (stats === undefined && link === undefined) return undefined;
    return {
      kind: stats?.isFile() === true ? 'file' : stats?.isDirectory() === true ? 'directory' : 'other',
      sizeBytes: stats?.size ?? 0,
      isLink: link?.isSymbolicLink() ?? false,
      isExecutable: isExecutable(path),
    };
  },
  read(path, mostBytes) {
    const size = statSync(textOf(path)).size;
    if (size > mostBytes) throw new Error(`it has ${size} octets, more than ${mostBytes}`);
    return readFileSync(textOf(path)).toString('latin1');
  },
};

function statOf(path: string, read: (path: string) => Stats = statSync): Stats | undefined {
  try {
    return path.startsWith('/') ? read(textOf(path)) : undefined;
  } catch {
    // Not there, or not ours to see: to an expression that is the same.
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(textOf(path), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

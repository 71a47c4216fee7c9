// What a front end told about a request over AJP and HTTP has no place for: asked for by the application with
// `ajpFacts(req)`. The facts hang on the request's socket, so that they need no table and live as long as it does.

import type { IncomingMessage } from 'node:http';
import type { Exchange, TlsFacts } from '../listener/exchange.ts';

/** Facts of one request. All texts are latin1 views of what came. */
export interface AjpFacts {
  /** The user that the front end authenticated; only with `tomcatAuthentication: false`. */
  readonly remoteUser: string | undefined;
  readonly authType: string | undefined;
  /** Name of the client when the front end looked it up. */
  readonly remoteHost: string | undefined;
  /** httpd: the route in the client's session id, known or not. mod_jk: the route of the chosen member. */
  readonly jvmRoute: string | undefined;
  /** Host name and port that the front end took the request for. */
  readonly serverName: string;
  readonly serverPort: number;
  /** Request attributes; of repeated names the last. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly isSecure: boolean;
  readonly tls: TlsFacts | undefined;
}

export const FACTS: unique symbol = Symbol('ajp facts');

/** A socket that carries facts. */
export interface FactsBearer {
  readonly [FACTS]: AjpFacts | undefined;
}

/** The facts of a request that came over AJP; undefined for one that did not. */
export function ajpFacts(req: IncomingMessage): AjpFacts | undefined {
  const socket = req.socket as Partial<FactsBearer> | null;
  return socket?.[FACTS];
}

/** Copies the facts out of an exchange, which is reused. */
export function factsOf(exchange: Exchange): AjpFacts | undefined {
  const { forwarded, connection } = exchange;
  if (forwarded === undefined) return undefined;
  return {
    remoteUser: forwarded.remoteUser,
    authType: forwarded.authType,
    remoteHost: forwarded.remoteHost,
    jvmRoute: forwarded.jvmRoute,
    serverName: forwarded.serverName,
    serverPort: forwarded.serverPort,
    attributes: forwarded.attributes.length === 0 ? NONE : new Map(forwarded.attributes),
    isSecure: connection.tls !== undefined,
    tls: connection.tls,
  };
}

const NONE: ReadonlyMap<string, string> = new Map();

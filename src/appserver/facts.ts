// What a front end told about a request over AJP and HTTP has no place for: asked for by the application with
// `ajpFacts(req)`. The facts hang on the request's socket, so that they need no table and live as long as it does.

import type { IncomingMessage } from 'node:http';
import type { ForwardedFacts, TlsFacts } from '../listener/exchange.ts';

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

/** Where a request's socket keeps what the front end told; it serves one request only. */
export const FORWARDED: unique symbol = Symbol('forwarded');

/** A socket of a request that may have come over AJP. */
export interface ForwardedBearer {
  readonly [FORWARDED]: ForwardedRequest | undefined;
}

/** The facts as the listener has them; made anew for each request, so they may be kept. */
export interface ForwardedRequest {
  readonly facts: ForwardedFacts;
  readonly tls: TlsFacts | undefined;
}

/** The facts of a request that came over AJP; undefined for one that did not. */
export function ajpFacts(req: IncomingMessage): AjpFacts | undefined {
  const socket = req.socket as Partial<ForwardedBearer> | null;
  const forwarded = socket?.[FORWARDED];
  if (forwarded === undefined) return undefined;
  const { facts, tls } = forwarded;
  return { ...facts, attributes: new Map(facts.attributes), isSecure: tls !== undefined, tls };
}

/** One request attribute, without the cost of all facts; of repeated names the last. */
export function requestAttribute(req: IncomingMessage, name: string): string | undefined {
  const socket = req.socket as Partial<ForwardedBearer> | null;
  return socket?.[FORWARDED]?.facts.attributes.findLast(([each]) => each === name)?.[1];
}

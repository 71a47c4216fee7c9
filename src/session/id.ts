// Session ids in Tomcat's shape: 32 upper-case hexadecimal digits and, for a node with a route, `.route` behind them.
// Fronting web servers read the route from the id, so nothing here may sign, encode or shorten it.

import { Failure } from '../base/failure.ts';

/** Source of unpredictable octets; randomness comes in as an argument. */
export type RandomBytes = (size: number) => Uint8Array;

/** Octets of randomness in an id. Tomcat: sessionIdLength, default 16. */
const ID_BYTES = 16;
/** Longer texts are never taken for an id: bounds what a client can make us look up. */
export const SESSION_ID_LENGTH_MAX = 256;
const ROUTE_LENGTH_MAX = 128;
/** Characters that survive a cookie value and a path parameter unquoted. */
const ROUTE_TEXT = /^[A-Za-z0-9!$&'*+^_`|~.-]+$/;

/** Makes a fresh id: `32HEX` or `32HEX.route`. */
export function createSessionId(random: RandomBytes, route: string | undefined): string {
  const bytes = random(ID_BYTES);
  const base = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase();
  return route === undefined ? base : `${base}.${route}`;
}

/** The route in an id: what stands behind its first dot, undefined when there is none. */
export function routeOf(id: string): string | undefined {
  const dot = id.indexOf('.');
  return dot < 0 || dot === id.length - 1 ? undefined : id.slice(dot + 1);
}

/** The same id with another route (or none): what a takeover sends to the client. */
export function withRoute(id: string, route: string | undefined): string {
  const dot = id.indexOf('.');
  const base = dot < 0 ? id : id.slice(0, dot);
  return route === undefined ? base : `${base}.${route}`;
}

/** Refuses a route that could not travel in a cookie or a URL. Undefined passes. */
export function checkRoute(route: string | undefined): void {
  if (route === undefined) return;
  if (route.length <= ROUTE_LENGTH_MAX && ROUTE_TEXT.test(route)) return;
  throw new Failure('session-bad-route', 'internal', `"${route}" cannot be a route: use letters, digits, - and _`);
}

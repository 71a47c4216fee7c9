// The other narrow waist: how the proxy talks to one backend connection, whatever its protocol. The connection prepares
// the request from the exchange, relays bodies, and reports how far it got as data; the proxy decides from that alone.

import type { Failure } from '../../base/failure.ts';
import type { Fields } from '../../base/fields.ts';
import type { Poolable } from '../../link/pool.ts';
import type { ProxyRequest } from './proxy-request.ts';
import type { SwitchedConnection } from './tunnel.ts';

/** How far an attempt had come when it failed. */
export type UpstreamPhase = 'connect' | 'ping' | 'request' | 'response-head' | 'response-body';

/** The facts of a failed attempt. */
export interface UpstreamFailure {
  readonly phase: UpstreamPhase;
  readonly failure: Failure;
  readonly timedOut: boolean;
  /** Any octet of the request body was given to the socket. */
  readonly bodySent: boolean;
  /** A complete head had come. */
  readonly hasHead: boolean;
  /** The connection had served a request before. */
  readonly reusedConnection: boolean;
}

/** What the proxy hears from a connection during one attempt. Bytes are borrowed until return. */
export interface UpstreamEvents {
  /** `exchange.response` is filled as received. */
  responseInterim(status: number, fields: Fields): void;
  responseHead(): void;
  responseBody(bytes: Buffer, start: number, end: number): void;
  /** The backend pauses or asks for what it sent to be delivered. */
  responseFlush(): void;
  /** The response is passed on, and tells of a mistake that an operator should know of. */
  responseRemark(remark: Failure): void;
  /**
   * The response is complete. The connection has gone back to its pool, where it may serve another already, or is closed.
   * Octets are those of the attempt, for traffic accounting.
   */
  responseEnd(trailers: Fields | undefined, bytesWritten: number, bytesRead: number): void;
  /**
   * The backend has switched to the protocol that was asked for: `exchange.response` is its 101. The connection is no
   * longer one of HTTP and belongs to whoever hears this; octets behind the head are borrowed until return.
   */
  responseSwitched(end: SwitchedConnection, bytes: Buffer, start: number, stop: number): void;
  /** The attempt failed; the connection is closed. */
  upstreamFailed(facts: UpstreamFailure): void;
}

/** A pooled backend connection. At most one attempt at a time. */
export interface UpstreamConnection extends Poolable {
  /** Sends the request's head; then asks for its body with `request.exchange.resumeBody()`. */
  begin(request: ProxyRequest, events: UpstreamEvents): void;
  requestBody(bytes: Buffer, start: number, end: number): void;
  requestEnd(): void;
  /** The downstream is slow: stop reading; go on when it has caught up. */
  pauseResponse(): void;
  resumeResponse(): void;
  /** Asks whether the backend is still there: of an idle connection that was taken out of its pool, and goes back there. */
  ask?(limitMs: number): void;
  /** Nobody wants the answer any more: closes the connection. */
  abandon(): void;
  /** Octets written and read for the attempt in progress, for traffic accounting. */
  readonly bytesWritten: number;
  readonly bytesRead: number;
}

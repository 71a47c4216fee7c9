// What every attempt of one proxied request shares, ready for any protocol: the exchange, where it goes, and under what
// limits. Filled once per request; one object serves many.

import type { Exchange } from '../listener/exchange.ts';
import type { Host } from '../site/model.ts';
import type { RequestTrace } from './request-trace.ts';

export class ProxyRequest {
  exchange!: Exchange;
  host!: Host;
  /** Path for the backend, percent-encoded, the member's own path not included. */
  path = '';
  /** Query without `?`; undefined when the target has none. */
  query: string | undefined = undefined;
  /** Route of the session the client named, even an unknown one. */
  sessionRoute: string | undefined = undefined;
  /** Host the client addressed (Host field without port, or ServerName), and the port it reached. */
  serverName = '';
  serverPort = 0;
  preserveHost = false;
  addForwarded = true;
  /** `Expect: 100-continue` is the backend's business (Proxy100Continue). */
  forwardContinue = true;
  /** Silence tolerated from the backend, ms. */
  timeoutMs = 0;
  /** Somebody wants to know why it goes as it does. */
  trace: RequestTrace | undefined = undefined;
}

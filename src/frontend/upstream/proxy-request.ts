// What every attempt of one proxied request shares, ready for any protocol: the exchange, where it goes, and under what
// limits. Filled once per request; one object serves many.

import type { MemberConfig } from '../../balancer/config.ts';
import type { RequestRules } from '../../balancer/lb-config.ts';
import { FIELD } from '../../base/field-names.ts';
import type { SecureDial } from '../../link/dial.ts';
import type { Exchange } from '../../listener/exchange.ts';
import { hostName } from '../../site/host.ts';
import type { Host, UpstreamTlsSettings } from '../../site/model.ts';
import type { ForwardRequest } from '../../wire/ajp/forward-request.ts';
import type { RequestTrace } from '../explain/request-trace.ts';
import type { UpstreamTls } from './upstream-tls.ts';

/** How a dialect fills a request for AJP in its own way. */
export interface AjpManner {
  fill(forward: ForwardRequest, request: ProxyRequest, member: MemberConfig): void;
  /** What a client is answered whose request head does not fit into a packet. */
  readonly tooLargeStatus: number;
}

/** Where a request body comes from. */
export interface BodySource {
  resumeBody(): void;
}

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
  /** What a Via field says of us (ProxyVia); undefined adds none. */
  via: string | undefined = undefined;
  /** Protocol that the client wants to change to; undefined: none. */
  upgrade: string | undefined = undefined;
  /** Members with `ws://` take nothing but upgrades (ProxyWebsocketFallbackToProxyHttp Off). */
  needsUpgrade = false;
  /** What the environment asks for: bits of `manners.ts`. */
  manners = 0;
  /** What a rule of mod_jk, or the environment in its place, says of this request. */
  rules: RequestRules | undefined = undefined;
  /** Route that the environment names in place of a session's (JK_ROUTE); undefined or '': none. */
  forcedRoute: string | undefined = undefined;
  /** Hears when the request has left a member; undefined where nobody keeps account. */
  account: { left(): void } | undefined = undefined;
  /** Undefined: as mod_proxy_ajp does. */
  ajpManner: AjpManner | undefined = undefined;
  /** Octets of an AJP response do not wait for company, and neither does its head. */
  flushesBody = false;
  flushesHead = false;
  /** The container is not told how long the body is, and asks for it piece by piece. */
  hidesLength = false;
  /** Octets of the body as an HTTP backend is told, `UNKNOWN_LENGTH` for chunks. */
  bodyLength = 0;
  /** A container has asked for more of the body than goes unasked (AJP). */
  isBodyAsked = false;
  /** What was read of the body already stands here; undefined when nothing was. */
  bodySource: BodySource | undefined = undefined;
  /** Silence tolerated from the backend, ms. */
  timeoutMs = 0;
  /** SSLProxy… in force, and who makes clients of TLS of them. */
  upstreamTls: UpstreamTlsSettings | undefined = undefined;
  tlsClients!: UpstreamTls;
  /** Somebody wants to know why it goes as it does. */
  trace: RequestTrace | undefined = undefined;

  /** How a member is dialled to whom TLS is spoken; undefined when SSLProxyEngine is off. */
  secureFor(member: MemberConfig): SecureDial | undefined {
    const clientHost = this.preserveHost ? this.exchange.request.fields.getKnown(FIELD.Host) : undefined;
    return this.tlsClients.secure(this.upstreamTls, clientHost ? hostName(clientHost) : member.host);
  }

  /** Lets the body come to the connection that has begun with this request. */
  resumeBody(): void {
    if (this.bodySource === undefined) this.exchange.resumeBody();
    else this.bodySource.resumeBody();
  }
}

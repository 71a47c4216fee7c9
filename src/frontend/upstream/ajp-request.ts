// What an AJP backend is told about a request: the fields of FORWARD_REQUEST as mod_proxy_ajp fills them (ajp13.md §6).

import type { MemberConfig } from '../../balancer/config.ts';
import { LOCAL_ADDRESS_ATTRIBUTE, REMOTE_PORT_ATTRIBUTE, SSL_PROTOCOL_ATTRIBUTE } from '../../wire/ajp/constants.ts';
import type { ForwardRequest } from '../../wire/ajp/forward-request.ts';
import type { ProxyRequest } from './proxy-request.ts';

/** Environment variables with this prefix become request attributes, without it. */
export const ATTRIBUTE_PREFIX = 'AJP_';

export function fillForwardRequest(forward: ForwardRequest, request: ProxyRequest, member: MemberConfig): void {
  const { exchange } = request;
  const { connection } = exchange;
  forward.reset();
  forward.method = exchange.request.method;
  forward.protocol = exchange.request.minorVersion === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
  forward.uri = member.path === '' ? request.path : member.path + request.path;
  forward.remoteAddress = exchange.clientAddress;
  forward.serverName = request.serverName;
  forward.serverPort = request.serverPort;
  forward.isSecure = connection.tls !== undefined;
  forward.fields = exchange.request.fields;
  forward.mergeRepeats = true;
  if (member.secret !== '') forward.secret = member.secret;
  forward.remoteUser = exchange.user;
  forward.authType = exchange.authType;
  forward.queryString = request.query;
  forward.jvmRoute = request.sessionRoute;
  if (connection.tls !== undefined) {
    forward.sslCert = connection.tls.clientCertificate;
    forward.sslCipher = connection.tls.cipher;
    forward.sslSession = connection.tls.sessionId;
    forward.sslKeySize = connection.tls.keySize;
    if (connection.tls.protocol !== undefined) forward.addAttribute(SSL_PROTOCOL_ATTRIBUTE, connection.tls.protocol);
  }
  forward.addAttribute(REMOTE_PORT_ATTRIBUTE, portText(exchange.clientPort));
  forward.addAttribute(LOCAL_ADDRESS_ATTRIBUTE, connection.localAddress);
  if (exchange.env !== undefined) {
    for (const [name, value] of exchange.env) {
      if (name.startsWith(ATTRIBUTE_PREFIX)) forward.addAttribute(name.slice(ATTRIBUTE_PREFIX.length), value);
    }
  }
}

let lastPort = -1;
let lastPortText = '';

/** Requests of one connection come in a row: the text of its port is made once. */
export function portText(port: number): string {
  if (port !== lastPort) {
    lastPort = port;
    lastPortText = String(port);
  }
  return lastPortText;
}

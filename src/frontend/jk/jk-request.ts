// What Tomcat is told about a request that a mod_jk rule sends to it: FORWARD_REQUEST as mod_jk fills it (modjk.md §3,
// §5.4; recordings J-HDR-*). Fields and their order are mod_jk's; variables of the environment may stand for them.

import type { MemberConfig } from '../../balancer/config.ts';
import { ACTIVATION_TEXTS } from '../../balancer/lb/states.ts';
import type { Activation } from '../../balancer/lb-config.ts';
import { FIELD } from '../../base/field-names.ts';
import type { JkHost } from '../../site/jk/model-jk.ts';
import {
  LB_ACTIVATION_ATTRIBUTE,
  LOCAL_ADDRESS_ATTRIBUTE,
  REMOTE_PORT_ATTRIBUTE,
  SSL_PROTOCOL_ATTRIBUTE,
} from '../../wire/ajp/constants.ts';
import type { ForwardRequest } from '../../wire/ajp/forward-request.ts';
import { portText } from '../upstream/ajp-request.ts';
import type { AjpManner, ProxyRequest } from '../upstream/proxy-request.ts';
import type { Visit } from '../visit.ts';
import { forwardedUri } from './jk-uri.ts';
import { certificatesOf, commonVariable, sharedVariable } from './jk-variables.ts';

/** What the client's port is called where the front end speaks for itself (ForwardLocalAddress). */
const UNKNOWN_PORT = '0';

/** The manner of mod_jk, for one request at a time: one object belongs to one run of the proxy and is filled anew. */
export class JkRequest implements AjpManner {
  readonly tooLargeStatus = 413;
  #visit!: Visit;
  #jk!: JkHost;
  /** The path as it goes to Tomcat. */
  uri = '';
  /** Tomcat is told that the client speaks TLS. */
  isSecure = false;
  /** Of the member in question, as the rule or the member says. */
  activation: Activation = 'active';
  /** For jvm_route; undefined is not sent. */
  route: string | undefined = undefined;

  begin(visit: Visit, jk: JkHost): void {
    this.#visit = visit;
    this.#jk = jk;
    this.uri = forwardedUri(jk.options.forwardUri, visit);
    this.activation = 'active';
    this.route = undefined;
  }

  fill(forward: ForwardRequest, { exchange, query, hidesLength }: ProxyRequest, member: MemberConfig): void {
    const { options, indicators } = this.#jk;
    const { connection, request, env } = exchange;
    const isPhysical = options.forwardPhysicalAddress;
    forward.reset();
    this.isSecure = false;
    forward.method = request.method;
    forward.protocol = request.minorVersion === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
    forward.uri = this.uri;
    forward.remoteAddress = options.forwardLocalAddress
      ? connection.localAddress
      : isPhysical
        ? connection.remoteAddress
        : exchange.clientAddress;
    let remotePort = options.forwardLocalAddress
      ? UNKNOWN_PORT
      : portText(isPhysical ? connection.remotePort : exchange.clientPort);
    let { localAddress } = connection;
    forward.serverName = withoutBrackets(this.#visit.requestName);
    forward.serverPort = this.#visit.addressedPort;
    forward.remoteUser = exchange.user;
    forward.authType = exchange.authType;
    forward.fields = request.fields;
    forward.mergeRepeats = true;
    // A container that knows a length waits for the first octets, which do not come unasked.
    if (hidesLength) request.fields.removeKnown(FIELD['Content-Length']);
    // Without a length a container takes a request for one with a body.
    forward.addsZeroLength = request.bodyLength === 0 && !request.fields.hasKnown(FIELD['Content-Length']);
    if (member.secret !== '') forward.secret = member.secret;
    forward.queryString = query;
    forward.jvmRoute = this.route;
    if (env !== undefined) {
      forward.remoteAddress = textOr(env, indicators.remoteAddr, forward.remoteAddress);
      forward.remoteHost = textOr(env, indicators.remoteHost, undefined);
      forward.remoteUser = textOr(env, indicators.remoteUser, forward.remoteUser);
      forward.authType = textOr(env, indicators.authType, forward.authType);
      remotePort = textOr(env, indicators.remotePort, remotePort) ?? '';
      forward.serverName = env.get(indicators.localName) ?? forward.serverName;
      localAddress = env.get(indicators.localAddr) ?? localAddress;
      const port = env.get(indicators.localPort);
      if (port !== undefined) forward.serverPort = numberAt(port) & 0xffff;
    }
    if (this.#jk.extractsSsl && (connection.tls !== undefined || env !== undefined)) this.#fillTls(forward);
    forward.addAttribute(REMOTE_PORT_ATTRIBUTE, remotePort);
    forward.addAttribute(LOCAL_ADDRESS_ATTRIBUTE, localAddress);
    forward.addAttribute(LB_ACTIVATION_ATTRIBUTE, ACTIVATION_TEXTS[this.activation]);
    for (const { name, fallback } of this.#jk.envVars) {
      const value = commonVariable(this.#visit, name) ?? sharedVariable(this.#visit, name) ?? fallback;
      if (value !== undefined) forward.addAttribute(name, value);
    }
  }

  /** What variables say about TLS; where SSLOptions gives none, only that there is TLS (JkExtractSSL). */
  #fillTls(forward: ForwardRequest): void {
    const visit = this.#visit;
    const { options, indicators } = this.#jk;
    if (sharedVariable(visit, indicators.https)?.toLowerCase() !== 'on') return;
    this.isSecure = true;
    forward.isSecure = true;
    const cert = sharedVariable(visit, indicators.cert) ?? '';
    const chain = options.forwardCertChain ? certificatesOf(visit, indicators.certChainPrefix) : '';
    if (cert + chain !== '') forward.sslCert = cert + chain;
    forward.sslCipher = sharedVariable(visit, indicators.cipher);
    forward.sslSession = sharedVariable(visit, indicators.session);
    const keySize = options.forwardKeySize ? sharedVariable(visit, indicators.keySize) : undefined;
    if (keySize !== undefined) forward.sslKeySize = numberAt(keySize) & 0xffff;
    const protocol = sharedVariable(visit, indicators.sslProtocol);
    if (protocol !== undefined && protocol !== '') forward.addAttribute(SSL_PROTOCOL_ATTRIBUTE, protocol);
  }
}

/** A variable in place of a value; one that is empty takes the value away. */
function textOr(env: ReadonlyMap<string, string>, name: string, value: string | undefined): string | undefined {
  const text = env.get(name) ?? value;
  return text === '' ? undefined : text;
}

/** An IPv6 address as containers know it. */
function withoutBrackets(name: string): string {
  return name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
}

/** The whole number that a text begins with, as C reads it; 0 when there is none. */
export function numberAt(text: string): number {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? 0 : number;
}

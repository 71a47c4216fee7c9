// What a FORWARD_REQUEST says about a request beside its head: whether it may come in at all (secret, names of request
// attributes), and the facts about client and TLS that an exchange carries on. Rules: Tomcat's AJP connector.

import { timingSafeEqual } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import {
  LB_ACTIVATION_ATTRIBUTE,
  LOCAL_ADDRESS_ATTRIBUTE,
  REMOTE_PORT_ATTRIBUTE,
  SSL_PROTOCOL_ATTRIBUTE,
} from '../wire/ajp/constants.ts';
import type { ForwardRequest } from '../wire/ajp/forward-request.ts';
import type { ConnectionFacts, ForwardedFacts, TlsFacts } from './exchange.ts';

/** Who may ask, and what is believed. */
export interface AjpAdmission {
  /** Undefined: anyone who can connect; a secret that comes anyway is ignored. */
  readonly secret: Buffer | undefined;
  /** Request attributes accepted beside the known ones; must match the whole name. Undefined: none. */
  readonly allowedAttributes: RegExp | undefined;
  /** True: the application authenticates, the front end's user is ignored. */
  readonly tomcatAuthentication: boolean;
}

/** Named attributes that need no permission beside the four that httpd's modules send: TLS facts, IIS's names for them. */
const KNOWN_ATTRIBUTES = new Set([
  ...['cipher_suite', 'key_size', 'ssl_session', 'X509Certificate'].flatMap((name) => [
    `javax.servlet.request.${name}`,
    `jakarta.servlet.request.${name}`,
  ]),
  'CERT_ISSUER',
  'CERT_SUBJECT',
  'CERT_COOKIE',
  'CERT_FLAGS',
  'CERT_SERIALNUMBER',
  'HTTPS_SERVER_SUBJECT',
  'HTTPS_SERVER_ISSUER',
  'HTTPS_SECRETKEYSIZE',
  'HTTPS_KEYSIZE',
]);

/** Names told in a refusal, so that an operator can write the pattern; the rest is counted. */
const NAMED_REFUSALS_MAX = 10;

/** Turns `allowedRequestAttributesPattern` into an expression that must match whole names. */
export function wholeNamePattern(pattern: string | RegExp | undefined): RegExp | undefined {
  if (pattern === undefined || pattern === '') return undefined;
  if (typeof pattern === 'string') return new RegExp(`^(?:${pattern})$`);
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''));
}

/** The failure with which a request is refused, undefined when it may come in. */
export function refusal(facts: ForwardRequest, target: string, admission: AjpAdmission): Failure | undefined {
  return secretRefusal(facts, admission) ?? attributeRefusal(facts, admission) ?? targetRefusal(target);
}

function secretRefusal(facts: ForwardRequest, admission: AjpAdmission): Failure | undefined {
  if (admission.secret === undefined || isSame(admission.secret, facts.secret)) return undefined;
  const message = facts.secret === undefined ? 'the front end sent no secret' : 'the front end sent another secret';
  return new Failure('ajp-secret-refused', 'downstream', message, { status: 403 });
}

function attributeRefusal(facts: ForwardRequest, admission: AjpAdmission): Failure | undefined {
  let refused: string[] | undefined;
  for (let i = 0; i < facts.attributeCount; i++) {
    const name = facts.attributes[i * 2];
    if (isOwnAttribute(name) || name === LB_ACTIVATION_ATTRIBUTE || KNOWN_ATTRIBUTES.has(name)) continue;
    if (admission.allowedAttributes?.test(name)) continue;
    refused ??= [];
    refused.push(name);
  }
  if (refused === undefined) return undefined;
  const more = refused.length > NAMED_REFUSALS_MAX ? ` and ${refused.length - NAMED_REFUSALS_MAX} more` : '';
  const names = refused.slice(0, NAMED_REFUSALS_MAX).join(', ');
  return new Failure('ajp-attribute-refused', 'downstream', `request attributes not allowed: ${names}${more}`, {
    status: 403,
  });
}

/** Applications route by path: anything else than a path (or `*`) never comes from httpd's modules. */
function targetRefusal(target: string): Failure | undefined {
  if (target.startsWith('/') || target === '*') return undefined;
  return new Failure('ajp-bad-uri', 'downstream', 'the URI is not a path', { status: 400 });
}

/** Attributes of the connection, not of the request: applications do not see them among the others. */
function isOwnAttribute(name: string): boolean {
  return name === REMOTE_PORT_ATTRIBUTE || name === LOCAL_ADDRESS_ATTRIBUTE || name === SSL_PROTOCOL_ATTRIBUTE;
}

function isSame(secret: Buffer, given: string | undefined): boolean {
  if (given === undefined) return false;
  const bytes = Buffer.from(given, 'latin1');
  return bytes.length === secret.length && timingSafeEqual(bytes, secret);
}

/** The client's connection as the front end describes it, request by request. */
export class ForwardedConnection implements ConnectionFacts {
  remoteAddress = '';
  remotePort = 0;
  localAddress = '';
  localPort = 0;
  tls: TlsFacts | undefined = undefined;

  learn(facts: ForwardRequest): void {
    this.remoteAddress = facts.remoteAddress ?? '';
    this.remotePort = portIn(attribute(facts, REMOTE_PORT_ATTRIBUTE));
    this.localAddress = attribute(facts, LOCAL_ADDRESS_ATTRIBUTE) ?? '';
    this.localPort = facts.serverPort;
    this.tls = facts.isSecure
      ? {
          protocol: attribute(facts, SSL_PROTOCOL_ATTRIBUTE),
          cipher: facts.sslCipher,
          keySize: facts.sslKeySize,
          sessionId: facts.sslSession,
          clientCertificate: facts.sslCert,
        }
      : undefined;
  }
}

/** What outlives the packet; the user only when the front end is believed. */
export function forwardedFacts(facts: ForwardRequest, tomcatAuthentication: boolean): ForwardedFacts {
  return {
    remoteHost: facts.remoteHost,
    remoteUser: tomcatAuthentication ? undefined : facts.remoteUser,
    authType: tomcatAuthentication ? undefined : facts.authType,
    jvmRoute: facts.jvmRoute,
    attributes: applicationAttributes(facts),
    serverName: facts.serverName ?? '',
    serverPort: facts.serverPort,
  };
}

type Attributes = ForwardedFacts['attributes'];
const NO_ATTRIBUTES: Attributes = [];

function applicationAttributes(facts: ForwardRequest): Attributes {
  let list: [string, string][] | undefined;
  for (let i = 0; i < facts.attributeCount; i++) {
    const name = facts.attributes[i * 2];
    if (isOwnAttribute(name)) continue;
    list ??= [];
    list.push([name, facts.attributes[i * 2 + 1]]);
  }
  return list ?? NO_ATTRIBUTES;
}

function attribute(facts: ForwardRequest, name: string): string | undefined {
  for (let i = 0; i < facts.attributeCount; i++)
    if (facts.attributes[i * 2] === name) return facts.attributes[i * 2 + 1];
  return undefined;
}

/** 0 when it is not told or not a port (Tomcat says -1). */
function portIn(text: string | undefined): number {
  const port = text === undefined ? 0 : Number(text);
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : 0;
}

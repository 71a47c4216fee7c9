// What TLS demands of a request and gives to it: the host of the handshake must be able to stand for the one asked for,
// plain HTTP is told to use https, and the environment learns about the connection. Rules as httpd 2.4.71 has them.

import { Failure } from '../../base/failure.ts';
import type { TlsFacts } from '../../listener/exchange.ts';
import { tlsEnvironment, tlsVariable } from '../../listener/tls-variable.ts';
import type { SniPolicy } from '../../site/model.ts';
import { hasTlsOption } from '../../site/settings.ts';
import type { Visit } from '../visit.ts';
import type { TlsLikeness } from './tls-hosts.ts';

/** Why a request may not be answered over this connection; undefined when it may. */
export function tlsRefusal(visit: Visit): Failure | undefined {
  const { connection } = visit.exchange;
  if (connection.isPlainAtTls === true) {
    // Who was meant is not looked at: it is the address that speaks TLS.
    visit.host = visit.site.hostFor(connection.localAddress, connection.localPort, undefined);
    visit.settings = visit.host.host.defaults;
    return refused('plain-http-at-tls', 400, 'plain HTTP is spoken to a port for TLS');
  }
  const { tls } = connection;
  // A rehearsed request has had no handshake.
  return tls?.hostId === undefined ? undefined : hostRefusal(visit, tls, tls.hostId);
}

function hostRefusal(visit: Visit, tls: TlsFacts, hostId: string): Failure | undefined {
  const { site, host, clientName } = visit;
  if (tls.serverName !== undefined && clientName === undefined)
    return refused('host-missing', 400, `the handshake named ${tls.serverName}, the request names no host`);
  const shaken = site.hostById(hostId);
  const { sniPolicy } = site.snapshot.server;
  // A reload may have changed what a client is asked for.
  const isStale = shaken === undefined || tls.setup !== shaken.likeness.clients;
  if (isStale && (shaken === host || sniPolicy !== 'insecure'))
    return refused('setup-changed', 421, `${hostId} asks something else of clients since the handshake`);
  if (shaken !== host && !isAlike(sniPolicy, shaken?.likeness, host.likeness))
    return refused('misdirected', 421, `the handshake was led by ${hostId}, and ${host.host.id} has another TLS setup`);
  const isStrict = host.host.strictSni || shaken?.host.strictSni === true;
  if (isStrict && tls.serverName === undefined && site.isNameBased(visit.exchange.connection))
    return refused('server-name-missing', 403, 'the handshake named no host (SSLStrictSNIVHostCheck)');
  return undefined;
}

function isAlike(policy: SniPolicy, one: TlsLikeness | undefined, other: TlsLikeness): boolean {
  if (policy === 'insecure') return true;
  if (one === undefined || policy === 'strict') return false;
  return policy === 'secure' ? one.whole === other.whole : one.clients === other.clients;
}

function refused(code: string, status: number, message: string): Failure {
  return new Failure(code, 'downstream', message, { status });
}

/** SSLRequireSSL. @returns false when the request must come over TLS and does not */
export function isSecureEnough(visit: Visit): boolean {
  return visit.settings.requiresTls !== true || visit.exchange.connection.tls !== undefined;
}

/** SSLUserName: the variable that names the user. */
export function applyTlsUser({ settings, exchange }: Visit): void {
  if (settings.tlsUser === undefined || exchange.user !== undefined) return;
  const user = tlsVariable(exchange.connection.tls, settings.tlsUser);
  if (user !== undefined && user !== '') exchange.user = user;
}

/** HTTPS and SSL_TLS_SNI for every request over TLS; the rest as SSLOptions says. */
export function applyTlsEnvironment({ settings, exchange }: Visit, tls: TlsFacts): void {
  exchange.setEnv('HTTPS', 'on');
  if (tls.serverName !== undefined) exchange.setEnv('SSL_TLS_SNI', tls.serverName);
  const wants = {
    standard: hasTlsOption(settings, 'StdEnvVars'),
    certificates: hasTlsOption(settings, 'ExportCertData'),
  };
  if (!wants.standard && !wants.certificates) return;
  for (const [name, value] of tlsEnvironment(tls, wants)) exchange.setEnv(name, value);
}

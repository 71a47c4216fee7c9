// From a Snapshot to listening sockets: which addresses, and with what limits. A listener takes its limits from the host
// that answers at its address when no name is known yet.

import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { diskFiles } from '../config/files.ts';
import type { Link } from '../link/link.ts';
import { Http1Listener, type Http1Settings } from '../listener/http1-listener.ts';
import { expectsProxyProtocol } from '../site/access/proxy-protocol.ts';
import { HostChooser } from '../site/host.ts';
import type { Host, Listen, ProxyProtocolSettings, Snapshot } from '../site/model.ts';
import { mixedHost } from '../site/tls/assemble-tls.ts';
import { defaultRequestHeadLimits } from '../wire/http1/limits.ts';
import { PrefaceDecoder } from '../wire/proxy-protocol/preface-decoder.ts';
import type { Frontend } from './frontend.ts';
import { TlsHosts } from './tls/tls-hosts.ts';
import { TlsStore } from './tls/tls-store.ts';

/** Open connections per listener; at the cap the one that waits longest makes room. */
const CONNECTIONS_MAX = 16_384;
/** For a whole request head when RequestReadTimeout says nothing: mod_reqtimeout's own default maximum. */
const HEAD_TIMEOUT_MS = 40_000;
/** What a host is asked for on behalf of a listener for all addresses. */
const ANY_ADDRESS = '0.0.0.0';
/** Value of the Server field: the product without its version, whatever ServerTokens says. */
const SERVER = 'Catflap';

/**
 * The addresses that are listened to. One where the first host has no TLS and another has stays closed, with an event:
 * what is meant to be encrypted is never answered in plain text.
 * @throws Failure `nothing-to-serve` when no address is left
 */
export function servedListens(snapshot: Snapshot, log: Log): Listen[] {
  const chooser = new HostChooser(snapshot);
  const served = snapshot.listens.filter((listen) => {
    const secured = mixedHost(chooser, listen);
    if (secured === undefined) return true;
    const { file, line } = secured.place;
    log.warn('tls-mixed', { port: listen.port, host: secured.serverName, place: `${file}:${line}` });
    return false;
  });
  if (served.length === 0) {
    const why = 'at every Listen address a host without SSLEngine On stands before one that has it';
    throw new Failure('nothing-to-serve', 'internal', why);
  }
  return served;
}

/** A listener for a Listen line, not yet bound. */
export function createListener(
  snapshot: Snapshot,
  listen: Listen,
  frontend: Frontend,
  link: Link,
  log: Log,
  tls: TlsHosts,
): Http1Listener {
  const address = { address: listen.address, port: listen.port, backlog: snapshot.server.listenBacklog };
  return new Http1Listener(link, address, listenerSettings(snapshot, listen, tls), frontend, log);
}

/** One listener per Listen line that is served, none bound. @throws Failure `nothing-to-serve`, or about a certificate */
export function createListeners(snapshot: Snapshot, frontend: Frontend, link: Link, log: Log): Http1Listener[] {
  const tls = new TlsHosts(snapshot, new TlsStore(diskFiles, log));
  return servedListens(snapshot, log).map((listen) => createListener(snapshot, listen, frontend, link, log, tls));
}

/** What makes a listener the same one after a reload: its socket stays open, only its settings change. */
export function listenKey({ address, port }: Listen): string {
  return `${address ?? '*'} ${port}`;
}

/** Limits for a listener, from the host that is the default at its address. */
export function listenerSettings(snapshot: Snapshot, listen: Listen, tls: TlsHosts): Http1Settings {
  const host = defaultHost(snapshot, listen);
  return {
    limits: {
      ...defaultRequestHeadLimits,
      requestLineBytes: host.limits.lineBytes,
      fieldBytes: host.limits.fieldBytes,
      fieldCount: host.limits.fieldCount === 0 ? FIELDS_UNLIMITED : host.limits.fieldCount,
      headBytes: Math.max(defaultRequestHeadLimits.headBytes, host.limits.lineBytes + 2 * host.limits.fieldBytes),
    },
    headTimeoutMs: headTimeout(host),
    timeoutMs: host.timeoutMs,
    keepAlive: host.keepAlive,
    keepAliveTimeoutMs: host.keepAliveTimeoutMs,
    maxKeepAliveRequests: host.maxKeepAliveRequests,
    server: SERVER,
    connectionsMax: CONNECTIONS_MAX,
    preface: prefaces(snapshot.server.proxyProtocol),
    tls: tls.isEmpty ? undefined : tls.chooser(handshakeTimeout(host)),
  };
}

function prefaces(settings: ProxyProtocolSettings | undefined): Http1Settings['preface'] {
  if (settings === undefined) return undefined;
  return (remoteAddress, localAddress, localPort) =>
    expectsProxyProtocol(settings, remoteAddress, localAddress, localPort) ? new PrefaceDecoder() : undefined;
}

/** `LimitRequestFields 0`; the head's own limit in octets still holds. */
const FIELDS_UNLIMITED = 32_000;

function headTimeout(host: Host): number {
  const { header } = host.requestReadTimeout;
  return header === undefined ? HEAD_TIMEOUT_MS : (header.maximumMs ?? header.initialMs);
}

/** RequestReadTimeout's handshake=; without it a handshake may take as long as any silence. */
function handshakeTimeout(host: Host): number {
  const { handshake } = host.requestReadTimeout;
  return handshake === undefined ? host.timeoutMs : (handshake.maximumMs ?? handshake.initialMs);
}

function defaultHost(snapshot: Snapshot, listen: Listen): Host {
  const chooser = new HostChooser(snapshot);
  return chooser.choose(listen.address ?? ANY_ADDRESS, listen.port, undefined);
}

// Why an attempt at a member failed, in a code and a line that says what to look at. Made only when one fails; for
// operators, never for clients. Codes and texts are those of `catflap status`, the managers' pages and the log.

import type { MemberConfig } from '../../balancer/config.ts';
import { Failure } from '../../base/failure.ts';
import { CertificateProblem } from '../../link/dial.ts';
import type { Exchange } from '../../listener/exchange.ts';
import { PACKET_SIZE_DEFAULT, PACKET_SIZE_MAX } from '../../wire/ajp/constants.ts';
import { encodeForwardRequest, type ForwardRequest } from '../../wire/ajp/forward-request.ts';
import { ATTRIBUTE_PREFIX } from './ajp-request.ts';
import type { UpstreamPhase } from './upstream.ts';

/** Errors of connect() that tell of our own limits, not of the backend. */
const OUR_SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/** What a failed connect means. */
export function connectFailure(config: MemberConfig, error: Error | undefined, timedOut: boolean): Failure {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== undefined && OUR_SHORTAGES.has(code))
    return new Failure('out-of-descriptors', 'internal', `cannot dial ${config.url}: ${code}`, {
      status: 503,
      cause: error,
    });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_NODATA' || code === 'EAI_NONAME') {
    const what = code === 'EAI_AGAIN' ? 'the name server does not answer' : 'the name has no address';
    const why = `${config.url}: ${what}: ${config.host} (${code})`;
    return new Failure('backend-name-unknown', 'upstream', why, { status: 500, mayRetry: true, cause: error });
  }
  const [name, what] = connectTrouble(config, code, error, timedOut);
  return new Failure(name, 'upstream', `${config.url}: ${what}`, { status: 503, mayRetry: true, cause: error });
}

function connectTrouble(
  config: MemberConfig,
  code: string | undefined,
  error: Error | undefined,
  timedOut: boolean,
): readonly [code: string, text: string] {
  if (timedOut || code === 'ETIMEDOUT') {
    const limit = config.connectTimeoutMs === undefined ? '' : ` within ${config.connectTimeoutMs} ms`;
    return ['connect-timeout', `no connection${limit}: nothing answers there, or a firewall drops what is sent`];
  }
  switch (code) {
    case 'ECONNREFUSED':
      return ['connect-refused', 'connection refused: nothing listens there'];
    case 'ECONNRESET':
      return ['connect-reset', 'connection reset while it was made'];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return ['connect-unreachable', `no way to the machine (${code})`];
    case 'ENOENT':
      return ['connect-refused', `there is no socket ${config.unixSocket ?? ''}`];
    case 'EACCES':
    case 'EPERM':
      return ['connect-forbidden', `this process may not connect there (${code})`];
  }
  return ['connect-failed', code ?? error?.message ?? 'closed before it was connected'];
}

/** There is a connection, and TLS did not come about on it. */
export function handshakeFailure(config: MemberConfig, error: Error | undefined, timedOut: boolean): Failure {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  const why = timedOut
    ? 'nothing came for too long'
    : error instanceof CertificateProblem
      ? message
      : code === undefined || code === 'ECONNRESET'
        ? 'the connection was closed: is this a port for TLS, and does it want a certificate of ours?'
        : code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG'
          ? `it does not speak TLS (${code})`
          : code;
  return new Failure('tls-handshake-failed', 'upstream', `${config.url}: TLS handshake: ${why}`, {
    status: 500,
    cause: error,
  });
}

/** A body that ends with the connection, which ended without an end of TLS. */
export function truncated(config: MemberConfig): Failure {
  const why = `${config.url}: the connection ended in the middle of TLS: somebody may have cut the response`;
  return new Failure('tls-truncated', 'upstream', why);
}

/** A member with https:// or wss:// where SSLProxyEngine is off. */
export function tlsOff(config: MemberConfig): Failure {
  const why = `${config.url}: SSLProxyEngine is off here, so TLS is not spoken to it`;
  return new Failure('tls-not-enabled', 'upstream', why, { status: 500 });
}

/** What was waited for when nothing came. */
const SILENCES: Readonly<Record<UpstreamPhase, readonly [code: string, text: string]>> = {
  connect: ['connect-timeout', 'no connection'],
  ping: ['ping-timeout', 'no answer to the ping'],
  request: ['request-timeout', 'the request was not taken'],
  'response-head': ['head-timeout', 'connected, but no response'],
  'response-body': ['body-timeout', 'the response stopped half-way and nothing more came'],
};

/** The member was silent for as long as it may be. */
export function silence(config: MemberConfig, phase: UpstreamPhase, ms: number): Failure {
  const [code, text] = SILENCES[phase];
  const limit = phase === 'ping' ? `ping=, ${ms} ms` : `timeout, ${ms} ms`;
  return new Failure(code, 'upstream', `${config.url}: ${text} (${limit})`);
}

const CLOSINGS: Readonly<Record<UpstreamPhase, readonly [code: string, text: string]>> = {
  connect: ['connect-failed', 'closed before it was connected'],
  ping: ['ping-closed', 'closed the connection instead of answering the ping'],
  request: ['request-closed', 'closed the connection while the request was sent'],
  'response-head': ['head-closed', 'closed the connection without a response'],
  'response-body': ['body-closed', 'closed the connection in the middle of a response'],
};

/** The member closed the connection, or it was reset. */
export function closing(config: MemberConfig, phase: UpstreamPhase, error: Error | undefined): Failure {
  const [code, text] = CLOSINGS[phase];
  const errno = (error as NodeJS.ErrnoException | undefined)?.code;
  const how = errno === undefined ? '' : ` (${errno})`;
  return new Failure(
    errno === 'ECONNRESET' ? code.replace('closed', 'reset') : code,
    'upstream',
    `${config.url}: ${text}${how}`,
    {
      cause: error,
    },
  );
}

/** What may be done about what a decoder found wrong. */
const MENDS: ReadonlyMap<string, string> = new Map([
  [
    'ajp-packet-too-large',
    'raise ProxyIOBufferSize, or iobuffersize= of the member, to the packetSize of its connector',
  ],
  ['ajp-bad-magic', 'is this the port of an AJP connector?'],
  ['http-bad-status-line', 'is this a port for HTTP, without TLS?'],
  ['http-field-too-long', 'raise responsefieldsize= of the member'],
]);

/** What a decoder found wrong, with the member it came from. */
export function broken(config: MemberConfig, failure: Failure): Failure {
  if (failure.source !== 'upstream' || failure.message.startsWith(config.url)) return failure;
  const { status, mayRetry, code, message } = failure;
  const facts = status === undefined ? { mayRetry } : { mayRetry, status };
  const mend = MENDS.get(code);
  const why = `${config.url}: ${message}${mend === undefined ? '' : `; ${mend}`}`;
  return new Failure(code, 'upstream', why, { ...facts, cause: failure.cause });
}

/** A request head that does not fit into one packet. */
export function packetTooSmall(
  config: MemberConfig,
  forward: ForwardRequest,
  packetBytes: number,
  status: number,
): Failure {
  const end = encodeForwardRequest(forward, Buffer.allocUnsafe(PACKET_SIZE_MAX), 0, PACKET_SIZE_MAX);
  const needed = end < 0 ? `more than the ${PACKET_SIZE_MAX} that AJP allows` : `${end}`;
  const mend =
    end < 0
      ? ''
      : `; raise ${packetSetting(config)}, and packetSize of its connector to ${Math.ceil(end / 1024) * 1024}`;
  const why = `${config.url}: the request head needs ${needed} octets in one packet, and packets have ${packetBytes}${mend}`;
  return new Failure('request-too-large-for-packet', 'downstream', why, { status });
}

/** What says how large packets are. */
function packetSetting({ lb }: MemberConfig): string {
  if (lb !== undefined) return `worker.${lb.name}.max_packet_size`;
  return 'ProxyIOBufferSize, or iobuffersize= of the member';
}

/**
 * A container that answers with an error and wants the connection closed has refused the request before any application
 * saw it: one of an application leaves the connection open (ajp13.md §1, §3, §7; Tomcat 10.1). With 403 the secret is
 * missing or wrong, or it takes none of the request attributes; with 400 the packet was larger than it takes. Undefined
 * when the answer tells of nothing of the kind.
 */
export function refusedByConnector(
  config: MemberConfig,
  status: number,
  requestBytes: number,
  exchange: Exchange,
): Failure | undefined {
  if (status === 400 && requestBytes > PACKET_SIZE_DEFAULT)
    return new Failure(
      'packet-refused-by-connector',
      'upstream',
      `${config.url}: 400 and an end, as of a connector that refuses: the request went in a packet of ${requestBytes} octets, and its packetSize may be smaller`,
    );
  if (status !== 403) return undefined;
  const names = [...(exchange.env?.keys() ?? [])]
    .filter((name) => name.startsWith(ATTRIBUTE_PREFIX))
    .map((name) => name.slice(ATTRIBUTE_PREFIX.length));
  const secret =
    config.secret === ''
      ? 'its connector wants a secret (secretRequired) and secret= of the member is missing'
      : 'secret= of the member is not that of its connector';
  const attributes =
    names.length === 0
      ? ''
      : `; or its allowedRequestAttributesPattern does not take all of the request attributes ${names.join(', ')}`;
  const why = `${config.url}: 403 and an end, as of a connector that refuses: ${secret}${attributes}`;
  return new Failure('refused-by-connector', 'upstream', why);
}

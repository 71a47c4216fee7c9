// Dialling: a Connection to a backend. The caller's `closed` event comes for failed dials too.

import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Connection, type ConnectionEvents } from './connection.ts';
import { watchForTruncation } from './handle.ts';
import type { Link } from './link.ts';
import { isIpAddress, type TlsClient } from './tls-client.ts';

export type DialAddress =
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly localAddress?: string;
      /** For how long the addresses of `host` may be remembered, ms. Default: as `Names` says. */
      readonly nameTtlMs?: number;
    }
  | { readonly kind: 'unix'; readonly path: string };

export interface DialEvents extends ConnectionEvents {
  connected(): void;
  /** There is a connection, and TLS begins on it: `connected` follows when it is there, `closed` when it fails. */
  handshaking?(): void;
}

/** TLS on a dialled connection. */
export interface SecureDial {
  readonly client: TlsClient;
  /** What the backend is called: for its certificate, and to tell it who is meant. */
  readonly name: string;
}

/** Why a handshake came to nothing, of which the connection itself tells nothing. */
export class CertificateProblem extends Error {
  readonly code = 'ERR_TLS_CERTIFICATE';
}

/** Begins to connect and returns at once: `connected` or `closed` follows. A connect timeout is the caller's deadline. */
export function dial(link: Link, address: DialAddress, keepAlive: boolean, events: DialEvents): Connection {
  const onread = {
    buffer: link.readBuffer,
    callback: (length: number): boolean => connection.receive(link.readBuffer, length),
  };
  const socket =
    address.kind === 'tcp'
      ? connect({
          host: address.host,
          port: address.port,
          ...(address.localAddress === undefined ? {} : { localAddress: address.localAddress }),
          lookup: link.names.lookupFor(address.nameTtlMs),
          allowHalfOpen: true,
          noDelay: true,
          keepAlive,
          onread,
        })
      : connect({ path: address.path, allowHalfOpen: true, onread });
  const connection = new Connection(socket, link, events);
  readOnAfterFailedWrites(socket, connection);
  socket.on('connect', () => {
    if (connection.isClosed) return;
    connection.learnAddresses();
    try {
      events.connected();
    } catch (error) {
      link.fault(error);
      connection.destroy();
    }
  });
  return connection;
}

/** As `dial`, with TLS: `connected` comes when the handshake is done and the backend's certificate will do. */
export function dialSecure(
  link: Link,
  address: DialAddress,
  keepAlive: boolean,
  { client, name }: SecureDial,
  events: DialEvents,
): Connection {
  const key = `${address.kind === 'tcp' ? `${address.host} ${address.port}` : address.path} ${name}`;
  const session = client.recall(key);
  // Options of the socket below are passed on; the types of TLS do not say so.
  const options = {
    ...(address.kind === 'unix'
      ? { path: address.path }
      : {
          host: address.host,
          port: address.port,
          ...(address.localAddress === undefined ? {} : { localAddress: address.localAddress }),
          lookup: link.names.lookupFor(address.nameTtlMs),
          noDelay: true,
          keepAlive,
        }),
    allowHalfOpen: true,
    secureContext: client.context,
    ...(isIpAddress(name) ? {} : { servername: name }),
    ...(session === undefined ? {} : { session }),
    // The certificate is measured below, by other rules than Node's.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  };
  const socket = connectTls(options as ConnectionOptions);
  const connection = new Connection(socket, link, events, { session: undefined, raw: undefined });
  readOnAfterFailedWrites(socket, connection);
  watchForTruncation(socket, () => {
    connection.isTruncated = true;
  });
  socket.on('data', (bytes: Buffer) => {
    if (!connection.receive(bytes, bytes.length)) socket.pause();
  });
  let isGood = false;
  socket.on('session', (ticket: Buffer) => {
    if (isGood) client.remember(key, ticket, socket);
  });
  const told = (tell: () => void) => () => {
    if (connection.isClosed) return;
    try {
      tell();
    } catch (error) {
      link.fault(error);
      connection.destroy();
    }
  };
  socket.on(
    'connect',
    told(() => events.handshaking?.()),
  );
  socket.on(
    'secureConnect',
    told(() => {
      const problem = client.problemOf(socket, name);
      if (problem !== undefined) {
        socket.destroy(new CertificateProblem(problem));
        return;
      }
      isGood = true;
      connection.learnAddresses();
      events.connected();
    }),
  );
  return connection;
}

/**
 * A backend that refuses an upload answers, closes, and resets what still comes: its answer is in our kernel when the
 * next write fails. Node would throw the socket away with it; here reading goes on until it finds the end.
 */
function readOnAfterFailedWrites(socket: Socket, connection: Connection): void {
  const { destroy } = socket;
  socket.destroy = (error) => {
    const isFailedWrite = (error as NodeJS.ErrnoException | undefined)?.syscall === 'write';
    if (!isFailedWrite || connection.isClosed || connection.hasEnded) return destroy.call(socket, error);
    connection.writeFailed();
    return socket;
  };
}

// Dialling: a Connection to a backend. The caller's `closed` event comes for failed dials too.

import { connect, type Socket } from 'node:net';
import { Connection, type ConnectionEvents } from './connection.ts';
import type { Link } from './link.ts';

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

// Dialling: a Connection to a backend. The caller's `closed` event comes for failed dials too.

import { connect } from 'node:net';
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

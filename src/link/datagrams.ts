// Datagrams that are heard and never answered: one bound socket, in a multicast group when its address is one.

import { createSocket, type Socket } from 'node:dgram';

export interface DatagramEvents {
  /** A datagram; the octets are the receiver's to keep. */
  heard(bytes: Buffer, fromAddress: string): void;
  /** The socket is broken and closed. */
  failed(error: Error): void;
}

export class DatagramListener {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Hears what is sent to an address. A multicast group is joined, and only what is sent to it is heard; others on this
   * machine may listen to the same.
   * @param host IP address @throws Node's error when it cannot be bound or joined
   */
  static async open(host: string, port: number, events: DatagramEvents): Promise<DatagramListener> {
    const isGroup = isMulticast(host);
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', reuseAddr: isGroup });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(port, host, () => {
          socket.off('error', reject);
          resolve();
        });
      });
      if (isGroup) socket.addMembership(host);
    } catch (error) {
      socket.close();
      throw error;
    }
    const listener = new DatagramListener(socket);
    socket.unref();
    socket.on('message', (bytes, { address }) => events.heard(bytes, address));
    socket.on('error', (error) => {
      listener.close();
      events.failed(error);
    });
    return listener;
  }

  /** Bound port: matters when 0 was asked for. */
  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.on('error', () => {});
    this.#socket.close();
  }
}

/** RFC 5771: 224.0.0.0/4; RFC 4291 §2.7: ff00::/8. */
export function isMulticast(host: string): boolean {
  if (host.includes(':')) return /^ff/i.test(host);
  const first = Number(host.split('.', 1)[0]);
  return first >= 224 && first <= 239;
}

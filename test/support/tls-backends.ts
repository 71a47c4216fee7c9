// Backends that speak TLS, each with a flaw of its own or none, and keep what they saw.

import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { identity, tlsText } from './tls.ts';

export interface TlsBackend {
  readonly port: number;
  /** One line per connection and request, in order: `sni NAME`, `client NAME`, `resumed`, `GET /path host`. */
  readonly seen: string[];
}

/** What a backend does with a request once TLS is there; the default answers 200 with the path. */
type Answer = (socket: TLSSocket, path: string) => void;

const answerPath: Answer = (socket, path) => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
};

/** Ends its body with the connection, and TLS before it. */
export const endProperly: Answer = (socket) => {
  socket.end('HTTP/1.1 200 OK\r\n\r\nwhole');
};

/** Ends the connection below, and TLS not at all. */
export const endBelow: Answer = (socket) => {
  socket.write('HTTP/1.1 200 OK\r\n\r\nhalf', () => raws.get(socket)?.end());
};

/** The connection below each TLS socket. */
const raws = new WeakMap<TLSSocket, Socket>();

export class TlsBackends implements AsyncDisposable {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  async secure(name: string, options: TlsOptions = {}, answer: Answer = answerPath): Promise<TlsBackend> {
    const seen: string[] = [];
    const inner = createServer({
      ...identity(name),
      ca: tlsText('ca.pem'),
      SNICallback: (asked, done) => {
        seen.push(`sni ${asked}`);
        done(null);
      },
      ...options,
    });
    let last: Socket | undefined;
    inner.on('tlsClientError', () => {});
    inner.on('secureConnection', (socket) => {
      if (last !== undefined) raws.set(socket, last);
      const client = (socket.getPeerCertificate() as { subject?: { CN?: string } }).subject?.CN;
      if (client !== undefined) seen.push(`client ${client}`);
      if (socket.isSessionReused()) seen.push('resumed');
      this.#listen(socket, (text) => {
        const [, path, host] = /^GET (\S+) .*\r\nHost: ([^\r:]*)/s.exec(text) ?? [];
        if (!text.endsWith('\r\n\r\n')) return false;
        seen.push(`GET ${path} ${host}`);
        answer(socket, path);
        return true;
      });
    });
    // A server below, so that the connection can be ended without TLS.
    const outer = createPlainServer({ allowHalfOpen: false }, (raw) => {
      this.#sockets.add(raw);
      raw.on('error', () => {});
      last = raw;
      inner.emit('connection', raw);
    });
    return { port: await this.#open(outer), seen };
  }

  /** Speaks HTTP without TLS. */
  async plain(): Promise<TlsBackend> {
    return this.#plain((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  }

  /** Never says anything. */
  async silent(): Promise<TlsBackend> {
    return this.#plain(() => {});
  }

  async #plain(heard: (socket: Socket) => void): Promise<TlsBackend> {
    const server = createPlainServer((socket) => {
      this.#listen(socket, () => {
        heard(socket);
        return true;
      });
    });
    return { port: await this.#open(server), seen: [] };
  }

  #listen(socket: Socket, heard: (text: string) => boolean): void {
    this.#sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (heard(text)) text = '';
    });
  }

  #open(server: Server): Promise<number> {
    this.#servers.push(server);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

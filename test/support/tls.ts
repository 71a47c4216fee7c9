// The certificates and keys of `test/data/tls` (made by its make.sh), and clients and backends that speak TLS with them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { PROJECT } from './front.ts';

/** Folder of the certificates. */
export const TLS_FILES: string = join(PROJECT, 'test/data/tls');

/** Text of one of them: `www.pem`, `www.key` … */
export function tlsText(name: string): string {
  return readFileSync(join(TLS_FILES, name), 'latin1');
}

/** Certificate and key of this name, as Node's options want them. */
export function identity(name: string): { cert: string; key: string } {
  return { cert: tlsText(name === 'deep' ? 'deep-chain.pem' : `${name}.pem`), key: tlsText(`${name}.key`) };
}

/** What one client on its own connection saw. */
export interface TlsAnswer {
  /** Undefined when no handshake came about. */
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  /** Common name of the certificate that was shown. */
  readonly name: string | undefined;
  readonly alpn: string | undefined;
  readonly text: string;
  readonly status: number | undefined;
  /** Code of the error that ended it. */
  readonly error: string | undefined;
}

const ANSWER_LIMIT_MS = 10_000;

/** Connects, sends this text and reads until the end. The certificate is measured with the root of the tests. */
export function askTls(port: number, text: string, options: ConnectionOptions = {}): Promise<TlsAnswer> {
  return new Promise((resolve) => {
    let [received, error] = ['', undefined as string | undefined];
    let facts: Pick<TlsAnswer, 'protocol' | 'cipher' | 'name' | 'alpn'> = NO_HANDSHAKE;
    const settings = { port, host: '127.0.0.1', ca: tlsText('ca.pem'), rejectUnauthorized: false, ...options };
    const socket: TLSSocket = connect(settings, () => {
      facts = {
        protocol: socket.getProtocol() ?? undefined,
        cipher: socket.getCipher().name,
        name: String(socket.getPeerCertificate().subject.CN),
        alpn: socket.alpnProtocol || undefined,
      };
      socket.write(text);
    });
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.on('error', (problem: NodeJS.ErrnoException) => {
      error = problem.code ?? problem.message;
    });
    socket.on('close', () => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
      resolve({ ...facts, text: received, status: status === undefined ? undefined : Number(status), error });
    });
  });
}

const NO_HANDSHAKE = { protocol: undefined, cipher: undefined, name: undefined, alpn: undefined };

/** A GET that ends its connection. @param host undefined sends no Host field */
export function get(path: string, host: string | undefined, fields = ''): string {
  const named = host === undefined ? '' : `Host: ${host}\r\n`;
  return `GET ${path} HTTP/1.1\r\n${named}${fields}Connection: close\r\n\r\n`;
}

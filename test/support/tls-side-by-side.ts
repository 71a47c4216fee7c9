// TLS beside httpd: hosts with certificates, and the same questions to both servers.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Front, type FrontKind, UNDER_TEST } from './front.ts';
import { freePort, isListening, until } from './port.ts';
import { askTls, TLS_FILES, type TlsAnswer } from './tls.ts';

/** What a configuration with TLS begins with. */
export const LOADS = `<IfModule !ssl_module>\nLoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n</IfModule>\nLogLevel error\n`;

/** The lines for a certificate and its key. */
export const pair = (name: string): string =>
  `SSLCertificateFile ${TLS_FILES}/${name}.pem\nSSLCertificateKeyFile ${TLS_FILES}/${name}.key`;

/** One question: to which host of which handshake. */
export interface Question {
  readonly title: string;
  readonly sni?: string;
  readonly text: string;
  readonly tls?: ConnectionOptions;
}

function told({ status, protocol, name, alpn, text }: TlsAnswer): string {
  const host = /^X-Host: (.*)\r$/m.exec(text)?.[1];
  return [status ?? 'no answer', protocol ?? '-', name ?? '-', host ?? '-', alpn ?? '-'].join(' ');
}

/** A front that listens to this port too, when it does. */
export async function start(kind: FrontKind, port: number, conf: string): Promise<Front> {
  const front = await Front.start(kind, { conf: `${LOADS}Listen 127.0.0.1:${port}\n${conf}` });
  await until(() => isListening(port), 5000);
  return front;
}

/** Asks both servers everything. */
export async function compare(
  conf: (port: number) => string,
  questions: readonly Question[],
  look: (answer: TlsAnswer) => string = told,
): Promise<void> {
  const answers: string[][] = [];
  for (const kind of ['httpd', UNDER_TEST] as FrontKind[]) {
    const port = await freePort();
    await using _front = await start(kind, port, conf(port));
    const seen: string[] = [];
    for (const { title, sni, text, tls } of questions) {
      const answer = await askTls(port, text, { ...(sni === undefined ? {} : { servername: sni }), ...tls });
      seen.push(`${title}: ${look(answer)}`);
    }
    answers.push(seen);
  }
  assert.deepEqual(answers[1], answers[0]);
}

/** Everything that comes to a plain request. */
export function askPlain(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

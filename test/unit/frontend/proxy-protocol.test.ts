// Connections that begin with the PROXY protocol: the client it names is whom rules and logs see, under TLS too.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as secure } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { diskFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { FrontendServer } from '../../../src/frontend/server.ts';
import { loadSite } from '../../../src/site/load.ts';
import { freePort } from '../../support/port.ts';

const CERTIFICATES = fileURLToPath(new URL('../../data/tls', import.meta.url));
const REQUEST = 'GET /nothing HTTP/1.1\r\nHost: www.example.test\r\nX-Client: 9.9.9.9\r\nConnection: close\r\n\r\n';
const LINE = 'PROXY TCP4 192.0.2.7 127.0.0.1 4242 80\r\n';

let server: FrontendServer;
let log: MemoryLog;
let plainPort: number;
let tlsPort: number;

before(async () => {
  [plainPort, tlsPort] = [await freePort(), await freePort()];
  const text = `Listen 127.0.0.1:${plainPort}
Listen 127.0.0.1:${tlsPort} https
ServerName www.example.test
RemoteIPProxyProtocol On
RemoteIPProxyProtocolExceptions 127.0.0.9
RemoteIPHeader X-Client
<Location />
  Require ip 192.0.2.7 127.0.0.9
</Location>
<VirtualHost *:${tlsPort}>
  ServerName www.example.test
  SSLEngine On
  SSLCertificateFile ${CERTIFICATES}/www.pem
  SSLCertificateKeyFile ${CERTIFICATES}/www.key
</VirtualHost>
`;
  const files = {
    ...diskFiles,
    kind: (path: string) => (path === '/srv/httpd.conf' ? ('file' as const) : diskFiles.kind(path)),
    read: (path: string) => (path === '/srv/httpd.conf' ? Buffer.from(text) : diskFiles.read(path)),
  };
  const { snapshot, findings } = loadSite({ file: '/srv/httpd.conf', files, environment: {} });
  assert.ok(snapshot, findings.map(formatFinding).join('\n'));
  log = new MemoryLog();
  server = new FrontendServer(snapshot, { clock: systemClock, log });
  await server.listen();
});
after(() => server.stop());

/** The status of the answer to what was sent; '' when the connection was closed without one. */
function statusOf(socket: Pick<Socket, 'on'>): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? ''));
  });
}

function dial(port: number, from = '127.0.0.1'): Socket {
  return connect({ port, host: '127.0.0.1', localAddress: from });
}

for (const [name, parts, from, status] of [
  ['with its request in one piece', [LINE + REQUEST], undefined, '404'],
  ['octet by octet', [...(LINE + REQUEST)], undefined, '404'],
  ['of another client', [LINE.replace('192.0.2.7', '192.0.2.8'), REQUEST], undefined, '403'],
  ['that speaks for the proxy alone', ['PROXY UNKNOWN\r\n', REQUEST], undefined, '403'],
  ['that is missing', [REQUEST], undefined, ''],
  ['that is none', ['PROXY TCP9 a b c d\r\n', REQUEST], undefined, ''],
  ['that is missing where none is expected', [REQUEST], '127.0.0.9', '403'],
  ['where none is expected', [LINE, REQUEST], '127.0.0.9', '400'],
] as const)
  test(`a PROXY header ${name}`, async () => {
    const socket = dial(plainPort, from);
    const heard = statusOf(socket);
    for (const part of parts) socket.write(part);
    assert.equal(await heard, status);
  });

test('the PROXY header comes before TLS, and names the client of what is within', async () => {
  for (const [line, status] of [
    [LINE, '404'],
    [LINE.replace('192.0.2.7', '192.0.2.8'), '403'],
  ] as const) {
    const socket = dial(tlsPort);
    socket.write(line);
    const within = secure({ socket, servername: 'www.example.test', rejectUnauthorized: false });
    const heard = statusOf(within);
    within.write(REQUEST);
    assert.equal(await heard, status);
  }
});

test('TLS without a PROXY header is closed where one is expected, and that is told', async () => {
  const before = log.events.length;
  const within = secure({ socket: dial(tlsPort), servername: 'www.example.test', rejectUnauthorized: false });
  assert.equal(await statusOf(within), '');
  const told = log.events.slice(before).filter(({ event }) => event === 'proxy-header-refused');
  assert.deepEqual(
    told.map(({ fields }) => fields.peer),
    ['127.0.0.1'],
  );
});

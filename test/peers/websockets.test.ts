// WebSockets through the frontend to a real Tomcat, beside the real httpd: the endpoints of Tomcat's own examples, and
// Node's client.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { AnswerParser, requestBytes } from '../support/client.ts';
import { Front, type FrontKind } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { freePort, until } from '../support/port.ts';
import { Tomcat } from '../support/tomcat.ts';

const ECHO = '/examples/websocket/echoProgrammatic';
const TUNNEL = 'LoadModule proxy_wstunnel_module /usr/lib/apache2/modules/mod_proxy_wstunnel.so\n';
const PATIENCE_MS = 30_000;

/** Opens a WebSocket, sends all messages, and waits for as many. @returns them, and how it closed */
async function talk(port: number, messages: readonly (string | Buffer)[]): Promise<{ heard: string[]; code: number }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${ECHO}`);
  socket.binaryType = 'arraybuffer';
  const heard: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const timer = setTimeout(() => reject(new Error(`no end; heard ${heard.length} messages`)), PATIENCE_MS);
  socket.addEventListener('open', () => {
    for (const message of messages) socket.send(message);
  });
  socket.addEventListener('message', ({ data }) => {
    heard.push(typeof data === 'string' ? data : Buffer.from(data).toString('latin1'));
    if (heard.length === messages.length) socket.close(1000, 'done');
  });
  socket.addEventListener('close', ({ code }) => resolve(code));
  socket.addEventListener('error', () => reject(new Error('the WebSocket failed')));
  try {
    return { code: await promise, heard };
  } finally {
    clearTimeout(timer);
  }
}

const MESSAGES = ['hello', '', 'ü€', Buffer.from('\x00\x01\xff', 'latin1'), 'x'.repeat(5_000)];
const ECHOED = MESSAGES.map((message) => (typeof message === 'string' ? message : message.toString('latin1')));

for (const kind of ['catflap', 'httpd'] as const) {
  test(`a WebSocket of a Tomcat works through ${kind}`, needs('tomcat', 'tomcat-examples', 'httpd'), async () => {
    const httpPort = await freePort();
    await using tomcat = await Tomcat.start({ httpPort, hasExamples: true });
    const http = `http://127.0.0.1:${httpPort}`;
    await examplesAreThere(http);
    const confs = [
      `ProxyPass /examples ${http}/examples upgrade=websocket`,
      `${TUNNEL}ProxyPass /examples ws://127.0.0.1:${httpPort}/examples`,
      `<Proxy balancer://c>\nBalancerMember ${http} upgrade=ANY\n</Proxy>\nProxyPass / balancer://c/`,
    ];
    const companion = `BalancerMember ajp://127.0.0.1:${tomcat.ajpPort} companion=${http}`;
    if (kind === 'catflap') confs.push(`<Proxy balancer://c>\n${companion}\n</Proxy>\nProxyPass / balancer://c/`);
    for (const conf of confs) {
      await using front = await Front.start(kind, { conf });
      assert.deepEqual(await talk(front.port, MESSAGES), { heard: ECHOED, code: 1000 }, conf);
      const many = Array.from({ length: 20 }, (_, i) => talk(front.port, [`${i}`, 'y'.repeat(i * 300)]));
      for (const [i, { heard }] of (await Promise.all(many)).entries())
        assert.deepEqual(heard, [`${i}`, 'y'.repeat(i * 300)]);
    }
  });
}

/** Tomcat opens its port for HTTP after that for AJP, and its applications may still be starting. */
async function examplesAreThere(http: string): Promise<void> {
  const isThere = async () => (await fetch(`${http}/examples/`).catch(() => undefined))?.ok === true;
  assert.ok(await until(isThere, PATIENCE_MS), 'the examples of Tomcat are there');
}

/** What a raw upgrade comes to: status, and the fields that matter. */
async function ask(front: Front, path: string, headers: readonly (readonly [string, string])[]): Promise<unknown> {
  const socket = connect({ port: front.port, host: '127.0.0.1' });
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.write(requestBytes({ path, headers }).head);
  const parser = new AnswerParser('GET');
  for await (const piece of socket) {
    parser.feed(piece);
    if (parser.answer.status !== undefined) break;
  }
  const fields = new Map(parser.answer.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const accept = fields.get('sec-websocket-accept');
  return { path, status: parser.answer.status, upgrade: fields.get('upgrade'), accept };
}

// ProxyWebsocketFallbackToProxyHttp, upgrade
test('an upgrade comes to the same as with httpd', needs('tomcat', 'tomcat-examples', 'httpd'), async () => {
  const httpPort = await freePort();
  await using _tomcat = await Tomcat.start({ httpPort, hasExamples: true });
  const at = `127.0.0.1:${httpPort}`;
  await examplesAreThere(`http://${at}`);
  const websocket: [string, string][] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['Sec-WebSocket-Version', '13'],
  ];
  const other = websocket.map(([name, value]): [string, string] => [name, name === 'Upgrade' ? 'foo' : value]);
  const plain: [string, string][] = [['Connection', 'close']];
  const paths = ['/upgrade', '/none', '/http', '/ws', '/only', '/next', '/balanced'];
  const conf = `${TUNNEL}
ProxyPass /upgrade http://${at}${ECHO} upgrade=websocket
<Proxy balancer://none>
  BalancerMember http://${at} upgrade=NONE
</Proxy>
ProxyPass /none balancer://none${ECHO}
<Proxy balancer://http>
  BalancerMember http://${at}
</Proxy>
ProxyPass /http balancer://http${ECHO}
ProxyPass /ws ws://${at}${ECHO}
ProxyPass /only ws://${at}${ECHO}
ProxyPass /next ws://${at}${ECHO}
ProxyPass /next http://${at}/examples/index.html
<Proxy balancer://balanced>
  BalancerMember ws://${at}
</Proxy>
ProxyPass /balanced balancer://balanced${ECHO}
<LocationMatch ^/(only|next|balanced)>
  ProxyWebsocketFallbackToProxyHttp Off
</LocationMatch>`;
  const answers = async (kind: FrontKind) => {
    await using front = await Front.start(kind, { conf });
    const all = paths.flatMap((path) => [websocket, other, plain].map((headers) => ask(front, path, headers)));
    return await Promise.all(all);
  };
  assert.deepEqual(await answers('catflap'), await answers('httpd'));
});

// Random manners of a proxy and random requests for it: the same for two fronts, and whether a backend of HTTP is told the
// same, octet by octet, and the client hears the same of its answer. What docs/reference/differences.md lists is left out.

import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { chunkBytes, converse } from './client.ts';
import { Front, type FrontKind } from './front.ts';
import type { Random } from './random.ts';

/** Takes one request per connection, whole, and answers as its path says (`/N`). */
class RecordingBackend {
  readonly #server: Server;
  readonly #answers: readonly string[];
  /** Heads and bodies, by the value of X-Ask. */
  readonly seen = new Map<string, string>();

  constructor(answers: readonly string[]) {
    this.#answers = answers;
    this.#server = createServer((socket) => {
      let text = '';
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = text.slice(0, end);
        const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
        const isWhole = /\r\ntransfer-encoding: *chunked/i.test(head)
          ? text.endsWith('0\r\n\r\n')
          : text.length >= end + 4 + Number(length ?? 0);
        if (!isWhole) {
          if (/\r\nexpect:/i.test(head) && text.length === end + 4) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
          return;
        }
        const ask = /\r\nX-Ask: (\d+)/i.exec(head)?.[1] ?? '?';
        this.seen.set(ask, text);
        const answer = this.#answers[Number(/^\S+ \/(\d+)/.exec(head)?.[1] ?? 0)];
        socket.end(answer, 'latin1');
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}

const REQUEST_FIELDS = [
  'Accept: a',
  'accept: b',
  'Cookie: a=1',
  'Cookie: b=2',
  'X-Forwarded-For: 1.2.3.4',
  'X-Forwarded-For: 5.6.7.8',
  'X-Forwarded-Host: outer.test',
  'X-Forwarded-Server: outer',
  'X-Forwarded-Proto: https',
  'Via: 1.0 up',
  'Via: 1.1 upper',
  'Max-Forwards: 7',
  'Connection: X-One, keep-alive',
  'Connection: x-two; close',
  'X-One: 1',
  'X-Two: 2',
  'Keep-Alive: timeout=5',
  'TE: trailers',
  'Trailer: X-T',
  'Upgrade: h2c',
  'Proxy-Connection: keep-alive',
  'Proxy-Authorization: Basic eDp5',
  'Authorization: Basic eDp5',
  'X-Empty:',
  'Date: Thu, 01 Jan 1970 00:00:00 GMT',
  'User-Agent: t',
  'Warning: 199 a "b"',
] as const;

const RESPONSE_FIELDS = [
  'Server: be',
  'Date: Thu, 01 Jan 1970 00:00:00 GMT',
  'Connection: X-Three',
  'Connection: close',
  'X-Three: 3',
  'Keep-Alive: timeout=5',
  'Proxy-Authenticate: Basic',
  'WWW-Authenticate: Basic realm="x"',
  'TE: trailers',
  'Trailer: X-T',
  'Upgrade: h2c',
  'Via: 1.1 inner',
  'Set-Cookie: a=1; Path=/be; Domain=be.test',
  'Set-Cookie: b=2; path=/be/x',
  'Location: http://be.test/be/x',
  'Content-Location: /be/y',
  'X-Same: 1',
  'x-same: 2',
  'Content-Type: text/x',
  'Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT',
  'ETag: "x"',
  'X-Empty:',
] as const;

const MANNERS = [
  ['', 'ProxyVia On', 'ProxyVia Block', 'ProxyVia Off'],
  ['', '', 'ProxyAddHeaders Off'],
  ['', '', 'ProxyPreserveHost On'],
  ['', '', 'Proxy100Continue Off'],
  ['', '', 'ProxyMaxForwards 5'],
  ['', '', '', 'ProxyErrorOverride On', 'ProxyErrorOverride On 404 503'],
  ['', '', '', 'SetEnv force-proxy-request-1.0 1', 'SetEnv proxy-nokeepalive 1', 'SetEnv proxy-sendcl 1'],
  ['', '', '', 'SetEnv proxy-interim-response Suppress', 'SetEnv proxy-interim-response RFC'],
  ['', '', '', 'SetEnv nokeepalive 1', 'SetEnv downgrade-1.0 1', 'SetEnv force-response-1.0 1'],
  ['', 'ProxyPassReverse / http://be.test/be/', 'ProxyPassReverse / /be/'],
  [
    '',
    'ProxyPassReverseCookiePath /be /',
    'ProxyPassReverseCookiePath /be/x /y\nProxyPassReverseCookieDomain be.test www.test',
  ],
  ['', '', 'RequestHeader unset X-Two', 'RequestHeader append Via "1.1 me"'],
] as const;

function some(random: Random, from: readonly string[], most: number): string[] {
  return Array.from({ length: random.int(most + 1) }, () => random.pick(from));
}

const ANSWERS = 40;

function randomAnswer(random: Random): string {
  const status = random.pick([200, 200, 200, 201, 204, 301, 304, 401, 404, 500, 503]);
  const body = random.pick(['', 'x', 'hello\n', 'y'.repeat(5000)]);
  const picked = some(random, RESPONSE_FIELDS, 6);
  // One type and one challenge: of several httpd keeps one, here and there.
  const fields = picked.filter((field, i) => !/^(Content-Type|WWW-)/.test(field) || picked.indexOf(field) === i);
  const interim = random.chance(0.15) ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nKeep-Alive: 5\r\n\r\n' : '';
  const isBodiless = status === 204 || status === 304;
  let framing = '';
  let text = isBodiless ? '' : body;
  if (!isBodiless) {
    const dice = random.int(3);
    if (dice === 0) framing = `Content-Length: ${body.length}\r\n`;
    else if (dice === 1) {
      framing = 'Transfer-Encoding: chunked\r\n';
      text = `${body === '' ? '' : chunkBytes(body).toString('latin1')}0\r\n\r\n`;
    }
  }
  const reason = random.pick(['OK', 'Fine', 'Not So']);
  return `${interim}HTTP/1.1 ${status} ${reason}\r\n${framing}${fields.map((field) => `${field}\r\n`).join('')}\r\n${text}`;
}

interface Ask {
  head: string;
  body: string;
  waits: boolean;
  method: string;
}

function randomAsk(random: Random, number: number, mayWait: boolean): Ask {
  const method = random.pick(['GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);
  const version = random.chance(0.12) ? '1.0' : '1.1';
  const fields = some(random, REQUEST_FIELDS, 7);
  let body = '';
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (hasBody) {
    const content = 'b'.repeat(random.pick([0, 1, 100, 16_000, 40_000]));
    if (version === '1.0' || random.chance(0.5)) {
      fields.push(`Content-Length: ${content.length}`);
      body = content;
    } else {
      fields.push('Transfer-Encoding: chunked');
      body = `${content === '' ? '' : chunkBytes(content).toString('latin1')}0\r\n\r\n`;
    }
  }
  const waits = hasBody && body.length > 5 && version === '1.1' && mayWait && random.chance(0.2);
  if (waits) fields.push('Expect: 100-continue');
  const target = `/${random.int(ANSWERS)}${random.pick(['', '?q=1'])}`;
  const lines = [
    `${method} ${target} HTTP/${version}`,
    `Host: ${random.pick(['www.example.test', 'www.example.test:8080'])}`,
    `X-Ask: ${number}`,
    'Connection: close',
    ...fields,
  ];
  return { head: `${lines.join('\r\n')}\r\n\r\n`, body, waits, method };
}

export interface HeadDifference {
  ask: string;
  answer: string;
  manners: string;
  first: string;
  second: string;
}

/** Asks both fronts the same under one random configuration. */
export async function compareHeads(
  random: Random,
  kinds: readonly [FrontKind, FrontKind],
  questions: number,
): Promise<{ manners: string; differences: HeadDifference[] }> {
  const answers = Array.from({ length: ANSWERS }, () => randomAnswer(random));
  const manners = MANNERS.map((group) => random.pick(group))
    .filter((line) => line !== '')
    .join('\n');
  const differences: HeadDifference[] = [];
  const sides = await Promise.all(
    kinds.map(async (kind) => {
      const backend = new RecordingBackend(answers);
      const port = await backend.listen();
      const conf = `${manners}\nProxyPass / http://127.0.0.1:${port}/ retry=0`;
      return { backend, port, front: await Front.start(kind, { conf }) };
    }),
  );
  try {
    for (let number = 0; number < questions; number++) {
      const ask = randomAsk(random, number, !manners.includes('Suppress'));
      const [first, second] = await Promise.all(
        sides.map(async ({ backend, port, front }) => {
          const answer = await converse({
            port: front.port,
            head: Buffer.from(ask.head, 'latin1'),
            body: Buffer.from(ask.body, 'latin1'),
            waitFor100: ask.waits,
            method: ask.method,
            timeoutMs: 6_000,
          });
          const seen = (backend.seen.get(String(number)) ?? '').replaceAll(String(port), 'PORT');
          return described(seen, answer, isOverridden(manners, answer.status));
        }),
      );
      if (first !== second) {
        const index = Number(/^\S+ \/(\d+)/.exec(ask.head)?.[1]);
        differences.push({ ask: ask.head, answer: answers[index], manners, first, second });
      }
    }
  } finally {
    await Promise.all(
      sides.map(async ({ backend, front }) => {
        await front.stop();
        await backend[Symbol.asyncDispose]();
      }),
    );
  }
  return { manners, differences };
}

/** Fields whose presence or value is each server's own affair. */
const OWN: ReadonlySet<string> = new Set([
  ...['date', 'server', 'keep-alive', 'connection', 'content-length', 'transfer-encoding'],
]);

/** Whether the page is the server's own. */
function isOverridden(manners: string, status = 0): boolean {
  const list = /ProxyErrorOverride On(.*)/.exec(manners)?.[1];
  return list !== undefined && status >= 400 && (list === '' || list.includes(String(status)));
}

function described(seen: string, answer: Awaited<ReturnType<typeof converse>>, isOwnPage: boolean): string {
  if (seen === '') return `nothing was asked, ${answer.status}`;
  const end = seen.indexOf('\r\n\r\n');
  const body = end < 0 ? '' : seen.slice(end + 4);
  const headers = answer.headers
    .filter(([name]) => !OWN.has(name.toLowerCase()) && (!isOwnPage || name.toLowerCase() === 'www-authenticate'))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
  // When 100 is told is a matter of patience.
  const others = answer.interim.filter(({ status }) => status !== 100);
  const interim = others.map(({ status, headers: fields }) => `${status} ${fields.join('|')}`);
  return [
    seen.slice(0, end < 0 ? undefined : end),
    `body of ${body.replace(/[0-9a-f]+\r\n|\r\n/g, '').length}`,
    `-> ${interim.join(' ')} ${answer.minorVersion} ${answer.status} ${isOwnPage ? '' : answer.reason}`,
    ...headers,
    `body of ${answer.status === undefined || answer.status >= 400 ? '?' : answer.body.length}, ${answer.isComplete === false ? 'cut off' : 'whole'}`,
  ].join('\n');
}

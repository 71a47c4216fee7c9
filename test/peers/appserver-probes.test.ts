// Strange and hostile front ends: the same octets to a real Tomcat's AJP connector and to ours, and what nmap's scripts
// find out about ours.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { RequestListener } from 'node:http';
import { after, before, describe, test } from 'node:test';
import express from 'express';
import {
  AjpClient,
  type AjpRequest,
  CPING,
  dataPacket,
  EMPTY_PACKET,
  forwardPayload,
  packet,
  text,
  word,
  ZERO_DATA,
} from '../support/ajp-client.ts';
import { withConnector } from '../support/connector.ts';
import { needs } from '../support/peers.ts';
import { Tomcat } from '../support/tomcat.ts';

const SECRET = 's3cret';
const NMAP = '/usr/bin/nmap';

/** As the servlet: `/upload` reads the body, everything else answers at once. */
const application: RequestListener = (req, res) => {
  if (req.url?.endsWith('/upload')) req.resume().on('end', () => res.end('read'));
  else res.end('answered');
};

/** For how long the first word of an answer is waited for: a Tomcat's first requests take their time. */
const FIRST_WORD_MS = 5_000;

/** Status and reuse of each answer, `closed`, `pong`: what a front end acts on. Over after a silence. */
async function heard(port: number, bytes: readonly Buffer[], silenceMs = 700): Promise<string[]> {
  const client = await AjpClient.connect(port);
  const words: string[] = [];
  try {
    for (const piece of bytes) client.send(piece);
    for (;;) {
      const next = await Promise.race([client.next(), silence(words.length === 0 ? FIRST_WORD_MS : silenceMs)]);
      if (next === undefined) return words;
      if (next.kind === 'headers') words.push(String(next.status));
      else if (next.kind === 'end') words.push(next.reuse ? 'kept' : 'last');
      else if (next.kind === 'pong') words.push('pong');
      else if (next.kind === 'ask') words.push('ask');
      if (next.kind === 'closed') return [...words, 'closed'];
    }
  } finally {
    client.close();
  }
}

function silence(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined);
  });
}

const withSecret = (request: AjpRequest): AjpRequest => {
  const attributes = Array.isArray(request.attributes) ? request.attributes : Object.entries(request.attributes ?? {});
  return { ...request, attributes: [['secret', SECRET], ...attributes] };
};
const forward = (request: AjpRequest): Buffer => packet(forwardPayload(withSecret(request)));
const include = (prefix: string): [string, string][] => [
  [`${prefix}.servlet.include.request_uri`, '/'],
  [`${prefix}.servlet.include.path_info`, 'WEB-INF/web.xml'],
  [`${prefix}.servlet.include.servlet_path`, '/'],
];
const upload = (headers: Record<string, string>): Buffer => forward({ method: 'POST', uri: '/upload', headers });

/** Probes to which both connectors say the same. */
const SAME: Record<string, Buffer[]> = {
  'a plain request': [forward({ uri: '/a' })],
  'a request, then CPING': [forward({ uri: '/a' }), CPING],
  'CPING alone': [CPING],
  'CPING twice': [CPING, CPING],
  'no secret': [packet(forwardPayload({ uri: '/a' }))],
  'another secret': [packet(forwardPayload({ uri: '/a', attributes: { secret: 'x' } }))],
  'an attribute that the pattern allows': [forward({ uri: '/a', attributes: { FOO1: 'v' } })],
  'an attribute that it does not': [forward({ uri: '/a', attributes: { BAR: 'v' } })],
  'an attribute that it matches in part': [forward({ uri: '/a', attributes: { XFOO: 'v' } })],
  'attributes of both modules': [
    forward({ uri: '/a', attributes: { AJP_REMOTE_PORT: '1', AJP_LOCAL_ADDR: '::1', JK_LB_ACTIVATION: 'ACT' } }),
  ],
  'a Ghostcat include (javax)': [forward({ uri: '/a', attributes: include('javax') })],
  'a Ghostcat include (jakarta)': [forward({ uri: '/a', attributes: include('jakarta') })],
  'a Ghostcat include without the secret': [packet(forwardPayload({ uri: '/a', attributes: include('jakarta') }))],
  'TLS facts as request attributes': [
    forward({
      uri: '/a',
      attributes: { 'javax.servlet.request.cipher_suite': 'AES', 'jakarta.servlet.request.key_size': '256' },
    }),
  ],
  'method code 28': [packet(forwardPayload(withSecret({ methodCode: 28 })))],
  'method code 0': [packet(forwardPayload(withSecret({ methodCode: 0 })))],
  'bad magic': [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
  'a shutdown packet': [packet(Buffer.from([7]))],
  'the old ping': [packet(Buffer.from([8]))],
  'two Content-Length fields': [
    forward({
      method: 'POST',
      uri: '/a',
      headers: [
        ['content-length', '5'],
        ['content-length', '5'],
      ],
    }),
  ],
  'an upload of no octets': [upload({ 'content-length': '0' })],
  'a chunked upload': [upload({ 'transfer-encoding': 'chunked' })],
  'a body that nobody reads, then CPING': [
    forward({ method: 'POST', uri: '/a', headers: { 'content-length': '5' } }),
    dataPacket(Buffer.from('hello')),
    CPING,
  ],
  'an unknown attribute code': [
    packet(
      Buffer.concat([
        forwardPayload(withSecret({})).subarray(0, -1),
        Buffer.from([0x20]),
        text('x'),
        Buffer.from([0xff]),
      ]),
    ),
  ],
  'an empty packet': [EMPTY_PACKET],
  'no end of attributes': [packet(forwardPayload(withSecret({})).subarray(0, -1))],
  'a packet that announces 9000 octets': [Buffer.concat([Buffer.from([0x12, 0x34]), word(9000), Buffer.alloc(9000)])],
};

/** What Tomcat leaves open after an answer with reuse = 0, ours closes: `last` and `closed` are the same to a front end. */
function actedOn(words: string[]): string {
  const last = words.indexOf('last');
  return (last < 0 ? words : words.slice(0, last + 1)).join(' ');
}

describe('the same octets to Tomcat and to the connector', { ...needs('tomcat'), concurrency: 10 }, () => {
  let tomcat: Tomcat;
  before(async () => {
    tomcat = await Tomcat.start({ ajpAttributes: `secret="${SECRET}" allowedRequestAttributesPattern="FOO.*"` });
  });
  after(() => tomcat?.stop());
  const options = { secret: SECRET, allowedRequestAttributesPattern: 'FOO.*' };

  for (const [name, bytes] of Object.entries(SAME))
    test(`${name}: the same answer`, async () => {
      await withConnector(application, options, async ({ port }) => {
        const [theirs, ours] = await Promise.all([heard(tomcat.ajpPort, bytes), heard(port, bytes)]);
        assert.equal(actedOn(ours), actedOn(theirs));
        assert.notEqual(theirs.length, 0);
      });
    });

  test('an upload of five octets: read without asking once more', async () => {
    const bytes = [upload({ 'content-length': '5' }), dataPacket(Buffer.from('hello'))];
    assert.deepEqual(await heard(tomcat.ajpPort, [...bytes, ZERO_DATA]), ['ask', '200', 'kept']);
    await withConnector(application, options, async ({ port }) => {
      assert.deepEqual(await heard(port, bytes), ['200', 'kept']);
    });
  });

  test('an upload that ends before its length: refused, where Tomcat takes what there is', async () => {
    const bytes = [upload({ 'content-length': '5' }), EMPTY_PACKET];
    assert.deepEqual(await heard(tomcat.ajpPort, bytes), ['200', 'kept']);
    await withConnector(application, options, async ({ port }) => {
      assert.deepEqual(await heard(port, bytes), ['400', 'last', 'closed']);
    });
  });
});

describe('nmap', needs('nmap'), () => {
  const app = express();
  app.get('/page', (_req, res) => {
    res.send('a page');
  });

  function scan(port: number, script: string): Promise<string> {
    const args = [
      '-p',
      String(port),
      '--script',
      `+${script}`,
      '--script-args',
      `${script}.path=/page`,
      '-Pn',
      '-n',
      '127.0.0.1',
    ];
    return new Promise((resolve) => {
      execFile(NMAP, args, { timeout: 30_000 }, (_error, stdout) => resolve(stdout));
    });
  }

  test('reads the fields of a page through the connector', async () => {
    await withConnector(app, {}, async ({ port }) => {
      const said = await scan(port, 'ajp-headers');
      assert.match(said, /X-Powered-By: Express/);
      assert.match(said, /Content-Length: 6/);
    });
  });

  test('reads the page itself, and its methods', async () => {
    await withConnector(app, {}, async ({ port }) => {
      const request = await scan(port, 'ajp-request');
      assert.match(request, /AJP\/1\.3 200 OK/);
      assert.match(request, /a page/);
      assert.match(await scan(port, 'ajp-methods'), /Supported methods: GET HEAD/);
    });
  });

  test('gets nothing from a connector with a secret', async () => {
    await withConnector(app, { secret: SECRET }, async ({ port }) => {
      const said = await scan(port, 'ajp-request');
      assert.match(said, /403 Forbidden/);
      assert.doesNotMatch(said, /a page|Express/);
    });
  });
});

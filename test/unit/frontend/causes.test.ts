// Each way in which a member can fail is told by a code, a phase and a line that says what to look at; clients hear none
// of it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultMember } from '../../../src/balancer/config.ts';
import { connectFailure } from '../../../src/frontend/upstream/upstream-causes.ts';
import { cpong, endResponse, packet, sendHeaders } from '../../support/ajp-peer.ts';
import { Lab, type Line, turns, until } from './lab.ts';

interface Case {
  readonly title: string;
  readonly scheme: 'ajp' | 'http';
  /** Parameters of the member. */
  readonly parameters?: string;
  /** Further lines of the configuration. */
  readonly conf?: string;
  /** Headers of the request. */
  readonly headers?: string;
  /** What the backend does with what it has read. */
  readonly does?: (line: Line, count: number) => void;
  readonly waitMs?: number;
  readonly isRefused?: boolean;
  readonly status: number;
  readonly code: string;
  readonly phase: string;
  readonly says: RegExp;
}

const reset = (line: Line) => line.socket.resetAndDestroy();
const end = (line: Line) => line.socket.end();
const silent = () => {};
const forbidden = (line: Line) => line.send(Buffer.concat([sendHeaders(403, '403', []), endResponse(0)]));
const isCping = (line: Line) => line.packets.at(-1)?.[0] === 10;

const CASES: readonly Case[] = [
  {
    title: 'refused',
    scheme: 'ajp',
    isRefused: true,
    status: 503,
    code: 'connect-refused',
    phase: 'connect',
    says: /connection refused: nothing listens there/,
  },
  {
    title: 'reset before a response',
    scheme: 'http',
    does: reset,
    status: 502,
    code: 'head-reset',
    phase: 'response-head',
    says: /without a response \(ECONNRESET\)/,
  },
  {
    title: 'closed before a response',
    scheme: 'ajp',
    does: end,
    status: 503,
    code: 'head-closed',
    phase: 'response-head',
    says: /closed the connection without a response/,
  },
  {
    title: 'silent before a response',
    scheme: 'http',
    parameters: 'timeout=3',
    does: silent,
    waitMs: 3_100,
    status: 502,
    code: 'head-timeout',
    phase: 'response-head',
    says: /connected, but no response \(timeout, 3000 ms\)/,
  },
  {
    title: 'silent in a body',
    scheme: 'http',
    parameters: 'timeout=3',
    does: (line) => line.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
    waitMs: 3_100,
    status: 200,
    code: 'body-timeout',
    phase: 'response-body',
    says: /stopped half-way/,
  },
  {
    title: 'closed in a body',
    scheme: 'http',
    does: (line) => line.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
    status: 200,
    code: 'body-closed',
    phase: 'response-body',
    says: /in the middle of a response/,
  },
  {
    title: 'CPING unanswered',
    scheme: 'ajp',
    parameters: 'ping=2',
    does: silent,
    waitMs: 4_200,
    status: 503,
    code: 'ping-timeout',
    phase: 'ping',
    says: /no answer to the ping \(ping=, 2000 ms\)/,
  },
  {
    title: 'closed on CPING',
    scheme: 'ajp',
    parameters: 'ping=2',
    does: end,
    status: 503,
    code: 'ping-closed',
    phase: 'ping',
    says: /instead of answering the ping/,
  },
  {
    title: 'an HTTP answer to AJP',
    scheme: 'ajp',
    does: (line) => line.send('HTTP/1.1 400 \r\n\r\n'),
    status: 503,
    code: 'ajp-bad-magic',
    phase: 'response-head',
    says: /it may be HTTP; is this the port of an AJP connector\?/,
  },
  {
    title: 'a response packet that is too large',
    scheme: 'ajp',
    does: (line) => line.send(sendHeaders(200, 'OK', [['X', 'y'.repeat(9_000)]])),
    status: 503,
    code: 'ajp-packet-too-large',
    phase: 'response-head',
    says: /90\d\d octets of at most 8192; raise ProxyIOBufferSize/,
  },
  {
    title: 'a response line that is too long',
    scheme: 'http',
    does: (line) => line.send(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(9_000)}\r\n\r\n`),
    status: 502,
    code: 'http-field-too-long',
    phase: 'response-head',
    says: /raise responsefieldsize=/,
  },
  {
    title: 'a request head that fits into no packet',
    scheme: 'ajp',
    headers: `A: ${'a'.repeat(5_000)}\r\nB: ${'b'.repeat(5_000)}\r\n`,
    does: silent,
    status: 400,
    code: 'request-too-large-for-packet',
    phase: 'answer',
    says: /needs 101\d\d octets in one packet, and packets have 8192; raise .* to 10240$/,
  },
  {
    title: '403 with reuse=0 and no secret',
    scheme: 'ajp',
    does: forbidden,
    status: 403,
    code: 'refused-by-connector',
    phase: 'answer',
    says: /secretRequired\) and secret= of the member is missing$/,
  },
  {
    title: '403 with reuse=0, a secret and request attributes',
    scheme: 'ajp',
    parameters: 'secret=sesame',
    conf: 'SetEnv AJP_unit sales\nSetEnv AJP_level 3',
    does: forbidden,
    status: 403,
    code: 'refused-by-connector',
    phase: 'answer',
    says: /is not that of its connector; or its allowedRequestAttributesPattern .* unit, level$/,
  },
  {
    title: 'failonstatus',
    scheme: 'http',
    parameters: '@balancer failonstatus=500,503',
    does: (line) => line.send('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'),
    status: 500,
    code: 'fail-on-status',
    phase: 'answer',
    says: /answered 500, which failonstatus= names/,
  },
];

describe('the last error of a member', () => {
  for (const { title, scheme, parameters = '', conf = '', headers = '', does, isRefused, ...expected } of CASES)
    test(title, async () => {
      const ofBalancer = parameters.startsWith('@balancer ') ? parameters.slice(10) : '';
      const ofMember = ofBalancer === '' ? parameters : '';
      await using lab = await Lab.open(
        `${conf}\nProxyPass / balancer://c/ ${ofBalancer}\nBalancerMember balancer://c ${scheme}://127.0.0.1:@1 ${ofMember}`,
      );
      const [backend] = lab.backends;
      if (isRefused === true) await backend.refuse();
      backend.onLine = (line) => line.socket.on('data', () => does?.(line, backend.lines.length));
      const client = lab.ask(`GET /x HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`);
      if (expected.waitMs !== undefined) {
        await lab.line();
        for (let waited = 0; waited < expected.waitMs; waited += 500) {
          await turns();
          lab.clock.advance(500);
        }
      }
      await until(() => client.isOver, 'answered');
      const { state } = lab.members[0].member;
      assert.deepEqual(
        [client.heard().status, state.lastError?.code, state.lastError?.phase],
        [expected.status, expected.code, expected.phase],
        state.lastError?.text ?? 'no error',
      );
      assert.match(state.lastError?.text ?? '', expected.says);
      assert.ok((state.lastError?.text ?? '').startsWith(lab.members[0].member.config.url));
      assert.doesNotMatch(state.lastError?.text ?? '', /sesame/);
      const told = lab.log.events.filter(({ event }) => event === 'member-failed' || event === 'member-trouble');
      assert.deepEqual(
        told.map(({ fields }) => fields.code),
        [expected.code],
        'told once',
      );
      // Whatever an operator may read, a client may not.
      assert.doesNotMatch(client.text, /127\.0\.0\.1|ajp|secret|packet|refused/i);
    });

  test('an application that answers 403 itself is no trouble', async () => {
    await using lab = await Lab.open('ProxyPass / ajp://127.0.0.1:@1/');
    lab.backends[0].onLine = (line) =>
      line.socket.on('data', () => line.send(Buffer.concat([sendHeaders(403, '403', []), endResponse(1)])));
    const client = lab.ask('GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until(() => client.isOver, 'answered');
    assert.equal(client.heard().status, 403);
    assert.equal(lab.members[0].member.state.lastError, undefined);
  });

  test('a CPING that is answered is no trouble', async () => {
    await using lab = await Lab.open('ProxyPass / ajp://127.0.0.1:@1/ ping=1');
    lab.backends[0].onLine = (line) =>
      line.socket.on('data', () =>
        line.send(isCping(line) ? cpong() : Buffer.concat([sendHeaders(200, 'OK', []), endResponse(1)])),
      );
    const client = lab.ask('GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until(() => client.isOver, 'answered');
    assert.equal(client.heard().status, 200);
    assert.equal(lab.members[0].member.state.lastError, undefined);
    assert.equal(packet([9]).length, 5);
  });
});

describe('a connect that fails', () => {
  const config = defaultMember(
    { url: 'ajp://app:8009', scheme: 'ajp', host: 'app', port: 8009, path: '' },
    { connectTimeoutMs: 500 },
  );
  const error = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

  for (const [code, name, says] of [
    ['ECONNREFUSED', 'connect-refused', /nothing listens there/],
    ['EHOSTUNREACH', 'connect-unreachable', /no way to the machine/],
    ['ENETUNREACH', 'connect-unreachable', /no way to the machine/],
    ['ETIMEDOUT', 'connect-timeout', /no connection within 500 ms/],
    ['ENOTFOUND', 'backend-name-unknown', /the name has no address: app/],
    ['EAI_AGAIN', 'backend-name-unknown', /the name server does not answer: app/],
    ['EACCES', 'connect-forbidden', /may not connect/],
    ['ESOMETHING', 'connect-failed', /ESOMETHING/],
  ] as const)
    test(`${code} is ${name}`, () => {
      const failure = connectFailure(config, error(code), false);
      assert.equal(failure.code, name);
      assert.equal(failure.source, 'upstream');
      assert.match(failure.message, says);
    });

  test('what our own process lacks is not the fault of the member', () => {
    assert.equal(connectFailure(config, error('EMFILE'), false).source, 'internal');
  });
});

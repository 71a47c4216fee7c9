import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { NO_SUBJECT } from '../../../src/config/expression/expression.ts';
import type { LogFormat } from '../../../src/config/httpd/log-format.ts';
import { AccessLog, writeAccessLogs } from '../../../src/listener/access-log.ts';
import { type AccessFacts, compileLogItems, escapeLogText } from '../../../src/listener/access-log-fields.ts';
import type { LogSink } from '../../../src/listener/log-sink.ts';
import { clockAt, Recorder, type RecorderOptions } from '../static/recorder.ts';

const WALL = Date.UTC(2026, 10, 21, 18, 23, 11, 175);

const FACTS: AccessFacts = {
  path: '/r.txt',
  query: undefined,
  file: '/www/r.txt',
  handler: undefined,
  canonicalName: 'canon.example',
  canonicalPort: 8080,
  requestName: 'foo.example',
  originalStatus: undefined,
  subject: NO_SUBJECT,
};

interface Case extends RecorderOptions {
  readonly facts?: Partial<AccessFacts>;
  readonly prepare?: (recorder: Recorder) => void;
}

/** The tree of a well-formed format. */
function tree(format: string): LogFormat {
  const parts = format.matchAll(/%(!?)([\d,]*)([<>]?)(?:\{([^}]*)\})?(\^..|[a-zA-Z])|%%|[^%]+/g);
  return [...parts].map(([text, negated, codes, request, argument, name]) =>
    name === undefined
      ? { kind: 'text', text: text === '%%' ? '%' : text }
      : {
          kind: 'field',
          name,
          argument,
          statuses: codes === '' ? undefined : { codes: codes.split(',').map(Number), isNegated: negated === '!' },
          request: request === '' ? undefined : request === '>' ? 'final' : 'original',
        },
  );
}

/** The line that `format` gives for a finished exchange. */
function line(format: string, options: Case = {}): string {
  const recorder = new Recorder({ target: '/r.txt', wall: WALL, ...options });
  const { exchange } = recorder;
  exchange.response.status = 200;
  exchange.startedAt = 1000;
  exchange.stage = 'complete';
  options.prepare?.(recorder);
  const facts = { ...FACTS, ...options.facts };
  const end = { now: 2001.4375, wall: WALL + 1001 };
  return compileLogItems(tree(format))
    .map((item) => item(exchange, facts, end))
    .join('');
}

test('the formats that everybody uses', () => {
  process.env.TZ = 'UTC';
  const options: Case = {
    fields: { Referer: 'http://a/"b"', 'User-Agent': 'curl/8' },
    prepare: ({ exchange }) => {
      exchange.responseBodyBytes = 36;
      exchange.wireBytesIn = 145;
      exchange.wireBytesOut = 309;
    },
  };
  assert.equal(
    line('%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-agent}i"', options),
    'canon.example:8080 192.0.2.7 - - [21/Nov/2026:18:23:11 +0000] "GET /r.txt HTTP/1.1" 200 309 "http://a/\\"b\\"" "curl/8"',
  );
  assert.equal(
    line('%h %l %u %t "%r" %>s %b', {
      prepare: ({ exchange }) => {
        exchange.user = 'joe x';
      },
    }),
    '192.0.2.7 - joe x [21/Nov/2026:18:23:11 +0000] "GET /r.txt HTTP/1.1" 200 -',
  );
});

test('addresses, ports, protocol, method and place', () => {
  const format =
    'a=%a ca=%{c}a A=%A h=%h ch=%{c}h H=%H k=%k l=%l m=%m p=%p pl=%{local}p pr=%{remote}p pc=%{canonical}p f=%f R=%R U=%U v=%v V=%V L=%L %%';
  const behindProxy: Case = {
    prepare: ({ exchange }) => {
      exchange.clientAddress = '198.51.100.9';
    },
  };
  assert.equal(
    line(format, behindProxy),
    'a=198.51.100.9 ca=192.0.2.7 A=192.0.2.1 h=198.51.100.9 ch=192.0.2.7 H=HTTP/1.1 k=0 l=- m=GET p=8080 pl=8080 pr=50123 pc=8080 f=/www/r.txt R=- U=/r.txt v=canon.example V=foo.example L=- %',
  );
});

test('sizes count bodies or everything, and %b writes - for nothing', () => {
  const some: Case = {
    prepare: ({ exchange }) => {
      exchange.responseBodyBytes = 36;
      exchange.wireBytesIn = 145;
      exchange.wireBytesOut = 309;
    },
  };
  assert.equal(line('%B %b %I %O %S', some), '36 36 145 309 454');
  assert.equal(line('%B %b'), '0 -');
});

test('durations are in the unit asked for', () => {
  assert.equal(line('%D %T %{ms}T %{us}T %{s}T'), '1001437 1 1001 1001437 1');
  assert.equal(line('%^FB'), '-');
  assert.equal(
    line('%^FB', {
      prepare: ({ exchange }) => {
        exchange.firstByteAt = 1000.25;
      },
    }),
    '250',
  );
});

test('the query comes with its question mark, an empty one too', () => {
  assert.equal(line('%U%q', { facts: { query: 'x=y' } }), '/r.txt?x=y');
  assert.equal(line('%U%q', { facts: { query: '' } }), '/r.txt?');
  assert.equal(line('%U%q|'), '/r.txt|');
});

test('%X tells how the connection goes on', () => {
  assert.equal(line('%X'), '+');
  assert.equal(
    line('%X', {
      prepare: ({ exchange }) => {
        exchange.keepAlive = false;
      },
    }),
    '-',
  );
  assert.equal(
    line('%X', {
      prepare: ({ exchange }) => {
        exchange.stage = 'broken';
      },
    }),
    'X',
  );
});

test('an exchange that was never answered has no status', () => {
  const gone: Case = {
    prepare: ({ exchange }) => {
      exchange.response.status = 0;
      exchange.stage = 'broken';
      exchange.failure = new Failure('client-closed', 'downstream', 'gone');
    },
  };
  assert.equal(line('%s %>s %X', gone), '- - X');
});

test('%s is the first status, %>s the last', () => {
  const redirected: Case = { facts: { originalStatus: 404 } };
  assert.equal(line('%s %<s %>s', redirected), '404 404 200');
});

test('header fields, environment, notes and cookies', () => {
  const options: Case = {
    fields: {
      'X-In': 'in val',
      'X-Two': ['1', '2'],
      'X-Empty': '',
      Cookie: ['a=b; ck="q v"; ck=2;CK=3', 'late = sp ; none='],
      Host: ['a', 'b'],
    },
    prepare: ({ exchange }) => {
      exchange.setEnv('EV', 'ev');
      exchange.setNote('worker', 'ajp13_worker');
      exchange.response.fields.add('X-Out', 'out val');
      exchange.response.fields.add('Set-Cookie', 'a=1');
      exchange.response.fields.add('Set-Cookie', 'b=2');
      exchange.response.bodyLength = 36;
    },
  };
  assert.equal(line('%{X-In}i|%{x-two}i|%{X-Empty}i|%{X-Nope}i|%{Host}i', options), 'in val|1, 2||-|a, b');
  assert.equal(line('%{X-Out}o|%{Set-Cookie}o|%{Content-Length}o|%{Location}o', options), 'out val|a=1, b=2|36|-');
  assert.equal(line('%{EV}e|%{NOPE}e|%{worker}n|%{nope}n', options), 'ev|-|ajp13_worker|-');
  assert.equal(line('%{ck}C|%{Ck}C|%{late}C|%{none}C|%{nope}C', options), '\\"q v\\"|\\"q v\\"|sp|-|-');
});

test('a field may be asked for some statuses only', () => {
  const ask = (status: number) =>
    line('%!200,304,302{X-In}i|%404{X-In}i|%200,404s', {
      fields: { 'X-In': 'v' },
      prepare: ({ exchange }) => {
        exchange.response.status = status;
      },
    });
  assert.equal(ask(200), '-|-|200');
  assert.equal(ask(404), 'v|v|404');
  assert.equal(ask(500), 'v|-|-');
});

test('TLS facts are there on TLS connections', () => {
  const tls = {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    keySize: 128,
    sessionId: undefined,
    clientCertificate: undefined,
  };
  const connection = { remoteAddress: '192.0.2.7', remotePort: 1, localAddress: '192.0.2.1', localPort: 443, tls };
  const format =
    '%{SSL_PROTOCOL}x %{SSL_CIPHER}x %{SSL_CIPHER_USEKEYSIZE}x %{HTTPS}x %{SSL_NOPE}x %{version}c %{cipher}c';
  assert.equal(line(format, { connection }), 'TLSv1.3 TLS_AES_128_GCM_SHA256 128 on - TLSv1.3 TLS_AES_128_GCM_SHA256');
  assert.equal(line(format), '- - - off - - -');
});

test('what a client can choose cannot leave its place in the line', () => {
  // Recorded from httpd: a path with every octet in it.
  let all = '/';
  for (let octet = 1; octet < 256; octet++) if (octet !== 0x2f) all += String.fromCharCode(octet);
  const expected =
    '/\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\b\\t\\n\\v\\x0c\\r\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b' +
    '\\x1c\\x1d\\x1e\\x1f !\\"#$%&\'()*+,-.0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~' +
    Array.from({ length: 129 }, (_, i) => `\\x${(i + 0x7f).toString(16)}`).join('');
  assert.equal(line('%U', { facts: { path: all } }), expected);

  const evil = 'a"\n127.0.0.1 - - "\\';
  const options: Case = {
    method: evil,
    target: evil,
    fields: { 'X-In': evil, Cookie: `c=${evil}` },
    facts: { path: evil, query: evil, file: evil, handler: evil, requestName: evil },
    prepare: ({ exchange }) => {
      exchange.user = evil;
      exchange.setEnv('E', evil);
      exchange.setNote('N', evil);
      exchange.response.fields.add('X-Out', evil);
    },
  };
  const format = '%r%m%U%q%f%R%V%u%{X-In}i%{X-Out}o%{E}e%{N}n%{c}C%h';
  const written = line(format, options);
  assert.ok(!written.includes('\n'));
  assert.ok(!/(?<!\\)"/.test(written.replaceAll('\\\\', '')), 'no quote stands alone');
});

test('file names are logged as their octets', () => assert.equal(line('%f', { facts: { file: '/é' } }), '/\\xc3\\xa9'));

test('harmless text is not copied', () => {
  const text = 'Mozilla/5.0 (X11; Linux x86_64)';
  assert.equal(escapeLogText(text), text);
});

test('a condition chooses the exchanges of a log', () => {
  const lines: string[] = [];
  const sink: LogSink = {
    write: (text) => void lines.push(text),
    reopen() {},
    flushSync() {},
    close: async () => {},
    droppedCount: 0,
  };
  const format = [{ kind: 'field', name: 'U', argument: undefined, statuses: undefined, request: undefined }] as const;
  const logs = [
    new AccessLog([{ kind: 'text', text: 'with ' }, ...format], { name: 'DL', isNegated: false }, sink),
    new AccessLog([{ kind: 'text', text: 'without ' }, ...format], { name: 'DL', isNegated: true }, sink),
    new AccessLog([{ kind: 'text', text: 'all ' }, ...format], undefined, sink),
  ];
  const { exchange } = new Recorder();
  writeAccessLogs(logs, exchange, FACTS, clockAt(WALL));
  exchange.setEnv('DL', '');
  writeAccessLogs(logs, exchange, FACTS, clockAt(WALL));
  assert.deepEqual(lines, ['without /r.txt', 'all /r.txt', 'with /r.txt', 'all /r.txt']);
});

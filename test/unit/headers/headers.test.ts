import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields } from '../../../src/base/fields.ts';
import { NO_SUBJECT } from '../../../src/config/expression/expression.ts';
import {
  applyEarlyResponseHeaders,
  applyRequestHeaders,
  applyResponseHeaders,
  fillGroups,
} from '../../../src/frontend/headers.ts';
import type { HeaderOp, HeaderValue } from '../../../src/site/model.ts';
import { clockAt, Recorder } from '../static/recorder.ts';

const place = { file: 'httpd.conf', line: 1 };
const context = { clock: clockAt(0), busyPercent: () => 2, subjectOf: () => NO_SUBJECT, failed: assert.ifError };

interface OpOptions {
  readonly target?: HeaderOp['target'];
  readonly regex?: RegExp;
  readonly env?: string;
  readonly isEarly?: boolean;
}

function op(
  action: HeaderOp['action'],
  name: string,
  value: string | HeaderValue = '',
  options: OpOptions = {},
): HeaderOp {
  const { env } = options;
  return {
    target: options.target ?? 'response',
    action,
    name,
    regex: options.regex,
    value: typeof value === 'string' ? [{ kind: 'text', text: value }] : value,
    condition: env === undefined ? undefined : { name: env.replace('!', ''), isNegated: env.startsWith('!') },
    isEarly: options.isEarly ?? false,
    place,
  };
}

/** What the response's fields are after `ops`, lines of one name one after the other. */
function after(
  ops: readonly HeaderOp[],
  before: readonly (readonly [string, string])[] = [],
  recorder = new Recorder(),
): string[] {
  for (const [name, value] of before) recorder.exchange.response.fields.add(name, value);
  applyResponseHeaders(ops, 'answer', recorder.exchange, context);
  return recorder.exchange.response.fields.entries().map(([name, value]) => `${name}: ${value}`);
}

// Recorded: the same directives on httpd 2.4.71 gave these lines.
test('add adds, append and merge make lists', () => {
  assert.deepEqual(after([op('add', 'H1', 'a'), op('add', 'H1', 'b')]), ['H1: a', 'H1: b']);
  assert.deepEqual(after([op('append', 'H2', 'x'), op('append', 'H2', 'y')]), ['H2: x, y']);
  assert.deepEqual(after([op('merge', 'H3', 'a, b'), op('merge', 'H3', 'b'), op('merge', 'H3', 'c')]), ['H3: a, b, c']);
  assert.deepEqual(after([op('merge', 'H', 'a,b'), op('merge', 'H', 'A')]), ['H: a,b, A']);
});

test('set replaces all, setifempty adds only what is missing, unset removes', () => {
  assert.deepEqual(
    after(
      [op('set', 'H', '2')],
      [
        ['h', '1'],
        ['H', '1b'],
      ],
    ),
    ['h: 2'],
  );
  assert.deepEqual(after([op('setifempty', 'H', '3'), op('setifempty', 'I', '4')], [['H', '1']]), ['H: 1', 'I: 4']);
  assert.deepEqual(
    after(
      [op('unset', 'h')],
      [
        ['H', '1'],
        ['X', '1'],
        ['H', '2'],
      ],
    ),
    ['X: 1'],
  );
  assert.deepEqual(after([op('set', 'H', '')]), ['H: ']);
});

test('edit changes the first match of every field, edit* all matches', () => {
  assert.deepEqual(after([op('edit', 'H', 'Y', { regex: /X/ })], [['H', 'aXbXc']]), ['H: aYbXc']);
  assert.deepEqual(after([op('edit*', 'H', '[$0]', { regex: /X/g })], [['H', 'aXbXc']]), ['H: a[X]b[X]c']);
  assert.deepEqual(
    after(
      [op('edit', 'H', '<$1>', { regex: /(.)/ })],
      [
        ['H', 'a'],
        ['h', 'b'],
      ],
    ),
    ['H: <a>', 'h: <b>'],
  );
  assert.deepEqual(after([op('edit', 'No', 'y', { regex: /x/ })]), []);
  assert.deepEqual(
    after(
      [op('edit', 'H', 'pre', { regex: /^/ })],
      [
        ['H', 'b1'],
        ['H', 'b2'],
      ],
    ),
    ['H: preb1', 'H: preb2'],
  );
});

test('echo copies the request fields whose names match, repeated ones as a list', () => {
  const recorder = new Recorder({ fields: { 'X-Eca': '1', 'X-Ecb': ['2', '3'], Other: 'x', 'Content-Length': '4' } });
  assert.deepEqual(after([op('echo', '', '', { regex: /^X-Ec|content/i })], [], recorder), ['X-Eca: 1', 'X-Ecb: 2, 3']);
});

test('note remembers a field for the access log', () => {
  const recorder = new Recorder();
  after([op('note', 'X-Out', 'outnote'), op('note', 'X-Nope', 'none')], [['X-Out', 'v']], recorder);
  assert.deepEqual([...(recorder.exchange.notes ?? [])], [['outnote', 'v']]);
});

test('conditions look at the environment', () => {
  const ops = [op('set', 'A', '1', { env: 'E' }), op('set', 'B', '1', { env: '!E' })];
  assert.deepEqual(after(ops), ['B: 1']);
  const recorder = new Recorder();
  recorder.exchange.setEnv('E', '');
  assert.deepEqual(after(ops, [], recorder), ['A: 1']);
});

test('values tell environment, time and load', () => {
  const recorder = new Recorder({ wall: 1_795_285_717_215.984 });
  recorder.exchange.startedAt = -0.25;
  recorder.exchange.setEnv('E', 'v');
  const value: HeaderValue = [
    { kind: 'received-at' },
    { kind: 'text', text: ' ' },
    { kind: 'duration' },
    { kind: 'text', text: ' % ' },
    { kind: 'env', name: 'E' },
    { kind: 'text', text: ' ' },
    { kind: 'env', name: 'NOPE' },
    { kind: 'text', text: ' ' },
    { kind: 'variable', name: 'SSL_PROTOCOL' },
    { kind: 'text', text: ' ' },
    { kind: 'idle' },
    { kind: 'text', text: ' ' },
    { kind: 'busy' },
  ];
  assert.deepEqual(after([op('set', 'D', value)], [], recorder), [
    'D: t=1795285717215984 D=250 % v (null) (null) i=98 b=2',
  ]);
  assert.match(after([op('set', 'L', [{ kind: 'load' }])])[0], /^L: l=\d+\.\d\d\/\d+\.\d\d\/\d+\.\d\d$/);
});

test('always works on a table of its own, and both go out', () => {
  const backend = [
    ['B2', 'back'],
    ['B3', 'back'],
    ['B5', 'back'],
    ['B8', 'back'],
    ['Set-Cookie', 'b=1'],
  ] as const;
  const always = (action: HeaderOp['action'], name: string, value = '', regex?: RegExp) =>
    op(action, name, value, { target: 'response-always', ...(regex === undefined ? {} : { regex }) });
  assert.deepEqual(
    after(
      [
        always('set', 'B2', 'front'),
        always('unset', 'B3'),
        always('append', 'B5', 'front'),
        always('edit', 'B8', 'pre', /^/),
        always('add', 'Set-Cookie', 'fa=1'),
        op('add', 'Set-Cookie', 'fs=1'),
      ],
      backend,
    ),
    [
      'B2: back',
      'B3: back',
      'B5: back',
      'B8: back',
      'Set-Cookie: b=1',
      'Set-Cookie: fs=1',
      'B2: front',
      'B5: front',
      'Set-Cookie: fa=1',
    ],
  );
});

test('an error page made here gets only what is always set', () => {
  const { exchange } = new Recorder();
  const ops = [op('set', 'OS', 'os'), op('set', 'AL', 'al', { target: 'response-always' })];
  applyResponseHeaders(ops, 'own-error', exchange, context);
  assert.deepEqual(exchange.response.fields.entries(), [['AL', 'al']]);
});

test('request fields are changed before they are forwarded', () => {
  const { exchange } = new Recorder({
    fields: { R1: ['a', 'b'], R2: 'a', R3: 'a', R4: 'a', R5: ['foo', 'boo'], R6: 'foo', R9: 'x' },
  });
  const request = (action: HeaderOp['action'], name: string, value: string, regex?: RegExp) =>
    op(action, name, value, { target: 'request', ...(regex === undefined ? {} : { regex }) });
  const ops = [
    request('set', 'R1', 'new'),
    request('add', 'R2', 'new'),
    request('append', 'R3', 'new'),
    request('unset', 'R4', ''),
    request('edit', 'R5', '0', /o/),
    request('edit*', 'R6', '0', /o/g),
    request('setifempty', 'R7', 'd'),
    request('merge', 'R9', 'x'),
    op('set', 'Response', 'x'),
  ];
  applyRequestHeaders(ops, 'late', exchange, context);
  assert.deepEqual(exchange.request.fields.entries(), [
    ['R1', 'new'],
    ['R2', 'a'],
    ['R3', 'a, new'],
    ['R5', 'f0o, boo'],
    ['R6', 'f00'],
    ['R9', 'x'],
    ['R2', 'new'],
    ['R7', 'd'],
  ]);
});

test('early operations run early and never again', () => {
  const { exchange } = new Recorder({ fields: { 'X-Drop': '1' } });
  const ops = [
    op('unset', 'X-Drop', '', { target: 'request', isEarly: true }),
    op('set', 'X-Late', '1', { target: 'request' }),
    op('set', 'X-EarlyOut', 'e', { isEarly: true }),
  ];
  applyRequestHeaders(ops, 'early', exchange, context);
  applyEarlyResponseHeaders(ops, exchange, context);
  assert.deepEqual(exchange.request.fields.entries(), []);
  assert.deepEqual(exchange.response.fields.entries(), [['X-EarlyOut', 'e']]);
  exchange.response.fields.reset();
  applyRequestHeaders(ops, 'late', exchange, context);
  applyResponseHeaders(ops, 'answer', exchange, context);
  assert.deepEqual(exchange.request.fields.entries(), [['X-Late', '1']]);
  assert.deepEqual(exchange.response.fields.entries(), []);
});

test('framing fields are out of reach', () => {
  const before = [
    ['Content-Length', '5'],
    ['Transfer-Encoding', 'chunked'],
  ] as const;
  const ops = [
    op('set', 'Content-Length', '7'),
    op('unset', 'transfer-encoding'),
    op('edit', 'Content-length', '6', { regex: /5/ }),
  ];
  assert.deepEqual(after(ops, before), ['Content-Length: 5', 'Transfer-Encoding: chunked']);
});

test('a value cannot end its field', () => {
  const recorder = new Recorder();
  recorder.exchange.setEnv('P', '/x\r\nSet-Cookie: evil=1\0');
  assert.deepEqual(after([op('set', 'X', [{ kind: 'env', name: 'P' }])], [], recorder), ['X: /x  Set-Cookie: evil=1 ']);
  const edited = op('edit', 'E', [{ kind: 'env', name: 'P' }], { regex: /a/ });
  assert.deepEqual(after([edited], [['E', 'a']], recorder)[1], 'E: /x  Set-Cookie: evil=1 ');
});

test('groups fill texts, missing ones are empty, a backslash keeps the dollar sign', () => {
  const match = /^a(.)(.*)(z)?$/.exec('abXX');
  assert.ok(match);
  assert.equal(fillGroups('$1-$2-$0', match), 'b-XX-abXX');
  assert.equal(fillGroups('&-\\$1', match), '&-$1');
  assert.equal(fillGroups('$3.$7.', match), '..');
  assert.equal(fillGroups('$x $', match), '$x $');
});

test('without rules nothing is looked at', () => {
  const { exchange } = new Recorder();
  const untouched = new Proxy(new Fields(), {
    get() {
      throw new Error('looked at');
    },
  });
  Object.defineProperty(exchange.response, 'fields', { value: untouched });
  Object.defineProperty(exchange.request, 'fields', { value: untouched });
  applyRequestHeaders(undefined, 'late', exchange, context);
  applyResponseHeaders(undefined, 'answer', exchange, context);
  assert.throws(
    () => applyRequestHeaders([op('unset', 'x', '', { target: 'request' })], 'late', exchange, context),
    /looked at/,
  );
});

test('%{…}s tells variables of the request too, those of mod_ssl first', () => {
  const recorder = new Recorder();
  const { exchange } = recorder;
  exchange.user = 'bea';
  exchange.setEnv('FOO', 'bar');
  exchange.request.fields.add('X-Foo', 'x');
  exchange.request.fields.add('X-Foo', 'y');
  const subject = { ...NO_SUBJECT, variable: (name: string) => (name === 'REMOTE_USER' ? exchange.user : undefined) };
  const asked = { ...context, subjectOf: () => subject };
  const told = (name: string) => {
    applyRequestHeaders(
      [op('set', 'X-Told', [{ kind: 'variable', name }], { target: 'request' })],
      'late',
      exchange,
      asked,
    );
    return exchange.request.fields.get('X-Told');
  };
  assert.deepEqual(['REMOTE_USER', 'remote_user', 'ENV:FOO', 'HTTP:X-Foo', 'HTTPS'].map(told), [
    'bea',
    'bea',
    'bar',
    'x, y',
    'off',
  ]);
  assert.deepEqual(['SSL_PROTOCOL', 'ENV:NONE', 'HTTP_COOKIE', 'AUTH_TYPE', 'NOPE'].map(told), Array(5).fill('(null)'));
});

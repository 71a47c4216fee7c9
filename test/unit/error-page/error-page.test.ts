import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { NO_SUBJECT, parseText, type TextExpression } from '../../../src/config/expression/expression.ts';
import { answerError, answerErrorDocument, answerRedirect, escapeHtml } from '../../../src/frontend/error-page.ts';
import type { ErrorDocument } from '../../../src/site/model.ts';
import { Recorder } from '../static/recorder.ts';

test('an error is a short page with its status, length and charset, and no name of a product', () => {
  const recorder = new Recorder();
  answerError(recorder.exchange, 404);
  assert.equal(recorder.status, 404);
  assert.equal(recorder.field('Content-Type'), 'text/html; charset=utf-8');
  assert.equal(recorder.exchange.response.bodyLength, recorder.body.length);
  assert.match(recorder.text, /<title>404 Not Found<\/title>/);
  assert.doesNotMatch(recorder.text, /catflap|node|\d+\.\d+/i);
  assert.equal(recorder.isEnded, true);
});

test('HEAD gets the head of the page alone', () => {
  const recorder = new Recorder({ method: 'HEAD' });
  answerError(recorder.exchange, 404);
  assert.equal(recorder.text, '');
  assert.ok(recorder.exchange.response.bodyLength > 0);
});

test('every status has a page, unknown ones too', () => {
  for (let status = 400; status < 600; status++) {
    const recorder = new Recorder();
    answerError(recorder.exchange, status);
    assert.ok(recorder.text.includes(`<h1>${status} `));
  }
});

test('fields of the answer that did not come are gone, fields of the error stay', () => {
  const recorder = new Recorder();
  const { fields } = recorder.exchange.response;
  for (const [name, value] of [
    ['Set-Cookie', 'secret=1'],
    ['Content-Encoding', 'gzip'],
    ['ETag', '"x"'],
    ['X-Own', 'x'],
    ['Allow', 'GET'],
    ['Retry-After', '5'],
    ['WWW-Authenticate', 'Basic'],
  ])
    fields.add(name, value);
  recorder.exchange.response.reason = 'Backend Says';
  answerError(recorder.exchange, 503);
  assert.deepEqual(
    fields.entries().map(([name]) => name),
    ['Allow', 'Retry-After', 'WWW-Authenticate', 'Content-Type'],
  );
  assert.equal(recorder.exchange.response.reason, '');
});

test('the failure is kept for the log, the first one wins', () => {
  const recorder = new Recorder();
  const first = new Failure('one', 'upstream', 'one');
  recorder.exchange.failure = first;
  answerError(recorder.exchange, 502, new Failure('two', 'upstream', 'two'));
  assert.equal(recorder.exchange.failure, first);
});

test('after a broken request the connection ends, after a missing page it goes on', () => {
  for (const [status, stays] of [
    [400, false],
    [408, false],
    [413, false],
    [414, false],
    [431, false],
    [501, false],
    [404, true],
    [503, true],
  ] as const) {
    const recorder = new Recorder();
    answerError(recorder.exchange, status);
    assert.equal(recorder.exchange.keepAlive, stays, String(status));
  }
});

test('an error after the head is sent breaks the response off', () => {
  const recorder = new Recorder();
  recorder.exchange.response.status = 200;
  recorder.exchange.sendHead();
  answerError(recorder.exchange, 502);
  assert.equal(recorder.isBroken, true);
  assert.equal(recorder.text, '');
});

test('an error after the client has gone does nothing', () => {
  const recorder = new Recorder();
  recorder.exchange.stage = 'broken';
  answerError(recorder.exchange, 502);
  assert.equal(recorder.headCount, 0);
});

test('a redirect links to its target, escaped', () => {
  const recorder = new Recorder();
  answerRedirect(recorder.exchange, 301, 'http://h/?a=b&c="<script>');
  assert.equal(recorder.field('Location'), 'http://h/?a=b&c="<script>');
  assert.ok(recorder.text.includes('href="http://h/?a=b&#38;c=&#34;&#60;script&#62;"'));
  assert.equal(escapeHtml(`&<>"'`), '&#38;&#60;&#62;&#34;&#39;');
});

const NOBODY = { subject: NO_SUBJECT };

function textOf(source: string): TextExpression {
  const parsed = parseText(source);
  assert.ok(parsed.ok);
  return parsed.expression;
}

const DOCUMENTS = new Map<number, ErrorDocument>([
  [404, { kind: 'text', text: textOf('Sorry <b>%s') }],
  [403, { kind: 'path', text: textOf('/err.html') }],
  [405, { kind: 'url', text: textOf('http://else.example/e') }],
  [401, { kind: 'url', text: textOf('http://else.example/login') }],
  [500, { kind: 'default' }],
  [502, { kind: 'text', text: textOf('d\xe9sol\xe9') }],
]);

// Recorded from httpd: the answers to these ErrorDocuments.
test('an ErrorDocument that is text is sent as it stands', () => {
  const recorder = new Recorder();
  assert.equal(answerErrorDocument(recorder.exchange, 404, DOCUMENTS, '/nope', NOBODY), undefined);
  assert.deepEqual([recorder.status, recorder.text], [404, 'Sorry <b>%s']);
  assert.equal(recorder.field('Content-Type'), 'text/html; charset=utf-8');
});

test('text that is no UTF-8 says so', () => {
  const recorder = new Recorder();
  answerErrorDocument(recorder.exchange, 502, DOCUMENTS, '/x', NOBODY);
  assert.equal(recorder.field('Content-Type'), 'text/html; charset=iso-8859-1');
  assert.equal(recorder.body.toString('latin1'), 'd\xe9sol\xe9');
});

test('an ErrorDocument that is a URL is redirected to, but never after 401', () => {
  const recorder = new Recorder({ method: 'PUT' });
  answerErrorDocument(recorder.exchange, 405, DOCUMENTS, '/r.txt', NOBODY);
  assert.deepEqual([recorder.status, recorder.field('Location')], [302, 'http://else.example/e']);
  const unauthorized = new Recorder();
  answerErrorDocument(unauthorized.exchange, 401, DOCUMENTS, '/r.txt', NOBODY);
  assert.equal(unauthorized.status, 401);
});

test('an ErrorDocument that is a path asks for an internal redirect with what the first run knew', () => {
  const recorder = new Recorder({ method: 'POST', target: '/.htaccess?q=1' });
  recorder.exchange.setEnv('E', 'v');
  const failure = new Failure('access-denied', 'downstream', 'no');
  const redirect = answerErrorDocument(recorder.exchange, 403, DOCUMENTS, '/.htaccess', NOBODY, failure);
  assert.deepEqual(redirect, {
    path: '/err.html',
    status: 403,
    env: [
      ['REDIRECT_STATUS', '403'],
      ['REDIRECT_URL', '/.htaccess'],
      ['REDIRECT_REQUEST_METHOD', 'POST'],
      ['REDIRECT_QUERY_STRING', 'q=1'],
      ['REDIRECT_ERROR_NOTES', 'access-denied'],
      ['REDIRECT_E', 'v'],
    ],
  });
  assert.equal(recorder.headCount, 0);
});

test('without a document, and with "default", the own page is sent', () => {
  for (const status of [500, 504]) {
    const recorder = new Recorder();
    answerErrorDocument(recorder.exchange, status, DOCUMENTS, '/x', NOBODY);
    assert.match(recorder.text, new RegExp(`<h1>${status}`));
  }
  const recorder = new Recorder();
  answerErrorDocument(recorder.exchange, 404, undefined, '/x', NOBODY);
  assert.equal(recorder.status, 404);
});

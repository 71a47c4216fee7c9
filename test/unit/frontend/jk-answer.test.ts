// What is done to the head of an answer from a worker of mod_jk, and what the environment says of one request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_RULES } from '../../../src/balancer/lb/defaults.ts';
import type { LbConfig } from '../../../src/balancer/lb-config.ts';
import { ResponseHead } from '../../../src/base/head.ts';
import { finishJkHead, isReplacedByErrorPage, nameMember } from '../../../src/frontend/jk/jk-answer.ts';
import { rulesInForce } from '../../../src/frontend/jk/jk-request-rules.ts';

function answer(status: number, reason = ''): ResponseHead {
  const head = new ResponseHead();
  head.status = status;
  head.reason = reason;
  return head;
}

test('Date and Server are ours, and so is the reason where Tomcat has only a number', () => {
  const head = answer(200, '200');
  for (const name of ['Server', 'Date', 'X-Own', 'Location']) head.fields.add(name, 'x');
  finishJkHead(head);
  assert.deepEqual(head.fields.entries(), [
    ['X-Own', 'x'],
    ['Location', 'x'],
  ]);
  assert.equal(head.reason, '', 'the standard phrase');
  const odd = answer(777);
  finishJkHead(odd);
  assert.equal(odd.reason, 'Unknown Reason');
});

// use_server_errors
test('our page replaces answers from a status on', () => {
  const rules = { ...NO_RULES, useServerErrorsFrom: 400 };
  assert.equal(isReplacedByErrorPage(answer(404), rules), true);
  assert.equal(isReplacedByErrorPage(answer(399), rules), false);
  assert.equal(isReplacedByErrorPage(answer(500), { ...NO_RULES, useServerErrorsFrom: 0 }), false);
  assert.equal(isReplacedByErrorPage(answer(500), undefined), false);
});

// set_session_cookie, session_cookie, session_cookie_path
test('a cookie names the member', () => {
  const cookieFor = (path: string, isSecure: boolean) => {
    const head = answer(200);
    nameMember(head, { cookie: { name: 'LBC', path } } as LbConfig, 'a', isSecure);
    return head.fields.get('Set-Cookie');
  };
  assert.equal(cookieFor('/', false), 'LBC=.a;PATH=/;HttpOnly');
  assert.equal(cookieFor('/app', true), 'LBC=.a;PATH=/app;HttpOnly;Secure');
  assert.equal(cookieFor('', false), 'LBC=.a;HttpOnly');
});

// JK_REPLY_TIMEOUT, JK_STICKY_IGNORE, JK_STATELESS
test('the environment counts, not the rule', () => {
  const rules = { ...NO_RULES, replyTimeoutMs: 5, ignoresSessions: true, isStateless: true };
  assert.equal(rulesInForce(rules, undefined), rules);
  assert.equal(rulesInForce(rules, new Map([['OTHER', '1']])), rules);
  assert.equal(rulesInForce(undefined, new Map()), undefined);
  const off = rulesInForce(
    rules,
    new Map([
      ['JK_REPLY_TIMEOUT', '1000'],
      ['JK_STICKY_IGNORE', '0'],
      ['JK_STATELESS', 'no'],
    ]),
  );
  assert.deepEqual([off?.replyTimeoutMs, off?.ignoresSessions, off?.isStateless], [1000, false, false]);
  const on = rulesInForce(
    undefined,
    new Map([
      ['JK_REPLY_TIMEOUT', '-1'],
      ['JK_STICKY_IGNORE', ''],
      ['JK_STATELESS', '1'],
    ]),
  );
  assert.deepEqual([on?.replyTimeoutMs, on?.ignoresSessions, on?.isStateless], [undefined, true, true]);
});

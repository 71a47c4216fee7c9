// Rule extensions: what each becomes, and what is told of values that are none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestRules } from '../../../../src/balancer/lb-config.ts';
import { readWorkerText } from '../../../../src/config/modjk/uriworkermap.ts';
import { requestRules } from '../../../../src/site/jk/rule-extensions.ts';

function read(text: string): { rules: RequestRules | undefined; told: string[] } {
  const told: string[] = [];
  const rules = requestRules(readWorkerText(`w;${text}`).extensions, (code) => told.push(code));
  return { rules, told };
}

/** The field of a rule whose text is right. */
function field<K extends keyof RequestRules>(text: string, name: K): RequestRules[K] | undefined {
  const { rules, told } = read(text);
  assert.deepEqual(told, []);
  return rules?.[name];
}

// reply_timeout
test('reply_timeout is milliseconds; a negative one is the worker’s', () => {
  assert.equal(field('reply_timeout=60000', 'replyTimeoutMs'), 60_000);
  assert.equal(field('reply_timeout=0', 'replyTimeoutMs'), 0);
  assert.equal(field('reply_timeout=-1', 'replyTimeoutMs'), undefined);
});

// sticky_ignore, stateless, set_session_cookie
test('switches are on with any number but 0', () => {
  assert.equal(field('sticky_ignore=1', 'ignoresSessions'), true);
  assert.equal(read('sticky_ignore=0').rules, undefined);
  assert.equal(field('stateless=2', 'isStateless'), true);
  assert.equal(field('set_session_cookie=1', 'setsSessionCookie'), true);
  assert.equal(read('set_session_cookie=0').rules, undefined);
});

// active, disabled, stopped
test('members have activations of the rule; stopped overrules disabled, which overrules active', () => {
  const { rules, told } = read('stopped=c;disabled=b, c;active=a b');
  assert.deepEqual([...(rules?.activations ?? [])].sort(), [
    ['a', 'active'],
    ['b', 'disabled'],
    ['c', 'stopped'],
  ]);
  assert.deepEqual(told, ['activation-again', 'activation-again']);
});

// fail_on_status
test('fail_on_status is a list; a minus sign leaves the member as it is', () => {
  assert.deepEqual(field('fail_on_status=500,-503 404', 'failOnStatus'), [
    { status: 500, isSoft: false },
    { status: 503, isSoft: true },
    { status: 404, isSoft: false },
  ]);
});

// use_server_errors
test('use_server_errors is the first status that is replaced', () => {
  assert.equal(field('use_server_errors=400', 'useServerErrorsFrom'), 400);
  assert.equal(read('use_server_errors=0').rules, undefined);
});

// session_cookie, session_path, session_cookie_path
test('names under which sessions are looked for', () => {
  const { rules } = read('session_cookie=SID;session_path=;sid;session_cookie_path=/c');
  assert.deepEqual([rules?.sessionCookie, rules?.sessionPath, rules?.sessionCookiePath], ['SID', ';sid', '/c']);
});

test('what is unknown, stands twice or is no number is told; the rest counts', () => {
  assert.deepEqual(read('bogus=1;stateless=1').told, ['unknown-extension']);
  assert.equal(read('bogus=1;stateless=1').rules?.isStateless, true);
  const twice = read('session_cookie=A;session_cookie=B');
  assert.deepEqual([twice.told, twice.rules?.sessionCookie], [['extension-again'], 'A']);
  const odd = read('reply_timeout=5s');
  assert.deepEqual([odd.told, odd.rules?.replyTimeoutMs], [['bad-value'], 5]);
});

// What `check` says of extensions that the worker of a rule cannot heed (J-CFG-12).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSite } from '../../../../src/site/check/check.ts';
import { site } from '../support.ts';

const WORKERS =
  'worker.list=lb,w\nworker.lb.type=lb\nworker.lb.balance_workers=a,b\nworker.a.host=127.0.0.1\nworker.a.port=8101\nworker.b.host=127.0.0.1\nworker.b.port=8102\nworker.w.host=127.0.0.1\nworker.w.port=8103\n';

function told(rule: string): string[] {
  const snapshot = site(`JkWorkersFile w.properties\nJkMount /x/* "${rule}"`, { '/srv/w.properties': WORKERS });
  return checkSite(snapshot)
    .filter(({ line }) => line === 5)
    .map(({ code, message }) => `${code}: ${message}`);
}

test('a member that the lb has not is named, with those that it has', () => {
  assert.deepEqual(told('lb;disabled=a'), []);
  assert.match(told('lb;disabled=zzz,a').join(), /^unknown-member: lb has no member "zzz".*it has a, b$/);
});

test('what only an lb understands is told of other workers', () => {
  assert.deepEqual(told('w;reply_timeout=5;fail_on_status=500'), []);
  assert.match(
    told('w;disabled=a;session_cookie=X').join(),
    /^extension-without-lb: disabled, session_cookie of the rule/,
  );
});

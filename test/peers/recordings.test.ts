// The proving ground proves itself: the real httpd, in Catflap's place, answers as it was recorded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JkSide } from '../support/jk.ts';
import { needs } from '../support/peers.ts';
import { loadScenarios, playScenarios } from '../support/scenario-runner.ts';

const isLong = process.env.CATFLAP_LONG === '1';
/** Without long forms: one of each kind of step. */
const SAMPLE = /^P-(DIST-byrequests-1-9|STK-0[1-3]|MAP-2[0-3]|FO-(01|14|47)|REV-01|HDR-03|CFG-0[1-2]|HC-01)$/;

for (const [recording, peers] of [
  ['modproxy', ['httpd']],
  ['modjk', ['httpd', 'mod_jk']],
] as const) {
  test(`httpd answers as recorded (${recording})`, needs(...peers), async () => {
    const all = loadScenarios(new URL(`../data/behaviours/${recording}.json`, import.meta.url));
    const scenarios = isLong ? all : all.filter(({ id }, i) => SAMPLE.test(id) || i % 20 === 0);
    const outcomes = await playScenarios(scenarios, 'httpd', { lanes: 2 });
    assert.deepEqual(
      outcomes.filter(({ difference }) => difference !== undefined),
      [],
    );
    assert.ok(outcomes.length >= 5);
  });
}

test('a live mod_jk has files, a status worker and backends of its own', needs('httpd', 'mod_jk'), async () => {
  await using theirs = await JkSide.start('httpd', {
    workers: ['a', 'b']
      .map((name) => `worker.${name}.host=127.0.0.1\nworker.${name}.port=@${name}@\n`)
      .join('')
      .concat('worker.list=lb\nworker.lb.type=lb\nworker.lb.balance_workers=a,b\n'),
    mounts: '/x/*=lb\n',
    status: 'read_only=true',
  });
  assert.deepEqual([await theirs.who({ path: '/x/p' }), await theirs.who({ path: '/x/p' })], ['a', 'b']);
  assert.equal(await theirs.who({ path: '/nothing' }), '-!404');
  const page = (await theirs.ask({ path: '/jkstatus?mime=prop' })).body.toString();
  assert.match(theirs.anonymous(page), /^worker\.a\.port=@a@$/m);
  assert.match(theirs.read(), /mod_jk/);
});

// The proving ground proves itself: the real httpd, in Catflap's place, answers as it was recorded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
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

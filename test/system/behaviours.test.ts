// Catflap answers as the real httpd did, scenario by scenario.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { loadScenarios, playScenarios } from '../support/scenario-runner.ts';
import { NOT_YET } from './behaviours-not-yet.ts';

const LANES = 2;
const GROUPS: readonly { title: string; ids: RegExp }[] = [
  { title: 'byrequests deals requests out by weight as recorded', ids: /^P-DIST-byrequests-/ },
  { title: 'sessions stick as recorded', ids: /^P-STK-/ },
  { title: 'a session id is found as recorded', ids: /^P-ISO-/ },
  { title: 'URLs are mapped as recorded', ids: /^P-MAP-/ },
  { title: 'failures are answered and failed over as recorded', ids: /^P-FO-/ },
  { title: 'all else is as recorded', ids: /^(?!P-(?:DIST-byrequests|STK|ISO|MAP|FO)-)/ },
];

const scenarios = loadScenarios(new URL('../data/behaviours/modproxy.json', import.meta.url));
const reasons = new Map(NOT_YET.map(({ id, reason }) => [id, reason]));

for (const { title, ids } of GROUPS) {
  test(title, async (t) => {
    const group = scenarios.filter(({ id }) => ids.test(id));
    assert.notEqual(group.length, 0);
    for (const { id, title, difference } of await playScenarios(group, UNDER_TEST, { lanes: LANES })) {
      await t.test(`${id}: ${title}`, () => {
        if (reasons.has(id))
          assert.notEqual(difference, undefined, 'it holds now: take it off the list of those that do not');
        else assert.equal(difference, undefined);
      });
    }
  });
}

test('every scenario that is excused exists and has a reason', () => {
  const known = new Set(scenarios.map(({ id }) => id));
  for (const { id, reason } of NOT_YET) assert.ok(known.has(id) && reason.length > 10, id);
});

// Catflap answers as the real httpd did, with mod_proxy and with mod_jk, scenario by scenario.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNDER_TEST } from '../support/front.ts';
import { loadScenarios, playScenarios } from '../support/scenario-runner.ts';
import { NOT_YET } from './behaviours-not-yet.ts';

const LANES = 2;
/** Each scenario belongs to the first group that its id fits. */
const RECORDINGS: readonly { name: string; groups: readonly { title: string; ids: RegExp }[] }[] = [
  {
    name: 'modproxy',
    groups: [
      { title: 'byrequests deals requests out by weight as recorded', ids: /^P-DIST-byrequests-/ },
      { title: 'sessions stick as recorded', ids: /^P-STK-/ },
      { title: 'a session id is found as recorded', ids: /^P-ISO-/ },
      { title: 'URLs are mapped as recorded', ids: /^P-MAP-/ },
      { title: 'failures are answered and failed over as recorded', ids: /^P-FO-/ },
      { title: 'all else is as recorded', ids: /^/ },
    ],
  },
  {
    name: 'modjk',
    groups: [
      { title: 'mod_jk: the methods deal requests out by weight as recorded', ids: /^J-DIST-/ },
      { title: 'mod_jk: sessions stick as recorded', ids: /^J-STK-/ },
      { title: 'mod_jk: a session id is found as recorded', ids: /^J-ISO-/ },
      { title: 'mod_jk: failures are answered and failed over as recorded', ids: /^J-FO-/ },
      { title: 'mod_jk: recovery_options decide what is repeated as recorded', ids: /^J-RO-/ },
      { title: 'mod_jk: URLs are mapped as recorded', ids: /^J-MAP-/ },
      { title: 'mod_jk: all else is as recorded', ids: /^/ },
    ],
  },
];

const reasons = new Map(NOT_YET.map(({ id, reason }) => [id, reason]));
const known = new Set<string>();

for (const { name, groups } of RECORDINGS) {
  const scenarios = loadScenarios(new URL(`../data/behaviours/${name}.json`, import.meta.url));
  for (const { id } of scenarios) known.add(id);
  for (const group of groups) {
    test(group.title, async (t) => {
      const own = scenarios.filter(({ id }) => groups.find(({ ids }) => ids.test(id)) === group);
      assert.notEqual(own.length, 0);
      for (const { id, title, difference } of await playScenarios(own, UNDER_TEST, { lanes: LANES })) {
        await t.test(`${id}: ${title}`, () => {
          if (reasons.has(id))
            assert.notEqual(difference, undefined, 'it holds now: take it off the list of those that do not');
          else assert.equal(difference, undefined);
        });
      }
    });
  }
}

test('every scenario that is excused exists and has a reason', () => {
  for (const { id, reason } of NOT_YET) assert.ok(known.has(id) && reason.length > 10, id);
});

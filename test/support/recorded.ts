// What recorded scenarios become as tests: groups by their ids, each scenario a fact. Those that are excused must differ.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_YET } from '../system/behaviours-not-yet.ts';
import { UNDER_TEST } from './front.ts';
import { loadScenarios, playScenarios } from './scenario-runner.ts';

const LANES = 2;

/** Each scenario belongs to the first group that its id fits. */
export interface RecordedGroup {
  readonly title: string;
  readonly ids: RegExp;
}

/** Plays `test/data/behaviours/<name>.json`. @param prefix of the ids in it */
export function testRecording(name: string, prefix: string, groups: readonly RecordedGroup[]): void {
  const reasons = new Map(NOT_YET.map(({ id, reason }) => [id, reason]));
  const scenarios = loadScenarios(new URL(`../data/behaviours/${name}.json`, import.meta.url));

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

  test('every scenario that is excused exists and has a reason', () => {
    const known = new Set(scenarios.map(({ id }) => id));
    for (const { id, reason } of NOT_YET) if (id.startsWith(prefix)) assert.ok(known.has(id) && reason.length > 10, id);
  });
}
